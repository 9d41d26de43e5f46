//! Histories from files, each with its known verdict (`histories/manifest.jsonl`). The files are hand-made and in the
//! public domain (CC0-1.0).

#[path = "support/jsonl.rs"]
mod jsonl;

use splitbrain_checker::linear::evidence::Excerpts;
use splitbrain_checker::linear::sequential::replay;
use splitbrain_checker::linear::{AnomalyKind, History, Model, Report, Scratch, check, witness};

/// The names of the anomalies in those that are not linearizable; `?` where values repeat or a refusal does not say
/// what was found, which is for the search.
const NAMES: &[(&str, &str)] = &[
    ("stale-read", "stale-read"),
    ("lost-acked-write", "lost-write"),
    ("lost-acked-write-unread", "lost-write"),
    ("dataset-lost", "lost-write"),
    ("lost-update-cas", "lost-update"),
    ("cas-one-wins-ok", "?"),
    ("cas-false-while-held", "?"),
    ("cas-indeterminate-broken-chain", "phantom"),
    ("split-brain-register", "split-brain stale-read"),
    ("split-brain-writes-both-acked", "lost-write"),
    ("phantom-value", "phantom"),
    ("indeterminate-flicker", "stale-read"),
    ("indeterminate-applied-twice", "stale-read"),
    ("failed-write-visible", "aborted-read"),
    ("future-read", "future-read"),
    ("non-monotonic-reads", "stale-read"),
    ("readers-disagree", "stale-read"),
    ("one-bad-key-of-three", "stale-read"),
    ("counter-duplicate", "lost-write"),
    ("counter-concurrent-duplicate", "lost-update"),
    ("counter-gap-unexplained", "phantom"),
    ("counter-rollback", "lost-write"),
    ("counter-read-below-acked", "stale-read"),
    ("counter-indeterminate-too-late", "phantom"),
    ("counter-one-pending-two-gaps", "phantom"),
    ("set-acked-missing", "lost-write"),
    ("set-flap", "stale-read stale-read"),
    ("set-phantom", "phantom"),
    ("set-incomparable-reads", "split-brain"),
    ("set-duplicate-member", "duplicate-effect"),
    ("set-wrong-add-result", "?"),
    ("set-concurrent-add-ok", "?"),
    ("list-order-differs", "split-brain"),
    ("list-duplicate", "duplicate-effect"),
    ("list-hole", "lost-write"),
    ("list-tail-lost", "stale-read"),
    ("list-pending-wrong-place", "lost-write"),
    ("list-length-result-gap", "lost-write"),
];

fn judge(model: Model, history: &History) -> Report {
    let mut report = Report::default();
    check(model, history, &mut Scratch::default(), &mut report);
    report
}

#[test]
fn every_history_gets_its_verdict_with_an_order_or_with_evidence() {
    let folder = format!("{}/tests/histories", env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    let mut named = 0;
    for line in read("manifest.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let model: Model = serde_json::from_value(case["model"].clone()).unwrap();
        let mut history = jsonl::read(model, &read(case["file"].as_str().unwrap())).unwrap();
        history.initial = case["init"].as_u64();
        let report = judge(model, &history);
        let name = NAMES.iter().find(|(its, _)| *its == id).map_or("", |(_, name)| name);
        named += usize::from(!name.is_empty());
        assert_eq!(report.undecided.is_empty(), name != "?", "{id}: {report:?}");
        if name == "?" {
            continue;
        }
        assert_eq!(report.total == 0, case["linearizable"], "{id}: {report:?}");
        let kinds: Vec<&str> = report.anomalies.iter().map(|anomaly| anomaly.kind.name()).collect();
        assert_eq!(kinds.join(" "), name, "{id}: {report:?}");
        let excerpts = Excerpts::new(model, &history);
        assert!(report.anomalies.iter().all(|anomaly| excerpts.stands(anomaly)), "{id}: {report:?}");
        let order = witness::order(model, &history, &mut Scratch::default());
        assert_eq!(order.is_some_and(|order| replay(model, &history, &order)), report.total == 0, "{id}");
    }
    assert_eq!(named, NAMES.len());
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
    let report = judge(Model::Register, &jsonl::read(Model::Register, &history).unwrap());
    assert_eq!(report.undecided[..], [0u32]);
    assert_eq!((report.total, report.anomalies[0].object), (1, 1));
}

#[test]
fn an_older_value_that_may_have_been_written_twice_is_a_duplicate_effect() {
    let lines = |f: &str, value: u32| {
        ["invoke", "ok"].map(|kind| format!(r#"{{"process":0,"type":"{kind}","f":"{f}","value":{value}}}"#)).join("\n")
    };
    let text = [lines("write", 1), lines("write", 2), lines("read", 2), lines("read", 1)].join("\n");
    let mut history = jsonl::read(Model::Register, &text).unwrap();
    assert_eq!(judge(Model::Register, &history).anomalies[0].kind, AnomalyKind::StaleRead);
    history.entries[0].repeats = 1;
    assert_eq!(judge(Model::Register, &history).anomalies[0].kind, AnomalyKind::DuplicateEffect);
}
