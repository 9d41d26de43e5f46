//! SDOWN, ODOWN, asking the others.

use super::super::instance::{FailoverState, Role, Who};
use super::*;
use crate::message::{DownQuery, DownReply};

const M: Who = Who::Master(0);
const R: Who = Who::Replica(0, 0);
const S: Who = Who::Peer(0, 0);

fn check(rig: &mut Rig, who: Who) -> Vec<EventKind> {
    rig.with(|s, cx| s.check_subjectively_down(cx, who));
    rig.kinds()
}

#[test]
fn sdown_comes_one_millisecond_after_down_after() {
    for who in [M, R, S] {
        let mut rig = Rig::healthy(conf(1, 1));
        let now = rig.now().0;
        rig.link(who).act_ping_time = Some(Millis(now - 5000));
        assert_eq!(check(&mut rig, who), []);
        rig.link(who).act_ping_time = Some(Millis(now - 5001));
        assert_eq!(check(&mut rig, who), [EventKind::SdownEnter]);
        assert_eq!(rig.sentinel.inst(who).s_down_since, rig.now());
        assert_eq!(check(&mut rig, who), [], "only once");
        let since = rig.now();
        rig.advance(100);
        rig.answered(who);
        assert_eq!(check(&mut rig, who), [EventKind::SdownLeave]);
        assert_eq!(rig.sentinel.inst(who).s_down_since, since, "the start stays");
    }
}

#[test]
fn a_disconnected_instance_counts_from_its_last_good_reply() {
    let mut rig = Rig::healthy(conf(1, 0));
    rig.link(R).last_avail_time = Millis(rig.now().0 - 5001);
    assert_eq!(check(&mut rig, R), []);
    rig.link(R).disconnected = true;
    assert_eq!(check(&mut rig, R), [EventKind::SdownEnter]);
}

#[test]
fn a_master_that_reports_replica_goes_down_after_two_more_info_periods() {
    let mut rig = Rig::healthy(conf(0, 0));
    let now = rig.now().0;
    rig.master().inst.role_reported = Role::Slave;
    rig.master().inst.role_reported_time = Millis(now - 25_000);
    assert_eq!(check(&mut rig, M), []);
    rig.master().inst.role_reported_time = Millis(now - 25_001);
    assert_eq!(check(&mut rig, M), [EventKind::SdownEnter]);
}

#[test]
fn a_rebooting_master_goes_down_after_its_own_period_until_a_real_pong() {
    let mut rig = Rig::healthy(conf(0, 0));
    let now = rig.now().0;
    rig.master().reboot_down_after = Millis(700);
    rig.master().inst.flags.set(Flags::MASTER_REBOOT);
    rig.master().reboot_since = Millis(now - 700);
    assert_eq!(check(&mut rig, M), []);
    rig.master().reboot_since = Millis(now - 701);
    assert_eq!(check(&mut rig, M), [EventKind::SdownEnter]);
    let cc = rig.link(M).cc.unwrap();
    for (reply, rebooting) in [(Reply::Error(ErrorWord::Loading), true), (Reply::Pong, false)] {
        rig.with(|s, cx| {
            let link = s.inst(M).link;
            while s.links[link].next_reply().is_some() {}
            s.send_ping(cx, M);
        });
        rig.step(Input::Message(cc, reply.into()));
        assert_eq!(rig.flags(M).any(Flags::MASTER_REBOOT), rebooting);
    }
    assert_eq!(check(&mut rig, M), [EventKind::SdownLeave]);
}

#[test]
fn the_command_watchdog_needs_an_old_link_an_overdue_ping_and_no_reply_of_any_kind() {
    // (link age, age of the PING, age of the last reply) -> closed
    let rows = [
        (15_001, 2501, 2501, true),
        (15_000, 2501, 2501, false),
        (15_001, 2500, 2501, false),
        (15_001, 2501, 2500, false),
    ];
    for (age, ping, pong, expected) in rows {
        let mut rig = Rig::healthy(conf(0, 1));
        let now = rig.now().0;
        let link = rig.link(S);
        link.cc_conn_time = Millis(now - age);
        link.act_ping_time = Some(Millis(now - ping));
        link.last_pong_time = Millis(now - pong);
        check(&mut rig, S);
        assert_eq!(!rig.closed().is_empty(), expected);
        assert_eq!(rig.link(S).disconnected, expected);
        assert!(rig.link(S).act_ping_time.is_some());
    }
}

#[test]
fn the_pubsub_watchdog_closes_a_silent_channel() {
    for (age, silence, expected) in [(15_001, 6001, true), (15_001, 6000, false), (15_000, 6001, false)] {
        let mut rig = Rig::healthy(conf(1, 0));
        let now = rig.now().0;
        let pc = rig.link(R).pc.unwrap();
        rig.link(R).pc_conn_time = Millis(now - age);
        rig.link(R).pc_last_activity = Millis(now - silence);
        check(&mut rig, R);
        assert_eq!(rig.closed() == [pc], expected);
    }
}

#[test]
fn odown_needs_our_own_opinion_and_a_quorum() {
    // (own S_DOWN, peers agreeing, quorum) -> ODOWN
    let rows = [(false, 2, 2, false), (true, 0, 2, false), (true, 1, 2, true), (true, 2, 4, false), (true, 0, 1, true)];
    for (own, agreeing, quorum, expected) in rows {
        let mut rig = Rig::healthy(conf(0, 2));
        rig.master().quorum = quorum;
        if own {
            rig.master().inst.flags.set(Flags::S_DOWN);
        }
        for s in 0..agreeing {
            rig.peer(s).inst.flags.set(Flags::MASTER_DOWN);
        }
        rig.with(|s, cx| s.check_objectively_down(cx, 0));
        assert_eq!(rig.flags(M).any(Flags::O_DOWN), expected);
        if expected {
            let have = 1 + agreeing;
            let line = format!("0 +odown master mymaster 10.77.0.1 6379 #quorum {have}/{quorum}");
            assert_eq!(rig.log(), [line]);
        }
    }
}

#[test]
fn odown_ends_with_the_agreement() {
    let mut rig = Rig::healthy(conf(0, 2));
    rig.master().inst.flags.set(Flags::S_DOWN.or(Flags::O_DOWN));
    rig.with(|s, cx| s.check_objectively_down(cx, 0));
    assert_eq!(rig.kinds(), [EventKind::OdownLeave]);
}

fn asks(rig: &mut Rig, forced: bool) -> Vec<DownQuery> {
    rig.with(|s, cx| s.ask_master_state_to_other_sentinels(cx, 0, forced));
    let ask = |r: Request| match r {
        Request::IsMasterDown(query) => Some(*query),
        _ => None,
    };
    rig.sent_to(S).into_iter().filter_map(ask).collect()
}

#[test]
fn peers_are_asked_only_about_a_down_master_a_second_after_their_last_reply() {
    let mut rig = Rig::healthy(conf(0, 1));
    rig.advance(60_000);
    assert!(asks(&mut rig, false).is_empty(), "the master is up");
    rig.master().inst.flags.set(Flags::S_DOWN);
    let query = DownQuery { master: addr(MASTER), epoch: Epoch(0), candidate: None };
    let asked = asks(&mut rig, false);
    assert_eq!(asked, std::slice::from_ref(&query));
    assert_eq!(asks(&mut rig, false), [query], "a mute peer is asked again at once");
    for (age, forced, expected) in [(999, false, 0), (999, true, 1), (1000, false, 1)] {
        rig.peer(0).last_master_down_reply_time = Millis(rig.now().0 - age);
        assert_eq!(asks(&mut rig, forced).len(), expected);
    }
    rig.link(S).disconnected = true;
    assert!(asks(&mut rig, true).is_empty());
}

#[test]
fn votes_are_sought_during_a_failover_with_the_current_epoch() {
    let mut rig = Rig::healthy(conf(0, 1));
    rig.master().inst.flags.set(Flags::S_DOWN);
    rig.master().failover_state = FailoverState::WaitStart;
    rig.master().failover_epoch = Epoch(4);
    rig.sentinel.current_epoch = Epoch(7);
    let ask = asks(&mut rig, true).remove(0);
    assert_eq!((ask.epoch, ask.candidate), (Epoch(7), Some(id(1))));
}

#[test]
fn what_a_peer_said_expires_after_five_seconds_even_if_the_master_is_up() {
    let mut rig = Rig::healthy(conf(0, 1));
    for (age, valid) in [(5000, true), (5001, false)] {
        let reply = Millis(rig.now().0 - age);
        let peer = rig.peer(0);
        peer.inst.flags.set(Flags::MASTER_DOWN);
        peer.leader = Some(id(3));
        peer.leader_epoch = Epoch(9);
        peer.last_master_down_reply_time = reply;
        asks(&mut rig, false);
        let peer = rig.peer(0);
        assert_eq!(peer.inst.flags.any(Flags::MASTER_DOWN), valid);
        assert_eq!(peer.leader.is_some(), valid);
        assert_eq!(peer.leader_epoch, Epoch(9), "the epoch is kept");
    }
}

#[test]
fn replies_of_peers_are_recorded() {
    let mut rig = Rig::healthy(conf(0, 1));
    let cc = rig.link(S).cc.unwrap();
    let mut answer = |down, leader, epoch| {
        rig.advance(1);
        rig.master().inst.flags.set(Flags::S_DOWN);
        rig.with(|s, cx| {
            let link = s.inst(S).link;
            while s.links[link].next_reply().is_some() {}
            s.ask_master_state_to_other_sentinels(cx, 0, true);
        });
        let reply = DownReply { down, leader, leader_epoch: Epoch(epoch) };
        rig.step(Input::Message(cc, Reply::Down(Box::new(reply)).into()));
        let (now, notes) = (rig.now(), rig.notes().len());
        let peer = rig.peer(0);
        assert_eq!(peer.last_master_down_reply_time, now);
        let down = peer.inst.flags.any(Flags::MASTER_DOWN);
        (down, peer.leader, peer.leader_epoch.0, notes)
    };
    assert_eq!(answer(true, None, 5), (true, None, 0, 0));
    assert_eq!(answer(true, Some(id(1)), 5), (true, Some(id(1)), 5, 1));
    assert_eq!(answer(false, Some(id(3)), 5), (false, Some(id(3)), 5, 0));
    assert_eq!(answer(true, None, 6), (true, Some(id(3)), 5, 0), "no vote, no news");
}
