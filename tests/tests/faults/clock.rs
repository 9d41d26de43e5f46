//! clock-step, clock-drift, clock-freeze and clock-offsets: wall clocks that jump, stand, or are wrong, and clocks of the
//! wrong speed.

use crate::support::{CLUSTER, WRITER, extent, play};
use splitbrain::model::event::{EventKind, Subject};

#[test]
fn a_step_of_a_sentinels_clock_is_tilt_at_its_next_tick_and_for_thirty_seconds() {
    for (by, least, most) in [("10s", 29_900.0, 30_250.0), ("-10s", 29_900.0, 30_250.0)] {
        let fault = format!(
            r#"
[[faults]]
at = "0s"
clock-step = {{ of = "sentinel-1", by = "{by}" }}
[run]
observe-at-least = "33s"
"#
        );
        for film in play(&[CLUSTER, &fault], 0..5) {
            let enter = film.events(EventKind::TiltEnter);
            assert!(enter.len() == 1 && enter[0].1 == "sentinel-1", "{by} {}", film.seed());
            // The period of the timer is 1000/hz ms with hz between 10 and 19.
            assert!((0.0..110.0).contains(&enter[0].0), "{}: {}", enter[0].0, film.seed());
            let leave = film.events(EventKind::TiltLeave);
            assert!(leave.len() == 1 && leave[0].1 == "sentinel-1", "{by} {}", film.seed());
            let lasted = leave[0].0 - enter[0].0;
            assert!((least..most).contains(&lasted), "{by}: {lasted}: {}", film.seed());
        }
    }
}

#[test]
fn a_step_of_less_than_two_seconds_is_no_tilt() {
    let fault = r#"
[[faults]]
at = "0s"
clock-step = { of = "sentinels", by = "1800ms" }
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        assert!(film.times(EventKind::TiltEnter).is_empty(), "{}", film.seed());
    }
}

#[test]
fn a_sentinel_in_tilt_takes_nobody_for_down_and_still_votes() {
    // Spec 2: the down state is answered with 0, votes are granted. With quorum 2 of 3, the other two agree that the
    // master is down; with one of those two gone the vote of the tilted one makes the majority.
    let text = r#"
[cluster]
replicas = 2
sentinels = 3
[sentinel]
quorum = 1
down-after-milliseconds = 2000
failover-timeout = 6000
[[faults]]
at = "0s"
clock-step = { of = "sentinel-1", by = "10s" }
[[faults]]
at = "1s"
kill = ["master", "sentinel-3"]
"#;
    for film in play(&[text], 0..10) {
        let tilted_until = film.times(EventKind::TiltLeave).first().copied().unwrap_or(f64::INFINITY);
        let by_tilted = |kind: EventKind| {
            let events = film.events(kind).into_iter();
            events.filter(|(at, by, _)| (0.0..tilted_until).contains(at) && *by == "sentinel-1").count()
        };
        assert_eq!(by_tilted(EventKind::SdownEnter), 0, "{}", film.seed());
        assert_eq!(by_tilted(EventKind::VoteForLeader), 1, "{}", film.seed());
        let leaders: Vec<&str> = film
            .events(EventKind::ElectedLeader)
            .into_iter()
            .filter(|(at, ..)| *at > 0.0)
            .map(|(_, by, _)| by)
            .collect();
        assert_eq!(leaders, ["sentinel-2"], "{}", film.seed());
        let (switched, _) = extent(film.times(EventKind::SwitchMaster));
        assert!(switched < 1_000.0 + 2_160.0 + 3_000.0, "{switched}: {}", film.seed());
        // It adopts the new master all the same, by hello.
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
    }
}

#[test]
fn a_step_of_a_servers_clock_disturbs_no_client() {
    let fault = r#"
[[faults]]
at = "0s"
clock-step = { of = "redis-2", by = "30s" }
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..5) {
        assert!(film.unsuccessful().is_empty() && film.converged(), "{}", film.seed());
        let down =
            film.events(EventKind::SdownEnter).into_iter().filter(|(.., e)| e.subject == Subject::Master).count();
        assert_eq!(down, 0, "{}", film.seed());
    }
}

#[test]
fn a_sentinel_whose_wall_clock_stands_holds_nobody_for_down_and_is_in_tilt_when_it_jumps_on() {
    // Every period of Sentinel is a difference of wall times (spec 1): with a clock that stands none of them passes.
    let fault = r#"
[[faults]]
at = "0s"
clock-freeze = { of = "sentinel-1" }
for = "15s"
[[faults]]
at = "1s"
kill = "master"
[run]
observe-at-least = "40s"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let by_frozen = |kind: EventKind| -> Vec<f64> {
            let events = film.events(kind).into_iter();
            events.filter(|(at, by, _)| *at > 0.0 && *by == "sentinel-1").map(|(at, ..)| at).collect()
        };
        assert!(by_frozen(EventKind::SdownEnter).iter().all(|at| *at > 15_000.0), "{}", film.seed());
        let tilt = by_frozen(EventKind::TiltEnter);
        assert!(tilt.len() == 1 && (15_000.0..15_110.0).contains(&tilt[0]), "{tilt:?}: {}", film.seed());
        // The other two are a majority.
        let switched = film.times(EventKind::SwitchMaster);
        assert!(switched.iter().any(|at| *at < 10_000.0) && film.converged(), "{}", film.seed());
    }
}

#[test]
fn a_drifting_clock_is_no_tilt_and_scales_the_patience_of_its_sentinel() {
    // down-after is 2 s of the Sentinel's own clock: at 1.5 times the speed they are over after 1.33 s of true time, and at
    // half the speed after 4 s.
    for (ppm, low, high) in [(500_000, 500.0, 2_250.0), (-500_000, 2_000.0, 6_500.0)] {
        let fault = format!(
            r#"
[[faults]]
at = "0s"
clock-drift = {{ of = "sentinel-1", ppm = {ppm} }}
for = "30s"
[[faults]]
at = "10s"
power-loss = "master"
"#
        );
        let mut first = Vec::new();
        // All three have to agree, so that nobody acts before the slow one does.
        let cluster = CLUSTER.replacen("quorum = 2", "quorum = 3", 1);
        for film in play(&[&cluster, &fault], 0..10) {
            assert!(film.times(EventKind::TiltEnter).is_empty(), "{ppm}: {}", film.seed());
            let sdown = film
                .events(EventKind::SdownEnter)
                .into_iter()
                .filter(|(at, by, event)| *at > 10_000.0 && *by == "sentinel-1" && event.subject == Subject::Master);
            first.extend(sdown.map(|(at, ..)| at - 10_000.0).next());
        }
        let (least, most) = extent(first.iter().copied());
        assert!(least >= low && most <= high, "{ppm}: {first:?}");
        let mean = first.iter().sum::<f64>() / first.len() as f64;
        assert!(if ppm > 0 { mean < 2_000.0 } else { mean > 2_600.0 }, "{ppm}: {first:?}");
    }
}

#[test]
fn a_host_named_by_a_clock_fault_means_all_processes_on_it() {
    let text = r#"
[cluster]
replicas = 2
sentinels = 3
hosts = { one = ["sentinel-1", "sentinel-2"] }
[sentinel]
quorum = 2
[[faults]]
at = "0s"
clock-freeze = { of = "one" }
for = "5s"
"#;
    for film in play(&[text], 0..3) {
        let tilt: Vec<&str> = film.events(EventKind::TiltEnter).into_iter().map(|(_, by, _)| by).collect();
        assert!(tilt.len() == 2 && !tilt.contains(&"sentinel-3"), "{tilt:?}: {}", film.seed());
    }
}

#[test]
fn clocks_that_differ_from_the_beginning_disturb_nobody() {
    // No message of Sentinel carries a time: the clocks of two hosts are never compared.
    let text =
        CLUSTER.replacen("[cluster]", "[cluster]\nclock-offsets = { sentinel-1 = \"1h\", redis-2 = \"-1h\" }", 1);
    let fault = "[[faults]]\nat = \"0s\"\nkill = \"master\"\n";
    for film in play(&[&text, fault], 0..5) {
        assert!(film.times(EventKind::TiltEnter).is_empty() && film.converged(), "{}", film.seed());
        let (switched, _) = extent(film.times(EventKind::SwitchMaster));
        assert!(switched < 7_000.0, "{switched}: {}", film.seed());
    }
}
