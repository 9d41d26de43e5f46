//! `docs/claims.md` from the claims and what their scenarios gave. Renders; decides nothing.

use crate::claims::{Told, claim_of, short};
use splitbrain::checker::stats::Stats;
use splitbrain::checker::{Metric, Property, ScenarioSummary, Verdict};
use splitbrain::scenarios::{Figure, Speaks};
use std::fmt::Write;

/// What stands above the table.
pub fn head(seeds: u64) -> String {
    format!(
        "# What people are told about Sentinel\n\n\
         Claims from tutorials, blog posts, handbooks of charts and answers to questions, in our words, and what became of them \
         over\n{seeds} seeds each. A claim is *refuted* if its scenarios show what could not be if it were true; it *holds only \
         if …*\nwhere some speak for it and some against. Each scenario states what must happen, so that the verdicts are tested \
         with\neverything else (`scenarios/claims/`). Recordings are those of real Redis 7.0.15 that [fidelity.md](fidelity.md) is \
         about.\n\n\
         `splitbrain explain NAME` tells one of them. This page is made by `docs/regenerate.sh --claims`.\n\n"
    )
}

/// The row of a claim, without its deciding number.
pub fn row_head(told: &Told) -> String {
    format!("| [{}](#{}) | **{}** | ", told.statement.says, told.name, told.statement.verdict.title())
}

/// What a section says beside its figures.
pub fn section_head(told: &Told) -> String {
    let statement = &told.statement;
    let mut text = format!("## {}\n\n**Said** ({}): {}\n\n", told.name, statement.source, statement.says);
    let _ = write!(text, "**{}** {}\n\n", capital(statement.verdict.title()), statement.because);
    if let Some(recorded) = &statement.recorded {
        let _ = write!(text, "**Real Redis.** {recorded}\n\n");
    }
    text
}

/// What stands below the figures.
pub fn section_tail(told: &Told) -> String {
    format!(
        "**Instead.** {}\n\n```text\nsplitbrain run scenarios/claims/{}*.toml --seeds 500\n```\n\n",
        told.statement.instead, told.name
    )
}

/// The whole page.
pub fn page(all: &[(Told, Vec<ScenarioSummary>)], seeds: u64) -> String {
    let mut text = head(seeds);
    text.push_str("| what is said | verdict | what decides |\n|---|---|---|\n");
    for (told, summaries) in all {
        let figure = claim_of(&told.scenarios[0]).figures.first();
        let decides = figure.map_or(String::new(), |figure| told_figure(*figure, &summaries[0]));
        let _ = writeln!(text, "{}{decides} |", row_head(told));
    }
    text.push('\n');
    for (told, summaries) in all {
        text.push_str(&section_head(told));
        text.push_str(
            "| scenario | speaks | without writes: median, p90, worst | acknowledged writes lost | what decides |\n",
        );
        text.push_str("|---|---|---|---|---|\n");
        for (scenario, summary) in told.scenarios.iter().zip(summaries) {
            let claim = claim_of(scenario);
            let speaks = if claim.speaks == Speaks::For { "for" } else { "against" };
            let figures: Vec<String> = claim.figures.iter().map(|figure| told_figure(*figure, summary)).collect();
            let _ = writeln!(
                text,
                "| [`{name}`](../scenarios/claims/{name}.toml): {} | {speaks}{} | {} | {} | {} |",
                scenario.title,
                if summary.verdict == Verdict::Pass { "" } else { " (**its expectations are not met**)" },
                spread(Metric::WriteUnavailable, summary),
                spread(Metric::WritesLost, summary),
                figures.join("; "),
                name = short(scenario),
            );
        }
        text.push('\n');
        text.push_str(&section_tail(told));
    }
    format!("{}\n", text.trim_end())
}

/// A figure with its name and value.
pub fn told_figure(figure: Figure, summary: &ScenarioSummary) -> String {
    match figure {
        Figure::Metric(metric) => format!("{}: {}", titled(metric), spread(metric, summary)),
        Figure::Property(property) => violated(property, summary),
    }
}

/// In how many seeds, and the first of them.
fn violated(property: Property, summary: &ScenarioSummary) -> String {
    let mut bad = summary.runs.iter().filter(|run| run.found(property).next().is_some());
    match bad.next() {
        None => format!("`{property}` is never violated"),
        Some(first) => format!(
            "`{property}` is violated in {} of {} seeds (first: {})",
            1 + bad.count(),
            summary.count,
            first.seed
        ),
    }
}

/// Median, p90 and worst of a number, with a seed for the worst.
pub fn spread(metric: Metric, summary: &ScenarioSummary) -> String {
    if metric == Metric::Failovers {
        let none = summary.runs.iter().filter(|run| run.metrics.get(metric) == Some(0)).count();
        return format!("none in {none} of {} seeds", summary.count);
    }
    let Some(stats) = summary.metric(metric) else { return "–".to_owned() };
    let value = |value| shown(metric, value);
    let missing = summary.count - stats.n;
    let text = if stats.min == stats.max {
        value(stats.median)
    } else {
        let worst = |stats: &Stats| summary.runs.iter().find(|run| run.metrics.get(metric) == Some(stats.max));
        let seed = worst(stats).map_or(String::new(), |run| format!(" (seed {})", run.seed));
        format!("{}, {}, {}{seed}", value(stats.median), value(stats.p90), value(stats.max))
    };
    if missing == 0 { text } else { format!("{text}; not measured in {missing} seeds") }
}

/// A value in the unit of a reader.
fn shown(metric: Metric, value: i64) -> String {
    match metric {
        Metric::WriteUnavailable | Metric::SplitBrain | Metric::FailoverEnd | Metric::FirstSwitchMaster => {
            let tenths = (value + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        Metric::SentinelTraffic => format!("{} B/s", value),
        _ => value.to_string(),
    }
}

fn titled(metric: Metric) -> &'static str {
    match metric {
        Metric::WriteUnavailable => "without writes",
        Metric::WritesLost => "writes lost",
        Metric::WritesAcked => "writes acknowledged",
        Metric::WritesIndeterminate => "writes of unknown fate",
        Metric::OperationsFailed => "operations failed",
        Metric::SplitBrain => "two acknowledging masters for",
        Metric::Failovers => "failovers completed",
        Metric::TryFailovers => "failovers tried",
        Metric::FailoverEnd => "failover ended after",
        Metric::FirstSwitchMaster => "new master announced after",
        Metric::SentinelTraffic => "each Sentinel",
        other => other.name(),
    }
}

/// A sentence with a capital letter and a full stop.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>());
    let end = if text.ends_with('…') { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}
