//! dns, hostnames, names-vanish: what looking names up does to Sentinels, servers and applications.

use crate::support::{CLUSTER, WRITER, play};
use splitbrain::model::event::EventKind;
use splitbrain::model::note::Note;

/// [`CLUSTER`], everybody by name; `cluster` holds more keys of its section.
fn by_name(cluster: &str) -> String {
    let section = format!("[cluster]\nhostnames = true\n{cluster}");
    let names = "[sentinel]\nresolve-hostnames = true\nannounce-hostnames = true";
    CLUSTER.replacen("[cluster]", &section, 1).replacen("[sentinel]", names, 1)
}

#[test]
fn slow_answers_are_tilt_once_the_questions_that_pile_up_take_two_seconds() {
    // Every attempt to connect, INFO of each replica and question of another Sentinel looks the master up. A Sentinel
    // whose questions are not answered asks with every tick (spec 6.4), fourteen times a second: where an answer takes
    // longer than its share of that, questions pile up until one pass of the event loop takes two seconds.
    for (after, tilt) in [("5ms", false), ("200ms", true)] {
        let fault = format!(
            r#"
[[faults]]
at = "0s"
dns = {{ at = "sentinel-1", of = "redis-1", answers = "slow", after = "{after}" }}
[[faults]]
at = "1s"
kill = "redis-1"
[run]
observe-at-least = "12s"
heal = "12s"
"#
        );
        for film in play(&[&by_name(""), &fault], 0..5) {
            let tilts = film.events(EventKind::TiltEnter);
            assert_eq!(tilts.iter().any(|(_, who, _)| *who == "sentinel-1"), tilt, "{after}: {}", film.seed());
            assert!(tilts.iter().all(|(_, who, _)| *who == "sentinel-1"), "nobody else asks in vain: {}", film.seed());
        }
    }
}

#[test]
fn an_outage_that_ends_while_a_sentinel_waits_is_over_for_it_too() {
    // Measured on 7.0.15 with glibc 2.36: while the name server was mute +tilt came again every 10.1 s, and the last of
    // them 0.2 to 1.9 s after it answered again; -tilt 30 s later.
    let fault = r#"
[[faults]]
at = "0s"
dns = { at = "sentinels", answers = "never" }
for = "30s"
[[faults]]
at = "1s"
kill = "redis-1"
[run]
observe-at-least = "75s"
heal = "75s"
"#;
    for film in play(&[&by_name(""), fault], 0..5) {
        let entered: Vec<f64> = film.events(EventKind::TiltEnter).iter().map(|(at, _, _)| *at).collect();
        let left = film.events(EventKind::TiltLeave);
        assert!(entered.iter().all(|at| *at < 41_000.0), "{entered:?} {}", film.seed());
        assert!(left.iter().all(|(at, _, _)| (59_000.0..71_500.0).contains(at)), "{left:?} {}", film.seed());
        assert_eq!(left.len(), 3, "{}", film.seed());
        let switched = film.times(EventKind::SwitchMaster);
        assert!(switched.iter().all(|at| *at > 59_000.0), "not before TILT is over: {switched:?} {}", film.seed());
    }
}

#[test]
fn a_replica_whose_masters_name_fails_connects_when_it_is_back() {
    let fault = r#"
[[faults]]
at = "0s"
dns = { at = "redis-2", of = "redis-1", answers = "fails" }
for = "10s"
[[faults]]
at = "1s"
isolate = "redis-1"
for = "1s"
[[faults]]
at = "3s"
restart = "redis-2"
[[faults]]
at = "2500ms"
kill = "redis-2"
[run]
observe-at-least = "20s"
heal = "20s"
"#;
    for film in play(&[&by_name(""), fault], 0..5) {
        let links: Vec<f64> = film
            .record
            .log
            .iter()
            .filter(|line| {
                line.note == Note::Link { up: true }
                    && film.record.observations.nodes[usize::from(line.node.0)].name == "redis-2"
            })
            .map(|line| film.ms(line.at))
            .filter(|at| *at > 0.0)
            .collect();
        // The cron tries once a second.
        assert!(links.len() == 1 && (10_000.0..11_500.0).contains(&links[0]), "{links:?} {}", film.seed());
    }
}

#[test]
fn applications_follow_a_master_that_is_told_by_name() {
    let fault = "[[faults]]\nat = \"0s\"\nkill = \"redis-1\"\n";
    for film in play(&[&by_name("names-vanish = true\n"), WRITER, fault], 0..5) {
        let switched = film.times(EventKind::SwitchMaster)[0];
        let written = film.record.observations.operations.iter().filter_map(|operation| operation.completed);
        assert!(written.map(|at| film.ms(at)).any(|at| at > switched + 1_000.0), "{}", film.seed());
    }
}
