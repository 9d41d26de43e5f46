//! Same version, scenario and seed: same digest.

use splitbrain::scenarios::Scenario;
use splitbrain::{RunOptions, run_scenario, run_seed};
use std::path::PathBuf;

fn classic(name: &str) -> Scenario {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/classic").join(name);
    Scenario::load(&file).expect("the catalogue is sound")
}

#[test]
fn a_seed_gives_the_same_digest_alone_and_after_a_hundred_others_on_one_thread() {
    let scenario = classic("master-killed-fast.toml");
    let alone = run_seed(&scenario, 150).digest;
    let after: Vec<_> = (50..151).map(|seed| run_seed(&scenario, seed).digest).collect();
    assert_eq!(alone, after[100]);
    assert!(after.windows(2).all(|pair| pair[0] != pair[1]), "different seeds differ");
}

#[test]
fn the_number_of_jobs_does_not_change_a_scenarios_digest() {
    let scenario = classic("master-isolated.toml");
    let digest = |jobs| {
        let options = RunOptions { jobs, ..RunOptions::seeds(0..8) };
        run_scenario(&scenario, &options, &|_| ()).expect("runs").digest
    };
    assert_eq!(digest(1), digest(2));
}

#[test]
fn adding_a_client_changes_nobody_elses_identity_or_timers() {
    let two = classic("master-killed-fast.toml");
    let mut more = two.clone();
    let mut extra = more.clients[0].clone();
    extra.name = "another".to_owned();
    extra.members = vec!["another".to_owned()];
    more.clients.push(extra);
    let ids = |scenario: &Scenario| run_seed(scenario, 3).observations.sentinel_ids;
    assert_eq!(ids(&two), ids(&more));
}

#[test]
fn a_judge_needs_nothing_that_faults_would_tell() {
    // The record without its faults gives the same observations: the type has no room for them.
    let scenario = classic("master-paused.toml");
    let record = run_seed(&scenario, 1);
    let judged = splitbrain::checker::judge(&record.observations, &scenario.expect);
    let again = splitbrain::checker::judge(&record.observations.clone(), &scenario.expect);
    assert_eq!(format!("{:?}", judged.findings), format!("{:?}", again.findings));
}
