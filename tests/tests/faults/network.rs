//! partition, drop, isolate, heal, link: packets that do not arrive, or late. Nothing that TCP carries is lost by it.

use crate::support::{CLUSTER, WRITER, extent, play};
use splitbrain::model::event::{EventKind, Subject};
use splitbrain::model::note::{FailReason, Outcome};

#[test]
fn an_isolated_master_answers_nobody_and_is_replaced() {
    let fault = r#"
[[faults]]
at = "0s"
isolate = "master"
for = "20s"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..10) {
        let (first, _) = extent(film.about_master(EventKind::SdownEnter));
        assert!((2_000.0..3_250.0).contains(&first), "{first}: {}", film.seed());
        let by_old = film.acked().into_iter().filter(|(_, at, server)| *at > 1.0 && *server == "redis-1").count();
        assert_eq!(by_old, 0, "{}", film.seed());
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
    }
}

#[test]
fn the_rest_of_a_drop_is_everything_on_neither_side() {
    let fault = r#"
[[faults]]
at = "0s"
drop = { from = "rest", to = "master" }
for = "20s"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..5) {
        let (first, _) = extent(film.about_master(EventKind::SdownEnter));
        assert!((2_000.0..3_250.0).contains(&first), "{first}: {}", film.seed());
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
    }
}

#[test]
fn a_partition_keeps_what_is_inside_a_group_together() {
    let text = r#"
[cluster]
replicas = 2
sentinels = 3
hosts = { near = [], far = [] }
[sentinel]
quorum = 2
down-after-milliseconds = 2000
failover-timeout = 6000
[[clients]]
name = "beside-the-master"
host = "near"
profile = "recorder"
workload = { sadd = 50 }
[[clients]]
name = "beside-the-majority"
host = "far"
profile = "recorder"
workload = { sadd = 50 }
[[faults]]
at = "0s"
partition = [["redis-1", "sentinel-1", "near"], ["rest"]]
for = "15s"
"#;
    for film in play(&[text], 0..5) {
        let late = |server: &str| {
            film.acked().into_iter().filter(|(_, at, on)| *on == server && (10_000.0..15_000.0).contains(at)).count()
        };
        let new = film.final_master("mymaster").to_owned();
        assert_ne!(new, "redis-1", "{}", film.seed());
        // Both sides go on: a split brain.
        assert!(late("redis-1") > 100 && late(&new) > 100, "{}", film.seed());
        // The lone Sentinel sees the master well, and the replicas and its peers gone.
        let lone =
            film.events(EventKind::SdownEnter).into_iter().filter(|(at, by, _)| *at >= 0.0 && *by == "sentinel-1");
        let subjects: Vec<Subject> = lone.map(|(.., event)| event.subject).collect();
        assert!(subjects.len() >= 4 && !subjects.contains(&Subject::Master), "{subjects:?}: {}", film.seed());
    }
}

#[test]
fn after_a_heal_a_stream_goes_on_at_its_next_retransmission_and_an_unanswered_connect_at_its_next_syn() {
    // Redis spec 15.1: retries about 0.2, 0.6, 1.4, 3.0, 6.2 s after the loss, SYNs after 1, 3, 7 s.
    let text = r#"
[cluster]
replicas = 0
sentinels = 1
[sentinel]
quorum = 1
down-after-milliseconds = 60000
[[clients]]
name = "patient"
profile = "recorder"
timeout = "30s"
connect-timeout = "30s"
workload = { sadd = 50 }
[[faults]]
at = "0s"
partition = [["patient"], ["rest"]]
for = "4s"
"#;
    for film in play(&[text], 0..10) {
        let across: Vec<f64> = film
            .acked()
            .into_iter()
            .filter(|(from, at, _)| *from < 4_000.0 && *at > 1.0)
            .map(|(_, at, _)| at)
            .collect();
        assert_eq!(across.len(), 1, "one operation at a time: {}", film.seed());
        // Sent within 20 ms of the cut at the latest, so the retry after the heal comes near 6.2 s, or, if only the
        // answer was lost, the server's retry does.
        assert!((6_150.0..6_300.0).contains(&across[0]), "{across:?}: {}", film.seed());
    }
    let reconnecting = text.replace("timeout = \"30s\"\nconnect", "timeout = \"300ms\"\nconnect");
    assert_ne!(text, reconnecting);
    for film in play(&[&reconnecting], 0..10) {
        let acked = film.acked();
        let (first, ..) = acked.iter().copied().find(|(_, at, _)| *at > 1.0).expect("it goes on");
        let (_, again, _) = acked.iter().copied().find(|(from, ..)| *from >= first).expect("it goes on");
        // The Sentinel is asked with a timeout of 250 ms first, so SYNs to the server do not leave before the heal.
        assert!((4_000.0..5_500.0).contains(&again), "{again}: {}", film.seed());
    }
}

#[test]
fn a_dropped_direction_is_as_bad_as_both_for_requests_but_not_for_what_flows_the_other_way() {
    // Nothing from the master reaches the writer: its requests arrive and are executed, answers do not.
    let there = r#"
[[faults]]
at = "0s"
drop = { from = "master", to = "writer" }
for = "5s"
"#;
    let patient = CLUSTER.replace("2000", "30000");
    for film in play(&[&patient, WRITER, there], 0..10) {
        let first = film.unsuccessful().into_iter().find(|(_, at, _)| *at >= 0.0).expect("a timeout");
        assert!(matches!(first.2, Outcome::Info(FailReason::Timeout)), "{first:?}: {}", film.seed());
        let lost = film.operations().iter().find(|op| op.outcome == Some(first.2)).expect("that operation");
        let seen = &film.record.observations;
        let executed = seen.applied.iter().find(|applied| applied.command == lost.command);
        let at = executed.map(|applied| film.ms(applied.at));
        assert!(at.is_some_and(|at| at < 30.0), "{at:?}: {}", film.seed());
        assert!(film.times(EventKind::SdownEnter).is_empty(), "the Sentinels see nothing of it");
    }
    // Nothing from the writer reaches the master: nothing is executed in time.
    let back = there.replace("from = \"master\", to = \"writer\"", "from = \"writer\", to = \"master\"");
    for film in play(&[&patient, WRITER, &back], 0..10) {
        let seen = &film.record.observations;
        let executed = seen.applied.iter().filter(|applied| (1.0..5_000.0).contains(&film.ms(applied.at))).count();
        assert_eq!(executed, 0, "{}", film.seed());
    }
}

#[test]
fn heal_ends_every_network_fault_and_nothing_else() {
    let fault = r#"
[[faults]]
at = "0s"
drop = { from = "writer", to = "master" }
[[faults]]
at = "0s"
link = { a = "replicas", latency = "300ms", loss = "5%" }
[[faults]]
at = "0s"
kill = "sentinel-3"
[[faults]]
at = "5s"
heal = true
[run]
observe-at-least = "10s"
"#;
    let patient = CLUSTER.replace("2000", "30000");
    for film in play(&[&patient, WRITER, fault], 0..5) {
        let late: Vec<_> = film.acked().into_iter().filter(|(from, ..)| *from > 8_000.0).collect();
        assert!(late.len() > 50 && late.iter().all(|(from, at, _)| at - from < 50.0), "{}", film.seed());
        assert!(film.converged());
    }
}

#[test]
fn latency_of_a_link_shows_in_the_duration_of_operations() {
    let fault = r#"
[[faults]]
at = "2s"
link = { a = "writer", b = "master", latency = "20ms..30ms" }
for = "5s"
[[faults]]
at = "12s"
kill = "sentinel-3"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..5) {
        let (slow_from, slow_until) = (0.0, 5_000.0);
        let duration = |from: f64, until: f64| {
            let some = film.acked().into_iter().filter(move |(at, ..)| (from..until).contains(at));
            extent(some.map(|(at, done, _)| done - at))
        };
        let (least, most) = duration(slow_from, slow_until - 100.0);
        assert!(least >= 40.0 && most < 62.0, "{least} {most}: {}", film.seed());
        let (_, most) = duration(slow_until + 100.0, 9_000.0);
        assert!(most < 15.0, "{most}: {}", film.seed());
    }
}

#[test]
fn loss_delays_and_loses_no_data() {
    let fault = r#"
[[faults]]
at = "0s"
link = { a = "master", loss = "2%" }
for = "30s"
"#;
    let patient = CLUSTER.replace("2000", "30000");
    let writer = WRITER.replace("500ms", "30s");
    for film in play(&[&patient, &writer, fault], 0..5) {
        assert!(film.unsuccessful().is_empty(), "{:?}: {}", film.unsuccessful(), film.seed());
        assert!(film.converged() && film.acked().len() > 400, "{}", film.seed());
        for server in ["redis-1", "redis-2", "redis-3"] {
            assert_eq!(film.missing_on(server), Vec::<f64>::new(), "{server}: {}", film.seed());
        }
        // A lost packet costs at least the first retransmission timeout.
        let slow = film.acked().into_iter().filter(|(from, at, _)| at - from >= 200.0).count();
        let between = film.acked().into_iter().filter(|(from, at, _)| (50.0..190.0).contains(&(at - from))).count();
        assert!(slow > 5 && between == 0, "{slow} {between}: {}", film.seed());
    }
}
