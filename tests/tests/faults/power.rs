//! power-loss, power-on: a host with all its processes, its sockets and what it had not synced.

use crate::support::{CLUSTER, WRITER, extent, play};
use splitbrain::checker::observations::Presence;
use splitbrain::model::event::EventKind;
use splitbrain::model::note::{FailReason, Outcome};

#[test]
fn power_loss_is_silence_for_clients() {
    let fault = r#"
[[faults]]
at = "0s"
power-loss = "master"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..10) {
        let during: Vec<_> = film.unsuccessful().into_iter().filter(|(_, at, _)| (0.0..2_000.0).contains(at)).collect();
        assert!(!during.is_empty(), "{}", film.seed());
        for (invoked, at, outcome) in during {
            // The one in flight waits for its answer, the next ones for a connection (500 ms in both cases).
            let silent = matches!(outcome, Outcome::Info(FailReason::Timeout) | Outcome::Fail(FailReason::Connect));
            assert!(silent && at - invoked >= 495.0, "{outcome:?} {invoked} {at}: {}", film.seed());
        }
    }
}

#[test]
fn power_loss_is_noticed_zero_to_eleven_tenths_of_a_second_after_down_after() {
    let fault = r#"
[[faults]]
at = "0s"
power-loss = "master"
"#;
    let films = play(&[CLUSTER, fault], 0..30);
    let sdown = films.iter().flat_map(|film| film.about_master(EventKind::SdownEnter));
    let (low, high) = extent(sdown.filter(|at| *at < 4_000.0));
    assert!(low >= 2_000.0 && high <= 3_250.0, "{low} {high}");
    assert!(low < 2_300.0 && high > 2_850.0, "spread over a ping period: {low} {high}");
}

#[test]
fn after_power_on_what_still_talks_to_the_old_life_is_reset() {
    // The replicas' acknowledgements, sent every second, are retransmitted into the rebooted kernel: RST, and they
    // connect again long before repl-timeout.
    let text = r#"
[cluster]
replicas = 2
sentinels = 1
[sentinel]
quorum = 1
down-after-milliseconds = 30000
[[faults]]
at = "0s"
power-loss = "master"
for = "4s"
"#;
    for film in play(&[text, WRITER], 0..10) {
        let back = film.presence("redis-1", Presence::Running);
        assert!(back.len() == 1 && (4_000.0..4_100.0).contains(&back[0]), "{back:?}: {}", film.seed());
        assert!(film.converged(), "{}", film.seed());
        let (last, _) = extent(film.record.observations.converged.map(|at| film.ms(at)));
        assert!(last < 20_000.0, "converged at {last}: {}", film.seed());
        assert!(film.times(EventKind::SwitchMaster).is_empty());
    }
}

#[test]
fn all_processes_of_a_host_lose_power_together_and_boot_together() {
    let text = r#"
[cluster]
replicas = 2
sentinels = 3
hosts = { one = ["redis-1", "sentinel-1"] }
[sentinel]
quorum = 2
down-after-milliseconds = 2000
failover-timeout = 6000
[[faults]]
at = "0s"
power-loss = "one"
[[faults]]
at = "10s"
power-on = "one"
"#;
    for film in play(&[text], 0..5) {
        for name in ["redis-1", "sentinel-1"] {
            assert_eq!(film.presence(name, Presence::Dead), [0.0], "{name} {}", film.seed());
            let back = film.presence(name, Presence::Running);
            assert!(back.len() == 1 && (10_000.0..10_100.0).contains(&back[0]), "{back:?}: {}", film.seed());
        }
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
    }
}
