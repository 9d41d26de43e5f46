//! Whether a seed notices a planted bug: a property is violated that the same seed does not violate without the bug.

use splitbrain::checker::{Expectation, RunSummary, Scratch, evaluate, judge_with};
use splitbrain::model::planted::Planted;
use splitbrain::run_seed;
use splitbrain::scenarios::Scenario;
use std::path::{Path, PathBuf};

/// Where most bugs are looked for.
pub const COMMON: &str = "scenarios/chaos/common.toml";

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The scenario in which a bug is looked for: its own if it has one, else the common one. It names no bug itself.
pub fn scenario_of(planted: Planted) -> (String, Scenario) {
    let own = format!("scenarios/negative/planted/{}.toml", planted.name());
    let file = if root().join(&own).exists() { own } else { COMMON.to_owned() };
    let mut scenario = Scenario::load(&root().join(&file)).unwrap_or_else(|error| panic!("{error}"));
    scenario.planted = None;
    (file, scenario)
}

/// Properties of which this seed does not meet what the scenario expects.
pub fn unmet(scenario: &Scenario, seed: u64, scratch: &mut Scratch) -> Vec<&'static str> {
    let record = run_seed(scenario, seed);
    let seen = &record.observations;
    let judgement = judge_with(seen, &scenario.expect, scratch);
    let run = RunSummary::new(seed, record.digest.0, seen, &judgement, &scenario.expect);
    let evaluated = evaluate::scenario(&Expectation::complete(&scenario.expect), &[run]);
    // What some run has to show, this one need not.
    let mut unmet: Vec<&str> =
        evaluated.unmet.iter().filter(|unmet| unmet.seed.is_some()).map(|unmet| unmet.property.name()).collect();
    unmet.sort_unstable();
    unmet.dedup();
    unmet
}

/// Properties that this seed violates because of the bug.
pub fn blame(scenario: &Scenario, planted: Planted, seed: u64, scratch: &mut Scratch) -> Vec<&'static str> {
    let with = Scenario { planted: Some(planted), ..scenario.clone() };
    let mut blamed = unmet(&with, seed, scratch);
    if !blamed.is_empty() {
        let healthy = unmet(scenario, seed, scratch);
        blamed.retain(|property| !healthy.contains(property));
    }
    blamed
}
