//! A scenario with a written-out schedule and a seed, perhaps smaller than the one that failed; and whether it still
//! fails in the same way.

use crate::runner::resolve;
use splitbrain_checker::summary::Unmet;
use splitbrain_checker::{Detail, Expectation, Property, RunSummary, Scratch, evaluate, judge_with};
use splitbrain_scenarios::{Document, Resolved, Scenario, Source, Step, schedule};
use splitbrain_sim::Record;
use splitbrain_sim::digest::Chain;
use std::path::Path;

/// What has to be found again: this property violated, in this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The property.
    pub property: Property,
    /// The kind of the finding; `not-shown` where something did not happen that had to.
    pub kind: String,
}

impl Target {
    /// What an unmet expectation is about.
    pub fn of(unmet: &Unmet) -> Target {
        let detail = unmet.finding.as_ref().map(|finding| &finding.detail);
        Target { property: unmet.property, kind: detail.map_or_else(|| "not-shown".to_owned(), kind_of) }
    }
}

/// The kind of a finding, with the direction of counts: one failover too many must not become none at all.
pub(super) fn kind_of(detail: &Detail<String>) -> String {
    let kind = serde_json::to_value(detail).ok();
    let kind = kind.as_ref().and_then(|value| value.get("kind")?.as_str()).unwrap_or("finding").to_owned();
    match detail {
        Detail::FailoverCount { completed, wanted, .. } if *completed > wanted.unwrap_or(1) => format!("{kind}-above"),
        Detail::FailoverCount { attempts: 0, .. } => format!("{kind}-none-tried"),
        Detail::FailoverCount { .. } => format!("{kind}-below"),
        _ => kind,
    }
}

/// A smaller failure, perhaps.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// The file that says it all.
    pub(crate) document: Document,
    /// That file, read.
    pub(crate) scenario: Scenario,
    /// The schedule, whatever the seed.
    pub(crate) schedule: Vec<Step>,
    /// Whether the file says the schedule too; otherwise scenario files have no words for it.
    pub(crate) written: bool,
    /// The seed of everything else.
    pub(crate) seed: u64,
}

impl Candidate {
    /// `None` if this makes no sense: a name is gone that something else needs.
    pub(crate) fn new(mut document: Document, file: &Path, steps: &[Step], seed: u64) -> Option<Candidate> {
        let steps = schedule::canonical(steps).unwrap_or_else(|| steps.to_vec());
        let written = document.set_schedule(&steps).is_ok();
        if !written {
            document.forget_faults();
        }
        let scenario = Scenario::parse(&Source::new(file, document.text())).ok()?;
        Some(Candidate { document, scenario, schedule: steps, written, seed })
    }

    /// The same with another schedule.
    pub(crate) fn with(&self, steps: &[Step]) -> Option<Candidate> {
        Candidate::new(self.document.clone(), &self.scenario.file, steps, self.seed)
    }

    /// The same with another file.
    pub(crate) fn within(&self, document: Document) -> Option<Candidate> {
        Candidate::new(document, &self.scenario.file, &self.schedule, self.seed)
    }

    /// What is played with a seed.
    pub(crate) fn resolved(&self, seed: u64) -> Resolved {
        let mut resolved = resolve(&self.scenario, seed);
        resolved.schedule.clone_from(&self.schedule);
        resolved
    }

    /// Number of faults.
    pub(crate) fn faults(&self) -> usize {
        schedule::faults(&self.schedule).len()
    }

    /// What is unmet with a seed, in the order of expectations.
    pub(crate) fn unmet(&self, seed: u64, scratch: &mut Scratch) -> (Vec<Unmet>, Record) {
        let record = splitbrain_sim::run(&self.resolved(seed));
        let seen = &record.observations;
        let judgement = judge_with(seen, &self.scenario.expect, scratch);
        let run = RunSummary::new(seed, record.digest.0, seen, &judgement, &self.scenario.expect);
        let unmet = evaluate::scenario(&Expectation::complete(&self.scenario.expect), &[run]).unmet;
        (unmet.into_iter().filter(|unmet| unmet.seed.is_some()).collect(), record)
    }

    /// Whether this seed shows it.
    pub(crate) fn shows(&self, seed: u64, target: &Target, scratch: &mut Scratch) -> bool {
        self.unmet(seed, scratch).0.iter().any(|unmet| Target::of(unmet) == *target)
    }

    /// Fingerprint of everything but the seed.
    pub(crate) fn fingerprint(&self) -> u128 {
        let mut chain = Chain::default();
        chain.text(&self.document.text());
        chain.text(&format!("{:?}", self.schedule));
        chain.digest().0
    }
}
