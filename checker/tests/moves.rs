//! Processes that have another address than at the beginning: who they are does not depend on it, whether they can be
//! reached does.

mod support;

use splitbrain_checker::finding::Place;
use splitbrain_checker::observations::{MovedAt, NodeIx, Presence};
use splitbrain_checker::{Demand, Expectation, Limit, Occurrence, Property};
use splitbrain_model::event::{EventKind, Extra, Subject};
use splitbrain_model::{Addr, Ip};
use support::*;

const ELSEWHERE: Addr = Addr { ip: Ip(0x0a4e_0001), port: 6379 };

fn moves(run: &mut Run, ms: u64, node: NodeIx, addr: Addr) {
    run.0.moves.push(MovedAt { at: at(ms), node, addr });
}

/// The master is replaced by R2 at 11 s.
fn replaced() -> Run {
    let mut run = run();
    run.failover(11_000, S1, R2, 1).ends(R2, position(1, 0), 1, &[]);
    run
}

#[test]
fn a_process_is_known_by_every_address_it_had() {
    let mut run = run();
    moves(&mut run, 5_000, R2, ELSEWHERE);
    let obs = &run.0;
    assert_eq!((obs.node_at(addr(R2)), obs.node_at(ELSEWHERE)), (Some(R2), Some(R2)));
    assert_eq!(Place::of(obs, ELSEWHERE), Place::Node(R2));
    assert!(obs.same_process(addr(R2), ELSEWHERE) && !obs.same_process(addr(R1), ELSEWHERE));
    let nobody = [Addr { ip: Ip(7), port: 1 }, Addr { ip: Ip(8), port: 1 }];
    assert!(!obs.same_process(nobody[0], nobody[1]));
    for (addr, from, until, had) in [
        (addr(R2), 0, 4_999, true),
        (addr(R2), 0, 5_000, false),
        (ELSEWHERE, 4_999, 9_000, false),
        (ELSEWHERE, 5_000, 9_000, true),
        (addr(R2), 5_000, 9_000, false),
    ] {
        assert_eq!(obs.had_throughout(R2, addr, at(from), at(until)), had, "{addr} from {from} to {until}");
    }
}

#[test]
fn to_replace_a_master_that_runs_elsewhere_is_no_false_failover() {
    let mut run = replaced();
    run.only(Property::NoFalseFailover);
    moves(&mut run, 5_000, R1, ELSEWHERE);
    assert_eq!(run.found(Property::NoFalseFailover), []);
    run.0.moves[0].at = at(12_000);
    run.only(Property::NoFalseFailover);
}

#[test]
fn two_addresses_of_one_process_are_one_in_a_configuration_epoch() {
    let mut run = replaced();
    run.presence(10_000, R1, Presence::Dead);
    run.0.final_views[2].addr = ELSEWHERE;
    run.only(Property::ConfigAgreement);
    moves(&mut run, 12_000, R2, ELSEWHERE);
    assert_eq!(run.found(Property::ConfigAgreement), []);
}

#[test]
fn events_about_any_address_of_a_server_are_about_it() {
    let mut run = run();
    run.event(12_000, S1, EventKind::Slave, Subject::Slave(ELSEWHERE), Extra::None);
    let wanted = Occurrence { event: EventKind::Slave, by: None, of: Some(1), at_least: 1, at_most: None, share: None };
    let expect =
        [Expectation { property: Property::Events, demand: Demand::Holds, limits: vec![Limit::Occurs(wanted)] }];
    assert_eq!(of(run.judge_for(&expect), Property::Events).len(), 1, "R2 was never there");
    moves(&mut run, 11_000, R2, ELSEWHERE);
    assert_eq!(of(run.judge_for(&expect), Property::Events), []);
}
