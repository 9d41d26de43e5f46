//! The document of `run --json`. Names and order of keys are part of what users rely on.

use crate::course::Played;
use crate::repeat;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use splitbrain_checker::metrics::{Metric, Metrics};
use splitbrain_checker::settings::{Implied, Measured, SettingReport};
use splitbrain_checker::stats::Stats;
use splitbrain_checker::summary::{Context, MarginReport, Reported, RunSummary, ScenarioSummary, Unmet};
use splitbrain_checker::{Detail, Hazard, Property, Verdict};

/// All scenarios as one JSON document, with every run if `runs` is set.
pub fn document(version: &str, scenarios: &[ScenarioSummary], runs: bool) -> String {
    let document =
        Document { splitbrain: version, scenarios: scenarios.iter().map(|s| Scenario::of(s, runs)).collect() };
    let mut text =
        serde_json::to_string_pretty(&document).expect("strings, numbers and lists are always representable");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    splitbrain: &'a str,
    scenarios: Vec<Scenario<'a>>,
}

#[derive(Serialize)]
struct Scenario<'a> {
    scenario: &'a str,
    title: &'a str,
    file: &'a str,
    seeds: Seeds,
    verdict: Verdict,
    digest: String,
    environment: &'a str,
    settings: Vec<Setting<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    margins: &'a [MarginReport],
    unmet: Vec<Broken<'a>>,
    undecided: Vec<Open<'a>>,
    findings: Vec<Found<'a>>,
    metrics: Spread<'a>,
    #[serde(flatten)]
    played: Played<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<Vec<Run<'a>>>,
}

#[derive(Serialize)]
struct Seeds {
    first: u64,
    count: u64,
}

#[derive(Serialize)]
struct Setting<'a> {
    master: &'a str,
    name: &'a str,
    value: i64,
    implies: Implications<'a>,
    measured: Option<MeasuredAs<'a>>,
    margin: Option<Margin<'a>>,
}

/// Implications as an object in their order.
struct Implications<'a>(&'a [(&'static str, Implied)]);

impl Serialize for Implications<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// `{"first_sdown": {…}}`
struct MeasuredAs<'a>(&'a Measured);

impl Serialize for MeasuredAs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map([(self.0.name, self.0.stats)])
    }
}

#[derive(Serialize)]
struct Margin<'a> {
    amount: i64,
    unit: &'a str,
}

#[derive(Serialize)]
struct Broken<'a> {
    property: Property,
    sentence: &'a str,
    runs: u32,
    seed: Option<u64>,
    at_ms: Option<i64>,
    replay: Option<String>,
    saved: Option<&'a str>,
}

#[derive(Serialize)]
struct Open<'a> {
    property: Property,
    why: &'a str,
    runs: u32,
    seed: u64,
}

#[derive(Serialize)]
struct Found<'a> {
    property: Property,
    seed: u64,
    at_ms: i64,
    master: &'a str,
    sentence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hazard: Option<Hazard>,
    detail: &'a Detail<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    context: &'a [Context],
    replay: String,
}

/// Metrics in the order of reports.
struct Spread<'a>(&'a ScenarioSummary);

impl Serialize for Spread<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let measured: Vec<(&str, &Stats)> =
            Metric::ALL.iter().filter_map(|&metric| Some((metric.name(), self.0.metric(metric)?))).collect();
        let mut map = to.serialize_map(Some(measured.len()))?;
        for (name, stats) in measured {
            map.serialize_entry(name, stats)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Run<'a> {
    seed: u64,
    verdict: Verdict,
    digest: String,
    findings: Vec<Brief<'a>>,
    metrics: &'a Metrics,
}

#[derive(Serialize)]
struct Brief<'a> {
    property: Property,
    at_ms: i64,
    sentence: &'a str,
}

/// A digest as 32 hexadecimal digits.
fn hex(digest: u128) -> String {
    format!("{digest:032x}")
}

impl<'a> Scenario<'a> {
    fn of(summary: &'a ScenarioSummary, runs: bool) -> Scenario<'a> {
        let found = summary.findings.iter().flat_map(|f| &f.first);
        Scenario {
            scenario: &summary.scenario,
            title: &summary.title,
            file: &summary.file,
            seeds: Seeds { first: summary.first_seed, count: summary.count },
            verdict: summary.verdict,
            digest: hex(summary.digest),
            environment: &summary.environment,
            settings: summary.settings.iter().map(Setting::of).collect(),
            margins: &summary.margins,
            unmet: summary.unmet.iter().map(|unmet| Broken::of(summary, unmet)).collect(),
            undecided: summary
                .open
                .iter()
                .map(|(property, why, runs, seed)| Open { property: *property, why, runs: *runs, seed: *seed })
                .collect(),
            findings: found.map(|(seed, found)| Found::of(summary, *seed, found)).collect(),
            metrics: Spread(summary),
            played: Played::of(&summary.course),
            runs: runs.then(|| summary.runs.iter().map(Run::of).collect()),
        }
    }
}

impl<'a> Setting<'a> {
    fn of(report: &'a SettingReport) -> Setting<'a> {
        Setting {
            master: &report.master,
            name: report.name,
            value: report.value,
            implies: Implications(&report.implies),
            measured: report.measured.as_ref().map(MeasuredAs),
            margin: report.margin.map(|margin| Margin { amount: margin.amount, unit: margin.unit }),
        }
    }
}

impl<'a> Broken<'a> {
    fn of(summary: &'a ScenarioSummary, unmet: &'a Unmet) -> Broken<'a> {
        Broken {
            property: unmet.property,
            sentence: &unmet.sentence,
            runs: unmet.runs,
            seed: unmet.seed,
            at_ms: unmet.at_ms,
            replay: unmet.seed.map(|seed| repeat(&summary.file, &summary.flags, seed)),
            saved: unmet.seed.and_then(|seed| summary.saved.get(&seed)).map(String::as_str),
        }
    }
}

impl<'a> Found<'a> {
    fn of(summary: &ScenarioSummary, seed: u64, found: &'a Reported) -> Found<'a> {
        Found {
            property: found.property,
            seed,
            at_ms: found.at_ms,
            master: &found.master,
            sentence: &found.sentence,
            hazard: found.hazard,
            detail: &found.detail,
            context: &found.context,
            replay: repeat(&summary.file, &summary.flags, seed),
        }
    }
}

impl<'a> Run<'a> {
    fn of(run: &'a RunSummary) -> Run<'a> {
        let brief =
            |found: &'a Reported| Brief { property: found.property, at_ms: found.at_ms, sentence: &found.sentence };
        Run {
            seed: run.seed,
            verdict: run.verdict,
            digest: hex(run.digest),
            findings: run.findings.iter().map(brief).collect(),
            metrics: &run.metrics,
        }
    }
}
