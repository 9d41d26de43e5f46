//! ioredis, step by step; the measured cases of client spec 5.

use crate::client::profile::Profile;
use crate::client::testing::{Bench, MIDDLE, info_master, server};
use crate::client::workload::{Rate, Workload};
use crate::message::{Channel, Info, SlaveInfo};
use crate::{ErrorWord, Reply};

fn bench(name: &str) -> Bench {
    let mut bench = Bench::new(Profile::named(name).unwrap());
    bench.chance(MIDDLE);
    bench
}

fn info(loading: bool) -> Reply {
    Reply::Info(Box::new(info_master(loading)))
}

/// The first command goes out on connection 1.
fn connect(bench: &mut Bench) {
    assert_eq!(bench.wake_at(0), ["0 open 10.0.0.1:26379"]);
    assert_eq!(bench.connected(0), ["0 get-master-addr mymaster"]);
    assert_eq!(bench.reply(0, Reply::Addr(server(4))), ["0 close Now", "1 open 10.0.0.4:6379"]);
    assert_eq!(bench.introduce(1), ["1 info"]);
    assert_eq!(bench.reply(1, info(false)), ["1 sadd 1000001"]);
}

#[test]
fn reconnects_rotate_through_the_sentinels_and_pause_behind_the_last() {
    let mut bench = bench("ioredis");
    connect(&mut bench);
    bench.reply(1, Reply::Int(1));
    let mut asked = Vec::new();
    let mut conn = 1;
    for _ in 0..4 {
        // The pause before the first reconnect: 50 ms and half of 200 ms.
        let lost = bench.closed(conn);
        assert_eq!(lost, [""; 0]);
        conn += 1;
        loop {
            let at = bench.wakeup().unwrap();
            let lines = bench.wake_at(at);
            if let Some(line) = lines.iter().find(|line| line.contains("open")) {
                asked.push(line.rsplit(' ').next().unwrap().to_owned());
                break;
            }
            asked.push("pause".to_owned());
        }
        bench.connected(conn);
        bench.reply(conn, Reply::Addr(server(4)));
        conn += 1;
        bench.introduce(conn);
        bench.reply(conn, info(false));
        bench.reply(conn, Reply::Int(1));
    }
    asked.retain(|at| at != "pause");
    assert_eq!(asked, ["10.0.0.2:26379", "10.0.0.3:26379", "10.0.0.1:26379", "10.0.0.2:26379"]);
}

#[test]
fn a_command_without_reply_is_sent_again_before_those_that_waited() {
    let load = Workload { sadd: Rate::per_second(10), in_flight: 3, ..Workload::default() };
    let mut bench = Bench::with(Profile::named("ioredis").unwrap(), load);
    connect(&mut bench);
    assert_eq!(bench.wake_at(100), ["1 sadd 1000002"]);
    assert_eq!(bench.closed(1), [""; 0]);
    let mut lines = bench.wake_at(200);
    if lines.is_empty() {
        lines = bench.wake_at(250);
    }
    assert_eq!(lines, ["2 open 10.0.0.2:26379"]);
    bench.connected(2);
    bench.reply(2, Reply::Addr(server(5)));
    bench.introduce(3);
    assert_eq!(bench.reply(3, info(false)), ["3 sadd 1000001", "3 sadd 1000002", "3 sadd 1000003"]);
    assert_eq!(bench.reply(3, Reply::Int(0)), ["op 0: Ok(None) 10.0.0.5:6379 2/1"], "it may have been executed twice");
    bench.reply(3, Reply::Int(0));
    assert_eq!(bench.reply(3, Reply::Int(1))[0], "op 2: Ok(None) 10.0.0.5:6379 1/0");
}

#[test]
fn a_replica_is_left_for_what_the_next_sentinel_says_and_a_loading_server_is_waited_for() {
    let mut bench = bench("ioredis");
    bench.wake_at(0);
    bench.connected(0);
    bench.reply(0, Reply::Addr(server(4)));
    bench.introduce(1);
    assert_eq!(bench.reply(1, info(true)), [""; 0]);
    assert_eq!(bench.wakeup(), Some(1000));
    assert_eq!(bench.wake_at(1000), ["1 info"]);
    let slave = SlaveInfo {
        master: server(5),
        link_up: true,
        down_since_secs: None,
        offset: crate::ReplOffset(0),
        priority: 100,
        announced: true,
        last_io_secs: 0,
        syncing: false,
    };
    let replica = Info { slave: Some(slave), ..info_master(false) };
    assert_eq!(bench.reply(1, Reply::Info(Box::new(replica))), ["1 close Now"]);
    let at = bench.wakeup().unwrap();
    assert_eq!(at, 1150, "50 ms and half of 200 ms");
    assert_eq!(bench.wake_at(at), ["2 open 10.0.0.2:26379"]);
}

#[test]
fn readonly_and_silence_change_nothing() {
    let mut bench = bench("ioredis");
    connect(&mut bench);
    assert_eq!(bench.reply(1, Reply::Error(ErrorWord::ReadOnly)), ["op 0: Fail(Error(ReadOnly)) 10.0.0.4:6379 1/0"]);
    assert_eq!(bench.wake_at(1000), ["1 sadd 1000002"]);
    assert_eq!(bench.wakeup(), None, "no timeout, and the only worker is busy");
}

#[test]
fn after_21_failures_everything_that_waits_fails() {
    let mut bench = bench("ioredis");
    connect(&mut bench);
    bench.closed(1);
    let mut conn = 2;
    let mut failures = 1;
    let lines = loop {
        let at = bench.wakeup().unwrap();
        let lines = bench.wake_at(at);
        if lines.is_empty() {
            continue;
        }
        bench.connected(conn);
        bench.reply(conn, Reply::Addr(server(4)));
        let lines = bench.refused(conn + 1);
        conn += 2;
        failures += 1;
        if !lines.is_empty() {
            break lines;
        }
    };
    assert_eq!(failures, 21);
    assert_eq!(lines[0], "op 0: Info(Connect) 10.0.0.4:6379 1/1");
}

#[test]
fn the_detector_drops_the_connection_and_asks_the_same_sentinel_again() {
    let mut bench = bench("ioredis-detector");
    bench.wake_at(0);
    bench.refused(0);
    bench.connected(1);
    let lines = bench.reply(1, Reply::Addr(server(4)));
    let opened = ["1 close Now", "2 open 10.0.0.2:26379", "3 open 10.0.0.3:26379", "4 open 10.0.0.1:26379"];
    assert_eq!(lines[..4], opened, "the answering Sentinel comes first");
    bench.introduce(5);
    bench.reply(5, info(false));
    assert_eq!(bench.connected(2), ["2 subscribe"]);
    bench.reply(2, Reply::Subscribed(Channel::SwitchMaster));
    assert_eq!(bench.switch_to(2, 5), ["5 close Now"]);
    assert_eq!(bench.wakeup(), Some(150));
    assert_eq!(bench.wake_at(150), ["6 open 10.0.0.2:26379"]);
    bench.refused(3);
    assert!(bench.wake_at(10_151).iter().any(|line| line == "6 close Now"), "ten seconds to connect");
}

#[test]
fn with_reconnect_on_error_a_readonly_answer_is_cured_and_nothing_is_executed_twice() {
    let mut bench = bench("ioredis-reconnect2");
    connect(&mut bench);
    assert_eq!(bench.reply(1, Reply::Error(ErrorWord::ReadOnly)), ["1 close Now"]);
    assert_eq!(bench.wake_at(150), ["2 open 10.0.0.2:26379"]);
    bench.connected(2);
    bench.reply(2, Reply::Addr(server(5)));
    bench.introduce(3);
    assert_eq!(bench.reply(3, info(false)), ["3 sadd 1000001"]);
    assert_eq!(bench.reply(3, Reply::Int(1)), ["op 0: Ok(None) 10.0.0.5:6379 2/0"]);
}
