//! Linearizability and stale reads, judged on hand-written observations.

mod support;

use splitbrain_checker::linear::AnomalyKind;
use splitbrain_checker::{Detail, Metric, Property};
use splitbrain_model::Value;
use splitbrain_model::note::{FailReason, Outcome};
use support::*;

fn anomaly(run: &mut Run) -> AnomalyKind {
    match run.only(Property::Linearizable) {
        Detail::NotLinearizable { anomaly, operations, .. } => {
            assert!(!operations.is_empty() && operations.len() <= 8);
            anomaly
        }
        other => panic!("{other:?}"),
    }
}

fn ack(run: &mut Run, server: splitbrain_checker::NodeIx, value: u64, times: (u64, u64)) {
    run.op(C1, server, set(value), times, Outcome::Ok(None));
}

#[test]
fn a_read_that_overlaps_a_write_may_see_either_value() {
    let mut run = run();
    ack(&mut run, R1, 1, (100, 110));
    ack(&mut run, R1, 2, (200, 300));
    run.read(R1, GET, (210, 220), Some(1)).read(R1, GET, (310, 320), Some(2));
    assert_eq!(run.found(Property::Linearizable), []);
    assert_eq!(run.judge().metrics.get(Metric::StaleReads), Some(0));
}

#[test]
fn an_older_value_after_a_newer_one_is_a_stale_read() {
    let mut run = run();
    ack(&mut run, R1, 1, (100, 110));
    ack(&mut run, R1, 2, (200, 210));
    run.read(R2, GET, (300, 310), Some(1)).read(R1, GET, (400, 410), Some(2));
    assert_eq!(anomaly(&mut run), AnomalyKind::StaleRead);
    let Detail::StaleReads { stale, reads, read, missed } = run.only(Property::StaleRead) else {
        panic!();
    };
    assert_eq!((stale, reads), (1, 2));
    assert_eq!((read.server, missed.command), (Some(R2), set(2)));
}

#[test]
fn a_value_that_never_comes_back_is_a_lost_write() {
    let mut run = run();
    ack(&mut run, R1, 1, (100, 110));
    ack(&mut run, R1, 2, (200, 210));
    run.read(R1, GET, (250, 260), Some(2)).read(R2, GET, (300, 310), Some(1)).read(R2, GET, (400, 410), Some(1));
    assert_eq!(anomaly(&mut run), AnomalyKind::LostWrite);
    assert_eq!(run.judge().metrics.get(Metric::StaleReads), Some(2));
}

#[test]
fn data_that_vanishes_is_a_lost_write() {
    let mut run = run();
    ack(&mut run, R1, 1, (100, 110));
    run.read(R1, GET, (200, 210), Some(1)).read(R1, GET, (300, 310), None);
    assert_eq!(anomaly(&mut run), AnomalyKind::LostWrite);
    assert_eq!(run.judge().metrics.get(Metric::StaleReads), Some(1));
}

#[test]
fn values_seen_by_turns_are_a_split_brain() {
    let mut run = run();
    ack(&mut run, R1, 1, (100, 110));
    ack(&mut run, R2, 2, (200, 210));
    for (n, ms) in [(1, 300), (2, 400), (1, 500), (2, 600)] {
        run.read(if n == 1 { R1 } else { R2 }, GET, (ms, ms + 10), Some(n));
    }
    assert_eq!(anomaly(&mut run), AnomalyKind::SplitBrain);
}

#[test]
fn a_clash_between_two_acknowledging_masters_is_called_a_split_brain() {
    let mut run = run();
    // One stale-looking read only, but both nodes take writes before and after it.
    ack(&mut run, R1, 1, (100, 110));
    run.role(150, R2, None, 2);
    ack(&mut run, R2, 2, (200, 210));
    run.read(R1, GET, (300, 310), Some(1)).read(R2, GET, (320, 330), Some(2));
    ack(&mut run, R1, 3, (400, 410));
    ack(&mut run, R2, 4, (500, 510));
    assert_eq!(anomaly(&mut run), AnomalyKind::SplitBrain);
}

#[test]
fn what_nobody_wrote_or_what_failed_or_what_was_not_yet_written_cannot_be_read() {
    let mut run = support::run();
    run.read(R1, GET, (300, 310), Some(9));
    assert_eq!(anomaly(&mut run), AnomalyKind::Phantom);
    let mut run = support::run();
    run.op(C1, R1, set(9), (100, 110), Outcome::Fail(FailReason::NotMaster)).read(R1, GET, (300, 310), Some(9));
    assert_eq!(anomaly(&mut run), AnomalyKind::AbortedRead);
    let mut run = support::run();
    run.read(R1, GET, (300, 310), Some(9));
    ack(&mut run, R1, 9, (400, 410));
    assert_eq!(anomaly(&mut run), AnomalyKind::FutureRead);
}

#[test]
fn a_write_of_unknown_outcome_may_take_effect_late_or_never_but_once() {
    let mut run = run();
    run.unknown(R1, set(1), (100, 200));
    ack(&mut run, R1, 2, (300, 310));
    run.read(R1, GET, (400, 410), Some(2)).read(R1, GET, (500, 510), Some(1));
    assert_eq!(run.found(Property::Linearizable), []);
    run.read(R1, GET, (600, 610), Some(2));
    assert_eq!(anomaly(&mut run), AnomalyKind::StaleRead);
}

#[test]
fn a_failure_after_an_attempt_of_unknown_outcome_is_itself_unknown() {
    let mut run = run();
    run.op(C1, R1, set(9), (100, 110), Outcome::Fail(FailReason::NotMaster)).read(R1, GET, (300, 310), Some(9));
    run.0.operations[0].attempts_indeterminate = 1;
    assert_eq!(run.found(Property::Linearizable), []);
}

#[test]
fn a_second_effect_of_a_resent_write_is_named_so() {
    let mut run = run();
    ack(&mut run, R1, 1, (100, 200));
    run.0.operations[0].attempts_indeterminate = 1;
    ack(&mut run, R1, 2, (300, 310));
    run.read(R1, GET, (400, 410), Some(2)).read(R1, GET, (500, 510), Some(1));
    assert_eq!(anomaly(&mut run), AnomalyKind::DuplicateEffect);
}

#[test]
fn a_value_written_twice_leaves_the_history_undecided() {
    let mut run = run();
    ack(&mut run, R1, 1, (100, 110));
    ack(&mut run, R1, 1, (200, 210));
    let judgement = run.judge();
    assert!(judgement.undecided.iter().any(|(p, _)| *p == Property::Linearizable));
}

#[test]
fn a_count_that_falls_back_is_a_lost_write_and_one_returned_twice_a_lost_update() {
    let incr = |run: &mut Run, n, ms| {
        run.op(C1, R1, INCR, (ms, ms + 10), Outcome::Ok(Some(Value(n))));
    };
    let mut run = run();
    for (n, ms) in [(1, 100), (2, 200), (3, 300), (4, 400)] {
        incr(&mut run, n, ms);
    }
    run.read(R1, splitbrain_model::Command::Get(N), (500, 510), Some(4));
    assert_eq!(run.found(Property::Linearizable), []);
    run.read(R1, splitbrain_model::Command::Get(N), (600, 610), Some(2));
    assert_eq!(anomaly(&mut run), AnomalyKind::StaleRead);
    run.read(R1, splitbrain_model::Command::Get(N), (700, 710), Some(2));
    let found = run.found(Property::Linearizable);
    assert!(found.iter().any(|f| matches!(f.detail, Detail::NotLinearizable { anomaly: AnomalyKind::LostWrite, .. })));
    assert_eq!(run.judge().metrics.get(Metric::StaleReads), Some(2));

    let mut run = support::run();
    incr(&mut run, 1, 100);
    incr(&mut run, 1, 105);
    assert_eq!(anomaly(&mut run), AnomalyKind::LostUpdate);
}

#[test]
fn reads_that_failed_and_reads_of_other_keys_say_nothing() {
    let mut run = run();
    ack(&mut run, R1, 1, (100, 110));
    run.op(C2, R1, GET, (200, 210), Outcome::Info(FailReason::Timeout)).read(
        R1,
        splitbrain_model::Command::Get(key(splitbrain_model::Space::Register, 1)),
        (300, 310),
        None,
    );
    assert_eq!(run.found(Property::Linearizable), []);
    assert_eq!(run.judge().metrics.get(Metric::StaleReads), Some(0));
}
