//! Connections, PING bookkeeping, periodic commands.

use super::super::instance::Who;
use super::super::link::Callback;
use super::*;
use crate::message::{Channel, CloseReason, ConnectError};

const M: Who = Who::Master(0);
const R: Who = Who::Replica(0, 0);
const S: Who = Who::Peer(0, 0);

#[test]
fn the_first_tick_comes_a_millisecond_after_the_start_and_opens_everything() {
    let mut rig = Rig::start(conf(1, 1));
    assert_eq!(rig.sentinel.next_wakeup(), Some(MonoTime(1_000 * MS) + Nanos::from_millis(1)));
    rig.wake();
    assert!(rig.opened().is_empty(), "a wake-up before time does nothing");
    rig.advance(1);
    rig.wake();
    let all = [addr(1), addr(1), addr(2), addr(2), addr(102)];
    assert_eq!(rig.opened(), all);
    let name = |what: &str| Request::ClientSetName(format!("sentinel-00000000-{what}").into());
    assert_eq!(rig.sent_to(M)[..2], [name("cmd"), Request::Ping], "then INFO follows: {:?}", rig.sent_to(M));
    let pc = rig.link(M).pc;
    assert_eq!(rig.sent_on(pc), [name("pubsub"), Request::Subscribe(Channel::Hello)]);
    assert!(!rig.link(M).disconnected, "sockets exist, connected or not");
    assert!(rig.link(S).pc.is_none());
}

#[test]
fn credentials_are_sent_first() {
    let mut conf = conf(1, 1);
    conf.masters[0].auth_pass = Some("pw".to_owned());
    conf.masters[0].auth_user = Some("me".to_owned());
    conf.requirepass = Some("sp".to_owned());
    let mut rig = Rig::start(conf);
    rig.advance(1);
    rig.wake();
    let auth = |r: &Request| match r {
        Request::Auth(c) => (c.user.clone(), c.pass.clone()),
        other => panic!("{other:?}"),
    };
    let user = (Some("me".to_owned()), "pw".to_owned());
    assert_eq!(auth(&rig.sent_to(M)[0]), user);
    assert_eq!(auth(&rig.sent_on(rig.sentinel.link(R).pc)[0]), user);
    assert_eq!(auth(&rig.sent_to(S)[0]), (None, "sp".to_owned()));
}

#[test]
fn ticks_are_counted_from_the_end_of_the_last_one_with_a_redrawn_frequency() {
    for (extra, period) in [(0, 100), (1, 90), (2, 83), (9, 52)] {
        let mut rig = Rig::healthy(conf(1, 1));
        rig.draws.hz_extra = extra;
        rig.tick();
        let next = rig.sentinel.next_wakeup().unwrap();
        assert_eq!(next.since(rig.mono), Nanos::from_millis(period));
    }
}

#[test]
fn reconnections_are_a_second_apart_and_leave_the_ping_times_alone() {
    let mut rig = Rig::start(conf(0, 1));
    rig.advance(1);
    rig.wake();
    let first_try = rig.now();
    let cc = rig.link(S).cc.unwrap();
    let sent = rig.link(S).act_ping_time;
    rig.step(Input::ConnectFailed(cc, ConnectError::Refused));
    assert!(rig.link(S).disconnected);
    assert_eq!(rig.link(S).act_ping_time, sent);
    for _ in 0..9 {
        rig.tick();
        assert!(!rig.opened().contains(&addr(102)));
    }
    rig.tick();
    assert_eq!(rig.now().0 - first_try.0, 1000, "not before a whole second");
    assert!(rig.opened().contains(&addr(102)));
    assert_eq!(rig.link(S).act_ping_time, sent, "the oldest PING counts");
    assert_eq!(rig.link(S).pending_commands, 2, "SETNAME and PING");
}

#[test]
fn a_dead_pubsub_connection_silences_the_good_command_connection() {
    let mut rig = Rig::healthy(conf(1, 0));
    let pc = rig.link(R).pc.unwrap();
    rig.link(R).last_reconn_time = rig.now();
    rig.step(Input::Closed(pc, CloseReason::Eof));
    rig.sentinel.inst_mut(R).info_refresh = Millis(0);
    rig.tick();
    assert!(rig.sent_to(R).is_empty());
    rig.advance(900);
    rig.tick();
    assert!(!rig.link(R).disconnected);
    assert_eq!(count(&rig.sent_to(R), is_info), 1);
}

#[test]
fn only_acceptable_replies_clear_the_pending_ping() {
    use ErrorWord::*;
    let rows = [
        (Reply::Pong, true),
        (Reply::Error(Loading), true),
        (Reply::Error(MasterDown), true),
        (Reply::Error(Misconf), false),
        (Reply::Error(NoAuth), false),
        (Reply::Error(Busy), false),
    ];
    for (reply, acceptable) in rows {
        let mut rig = Rig::healthy(conf(1, 1));
        rig.with(|s, cx| s.send_ping(cx, S));
        let sent = rig.now();
        rig.advance(30);
        let (cc, now) = (rig.link(S).cc.unwrap(), rig.now());
        // Earlier replies of the connection come first.
        rig.step(Input::Message(cc, Reply::Ok.into()));
        rig.step(Input::Message(cc, reply.clone().into()));
        rig.step(Input::Message(cc, reply.clone().into()));
        let link = rig.link(S);
        assert_eq!(link.act_ping_time, (!acceptable).then_some(sent), "{reply:?}");
        assert_eq!(link.last_avail_time, if acceptable { now } else { sent });
        assert_eq!(link.last_pong_time, now);
    }
}

#[test]
fn a_busy_instance_that_is_down_gets_one_script_kill() {
    let mut rig = Rig::healthy(conf(1, 0));
    let obj = rig.sentinel.inst(R).obj;
    let busy = Reply::Error(ErrorWord::Busy);
    for (down, kills) in [(false, 0), (true, 1), (true, 0)] {
        if down {
            rig.replica(0).inst.flags.set(Flags::S_DOWN);
        }
        rig.with(|s, cx| {
            let link = s.inst(R).link;
            while s.links[link].next_reply().is_some() {}
            s.links[link].command(cx, obj, Callback::Ping, Request::Ping);
            s.command_reply(cx, link, busy.clone());
        });
        let sent = rig.sent_to(R);
        assert_eq!(count(&sent, |r| *r == Request::ScriptKill), kills);
    }
}

#[test]
fn a_ping_is_due_a_second_after_the_last_reply_and_half_a_second_after_the_last_ping() {
    // (ms since the last pong, ms since the last ping) -> sent
    let rows = [(1000, 1000, false), (1001, 1001, true), (5000, 500, false), (5000, 501, true)];
    for (pong, ping, expected) in rows {
        let mut rig = Rig::healthy(conf(0, 1));
        rig.advance(10_000);
        rig.refresh();
        let now = rig.now().0;
        let link = rig.link(S);
        link.last_pong_time = Millis(now - pong);
        link.last_ping_time = Millis(now - ping);
        rig.with(|s, cx| s.send_periodic_commands(cx, S));
        assert_eq!(count(&rig.sent_to(S), is_ping) == 1, expected, "{pong} {ping}");
    }
}

#[test]
fn a_short_down_after_shortens_the_ping_period() {
    let mut rig = Rig::healthy(conf(0, 1));
    rig.peer(0).inst.down_after = Millis(301);
    let now = rig.now().0;
    for (ping, expected) in [(150, 0), (151, 1)] {
        let link = rig.link(S);
        link.last_pong_time = Millis(now - 302);
        link.last_ping_time = Millis(now - ping);
        rig.with(|s, cx| s.send_periodic_commands(cx, S));
        assert_eq!(count(&rig.sent_to(S), is_ping), expected);
    }
}

#[test]
fn info_comes_every_ten_seconds_and_every_second_when_it_matters() {
    let trouble = |rig: &mut Rig, flag| rig.master().inst.flags.set(flag);
    type SetUp = fn(&mut Rig);
    let rows: [(SetUp, i64); 4] = [
        (|_| {}, 10_000),
        (|rig| rig.master().inst.flags.set(Flags::O_DOWN), 1000),
        (|rig| rig.master().inst.flags.set(Flags::FAILOVER_IN_PROGRESS), 1000),
        (|rig| rig.replica(0).master_link_down_time = Millis(-1000), 1000),
    ];
    for (set_up, period) in rows {
        for (age, expected) in [(period, 0), (period + 1, 1)] {
            let mut rig = Rig::healthy(conf(1, 0));
            set_up(&mut rig);
            rig.replica(0).inst.info_refresh = Millis(rig.now().0 - age);
            rig.with(|s, cx| s.send_periodic_commands(cx, R));
            assert_eq!(count(&rig.sent_to(R), is_info), expected);
        }
    }
    let mut rig = Rig::healthy(conf(1, 0));
    trouble(&mut rig, Flags::O_DOWN);
    rig.master().inst.info_refresh = Millis(rig.now().0 - 9_000);
    rig.with(|s, cx| s.send_periodic_commands(cx, M));
    assert!(rig.sent_to(M).is_empty(), "the master itself never hurries");
}

#[test]
fn a_mute_peer_gets_info_and_hello_every_tick_until_a_hundred_commands_are_pending() {
    let mut rig = Rig::healthy(conf(1, 0));
    rig.replica(0).inst.info_refresh = Millis(0);
    rig.replica(0).inst.last_pub_time = Millis(0);
    rig.link(R).pending_commands = 98;
    rig.with(|s, cx| s.send_periodic_commands(cx, R));
    assert_eq!(rig.sent_to(R).len(), 2);
    rig.link(R).last_pong_time = Millis(0);
    rig.link(R).last_ping_time = Millis(0);
    rig.with(|s, cx| s.send_periodic_commands(cx, R));
    assert!(rig.sent_to(R).is_empty(), "not even PING");
}

#[test]
fn an_accepted_hello_counts_from_its_reply_and_a_refused_one_is_repeated() {
    for (reply, counts) in [(Reply::Int(3), true), (Reply::Error(ErrorWord::Err), false)] {
        let mut rig = Rig::healthy(conf(1, 0));
        let before = Millis(rig.now().0 - 2001);
        rig.replica(0).inst.last_pub_time = before;
        rig.with(|s, cx| {
            let link = s.inst(R).link;
            while s.links[link].next_reply().is_some() {}
            s.send_periodic_commands(cx, R);
            s.command_reply(cx, link, reply.clone());
        });
        assert_eq!(count(&rig.sent_to(R), is_hello), 1);
        let after = rig.replica(0).inst.last_pub_time;
        assert_eq!(after, if counts { rig.now() } else { before });
    }
}

#[test]
fn a_refused_subscription_closes_the_pubsub_connection() {
    let mut rig = Rig::start(conf(0, 0));
    rig.advance(1);
    rig.wake();
    let pc = rig.link(M).pc.unwrap();
    let error = || Reply::Error(ErrorWord::NoAuth);
    rig.step(Input::Message(pc, error().into()));
    assert!(rig.closed().is_empty(), "that was the answer to SETNAME");
    rig.step(Input::Message(pc, error().into()));
    assert_eq!(rig.closed(), [pc]);
    assert!(rig.link(M).disconnected);
}

/// Two masters that know the same Sentinel.
fn two_masters() -> SentinelConf {
    let mut conf = conf(0, 1);
    let mut second = conf.masters[0].clone();
    second.name = "other".into();
    second.addr = addr(51);
    second.down_after = Millis(1_000);
    conf.masters.push(second);
    conf
}

#[test]
fn sentinels_with_one_id_share_a_link_across_masters() {
    let mut rig = Rig::start(two_masters());
    let (a, b) = (Who::Peer(0, 0), Who::Peer(1, 0));
    assert_eq!(rig.sentinel.inst(a).link, rig.sentinel.inst(b).link);
    assert_eq!(rig.link(a).refcount, 2);
    rig.advance(1);
    rig.wake();
    assert_eq!(rig.opened().iter().filter(|to| **to == addr(102)).count(), 1);
    rig.link(a).pending_commands = 199;
    assert!(!rig.link(a).saturated(), "the limit is per object");
}

#[test]
fn a_reply_for_a_destroyed_object_is_discarded_and_the_shared_link_lives() {
    let mut rig = Rig::start(two_masters());
    rig.advance(1);
    rig.wake();
    let link = rig.sentinel.inst(Who::Peer(0, 0)).link;
    let cc = rig.sentinel.links[link].cc.unwrap();
    let pending = rig.sentinel.links[link].pending_commands;
    // The first PING was queued for the object under the first master.
    rig.with(|s, cx| s.remove_peer(cx, 0, id(2)));
    assert!(rig.closed().is_empty());
    rig.advance(10);
    rig.step(Input::Message(cc, Reply::Ok.into()));
    rig.step(Input::Message(cc, Reply::Pong.into()));
    let shared = &rig.sentinel.links[link];
    assert_eq!(shared.pending_commands, pending - 2);
    assert!(shared.act_ping_time.is_some(), "nobody was there to notice");
    rig.with(|s, cx| s.remove_peer(cx, 1, id(2)));
    assert_eq!(rig.closed(), [cc]);
    rig.step(Input::Message(cc, Reply::Pong.into()));
}
