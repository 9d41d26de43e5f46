//! Jedis, step by step (client spec 4).

use crate::client::profile::Profile;
use crate::client::testing::{Bench, server};
use crate::message::Channel;
use crate::{ErrorWord, Reply};

fn bench(name: &str) -> Bench {
    Bench::new(Profile::named(name).unwrap())
}

/// Takes a fresh client to its first command on connection 4; 1 to 3 are its listeners, not yet connected. Returns the
/// Sentinels in the order in which they are asked.
fn connect(bench: &mut Bench) -> Vec<String> {
    let first = bench.wake_at(0).remove(0);
    assert_eq!(bench.introduce(0), ["0 get-master-addr mymaster"]);
    let lines = bench.reply(0, Reply::Addr(server(4)));
    assert_eq!(lines[0], "0 close Reset");
    assert_eq!(lines[4..], ["4 open 10.0.0.4:6379"]);
    assert_eq!(bench.introduce(4), ["4 sadd 1000001"]);
    let place = |line: &String| line.rsplit(' ').next().unwrap().to_owned();
    assert_eq!(place(&first), place(&lines[1]));
    lines[1..4].iter().map(place).collect()
}

fn listen(bench: &mut Bench, conn: u32, master: u32) -> Vec<String> {
    assert_eq!(bench.introduce(conn), [format!("{conn} get-master-addr mymaster")]);
    let lines = bench.reply(conn, Reply::Addr(server(master)));
    assert!(lines.contains(&format!("{conn} subscribe")));
    bench.reply(conn, Reply::Subscribed(Channel::SwitchMaster));
    lines
}

#[test]
fn sentinels_come_in_an_order_that_depends_on_their_addresses_alone() {
    let order = connect(&mut bench("jedis"));
    assert_eq!(order, connect(&mut bench("jedis-retry")));
    let mut sorted = order.clone();
    sorted.sort();
    assert_eq!(sorted, ["10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"]);
}

#[test]
fn readonly_is_handed_on_until_a_listener_brings_the_new_address() {
    let mut bench = bench("jedis");
    connect(&mut bench);
    listen(&mut bench, 1, 4);
    let readonly = || Reply::Error(ErrorWord::ReadOnly);
    assert_eq!(bench.reply(4, readonly()), ["op 0: Fail(Error(ReadOnly)) 10.0.0.4:6379 1/0"]);
    assert_eq!(bench.wake_at(1000), ["4 sadd 1000002"]);
    bench.reply(4, readonly());
    assert_eq!(bench.switch_to(1, 5), ["4 close Reset"]);
    assert_eq!(bench.wake_at(2000), ["2 close Reset", "3 close Reset", "5 open 10.0.0.5:6379"], "nobody is asked");
}

#[test]
fn a_busy_connection_to_the_old_master_is_reset_when_it_comes_back() {
    let mut bench = bench("jedis");
    connect(&mut bench);
    listen(&mut bench, 1, 4);
    assert_eq!(bench.switch_to(1, 5), [""; 0]);
    assert_eq!(bench.reply(4, Reply::Int(1)), ["op 0: Ok(None) 10.0.0.4:6379 1/0", "4 close Reset"]);
}

#[test]
fn a_stale_sentinel_that_comes_back_moves_the_client_back() {
    let mut bench = bench("jedis");
    connect(&mut bench);
    listen(&mut bench, 1, 4);
    bench.reply(4, Reply::Int(1));
    bench.refused(2);
    bench.switch_to(1, 5);
    assert!(bench.wake_at(1000).contains(&"5 open 10.0.0.5:6379".to_owned()));
    bench.introduce(5);
    bench.reply(5, Reply::Int(1));
    // Five seconds after it failed, the listener tries again and believes what it hears.
    let lines = bench.wake_at(5000);
    assert!(lines.iter().any(|line| line.starts_with("6 open")), "{lines:?}");
    listen(&mut bench, 6, 4);
    assert_eq!(bench.reply(5, Reply::Int(1))[1..], ["5 close Reset", "7 open 10.0.0.4:6379"]);
}

#[test]
fn a_read_timeout_is_the_end_of_the_operation_or_of_an_attempt() {
    let mut plain = bench("jedis");
    connect(&mut plain);
    let lines = plain.wake_at(2000);
    assert_eq!(lines[..2], ["4 close Reset", "op 0: Info(Timeout) 10.0.0.4:6379 1/1"]);

    let mut retry = bench("jedis-retry");
    connect(&mut retry);
    assert!(retry.wake_at(2000).contains(&"4 close Reset".to_owned()));
    assert_eq!(retry.wake_at(2000), ["5 open 10.0.0.4:6379"]);
    assert_eq!(retry.introduce(5), ["5 sadd 1000001"]);
    assert_eq!(retry.reply(5, Reply::Int(0))[0], "op 0: Ok(None) 10.0.0.4:6379 2/1");
}
