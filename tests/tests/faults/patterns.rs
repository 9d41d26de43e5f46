//! link in one direction and with a bandwidth; flap, spikes, bridge, majorities-ring, isolate-one, swizzle.

use crate::support::{CLUSTER, Film, WRITER, extent, play};
use splitbrain::model::event::EventKind;

/// How long acknowledged writes took that began in this span.
fn took(film: &Film, low: f64, high: f64) -> (f64, f64) {
    extent(film.acked().iter().filter(|(from, ..)| (low..high).contains(from)).map(|(from, at, _)| at - from))
}

/// Descriptions of the faults that begin like this.
fn faults<'f>(film: &'f Film, begin: &str) -> Vec<(f64, &'f str)> {
    film.faults().into_iter().filter(|(_, what)| what.starts_with(begin)).collect()
}

#[test]
fn a_slow_direction_costs_its_latency_once_and_a_slow_link_twice() {
    for (sides, low) in [("from = \"redis-1\", to = \"writer\"", 100.0), ("a = \"redis-1\", b = \"writer\"", 200.0)] {
        let fault = format!("[[faults]]\nat = \"0s\"\nlink = {{ {sides}, latency = \"100ms\" }}\nfor = \"5s\"\n");
        for film in play(&[CLUSTER, WRITER, &fault], 0..3) {
            let (least, most) = took(&film, 1.0, 4_500.0);
            assert!(least >= low && most < low + 20.0, "{sides}: {least} {most}: {}", film.seed());
            assert!(took(&film, 5_500.0, 9_000.0).1 < 20.0, "{}", film.seed());
        }
    }
}

#[test]
fn behind_a_narrow_link_requests_wait_for_each_other() {
    // A request of some hundred bytes, headers included, takes longer than 20 ms at 4,000 bytes a second.
    let fault = r#"
[[faults]]
at = "0s"
link = { from = "writer", to = "redis-1", bandwidth = 4000 }
for = "5s"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..3) {
        let (least, most) = took(&film, 1.0, 4_500.0);
        assert!(least >= 20.0 && most < 500.0, "{least} {most}: {}", film.seed());
        assert!(took(&film, 6_000.0, 9_000.0).1 < 20.0 && film.converged(), "{}", film.seed());
    }
}

#[test]
fn a_master_that_flaps_for_less_than_down_after_is_kept_and_for_more_is_replaced() {
    for (down, replaced) in [("500ms", false), ("4s", true)] {
        let fault = format!(
            "[[faults]]\nat = \"0s\"\nflap = {{ of = \"master\", up = \"3s..4s\", down = \"{down}\" }}\nfor = \"20s\"\n"
        );
        for film in play(&[CLUSTER, &fault], 0..5) {
            let cuts = faults(&film, "isolate redis-1");
            assert!(cuts.len() >= 3 && cuts.len() == faults(&film, "isolate").len(), "{}", film.seed());
            assert_eq!(!film.times(EventKind::SwitchMaster).is_empty(), replaced, "{down}: {}", film.seed());
            let (_, last) = extent(film.faults().into_iter().map(|(at, _)| at));
            assert!(last <= 20_000.0 && film.converged(), "{last}: {}", film.seed());
        }
    }
}

#[test]
fn spikes_slow_some_requests_and_no_others() {
    let fault = r#"
[[faults]]
at = "0s"
spikes = { of = "redis-1", latency = "100ms", every = "900ms", lasts = "300ms" }
for = "10s"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..3) {
        let slow = film.acked().iter().filter(|(from, at, _)| *from > 0.0 && at - from > 50.0).count();
        let quick =
            film.acked().iter().filter(|(from, at, _)| (0.0..10_000.0).contains(from) && at - from < 20.0).count();
        assert!(slow > 0 && quick > 2 * slow, "{slow} {quick}: {}", film.seed());
        assert!(film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
    }
}

#[test]
fn a_bridge_stands_in_neither_half() {
    let fault = r#"
[[faults]]
at = "0s"
bridge = "sentinel-2"
for = "10s"
[run]
observe-at-least = "20s"
"#;
    let mut halves = Vec::new();
    for film in play(&[CLUSTER, fault], 0..6) {
        let cut = faults(&film, "partition");
        assert!(cut.len() == 1 && !cut[0].1.contains("sentinel-2") && cut[0].1.contains(" | "), "{}", film.seed());
        halves.push(cut[0].1.to_owned());
        assert!(film.converged(), "{}", film.seed());
    }
    halves.dedup();
    assert!(halves.len() > 1, "each seed draws its own: {halves:?}");
}

#[test]
fn in_a_ring_of_majorities_somebody_is_elected() {
    let text = r#"
[cluster]
replicas = 2
sentinels = 5
[sentinel]
quorum = 2
down-after-milliseconds = 2000
failover-timeout = 6000
[[faults]]
at = "0s"
majorities-ring = ["sentinel-1", "sentinel-2", "sentinel-3", "sentinel-4", "sentinel-5"]
for = "60s"
[[faults]]
at = "1s"
kill = "master"
"#;
    for film in play(&[text], 0..5) {
        assert_eq!(faults(&film, "partition").len(), 5, "each loses two of five: {}", film.seed());
        let switched = film.times(EventKind::SwitchMaster);
        assert!(switched.iter().any(|at| *at < 60_000.0) && film.converged(), "{switched:?}: {}", film.seed());
    }
}

#[test]
fn isolate_one_takes_another_one_for_another_seed() {
    let fault = "[[faults]]\nat = \"0s\"\nisolate-one = [\"redis-2\", \"redis-3\", \"sentinel-1\"]\nfor = \"1s\"\n";
    let films = play(&[CLUSTER, fault], 0..20);
    for name in ["redis-2", "redis-3", "sentinel-1"] {
        let text = format!("isolate {name}");
        assert!(films.iter().any(|film| faults(film, &text).len() == 1), "{name}");
    }
    assert!(films.iter().all(|film| faults(film, "isolate").len() == 1));
}

#[test]
fn after_a_swizzle_everybody_is_back() {
    let fault = r#"
[[faults]]
at = "0s"
swizzle = { of = ["redis-1", "redis-2", "sentinel-1", "sentinel-2"], every = "1s..2s" }
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        assert_eq!(faults(&film, "isolate").len(), 4, "{}", film.seed());
        assert_eq!(faults(&film, "end of isolate").len(), 4, "{}", film.seed());
        assert!(film.converged(), "{}", film.seed());
    }
}
