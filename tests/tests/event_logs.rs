//! Event logs of three canonical runs, as Sentinels would have written them. Read a change before accepting it.

use splitbrain::scenarios::Scenario;
use splitbrain::{event_log, run_seed};
use std::path::PathBuf;

fn log_of(name: &str, seed: u64) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/classic").join(name);
    let scenario = Scenario::load(&file).expect("the catalogue is sound");
    event_log(&run_seed(&scenario, seed))
}

#[test]
fn event_log_of_a_killed_master() {
    insta::assert_snapshot!(log_of("master-killed.toml", 1));
}

#[test]
fn event_log_of_an_isolated_master() {
    insta::assert_snapshot!(log_of("master-isolated.toml", 1));
}

#[test]
fn event_log_of_a_manual_failover() {
    insta::assert_snapshot!(log_of("manual-failover.toml", 1));
}
