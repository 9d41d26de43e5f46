//! Keeps failures: the first run that breaks an expectation is saved the moment it is known, not when all seeds are over,
//! so that an interrupted run loses none. A folder that cannot be written is told once and stops nothing.

use crate::runner::RunError;
use crate::saved;
use splitbrain_checker::summary::Unmet;
use splitbrain_checker::{Expectation, Property, RunSummary, ScenarioSummary, Verdict, evaluate};
use splitbrain_scenarios::Scenario;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Saves the failures of one scenario.
pub(crate) struct Keeper<'a> {
    scenario: &'a Scenario,
    folder: Option<PathBuf>,
    expect: Vec<Expectation>,
    broken: BTreeSet<Property>,
    saved: BTreeMap<u64, String>,
    pub(crate) error: Option<RunError>,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(scenario: &'a Scenario, folder: Option<PathBuf>) -> Keeper<'a> {
        let expect = Expectation::complete(&scenario.expect);
        Keeper { scenario, folder, expect, broken: BTreeSet::new(), saved: BTreeMap::new(), error: None }
    }

    /// Looks at a run; true if it was the first to break something, and had to be saved.
    pub(crate) fn look(&mut self, run: &RunSummary) -> bool {
        if self.folder.is_none() || run.verdict != Verdict::Fail {
            return false;
        }
        let mut unmet = evaluate::scenario(&self.expect, std::slice::from_ref(run)).unmet;
        unmet.retain(|unmet| unmet.seed.is_some());
        let new: Vec<Property> = unmet.iter().map(|unmet| unmet.property).collect();
        let is_new = new.iter().filter(|property| self.broken.insert(**property)).count() > 0;
        if is_new {
            self.save(run.seed, &unmet);
        }
        is_new
    }

    fn save(&mut self, seed: u64, unmet: &[Unmet]) {
        let Some(folder) = &self.folder else { return };
        let path = folder.join(format!("{}-seed-{seed}.json", self.scenario.name.replace(['/', '\\'], "-")));
        match saved::save(self.scenario, seed, unmet, &path) {
            Ok(()) => {
                self.saved.insert(seed, path.display().to_string());
            }
            Err(error) => {
                self.error.get_or_insert(RunError::Save(path, error));
            }
        }
    }

    /// Saves what only all seeds together have shown, and notes in the summary where everything is. What could not be
    /// saved is handed back.
    pub(crate) fn finish(mut self, summary: &mut ScenarioSummary) -> Option<RunError> {
        let seeds: BTreeSet<u64> = summary.unmet.iter().filter_map(|unmet| unmet.seed).collect();
        for seed in seeds {
            if !self.saved.contains_key(&seed) && self.error.is_none() {
                self.save(seed, &summary.unmet);
            }
        }
        summary.saved = self.saved;
        self.error
    }
}
