//! Lettuce, step by step (client spec 6).

use crate::client::profile::Profile;
use crate::client::testing::{Bench, healthy, sentinel, server};
use crate::event::EventKind;
use crate::message::{Channel, InstanceReply};
use crate::{ErrorWord, Millis, Reply};

fn bench(name: &str) -> Bench {
    Bench::new(Profile::named(name).unwrap())
}

fn connect(bench: &mut Bench) {
    assert_eq!(bench.wake_at(0), ["0 open 10.0.0.1:26379"]);
    assert_eq!(bench.greet(0), ["0 get-master-addr mymaster"]);
    assert_eq!(bench.reply(0, Reply::Addr(server(4))), ["0 close Now", "1 open 10.0.0.4:6379"]);
    assert_eq!(bench.greet(1), ["1 sadd 1000001"]);
}

#[test]
fn without_an_answer_of_any_sentinel_it_goes_back_to_where_it_was_and_replays() {
    let mut bench = bench("lettuce");
    connect(&mut bench);
    assert_eq!(bench.closed(1), [""; 0]);
    assert_eq!(bench.wakeup(), Some(1));
    assert_eq!(bench.wake_at(1), ["2 open 10.0.0.1:26379"]);
    assert_eq!(bench.refused(2), ["3 open 10.0.0.2:26379"]);
    assert_eq!(bench.refused(3), ["4 open 10.0.0.3:26379"]);
    assert_eq!(bench.refused(4), ["5 open 10.0.0.4:6379"]);
    assert_eq!(bench.greet(5), ["5 sadd 1000001"]);
    assert_eq!(bench.reply(5, Reply::Int(0)), ["op 0: Ok(None) 10.0.0.4:6379 2/1"]);
}

#[test]
fn without_an_answer_it_goes_back_to_the_address_last_named_even_if_that_did_not_answer() {
    let mut bench = bench("lettuce");
    connect(&mut bench);
    bench.closed(1);
    bench.wake_at(1);
    bench.greet(2);
    assert_eq!(bench.reply(2, Reply::Addr(server(5))), ["2 close Now", "3 open 10.0.0.5:6379"]);
    bench.refused(3);
    bench.wake_at(3);
    bench.refused(4);
    bench.refused(5);
    assert_eq!(bench.refused(6), ["7 open 10.0.0.5:6379"]);
}

#[test]
fn reconnects_come_after_one_two_four_milliseconds() {
    let mut bench = bench("lettuce");
    connect(&mut bench);
    bench.closed(1);
    let (mut conn, mut now, mut pauses) = (2, 0, Vec::new());
    for _ in 0..5 {
        let at = bench.wakeup().unwrap();
        pauses.push(at - now);
        now = at;
        bench.wake_at(at);
        bench.greet(conn);
        bench.reply(conn, Reply::Addr(server(4)));
        bench.refused(conn + 1);
        conn += 2;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16]);
}

#[test]
fn an_operation_ends_after_sixty_seconds_and_its_reply_is_passed_over() {
    let mut bench = bench("lettuce");
    connect(&mut bench);
    assert_eq!(bench.wakeup(), Some(60_000));
    assert_eq!(bench.wake_at(60_000), ["op 0: Info(Timeout) 10.0.0.4:6379 1/1", "1 sadd 1000002"]);
    assert_eq!(bench.reply(1, Reply::Int(1)), [""; 0], "the reply of the first");
    assert_eq!(bench.reply(1, Reply::Int(0))[0], "op 1: Ok(None) 10.0.0.4:6379 1/0");
}

#[test]
fn an_operation_that_was_never_written_has_failed_for_certain() {
    let mut profile = Profile::named("lettuce").unwrap();
    profile.set_timeout(Millis(500));
    let mut bench = Bench::new(profile);
    bench.wake_at(0);
    assert_eq!(bench.wake_at(500), ["op 0: Fail(Timeout) - 0/0"]);
    bench.greet(0);
    bench.reply(0, Reply::Addr(server(4)));
    assert_eq!(bench.greet(1), [""; 0], "and is not written later");
}

fn replica(n: u32) -> InstanceReply {
    InstanceReply { master: false, slave: true, ..healthy(n) }
}

/// `lettuce-mr` up to its first command on connection 5; connections 1 to 3 are subscriptions, 4 was the look at the
/// master.
fn connect_mr(bench: &mut Bench) {
    assert_eq!(bench.wake_at(0), ["0 open 10.0.0.1:26379"]);
    assert_eq!(bench.greet(0), ["0 masters"]);
    assert_eq!(bench.reply(0, Reply::Instances(vec![healthy(4)])), ["0 replicas mymaster"]);
    let lines = bench.reply(0, Reply::Instances(vec![replica(5), replica(6)]));
    assert_eq!(lines[1], format!("1 open {}", sentinel(1)));
    assert_eq!(lines[4], "4 open 10.0.0.4:6379");
    assert_eq!(bench.greet(4), ["4 close Now", "5 open 10.0.0.4:6379"]);
    assert_eq!(bench.greet(5), ["5 sadd 1000001"]);
    for conn in 1..=3 {
        assert_eq!(bench.greet(conn), [format!("{conn} psubscribe")]);
        bench.reply(conn, Reply::Subscribed(Channel::Everything));
    }
}

fn switched(bench: &mut Bench, conn: u32) {
    assert_eq!(bench.event(conn, EventKind::SwitchMaster, "mymaster", None), [""; 0]);
}

#[test]
fn eight_events_of_its_own_master_start_a_look_and_no_others() {
    for &kind in EventKind::ALL {
        let mut bench = bench("lettuce-mr");
        connect_mr(&mut bench);
        bench.reply(5, Reply::Int(1));
        bench.wake_at(100);
        bench.event(1, kind, "another", Some(5));
        bench.event(1, kind, "mymaster", Some(5));
        let looks = [
            "+switch-master",
            "+elected-leader",
            "+reset-master",
            "+slave",
            "+sdown",
            "-sdown",
            "+convert-to-slave",
            "+role-change",
        ];
        bench.wake_at(1000);
        let due = if looks.contains(&kind.name()) { Some(5100) } else { Some(61_000) };
        assert_eq!(bench.wakeup(), due, "{kind}");
    }
    let mut bench = bench("lettuce-mr");
    connect_mr(&mut bench);
    bench.reply(5, Reply::Int(1));
    bench.event(1, EventKind::SdownEnter, "another", None);
    assert_eq!(bench.wakeup(), Some(1000), "the next operation");
}

#[test]
fn new_operations_move_five_seconds_after_the_first_message_and_old_ones_stay_with_their_server() {
    let mut profile = Profile::named("lettuce-mr").unwrap();
    profile.set_timeout(Millis(20_000));
    let mut bench = Bench::new(profile);
    connect_mr(&mut bench);
    assert_eq!(bench.closed(5), [""; 0]);
    assert_eq!(bench.wake_at(1), ["6 open 10.0.0.4:6379"], "back to the same server");
    bench.refused(6);
    switched(&mut bench, 2);
    bench.wake_at(1000);
    switched(&mut bench, 1);
    assert_eq!(bench.wakeup(), Some(5001));
    let lines = bench.wake_at(5001);
    let look = lines.iter().find(|line| line.ends_with(":26379")).expect("a look");
    assert!(look.ends_with("open 10.0.0.1:26379"));
}

#[test]
fn readonly_is_handed_on_and_a_master_that_does_not_answer_is_unknown() {
    let mut bench = bench("lettuce-mr");
    connect_mr(&mut bench);
    let lines = bench.reply(5, Reply::Error(ErrorWord::ReadOnly));
    assert_eq!(lines, ["op 0: Fail(Error(ReadOnly)) 10.0.0.4:6379 1/0"]);
    switched(&mut bench, 1);
    assert_eq!(bench.wake_at(1000), ["5 sadd 1000002"]);
    bench.reply(5, Reply::Int(1));
    assert_eq!(bench.wake_at(5000), ["6 open 10.0.0.1:26379", "5 sadd 1000003"]);
    bench.greet(6);
    bench.reply(6, Reply::Instances(vec![healthy(6)]));
    assert_eq!(bench.reply(6, Reply::Instances(vec![replica(5)])), ["6 close Now", "7 open 10.0.0.6:6379"]);
    // The old master is not on the list any more: its connection is closed, its operation gone.
    assert_eq!(bench.refused(7), ["5 close Now", "op 2: Info(Closed) 10.0.0.4:6379 1/1", "op 3: Fail(NoMaster) - 0/0"]);
}

#[test]
fn a_subscription_that_comes_back_asks_nothing() {
    let mut bench = bench("lettuce-mr");
    connect_mr(&mut bench);
    bench.closed(2);
    assert_eq!(bench.wake_at(1), ["6 open 10.0.0.2:26379"]);
    assert_eq!(bench.greet(6), ["6 psubscribe"]);
}
