//! All seeds of a scenario together: what was found in how many of them, the spread of every number, which
//! expectations were not met, and the verdict.

use crate::course::Course;
use crate::evaluate::{self, Evaluated};
use crate::expect::{Expectation, Property};
use crate::finding::{Detail, Finding};
use crate::hazard::Hazard;
use crate::judge::Judgement;
use crate::metrics::{Metric, Metrics};
use crate::observations::{MasterSettings, NodeIx, Observations};
use crate::settings::{self, SettingReport};
use crate::stats::Stats;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Outcome of a run or a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every expectation was met.
    Pass,
    /// Something could not be decided, and nothing decided was wrong. Never counted as a pass.
    Undecided,
    /// An expectation was not met.
    Fail,
}

impl Verdict {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Undecided => "undecided",
            Verdict::Fail => "fail",
        }
    }
}

/// A finding as it is reported: with names instead of indices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// Which property.
    pub property: Property,
    /// When, in milliseconds after the first fault.
    pub at_ms: i64,
    /// Which master.
    pub master: String,
    /// The finding in English, without a full stop.
    pub sentence: String,
    /// The documented hazard of Sentinel that is behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard: Option<Hazard>,
    /// The finding as data.
    pub detail: Detail<String>,
    /// Faults and changes of roles while it came about. No judge knows them: whoever has the record adds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<Context>,
}

/// Something that happened while a finding came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// When, in milliseconds after the first fault.
    pub at_ms: i64,
    /// What.
    pub what: String,
}

impl Reported {
    /// Names the processes of a finding.
    pub fn of(obs: &Observations, finding: &Finding, hazard: Option<Hazard>) -> Reported {
        let name = &mut |node: NodeIx| obs.node(node).name.clone();
        let detail = finding.detail.clone().map(name);
        Reported {
            property: finding.property,
            at_ms: obs.ms(finding.at),
            master: finding.master.to_string(),
            sentence: match hazard {
                Some(hazard) => format!("{} ({hazard}: {})", detail.sentence(&finding.master), hazard.title()),
                None => detail.sentence(&finding.master),
            },
            hazard,
            detail,
            context: Vec::new(),
        }
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct RunSummary {
    /// Its seed.
    pub seed: u64,
    /// Its own verdict, as far as one run can have one.
    pub verdict: Verdict,
    /// Its digest.
    pub digest: u128,
    /// Its numbers.
    pub metrics: Metrics,
    /// What was found.
    pub findings: Vec<Reported>,
    /// What could not be decided, and why.
    pub undecided: Vec<(Property, String)>,
}

impl RunSummary {
    /// A judged run.
    pub fn new(
        seed: u64,
        digest: u128,
        obs: &Observations,
        judgement: &Judgement,
        expect: &[Expectation],
    ) -> RunSummary {
        let mut run = RunSummary {
            seed,
            verdict: Verdict::Pass,
            digest,
            metrics: judgement.metrics,
            findings: judgement
                .findings
                .iter()
                .enumerate()
                .map(|(i, finding)| Reported::of(obs, finding, judgement.hazard(i)))
                .collect(),
            undecided: judgement.undecided.clone(),
        };
        run.verdict = evaluate::run(&Expectation::complete(expect), &run);
        run
    }

    /// Findings of one property; contradictions inside splitbrain are none.
    pub fn found(&self, property: Property) -> impl Iterator<Item = &Reported> {
        self.findings.iter().filter(move |found| found.property == property && !found.detail.is_model_bug())
    }
}

/// An expectation that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Which property.
    pub property: Property,
    /// What broke, in one sentence without a full stop.
    pub sentence: String,
    /// In how many runs.
    pub runs: u32,
    /// The first of them.
    pub seed: Option<u64>,
    /// When, in milliseconds after the first fault.
    pub at_ms: Option<i64>,
    /// The first finding behind it.
    pub finding: Option<Reported>,
}

/// What was found of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyFindings {
    /// Which property.
    pub property: Property,
    /// In how many runs it was violated.
    pub runs: u32,
    /// In how many runs it could not be decided.
    pub undecided: u32,
    /// The first findings with their seeds, at most [`PropertyFindings::KEPT`].
    pub first: Vec<(u64, Reported)>,
}

impl PropertyFindings {
    /// How many findings are kept per property.
    pub const KEPT: usize = 3;
}

/// How far a setting may be moved before the verdict flips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MarginReport {
    /// The setting as Redis spells it.
    pub name: &'static str,
    /// Its value.
    pub value: i64,
    /// The verdict with this value.
    pub verdict: Verdict,
    /// Moved down.
    pub down: Turn,
    /// Moved up.
    pub up: Turn,
}

/// How far in one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The last value tried with the same verdict.
    pub same_until: i64,
    /// The next one, with another verdict; absent if none was found.
    pub flips_at: Option<i64>,
    /// What broke there, in one sentence.
    pub why: Option<String>,
}

/// What is known of a scenario before it runs.
#[derive(Clone, Debug, Default)]
pub struct ScenarioHead {
    /// Its name.
    pub scenario: String,
    /// Its file.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Name of its environment.
    pub environment: String,
    /// What a command needs beside the file to play this very scenario.
    pub flags: Vec<String>,
    /// The first seed.
    pub first_seed: u64,
}

/// All seeds of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioSummary {
    /// Its name.
    pub scenario: String,
    /// Its file.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Name of its environment.
    pub environment: String,
    /// What a command needs beside the file to play this very scenario.
    pub flags: Vec<String>,
    /// The first seed.
    pub first_seed: u64,
    /// How many runs there were.
    pub count: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// Digest over all runs.
    pub digest: u128,
    /// Expectations that were not met.
    pub unmet: Vec<Unmet>,
    /// Why the verdict is open, if it is, and for which property; with the number of runs and the first seed.
    pub open: Vec<(Property, String, u32, u64)>,
    /// What was found, by property; expected dangers included.
    pub findings: Vec<PropertyFindings>,
    /// Spread of every number that was measured.
    pub metrics: BTreeMap<&'static str, Stats>,
    /// The settings and what became of what they imply.
    pub settings: Vec<SettingReport>,
    /// The runs in order of their seeds.
    pub runs: Vec<RunSummary>,
    /// How far settings may be moved; empty unless asked for.
    pub margins: Vec<MarginReport>,
    /// Where a failing run was saved, by seed; filled by whoever saves it.
    pub saved: BTreeMap<u64, String>,
    /// How the seeds were played; filled by whoever plays them.
    pub course: Course,
}

impl ScenarioSummary {
    /// Spread of a number.
    pub fn metric(&self, metric: Metric) -> Option<&Stats> {
        self.metrics.get(metric.name())
    }
}

/// Folds the runs of a scenario, in any order, into its summary. `digest` is the digest over all runs in seed order.
pub fn fold(
    head: ScenarioHead,
    masters: &[MasterSettings],
    expect: &[Expectation],
    mut runs: Vec<RunSummary>,
    digest: u128,
) -> ScenarioSummary {
    runs.sort_by_key(|run| run.seed);
    let Evaluated { verdict, unmet, open } = evaluate::scenario(&Expectation::complete(expect), &runs);
    ScenarioSummary {
        scenario: head.scenario,
        file: head.file,
        title: head.title,
        environment: head.environment,
        flags: head.flags,
        first_seed: head.first_seed,
        count: runs.len() as u64,
        verdict,
        digest,
        unmet,
        open,
        findings: findings(&runs),
        metrics: spread(&runs),
        settings: settings::report(masters, &runs),
        runs,
        margins: Vec::new(),
        saved: BTreeMap::new(),
        course: Course::default(),
    }
}

fn findings(runs: &[RunSummary]) -> Vec<PropertyFindings> {
    let of = |&property: &Property| {
        let concerned = |run: &&RunSummary| run.findings.iter().any(|f| f.property == property);
        let open = |run: &&RunSummary| run.undecided.iter().any(|(its, _)| *its == property);
        PropertyFindings {
            property,
            runs: runs.iter().filter(concerned).count() as u32,
            undecided: runs.iter().filter(open).count() as u32,
            first: runs
                .iter()
                .flat_map(|run| run.findings.iter().map(|found| (run.seed, found)))
                .filter(|(_, found)| found.property == property)
                .take(PropertyFindings::KEPT)
                .map(|(seed, found)| (seed, found.clone()))
                .collect(),
        }
    };
    Property::ALL.iter().map(of).filter(|findings| findings.runs + findings.undecided > 0).collect()
}

fn spread(runs: &[RunSummary]) -> BTreeMap<&'static str, Stats> {
    let mut spread = BTreeMap::new();
    let mut sample = Vec::with_capacity(runs.len());
    for &metric in Metric::ALL {
        sample.clear();
        sample.extend(runs.iter().filter_map(|run| run.metrics.get(metric)));
        if let Some(stats) = Stats::of(&mut sample) {
            spread.insert(metric.name(), stats);
        }
    }
    spread
}
