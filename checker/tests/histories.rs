//! Histories from files, each with its known verdict. The files are hand-made and in the public domain (CC0-1.0).

#[path = "support/jsonl.rs"]
mod jsonl;

use splitbrain_checker::linear::AnomalyKind as A;
use splitbrain_checker::linear::{AnomalyKind, Report, Scratch, counter, register};

fn judge(file: &str) -> Report {
    let path = format!("{}/tests/histories/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let (entries, is_counter) = jsonl::read(&text).unwrap();
    let mut report = Report::default();
    let check = if is_counter { counter::check } else { register::check };
    check(&entries, None, &mut Scratch::default(), &mut report);
    report
}

#[test]
fn every_history_gets_its_verdict() {
    let expected: &[(&str, &[AnomalyKind])] = &[
        ("stale-read", &[A::StaleRead]),
        ("stale-read-overlap-ok", &[]),
        ("lost-acked-write", &[A::LostWrite]),
        ("lost-acked-write-unread", &[A::LostWrite]),
        ("dataset-lost", &[A::LostWrite]),
        ("readers-disagree", &[A::StaleRead]),
        ("split-brain-register", &[A::SplitBrain, A::StaleRead]),
        ("indeterminate-applied-twice", &[A::StaleRead]),
        ("indeterminate-late-over-acked-ok", &[]),
        ("failed-write-visible", &[A::AbortedRead]),
        ("phantom-value", &[A::Phantom]),
        ("future-read", &[A::FutureRead]),
        ("one-bad-key-of-three", &[A::StaleRead]),
        ("counter-gap-by-indeterminate-ok", &[]),
        ("counter-gap-unexplained", &[A::Phantom]),
        ("counter-indeterminate-too-late", &[A::Phantom]),
        ("counter-one-pending-two-gaps", &[A::Phantom]),
        ("counter-rollback", &[A::LostWrite]),
        ("counter-concurrent-duplicate", &[A::LostUpdate]),
    ];
    for (file, anomalies) in expected {
        let report = judge(file);
        let kinds: Vec<AnomalyKind> = report.anomalies.iter().map(|a| a.kind).collect();
        assert_eq!(kinds, *anomalies, "{file}: {report:#?}");
        assert!(report.undecided.is_empty());
    }
}

#[test]
fn repeated_values_leave_their_object_undecided_and_no_other() {
    let text = |key: &str, n: u32, values: [u32; 3]| {
        let mut lines = String::new();
        for (i, value) in values.into_iter().enumerate() {
            let f = if i < 2 { "write" } else { "read" };
            for kind in ["invoke", "ok"] {
                lines += &format!(r#"{{"process":{n},"type":"{kind}","f":"{f}","key":"{key}","value":{value}}}"#);
                lines.push('\n');
            }
        }
        lines
    };
    // Key x would be illegal whichever write of 1 is meant; key y reads what nobody wrote.
    let history = text("x", 1, [1, 1, 2]) + &text("y", 2, [3, 4, 5]);
    let (entries, _) = jsonl::read(&history).unwrap();
    let mut report = Report::default();
    register::check(&entries, None, &mut Scratch::default(), &mut report);
    assert_eq!(report.undecided[..], [0u32]);
    assert_eq!((report.total, report.anomalies[0].object), (1, 1));
}
