//! Strategies: everything they make is a scenario, a failing one is shrunk and kept, and what was kept is played first.
#![cfg(feature = "proptest")]

use proptest::prelude::*;
use splitbrain::run_seed;
use splitbrain::strategies::{Check, CheckError, check, plans};
use std::path::PathBuf;

const ELECTIONS: &str = r#"
one-leader-per-epoch = "holds"
one-promotion-per-epoch = "holds"
epoch-monotonic = "holds"
split-brain = "any"
lost-write = "any"
linearizable = "any"
stale-read = "any"
no-false-failover = "any"
config-agreement = "any"
converges-after-heal = "any"
"#;
/// Real Sentinel does not keep this.
const NOTHING_LOST: &str = "lost-write = \"holds\"\nno-false-failover = \"any\"\nsplit-brain = \"any\"\n";

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_is_a_scenario(plan in plans(ELECTIONS)) {
        let scenario = plan.scenario("mine").map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(!scenario.faults.is_empty() && !scenario.clients.is_empty());
        prop_assert_eq!(&scenario.source, plan.text());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_and_a_seed_make_one_run(plan in plans(ELECTIONS), seed in 0..100_u64) {
        let scenario = plan.scenario("mine").map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(run_seed(&scenario, seed).digest, run_seed(&scenario, seed).digest);
    }
}

#[test]
fn elections_keep_their_promises_under_random_plans() {
    check(&plans(ELECTIONS), &Check { cases: 12, ..Check::default() }).unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn a_failing_plan_is_shrunk_and_kept_and_played_first_the_next_time() {
    let folder = Folder(std::env::temp_dir().join(format!("splitbrain-strategies-{}", std::process::id())));
    let how = Check { keep: Some(folder.0.clone()), ..Check::default() };
    let (kept, left) = match check(&plans(NOTHING_LOST), &how) {
        Err(CheckError::Failed { story, text, file: Some(file), .. }) => {
            assert!(story.contains("lost-write: "), "{story}");
            (file, text.matches("[[faults]]").count())
        }
        other => panic!("{other:?}"),
    };
    assert!((1..=3).contains(&left), "{left} faults are left");
    // No new plan is needed to see it again.
    match check(&plans(NOTHING_LOST), &Check { cases: 0, ..how.clone() }) {
        Err(CheckError::Kept { file, what }) => {
            assert_eq!(file, kept);
            assert!(what.starts_with("reproduced (same digest): "), "{what}");
        }
        other => panic!("{other:?}"),
    }
    std::fs::remove_file(&kept).unwrap();
    assert!(check(&plans(NOTHING_LOST), &Check { cases: 0, ..how }).is_ok());
}

#[test]
fn expectations_that_are_not_accepted_are_pointed_at() {
    let error = check(&plans("lost-rite = \"holds\"\n"), &Check::default()).unwrap_err().to_string();
    assert!(error.contains("did you mean `lost-write`?"), "{error}");
}
