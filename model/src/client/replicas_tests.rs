//! Reading from replicas, step by step, and what each library does with a list of them.

use super::profile::{Profile, ReplicaChoice, ReplicaOrder};
use super::testing::{Bench, MIDDLE, healthy, info_master, role_master, server};
use super::workload::{Rate, Workload};
use crate::message::{Info, InstanceReply, LinkState, RoleReply, SlaveInfo};
use crate::{ReplOffset, Reply};

fn bench(name: &str) -> Bench {
    let mut profile = Profile::named(name).unwrap();
    assert!(profile.read_replicas(), "{name}");
    Bench::with(profile, Workload { get: Rate::per_second(1), ..Workload::default() })
}

fn replica(n: u32) -> InstanceReply {
    InstanceReply { master: false, slave: true, ..healthy(n) }
}

/// Replica 5 is down, the connection to 6 is lost, 7 and 8 are fine.
fn mixed() -> Reply {
    let down = InstanceReply { s_down: true, ..replica(5) };
    let cut = InstanceReply { disconnected: true, ..replica(6) };
    Reply::Instances(vec![down, cut, replica(7), replica(8)])
}

fn role_slave() -> Reply {
    Reply::Role(Box::new(RoleReply::Slave(server(4), LinkState::Connected, Some(ReplOffset(0)))))
}

fn reads(lines: &[String]) -> bool {
    lines.len() == 1 && lines[0].to_lowercase().contains("get(")
}

#[test]
fn each_library_refuses_other_replicas_and_has_another_way_out() {
    let choice = |reject_disconnected, order, tries_all, falls_back_to_master| {
        Some(ReplicaChoice { reject_disconnected, order, tries_all, falls_back_to_master })
    };
    for (name, choice) in [
        ("recorder", None),
        ("redis-py", choice(false, ReplicaOrder::Rotating, true, true)),
        ("jedis", None),
        ("ioredis", choice(true, ReplicaOrder::Random, false, false)),
        ("lettuce", None),
        ("go-redis", choice(true, ReplicaOrder::Random, false, true)),
        ("redis-rs", choice(false, ReplicaOrder::Rotating, true, false)),
    ] {
        let mut profile = Profile::named(name).unwrap();
        assert_eq!(profile.replica_choice, choice, "{name}");
        assert_eq!(profile.read_replicas(), choice.is_some(), "{name}");
    }
}

#[test]
fn redis_py_takes_replicas_in_turn_and_the_master_when_all_have_failed() {
    let mut bench = bench("redis-py");
    assert_eq!(bench.wake_at(0), ["0 open 10.0.0.1:26379"]);
    assert_eq!(bench.greet(0), ["0 replicas mymaster"]);
    assert_eq!(bench.reply(0, mixed()), ["1 open 10.0.0.6:6379"], "the lost connection is not looked at");
    assert_eq!(bench.refused(1), ["2 open 10.0.0.7:6379"]);
    assert_eq!(bench.refused(2), ["3 open 10.0.0.8:6379"]);
    assert_eq!(bench.refused(3), ["0 masters"]);
    assert_eq!(bench.reply(0, Reply::Instances(vec![healthy(4)])), ["4 open 10.0.0.4:6379"]);
    assert!(reads(&bench.greet(4)));
    let value = || Reply::Value(None);
    assert_eq!(bench.reply(4, value()), ["op 0: Ok(None) 10.0.0.4:6379 1/0"]);
    // The connection is kept although it leads to a master.
    assert_eq!(bench.wake_at(1000).len(), 1);
    bench.reply(4, value());
    bench.closed(4);
    assert_eq!(bench.wake_at(2000), ["0 replicas mymaster"]);
    assert_eq!(bench.reply(0, mixed()), ["5 open 10.0.0.6:6379"], "its turn again after three");
}

#[test]
fn redis_py_asks_the_next_sentinel_for_replicas_before_it_goes_turn_to_master() {
    let mut bench = bench("redis-py");
    bench.wake_at(0);
    bench.greet(0);
    assert_eq!(bench.reply(0, Reply::Instances(Vec::new())), ["1 open 10.0.0.2:26379"]);
    bench.greet(1);
    assert_eq!(bench.reply(1, Reply::Instances(vec![replica(5)])), ["2 open 10.0.0.5:6379"]);
}

#[test]
fn ioredis_takes_one_at_random_and_never_the_master() {
    let mut bench = bench("ioredis");
    bench.chance(MIDDLE);
    bench.wake_at(0);
    assert_eq!(bench.connected(0), ["0 replicas mymaster"]);
    assert_eq!(bench.reply(0, mixed()), ["0 close Now", "1 open 10.0.0.8:6379"], "of 7 and 8");
    assert_eq!(bench.introduce(1), ["1 info"]);
    let lines = bench.reply(1, Reply::Info(Box::new(info_master(false))));
    assert_eq!(lines, ["1 close Now"], "it has become a master");
    let at = bench.wakeup().unwrap();
    bench.wake_at(at);
    bench.connected(2);
    let slave = SlaveInfo {
        master: server(4),
        link_up: true,
        down_since_secs: None,
        offset: ReplOffset(0),
        priority: 100,
        announced: true,
        last_io_secs: 0,
        syncing: false,
    };
    bench.reply(2, mixed());
    bench.introduce(3);
    let info = Info { slave: Some(slave), ..info_master(false) };
    assert!(reads(&bench.reply(3, Reply::Info(Box::new(info)))));
}

#[test]
fn ioredis_without_a_replica_goes_on_asking() {
    let mut bench = bench("ioredis");
    bench.wake_at(0);
    for conn in 0..3 {
        assert_eq!(bench.connected(conn), [format!("{conn} replicas mymaster")]);
        bench.reply(conn, Reply::Instances(Vec::new()));
    }
    assert_eq!(bench.wakeup(), Some(10), "the pause behind the last Sentinel");
}

#[test]
fn go_redis_goes_turn_to_master_when_no_replica_is_usable() {
    let mut bench = bench("go-redis");
    bench.wake_at(0);
    assert_eq!(bench.greet(0), ["0 replicas mymaster"]);
    let down = || Reply::Instances(vec![InstanceReply { disconnected: true, ..replica(5) }]);
    assert_eq!(bench.reply(0, down()), [""; 0]);
    bench.greet(1);
    bench.reply(1, down());
    bench.greet(2);
    let lines = bench.reply(2, down());
    assert!(!lines.is_empty() && lines.iter().all(|line| line.ends_with("get-master-addr mymaster")), "{lines:?}");
}

#[test]
fn redis_rs_passes_over_a_replica_that_says_it_is_a_master() {
    let mut bench = bench("redis-rs");
    bench.wake_at(0);
    bench.introduce(0);
    assert_eq!(bench.reply(0, Reply::Role(Box::new(RoleReply::Sentinel))), ["0 replicas mymaster"]);
    assert_eq!(bench.reply(0, mixed()), ["1 open 10.0.0.6:6379"]);
    bench.introduce(1);
    assert_eq!(bench.reply(1, role_master()), ["1 close Now", "2 open 10.0.0.7:6379"]);
    bench.introduce(2);
    assert!(reads(&bench.reply(2, role_slave())));
}
