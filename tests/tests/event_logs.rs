//! Event logs of three canonical runs, as Sentinels would have written them. Read a change before accepting it.

use splitbrain::run_seed;
use splitbrain::scenarios::Scenario;
use std::fmt::Write as _;
use std::path::PathBuf;

fn log_of(name: &str, seed: u64) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/classic").join(name);
    let scenario = Scenario::load(&file).expect("the catalogue is sound");
    let record = run_seed(&scenario, seed);
    let seen = &record.observations;
    let mut log = String::new();
    for fault in &record.faults {
        let _ = writeln!(log, "{:>9.3} FAULT {}", seen.ms(fault.at) as f64 / 1000.0, fault.what);
    }
    for event in &seen.events {
        let name = &seen.node(event.node).name;
        let mut payload = event.event.payload();
        for (node, id) in &seen.sentinel_ids {
            payload = payload.replace(&id.to_string(), &seen.node(*node).name);
        }
        let at = seen.ms(event.at) as f64 / 1000.0;
        let _ = writeln!(log, "{at:>9.3} {name} {} {payload}", event.event.kind);
    }
    log
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
