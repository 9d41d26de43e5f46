//! redis-py, step by step; the measured cases of client spec 3.

use crate::client::profile::Profile;
use crate::client::testing::{Bench, MIDDLE, healthy};
use crate::client::workload::{Rate, Workload};
use crate::message::InstanceReply;
use crate::{ErrorWord, Reply};

fn named(name: &str) -> Bench {
    Bench::new(Profile::named(name).unwrap())
}

fn masters(entry: InstanceReply) -> Reply {
    Reply::Instances(vec![entry])
}

/// Takes a fresh client to its first command, on connection 1; connection 0 leads to the first Sentinel.
fn connect(bench: &mut Bench) {
    assert_eq!(bench.wake_at(0), ["0 open 10.0.0.1:26379"]);
    assert_eq!(bench.greet(0), ["0 masters"]);
    assert_eq!(bench.reply(0, masters(healthy(4))), ["1 open 10.0.0.4:6379"]);
    assert_eq!(bench.greet(1), ["1 sadd 1000001"]);
}

#[test]
fn readonly_closes_the_connection_and_the_next_operation_asks_the_same_sentinel_again() {
    let mut bench = named("redis-py");
    connect(&mut bench);
    assert_eq!(
        bench.reply(1, Reply::Error(ErrorWord::ReadOnly)),
        ["1 close Now", "op 0: Fail(Error(ReadOnly)) 10.0.0.4:6379 1/0"]
    );
    assert_eq!(bench.wake_at(1000), ["0 masters"]);
    assert_eq!(bench.reply(0, masters(healthy(5))), ["2 open 10.0.0.5:6379"]);
    assert_eq!(bench.greet(2), ["2 sadd 1000002"]);
}

#[test]
fn other_error_replies_keep_the_connection() {
    let mut bench = named("redis-py");
    connect(&mut bench);
    bench.reply(1, Reply::Error(ErrorWord::NoReplicas));
    assert_eq!(bench.wake_at(1000), ["1 sadd 1000002"]);
}

#[test]
fn a_master_that_is_down_or_unknown_or_too_lonely_is_refused() {
    let down = InstanceReply { s_down: true, ..healthy(4) };
    let other = InstanceReply { name: "other".into(), ..healthy(4) };
    let lonely = InstanceReply { other_sentinels: 1, ..healthy(4) };
    let demoted = InstanceReply { master: false, ..healthy(4) };
    for entry in [down, other, lonely, demoted] {
        let mut bench = Bench::new(Profile { min_other_sentinels: 2, ..Profile::named("redis-py").unwrap() });
        bench.wake_at(0);
        bench.greet(0);
        assert_eq!(bench.reply(0, masters(entry.clone())), ["1 open 10.0.0.2:26379"]);
        bench.greet(1);
        assert_eq!(bench.reply(1, masters(entry.clone())), ["2 open 10.0.0.3:26379"]);
        bench.greet(2);
        assert_eq!(bench.reply(2, masters(entry)), ["op 0: Fail(NoMaster) - 0/0"]);
    }
}

#[test]
fn an_error_reply_of_a_sentinel_reaches_the_application() {
    let mut bench = named("redis-py");
    bench.wake_at(0);
    bench.greet(0);
    assert_eq!(bench.reply(0, Reply::Error(ErrorWord::NoAuth)), ["0 close Now", "op 0: Fail(Error(NoAuth)) - 0/0"]);
}

#[test]
fn a_sentinel_that_refuses_costs_ten_pauses_of_full_jitter() {
    let mut bench = named("redis-py");
    bench.chance(MIDDLE);
    let mut lines = bench.wake_at(0);
    let mut pauses = Vec::new();
    let mut conn = 0;
    let mut now = 0;
    loop {
        assert_eq!(lines, [format!("{conn} open 10.0.0.1:26379")]);
        assert_eq!(bench.refused(conn), [""; 0]);
        let next = bench.wakeup().unwrap();
        pauses.push(next - now);
        now = next;
        conn += 1;
        lines = bench.wake_at(now);
        if pauses.len() == 10 {
            break;
        }
    }
    assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000]);
    assert_eq!(lines, ["10 open 10.0.0.1:26379"]);
    assert_eq!(bench.refused(10), ["11 open 10.0.0.2:26379"]);
}

#[test]
fn the_answering_sentinel_changes_places_with_the_first() {
    let mut bench = Bench::new(Profile { sentinel_attempts: 1, ..Profile::named("redis-py").unwrap() });
    bench.wake_at(0);
    bench.refused(0);
    bench.refused(1);
    bench.greet(2);
    bench.reply(2, masters(healthy(4)));
    bench.refused(3);
    // Third, second, first from now on.
    assert_eq!(bench.closed(2), [""; 0]);
    assert_eq!(bench.wake_at(1000), ["4 open 10.0.0.3:26379"]);
    assert_eq!(bench.refused(4), ["5 open 10.0.0.2:26379"]);
    assert_eq!(bench.refused(5), ["6 open 10.0.0.1:26379"]);
}

#[test]
fn a_connection_closed_while_idle_is_replaced_before_anything_is_sent() {
    let mut bench = named("redis-py");
    connect(&mut bench);
    bench.reply(1, Reply::Int(1));
    bench.closed(1);
    assert_eq!(bench.wake_at(1000), ["0 masters"]);
    assert_eq!(bench.reply(0, masters(healthy(4))), ["2 open 10.0.0.4:6379"]);
    assert_eq!(bench.greet(2), ["2 sadd 1000002"]);
    assert_eq!(bench.reply(2, Reply::Int(1)), ["op 1: Ok(None) 10.0.0.4:6379 1/0"]);
    // Unasked input is no better than a close.
    assert_eq!(bench.reply(2, Reply::Ok), [""; 0]);
    assert_eq!(bench.wake_at(2000), ["2 close Now", "0 masters"]);
}

#[test]
fn a_new_address_closes_idle_connections_at_once_and_busy_ones_when_they_come_back() {
    let load = Workload { sadd: Rate::per_second(1000), in_flight: 3, ..Workload::default() };
    let mut bench = Bench::with(Profile::named("redis-py").unwrap(), load);
    connect(&mut bench);
    // Two more connections to the old master; Sentinel connection 0 is busy only while it answers.
    assert_eq!(bench.wake_at(1), ["0 masters"]);
    bench.reply(0, masters(healthy(4)));
    bench.greet(2);
    assert_eq!(bench.wake_at(2), ["0 masters"]);
    bench.reply(0, masters(healthy(4)));
    bench.greet(3);
    // The third stays idle until another operation, whose own connection was closed by READONLY, asks anew.
    assert_eq!(bench.wake_at(3), [""; 0], "all workers are busy");
    assert_eq!(bench.reply(3, Reply::Int(1)), ["op 2: Ok(None) 10.0.0.4:6379 1/0", "3 sadd 1000004"]);
    assert_eq!(
        bench.reply(3, Reply::Error(ErrorWord::ReadOnly)),
        ["3 close Now", "op 3: Fail(Error(ReadOnly)) 10.0.0.4:6379 1/0"]
    );
    assert_eq!(bench.reply(2, Reply::Int(1)), ["op 1: Ok(None) 10.0.0.4:6379 1/0"]);
    // Connection 2 is on top of the closed object of connection 3.
    assert_eq!(bench.wake_at(4), ["2 sadd 1000005"]);
    assert_eq!(bench.wake_at(5), ["0 masters"]);
    bench.reply(2, Reply::Int(1));
    assert_eq!(bench.reply(0, masters(healthy(5))), ["2 close Now", "4 open 10.0.0.5:6379"]);
    assert_eq!(bench.reply(1, Reply::Int(1)), ["op 0: Ok(None) 10.0.0.4:6379 1/0", "1 close Now"]);
}

#[test]
fn retries_go_to_the_same_server_and_a_frozen_one_gets_the_command_once() {
    let mut bench = named("redis-py-retry");
    connect(&mut bench);
    assert_eq!(bench.wake_at(5000), ["1 close Now"]);
    let mut now = 5000;
    for conn in 2..=6 {
        // The kernel accepts; nobody answers HELLO.
        assert_eq!(bench.wake_at(now), [format!("{conn} open 10.0.0.4:6379")]);
        assert_eq!(bench.connected(conn), [format!("{conn} hello")]);
        now = bench.wakeup().unwrap();
        let lines = bench.wake_at(now);
        assert_eq!(lines[0], format!("{conn} close Now"));
        if conn == 6 {
            assert_eq!(lines[1], "op 0: Info(Handshake) 10.0.0.4:6379 1/1");
            assert_eq!(lines[2], "0 masters");
        }
    }
}

#[test]
fn a_demoted_server_answers_every_retry_with_readonly_and_the_operation_is_definite() {
    let mut bench = named("redis-py-retry");
    connect(&mut bench);
    for conn in 1..=5 {
        assert_eq!(bench.reply(conn, Reply::Error(ErrorWord::ReadOnly)), [format!("{conn} close Now")]);
        let at = bench.wakeup().unwrap();
        let next = conn + 1;
        assert_eq!(bench.wake_at(at), [format!("{next} open 10.0.0.4:6379")]);
        assert_eq!(bench.greet(next), [format!("{next} sadd 1000001")]);
    }
    assert_eq!(
        bench.reply(6, Reply::Error(ErrorWord::ReadOnly)),
        ["6 close Now", "op 0: Fail(Error(ReadOnly)) 10.0.0.4:6379 6/0"]
    );
}

#[test]
fn success_after_an_attempt_of_unknown_fate_may_have_been_applied_twice() {
    let mut bench = named("redis-py-retry");
    connect(&mut bench);
    bench.closed(1);
    let at = bench.wakeup().unwrap();
    assert_eq!(bench.wake_at(at), ["2 open 10.0.0.4:6379"]);
    bench.greet(2);
    assert_eq!(bench.reply(2, Reply::Int(0)), ["op 0: Ok(None) 10.0.0.4:6379 2/1"]);
}
