//! Commands of operators.

use super::super::instance::{FailoverState, Who};
use super::*;
use crate::message::OperatorCommand;
use crate::operator::{Answer, SentinelCommand};

/// Types a command; what was answered.
fn type_in(rig: &mut Rig, text: &str) -> Answer {
    let command = SentinelCommand::parse(text).unwrap();
    rig.step(Input::Operator(OperatorCommand::Sentinel(command)));
    let mut answers = rig.notes().into_iter().filter_map(|note| match note {
        Note::Answered(answer) => Some(answer),
        _ => None,
    });
    answers.next_back().expect("every command is answered")
}

fn error(rig: &mut Rig, text: &str) -> Option<ErrorWord> {
    type_in(rig, text).error
}

/// A healthy rig with two replicas and two other Sentinels.
fn rig() -> Rig {
    Rig::healthy(conf(2, 2))
}

/// The master is down for everybody and a failover has just been started.
fn failing() -> Rig {
    let mut rig = rig();
    rig.master().inst.flags.set(Flags::S_DOWN.or(Flags::O_DOWN));
    rig.with(|s, cx| s.start_failover(cx, 0));
    rig
}

#[test]
fn an_unknown_master_is_an_error() {
    let mut rig = rig();
    for text in ["REMOVE no", "SET no quorum 3", "CKQUORUM no", "FAILOVER no"] {
        assert_eq!(error(&mut rig, text), Some(ErrorWord::Err), "{text}");
    }
    assert_eq!(type_in(&mut rig, "RESET no").count, Some(0));
    assert_eq!(rig.disk.saved.len(), 0);
}

#[test]
fn reset_forgets_replicas_sentinels_and_the_failover_and_saves_nothing() {
    let mut rig = failing();
    rig.master().leader = Some(id(2));
    rig.master().leader_epoch = Epoch(7);
    rig.master().config_epoch = Epoch(6);
    rig.disk.saved.clear();
    assert_eq!(type_in(&mut rig, "RESET my*").count, Some(1));
    assert_eq!(rig.log(), ["0 +reset-master master mymaster 10.77.0.1 6379"]);
    assert_eq!(rig.disk.saved.len(), 0, "a crash brings everything back (hazard H10)");
    assert_eq!(rig.flags(Who::Master(0)), Flags::NONE);
    assert_eq!(rig.state(), FailoverState::None);
    let master = rig.master();
    assert!(master.replicas.is_empty() && master.peers.is_empty());
    assert_eq!((master.leader, master.leader_epoch, master.config_epoch), (None, Epoch(7), Epoch(6)));
    assert_eq!(master.failover_start_time, Millis(0), "no embargo is left");
}

#[test]
fn reset_after_the_promotion_loses_the_promoted_address() {
    let mut rig = failing();
    rig.master().failover_state = FailoverState::ReconfSlaves;
    rig.master().promoted = Some(rig.replica(0).inst.obj);
    assert_eq!(rig.master().current_addr(), addr(2));
    type_in(&mut rig, "RESET *");
    assert_eq!(rig.master().current_addr(), addr(MASTER), "hazard H10");
}

#[test]
fn remove_forgets_the_master_for_good() {
    let mut rig = rig();
    assert_eq!(error(&mut rig, "REMOVE mymaster"), None);
    assert_eq!(rig.log(), ["0 -monitor master mymaster 10.77.0.1 6379"]);
    assert_eq!((rig.sentinel.masters(), rig.disk.saved.len()), (0, 1));
    assert!(rig.disk.saved[0].masters.is_empty());
    assert_eq!(rig.closed().len(), 2 + 2 * 2 + 2, "both connections of servers, one of each Sentinel");
    rig.tick();
    assert_eq!(rig.opened(), []);
}

#[test]
fn monitor_saves_and_then_announces_a_master_with_defaults() {
    let mut rig = rig();
    assert_eq!(error(&mut rig, "MONITOR other 10.77.0.9 6380 3"), None);
    assert_eq!(rig.log(), ["1 +monitor master other 10.77.0.9 6380 quorum 3"], "a save costs 1 ms");
    let other = &rig.disk.saved[0].masters[1];
    assert_eq!((other.down_after, other.failover_timeout), (Millis(30_000), Millis(180_000)));
    assert_eq!(rig.sentinel.view(1).name, "other".into());
    for text in ["MONITOR other 10.77.0.9 6380 3", "MONITOR third 10.77.0.9 6380 0"] {
        assert_eq!(error(&mut rig, text), Some(ErrorWord::Err), "{text}");
    }
}

#[test]
fn masters_keep_the_order_of_the_file_whatever_the_table_order() {
    for key_step in [1, -1] {
        let mut rig = Rig::start_with(conf(0, 0), key_step);
        for n in 2..5 {
            type_in(&mut rig, &format!("MONITOR m{n} 10.77.0.{n} 6379 1"));
        }
        type_in(&mut rig, "REMOVE m3");
        let names: Vec<_> = (0..3).map(|i| rig.sentinel.view(i).name.to_string()).collect();
        assert_eq!(names, ["mymaster", "m2", "m4"]);
    }
}

#[test]
fn removing_and_adding_a_master_lets_a_sentinel_vote_twice_in_an_epoch_and_reset_does_not() {
    for (between, second_vote) in
        [(vec!["REMOVE mymaster", "MONITOR mymaster 10.77.0.1 6379 2"], true), (vec!["RESET *"], false)]
    {
        let mut rig = rig();
        let (first, _) = rig.with(|s, cx| s.vote_leader(cx, 0, Epoch(1), id(2)));
        assert_eq!(first, Some(id(2)));
        for text in between {
            assert_eq!(error(&mut rig, text), None);
        }
        assert_eq!(rig.sentinel.current_epoch(), Epoch(1), "the current epoch stays");
        let (second, _) = rig.with(|s, cx| s.vote_leader(cx, 0, Epoch(1), id(3)));
        assert_eq!(second == Some(id(3)), second_vote, "hazard H8");
    }
}

#[test]
fn set_applies_each_option_and_tells_it() {
    type Row = (&'static str, &'static str, fn(&MasterConf) -> bool);
    let rows: &[Row] = &[
        ("down-after-milliseconds 700", "down-after-milliseconds 700", |m| m.down_after == Millis(700)),
        ("failover-timeout 900", "failover-timeout 900", |m| m.failover_timeout == Millis(900)),
        ("parallel-syncs 4", "parallel-syncs 4", |m| m.parallel_syncs == 4),
        ("quorum 5", "quorum 5", |m| m.quorum == 5),
        ("master-reboot-down-after-period 0", "master-reboot-down-after-period 0", |m| {
            m.master_reboot_down_after == Millis(0)
        }),
        ("auth-pass secret", "auth-pass ******", |m| m.auth_pass.as_deref() == Some("secret")),
        ("auth-user bob", "auth-user bob", |m| m.auth_user.as_deref() == Some("bob")),
        ("rename-command PING PONG", "rename-command PING PONG", |m| m.renamed == [("ping".to_owned(), "PONG".into())]),
    ];
    for (options, shown, holds) in rows {
        let mut rig = rig();
        assert_eq!(error(&mut rig, &format!("SET mymaster {options}")), None, "{options}");
        assert_eq!(rig.log(), [format!("0 +set master mymaster 10.77.0.1 6379 {shown}")]);
        assert_eq!(rig.disk.saved.len(), 1);
        assert!(holds(&rig.disk.saved[0].masters[0]), "{options}");
    }
}

#[test]
fn set_refuses_what_is_out_of_range() {
    for options in [
        "down-after-milliseconds 0",
        "failover-timeout -1",
        "parallel-syncs 0",
        "quorum 0",
        "master-reboot-down-after-period -1",
        "notification-script /bin/true",
        "client-reconfig-script /bin/true",
        "rename-command \"\" X",
    ] {
        let mut rig = rig();
        assert_eq!(error(&mut rig, &format!("SET mymaster {options}")), Some(ErrorWord::Err), "{options}");
        assert_eq!((rig.log().len(), rig.disk.saved.len()), (0, 0), "{options}");
    }
}

#[test]
fn an_error_leaves_the_options_before_it_in_force_and_saved() {
    let mut rig = rig();
    let answer = error(&mut rig, "SET mymaster quorum 3 parallel-syncs 0 failover-timeout 5");
    assert_eq!(answer, Some(ErrorWord::Err));
    assert_eq!(rig.disk.saved.len(), 1);
    let saved = &rig.disk.saved[0].masters[0];
    assert_eq!((saved.quorum, saved.failover_timeout), (3, Millis(10_000)));
}

#[test]
fn down_after_goes_to_all_objects_of_the_master() {
    let mut rig = rig();
    type_in(&mut rig, "SET mymaster down-after-milliseconds 700");
    for who in rig.everyone() {
        assert_eq!(rig.sentinel.inst(who).down_after, Millis(700), "{who:?}");
    }
}

#[test]
fn new_credentials_take_new_connections() {
    for (text, servers) in
        [("SET mymaster auth-pass x", true), ("SET mymaster auth-user x", true), ("CONFIG SET sentinel-pass x", false)]
    {
        let mut rig = rig();
        type_in(&mut rig, text);
        for who in rig.everyone() {
            let is_server = !matches!(who, Who::Peer(..));
            assert_eq!(rig.link(who).disconnected, is_server == servers, "{text} {who:?}");
        }
    }
}

#[test]
fn checking_the_quorum_counts_sentinels_that_are_not_down() {
    for (quorum, down, answer) in
        [(2, 0, Ok(Some(3))), (2, 1, Ok(Some(2))), (3, 1, Err(ErrorWord::NoQuorum)), (1, 2, Err(ErrorWord::NoQuorum))]
    {
        let mut rig = rig();
        rig.master().quorum = quorum;
        for s in 0..down {
            rig.peer(s).inst.flags.set(Flags::S_DOWN);
        }
        let Answer { error, count, .. } = type_in(&mut rig, "CKQUORUM mymaster");
        assert_eq!(error.map_or(Ok(count), Err), answer, "quorum {quorum}, {down} down");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_to_operators_alone() {
    let mut rig = rig();
    rig.disk.fails = true;
    for text in [
        "FLUSHCONFIG",
        "SET mymaster quorum 1",
        "CONFIG SET announce-port 1",
        "MONITOR other 10.77.0.9 6379 1",
        "REMOVE other",
    ] {
        assert_eq!(error(&mut rig, text), Some(ErrorWord::Err), "{text}");
    }
    assert_eq!(rig.master().quorum, 1, "what was set is in force");
    let (vote, _) = rig.with(|s, cx| s.vote_leader(cx, 0, Epoch(1), id(2)));
    assert_eq!(vote, Some(id(2)), "a vote is given all the same");
}

#[test]
fn an_announced_address_is_in_the_next_hellos_and_in_the_file() {
    let mut rig = rig();
    type_in(&mut rig, "CONFIG SET announce-ip 10.9.9.9");
    type_in(&mut rig, "CONFIG SET announce-port 999");
    let announced = Addr { ip: Ip(0x0a09_0909), port: 999 };
    assert_eq!(rig.disk.saved.last().unwrap().announce, Some(announced));
    rig.advance(2_001);
    rig.tick();
    let sent = rig.sent_to(Who::Master(0));
    assert!(sent.iter().any(|r| matches!(r, Request::Publish(hello) if hello.announce == announced)));
    assert_eq!(error(&mut rig, "CONFIG SET announce-port 65536"), Some(ErrorWord::Err));
}

#[test]
fn debug_sets_periods_of_the_process() {
    let mut rig = rig();
    type_in(&mut rig, "DEBUG info-period 100 ping-period 100");
    rig.advance(101);
    rig.tick();
    let sent = rig.sent_to(Who::Master(0));
    assert_eq!((count(&sent, is_info), count(&sent, is_ping)), (1, 1));
    assert_eq!(error(&mut rig, "DEBUG ask-period 50 tilt-period 0 tilt-trigger 1"), Some(ErrorWord::Err));
    let tunables = rig.sentinel.tunables;
    assert_eq!((tunables.ask_period, tunables.tilt_trigger), (Millis(50), Millis(2_000)), "pairs before it stay");
    assert_eq!(rig.disk.saved.len(), 0);
}

#[test]
fn a_changed_default_is_forgotten_by_a_restart_together_with_the_setting_that_equals_it() {
    let mut rig = rig();
    type_in(&mut rig, "DEBUG default-down-after 5000");
    type_in(&mut rig, "FLUSHCONFIG");
    assert_eq!(rig.disk.saved[0].masters[0].down_after, Millis(30_000));
    type_in(&mut rig, "MONITOR other 10.77.0.9 6379 1");
    assert_eq!(rig.sentinel.masters.last().unwrap().inst.down_after, Millis(5_000));
}

#[test]
fn a_simulated_failure_ends_the_process_at_its_point_and_loses_the_output() {
    let mut rig = failing();
    rig.master().inst.flags.set(Flags::FORCE_FAILOVER);
    type_in(&mut rig, "SIMULATE-FAILURE crash-after-election");
    rig.step(Input::Wake);
    let due = rig.sentinel.next_wakeup().unwrap();
    rig.mono = due;
    rig.wake();
    rig.finish_iteration();
    assert_eq!(rig.kinds().last(), Some(&EventKind::ElectedLeader));
    assert!(matches!(rig.out.acts.last(), Some((_, Act::Exit(99)))));
    assert!(rig.out.sends.is_empty());
    assert!(rig.disk.saved.iter().any(|conf| conf.masters[0].leader_epoch == Epoch(1)), "the vote is on disk");
    rig.wake();
    assert!(rig.out.acts.is_empty(), "nothing happens in a process that has ended");
}

#[test]
fn a_failure_after_the_promotion_leaves_the_new_address_on_disk_and_tells_nobody() {
    let mut rig = failing();
    type_in(&mut rig, "SIMULATE-FAILURE crash-after-promotion crash-after-election");
    type_in(&mut rig, "SIMULATE-FAILURE crash-after-promotion");
    rig.master().failover_state = FailoverState::WaitPromotion;
    rig.master().promoted = Some(rig.replica(1).inst.obj);
    rig.replica(1).inst.flags.set(Flags::PROMOTED);
    rig.info(Who::Replica(0, 1), &master_info());
    rig.finish_iteration();
    assert_eq!(rig.kinds().last(), Some(&EventKind::PromotedSlave));
    assert!(matches!(rig.out.acts.last(), Some((_, Act::Exit(99)))));
    let saved = &rig.disk.saved.last().unwrap().masters[0];
    assert_eq!((saved.addr, saved.config_epoch), (addr(3), Epoch(1)));
}

#[test]
fn help_disarms_a_simulated_failure() {
    let mut rig = rig();
    type_in(&mut rig, "SIMULATE-FAILURE crash-after-election");
    type_in(&mut rig, "SIMULATE-FAILURE help");
    assert!(rig.sentinel.crash_points.is_empty());
}

#[test]
fn clients_may_send_what_operators_type() {
    let mut rig = rig();
    let client = Conn(900);
    rig.step(Input::Accepted(client, addr(200)));
    for (text, reply) in [
        ("CKQUORUM mymaster", Reply::Ok),
        ("FAILOVER no", Reply::Error(ErrorWord::Err)),
        ("RESET *", Reply::Int(1)),
        ("SET mymaster quorum 0", Reply::Error(ErrorWord::Err)),
    ] {
        let command = SentinelCommand::parse(text).unwrap();
        rig.step(Input::Message(client, Request::Sentinel(Box::new(command)).into()));
        let sent = rig.out.sends.iter().find_map(|(to, message)| match message {
            Message::Reply(reply) if *to == client => Some(reply.clone()),
            _ => None,
        });
        assert_eq!(sent, Some(reply), "{text}");
    }
}

#[test]
fn a_renamed_command_is_sent_under_its_other_name_until_it_is_renamed_back() {
    let mut rig = rig();
    type_in(&mut rig, "SET mymaster rename-command PING PONG");
    rig.advance(1_500);
    rig.tick();
    for who in rig.everyone() {
        let sent = rig.sent_to(who);
        let renamed = Request::Renamed("PONG".into(), Box::new(Request::Ping));
        assert!(sent.contains(&renamed) && !sent.contains(&Request::Ping), "{who:?} {sent:?}");
    }
    type_in(&mut rig, "SET mymaster rename-command PING ping");
    rig.advance(1_000);
    rig.tick();
    assert_eq!(count(&rig.sent_to(Who::Master(0)), is_ping), 1);
}
