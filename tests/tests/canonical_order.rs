//! The order of events at the leader and at the others in a plain failover (Sentinel spec 10.1, 10.2), over many seeds.

use splitbrain::checker::observations::NodeIx;
use splitbrain::model::event::{EventKind, Subject};
use splitbrain::run_seed;
use splitbrain::scenarios::Scenario;
use splitbrain::sim::Record;
use std::path::PathBuf;

const SEEDS: u64 = 60;

/// What the leader always does, in this order. Between these, `-odown` and `-role-change` may come.
const LEADER: &[&str] = &[
    "+sdown",
    "+odown",
    "+new-epoch",
    "+try-failover",
    "+vote-for-leader",
    "+elected-leader",
    "+failover-state-select-slave",
    "+selected-slave",
    "+failover-state-send-slaveof-noone",
    "+failover-state-wait-promotion",
    "+promoted-slave",
    "+failover-state-reconf-slaves",
    "+slave-reconf-sent",
    "+slave-reconf-inprog",
    "+slave-reconf-done",
    "+failover-end",
    "+switch-master",
    "+slave",
    "+slave",
];

/// What every other Sentinel does in this order. `+sdown` and `+odown` of its own may come before or
/// after its vote; one that reached `+odown` in the same moment tries too, and loses.
const OBSERVER: &[&str] =
    &["+new-epoch", "+vote-for-leader", "+config-update-from", "+switch-master", "+slave", "+slave"];

fn classic() -> Scenario {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/classic/master-killed.toml");
    Scenario::load(&file).expect("the catalogue is sound")
}

/// Events of one Sentinel after the fault, without those about the old master as a replica.
fn events_of(record: &Record, node: NodeIx, left_out: &[EventKind]) -> Vec<&'static str> {
    let seen = &record.observations;
    let mine = seen.events.iter().filter(|event| event.node == node && event.at >= seen.t0);
    let plain = mine.filter(|event| !left_out.contains(&event.event.kind));
    let of_replica = |event: &splitbrain::model::event::Event| {
        event.kind == EventKind::SdownEnter && matches!(event.subject, Subject::Slave(_))
    };
    plain.filter(|event| !of_replica(&event.event)).map(|event| event.event.kind.name()).collect()
}

#[test]
fn the_leader_goes_through_a_failover_in_the_order_of_the_real_one() {
    let scenario = classic();
    let left_out = [EventKind::OdownLeave, EventKind::RoleChangeFromConfigured];
    for seed in 0..SEEDS {
        let record = run_seed(&scenario, seed);
        let elected = record.observations.events.iter().find(|e| e.event.kind == EventKind::ElectedLeader);
        let leader = elected.expect("somebody is elected").node;
        assert_eq!(events_of(&record, leader, &left_out), LEADER, "seed {seed}");
    }
}

#[test]
fn the_others_vote_and_follow_in_the_order_of_the_real_ones() {
    let scenario = classic();
    let left_out = [
        EventKind::SdownEnter,
        EventKind::OdownEnter,
        EventKind::TryFailover,
        EventKind::OdownLeave,
        EventKind::RoleChangeFromConfigured,
    ];
    for seed in 0..SEEDS {
        let record = run_seed(&scenario, seed);
        let elected = record.observations.events.iter().find(|e| e.event.kind == EventKind::ElectedLeader);
        let leader = elected.expect("somebody is elected").node;
        for (node, _) in record.observations.sentinel_ids.iter().filter(|(node, _)| *node != leader) {
            assert_eq!(events_of(&record, *node, &left_out), OBSERVER, "seed {seed}");
        }
    }
}

#[test]
fn a_master_seen_again_is_demoted_at_the_second_info_ten_seconds_later() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/classic/master-isolated.toml");
    let scenario = Scenario::load(&file).expect("the catalogue is sound");
    for seed in 0..20 {
        let record = run_seed(&scenario, seed);
        let events = &record.observations.events;
        let old = record.observations.nodes[0].addr;
        let first = |kind| {
            let about = |e: &&splitbrain::checker::observations::EventAt| {
                e.event.kind == kind && e.event.subject == Subject::Slave(old)
            };
            events.iter().find(about).map(|e| e.at).unwrap_or_else(|| panic!("{kind} in seed {seed}"))
        };
        let waited = first(EventKind::ConvertToSlave).since(first(EventKind::RoleChangeFromConfigured)).millis();
        assert!((10_000..10_200).contains(&waited), "{waited} ms in seed {seed}");
    }
}
