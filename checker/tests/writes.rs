//! Split brain, lost writes and availability, judged on hand-written observations.

mod support;

use splitbrain_checker::finding::{Interval, Losses, Share, Span};
use splitbrain_checker::observations::{Presence, RestartAt};
use splitbrain_checker::{Amount, Demand, Detail, Expectation, Finding, Limit, Metric, Property};
use splitbrain_model::note::Outcome;
use splitbrain_model::{Millis, Value};
use support::*;

/// `redis-1` is killed after two writes, `redis-2` goes on from write 2 and takes one more.
fn clean_failover() -> Run {
    let mut run = run();
    run.write(R1, sadd(1), (9_000, 9_001), position(1, 1))
        .write(R1, sadd(2), (9_900, 9_901), position(1, 2))
        .presence(10_000, R1, Presence::Dead)
        .failover(11_000, S1, R2, 1)
        .role(12_000, R2, None, 2)
        .born(12_000, R2, 2, Some(position(1, 2)))
        .write(R2, sadd(3), (12_500, 12_501), position(2, 3))
        .ends(R2, position(2, 3), 1, &[sadd(1), sadd(2), sadd(3)]);
    run
}

#[test]
fn a_clean_failover_violates_nothing() {
    let judgement = clean_failover().judge();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.undecided, []);
    let metrics = judgement.metrics;
    for (metric, value) in [
        (Metric::FirstSdown, 1_000),
        (Metric::LastSdown, 1_040),
        (Metric::FirstOdown, 1_100),
        (Metric::LastOdown, 1_100),
        (Metric::Elected, 1_170),
        (Metric::Promoted, 2_100),
        (Metric::FirstSwitchMaster, 2_200),
        (Metric::LastSwitchMaster, 2_220),
        (Metric::ElectionRounds, 1),
        (Metric::SplitVoteRounds, 0),
        (Metric::Failovers, 1),
        (Metric::FalseFailovers, 0),
        (Metric::SplitBrain, 0),
        (Metric::DualMaster, 0),
        (Metric::WritesAcked, 3),
        (Metric::WritesLost, 0),
        (Metric::WritesIndeterminate, 0),
        (Metric::StaleReads, 0),
        (Metric::Tilts, 0),
    ] {
        assert_eq!(metrics.get(metric), Some(value), "{}", metric.name());
    }
    assert_eq!(metrics.get(Metric::FailoverEnd), None);
}

#[test]
fn the_gap_without_writes_counts_the_end_of_the_run_but_nothing_before_the_fault() {
    let metrics = clean_failover().judge().metrics;
    assert_eq!(metrics.get(Metric::WriteUnavailable), Some(100_000 - 12_501));
    let mut run = run();
    // Four seconds before the fault, one second over it, then writes until the end.
    for (i, ms) in [1_000u64, 5_000, 9_500, 10_500].into_iter().chain((11..100).map(|s| s * 1_000)).enumerate() {
        let n = i as u64 + 1;
        run.write(R1, sadd(n), (ms, ms), position(1, n));
    }
    assert_eq!(run.judge().metrics.get(Metric::WriteUnavailable), Some(1_000));
}

/// `redis-1` keeps its near client while `redis-2` is promoted.
fn isolated_master() -> Run {
    let mut run = run();
    for n in 1..=20 {
        let ms = 9_000 + n * 500;
        run.write(R1, sadd(n), (ms, ms + 1), position(1, n));
    }
    run.role(13_000, R2, None, 2).born(13_000, R2, 2, Some(position(1, 2)));
    for n in 1..=10 {
        let ms = 15_000 + n * 500;
        run.write(R2, sadd(100 + n), (ms, ms + 2), position(2, 2 + n));
    }
    run.role(25_000, R1, Some(R2), 2);
    let survivors: Vec<_> = (1..=2).chain(101..=110).map(sadd).collect();
    run.ends(R2, position(2, 12), 1, &survivors);
    run
}

#[test]
fn two_nodes_that_acknowledge_by_turns_are_a_split_brain_of_their_overlap() {
    let found = isolated_master().only(Property::SplitBrain);
    // From the new master's first (15 501) to the old master's last acknowledged write (19 000).
    let Detail::SplitBrain { nodes, spans, total_ms, writes, intervals } = found else {
        panic!("{found:?}");
    };
    assert_eq!(nodes, [R1, R2]);
    assert_eq!(spans, [Span { from_ms: 5_501, until_ms: 9_000 }]);
    assert_eq!(total_ms, 3_499);
    assert_eq!(writes, 14);
    assert_eq!(intervals, [Interval { span: spans[0], by: [R1, R2].map(|node| Share { node, writes: 7 }).to_vec() }]);
    let metrics = isolated_master().judge().metrics;
    assert_eq!(metrics.get(Metric::DualMaster), Some(12_000));
}

#[test]
fn writes_are_lost_by_what_became_of_their_history() {
    let found = isolated_master().only(Property::LostWrite);
    let Detail::LostWrites { survivor, servers, acked, lost, permille, span, causes } = found else {
        panic!("{found:?}");
    };
    assert_eq!((survivor, servers), (R2, vec![R1]));
    assert_eq!((acked, lost, permille), (30, 18, 600));
    assert_eq!(span, Span { from_ms: 500, until_ms: 9_000 });
    // Writes 3 to 7 were executed before the promotion at 13 s, 8 to 20 after it.
    let expected = Losses { unreplicated: 5, after_promotion: 13, ..Losses::default() };
    assert_eq!(causes, expected);
    // The old master's data is there until a full sync replaces it.
    let mut run = isolated_master();
    run.full_sync(26_000, R1, position(1, 20), position(2, 12));
    let Detail::LostWrites { causes, .. } = run.only(Property::LostWrite) else { panic!() };
    assert_eq!(causes, Losses { wiped: 18, ..expected });
    // If it dies before that and comes back without them, nothing is there to be replaced.
    let mut run = isolated_master();
    run.presence(25_500, R1, Presence::Dead).presence(25_800, R1, Presence::Running);
    run.full_sync(26_000, R1, position(1, 7), position(2, 12));
    let Detail::LostWrites { causes, .. } = run.only(Property::LostWrite) else { panic!() };
    assert_eq!((causes.wiped, causes.died), (5, 13));
}

#[test]
fn one_write_inside_the_tenure_of_another_node_is_a_split_brain_of_no_length() {
    let mut run = clean_failover();
    run.write(R2, sadd(4), (14_000, 14_002), position(2, 4));
    run.0.presence.retain(|change| change.at != at(10_000));
    // The old master was paused and executes one queued write when it wakes; its tenure goes on until then.
    run.write(R1, sadd(9), (13_000, 13_500), position(1, 3));
    let Detail::SplitBrain { total_ms, .. } = run.only(Property::SplitBrain) else {
        panic!();
    };
    assert_eq!(total_ms, 750, "from redis-2's first write to redis-1's last");
    // With only that write after a restart, the tenure is a moment.
    let mut run = clean_failover();
    run.write(R2, sadd(4), (14_000, 14_002), position(2, 4))
        .presence(12_900, R1, Presence::Running)
        .role(12_900, R1, None, 3)
        .born(12_900, R1, 3, Some(position(1, 2)))
        .write(R1, sadd(9), (13_000, 13_500), position(3, 3));
    let Detail::SplitBrain { total_ms, writes, .. } = run.only(Property::SplitBrain) else {
        panic!();
    };
    assert_eq!((total_ms, writes), (0, 1));
}

#[test]
fn an_answer_that_the_client_reads_late_does_not_lengthen_a_tenure() {
    let mut run = clean_failover();
    run.write(R2, sadd(4), (14_000, 14_002), position(2, 4));
    run.executed(R1, sadd(8), 9_950, position(1, 3)).op(C2, R1, sadd(8), (9_949, 13_000), Outcome::Ok(None));
    assert_eq!(run.found(Property::SplitBrain), []);
}

#[test]
fn a_role_change_ends_a_tenure() {
    let mut run = clean_failover();
    // `redis-1` comes back as a replica, is promoted again, and `redis-2` is quiet by then.
    run.presence(20_000, R1, Presence::Running)
        .role(20_000, R1, Some(R2), 2)
        .role(30_000, R2, Some(R1), 4)
        .role(30_000, R1, None, 4)
        .write(R1, sadd(5), (31_000, 31_001), position(4, 4));
    assert_eq!(run.found(Property::SplitBrain), []);
}

#[test]
fn an_overwritten_write_is_not_lost() {
    let mut run = run();
    run.write(R1, set(1), (9_000, 9_001), position(1, 1)).write(R1, set(2), (9_100, 9_101), position(1, 2)).ends(
        R1,
        position(1, 2),
        0,
        &[set(2)],
    );
    assert_eq!(run.judge().findings, []);
}

#[test]
fn without_convergence_no_write_is_lost() {
    let mut run = isolated_master();
    run.0.converged = None;
    let judgement = run.judge();
    assert_eq!(judgement.metrics.get(Metric::WritesLost), None);
    assert!(judgement.undecided.iter().any(|(p, _)| *p == Property::LostWrite));
    assert_eq!(of(judgement, Property::LostWrite), []);
}

#[test]
fn a_restart_from_older_data_rolls_writes_back() {
    let mut run = run();
    for n in 1..=4 {
        run.write(R1, sadd(n), (9_000 + n, 9_000 + n), position(1, n));
    }
    // Its file ends with write 1; the replicas follow it there.
    run.presence(10_000, R1, Presence::Dead)
        .presence(10_500, R1, Presence::Running)
        .role(10_500, R1, None, 2)
        .born(10_500, R1, 2, Some(position(1, 1)))
        .ends(R1, position(2, 1), 0, &[sadd(1)]);
    let Detail::LostWrites { lost, causes, .. } = run.only(Property::LostWrite) else {
        panic!();
    };
    assert_eq!((lost, causes.rolled_back, causes.began_empty, causes.died), (3, 3, 0, 3));
    // Without any file at all.
    let mut run = support::run();
    run.write(R1, sadd(1), (9_000, 9_001), position(1, 1))
        .presence(10_000, R1, Presence::Dead)
        .presence(10_500, R1, Presence::Running)
        .role(10_500, R1, None, 2)
        .born(10_500, R1, 2, None)
        .ends(R1, position(2, 0), 0, &[]);
    let Detail::LostWrites { lost, causes, .. } = run.only(Property::LostWrite) else {
        panic!();
    };
    assert_eq!((lost, causes.rolled_back, causes.began_empty, causes.died), (1, 1, 1, 1));
}

#[test]
fn a_write_that_was_sent_twice_survives_if_either_execution_does() {
    let mut run = clean_failover();
    // Executed on the old master behind the fork, unanswered; sent again and acknowledged by the new one. And the
    // other way round: the first execution is in the lineage, the acknowledged one is not.
    run.executed(R1, sadd(7), 9_950, position(1, 3)).executed(R2, sadd(7), 13_000, position(2, 4)).op(
        C1,
        R2,
        sadd(7),
        (9_940, 13_001),
        Outcome::Ok(None),
    );
    run.0.final_redis.clear();
    run.0.final_views.clear();
    run.ends(R2, position(2, 4), 1, &[sadd(1), sadd(2), sadd(3), sadd(7)]);
    assert_eq!(run.found(Property::LostWrite), []);
    run.0.operations.last_mut().unwrap().server = Some(R1);
    assert_eq!(run.found(Property::LostWrite), []);
}

#[test]
fn a_write_of_unknown_outcome_is_neither_acknowledged_nor_lost() {
    let mut run = clean_failover();
    run.unknown(R1, sadd(50), (9_950, 10_950)).executed(R2, sadd(51), 14_000, position(2, 4)).unknown(
        R2,
        sadd(51),
        (13_950, 14_950),
    );
    run.0.final_redis.clear();
    run.0.final_views.clear();
    run.ends(R2, position(2, 4), 1, &[sadd(1), sadd(2), sadd(3), sadd(51)]);
    let judgement = run.judge();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.metrics.get(Metric::WritesAcked), Some(3));
    assert_eq!(judgement.metrics.get(Metric::WritesIndeterminate), Some(2));
    assert_eq!(judgement.metrics.get(Metric::IndeterminateSurvived), Some(1));
}

#[test]
fn increments_are_found_by_the_count_their_server_had_reached() {
    let mut run = run();
    let incr = |run: &mut Run, server, n: u64, ms, lineage| {
        run.executed(server, INCR, ms, lineage);
        run.op(C1, server, INCR, (ms, ms + 1), Outcome::Ok(Some(Value(n))));
    };
    incr(&mut run, R1, 1, 9_000, position(1, 1));
    incr(&mut run, R1, 2, 9_100, position(1, 2));
    incr(&mut run, R1, 3, 9_200, position(1, 3));
    run.role(12_000, R2, None, 2).born(12_000, R2, 2, Some(position(1, 2)));
    incr(&mut run, R2, 3, 12_500, position(2, 3));
    run.role(13_000, R1, Some(R2), 2);
    run.ends(R2, position(2, 3), 1, &[INCR, INCR, INCR]);
    let Detail::LostWrites { acked, lost, .. } = run.only(Property::LostWrite) else {
        panic!();
    };
    assert_eq!((acked, lost), (4, 1));
}

#[test]
fn an_increment_that_was_sent_again_after_a_power_loss_and_reached_the_same_count_was_answered_the_second_time() {
    let mut run = run();
    run.executed(R1, INCR, 9_990, position(1, 1)).presence(10_000, R1, Presence::Dead);
    run.presence(10_500, R1, Presence::Running).role(10_500, R1, None, 2).born(10_500, R1, 2, Some(position(1, 0)));
    run.executed(R1, INCR, 12_000, position(2, 1)).op(C1, R1, INCR, (9_989, 12_001), Outcome::Ok(Some(Value(1))));
    run.ends(R1, position(2, 1), 0, &[INCR]);
    assert_eq!(run.found(Property::Durable), []);
    assert_eq!(run.found(Property::LostWrite), []);
}

#[test]
fn data_that_contradicts_its_own_history_is_a_bug_of_the_model() {
    let mut run = clean_failover();
    run.0.final_redis[1].data.execute(sadd(99));
    let found = run.only(Property::LostWrite);
    assert!(matches!(found, Detail::AuditDisagrees { node: R2, keys: 1, .. }), "{found:?}");
    // An older value in a register, too.
    let mut run = support::run();
    run.write(R1, set(1), (9_000, 9_001), position(1, 1)).write(R1, set(2), (9_100, 9_101), position(1, 2)).ends(
        R1,
        position(1, 2),
        0,
        &[set(1)],
    );
    let found = run.only(Property::LostWrite);
    assert!(found.is_model_bug(), "{found:?}");
}

#[test]
fn an_acknowledgement_without_an_execution_is_a_bug_of_the_model() {
    let mut run = clean_failover();
    run.op(C1, R2, sadd(77), (13_000, 13_001), Outcome::Ok(None));
    let found = run.only(Property::LostWrite);
    assert!(matches!(found, Detail::NeverExecuted { writes: 1, .. }), "{found:?}");
}

#[test]
fn where_no_executions_were_recorded_the_audit_decides() {
    let mut run = isolated_master();
    run.0.applied.clear();
    let Detail::LostWrites { acked, lost, causes, .. } = run.only(Property::LostWrite) else {
        panic!();
    };
    assert_eq!((acked, lost, causes.unexplained), (30, 18, 18));
}

#[test]
fn availability_is_judged_only_against_a_limit() {
    let expect = |limit| {
        [Expectation {
            property: Property::Available,
            demand: Demand::Holds,
            limits: vec![Limit::AtMost(Amount::Time(Millis(limit)))],
        }]
    };
    let mut run = clean_failover();
    assert_eq!(of(run.judge_for(&expect(90_000)), Property::Available), []);
    let found = of(run.judge_for(&expect(15_000)), Property::Available);
    assert!(matches!(found[0].detail, Detail::Unavailable { gap_ms: 87_499, ended: false, .. }));
}

#[test]
fn clients_that_were_never_answered_have_waited_since_the_fault() {
    let mut run = run();
    run.unknown(R1, sadd(1), (9_000, 19_000));
    assert_eq!(run.judge().metrics.get(Metric::WriteUnavailable), Some(90_000));
}

#[test]
fn a_replica_comes_back_with_what_it_had_and_with_what_its_history_gives() {
    let judged = |died: u64, lineage, values: &[u64]| {
        let mut run = run();
        for value in 1..=2 {
            run.write(R1, sadd(value), (1_000 * value, 1_000 * value + 20), position(1, value));
        }
        let mut data = splitbrain_model::redis::dataset::Dataset::default();
        values.iter().for_each(|value| drop(data.execute(sadd(*value))));
        let kept = Some((at(died), position(1, 2)));
        run.full_sync(0, R2, position(9, 0), position(1, 0));
        run.0.restarts.push(RestartAt { at: at(died + 5_000), node: R2, kept, lineage, data });
        run.found(Property::Durable)
    };
    assert_eq!(judged(30_000, position(1, 2), &[1, 2]), []);
    assert!(matches!(
        judged(30_000, position(1, 2), &[1])[..],
        [Finding { detail: Detail::ReplicaDiffers { .. }, .. }]
    ));
    assert!(matches!(
        judged(30_000, position(1, 1), &[1])[..],
        [Finding { detail: Detail::RolledBack { node: R2, writes: 1, .. }, .. }]
    ));
    // Its append-only file may not have been begun again.
    assert_eq!(judged(9_000, position(1, 1), &[1]), []);
}
