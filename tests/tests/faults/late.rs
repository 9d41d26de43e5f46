//! start: replicas and Sentinels that join a running cluster.

use crate::support::{CLUSTER, WRITER, play};
use splitbrain::checker::observations::Presence;
use splitbrain::model::event::EventKind;

/// [`CLUSTER`] with these processes late, one more replica and one more Sentinel.
fn cluster() -> String {
    let more = "[cluster]\nlate = [\"redis-4\", \"sentinel-4\"]";
    CLUSTER.replacen("[cluster]", more, 1).replacen("replicas = 2", "replicas = 3", 1).replacen(
        "sentinels = 3",
        "sentinels = 4",
        1,
    )
}

#[test]
fn a_replica_and_a_sentinel_that_are_started_after_a_failover_join_the_new_master() {
    let faults = r#"
[[faults]]
at = "0s"
kill = "master"
[[faults]]
at = "15s"
start = ["redis-4", "sentinel-4"]
[run]
observe-at-least = "30s"
"#;
    for film in play(&[&cluster(), WRITER, faults], 0..5) {
        assert!(film.presence("redis-4", Presence::Running).iter().all(|at| *at >= 15_000.0), "{}", film.seed());
        let told = film.events(EventKind::Slave).into_iter().filter(|(at, ..)| *at > 15_000.0).count();
        let met: Vec<f64> = film.times(EventKind::Sentinel).into_iter().filter(|at| *at > 15_000.0).collect();
        assert!(told >= 4 && met.len() >= 6, "{told} {met:?}: {}", film.seed());
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
        assert_eq!(film.missing_on("redis-4"), film.missing_on(film.final_master("mymaster")), "{}", film.seed());
    }
}

#[test]
fn nothing_restarts_a_late_process_that_was_never_started() {
    let faults = r#"
[[faults]]
at = "0s"
kill = ["redis-4", "sentinel-4"]
for = "1s"
[[faults]]
at = "0s"
power-loss = "redis-4"
for = "1s"
[[faults]]
at = "3s"
restart = "redis-4"
"#;
    for film in play(&[&cluster(), faults], 0..3) {
        for name in ["redis-4", "sentinel-4"] {
            assert!(film.presence(name, Presence::Running).is_empty(), "{name}: {}", film.seed());
        }
        assert!(film.converged(), "{}", film.seed());
    }
}
