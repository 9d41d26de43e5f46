//! `no-eviction`, and what other properties say of keys that were evicted.

mod support;

use splitbrain_checker::{Detail, Metric, Property};
use splitbrain_model::note::Outcome;
use splitbrain_model::{Command, Value};
use support::*;

const DEL: Command = Command::Del(X);

#[test]
fn an_evicted_write_is_counted_and_is_not_lost() {
    let mut run = run();
    run.write(R1, sadd(1), (9_000, 9_001), position(1, 1))
        .write(R1, set(5), (9_010, 9_011), position(1, 2))
        .write(R1, set(6), (9_020, 9_021), position(1, 3))
        .executed(R1, DEL, 10_500, position(1, 4))
        .ends(R1, position(1, 4), 0, &[sadd(1)]);
    let judgement = run.judge();
    let [finding] = &judgement.findings[..] else { panic!("{:?}", judgement.findings) };
    assert_eq!(finding.property, Property::NoEviction);
    let Detail::Evicted { servers, keys, writes, first, .. } = &finding.detail else { panic!("{finding:?}") };
    // The first SET had been overwritten: only the second was there to be taken.
    assert_eq!((&servers[..], *keys, *writes, *first), (&[R1][..], 1, 1, X));
    assert_eq!(judgement.metrics.get(Metric::WritesEvicted), Some(1));
    assert_eq!(judgement.metrics.get(Metric::KeysEvicted), Some(1));
    assert_eq!(judgement.metrics.get(Metric::WritesLost), Some(0));
}

#[test]
fn a_key_missing_without_an_eviction_is_still_a_contradiction() {
    let mut run = run();
    run.write(R1, set(5), (9_010, 9_011), position(1, 1)).ends(R1, position(1, 1), 0, &[]);
    assert!(matches!(run.judge().findings[0].detail, Detail::AuditDisagrees { .. }));
}

#[test]
fn a_read_that_misses_an_evicted_key_is_neither_stale_nor_an_anomaly() {
    for evicted in [true, false] {
        let mut run = run();
        run.write(R1, set(5), (9_010, 9_011), position(1, 1));
        if evicted {
            run.executed(R1, DEL, 10_500, position(1, 2));
        }
        run.read(R1, GET, (11_000, 11_001), None);
        match evicted {
            true => run.ends(R1, position(1, 2), 0, &[]),
            false => run.ends(R1, position(1, 1), 0, &[set(5)]),
        };
        let judgement = run.judge();
        let found = |property| judgement.findings.iter().any(|finding| finding.property == property);
        assert_eq!(found(Property::StaleRead), !evicted);
        assert_eq!(found(Property::Linearizable), !evicted);
        assert_eq!(found(Property::NoEviction), evicted);
    }
}

#[test]
fn a_counter_begins_again_after_its_eviction_and_its_increments_count() {
    let mut run = run();
    let incr = |run: &mut Run, ms, count, at| {
        run.executed(R1, INCR, ms, position(1, at));
        run.op(C1, R1, INCR, (ms - 1, ms + 1), Outcome::Ok(Some(Value(count))));
    };
    incr(&mut run, 9_000, 1, 1);
    incr(&mut run, 9_010, 2, 2);
    run.executed(R1, Command::Del(N), 10_500, position(1, 3));
    incr(&mut run, 11_000, 1, 4);
    run.ends(R1, position(1, 4), 0, &[INCR]);
    let judgement = run.judge();
    assert_eq!(judgement.metrics.get(Metric::WritesEvicted), Some(2));
    assert_eq!(judgement.metrics.get(Metric::WritesLost), Some(0));
    assert_eq!(judgement.findings.len(), 1, "{:?}", judgement.findings);
}

#[test]
fn an_eviction_in_a_history_that_did_not_survive_takes_nothing() {
    let mut run = run();
    run.write(R1, set(5), (9_000, 9_001), position(1, 1))
        .role(12_000, R2, None, 2)
        .born(12_000, R2, 2, Some(position(1, 1)))
        .executed(R1, DEL, 12_500, position(1, 2))
        .ends(R2, position(2, 0), 1, &[set(5)]);
    assert_eq!(run.judge().metrics.get(Metric::WritesEvicted), None);
}
