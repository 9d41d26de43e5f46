//! Start, states, time limits of a failover.

use super::super::instance::{FailoverState, Who};
use super::*;
use crate::message::ClientType;

const M: Who = Who::Master(0);

fn step(rig: &mut Rig) -> Vec<EventKind> {
    rig.with(|s, cx| s.failover_state_machine(cx, 0));
    rig.kinds()
}

/// A rig whose master is objectively down.
fn odown() -> Rig {
    let mut rig = Rig::healthy(conf(2, 2));
    let now = rig.now();
    rig.master().inst.flags.set(Flags::S_DOWN.or(Flags::O_DOWN));
    rig.master().inst.s_down_since = now;
    rig
}

/// A failover that was just started.
fn started() -> Rig {
    let mut rig = odown();
    assert!(rig.with(|s, cx| s.start_failover_if_needed(cx, 0)));
    rig
}

/// A failover in which the promoted replica (the first) was selected.
fn selected() -> Rig {
    let mut rig = started();
    rig.master().inst.flags.set(Flags::FORCE_FAILOVER);
    step(&mut rig);
    step(&mut rig);
    assert_eq!(rig.state(), FailoverState::SendSlaveofNoone);
    rig
}

#[test]
fn a_failover_starts_with_a_new_epoch_and_no_save() {
    let mut rig = odown();
    rig.draws.desync = 999;
    assert!(rig.with(|s, cx| s.start_failover_if_needed(cx, 0)));
    assert_eq!(rig.log(), ["0 +new-epoch 1", "0 +try-failover master mymaster 10.77.0.1 6379"]);
    assert!(rig.disk.saved.is_empty());
    let now = rig.now();
    assert_eq!(rig.master().failover_start_time, Millis(now.0 + 999));
    assert_eq!(rig.master().failover_state_change_time, now);
    assert_eq!(rig.master().failover_epoch, Epoch(1));
    assert!(!rig.with(|s, cx| s.start_failover_if_needed(cx, 0)), "one is under way");
}

#[test]
fn attempts_are_twice_the_failover_timeout_apart_and_the_wait_is_logged_once() {
    let mut rig = odown();
    let now = rig.now().0;
    rig.master().failover_start_time = Millis(now - 19_999);
    for expected in [1, 0] {
        assert!(!rig.with(|s, cx| s.start_failover_if_needed(cx, 0)));
        assert_eq!(rig.notes().len(), expected);
    }
    rig.master().failover_start_time = Millis(now - 20_000);
    assert!(rig.with(|s, cx| s.start_failover_if_needed(cx, 0)));
}

#[test]
fn without_odown_nothing_starts() {
    let mut rig = Rig::healthy(conf(2, 2));
    rig.master().inst.flags.set(Flags::S_DOWN);
    assert!(!rig.with(|s, cx| s.start_failover_if_needed(cx, 0)));
}

#[test]
fn the_vote_for_ourselves_is_saved_and_waits_for_the_majority() {
    let mut rig = started();
    assert_eq!(step(&mut rig), [EventKind::VoteForLeader]);
    assert_eq!(rig.disk.saved.len(), 1);
    assert_eq!(rig.disk.saved[0].current_epoch, Epoch(1));
    assert_eq!(step(&mut rig), []);
    rig.peer(1).leader = Some(id(1));
    rig.peer(1).leader_epoch = Epoch(1);
    rig.advance(7);
    assert_eq!(step(&mut rig), [EventKind::ElectedLeader, EventKind::StateSelectSlave]);
    assert_eq!(rig.now(), rig.master().failover_state_change_time);
}

#[test]
fn an_election_is_given_up_after_ten_seconds_or_the_failover_timeout() {
    for (timeout, limit) in [(60_000, 10_000), (4_000, 4_000)] {
        let mut rig = started();
        rig.master().failover_timeout = Millis(timeout);
        step(&mut rig);
        rig.wall = WallTime((rig.master().failover_start_time.0 + limit) * MS as i64);
        assert_eq!(step(&mut rig), []);
        rig.advance(1);
        let start = rig.master().failover_start_time;
        assert_eq!(step(&mut rig), [EventKind::AbortNotElected]);
        assert_eq!(rig.state(), FailoverState::None);
        assert!(!rig.flags(M).any(Flags::FAILOVER_IN_PROGRESS));
        assert_eq!(rig.master().failover_start_time, start, "the embargo stays");
    }
}

#[test]
fn a_forced_failover_votes_and_goes_on_whatever_the_count() {
    let mut rig = started();
    rig.master().inst.flags.set(Flags::FORCE_FAILOVER);
    let expected = [EventKind::VoteForLeader, EventKind::ElectedLeader, EventKind::StateSelectSlave];
    assert_eq!(step(&mut rig), expected);
}

#[test]
fn without_a_good_replica_the_failover_ends_at_once() {
    let mut rig = started();
    rig.master().inst.flags.set(Flags::FORCE_FAILOVER);
    step(&mut rig);
    rig.replica(0).slave_priority = 0;
    rig.replica(1).slave_priority = 0;
    assert_eq!(step(&mut rig), [EventKind::AbortNoGoodSlave]);
    assert!(!rig.flags(M).any(Flags::FORCE_FAILOVER));
}

#[test]
fn the_selected_replica_is_told_to_be_nobodys_replica_in_one_transaction() {
    let mut rig = selected();
    assert_eq!(rig.kinds(), [EventKind::SelectedSlave, EventKind::StateSendSlaveofNoone]);
    let who = Who::Replica(0, 0);
    assert!(rig.flags(who).any(Flags::PROMOTED));
    assert_eq!(step(&mut rig), [EventKind::StateWaitPromotion]);
    let transaction = [
        Request::Multi,
        Request::SlaveOf(None),
        Request::ConfigRewrite,
        Request::ClientKill(ClientType::Normal),
        Request::ClientKill(ClientType::Pubsub),
        Request::Exec,
    ];
    assert_eq!(rig.sent_to(who), transaction);
    assert_eq!(rig.link(who).pending_commands, 6);
}

#[test]
fn a_disconnected_choice_is_waited_for_until_the_failover_timeout() {
    let mut rig = selected();
    let who = Who::Replica(0, 0);
    rig.link(who).disconnected = true;
    rig.advance(10_000);
    assert_eq!(step(&mut rig), []);
    rig.advance(1);
    assert_eq!(step(&mut rig), [EventKind::AbortSlaveTimeout]);
    assert!(!rig.flags(who).any(Flags::PROMOTED));
    assert_eq!(rig.master().promoted, None);
    rig.link(who).disconnected = false;
    let mut late = selected();
    late.advance(10_001);
    assert_eq!(step(&mut late), [EventKind::StateWaitPromotion], "connected: no limit");
}

#[test]
fn a_promotion_that_does_not_come_is_given_up_after_the_failover_timeout() {
    let mut rig = selected();
    step(&mut rig);
    rig.advance(10_000);
    assert_eq!(step(&mut rig), []);
    rig.advance(1);
    assert_eq!(step(&mut rig), [EventKind::AbortSlaveTimeout]);
    assert_eq!(rig.now(), rig.master().failover_state_change_time);
}

#[test]
fn a_promotion_is_saved_before_it_is_told() {
    let mut rig = selected();
    step(&mut rig);
    rig.disk.saved.clear();
    rig.advance(500);
    let hello_due = rig.peer(0).inst.last_pub_time.0 - 2001;
    rig.info(Who::Replica(0, 0), &master_info());
    assert_eq!(
        rig.log(),
        [
            "0 -role-change slave 10.77.0.2:6379 10.77.0.2 6379 @ mymaster 10.77.0.1 6379 new reported role is master",
            "1 +promoted-slave slave 10.77.0.2:6379 10.77.0.2 6379 @ mymaster 10.77.0.1 6379",
            "1 +failover-state-reconf-slaves master mymaster 10.77.0.1 6379",
        ]
    );
    assert_eq!(rig.state(), FailoverState::ReconfSlaves);
    assert_eq!(rig.master().config_epoch, Epoch(1));
    assert_eq!(rig.peer(0).inst.last_pub_time, Millis(hello_due), "hellos are due");
    let file = &rig.disk.saved[0].masters[0];
    assert_eq!((file.addr, file.config_epoch), (addr(2), Epoch(1)));
    assert_eq!(file.known_replicas, [addr(1), addr(3)], "the old master takes its place");
    assert_eq!(rig.master().inst.addr, addr(1));
    assert_eq!(rig.master().current_addr(), addr(2));
}

#[test]
fn a_master_that_comes_back_does_not_stop_a_failover() {
    let mut rig = started();
    step(&mut rig);
    rig.master().inst.flags.clear(Flags::S_DOWN.or(Flags::O_DOWN));
    for s in 0..2 {
        rig.peer(s).leader = Some(id(1));
        rig.peer(s).leader_epoch = Epoch(1);
    }
    assert_eq!(step(&mut rig), [EventKind::ElectedLeader, EventKind::StateSelectSlave]);
}

#[test]
fn the_tick_of_the_start_asks_by_force_before_the_vote_is_saved() {
    let mut rig = odown();
    let peer = Who::Peer(0, 0);
    let now = rig.now();
    rig.link(M).act_ping_time = Some(Millis(now.0 - 6_000));
    for s in 0..2 {
        rig.peer(s).last_master_down_reply_time = now;
        rig.peer(s).inst.flags.set(Flags::MASTER_DOWN);
    }
    rig.tick();
    let kinds = [EventKind::NewEpoch, EventKind::TryFailover, EventKind::VoteForLeader];
    assert_eq!(rig.kinds(), kinds);
    assert_eq!(count(&rig.sent_to(peer), is_ask), 1);
    let (at, _) = &rig.events()[2];
    assert_eq!(at.millis(), 1, "saved first; what is sent leaves after the iteration");
    // The replicas' INFO hurries in the same tick if it is older than a second.
    rig.replica(0).inst.info_refresh = Millis(now.0 - 1_001);
    rig.tick();
    assert_eq!(count(&rig.sent_to(Who::Replica(0, 0)), is_info), 1);
}
