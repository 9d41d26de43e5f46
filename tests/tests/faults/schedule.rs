//! Triggers (`at`, `when` with `after` and `cap`, `then-after`), `for`, roles as targets, and SENTINEL FAILOVER.

use crate::support::{CLUSTER, WRITER, extent, play};
use splitbrain::checker::observations::Presence;
use splitbrain::model::event::EventKind;

#[test]
fn steps_happen_at_their_times_whatever_their_order_in_the_file() {
    let fault = r#"
[[faults]]
at = "4s"
kill = "sentinel-2"
[[faults]]
then-after = "1500ms"
restart = "sentinel-2"
[[faults]]
at = "1s..2s"
pause = "sentinel-1"
for = "500ms"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let faults = film.faults();
        let texts: Vec<&str> = faults.iter().map(|(_, what)| *what).collect();
        assert_eq!(texts, ["pause sentinel-1", "resume sentinel-1", "kill sentinel-2", "restart sentinel-2"]);
        let at = |i: usize| faults[i].0;
        assert!((at(1) - at(0) - 500.0).abs() < 0.001 && (at(3) - at(2) - 1_500.0).abs() < 0.001, "{faults:?}");
        assert!((2_000.0..=3_000.0).contains(&(at(2) - at(0))), "{faults:?}");
    }
}

#[test]
fn an_awaited_event_fires_its_step_after_the_given_time() {
    let fault = r#"
[[faults]]
at = "0s"
kill = "master"
[[faults]]
when = "+promoted-slave"
after = "50ms"
pause = "leader"
for = "1s"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let (promoted, by, _) = film.events(EventKind::PromotedSlave)[0];
        let (at, what) = film.faults()[1];
        assert!((at - promoted - 50.0).abs() < 0.01, "{}", film.seed());
        assert_eq!(what, format!("pause {by}"));
    }
}

#[test]
fn an_event_that_does_not_come_skips_its_step_and_all_that_hang_on_it() {
    let fault = r#"
[[faults]]
at = "0s"
kill = "replica"
[[faults]]
when = "+switch-master"
cap = "5s"
kill = "master"
for = "1s"
[[faults]]
then-after = "1s"
kill = "sentinel-1"
[[faults]]
at = "9s"
kill = "sentinel-2"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let texts: Vec<&str> = film.faults().into_iter().map(|(_, what)| what).collect();
        assert_eq!(texts, ["kill redis-2", "kill sentinel-2"], "{}", film.seed());
        assert_eq!(film.final_master("mymaster"), "redis-1");
    }
}

#[test]
fn when_the_elected_leader_dies_another_sentinel_takes_over_two_failover_timeouts_after_its_vote() {
    // Spec 7.5: a vote sets failover_start_time to now + 0…999 ms; the next attempt comes 2 × failover-timeout later.
    let fault = r#"
[[faults]]
at = "0s"
kill = "master"
[[faults]]
when = "+elected-leader"
kill = "leader"
"#;
    for film in play(&[CLUSTER, fault], 0..10) {
        let elected = film.events(EventKind::ElectedLeader);
        assert!(elected.len() >= 2, "{}", film.seed());
        assert_ne!(elected[0].1, elected[1].1, "{}", film.seed());
        assert_eq!(film.presence(elected[0].1, Presence::Dead).len(), 1, "{}", film.seed());
        let votes = film.events(EventKind::VoteForLeader);
        let first_votes = votes.iter().filter(|(at, ..)| *at <= elected[0].0 + 1.0);
        let (voted, _) = extent(first_votes.map(|(at, ..)| *at));
        let tries = film.times(EventKind::TryFailover);
        let second = tries.iter().copied().find(|at| *at > elected[0].0).expect("a second attempt");
        assert!((12_000.0..13_300.0).contains(&(second - voted)), "{}: {}", second - voted, film.seed());
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
    }
}

#[test]
fn an_operators_failover_promotes_a_replica_while_the_master_lives() {
    let fault = r#"
[[faults]]
at = "0s"
sentinel-failover = "sentinel-2"
"#;
    for film in play(&[CLUSTER, WRITER, fault], 0..5) {
        assert!(film.about_master(EventKind::SdownEnter).is_empty(), "{}", film.seed());
        let elected = film.events(EventKind::ElectedLeader);
        assert!(elected.len() == 1 && elected[0].1 == "sentinel-2", "{}", film.seed());
        assert!(film.converged() && film.final_master("mymaster") != "redis-1", "{}", film.seed());
        assert_eq!(film.record.observations.forced.len(), 1);
    }
}

#[test]
fn roles_mean_who_has_them_when_the_step_happens() {
    let fault = r#"
[[faults]]
at = "0s"
kill = "master"
for = "30s"
[[faults]]
when = "+failover-end"
after = "3s"
kill = "master"
[[faults]]
then-after = "100ms"
kill = "replica-2"
[[faults]]
then-after = "1s"
restart = "old-master"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let faults = film.faults();
        let old = faults[0].1.trim_start_matches("kill ").to_owned();
        let new = faults[1].1.trim_start_matches("kill ").to_owned();
        assert!(old == "redis-1" && new != "redis-1", "{faults:?}");
        // Only one replica runs by then, so there is no second.
        assert_eq!(faults[2].1, "kill ");
        assert_eq!(faults[3].1, format!("restart {new}"));
    }
}

#[test]
fn the_old_leader_stays_the_same_sentinel_when_another_one_takes_over() {
    let fault = r#"
[[faults]]
at = "0s"
kill = "master"
[[faults]]
when = "+elected-leader"
pause = "leader"
for = "1h"
[[faults]]
then-after = "40s"
resume = "old-leader"
"#;
    for film in play(&[CLUSTER, fault], 0..5) {
        let name = |i: usize| film.faults()[i].1.split_once(' ').map(|(_, name)| name.to_owned());
        let leaders = film.events(EventKind::ElectedLeader);
        assert!(leaders.len() > 1 && Some(leaders[1].1) != name(1).as_deref(), "{leaders:?}");
        assert_eq!(name(2), name(1));
    }
}
