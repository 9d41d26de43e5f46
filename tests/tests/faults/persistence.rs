//! What a restart finds on disk (Redis spec 12): restarts of a master inside down-after, so that nobody else takes
//! over and what is lost is lost by the disk alone.

use crate::support::{WRITER, extent, play};
use splitbrain::model::event::EventKind;

const PATIENT: &str = r#"
[cluster]
replicas = 2
sentinels = 3
[sentinel]
quorum = 2
down-after-milliseconds = 30000
"#;

const EVERYSEC: &str = "[redis]\nappendonly = true\nappendfsync = \"everysec\"\n";
const ALWAYS: &str = "[redis]\nappendonly = true\nappendfsync = \"always\"\n";

const KILLED: &str = r#"
[[faults]]
at = "5s"
kill = "master"
for = "500ms"
[run]
phase = "0s..1s"
"#;

const POWERLESS: &str = r#"
[[faults]]
at = "5s"
power-loss = "master"
for = "2s"
[run]
phase = "0s..1s"
"#;

#[test]
fn a_master_without_files_that_restarts_before_it_is_missed_wipes_its_replicas() {
    for film in play(&[PATIENT, WRITER, KILLED], 0..5) {
        assert!(film.converged() && film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
        for server in ["redis-1", "redis-2", "redis-3"] {
            let missing = film.missing_on(server);
            let before = film.acked().iter().filter(|(_, at, _)| *at < 0.0).count();
            let lost = missing.iter().filter(|at| **at < 0.0).count();
            assert!(before > 200 && lost == before, "{server} lost {lost} of {before}: {}", film.seed());
        }
    }
}

#[test]
fn an_append_only_file_loses_nothing_when_the_process_dies() {
    for redis in [EVERYSEC, ALWAYS] {
        for film in play(&[PATIENT, redis, WRITER, KILLED], 0..8) {
            assert!(film.converged() && film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
            for server in ["redis-1", "redis-2", "redis-3"] {
                assert_eq!(film.missing_on(server), Vec::<f64>::new(), "{server}: {}", film.seed());
            }
        }
    }
}

#[test]
fn a_power_loss_costs_everysec_at_most_its_last_two_seconds() {
    let films = play(&[PATIENT, EVERYSEC, WRITER, POWERLESS], 0..12);
    let mut lost = 0;
    for film in &films {
        assert!(film.converged() && film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
        let missing = film.missing_on("redis-1");
        lost += missing.len();
        let (first, last) = extent(missing.iter().copied());
        assert!(missing.is_empty() || first > -2_000.0 && last <= 0.0, "{first} to {last}: {}", film.seed());
        // What the master has lost, its replicas lose to it.
        assert_eq!(film.missing_on("redis-2"), missing, "{}", film.seed());
    }
    assert!(lost > 0, "between two fsyncs something is at risk");
}

#[test]
fn a_power_loss_costs_fsync_always_no_acknowledged_write() {
    for film in play(&[PATIENT, ALWAYS, WRITER, POWERLESS], 0..12) {
        assert!(film.converged(), "{}", film.seed());
        assert!(film.acked().len() > 200, "{}", film.seed());
        assert_eq!(film.missing_on("redis-1"), Vec::<f64>::new(), "{}", film.seed());
    }
}
