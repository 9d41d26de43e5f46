//! What Sentinels promise each other, judged on hand-written events.

mod support;

use splitbrain_checker::finding::Place;
use splitbrain_checker::observations::{ForcedAt, Presence};
use splitbrain_checker::{Demand, Detail, Expectation, Finding, Limit, Metric, Occurrence, Property, Within};
use splitbrain_model::event::{EventKind, Extra, Subject};
use splitbrain_model::{Epoch, Millis};
use support::*;

/// The master dies at 10 s and is replaced.
fn good() -> Run {
    let mut run = run();
    run.presence(10_000, R1, Presence::Dead).failover(11_000, S1, R2, 1).ends(R2, position(1, 0), 1, &[]);
    run
}

#[test]
fn one_epoch_may_not_have_two_leaders() {
    let mut run = good();
    assert_eq!(run.found(Property::OneLeaderPerEpoch), []);
    run.says(11_100, S2, EventKind::OdownEnter).epoch(11_100, S2, 1).says(11_101, S2, EventKind::TryFailover).says(
        11_300,
        S2,
        EventKind::ElectedLeader,
    );
    let found = run.found(Property::OneLeaderPerEpoch);
    assert!(found.iter().any(|f| matches!(
        &f.detail,
        Detail::TwoLeaders { epoch: Epoch(1), leaders, forced: false } if *leaders == [S1, S2]
    )));
    // It had no votes of its own either.
    assert!(found.iter().any(|f| matches!(f.detail, Detail::TooFewVotes { leader: S2, votes: 0, needed: 2, .. })));
}

#[test]
fn votes_of_a_later_epoch_elect_but_the_failover_keeps_its_own_epoch() {
    let mut run = good();
    // sentinel-3 tries in epoch 1 as well and is elected with votes of epoch 2 (H1).
    run.says(11_150, S3, EventKind::OdownEnter)
        .epoch(11_150, S3, 1)
        .says(11_150, S3, EventKind::TryFailover)
        .epoch(11_200, S3, 2)
        .votes(11_210, S2, S3, 2)
        .votes(11_210, S1, S3, 2)
        .says(11_300, S3, EventKind::ElectedLeader);
    let Detail::TwoLeaders { epoch, leaders, .. } = run.only(Property::OneLeaderPerEpoch) else {
        panic!();
    };
    assert_eq!((epoch, leaders), (Epoch(1), vec![S1, S3]));
}

#[test]
fn a_leader_needs_the_larger_of_quorum_and_majority_in_one_epoch() {
    let elect = |quorum, voters: &[(splitbrain_checker::NodeIx, u64)]| {
        let mut run = run();
        run.0.masters[0].quorum = quorum;
        run.says(11_000, S1, EventKind::OdownEnter).epoch(11_000, S1, 1).says(11_000, S1, EventKind::TryFailover);
        for &(voter, epoch) in voters {
            run.votes(11_010, voter, S1, epoch);
        }
        run.says(11_100, S1, EventKind::ElectedLeader);
        run.found(Property::OneLeaderPerEpoch).len()
    };
    assert_eq!(elect(1, &[(S1, 1), (S2, 1)]), 0);
    assert_eq!(elect(1, &[(S1, 1)]), 1);
    assert_eq!(elect(3, &[(S1, 1), (S2, 1)]), 1);
    assert_eq!(elect(2, &[(S1, 1), (S2, 2)]), 1, "votes of two epochs do not add up");
    assert_eq!(elect(2, &[(S1, 2), (S2, 2)]), 0, "any one epoch will do");
}

#[test]
fn a_leaders_own_vote_counts_with_votes_of_a_later_epoch_that_it_knows_unless_it_voted_again() {
    let elect = |rises: bool, again: bool| {
        let mut run = run();
        run.says(11_000, S1, EventKind::OdownEnter).epoch(11_000, S1, 1).says(11_000, S1, EventKind::TryFailover);
        run.votes(11_010, S1, S1, 1);
        if rises {
            run.epoch(11_020, S1, 2);
        }
        if again {
            run.votes(11_020, S1, S3, 2);
        }
        run.votes(11_030, S2, S1, 2).says(11_100, S1, EventKind::ElectedLeader);
        run.found(Property::OneLeaderPerEpoch).len()
    };
    assert_eq!(elect(true, false), 0);
    assert_eq!(elect(false, false), 1);
    assert_eq!(elect(true, true), 1);
}

#[test]
fn a_sentinel_that_knows_more_voters_needs_more_votes() {
    let mut run = good();
    for n in 0..4 {
        let id = support::id(splitbrain_checker::NodeIx(50 + n));
        let subject = Subject::Sentinel(id, addr(S2));
        run.event(500, S1, EventKind::Sentinel, subject, Extra::None);
    }
    assert_eq!(run.found(Property::OneLeaderPerEpoch), [], "3 of 5 is a majority");
    for n in 4..6 {
        let id = support::id(splitbrain_checker::NodeIx(50 + n));
        let subject = Subject::Sentinel(id, addr(S2));
        run.event(500, S1, EventKind::Sentinel, subject, Extra::None);
    }
    let found = run.only(Property::OneLeaderPerEpoch);
    assert!(matches!(found, Detail::TooFewVotes { votes: 3, needed: 4, .. }));
}

#[test]
fn an_operators_failover_needs_no_votes_and_is_not_false() {
    let mut run = run();
    run.0.forced.push(ForcedAt { at: at(11_000), node: S1, master: master() });
    run.epoch(11_000, S1, 1)
        .says(11_000, S1, EventKind::TryFailover)
        .votes(11_050, S1, S1, 1)
        .says(11_050, S1, EventKind::ElectedLeader)
        .promotes(12_000, S1, R2)
        .switches(12_100, S2, R1, R2)
        .ends(R2, position(1, 0), 1, &[]);
    let judgement = run.judge();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.metrics.get(Metric::Failovers), Some(1));
    // The same without an operator is both.
    run.0.forced.clear();
    assert_eq!(run.found(Property::OneLeaderPerEpoch).len(), 1);
    assert_eq!(run.found(Property::NoFalseFailover).len(), 1);
}

#[test]
fn one_epoch_may_not_promote_two_replicas() {
    let mut run = good();
    run.says(11_150, S3, EventKind::OdownEnter)
        .epoch(11_150, S3, 1)
        .says(11_150, S3, EventKind::TryFailover)
        .promotes(12_300, S3, R3);
    let Detail::TwoPromotions { epoch, replicas, leaders } = run.only(Property::OnePromotionPerEpoch) else {
        panic!();
    };
    assert_eq!(epoch, Epoch(1));
    assert_eq!(replicas, [Place::Node(R2), Place::Node(R3)]);
    assert_eq!(leaders, [S1, S3]);
    // The same configuration epoch then names two addresses.
    let Detail::EpochNamesTwo { places, .. } = run.only(Property::ConfigAgreement) else {
        panic!();
    };
    assert_eq!(places.len(), 2);
}

#[test]
fn epochs_only_grow_and_only_a_restart_may_repeat_one() {
    let mut run = run();
    run.epoch(1_000, S1, 5).epoch(2_000, S1, 6).epoch(1_500, S2, 5);
    assert_eq!(run.found(Property::EpochMonotonic), []);
    run.presence(3_000, S1, Presence::Dead).presence(3_500, S1, Presence::Running).epoch(4_000, S1, 6);
    assert_eq!(run.found(Property::EpochMonotonic), []);
    run.epoch(5_000, S1, 6);
    let found = run.only(Property::EpochMonotonic);
    assert!(matches!(
        found,
        Detail::EpochWentBack { sentinel: S1, before: Epoch(6), after: Epoch(6), restarted: false }
    ));
}

#[test]
fn a_sentinel_votes_once_per_epoch_even_after_a_restart() {
    let mut run = run();
    run.votes(1_000, S1, S2, 1).votes(2_000, S1, S3, 2).votes(2_000, S2, S2, 2);
    assert_eq!(run.found(Property::EpochMonotonic), []);
    run.presence(3_000, S1, Presence::Dead).presence(3_500, S1, Presence::Running).votes(4_000, S1, S1, 2);
    let found = run.only(Property::EpochMonotonic);
    assert!(matches!(found, Detail::VotedAgain { sentinel: S1, before: Epoch(2), after: Epoch(2) }));
}

#[test]
fn one_configuration_epoch_names_one_address() {
    let mut run = good();
    assert_eq!(run.found(Property::ConfigAgreement), []);
    run.0.final_views[2].addr = addr(R3);
    let Detail::EpochNamesTwo { epoch, places } = run.only(Property::ConfigAgreement) else {
        panic!();
    };
    assert_eq!(epoch, Epoch(1));
    assert_eq!(places, [(Place::Node(R2), S1), (Place::Node(R3), S3)]);
}

#[test]
fn a_leader_that_has_not_switched_yet_advertises_what_it_promoted() {
    let mut run = run();
    run.presence(10_000, R1, Presence::Dead).failover(11_000, S1, R2, 1);
    run.0.events.retain(|event| event.node != S1 || event.event.kind != EventKind::SwitchMaster);
    run.ends(R2, position(1, 0), 1, &[]);
    run.0.final_views[0].addr = addr(R1);
    run.0.converged = None;
    assert_eq!(run.found(Property::ConfigAgreement), []);
}

#[test]
fn disagreement_counts_once_the_settings_have_had_their_time() {
    let mut run = good();
    run.0.converged = None;
    run.0.final_views[0].addr = addr(R1);
    let Detail::NotConverged { waited_ms, named, .. } = run.only(Property::ConvergesAfterHeal) else {
        panic!();
    };
    assert_eq!(waited_ms, 90_000);
    assert_eq!(named, [(Place::Node(R1), vec![S1]), (Place::Node(R2), vec![S2, S3])]);
    run.0.last_disturbance = at(END - 20_000);
    let judgement = run.judge();
    assert!(judgement.undecided.iter().any(|(p, _)| *p == Property::ConvergesAfterHeal));
    assert_eq!(of(judgement, Property::ConvergesAfterHeal), []);
}

fn completes(limits: &[Limit]) -> [Expectation; 1] {
    [Expectation { property: Property::FailoverCompletes, demand: Demand::Holds, limits: limits.to_vec() }]
}

#[test]
fn a_failover_completes_when_somebody_switches_to_the_promoted_replica() {
    let mut run = good();
    let auto = completes(&[Limit::Within(Within::Auto), Limit::Exactly(1)]);
    assert_eq!(run.judge_for(&auto).findings, []);
    let twice = of(run.judge_for(&completes(&[Limit::Exactly(2)])), Property::FailoverCompletes);
    assert!(matches!(twice[0].detail, Detail::FailoverCount { completed: 1, wanted: Some(2), attempts: 1 }));
    let soon = completes(&[Limit::Within(Within::Time(Millis(2_000)))]);
    let late = of(run.judge_for(&soon), Property::FailoverCompletes);
    assert!(matches!(late[0].detail, Detail::FailoverLate { took_ms: 2_200, limit_ms: 2_000 }));
    // A promotion that nobody follows is none.
    run.0.events.retain(|event| event.event.kind != EventKind::SwitchMaster);
    let none = of(run.judge_for(&auto), Property::FailoverCompletes);
    assert!(matches!(none[0].detail, Detail::FailoverCount { completed: 0, .. }));
    assert_eq!(run.judge_for(&completes(&[Limit::Exactly(0)])).findings, []);
}

#[test]
fn a_switch_belongs_to_the_last_promotion_of_that_replica() {
    let mut run = good();
    run.0.events.retain(|event| event.event.kind != EventKind::SwitchMaster);
    // The first leader dies; the second promotes the same replica again.
    run.presence(12_150, S1, Presence::Dead)
        .says(18_000, S2, EventKind::OdownEnter)
        .epoch(18_000, S2, 2)
        .says(18_000, S2, EventKind::TryFailover)
        .votes(18_010, S2, S2, 2)
        .votes(18_010, S3, S2, 2)
        .says(18_100, S2, EventKind::ElectedLeader)
        .promotes(19_000, S2, R2)
        .switches(19_100, S3, R1, R2);
    assert_eq!(run.judge().metrics.get(Metric::Failovers), Some(1));
    assert_eq!(run.judge().metrics.get(Metric::ElectionRounds), Some(2));
}

#[test]
fn replacing_a_master_that_ran_and_was_reachable_is_false() {
    let mut run = run();
    run.failover(11_000, S1, R2, 1).ends(R2, position(1, 0), 1, &[]);
    let found = run.only(Property::NoFalseFailover);
    let Detail::FalseFailover { old, new, leader, reachable_from, watched_ms, .. } = found else {
        panic!("{found:?}");
    };
    assert_eq!((old, new, leader), (Place::Node(R1), Place::Node(R2), S1));
    // The quorum was complete with the second opinion at 11.020; down-after before that until 11.1.
    assert_eq!((reachable_from, watched_ms), (3, 1_080));
}

#[test]
fn a_minority_that_cannot_reach_the_master_makes_the_failover_false() {
    let mut run = run();
    run.path(9_000, S1, R1, false);
    run.failover(11_000, S1, R2, 1).ends(R2, position(1, 0), 1, &[]);
    assert_eq!(run.found(Property::NoFalseFailover).len(), 1);
    run.path(9_500, R1, S2, false);
    assert_eq!(run.found(Property::NoFalseFailover), [], "a majority cannot reach it");
}

#[test]
fn a_master_that_was_dead_paused_or_cut_off_for_a_moment_was_rightly_doubted() {
    for state in [Presence::Dead, Presence::Paused] {
        let mut run = run();
        run.presence(10_500, R1, state).presence(10_600, R1, Presence::Running);
        run.failover(11_000, S1, R2, 1);
        assert_eq!(run.found(Property::NoFalseFailover), []);
    }
    let mut run = run();
    for sentinel in [S1, S2] {
        run.path(10_500, sentinel, R1, false).path(10_600, sentinel, R1, true);
    }
    run.failover(11_000, S1, R2, 1);
    assert_eq!(run.found(Property::NoFalseFailover), []);
}

#[test]
fn a_master_that_answers_loading_serves_nobody_and_is_rightly_replaced() {
    // Down-after before the decisive +sdown is 10.020.
    for (from, until) in [(9_000, END), (9_000, 10_100), (10_500, 10_600), (11_090, END)] {
        let mut run = run();
        run.loading(from, R1, true).loading(until, R1, false).failover(11_000, S1, R2, 1);
        assert_eq!(run.found(Property::NoFalseFailover), [], "{from} to {until}");
    }
    let mut run = run();
    run.loading(5_000, R1, true).loading(9_000, R1, false).loading(11_200, R1, true).failover(11_000, S1, R2, 1);
    assert_eq!(run.found(Property::NoFalseFailover).len(), 1, "it served in time");
}

#[test]
fn a_death_ends_the_loading_and_the_next_life_may_serve_at_once() {
    let mut run = run();
    run.loading(5_000, R1, true).presence(6_000, R1, Presence::Dead).presence(7_000, R1, Presence::Running);
    run.failover(11_000, S1, R2, 1);
    assert_eq!(run.found(Property::NoFalseFailover).len(), 1);
}

/// A demand on an event of every run.
fn demand(event: EventKind) -> Occurrence {
    Occurrence { event, by: None, of: None, at_least: 1, at_most: None, share: None }
}

fn occurrences(run: &mut Run, wanted: Occurrence) -> Vec<Finding> {
    let expect = Expectation { property: Property::Events, demand: Demand::Holds, limits: vec![Limit::Occurs(wanted)] };
    of(run.judge_for(&[expect]), Property::Events)
}

#[test]
fn events_are_counted_from_the_first_fault_on_by_sentinel_and_by_server() {
    let convert = EventKind::ConvertToSlave;
    let about = |node| Subject::Slave(addr(node));
    let mut run = run();
    run.event(9_999, S1, convert, about(R3), Extra::None)
        .event(12_000, S1, convert, about(R2), Extra::None)
        .event(13_000, S2, convert, about(R3), Extra::None)
        .event(14_000, S2, convert, about(R3), Extra::None);
    let table = [
        (demand(convert), true),
        (Occurrence { at_least: 3, at_most: Some(3), ..demand(convert) }, true),
        (Occurrence { at_least: 4, ..demand(convert) }, false),
        (Occurrence { at_least: 0, at_most: Some(2), ..demand(convert) }, false),
        (Occurrence { by: Some(0), at_most: Some(1), ..demand(convert) }, true),
        (Occurrence { by: Some(1), at_least: 2, ..demand(convert) }, true),
        (Occurrence { by: Some(2), ..demand(convert) }, false),
        (Occurrence { of: Some(2), at_least: 2, at_most: Some(2), ..demand(convert) }, true),
        (Occurrence { by: Some(0), of: Some(2), ..demand(convert) }, false),
        (Occurrence { by: Some(7), ..demand(convert) }, false),
        (Occurrence { of: Some(7), at_least: 0, at_most: Some(0), ..demand(convert) }, true),
        (demand(EventKind::FixSlaveConfig), false),
    ];
    for (wanted, met) in table {
        assert_eq!(occurrences(&mut run, wanted).is_empty(), met, "{wanted:?}");
        // Demanded of a share of the runs, the finding is that it happened so.
        let shown = Occurrence { share: Some(0), ..wanted };
        assert_eq!(occurrences(&mut run, shown).len(), usize::from(met), "{shown:?}");
    }
}

#[test]
fn a_switch_is_about_the_new_master_and_a_finding_says_what_was_too_many() {
    let mut run = run();
    run.switches(12_000, S1, R1, R2).switches(13_000, S2, R1, R2).switches(20_000, S1, R2, R3);
    let to = |server, at_most| Occurrence { of: Some(server), at_most, ..demand(EventKind::SwitchMaster) };
    assert_eq!(occurrences(&mut run, to(2, Some(1))), []);
    let found = occurrences(&mut run, to(1, Some(1)));
    assert_eq!(found[0].at, at(13_000));
    assert_eq!(found[0].sentence(&run.0), "the Sentinels said +switch-master of redis-2 2 times, 1 were demanded");
    let never = Occurrence { at_least: 0, at_most: Some(0), by: Some(1), ..demand(EventKind::SwitchMaster) };
    let found = occurrences(&mut run, never);
    assert_eq!(found[0].sentence(&run.0), "sentinel-2 said +switch-master 1 time, 0 were demanded");
    let found = occurrences(&mut run, demand(EventKind::TiltEnter));
    assert_eq!(found[0].sentence(&run.0), "the Sentinels said +tilt never, at least 1 were demanded");
    assert_eq!(found[0].at, at(END));
}

#[test]
fn an_old_opinion_of_one_sentinel_does_not_make_a_failover_false() {
    let mut run = run();
    // sentinel-3 has been cut off for long; then the master dies.
    run.path(1_000, S3, R1, false).says(2_100, S3, EventKind::SdownEnter);
    run.presence(10_000, R1, Presence::Dead).failover(11_000, S1, R2, 1);
    assert_eq!(run.found(Property::NoFalseFailover), []);
}

#[test]
fn metrics_take_the_first_time_of_each_sentinel_and_masters_only() {
    let mut run = good();
    let replica = Subject::Slave(addr(R3));
    run.event(10_100, S1, EventKind::SdownEnter, replica, Extra::None)
        .says(50_000, S1, EventKind::SdownEnter)
        .says(9_000, S2, EventKind::SdownEnter)
        .event(13_000, S1, EventKind::TiltEnter, Subject::Master, Extra::Tilt)
        .votes(40_000, S2, S2, 2)
        .votes(40_000, S3, S3, 2);
    let metrics = run.judge().metrics;
    assert_eq!(metrics.get(Metric::FirstSdown), Some(1_000));
    assert_eq!(metrics.get(Metric::LastSdown), Some(1_040));
    assert_eq!(metrics.get(Metric::Tilts), Some(1));
    assert_eq!(metrics.get(Metric::ElectionRounds), Some(2));
    assert_eq!(metrics.get(Metric::SplitVoteRounds), Some(1));
}

#[test]
fn a_cluster_that_never_settled_is_undecided_but_never_excused() {
    let mut run = good();
    run.0.settled = false;
    run.0.converged = None;
    run.votes(1_000, S1, S2, 1);
    let judgement = run.judge();
    assert_eq!(judgement.undecided.len(), Property::ALL.len());
    assert!(judgement.findings.iter().all(|f| f.property == Property::EpochMonotonic));
    assert_eq!(judgement.findings.len(), 1);
}

#[test]
fn reports_of_others_do_not_age_in_tilt() {
    let protocol = |tilt_left: u64| {
        let mut run = run();
        run.event(1_000, S1, EventKind::TiltEnter, Subject::Master, Extra::Tilt)
            .event(tilt_left, S1, EventKind::TiltLeave, Subject::Master, Extra::Tilt)
            .says(90_000, S1, EventKind::SdownEnter)
            .says(90_000, S1, EventKind::OdownEnter)
            .ends(R1, position(1, 0), 0, &[]);
        run.found(Property::SentinelProtocol).len()
    };
    assert_eq!(protocol(90_000), 0, "whatever it had been told before it went into TILT counts at its first tick");
    assert_eq!(protocol(80_000), 1, "it has asked again since");
}
