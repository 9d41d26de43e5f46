//! fsync, disk-full, and restarts that find other files than were left.

use crate::support::{CLUSTER, WRITER, extent, play};
use splitbrain::checker::observations::Presence;
use splitbrain::model::event::EventKind;
use splitbrain::model::note::{FailReason, Outcome};

const PATIENT: &str = r#"
[cluster]
replicas = 2
sentinels = 3
[sentinel]
quorum = 2
down-after-milliseconds = 60000
"#;
const EVERYSEC: &str = "[redis]\nappendonly = true\nappendfsync = \"everysec\"\n";
const ALWAYS: &str = "[redis]\nappendonly = true\nappendfsync = \"always\"\n";

/// A fault of the disk of the first master from 0 s to 6 s.
fn at_master(fault: &str) -> String {
    format!("[[faults]]\nat = \"0s\"\n{fault}\nfor = \"6s\"\n[run]\nobserve-at-least = \"15s\"\n")
}

#[test]
fn with_appendfsync_always_every_write_waits_for_a_slow_disk() {
    let fault = at_master("fsync = { of = \"redis-1\", takes = \"100ms..300ms\" }");
    for film in play(&[PATIENT, ALWAYS, WRITER, &fault], 0..5) {
        let took = |low: f64, high: f64| {
            extent(film.acked().iter().filter(|(from, ..)| (low..high).contains(from)).map(|(from, at, _)| at - from))
        };
        assert!(took(0.0, 5_000.0).0 >= 100.0, "{:?}: {}", took(0.0, 5_000.0), film.seed());
        assert!(took(8_000.0, 12_000.0).1 < 100.0, "{:?}: {}", took(8_000.0, 12_000.0), film.seed());
        assert!(film.converged(), "{}", film.seed());
    }
}

#[test]
fn with_everysec_a_disk_that_takes_seconds_stops_the_server_after_two_of_them() {
    // The write is put off for two seconds of unixtime, then it waits for the fsync.
    let fault = at_master("fsync = { of = \"redis-1\", takes = \"5s\" }");
    let patient = WRITER.replacen("500ms", "10s", 1);
    for film in play(&[PATIENT, EVERYSEC, &patient, &fault], 0..5) {
        let (_, longest) = extent(film.acked().iter().filter(|(from, ..)| *from >= 0.0).map(|(from, at, _)| at - from));
        assert!((1_500.0..4_500.0).contains(&longest), "{longest}: {}", film.seed());
        assert!(film.unsuccessful().is_empty() && film.converged(), "{}", film.seed());
    }
}

#[test]
fn a_sentinel_whose_votes_take_seconds_to_save_is_in_tilt() {
    let fault = r#"
[[faults]]
at = "0s"
fsync = { of = "sentinel-1", takes = "1500ms" }
[[faults]]
at = "1s"
kill = "master"
[run]
observe-at-least = "40s"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let tilt: Vec<&str> = film.events(EventKind::TiltEnter).into_iter().map(|(_, by, _)| by).collect();
        assert!(!tilt.is_empty() && tilt.iter().all(|by| *by == "sentinel-1"), "{tilt:?}: {}", film.seed());
    }
}

#[test]
fn an_fsync_that_fails_ends_a_server_that_promised_always_and_makes_another_refuse_writes() {
    let fault = at_master("fsync = { of = \"redis-1\", outcome = \"fails\" }");
    for film in play(&[PATIENT, ALWAYS, WRITER, &fault], 0..5) {
        let dead = film.presence("redis-1", Presence::Dead);
        assert!(dead.len() == 1 && dead[0] < 200.0, "{dead:?}: {}", film.seed());
        // What it could not sync it did not acknowledge.
        let after = film.acked().iter().filter(|(from, _, by)| *from > 0.0 && *by == "redis-1").count();
        assert_eq!(after, 0, "{}", film.seed());
    }
    for film in play(&[CLUSTER, EVERYSEC, WRITER, &fault], 0..5) {
        let refused = film.unsuccessful().iter().any(|(.., how)| is_misconf(how));
        assert!(refused && film.presence("redis-1", Presence::Dead).is_empty(), "{}", film.seed());
        // PING too: Sentinel takes another master (spec 12.5).
        let (down, _) = extent(film.about_master(EventKind::SdownEnter));
        assert!(
            (2_000.0..5_000.0).contains(&down) && film.final_master("mymaster") != "redis-1",
            "{down}: {}",
            film.seed()
        );
    }
}

fn is_misconf(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Fail(FailReason::Error(splitbrain::model::error::ErrorWord::Misconf)))
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room() {
    let fault = at_master("disk-full = \"redis-1\"");
    for film in play(&[PATIENT, EVERYSEC, WRITER, &fault], 0..5) {
        let refused: Vec<f64> =
            film.unsuccessful().iter().filter(|(.., how)| is_misconf(how)).map(|(from, ..)| *from).collect();
        let (first, last) = extent(refused.iter().copied());
        assert!(first < 200.0 && (5_800.0..6_200.0).contains(&last), "{first} {last}: {}", film.seed());
        assert!(film.acked().iter().any(|(from, ..)| *from > 6_300.0) && film.converged(), "{}", film.seed());
        assert_eq!(film.missing_on("redis-1"), Vec::<f64>::new(), "{}", film.seed());
    }
}

#[test]
fn a_replica_with_a_full_disk_ends_itself_at_the_second_write() {
    let fault = at_master("disk-full = \"redis-2\"");
    for film in play(&[PATIENT, EVERYSEC, WRITER, &fault], 0..5) {
        let dead = film.presence("redis-2", Presence::Dead);
        assert!(dead.len() == 1 && dead[0] < 500.0, "{dead:?}: {}", film.seed());
    }
}

#[test]
fn a_disk_that_lies_loses_on_power_loss_what_always_promised_and_nothing_when_the_process_dies() {
    let with = |death: &str| {
        format!(
            "[[faults]]\nat = \"0s\"\nfsync = {{ of = \"redis-1\", outcome = \"lies\" }}\nfor = \"20s\"\n\
             [[faults]]\nat = \"5s\"\n{death} = \"redis-1\"\nfor = \"1s\"\n"
        )
    };
    for film in play(&[PATIENT, ALWAYS, WRITER, &with("power-loss")], 0..5) {
        let (first, last) = extent(film.missing_on("redis-1"));
        assert!(
            (-50.0..100.0).contains(&first) && (4_900.0..5_010.0).contains(&last),
            "{first} {last}: {}",
            film.seed()
        );
    }
    for film in play(&[PATIENT, ALWAYS, WRITER, &with("kill")], 0..5) {
        assert_eq!(film.missing_on("redis-1"), Vec::<f64>::new(), "{}", film.seed());
    }
}

#[test]
fn a_sentinel_restarted_with_its_old_file_is_told_of_the_failover_and_with_a_deleted_one_has_a_new_id() {
    for (config, ids) in [("old", 1), ("deleted", 2)] {
        let fault = format!(
            r#"
[[faults]]
at = "0s"
kill = "master"
[[faults]]
at = "20s"
kill = "sentinel-3"
[[faults]]
at = "22s"
restart = {{ of = "sentinel-3", config = "{config}" }}
[run]
observe-at-least = "30s"
"#
        );
        for film in play(&[CLUSTER, &fault], 0..5) {
            let seen = &film.record.observations;
            let mut own: Vec<_> = seen
                .sentinel_ids
                .iter()
                .filter(|(p, _)| seen.node(*p).name == "sentinel-3")
                .map(|(_, id)| *id)
                .collect();
            own.sort_unstable();
            own.dedup();
            assert_eq!(own.len(), ids, "{config}: {}", film.seed());
            // Either way it begins at the old address, and a hello tells it of the new one (spec 5.3).
            let late =
                film.events(EventKind::SwitchMaster).into_iter().any(|(at, by, _)| at > 22_000.0 && by == "sentinel-3");
            assert!(late && film.final_master("mymaster") != "redis-1", "{config}: {}", film.seed());
        }
    }
}

#[test]
fn a_master_that_is_restarted_without_its_data_wipes_its_replicas() {
    let fault = r#"
[[faults]]
at = "0s"
kill = "redis-1"
[[faults]]
at = "1s"
restart = { of = "redis-1", data = "deleted" }
"#;
    for film in play(&[PATIENT, ALWAYS, WRITER, fault], 0..5) {
        let before = film.acked().iter().filter(|(_, at, _)| *at < 0.0).count();
        let lost = film.missing_on("redis-2").iter().filter(|at| **at < 0.0).count();
        assert!(before > 0 && lost == before && film.converged(), "{lost} of {before}: {}", film.seed());
    }
}
