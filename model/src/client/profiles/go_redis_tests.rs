//! go-redis, step by step (client spec 7).

use crate::client::profile::Profile;
use crate::client::testing::{Bench, server};
use crate::client::workload::{Rate, Workload};
use crate::message::Channel;
use crate::{ErrorWord, Reply};

fn bench(name: &str) -> Bench {
    Bench::new(Profile::named(name).unwrap())
}

fn opened(lines: &[String]) -> Vec<&str> {
    lines.iter().filter(|line| line.contains("open")).map(|line| line.rsplit(' ').next().unwrap()).collect()
}

/// Three Sentinels asked at once, the second of them answers first: connection 3 is its subscription, 4 leads to the
/// master. Returns that Sentinel.
fn connect(bench: &mut Bench) -> String {
    let lines = bench.wake_at(0);
    let mut all = opened(&lines);
    let current = all[1].to_owned();
    all.sort_unstable();
    assert_eq!(all, ["10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"]);
    bench.greet(0);
    assert_eq!(bench.greet(1), ["1 get-master-addr mymaster"]);
    let lines = bench.reply(1, Reply::Addr(server(4)));
    assert_eq!(lines, ["0 close Now", "2 close Now", &format!("3 open {current}"), "4 open 10.0.0.4:6379"]);
    assert_eq!(bench.greet(4), ["4 sadd 1000001"]);
    assert_eq!(bench.greet(3), ["3 subscribe"]);
    bench.reply(3, Reply::Subscribed(Channel::SwitchMaster));
    current
}

#[test]
fn readonly_is_cured_inside_the_operation() {
    let mut bench = bench("go-redis");
    connect(&mut bench);
    assert_eq!(bench.reply(4, Reply::Error(ErrorWord::ReadOnly)), ["4 close Now"]);
    assert_eq!(bench.wakeup(), Some(10));
    assert_eq!(bench.wake_at(11), ["1 get-master-addr mymaster"], "the same Sentinel on the same connection");
    assert_eq!(bench.reply(1, Reply::Addr(server(5))), ["5 open 10.0.0.5:6379"]);
    assert_eq!(bench.greet(5), ["5 sadd 1000001"]);
    assert_eq!(bench.reply(5, Reply::Int(1)), ["op 0: Ok(None) 10.0.0.5:6379 2/0"]);
}

#[test]
fn a_new_address_closes_connections_in_use_and_the_operation_is_repeated() {
    let mut bench = bench("go-redis");
    connect(&mut bench);
    assert_eq!(bench.switch_to(3, 5), ["4 close Now"]);
    bench.wake_at(11);
    bench.reply(1, Reply::Addr(server(5)));
    bench.greet(5);
    assert_eq!(bench.reply(5, Reply::Int(0)), ["op 0: Ok(None) 10.0.0.5:6379 2/1"], "it may have been executed twice");
}

#[test]
fn a_stale_sentinel_moves_the_client_back_and_breaks_its_connections() {
    let load = Workload { sadd: Rate::per_second(10), in_flight: 2, ..Workload::default() };
    let mut bench = Bench::with(Profile::named("go-redis").unwrap(), load);
    connect(&mut bench);
    assert_eq!(bench.wake_at(100), ["1 get-master-addr mymaster"]);
    assert_eq!(bench.reply(1, Reply::Addr(server(5))), ["4 close Now", "5 open 10.0.0.5:6379"]);
}

#[test]
fn four_attempts_of_five_dials_each() {
    let mut bench = bench("go-redis");
    connect(&mut bench);
    bench.closed(4);
    let mut conn = 5;
    let mut asked = 0;
    let lines = loop {
        let at = bench.wakeup().unwrap();
        let lines = bench.wake_at(at);
        if lines != ["1 get-master-addr mymaster"] {
            continue;
        }
        asked += 1;
        bench.reply(1, Reply::Addr(server(4)));
        let lines = bench.refused(conn);
        conn += 1;
        if !lines.is_empty() {
            break lines;
        }
    };
    assert_eq!(asked, 15, "the first attempt was written");
    assert_eq!(lines[0], "op 0: Info(Connect) 10.0.0.4:6379 1/1");
}

#[test]
fn when_the_present_sentinel_fails_all_are_asked() {
    let mut bench = Bench::new(Profile { sentinel_attempts: 1, ..Profile::named("go-redis").unwrap() });
    let current = connect(&mut bench);
    bench.closed(1);
    bench.closed(4);
    assert_eq!(opened(&bench.wake_at(11)), [current.as_str()]);
    assert_eq!(opened(&bench.refused(5)).len(), 3);
    assert_eq!(bench.refused(6), [""; 0]);
    assert_eq!(bench.refused(7), [""; 0]);
    assert_eq!(bench.refused(8), [""; 0], "a pause before the next dial");
    assert_eq!(opened(&bench.wake_at(111)).len(), 3);
}

#[test]
fn a_silent_subscription_is_pinged_and_opened_anew_at_the_same_sentinel() {
    let mut bench = bench("go-redis");
    let current = connect(&mut bench);
    bench.reply(4, Reply::Int(1));
    bench.wake_at(1000);
    assert_eq!(bench.reply(4, Reply::Int(1)), ["op 1: Ok(None) 10.0.0.4:6379 1/0"]);
    bench.wake_at(2000);
    bench.reply(4, Reply::Int(1));
    assert_eq!(bench.wake_at(3000), ["3 ping", "4 sadd 1000004"]);
    bench.reply(4, Reply::Int(1));
    assert_eq!(bench.wake_at(8000)[0], "3 close Now");
    assert_eq!(opened(&bench.wake_at(8100)), [current.as_str()]);
}

#[test]
fn without_retries_the_first_failure_is_reported() {
    let mut bench = bench("go-redis-noretry");
    connect(&mut bench);
    assert_eq!(bench.closed(4), ["op 0: Info(Closed) 10.0.0.4:6379 1/1"]);
}

#[test]
fn after_as_many_failed_dials_as_the_pool_has_places_only_one_a_second_is_tried() {
    let plain = Profile::named("go-redis-noretry").unwrap();
    let mut bench = Bench::new(Profile { pool_max: 2, dials: 1, ..plain });
    connect(&mut bench);
    bench.closed(4);
    bench.wake_at(1000);
    bench.reply(1, Reply::Addr(server(4)));
    assert_eq!(bench.refused(5), ["op 1: Fail(Connect) - 0/0"]);
    bench.wake_at(2000);
    bench.reply(1, Reply::Addr(server(4)));
    let lines = bench.refused(6);
    assert_eq!(lines, ["op 2: Fail(Connect) - 0/0", "1 get-master-addr mymaster"], "the dial in the background");
    bench.reply(1, Reply::Addr(server(4)));
    assert_eq!(bench.refused(7), [""; 0]);
    let lines = bench.wake_at(3000);
    assert!(lines.contains(&"op 3: Fail(Connect) - 0/0".to_owned()), "at once: {lines:?}");
    assert!(lines.contains(&"1 get-master-addr mymaster".to_owned()), "a second later: {lines:?}");
    bench.reply(1, Reply::Addr(server(5)));
    assert_eq!(bench.connected(8), ["8 close Now"]);
    assert_eq!(bench.wake_at(4000).last().unwrap(), "1 get-master-addr mymaster");
    bench.reply(1, Reply::Addr(server(5)));
    bench.greet(9);
    assert_eq!(bench.reply(9, Reply::Int(1)), ["op 4: Ok(None) 10.0.0.5:6379 1/0"]);
}
