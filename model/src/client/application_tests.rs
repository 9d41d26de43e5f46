//! What an application does around its library: a loop of its own, and WAIT after writes.

use crate::client::profile::Profile;
use crate::client::testing::{Bench, healthy};
use crate::{ErrorWord, Millis, Reply};

/// redis-py as the application has wrapped it, with its first command sent on connection 1.
fn wrapped(wrap: impl Fn(&mut Profile) -> bool) -> Bench {
    let mut profile = Profile::named("redis-py").unwrap();
    assert!(wrap(&mut profile));
    let mut bench = Bench::new(profile);
    bench.wake_at(0);
    bench.greet(0);
    bench.reply(0, Reply::Instances(vec![healthy(4)]));
    assert_eq!(bench.greet(1), ["1 sadd 1000001"]);
    bench
}

#[test]
fn wait_goes_after_the_write_on_the_same_connection_and_decides_whether_it_counts() {
    let wait = |profile: &mut Profile| profile.set_wait(1, Millis(1000));
    let mut bench = wrapped(wait);
    assert_eq!(bench.reply(1, Reply::Int(1)), ["1 wait(1, millis(1000))"]);
    assert_eq!(bench.reply(1, Reply::Int(1)), ["op 0: Ok(None) 10.0.0.4:6379 1/0"]);
    let mut bench = wrapped(wait);
    bench.reply(1, Reply::Int(1));
    assert_eq!(bench.reply(1, Reply::Int(0)), ["op 0: Info(Unreplicated) 10.0.0.4:6379 1/1"]);
    // The connection is good for the next write, whose reply is not taken for that of a WAIT.
    assert_eq!(bench.wake_at(1000), ["1 sadd 1000002"]);
    assert_eq!(bench.reply(1, Reply::Int(1)), ["1 wait(1, millis(1000))"]);
}

#[test]
fn a_write_that_failed_is_not_waited_for_and_a_lost_wait_leaves_it_unknown() {
    let wait = |profile: &mut Profile| profile.set_wait(1, Millis(1000));
    let mut bench = wrapped(wait);
    let told = bench.reply(1, Reply::Error(ErrorWord::NoReplicas));
    assert_eq!(told, ["op 0: Fail(Error(NoReplicas)) 10.0.0.4:6379 1/0"]);
    let mut bench = wrapped(wait);
    bench.reply(1, Reply::Int(1));
    assert_eq!(bench.closed(1), ["op 0: Info(Closed) 10.0.0.4:6379 1/1"]);
}

#[test]
fn a_loop_begins_anew_after_pauses_that_double_and_ends_with_the_last_error() {
    let mut bench = wrapped(|profile| profile.set_loop(3, Millis(1000)));
    assert_eq!(bench.reply(1, Reply::Error(ErrorWord::ReadOnly)), ["1 close Now"]);
    assert_eq!(bench.wakeup(), Some(1000));
    assert_eq!(bench.wake_at(1000), ["0 masters"], "it looks for the master again");
    assert_eq!(bench.reply(0, Reply::Instances(vec![healthy(4)])), ["2 open 10.0.0.4:6379"]);
    assert_eq!(bench.greet(2), ["2 sadd 1000001"]);
    assert_eq!(bench.reply(2, Reply::Error(ErrorWord::ReadOnly)), ["2 close Now"]);
    assert_eq!(bench.wakeup(), Some(3000));
    bench.wake_at(3000);
    bench.reply(0, Reply::Instances(vec![healthy(4)]));
    bench.greet(3);
    let told = bench.reply(3, Reply::Error(ErrorWord::ReadOnly));
    assert!(told.contains(&"op 0: Fail(Error(ReadOnly)) 10.0.0.4:6379 3/0".to_owned()), "{told:?}");
}

#[test]
fn only_libraries_that_do_not_repeat_or_share_can_be_wrapped() {
    let able = |wrap: fn(&mut Profile) -> bool| -> Vec<&str> {
        Profile::NAMES.iter().copied().filter(|name| wrap(&mut Profile::named(name).unwrap())).collect()
    };
    let looped = able(|profile| profile.set_loop(3, Millis(1000)));
    assert_eq!(looped, ["recorder", "redis-py", "redis-py-5", "jedis", "go-redis-noretry"]);
    let waiting = able(|profile| profile.set_wait(1, Millis(1000)));
    assert!(waiting.contains(&"go-redis") && !waiting.contains(&"ioredis"), "{waiting:?}");
}
