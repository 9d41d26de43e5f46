//! kill, stop, restart, pause, resume: a process without its host.

use crate::support::{CLUSTER, WRITER, extent, play};
use splitbrain::checker::observations::Presence;
use splitbrain::checker::server_tape::What;
use splitbrain::model::event::{EventKind, Subject};
use splitbrain::model::note::{FailReason, Outcome};

#[test]
fn a_killed_master_closes_its_connections_at_once_and_refuses_new_ones() {
    let fault = r#"
[[faults]]
at = "0s"
kill = "master"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..10) {
        let failed = film.unsuccessful();
        assert!(failed.len() > 5, "{}", film.seed());
        // No write waits for its timeout: it sees the end of stream, or a refused connect.
        for (invoked, completed, outcome) in failed {
            let fast = completed - invoked.max(0.0) < 5.0;
            let expected = matches!(
                outcome,
                Outcome::Info(FailReason::Closed) | Outcome::Fail(FailReason::Connect | FailReason::Closed)
            );
            assert!(
                !(0.0..2_000.0).contains(&completed) || fast && expected,
                "{outcome:?} at {completed}: {}",
                film.seed()
            );
        }
    }
}

#[test]
fn the_death_of_a_process_is_noticed_after_down_after_and_a_tenth_of_a_second() {
    // Sentinel spec 6.1: the link breaks, the next tick reconnects and pings: down-after + 0.02 to 0.15 s.
    let fault = r#"
[[faults]]
at = "0s"
kill = "master"
"#;
    for film in play(&[CLUSTER, fault], 0..20) {
        let sdown = film.about_master(EventKind::SdownEnter);
        let (first, _) = extent(sdown.iter().copied());
        assert!((2_000.0..2_160.0).contains(&first), "{first}: {}", film.seed());
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
    }
}

#[test]
fn a_killed_process_comes_back_after_the_time_given_with_for_as_a_replica() {
    let fault = r#"
[[faults]]
at = "0s"
kill = "master"
for = "12s"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let back = film.presence("redis-1", Presence::Running);
        assert!(back.len() == 1 && (12_000.0..12_100.0).contains(&back[0]), "{back:?}: {}", film.seed());
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
        // It thinks it is a master until a Sentinel has watched that for 8 s (spec 4.3).
        let (first, _) = extent(film.times(EventKind::ConvertToSlave));
        assert!((12_000.0 + 8_000.0..12_000.0 + 25_000.0).contains(&first), "{first}: {}", film.seed());
    }
}

#[test]
fn a_stopped_master_hands_over_everything_and_exits_with_the_next_acknowledgement() {
    // Redis spec 12.6: the answer to GETACK does not cover the GETACK itself, so the acknowledgement that replicas send
    // every second decides.
    let fault = r#"
[[faults]]
at = "0s"
stop = "master"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..10) {
        let gone = film.presence("redis-1", Presence::Dead);
        assert!(gone.len() == 1 && gone[0] < 1_300.0, "{gone:?}: {}", film.seed());
        let new = film.final_master("mymaster").to_owned();
        assert_ne!(new, "redis-1");
        assert_eq!(film.missing_on(&new), Vec::<f64>::new(), "{}", film.seed());
    }
}

#[test]
fn a_stopped_master_waits_for_a_paused_replica_and_never_answers_the_writes_it_postponed() {
    // Redis spec 12.6 and vector V16: exit after 10.1 s, postponed writes are never executed.
    let text = r#"
[cluster]
replicas = 1
sentinels = 1
[sentinel]
quorum = 1
down-after-milliseconds = 60000
[[faults]]
at = "0s"
pause = "replica"
[[faults]]
at = "1s"
stop = "redis-1"
[run]
observe-at-least = "15s"
"#;
    for film in play(&[text, WRITER], 0..10) {
        let gone = film.presence("redis-1", Presence::Dead);
        assert!(gone.len() == 1 && (11_000.0..11_250.0).contains(&gone[0]), "{gone:?}: {}", film.seed());
        // The cron that acts on SIGTERM comes within 100 ms.
        let late = film.acked().into_iter().filter(|(_, at, _)| *at > 1_110.0).count();
        assert_eq!(late, 0, "{}", film.seed());
        let seen = &film.record.observations;
        let executed = seen.applied.iter().filter(|applied| film.ms(applied.at) > 1_110.0).count();
        assert_eq!(executed, 0, "{}", film.seed());
    }
}

#[test]
fn a_stopped_replica_that_ends_in_its_first_timer_after_a_pause_reads_nothing_of_what_waits_for_it() {
    let faults = r#"
[[faults]]
at = "0s"
stop = "redis-2"
[[faults]]
at = "2ms"
pause = "redis-2"
for = "2s"
"#;
    let mut late = 0;
    for film in play(&[CLUSTER, WRITER, faults], 0..20) {
        let gone = film.presence("redis-2", Presence::Dead);
        assert_eq!(gone.len(), 1, "{}", film.seed());
        late += u32::from(gone[0] > 1_999.0);
        let seen = &film.record.observations;
        let mut own = seen.server_tape.iter().filter(|item| seen.node(item.node).name == "redis-2");
        let exit = own.find(|item| matches!(item.what, What::Exited(_)));
        assert!(exit.is_some(), "{}", film.seed());
        assert_eq!(own.count(), 0, "{}", film.seed());
    }
    assert!(late > 10, "the pause came before the timer in {late} of 20 runs");
}

#[test]
fn a_process_that_was_stopped_and_started_again_is_not_killed_by_the_impatience_of_its_stopper() {
    // SIGKILL follows SIGTERM after shutdown-timeout + 10 s, but only for the life that was asked to end.
    let fault = r#"
[[faults]]
at = "0s"
stop = "sentinel-2"
for = "5s"
[[faults]]
at = "30s"
kill = "sentinel-3"
"#;
    for film in play(&[CLUSTER, fault], 0..3) {
        assert_eq!(film.presence("sentinel-2", Presence::Dead).len(), 1, "{}", film.seed());
        let ids: Vec<_> = film
            .record
            .observations
            .sentinel_ids
            .iter()
            .filter(|(node, _)| film.record.observations.node(*node).name == "sentinel-2")
            .map(|(_, id)| *id)
            .collect();
        assert!(ids.len() == 2 && ids[0] == ids[1], "myid survives in sentinel.conf: {}", film.seed());
    }
}

#[test]
fn a_paused_master_still_accepts_connections_and_executes_what_was_queued_when_it_wakes() {
    let fault = r#"
[[faults]]
at = "0s"
pause = "master"
for = "1200ms"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..10) {
        // Connects succeed, so operations end by their timeout and never by a refusal.
        let during: Vec<_> = film.unsuccessful().into_iter().filter(|(_, at, _)| (0.0..1_200.0).contains(at)).collect();
        assert!(!during.is_empty(), "{}", film.seed());
        for (_, at, outcome) in &during {
            assert!(
                matches!(outcome, Outcome::Info(FailReason::Timeout) | Outcome::Fail(FailReason::Handshake)),
                "{outcome:?} at {at}: {}",
                film.seed()
            );
        }
        // The write that timed out is executed all the same (Redis spec 15.1, vector V2).
        let seen = &film.record.observations;
        let timed_out = film.operations().iter().filter(|op| op.outcome == Some(Outcome::Info(FailReason::Timeout)));
        for op in timed_out {
            let executed = seen.applied.iter().find(|applied| applied.command == op.command);
            let at = executed.map(|applied| film.ms(applied.at));
            assert!(at.is_some_and(|at| (1_200.0..1_300.0).contains(&at)), "{at:?}: {}", film.seed());
        }
        assert!(film.about_master(EventKind::SdownEnter).is_empty(), "1.2 s is less than down-after");
    }
}

#[test]
fn a_mute_process_is_noticed_up_to_a_ping_period_later_than_a_dead_one() {
    // Spec 6.1: the first ping without an answer leaves 0 to 1.1 s after the fault.
    let fault = r#"
[[faults]]
at = "0s"
pause = "master"
"#;
    let films = play(&[CLUSTER, fault], 0..30);
    let (low, high) = extent(
        films.iter().flat_map(|film| film.about_master(EventKind::SdownEnter).into_iter().filter(|at| *at < 4_000.0)),
    );
    assert!(low >= 2_000.0 && high <= 3_250.0, "{low} {high}");
    assert!(low < 2_300.0 && high > 2_850.0, "pings are at all phases: {low} {high}");
}

#[test]
fn a_sentinel_that_slept_longer_than_two_seconds_wakes_up_in_tilt() {
    let fault = r#"
[[faults]]
at = "0s"
pause = "sentinel-1"
[[faults]]
at = "3s"
resume = "sentinel-1"
[[faults]]
at = "40s"
kill = "replica"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let tilt = film.events(EventKind::TiltEnter);
        assert!(tilt.len() == 1 && tilt[0].1 == "sentinel-1", "{}", film.seed());
        assert!((3_000.0..3_150.0).contains(&tilt[0].0), "{}: {}", tilt[0].0, film.seed());
    }
}

#[test]
fn a_restart_within_down_after_is_no_failover() {
    let fault = r#"
[[faults]]
at = "0s"
kill = "sentinel-2"
[[faults]]
at = "0s"
kill = "master"
[[faults]]
at = "1s"
restart = ["redis-1", "sentinel-2"]
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        assert!(film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
        assert!(!film.times(EventKind::Reboot).is_empty(), "{}", film.seed());
        let subjects =
            film.events(EventKind::SdownEnter).into_iter().filter(|(.., event)| event.subject == Subject::Master);
        assert_eq!(subjects.count(), 0, "{}", film.seed());
    }
}

#[test]
fn a_restart_that_comes_before_the_exit_waits_for_it() {
    let faults = r#"
[[faults]]
at = "0s"
pause = "redis-2"
[[faults]]
at = "1s"
stop = "redis-1"
for = "1s"
"#;
    for film in play(&[CLUSTER, WRITER, faults], 0..4) {
        let (dead, running) = (film.presence("redis-1", Presence::Dead), film.presence("redis-1", Presence::Running));
        assert_eq!((dead.len(), running.len()), (1, 1), "{}", film.seed());
        assert!(dead[0] >= 10_900.0 && running[0] > dead[0] && running[0] < dead[0] + 200.0, "{}", film.seed());
    }
}
