//! The linear-time checks against an exhaustive search over all orders, on small random histories of every model.

use splitbrain_checker::linear::evidence::Excerpts;
use splitbrain_checker::linear::random::{Objects, history};
use splitbrain_checker::linear::sequential::{exhaustive, replay};
use splitbrain_checker::linear::{self, History, Model, Report, Scratch, witness};

fn objects(model: Model) -> Objects {
    match model {
        Model::Register => Objects::Registers,
        Model::Counter => Objects::Counters,
        Model::Set => Objects::Sets,
        Model::List => Objects::Lists,
    }
}

fn agree(model: Model) {
    // The same memory throughout: nothing may leak from one history to the next.
    let mut scratch = Scratch::default();
    let seeds = std::env::var("SEEDS").map_or(10_000, |n| n.parse().unwrap());
    let (mut decided, mut legal) = (0u64, 0u64);
    for seed in 0..seeds {
        let history = history(objects(model), seed);
        let mut report = Report::default();
        linear::check(model, &history, &mut scratch, &mut report);
        if !report.undecided.is_empty() && report.total == 0 {
            continue;
        }
        decided += 1;
        let expected = exhaustive(model, &history);
        legal += u64::from(expected);
        let excerpts = Excerpts::new(model, &history);
        for anomaly in &report.anomalies {
            let few = anomaly.entries.len();
            assert!(
                (1..=8).contains(&few) && excerpts.stands(anomaly),
                "{model:?} seed {seed}: {anomaly:?} of {} as {}",
                told(&history),
                told(&excerpts.excerpt(anomaly).1)
            );
        }
        assert_eq!(report.total == 0, expected, "{model:?} seed {seed}: {} {report:#?}", told(&history));
        let order = witness::order(model, &history, &mut scratch);
        assert_eq!(order.is_some(), expected && report.undecided.is_empty());
        assert!(
            order.as_ref().is_none_or(|order| replay(model, &history, order)),
            "{model:?} seed {seed}: {order:?} of {}",
            told(&history)
        );
    }
    println!("{model:?}: {decided} of {seeds} decided, {legal} of them legal");
    assert!(decided > seeds * 6 / 10 && (decided / 4..decided * 9 / 10).contains(&legal), "{decided} {legal}");
}

#[test]
fn registers_agree_with_exhaustive_search() {
    agree(Model::Register);
}

#[test]
fn counters_agree_with_exhaustive_search() {
    agree(Model::Counter);
}

#[test]
fn sets_agree_with_exhaustive_search() {
    agree(Model::Set);
}

#[test]
fn lists_agree_with_exhaustive_search() {
    agree(Model::List);
}

/// A history on a line for each operation.
fn told(history: &History) -> String {
    let lines = history
        .entries
        .iter()
        .map(|e| format!("{} {}..{} {:?} {:?} x{}\n", e.object, e.call, e.ret as i32, e.fate, e.action, e.repeats));
    format!("\n{}{:?} {:?}\n", lines.collect::<String>(), history.arena, history.initial)
}
