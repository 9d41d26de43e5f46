//! The linear-time checkers against an exhaustive search over all orders, on small random histories.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use splitbrain_checker::linear::{Action, Anomaly, Entry, Fate, NEVER, Report, Scratch, counter, register};
use std::cell::RefCell;

/// Whether there is a legal order: tries every operation that may come next.
fn legal(entries: &[Entry], counter: bool) -> bool {
    let objects = entries.iter().map(|e| e.object + 1).max().unwrap_or(0);
    (0..objects).all(|object| {
        let mine: Vec<Entry> = entries
            .iter()
            .filter(|e| e.object == object && e.fate != Fate::Failed)
            .filter(|e| e.fate == Fate::Done || !matches!(e.action, Action::Read(_)))
            .copied()
            .collect();
        extend(&mine, counter, 0, None)
    })
}

/// `state`: `None` is the initial value. An operation of unknown outcome may be left out.
fn extend(entries: &[Entry], counter: bool, taken: u32, state: Option<u64>) -> bool {
    let rest = |taken: u32| entries.iter().enumerate().filter(move |(i, _)| taken >> i & 1 == 0);
    if rest(taken).all(|(_, e)| e.fate == Fate::Unknown) {
        return true;
    }
    let deadline = rest(taken).filter(|(_, e)| e.fate == Fate::Done).map(|(_, e)| e.ret).min().unwrap_or(NEVER);
    rest(taken).filter(|(_, e)| e.call < deadline).any(|(i, e)| {
        let next = match e.action {
            Action::Write(value) => Some(Some(value)),
            Action::Read(seen) if counter => (seen.unwrap_or(0) == state.unwrap_or(0)).then_some(state),
            Action::Read(seen) => (seen == state).then_some(state),
            Action::Increment(count) => {
                let after = state.unwrap_or(0) + 1;
                (count.is_none_or(|count| count == after)).then_some(Some(after))
            }
            other => unreachable!("{other:?} is of another model"),
        };
        next.is_some_and(|next| extend(entries, counter, taken | 1 << i, next))
    })
}

/// What a random operation is made of.
type Seed = (u8, u8, u64, (u16, u16), u8);

/// Gives the operations distinct event numbers in the order of their random times.
fn entries(seeds: &[Seed], action: impl Fn(usize, u8, u64) -> Action) -> Vec<Entry> {
    let mut times: Vec<(u16, usize, bool)> = Vec::new();
    for (i, (.., (a, b), _)) in seeds.iter().enumerate() {
        times.push((*a.min(b), i, false));
        times.push((*a.max(b), i, true));
    }
    times.sort_by_key(|(at, i, end)| (*at, *end, *i));
    let mut entries: Vec<Entry> = seeds
        .iter()
        .enumerate()
        .map(|(i, &(kind, object, value, _, fate))| Entry {
            call: 0,
            ret: NEVER,
            object: u32::from(object == 0),
            repeats: 0,
            fate: match fate {
                0 => Fate::Failed,
                1..=2 => Fate::Unknown,
                _ => Fate::Done,
            },
            action: action(i, kind, value),
        })
        .collect();
    for ((_, i, end), number) in times.into_iter().zip(1..) {
        *(if end { &mut entries[i].ret } else { &mut entries[i].call }) = number;
    }
    for entry in &mut entries {
        if let (Action::Increment(count), Fate::Unknown) = (&mut entry.action, entry.fate) {
            *count = None;
        }
    }
    entries
}

fn compare(seeds: impl Strategy<Value = Vec<Seed>>, action: impl Fn(usize, u8, u64) -> Action, counter: bool) {
    let check = if counter { counter::check } else { register::check };
    let cases = 10_000;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases) });
    // The same memory throughout: nothing may leak from one history to the next.
    let scratch = RefCell::new(Scratch::default());
    let good = RefCell::new(0);
    runner
        .run(&seeds, |seeds| {
            let entries = entries(&seeds, &action);
            let mut report = Report::default();
            check(&entries, &mut scratch.borrow_mut(), &mut report);
            let expected = legal(&entries, counter);
            *good.borrow_mut() += u32::from(expected);
            prop_assert_eq!(report.is_linearizable(), expected, "{:#?} {:#?}", entries, report);
            for anomaly in &report.anomalies {
                prop_assert!(counter || proves(&entries, anomaly), "{:#?}", anomaly);
            }
            Ok(())
        })
        .unwrap();
    let good = good.into_inner();
    assert!((cases / 10..cases * 9 / 10).contains(&good), "{good} of {cases} legal");
}

/// Whether the operations of an anomaly are illegal by themselves.
fn proves(entries: &[Entry], anomaly: &Anomaly) -> bool {
    let few: Vec<Entry> = anomaly.entries.iter().map(|&i| entries[i as usize]).collect();
    let mut report = Report::default();
    register::check(&few, &mut Scratch::default(), &mut report);
    !legal(&few, false) && report.total > 0
}

fn seeds(kinds: std::ops::Range<u8>, values: std::ops::Range<u64>) -> impl Strategy<Value = Vec<Seed>> {
    let operation = (kinds, 0u8..8, values, (0u16..60, 0u16..60), 0u8..12);
    prop::collection::vec(operation, 1..=7)
}

#[test]
fn registers_agree_with_exhaustive_search() {
    // Writes are unique: the value is the number of the operation. Reads see any, also none and unwritten ones.
    let action = |i: usize, kind, value: u64| match kind {
        0..=2 => Action::Write(i as u64),
        _ => Action::Read(value.checked_sub(1)),
    };
    compare(seeds(0..5, 0..7), action, false);
}

#[test]
fn counters_agree_with_exhaustive_search() {
    let action = |_, kind, value: u64| match kind {
        0..=2 => Action::Increment(Some(value + 1)),
        _ => Action::Read(value.checked_sub(1)),
    };
    compare(seeds(0..5, 0..4), action, true);
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
    register::check(&entries, &mut scratch, &mut report);
    assert!(report.is_linearizable(), "{:?}", report.anomalies.first());
    entries[5_000].action = Action::Read(Some(3));
    report = Report::default();
    register::check(&entries, &mut scratch, &mut report);
    assert!(report.total >= 1);
}
