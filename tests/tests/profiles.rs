//! Client libraries under the standard faults of a failover (client spec 10 and 12): who leaves the old master by itself
//! and when, who executes operations twice, and that no outcome is impossible.

use splitbrain::checker::finding::Detail;
use splitbrain::checker::linear::AnomalyKind;
use splitbrain::checker::observations::{Observations, Operation};
use splitbrain::model::client::profile::Profile;
use splitbrain::model::event::EventKind;
use splitbrain::model::note::Outcome;
use splitbrain::model::{Key, Space};
use splitbrain::run_seed;
use splitbrain::scenarios::{Scenario, Source};

const SEEDS: u64 = 4;
const COUNTER: Key = Key { space: Space::Counter, index: 0 };

const KILL: &str = "at = '0s'\nkill = 'master'";
const FREEZE: &str = "at = '0s'\npause = 'master'\nfor = '30s'";
/// Replies are lost from 0 s on, the requests of the same time are executed and replicated; then the machine dies.
const LOSE_REPLIES: &str = "at = '0s'\ndrop = { from = ['master'], to = ['app'] }\nfor = '20s'\n\
                            [[faults]]\nat = '0.5s'\npower-loss = 'old-master'\nfor = '10s'";

/// Three Sentinels, three servers, and one application on a host of its own.
fn scenario(profile: &str, workload: &str, fault: &str) -> Scenario {
    let text = format!(
        "title = 'a client library in a failover'\nwhy = 'libraries differ'\n\
         [cluster]\nreplicas = 2\nsentinels = 3\nhosts = {{ box = [] }}\n\
         [sentinel]\nquorum = 2\ndown-after-milliseconds = 2000\nfailover-timeout = 10000\n\
         [network]\nenvironment = 'lan'\n\
         [[clients]]\nname = 'app'\nhost = 'box'\nprofile = '{profile}'\nworkload = {{ {workload} }}\n\
         [[faults]]\n{fault}\n\
         [run]\nheal = '70s'\nobserve-at-least = '15s'\n\
         [expect]\nconverges-after-heal = 'holds'\n"
    );
    Scenario::parse(&Source::new("profiles.toml", text)).expect("a sound scenario")
}

fn runs(profile: &str, workload: &str, fault: &str) -> Vec<(Scenario, Observations)> {
    let scenario = scenario(profile, workload, fault);
    (0..SEEDS).map(|seed| (scenario.clone(), run_seed(&scenario, seed).observations)).collect()
}

fn ok(operation: &Operation) -> bool {
    matches!(operation.outcome, Some(Outcome::Ok(_)))
}

/// Milliseconds from the first fault to the first acknowledgement by another server than before.
///
/// # Panics
/// If there is none.
fn recovered(profile: &str, seen: &Observations) -> i64 {
    let acks = || seen.operations.iter().filter(|it| ok(it)).filter_map(|it| Some((it.completed?, it.server)));
    let before = acks().filter(|(at, _)| *at <= seen.t0).max_by_key(|(at, _)| *at).and_then(|(_, server)| server);
    let after = acks().filter(|(at, server)| *at > seen.t0 && *server != before).map(|(at, _)| at).min();
    seen.ms(after.unwrap_or_else(|| panic!("{profile} never comes to the new master")))
}

/// Milliseconds from the first fault to the first Sentinel's +switch-master.
fn switched(seen: &Observations) -> i64 {
    let switch = seen.events.iter().find(|it| it.at > seen.t0 && it.event.kind == EventKind::SwitchMaster);
    seen.ms(switch.expect("a failover").at)
}

#[test]
fn after_a_kill_every_library_finds_the_new_master_by_itself_each_at_its_time() {
    for (profile, least, most) in [
        ("redis-py", -300, 1500),
        ("redis-py-retry", -300, 1500),
        ("redis-py-5", -300, 1500),
        ("jedis", 0, 300),
        ("jedis-retry", 0, 4000),
        ("ioredis", -300, 2500),
        ("ioredis-detector", -300, 2500),
        ("ioredis-reconnect2", -300, 2500),
        ("lettuce", -300, 2500),
        // 5 s after the first +sdown, which comes about a second before.
        ("lettuce-mr", 3000, 4500),
        ("go-redis", -300, 1500),
        ("go-redis-noretry", -300, 1500),
        ("redis-rs", -300, 1500),
    ] {
        for (_, seen) in runs(profile, "incr = 20, keys = 1, in-flight = 400", KILL) {
            let delay = recovered(profile, &seen) - switched(&seen);
            assert!((least..=most).contains(&delay), "{profile} came {delay} ms after the first switch");
        }
    }
}

#[test]
fn a_master_and_a_sentinel_that_die_together_hold_nobody_up() {
    for profile in ["redis-py", "jedis", "ioredis", "lettuce", "lettuce-mr", "go-redis", "redis-rs"] {
        for (_, seen) in
            runs(profile, "incr = 20, keys = 1, in-flight = 400", "at = '0s'\nkill = ['master', 'sentinel-1']")
        {
            let delay = recovered(profile, &seen) - switched(&seen);
            assert!(delay <= 10_000, "{profile} came {delay} ms after the first switch");
        }
    }
}

#[test]
fn a_frozen_master_is_left_by_those_with_a_timeout_or_a_subscription_that_acts() {
    for (profile, in_flight, leaves) in [
        ("redis-py", 1, true),
        ("redis-py-5", 1, false),
        // Another operation opens a connection of its own, and finds the new master.
        ("redis-py-5", 100, true),
        ("jedis", 1, true),
        ("jedis-retry", 1, true),
        ("ioredis", 100, false),
        ("ioredis-detector", 1, true),
        ("lettuce", 100, false),
        ("lettuce-mr", 1, false),
        // Only later operations move.
        ("lettuce-mr", 200, true),
        ("go-redis", 1, true),
        ("redis-rs", 100, false),
    ] {
        for (_, seen) in runs(profile, &format!("incr = 10, keys = 1, in-flight = {in_flight}"), FREEZE) {
            let (at, switched) = (recovered(profile, &seen), switched(&seen));
            match leaves {
                true => assert!(at < switched + 7000, "{profile} came to the new master after {at} ms"),
                false => assert!(at > 30_000, "{profile} left the frozen master after {at} ms"),
            }
        }
    }
}

#[test]
fn late_executions_are_indeterminate_or_lost_and_never_impossible() {
    for profile in Profile::NAMES {
        for (scenario, seen) in runs(profile, "set = 10, get = 10, incr = 5, sadd = 5, keys = 2", FREEZE) {
            for finding in splitbrain::checker::judge(&seen, &scenario.expect).findings {
                let impossible = match &finding.detail {
                    Detail::NeverExecuted { .. } | Detail::AuditDisagrees { .. } => true,
                    Detail::NotLinearizable { anomaly, .. } => {
                        matches!(anomaly, AnomalyKind::Phantom | AnomalyKind::AbortedRead | AnomalyKind::FutureRead)
                    }
                    _ => false,
                };
                assert!(!impossible, "{profile}: {:?}", finding.detail);
            }
        }
    }
}

/// Increments in the final master's data that no operation accounts for if each was executed once.
fn executed_twice(seen: &Observations) -> i64 {
    let counted = seen.final_redis.iter().filter_map(|redis| redis.data.counter(COUNTER)).max().unwrap_or(0);
    let once = seen.operations.iter().filter(|it| it.attempts > 0 || it.outcome.is_none());
    counted - once.filter(|it| !matches!(it.outcome, Some(Outcome::Fail(_)))).count() as i64
}

#[test]
fn an_execution_whose_reply_is_lost_is_repeated_by_those_who_resend_and_by_nobody_else() {
    for (profile, repeats) in [
        ("redis-py", false),
        ("redis-py-5", false),
        ("jedis", false),
        ("redis-rs", false),
        ("go-redis-noretry", false),
        ("jedis-retry", true),
        ("ioredis", true),
        ("ioredis-detector", true),
        ("lettuce", true),
        ("go-redis", true),
    ] {
        let twice: Vec<i64> = runs(profile, "incr = 20, keys = 1", LOSE_REPLIES)
            .iter()
            .map(|(_, seen)| {
                let twice = executed_twice(seen);
                let excused: i64 =
                    seen.operations.iter().filter(|it| ok(it)).map(|it| i64::from(it.attempts_indeterminate)).sum();
                assert!(twice <= excused, "{profile}: {twice} more than was admitted");
                assert!(repeats || seen.operations.iter().all(|it| it.attempts <= 1), "{profile} sent something twice");
                twice
            })
            .collect();
        assert_eq!(twice.iter().any(|n| *n > 0), repeats, "{profile}: {twice:?}");
    }
}
