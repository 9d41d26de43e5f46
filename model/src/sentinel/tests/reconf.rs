//! Pointing the other replicas to the promoted one, and the end of a failover.

use super::super::instance::{FailoverState, Who};
use super::*;

const A: Who = Who::Replica(0, 1);
const B: Who = Who::Replica(0, 2);

/// A failover in state 5: of three replicas the first is promoted.
fn rig(parallel_syncs: i32) -> Rig {
    let mut conf = conf(3, 0);
    conf.masters[0].parallel_syncs = parallel_syncs;
    let mut rig = Rig::healthy(conf);
    rig.sentinel.current_epoch = Epoch(1);
    let now = rig.now();
    let promoted = rig.replica(0);
    promoted.inst.flags.set(Flags::PROMOTED);
    let obj = promoted.inst.obj;
    let master = rig.master();
    master.promoted = Some(obj);
    master.inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
    master.failover_state = FailoverState::ReconfSlaves;
    master.failover_state_change_time = now;
    (master.failover_epoch, master.config_epoch) = (Epoch(1), Epoch(1));
    rig
}

fn step(rig: &mut Rig) -> Vec<EventKind> {
    rig.with(|s, cx| s.failover_state_machine(cx, 0));
    rig.kinds()
}

fn slaveof(rig: &Rig, who: Who) -> usize {
    let target = Request::SlaveOf(Some(addr(2)));
    rig.sent_to(who).iter().filter(|r| **r == target).count()
}

#[test]
fn parallel_syncs_bounds_how_many_are_told_at_once() {
    for (parallel_syncs, told) in [(0, [0, 0]), (1, [1, 0]), (2, [1, 1]), (-1, [0, 0])] {
        let mut rig = rig(parallel_syncs);
        step(&mut rig);
        assert_eq!([slaveof(&rig, A), slaveof(&rig, B)], told);
        step(&mut rig);
        assert_eq!([slaveof(&rig, A), slaveof(&rig, B)], [0, 0]);
    }
}

#[test]
fn disconnected_replicas_are_passed_over() {
    let mut rig = rig(1);
    rig.link(A).disconnected = true;
    assert_eq!(step(&mut rig), [EventKind::SlaveReconfSent]);
    assert_eq!([slaveof(&rig, A), slaveof(&rig, B)], [0, 1]);
}

#[test]
fn info_moves_a_replica_from_sent_over_inprog_to_done() {
    let mut rig = rig(1);
    step(&mut rig);
    let mut info = replica_info(addr(1));
    rig.info(A, &info);
    assert!(rig.flags(A).any(Flags::RECONF_SENT), "still at the old master");
    info.slave.as_mut().unwrap().master = addr(2);
    info.slave.as_mut().unwrap().link_up = false;
    rig.info(A, &info);
    assert_eq!(rig.kinds(), [EventKind::SlaveReconfInprog]);
    info.slave.as_mut().unwrap().link_up = true;
    rig.info(A, &info);
    assert_eq!(rig.kinds(), [EventKind::SlaveReconfDone]);
    assert_eq!(step(&mut rig), [EventKind::SlaveReconfSent]);
    rig.info(B, &info);
    let both = [EventKind::SlaveReconfInprog, EventKind::SlaveReconfDone];
    assert_eq!(rig.kinds(), both, "with one INFO");
    assert_eq!(step(&mut rig), [EventKind::FailoverEnd]);
    assert_eq!(rig.state(), FailoverState::UpdateConfig);
}

#[test]
fn a_stuck_replica_blocks_the_others_as_long_as_there_is_no_room() {
    let mut rig = rig(1);
    step(&mut rig);
    rig.advance(9_999);
    assert_eq!(step(&mut rig), []);
    rig.replica(1).inst.flags.set(Flags::S_DOWN);
    assert_eq!(step(&mut rig), [], "not even if it is down");
}

#[test]
fn with_room_a_late_replica_is_given_up_and_told_once_more() {
    let mut rig = rig(2);
    rig.master().failover_timeout = Millis(60_000);
    rig.link(B).disconnected = true;
    step(&mut rig);
    rig.advance(10_000);
    assert_eq!(step(&mut rig), []);
    rig.advance(1);
    let expected = [EventKind::SlaveReconfSentTimeout, EventKind::SlaveReconfSent];
    assert_eq!(step(&mut rig), expected);
    assert_eq!(slaveof(&rig, A), 1);
    assert!(rig.flags(A).any(Flags::RECONF_DONE) && rig.flags(A).any(Flags::RECONF_SENT));
    assert_eq!(step(&mut rig), [], "done: never again");
}

#[test]
fn replicas_that_are_down_are_not_waited_for() {
    let mut rig = rig(1);
    for r in [1, 2] {
        rig.replica(r).inst.flags.set(Flags::S_DOWN);
        rig.sentinel.links[rig.sentinel.masters[0].replicas[r].inst.link].disconnected = true;
    }
    assert_eq!(step(&mut rig), [EventKind::FailoverEnd]);
}

#[test]
fn a_failover_cannot_end_while_the_promoted_replica_is_down() {
    let mut rig = rig(1);
    step(&mut rig);
    rig.replica(0).inst.flags.set(Flags::S_DOWN);
    rig.advance(100_000);
    assert_eq!(step(&mut rig), []);
    rig.replica(0).inst.flags.clear(Flags::S_DOWN);
    assert_eq!(step(&mut rig)[..1], [EventKind::FailoverEndForTimeout]);
}

#[test]
fn after_the_failover_timeout_the_rest_is_told_and_the_failover_ends() {
    let mut rig = rig(1);
    step(&mut rig);
    rig.advance(10_000);
    assert_eq!(step(&mut rig), []);
    rig.advance(1);
    let expected = [EventKind::FailoverEndForTimeout, EventKind::FailoverEnd, EventKind::SlaveReconfSentBe];
    assert_eq!(step(&mut rig), expected);
    assert_eq!([slaveof(&rig, A), slaveof(&rig, B)], [0, 1], "A was told before");
}

#[test]
fn the_best_effort_slaveof_never_leaves_because_the_switch_closes_the_connection_first() {
    let mut rig = rig(0);
    rig.advance(10_001);
    rig.refresh();
    rig.sentinel.previous_time = rig.now();
    let cc = rig.link(B).cc;
    rig.tick();
    assert!(rig.kinds().contains(&EventKind::SlaveReconfSentBe));
    assert!(rig.kinds().contains(&EventKind::SwitchMaster));
    assert!(rig.sent_on(cc).is_empty());
}
