//! The linear-time checks against an exhaustive search over all orders, on arbitrary small histories that shrink when
//! they disagree.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use splitbrain_checker::linear::evidence::Excerpts;
use splitbrain_checker::linear::sequential::exhaustive;
use splitbrain_checker::linear::{
    Action, Entry, Fate, History, Model, NEVER, Report, Scratch, Span, Swap, check, register,
};
use std::cell::RefCell;

/// What a random operation is made of: kind, object, two small numbers, times, fate.
type Seed = (u8, u8, (u64, u64), (u16, u16), u8);

/// Gives the operations distinct event numbers in the order of their random times.
fn history(seeds: &[Seed], action: impl Fn(usize, u8, u64, u64, &mut Vec<u64>) -> Action) -> History {
    let mut times: Vec<(u16, usize, bool)> = Vec::new();
    for (i, &(.., (a, b), _)) in seeds.iter().enumerate() {
        times.extend([(a.min(b), i, false), (a.max(b), i, true)]);
    }
    times.sort_by_key(|(at, i, end)| (*at, *end, *i));
    let mut history = History::default();
    for (i, &(kind, object, (a, b), _, fate)) in seeds.iter().enumerate() {
        let fate = match fate {
            0 => Fate::Failed,
            1..=2 => Fate::Unknown,
            _ => Fate::Done,
        };
        let action = action(i, kind, a, b, &mut history.arena);
        let object = u32::from(object == 0);
        history.entries.push(Entry { call: 0, ret: NEVER, object, repeats: 0, fate, action });
    }
    for ((_, i, end), number) in times.into_iter().zip(1..) {
        *(if end { &mut history.entries[i].ret } else { &mut history.entries[i].call }) = number;
    }
    history
}

fn span(arena: &mut Vec<u64>, numbers: impl Iterator<Item = u64>) -> Span {
    let start = arena.len() as u32;
    arena.extend(numbers);
    Span { start, len: arena.len() as u32 - start }
}

fn compare(model: Model, kinds: u8, values: u64, action: impl Fn(usize, u8, u64, u64, &mut Vec<u64>) -> Action) {
    let operation = (0..kinds, 0u8..8, (0..values, 0..values), (0u16..60, 0u16..60), 0u8..12);
    let seeds = prop::collection::vec(operation, 1..=7);
    let cases = 10_000;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases) });
    // The same memory throughout: nothing may leak from one history to the next.
    let scratch = RefCell::new(Scratch::default());
    let good = RefCell::new(0);
    runner
        .run(&seeds, |seeds| {
            let history = history(&seeds, &action);
            let mut report = Report::default();
            check(model, &history, &mut scratch.borrow_mut(), &mut report);
            let expected = exhaustive(model, &history);
            *good.borrow_mut() += u32::from(expected);
            if report.total > 0 || report.undecided.is_empty() {
                prop_assert_eq!(report.total == 0, expected, "{:#?} {:#?}", history, report);
            }
            let excerpts = Excerpts::new(model, &history);
            for anomaly in &report.anomalies {
                prop_assert!(excerpts.stands(anomaly), "{:#?}", anomaly);
            }
            Ok(())
        })
        .unwrap();
    let good = good.into_inner();
    assert!((cases / 10..cases * 9 / 10).contains(&good), "{good} of {cases} legal");
}

#[test]
fn registers_agree_with_exhaustive_search() {
    // Writes are unique: the value is the number of the operation. Reads see any, also none and unwritten ones.
    compare(Model::Register, 7, 7, |i, kind, a, b, _| match kind {
        0..=2 => Action::Write(i as u64),
        3 => Action::Cas(a.checked_sub(1), i as u64, Swap::Swapped),
        4 => Action::Cas(a.checked_sub(1), 10 + i as u64, Swap::Found(b.checked_sub(1))),
        _ => Action::Read(a.checked_sub(1)),
    });
}

#[test]
fn counters_agree_with_exhaustive_search() {
    compare(Model::Counter, 6, 4, |_, kind, a, _, _| match kind {
        0..=1 => Action::Increment(Some(a + 1)),
        2..=3 => Action::Increment(None),
        _ => Action::Read(a.checked_sub(1)),
    });
}

#[test]
fn sets_agree_with_exhaustive_search() {
    compare(Model::Set, 8, 4, |i, kind, a, b, arena| match kind {
        0..=3 => Action::Add(i as u64, None),
        4 => Action::Contains(a, b % 2 == 0),
        5 => Action::Remove(a, [None, Some(true), Some(false), None][b as usize]),
        _ => Action::Elements(span(arena, (0..4).filter(|bit| (a * 4 + b) >> bit & 1 == 1))),
    });
}

#[test]
fn lists_agree_with_exhaustive_search() {
    compare(Model::List, 6, 4, |i, kind, a, b, arena| match kind {
        0..=2 => Action::Append(i as u64, None),
        3 => Action::Append(i as u64, Some(a)),
        _ => Action::Elements(span(arena, [a, b, 3 - a, 3 - b].into_iter().take(kind as usize - 4 + (a > b) as usize))),
    });
}

#[test]
fn long_legal_histories_are_accepted_and_one_stale_read_in_them_is_found() {
    // An atomic register behind overlapping operations: each acts in the middle of its interval.
    let mut entries = Vec::new();
    for n in 0..10_000u32 {
        let call = n * 4 + 1;
        let action = match n % 3 {
            0 => Action::Write(u64::from(n)),
            _ => Action::Read(Some(u64::from(n - n % 3))),
        };
        // Calls at 4n + 1, returns at 4n + 6: each overlaps the next.
        entries.push(Entry { call, ret: call + 5, object: 0, repeats: 0, fate: Fate::Done, action });
    }
    let mut scratch = Scratch::default();
    let mut report = Report::default();
    register::check(&entries, None, &mut scratch, &mut report);
    assert!(report.is_linearizable(), "{:?}", report.anomalies.first());
    entries[5_000].action = Action::Read(Some(3));
    report = Report::default();
    register::check(&entries, None, &mut scratch, &mut report);
    assert!(report.total >= 1);
}
