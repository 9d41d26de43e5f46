//! The report on a terminal: one block per scenario, made to be understood without a manual, 100 columns wide.

use crate::Style;
use crate::course;
use crate::repeat;
use splitbrain_checker::metrics::Metric;
use splitbrain_checker::sentence::{counted, percent, seconds};
use splitbrain_checker::settings::{Implied, Margin, Measured, SettingReport};
use splitbrain_checker::stats::Stats;
use splitbrain_checker::summary::{MarginReport, RunSummary, ScenarioSummary, Unmet, Verdict};
use std::fmt::Write;

/// Width of the terminal the report is made for.
const WIDTH: usize = 100;
/// Everything below a title is indented so far.
const INDENT: &str = "      ";

/// The report on all scenarios.
pub fn report(scenarios: &[ScenarioSummary], style: Style) -> String {
    let mut text: String = scenarios.iter().map(|summary| block(summary, style)).collect();
    text.push_str(&closing(scenarios, style));
    text
}

/// The block of one scenario, with an empty line behind it.
pub fn block(summary: &ScenarioSummary, style: Style) -> String {
    let mut text = String::new();
    scenario(&mut text, summary, style);
    text.push('\n');
    text
}

/// The line behind the last block.
pub fn closing(scenarios: &[ScenarioSummary], style: Style) -> String {
    format!("{}\n", totals(scenarios, style))
}

fn scenario(text: &mut String, summary: &ScenarioSummary, style: Style) {
    let title = match summary.title.as_str() {
        "" => &summary.scenario,
        title => title,
    };
    line(text, &format!("{}  {}", style.verdict(summary.verdict), style.bold(title)));
    let about = format!("{} · {} · environment {}", summary.file, seeds(summary), summary.environment);
    line(text, &format!("{INDENT}{}", style.dim(&about)));
    course::lines(summary, style).iter().for_each(|told| line(text, told));
    metrics(text, summary, style);
    settings(text, &summary.settings, style);
    margins(text, &summary.margins, style);
    shown(text, summary);
    for unmet in &summary.unmet {
        broken(text, summary, unmet, style);
    }
    for (property, why, runs, seed) in &summary.open {
        let head = style.warn(&format!("undecided: {property}"));
        let share = share(*runs, summary, Some(*seed));
        line(text, "");
        line(text, &format!("{INDENT}{head} {share}"));
        wrapped(text, why);
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

fn seeds(summary: &ScenarioSummary) -> String {
    match summary.count {
        1 => format!("seed {}", summary.first_seed),
        n => format!("{n} seeds ({}..{})", summary.first_seed, summary.first_seed + n),
    }
}

/// Breaks a sentence into lines behind the indentation. A number stays with its unit.
fn wrapped(text: &mut String, sentence: &str) {
    let room = WIDTH - INDENT.len() - 2;
    let mut row = String::new();
    let mut rest = sentence;
    while !rest.is_empty() {
        let (word, after) = word(rest);
        if !row.is_empty() && row.chars().count() + 1 + word.chars().count() > room {
            line(text, &format!("{INDENT}  {row}"));
            row.clear();
        }
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(word);
        rest = after;
    }
    line(text, &format!("{INDENT}  {row}"));
}

/// The first word, with its unit if one follows, and what is behind it.
fn word(sentence: &str) -> (&str, &str) {
    let end = sentence.find(' ').unwrap_or(sentence.len());
    let after = &sentence[end..].trim_start();
    let next = after.split(' ').next().unwrap_or_default();
    let is_unit = matches!(next.trim_end_matches([',', ';', ':', ')']), "s" | "ms" | "%");
    let end = if is_unit { end + 1 + next.len() } else { end };
    (&sentence[..end], sentence[end..].trim_start())
}

/// One row of the table of numbers.
struct Row {
    label: &'static str,
    stats: Stats,
    show: fn(i64) -> String,
}

fn metrics(text: &mut String, summary: &ScenarioSummary, style: Style) {
    let time = |label, metric| Some(Row { label, stats: *summary.metric(metric)?, show: seconds });
    let shares = Stats::of(&mut summary.runs.iter().filter_map(lost_permille).collect::<Vec<_>>());
    let rows = [
        time("failure detected (first +sdown)", Metric::FirstSdown),
        time("replica promoted", Metric::Promoted),
        time("clients can see the new master", Metric::FirstSwitchMaster),
        time("longest time without a write", Metric::WriteUnavailable),
        time("  counting surviving writes", Metric::WriteUnavailableSurviving),
        summary.metric(Metric::WritesLost).map(|stats| Row {
            label: "acknowledged writes lost",
            stats: *stats,
            show: |n| n.to_string(),
        }),
        shares.map(|stats| Row {
            label: "  share of all acknowledged",
            stats,
            show: |permille| percent(permille as u32),
        }),
        time("two acknowledging masters", Metric::SplitBrain),
    ];
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    if rows.is_empty() {
        return;
    }
    line(text, "");
    let head = format!("{:<34}{:>13}{:>13}{:>13}{:>10}", "", "median", "p99", "worst", "runs");
    line(text, &format!("{INDENT}{}", style.dim(&head)));
    for Row { label, stats, show } in rows {
        let numbers = format!(
            "{label:<34}{:>13}{:>13}{:>13}{:>10}",
            show(stats.median),
            show(stats.p99),
            show(stats.max),
            stats.n
        );
        line(text, &format!("{INDENT}{numbers}"));
    }
}

fn lost_permille(run: &RunSummary) -> Option<i64> {
    let lost = run.metrics.get(Metric::WritesLost)?;
    let acked = run.metrics.get(Metric::WritesAcked).filter(|n| *n > 0)?;
    Some(lost * 1_000 / acked)
}

/// How far settings may be moved before the verdict flips.
fn margins(text: &mut String, margins: &[MarginReport], style: Style) {
    for (i, margin) in margins.iter().enumerate() {
        if i == 0 {
            line(text, "");
            let head = format!("{:<24}{:>7}  verdict stays `{}`", "moved alone", "value", margin.verdict.name());
            line(text, &format!("{INDENT}{}", style.dim(&head)));
        }
        let range = format!("from {} to {}", margin.down.same_until, margin.up.same_until);
        line(text, &format!("{INDENT}{:<24}{:>7}  {range}", margin.name, margin.value));
        for turn in [&margin.down, &margin.up] {
            if let (Some(at), Some(why)) = (turn.flips_at, &turn.why) {
                wrapped(text, &format!("at {at}: {why}"));
            }
        }
    }
}

/// The settings as rows of a table: name, value, what it implies, what was measured, margin.
pub fn settings_rows(settings: &[SettingReport]) -> Vec<[String; 5]> {
    let several = settings.iter().any(|setting| setting.master != settings[0].master);
    let row = |setting: &SettingReport| {
        let implied: Vec<String> = setting.implies.iter().map(|(name, it)| implied(name, *it)).collect();
        [
            if several { format!("{}: {}", setting.master, setting.name) } else { setting.name.to_owned() },
            setting.value.to_string(),
            implied.join("; "),
            setting.measured.as_ref().map(measured).unwrap_or_default(),
            setting.margin.map(margin).unwrap_or_default(),
        ]
    };
    settings.iter().map(row).collect()
}

fn settings(text: &mut String, settings: &[SettingReport], style: Style) {
    if settings.is_empty() {
        return;
    }
    line(text, "");
    let head = cells("setting", "value", "implies", "median to worst", "margin");
    line(text, &format!("{INDENT}{}", style.dim(&head)));
    let several = settings.iter().any(|s| s.master != settings[0].master);
    let mut master = "";
    for setting in settings {
        if several && setting.master != master {
            master = &setting.master;
            line(text, &format!("{INDENT}{}", style.bold(master)));
        }
        let mut implied = setting.implies.iter().map(|(name, it)| implied(name, *it));
        let measured = setting.measured.as_ref().map(measured).unwrap_or_default();
        let row = cells(setting.name, &setting.value.to_string(), &implied.next().unwrap_or_default(), &measured, "");
        let margin = setting.margin.map_or(String::new(), |m| {
            let told = margin(m);
            if m.amount < 0 { style.bad(&told) } else { told }
        });
        line(text, &format!("{INDENT}{row}{margin}"));
        for more in implied {
            line(text, &format!("{INDENT}{}", cells("", "", &more, "", "")));
        }
    }
}

fn cells(setting: &str, value: &str, implies: &str, measured: &str, margin: &str) -> String {
    format!("{setting:<24}{value:>7}  {implies:<30}{measured:<20}{margin}")
}

/// A range of times: `1.000 to 2.200 s`.
fn between(from: i64, until: i64) -> String {
    let from = seconds(from);
    format!("{} to {}", from.trim_end_matches(" s"), seconds(until))
}

fn implied(name: &str, implied: Implied) -> String {
    match (name, implied) {
        ("sentinels_to_agree", Implied::Number(n)) => format!("{n} to agree it is down"),
        ("votes_to_lead", Implied::Number(n)) => {
            format!("{} to lead", counted(n.max(0) as u64, "vote"))
        }
        ("sentinels_that_may_fail", Implied::Number(n)) if n < 0 => "no failover is possible".to_owned(),
        ("sentinels_that_may_fail", Implied::Number(n)) => {
            format!("{} may fail", counted(n as u64, "Sentinel"))
        }
        ("detected_by_ms", Implied::Range(a, b)) => format!("detected {}", between(a, b)),
        ("agreed_by_ms", Implied::Range(a, b)) => format!("agreed {}", between(a, b)),
        ("switched_by_ms", Implied::Range(a, b)) => format!("switched {}", between(a, b)),
        ("retry_after_ms", Implied::Range(a, b)) => format!("retry {}", between(a, b)),
        ("election_given_up_ms", Implied::Range(a, b)) => {
            format!("no leader {}", between(a, b))
        }
        ("reconfiguration_by_ms", Implied::Range(_, b)) => {
            format!("reconfigured within {}", seconds(b))
        }
        ("rounds_of_resync", Implied::Number(n)) => counted(n.max(0) as u64, "round") + " of resync",
        ("rounds_of_resync", Implied::Unlimited) => "no resync before the timeout".to_owned(),
        ("exposed_for_ms", Implied::Range(a, b)) => format!("exposed {}", between(a, b)),
        ("exposed_for_ms", Implied::Unlimited) => "exposed until demoted".to_owned(),
        ("replicas_that_may_fail", Implied::Number(n)) if n < 0 => "no write is accepted".to_owned(),
        ("replicas_that_may_fail", Implied::Number(n)) => {
            format!("{} may fail", counted(n as u64, "replica"))
        }
        (name, Implied::Range(a, b)) => format!("{name} {a}..{b}"),
        (name, Implied::Number(n)) => format!("{name} {n}"),
        (name, Implied::Unlimited) => format!("{name} unlimited"),
    }
}

fn measured(measured: &Measured) -> String {
    let Stats { median, max, .. } = measured.stats;
    if measured.name == Metric::ElectionRounds.name() {
        return match (median, max) {
            (1, 1) => "1 election".to_owned(),
            (a, b) if a == b => format!("{a} elections"),
            (a, b) => format!("{a} to {b} elections"),
        };
    }
    between(median, max)
}

fn margin(margin: Margin) -> String {
    match margin.unit {
        "ms" => seconds(margin.amount),
        unit if margin.amount == 1 => format!("1 {}", unit.trim_end_matches('s')),
        unit => format!("{} {unit}", margin.amount),
    }
}

/// What was found and had been expected or is only reported.
fn shown(text: &mut String, summary: &ScenarioSummary) {
    let expected = summary
        .findings
        .iter()
        .filter(|findings| findings.runs > 0 && !summary.unmet.iter().any(|u| u.property == findings.property));
    let mut first = true;
    for findings in expected {
        if std::mem::take(&mut first) {
            line(text, "");
        }
        let seed = findings.first.first().map(|(seed, _)| *seed);
        let share = share(findings.runs, summary, seed);
        line(text, &format!("{INDENT}shown as allowed: {} {share}", findings.property));
        if let Some((_, found)) = findings.first.first() {
            wrapped(text, &found.sentence);
        }
    }
}

/// `in 3 of 200 runs, first with seed 17`
fn share(runs: u32, summary: &ScenarioSummary, seed: Option<u64>) -> String {
    match (summary.count, seed) {
        (0 | 1, _) => String::new(),
        (all, Some(seed)) => format!("in {runs} of {all} runs, first with seed {seed}"),
        (all, None) => format!("in {runs} of {all} runs"),
    }
}

fn broken(text: &mut String, summary: &ScenarioSummary, unmet: &Unmet, style: Style) {
    line(text, "");
    let head = style.bad(&format!("not met: {}", unmet.property));
    let mut about = share(unmet.runs, summary, unmet.seed);
    if let Some(at) = unmet.at_ms {
        let comma = if about.is_empty() { "" } else { ", " };
        let _ = write!(about, "{comma}{} after the first fault", seconds(at));
    }
    line(text, &format!("{INDENT}{head} {about}"));
    wrapped(text, &unmet.sentence);
    if let Some(found) = unmet.finding.as_ref().filter(|found| !found.context.is_empty()) {
        line(text, &format!("{INDENT}  meanwhile"));
        for context in &found.context {
            line(text, &format!("{INDENT}  {:>11}  {}", seconds(context.at_ms), context.what));
        }
    }
    let Some(seed) = unmet.seed else {
        return;
    };
    let command = style.bold(&repeat(&summary.file, &summary.flags, seed));
    line(text, &format!("{INDENT}  repeat: {command}"));
    if let Some(path) = summary.saved.get(&seed) {
        line(text, &format!("{INDENT}  saved:  {path}"));
    }
}

fn totals(scenarios: &[ScenarioSummary], style: Style) -> String {
    let with = |verdict| scenarios.iter().filter(|s| s.verdict == verdict).count();
    let runs: u64 = scenarios.iter().map(|s| s.count).sum();
    let (failed, open) = (with(Verdict::Fail), with(Verdict::Undecided));
    let failed_text = format!("{failed} failed");
    let open_text = format!("{open} undecided");
    format!(
        "{}: {} passed, {}, {}; {}",
        counted(scenarios.len() as u64, "scenario"),
        with(Verdict::Pass),
        if failed > 0 { style.bad(&failed_text) } else { failed_text },
        if open > 0 { style.warn(&open_text) } else { open_text },
        counted(runs, "run"),
    )
}
