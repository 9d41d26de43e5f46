//! The recorder's client, step by step against the script it stands for.

use crate::client::profile::Profile;
use crate::client::testing::{Bench, healthy, role_master, server};
use crate::client::workload::{Rate, Workload};
use crate::message::{LinkState, OperatorCommand, RoleReply};
use crate::{ErrorWord, Input, Millis, Reply};

fn bench() -> Bench {
    Bench::new(Profile::named("recorder").unwrap())
}

/// Takes a fresh client through discovery; its first operation is written on connection 1.
fn connect(bench: &mut Bench) {
    assert_eq!(bench.wake_at(0), ["0 open 10.0.0.1:26379"]);
    assert_eq!(bench.connected(0), ["0 get-master-addr mymaster"]);
    assert_eq!(bench.reply(0, Reply::Addr(server(4))), ["0 close Now", "1 open 10.0.0.4:6379"]);
    assert_eq!(bench.connected(1), ["1 role"]);
    assert_eq!(bench.reply(1, role_master()), ["1 sadd 1000001"]);
}

#[test]
fn the_first_operation_looks_for_the_master_and_the_next_uses_the_connection() {
    let mut bench = bench();
    assert_eq!(bench.wakeup(), Some(0));
    connect(&mut bench);
    assert_eq!(bench.reply(1, Reply::Int(1)), ["op 0: Ok(None) 10.0.0.4:6379 1/0"]);
    assert_eq!(bench.wakeup(), Some(1000));
    assert_eq!(bench.wake_at(999), [""; 0]);
    assert_eq!(bench.wake_at(1000), ["1 sadd 1000002"]);
}

#[test]
fn a_silent_sentinel_costs_a_quarter_second_and_the_answering_one_moves_to_the_front() {
    let mut bench = bench();
    bench.wake_at(0);
    assert_eq!(bench.wakeup(), Some(250));
    assert_eq!(bench.wake_at(250), ["0 close Now", "1 open 10.0.0.2:26379"]);
    bench.connected(1);
    // Connected at once, no answer for 250 ms.
    assert_eq!(bench.wake_at(500), ["1 close Now", "2 open 10.0.0.3:26379"]);
    bench.connected(2);
    assert_eq!(bench.reply(2, Reply::Addr(server(4))), ["2 close Now", "3 open 10.0.0.4:6379"]);
    assert_eq!(bench.refused(3), ["op 0: Fail(Connect) - 0/0"], "the round is not resumed after an answer");
    assert_eq!(bench.wake_at(1000), ["4 open 10.0.0.3:26379"]);
    assert_eq!(bench.refused(4), ["5 open 10.0.0.1:26379"]);
}

#[test]
fn a_round_without_a_usable_answer_fails_the_operation() {
    let mut nobody = bench();
    nobody.wake_at(0);
    nobody.refused(0);
    nobody.refused(1);
    assert_eq!(nobody.refused(2), ["op 0: Fail(NoSentinel) - 0/0"]);

    let mut unknown = bench();
    unknown.wake_at(0);
    unknown.connected(0);
    assert_eq!(unknown.reply(0, Reply::NilArray), ["0 close Now", "1 open 10.0.0.2:26379"]);
    unknown.refused(1);
    assert_eq!(unknown.refused(2), ["op 0: Fail(NoMaster) - 0/0"]);
}

#[test]
fn only_a_server_that_says_master_is_used() {
    let slave = || Reply::Role(Box::new(RoleReply::Slave(server(5), LinkState::Connected, None)));
    for (reply, lines) in [
        (Some(slave()), ["1 close Now", "op 0: Fail(NotMaster) - 0/0"]),
        (Some(Reply::Error(ErrorWord::Loading)), ["1 close Now", "op 0: Fail(NotMaster) - 0/0"]),
        (None, ["1 close Now", "op 0: Fail(Handshake) - 0/0"]),
    ] {
        let mut bench = bench();
        bench.wake_at(0);
        bench.connected(0);
        bench.reply(0, Reply::Addr(server(4)));
        bench.connected(1);
        assert_eq!(bench.wakeup(), Some(500));
        match reply {
            Some(reply) => assert_eq!(bench.reply(1, reply), lines),
            None => assert_eq!(bench.wake_at(500), lines),
        }
    }
}

#[test]
fn error_replies_fail_the_operation_and_all_but_noreplicas_drop_the_connection() {
    let mut kept = bench();
    connect(&mut kept);
    assert_eq!(kept.reply(1, Reply::Error(ErrorWord::NoReplicas)), ["op 0: Fail(Error(NoReplicas)) 10.0.0.4:6379 1/0"]);
    assert_eq!(kept.wake_at(1000), ["1 sadd 1000002"]);
    assert_eq!(
        kept.reply(1, Reply::Error(ErrorWord::ReadOnly)),
        ["1 close Now", "op 1: Fail(Error(ReadOnly)) 10.0.0.4:6379 1/0"]
    );
    assert_eq!(kept.wake_at(2000), ["2 open 10.0.0.1:26379"]);
}

#[test]
fn an_operation_without_reply_is_indeterminate_and_drops_the_connection() {
    let mut silent = bench();
    connect(&mut silent);
    assert_eq!(silent.wakeup(), Some(1000));
    assert_eq!(
        silent.wake_at(1000),
        ["1 close Now", "op 0: Info(Timeout) 10.0.0.4:6379 1/1", "2 open 10.0.0.1:26379"],
        "the next operation is due at once"
    );
    let mut broken = bench();
    connect(&mut broken);
    assert_eq!(broken.closed(1), ["op 0: Info(Closed) 10.0.0.4:6379 1/1"]);
}

#[test]
fn a_connection_closed_while_idle_is_noticed_only_by_the_next_operation() {
    let mut bench = bench();
    connect(&mut bench);
    bench.reply(1, Reply::Int(1));
    assert_eq!(bench.closed(1), [""; 0]);
    assert_eq!(bench.wake_at(1000), ["op 1: Info(Closed) 10.0.0.4:6379 1/1"]);
    assert_eq!(bench.wake_at(2000), ["2 open 10.0.0.1:26379"]);
}

#[test]
fn timeouts_are_settings_of_the_client() {
    let mut bench = Bench::new(Profile { read_timeout: Some(Millis(60_000)), ..Profile::named("recorder").unwrap() });
    connect(&mut bench);
    assert_eq!(bench.wakeup(), Some(60_000), "ROLE still has 500 ms");
    let mut hasty = Bench::new(Profile { read_timeout: Some(Millis(200)), ..Profile::named("recorder").unwrap() });
    hasty.wake_at(0);
    hasty.connected(0);
    hasty.reply(0, Reply::Addr(server(4)));
    hasty.connected(1);
    assert_eq!(hasty.wakeup(), Some(200));
}

#[test]
fn a_stopped_workload_finishes_what_is_under_way_and_starts_nothing() {
    let mut bench = bench();
    connect(&mut bench);
    assert_eq!(bench.input(Input::Operator(OperatorCommand::StopWorkload)), [""; 0]);
    assert_eq!(bench.wakeup(), Some(1000));
    bench.reply(1, Reply::Int(1));
    assert_eq!(bench.wakeup(), None);
    assert_eq!(bench.wake_at(5000), [""; 0]);
    assert_eq!(bench.input(Input::Terminate), ["Exit(143)"], "SIGTERM ends the process");
}

#[test]
fn workers_share_the_pace_and_the_pool() {
    let load = Workload { sadd: Rate::per_second(10), in_flight: 2, ..Workload::default() };
    let mut bench = Bench::with(Profile::named("recorder").unwrap(), load);
    connect(&mut bench);
    assert_eq!(bench.wakeup(), Some(100));
    assert_eq!(bench.wake_at(100), ["2 open 10.0.0.1:26379"]);
    assert_eq!(bench.wakeup(), Some(350), "both workers are busy");
    bench.wake_at(150);
    bench.reply(1, Reply::Int(1));
    assert_eq!(bench.wakeup(), Some(200));
    assert_eq!(bench.wake_at(200), ["1 sadd 1000003"]);
}

#[test]
fn input_that_nobody_waits_for_is_ignored() {
    let mut bench = bench();
    connect(&mut bench);
    assert_eq!(bench.reply(9, Reply::Pong), [""; 0]);
    assert_eq!(bench.closed(9), [""; 0]);
    assert_eq!(bench.connected(9), [""; 0]);
    assert_eq!(bench.connected(1), [""; 0]);
    assert_eq!(
        bench.reply(1, Reply::Instances(vec![healthy(4)])),
        ["1 close Now", "op 0: Info(Closed) 10.0.0.4:6379 1/1"],
        "a reply that does not fit the command"
    );
}
