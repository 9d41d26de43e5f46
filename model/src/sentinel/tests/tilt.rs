//! TILT: entry, what is suspended, exit.

use super::super::instance::{FailoverState, Who};
use super::*;
use crate::message::DownQuery;

const M: Who = Who::Master(0);

fn step_clock(rig: &mut Rig, ms: i64) {
    rig.wall = WallTime(rig.wall.0 + ms * MS as i64);
}

#[test]
fn tilt_is_entered_after_a_gap_of_more_than_two_seconds_or_a_step_back() {
    // What the clock does besides the 100 ms between two ticks.
    let rows = [(1900, false), (1901, true), (-100, false), (-101, true)];
    for (step, expected) in rows {
        let mut rig = Rig::healthy(conf(0, 0));
        rig.tick();
        step_clock(&mut rig, step);
        rig.tick();
        assert_eq!(rig.sentinel.tilt(), expected, "{step}");
        assert_eq!(rig.kinds().contains(&EventKind::TiltEnter), expected);
    }
}

#[test]
fn a_slow_start_and_a_slow_disk_tilt() {
    let mut conf = conf(0, 0);
    conf.myid = None;
    let mut rig = Rig::start(conf);
    rig.advance(2_500);
    rig.wake();
    assert_eq!(rig.log()[0], "0 +tilt #tilt mode entered");

    let mut rig = Rig::healthy(self::conf(0, 1));
    rig.disk.cost = Nanos::from_millis(2_500);
    rig.with(|s, cx| s.vote_leader(cx, 0, Epoch(1), id(2)));
    rig.wake();
    assert!(rig.sentinel.tilt());
}

#[test]
fn nothing_is_judged_in_tilt_and_everything_is_still_sent() {
    let mut rig = Rig::healthy(conf(1, 1));
    rig.tick();
    step_clock(&mut rig, 60_000);
    rig.tick();
    assert_eq!(rig.kinds(), [EventKind::TiltEnter]);
    assert_eq!(count(&rig.sent_to(M), is_ping), 1);
    assert_eq!(count(&rig.sent_to(M), is_info), 1);
    assert_eq!(count(&rig.sent_to(Who::Peer(0, 0)), is_hello), 1);
    rig.master().inst.flags.set(Flags::S_DOWN);
    rig.tick();
    assert!(rig.kinds().is_empty(), "no -sdown");
    assert_eq!(count(&rig.sent_to(Who::Peer(0, 0)), is_ask), 0);
}

#[test]
fn tilt_starts_again_with_the_next_jump_and_ends_after_thirty_seconds() {
    let mut rig = Rig::healthy(conf(0, 0));
    step_clock(&mut rig, 5_000);
    rig.tick();
    step_clock(&mut rig, 5_000);
    rig.tick();
    assert_eq!(rig.kinds(), [EventKind::TiltEnter], "again");
    let start = rig.now().0;
    for _ in 0..299 {
        rig.tick();
        assert!(rig.sentinel.tilt());
    }
    rig.tick();
    assert_eq!(rig.now().0, start + 30_000);
    assert!(!rig.sentinel.tilt());
    let expected = [EventKind::TiltLeave, EventKind::SdownEnter];
    assert_eq!(rig.kinds(), expected, "judgement follows at once");
}

#[test]
fn a_promotion_that_took_too_long_is_given_up_in_the_tick_tilt_ends() {
    let mut rig = Rig::healthy(conf(1, 0));
    let now = rig.now();
    let obj = rig.replica(0).inst.obj;
    let master = rig.master();
    master.inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
    master.failover_state = FailoverState::WaitPromotion;
    master.promoted = Some(obj);
    rig.sentinel.tilt = true;
    rig.sentinel.tilt_start = Millis(now.0 - 29_900);
    rig.master().failover_state_change_time = Millis(now.0 - 20_000);
    rig.tick();
    let expected = [EventKind::TiltLeave, EventKind::AbortSlaveTimeout];
    assert_eq!(rig.kinds(), expected);
}

#[test]
fn in_tilt_the_master_is_never_called_down_but_votes_are_given() {
    let mut rig = Rig::healthy(conf(0, 1));
    rig.sentinel.tilt = true;
    rig.master().inst.flags.set(Flags::S_DOWN);
    let client = Conn(900);
    rig.step(Input::Accepted(client, addr(102)));
    let query = DownQuery { master: addr(MASTER), epoch: Epoch(1), candidate: Some(id(2)) };
    let ask = Request::IsMasterDown(Box::new(query));
    rig.step(Input::Message(client, ask.into()));
    let Some((_, Message::Reply(Reply::Down(reply)))) = rig.out.sends.last() else { panic!("{:?}", rig.out.sends) };
    assert!(!reply.down);
    assert_eq!((reply.leader, reply.leader_epoch), (Some(id(2)), Epoch(1)));
}
