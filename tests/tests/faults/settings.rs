//! Faults under settings that change what they do: several masters, quorum 1, priorities, min-replicas.

use crate::support::{CLUSTER, extent, play};
use splitbrain::model::ErrorWord;
use splitbrain::model::event::EventKind;
use splitbrain::model::note::{FailReason, Outcome};

const KILL: &str = r#"
[[faults]]
at = "0s"
kill = "redis-1"
"#;

#[test]
fn of_several_masters_only_the_dead_one_is_failed_over() {
    let text = r#"
[cluster]
sentinels = 3
[sentinel]
quorum = 2
down-after-milliseconds = 2000
failover-timeout = 6000
[[masters]]
name = "orders"
replicas = 1
[[masters]]
name = "sessions"
replicas = 2
[[clients]]
name = "shop"
master = "orders"
workload = { sadd = 10 }
[[clients]]
name = "login"
master = "sessions"
workload = { sadd = 10 }
[[faults]]
at = "0s"
kill = "master:sessions"
"#;
    for film in play(&[text], 0..10) {
        assert_eq!(film.faults()[0].1, "kill redis-3");
        let switched: Vec<String> =
            film.events(EventKind::SwitchMaster).into_iter().map(|(.., event)| event.master.to_string()).collect();
        assert!(switched.len() == 3 && switched.iter().all(|name| name == "sessions"), "{switched:?} {}", film.seed());
        assert!(film.converged(), "{}", film.seed());
        assert_eq!(film.final_master("orders"), "redis-1");
        assert!(["redis-4", "redis-5"].contains(&film.final_master("sessions")));
        let shop = film.unsuccessful().into_iter().filter(|(_, at, _)| *at >= 0.0);
        let seen = &film.record.observations;
        let by_shop = seen
            .operations
            .iter()
            .filter(|op| seen.node(op.client).name == "shop" && !matches!(op.outcome, None | Some(Outcome::Ok(_))));
        assert!(shop.count() > 0 && by_shop.count() == 0, "{}", film.seed());
    }
}

#[test]
fn with_quorum_1_a_single_opinion_starts_a_failover_but_a_majority_still_elects() {
    let text = CLUSTER.replace("quorum = 2", "quorum = 1");
    // Only sentinel-1 loses sight of the master.
    let fault = r#"
[[faults]]
at = "0s"
partition = [["sentinel-1"], ["redis-1"]]
for = "20s"
"#;
    for film in play(&[&text, fault], 0..5) {
        let down = film.about_master(EventKind::OdownEnter);
        assert!(!down.is_empty() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
        let (switched, _) = extent(film.times(EventKind::SwitchMaster));
        assert!(switched < 10_000.0, "{switched}: {}", film.seed());
    }
    // Alone it gets no majority, and nothing is switched.
    let alone = r#"
[[faults]]
at = "0s"
kill = ["sentinel-2", "sentinel-3", "master"]
"#;
    for film in play(&[&text, alone], 0..5) {
        assert!(!film.about_master(EventKind::TryFailover).is_empty(), "{}", film.seed());
        assert!(!film.about_master(EventKind::AbortNotElected).is_empty(), "{}", film.seed());
        assert!(film.times(EventKind::SwitchMaster).is_empty() && !film.converged(), "{}", film.seed());
    }
}

#[test]
fn a_replica_of_priority_zero_is_never_promoted() {
    let redis = "[redis.redis-2]\nreplica-priority = 0\n";
    for film in play(&[CLUSTER, redis, KILL], 0..10) {
        assert!(film.converged() && film.final_master("mymaster") == "redis-3", "{}", film.seed());
    }
    let none = "[redis.redis-2]\nreplica-priority = 0\n[redis.redis-3]\nreplica-priority = 0\n";
    for film in play(&[CLUSTER, none, KILL], 0..3) {
        assert!(!film.about_master(EventKind::AbortNoGoodSlave).is_empty(), "{}", film.seed());
        assert!(film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
    }
}

#[test]
fn the_replica_of_the_lowest_priority_number_is_preferred() {
    let redis = "[redis.redis-3]\nreplica-priority = 10\n";
    for film in play(&[CLUSTER, redis, KILL], 0..10) {
        assert!(film.converged() && film.final_master("mymaster") == "redis-3", "{}", film.seed());
    }
}

#[test]
fn a_master_without_good_replicas_refuses_writes_after_max_lag_and_takes_them_again_after_the_heal() {
    // Redis spec 10: the count of good replicas is renewed once per second; the last acknowledgement may be 1 s old when
    // the partition begins, and a lag above 3 is counted in whole seconds.
    let text = r#"
[redis]
min-replicas-to-write = 1
min-replicas-max-lag = 3
[[clients]]
name = "writer"
profile = "recorder"
workload = { sadd = 50 }
[[faults]]
at = "0s"
partition = [["replicas"], ["master", "writer", "sentinels"]]
for = "10s"
[run]
observe-at-least = "15s"
"#;
    let patient = CLUSTER.replace("2000", "30000");
    for film in play(&[&patient, text], 0..10) {
        let refused = film.unsuccessful();
        let noreplicas = Outcome::Fail(FailReason::Error(ErrorWord::NoReplicas));
        assert!(refused.iter().all(|(.., outcome)| *outcome == noreplicas), "{refused:?}: {}", film.seed());
        let (first, last) = extent(refused.iter().map(|(_, at, _)| *at));
        assert!((2_000.0..5_200.0).contains(&first), "{first}: {}", film.seed());
        // The next retransmission after the heal is 12.6 s after the cut at the latest.
        assert!((10_000.0..14_700.0).contains(&last), "{last}: {}", film.seed());
        let (_, acked) = extent(film.acked().into_iter().map(|(_, at, _)| at));
        assert!(acked > 14_000.0 && film.missing_on("redis-1").is_empty(), "{}", film.seed());
    }
}
