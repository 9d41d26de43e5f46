//! The page of scenarios with many seeds: verdicts, what was found and in which share of the runs, how numbers are spread, which
//! seeds are worth a look and the commands that play them again.

use super::run::amount;
use super::{Head, Kind, Section, Tone, render};
use crate::{Style, repeat, text};
use serde::Serialize;
use splitbrain_checker::metrics::Metric;
use splitbrain_checker::sentence::percent;
use splitbrain_checker::summary::{RunSummary, ScenarioSummary, Unmet, Verdict};

const KIND: Kind = Kind {
    template: include_str!("templates/campaign.html"),
    script: include_str!("../../assets/campaign.js"),
    charts: true,
};

/// Times whose spread is drawn, with what they mean.
const DRAWN: [(Metric, &str); 5] = [
    (Metric::FirstSdown, "failure detected"),
    (Metric::Promoted, "replica promoted"),
    (Metric::FirstSwitchMaster, "clients can see the new master"),
    (Metric::WriteUnavailable, "longest time without a write"),
    (Metric::SplitBrain, "two acknowledging masters"),
];

/// Of what the largest values are told with their seeds.
const WORST: [(Metric, &str); 4] = [
    (Metric::WriteUnavailable, "longest time without a write"),
    (Metric::FirstSwitchMaster, "latest switch to the new master"),
    (Metric::WritesLost, "most acknowledged writes lost"),
    (Metric::SplitBrain, "longest with two acknowledging masters"),
];

#[derive(Serialize)]
struct Shown {
    scenarios: Vec<Scenario>,
}

#[derive(Serialize)]
struct Scenario {
    id: String,
    title: String,
    tone: Tone,
    verdict: &'static str,
    about: String,
    unmet: Vec<Broken>,
    open: Vec<String>,
    allowed: Vec<Allowed>,
    chart: bool,
    metrics: Vec<[String; 7]>,
    worst: Vec<Worst>,
    settings: Vec<[String; 5]>,
    digest: String,
}

#[derive(Serialize)]
struct Broken {
    property: &'static str,
    sentence: String,
    share: String,
    repeat: Option<String>,
    saved: Option<String>,
}

#[derive(Serialize)]
struct Allowed {
    property: &'static str,
    share: String,
    example: String,
    repeat: Option<String>,
}

#[derive(Serialize)]
struct Worst {
    what: &'static str,
    value: String,
    repeat: String,
}

#[derive(Serialize)]
struct Drawn {
    scenarios: Vec<Curves>,
}

#[derive(Serialize)]
struct Curves {
    id: String,
    curves: Vec<Curve>,
}

/// Sorted values of a metric, as far as there are different ones, each with how many do not exceed it.
#[derive(Serialize)]
struct Curve {
    name: &'static str,
    steps: Vec<(i64, usize)>,
    runs: usize,
}

/// The page.
pub fn page(version: &str, summaries: &[ScenarioSummary]) -> String {
    let scenarios: Vec<Scenario> = summaries.iter().enumerate().map(|(i, summary)| scenario(i, summary)).collect();
    let sections = scenarios.iter().map(|its| Section { tone: Some(its.tone), ..Section::new(&*its.id, &*its.title) });
    let verdict = overall(summaries);
    let head = Head {
        title: match summaries {
            [one] => name(one).to_owned(),
            all => format!("{} scenarios", all.len()),
        },
        tone: verdict.into(),
        verdict: verdict.name().to_uppercase(),
        sentence: text::closing(summaries, Style::PLAIN).trim_end().to_owned(),
        about: Vec::new(),
        sections: sections.collect(),
    };
    let curves = |(i, summary)| Curves { id: id(i), curves: curves(summary) };
    let drawn = Drawn { scenarios: summaries.iter().enumerate().map(curves).collect() };
    render(&KIND, version, &head, &Shown { scenarios }, &drawn)
}

/// One failure fails, and what is undecided is no pass.
fn overall(summaries: &[ScenarioSummary]) -> Verdict {
    summaries.iter().map(|summary| summary.verdict).max().unwrap_or(Verdict::Undecided)
}

fn name(summary: &ScenarioSummary) -> &str {
    if summary.title.is_empty() { &summary.scenario } else { &summary.title }
}

fn id(number: usize) -> String {
    format!("scenario-{}", number + 1)
}

fn scenario(number: usize, summary: &ScenarioSummary) -> Scenario {
    let again = |seed| repeat(&summary.file, &summary.flags, seed);
    let unmet = |property| summary.unmet.iter().any(|unmet: &Unmet| unmet.property == property);
    let allowed = summary.findings.iter().filter(|found| found.runs > 0 && !unmet(found.property));
    Scenario {
        id: id(number),
        title: name(summary).to_owned(),
        tone: summary.verdict.into(),
        verdict: summary.verdict.name(),
        about: format!(
            "{} · seeds {} to {} · environment {}",
            summary.file,
            summary.first_seed,
            (summary.first_seed + summary.count).saturating_sub(1),
            summary.environment
        ),
        unmet: summary
            .unmet
            .iter()
            .map(|unmet| Broken {
                property: unmet.property.name(),
                sentence: unmet.sentence.clone(),
                share: share(unmet.runs, summary),
                repeat: unmet.seed.map(again),
                saved: unmet.seed.and_then(|seed| summary.saved.get(&seed)).cloned(),
            })
            .collect(),
        open: summary
            .open
            .iter()
            .map(|(property, why, runs, seed)| {
                format!("{property}: {why} ({}, first seed {seed})", share(*runs, summary))
            })
            .collect(),
        allowed: allowed
            .map(|found| Allowed {
                property: found.property.name(),
                share: share(found.runs, summary),
                example: found.first.first().map(|(_, found)| found.sentence.clone()).unwrap_or_default(),
                repeat: found.first.first().map(|(seed, _)| again(*seed)),
            })
            .collect(),
        chart: !curves(summary).is_empty(),
        metrics: metrics(summary),
        worst: WORST.iter().filter_map(|&(metric, what)| worst(summary, metric, what)).collect(),
        settings: text::settings_rows(&summary.settings),
        digest: format!("{:032x}", summary.digest),
    }
}

/// `in 3 of 200 runs (1.5 %)`
fn share(runs: u32, summary: &ScenarioSummary) -> String {
    let permille = (u64::from(runs) * 1_000).checked_div(summary.count).unwrap_or(0);
    format!("in {runs} of {} runs ({})", summary.count, percent(permille as u32))
}

fn metrics(summary: &ScenarioSummary) -> Vec<[String; 7]> {
    let measured = Metric::ALL.iter().filter_map(|&metric| Some((metric, summary.metric(metric)?)));
    let row = |(metric, stats): (Metric, &splitbrain_checker::stats::Stats)| {
        let told = |value| amount(metric, value);
        [
            metric.name().to_owned(),
            told(stats.min),
            told(stats.median),
            told(stats.p90),
            told(stats.p99),
            told(stats.max),
            stats.n.to_string(),
        ]
    };
    measured.map(row).collect()
}

/// The run with the largest value, the first of several; none if nothing is in it to see.
fn worst(summary: &ScenarioSummary, metric: Metric, what: &'static str) -> Option<Worst> {
    let largest = summary.metric(metric)?.max;
    let run: &RunSummary = summary.runs.iter().find(|run| run.metrics.get(metric) == Some(largest))?;
    let repeat = format!("{} --html run.html", repeat(&summary.file, &summary.flags, run.seed));
    (largest > 0).then(|| Worst { what, value: amount(metric, largest), repeat })
}

fn curves(summary: &ScenarioSummary) -> Vec<Curve> {
    let curve = |&(metric, name): &(Metric, &'static str)| {
        let mut values: Vec<i64> = summary.runs.iter().filter_map(|run| run.metrics.get(metric)).collect();
        values.sort_unstable();
        let runs = values.len();
        let last = |i: &usize| values.get(i + 1) != Some(&values[*i]);
        let steps: Vec<(i64, usize)> = (0..runs).filter(last).map(|i| (values[i], i + 1)).collect();
        (values.last().is_some_and(|largest| *largest > 0)).then_some(Curve { name, steps, runs })
    };
    DRAWN.iter().filter_map(curve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_and_what_is_undecided_is_no_pass() {
        assert!(Verdict::Fail > Verdict::Undecided && Verdict::Undecided > Verdict::Pass);
        assert_eq!("1.500 s", amount(Metric::FirstSdown, 1_500));
        assert_eq!("3", amount(Metric::Failovers, 3));
    }
}
