//! clock-step: the wall clock of one process jumps.

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
