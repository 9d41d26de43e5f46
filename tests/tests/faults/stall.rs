//! stall: a host stands still with its kernel.

use crate::support::{CLUSTER, WRITER, play};
use splitbrain::checker::observations::Presence;
use splitbrain::model::event::EventKind;

const STALLED: &str = r#"
[[faults]]
at = "0s"
stall = "master"
for = "8s"
"#;

#[test]
fn a_stalled_master_accepts_nobody_and_is_replaced() {
    for film in play(&[CLUSTER, WRITER, STALLED], 0..10) {
        assert_eq!(film.presence("redis-1", Presence::Paused), [0.0], "{}", film.seed());
        assert_eq!(film.presence("redis-1", Presence::Running), [8_000.0], "{}", film.seed());
        let during: Vec<f64> = film
            .acked()
            .iter()
            .filter(|(_, at, by)| (1.0..8_000.0).contains(at) && *by == "redis-1")
            .map(|a| a.1)
            .collect();
        assert!(during.is_empty(), "{during:?}: {}", film.seed());
        let down = film.about_master(EventKind::SdownEnter);
        assert!(down.len() >= 2 && down.iter().all(|at| (1_990.0..8_000.0).contains(at)), "{down:?}: {}", film.seed());
        assert!(film.times(EventKind::TiltEnter).is_empty(), "its clock is no Sentinel's: {}", film.seed());
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
    }
}

#[test]
fn what_lay_in_the_card_is_executed_at_once_when_the_host_goes_on() {
    // The request in flight is answered within a round trip of the end; a stopped clock would have been asked again.
    let text = r#"
[cluster]
replicas = 2
sentinels = 3
[sentinel]
quorum = 2
down-after-milliseconds = 30000
[[clients]]
name = "writer"
profile = "recorder"
timeout = "20s"
workload = { sadd = 50 }
"#;
    for film in play(&[text, STALLED], 0..5) {
        let late: Vec<(f64, f64)> =
            film.acked().iter().filter(|(from, _, _)| (-5.0..20.0).contains(from)).map(|a| (a.0, a.1)).collect();
        assert!(late.iter().any(|(_, at)| (8_000.0..8_010.0).contains(at)), "{late:?}: {}", film.seed());
        assert!(film.unsuccessful().is_empty() && film.converged(), "{}", film.seed());
        // Both clocks went on, but a server compares none of its own readings with anything but the link timeout.
        assert!(film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
    }
}

#[test]
fn a_stalled_sentinel_is_in_tilt_when_it_goes_on() {
    let fault = r#"
[[faults]]
at = "0s"
stall = "sentinel-1"
for = "5s"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let tilt: Vec<(f64, &str)> =
            film.events(EventKind::TiltEnter).into_iter().map(|(at, by, _)| (at, by)).collect();
        assert!(tilt.len() == 1 && tilt[0].1 == "sentinel-1" && (5_000.0..5_110.0).contains(&tilt[0].0), "{tilt:?}");
    }
}

#[test]
fn what_is_done_to_processes_of_a_stalled_host_shows_when_it_goes_on() {
    let text = r#"
[cluster]
replicas = 2
sentinels = 3
hosts = { one = ["redis-2", "sentinel-3"] }
[sentinel]
quorum = 2
down-after-milliseconds = 2000
failover-timeout = 6000
[[faults]]
at = "0s"
stall = "one"
for = "6s"
[[faults]]
at = "1s"
pause = "redis-2"
for = "10s"
[[faults]]
at = "2s"
kill = "sentinel-3"
for = "1s"
"#;
    for film in play(&[text], 0..5) {
        assert_eq!(film.presence("redis-2", Presence::Running), [11_000.0], "{}", film.seed());
        let back = film.presence("sentinel-3", Presence::Running);
        assert!(back.len() == 1 && back[0] >= 6_000.0, "{back:?}: {}", film.seed());
        assert!(film.converged(), "{}", film.seed());
    }
}

#[test]
fn a_stalled_host_that_loses_power_boots_like_any_other() {
    let fault = r#"
[[faults]]
at = "0s"
stall = "redis-2"
for = "20s"
[[faults]]
at = "2s"
power-loss = "redis-2"
for = "5s"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..5) {
        let back = film.presence("redis-2", Presence::Running);
        assert!(back.len() == 1 && (7_000.0..7_100.0).contains(&back[0]), "{back:?}: {}", film.seed());
        assert!(film.converged(), "{}", film.seed());
    }
}
