//! redis-rs, step by step (client spec 8.1).

use crate::client::profile::Profile;
use crate::client::testing::{Bench, healthy, role_master, server};
use crate::message::{InstanceReply, LinkState, RoleReply};
use crate::{ErrorWord, Reply};

fn bench() -> Bench {
    Bench::new(Profile::named("redis-rs").unwrap())
}

fn masters(entry: InstanceReply) -> Reply {
    Reply::Instances(vec![entry])
}

/// Up to the question on connection 0.
fn ask(bench: &mut Bench) {
    assert_eq!(bench.wake_at(0), ["0 open 10.0.0.1:26379"]);
    assert_eq!(bench.introduce(0), ["0 role"]);
    assert_eq!(bench.reply(0, Reply::Role(Box::new(RoleReply::Sentinel))), ["0 masters"]);
}

fn connect(bench: &mut Bench) {
    ask(bench);
    assert_eq!(bench.reply(0, masters(healthy(4))), ["1 open 10.0.0.4:6379"]);
    assert_eq!(bench.introduce(1), ["1 role"]);
    assert_eq!(bench.reply(1, role_master()), ["1 sadd 1000001"]);
}

#[test]
fn a_silent_server_costs_half_a_second_per_operation_and_is_never_left() {
    let mut bench = bench();
    connect(&mut bench);
    for n in 0..20 {
        assert_eq!(bench.wake_at(n * 1000 + 500), [format!("op {n}: Info(Timeout) 10.0.0.4:6379 1/1")]);
        let value = 1_000_002 + n;
        assert_eq!(bench.wake_at(n * 1000 + 1000), [format!("1 sadd {value}")]);
    }
}

#[test]
fn a_broken_connection_fails_the_operation_and_the_next_one_asks_again() {
    let mut bench = bench();
    connect(&mut bench);
    assert_eq!(bench.closed(1), ["op 0: Info(Closed) 10.0.0.4:6379 1/1"]);
    assert_eq!(bench.wake_at(1000), ["0 masters"]);
    assert_eq!(bench.reply(0, masters(healthy(5))), ["2 open 10.0.0.5:6379"]);
}

#[test]
fn a_bad_answer_is_an_error_and_only_a_failed_question_moves_on() {
    let mut down = bench();
    ask(&mut down);
    let entry = InstanceReply { s_down: true, ..healthy(4) };
    assert_eq!(down.reply(0, masters(entry)), ["op 0: Fail(NoMaster) - 0/0"]);

    let mut dead = bench();
    dead.wake_at(0);
    assert_eq!(dead.refused(0), [""; 0]);
    assert_eq!(dead.wake_at(0), ["1 open 10.0.0.1:26379"], "one reconnect");
    assert_eq!(dead.refused(1), ["2 open 10.0.0.2:26379"]);
}

#[test]
fn a_replica_is_refused_and_readonly_is_handed_on() {
    let mut demoted = bench();
    ask(&mut demoted);
    demoted.reply(0, masters(healthy(4)));
    demoted.introduce(1);
    let slave = Reply::Role(Box::new(RoleReply::Slave(server(5), LinkState::Connected, None)));
    assert_eq!(demoted.reply(1, slave), ["1 close Now", "op 0: Fail(NotMaster) - 0/0"]);

    let mut bench = bench();
    connect(&mut bench);
    let readonly = Reply::Error(ErrorWord::ReadOnly);
    assert_eq!(bench.reply(1, readonly), ["op 0: Fail(Error(ReadOnly)) 10.0.0.4:6379 1/0"]);
    assert_eq!(bench.wake_at(1000), ["1 sadd 1000002"]);
}
