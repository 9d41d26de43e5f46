//! How much less than linearizable histories are.

use splitbrain_checker::linear::{Action, Entry, Fate, History, NEVER, Swap};
use splitbrain_checker::search::{Budget, Model, Objects, search, small};
use splitbrain_checker::weaker::{Broken, Loss, Measured, Sequential, loss_window, sequential, sessions, staleness};

const WRITE: fn(u64) -> Action = Action::Write;

fn read(value: u64) -> Action {
    Action::Read(Some(value))
}

/// Operations on one register by process, call, return and action.
fn history(ops: &[(u32, u32, u32, Action)]) -> History {
    let entry = |&(_, call, ret, action): &(u32, u32, u32, Action)| {
        let fate = if ret == NEVER { Fate::Unknown } else { Fate::Done };
        Entry { call, ret, object: 0, repeats: 0, fate, action }
    };
    let entries = ops.iter().map(entry).collect();
    History { entries, processes: ops.iter().map(|op| op.0).collect(), arena: Vec::new(), initial: None }
}

fn age(history: &History) -> Measured<u64> {
    let earlier = |event: u32, age: u64| event.saturating_sub(age as u32);
    let objects = Objects::of(Model::Register);
    staleness(&history.entries, &history.arena, &objects, 1000, earlier, Budget::default())
}

fn lost(history: &History) -> Measured<Loss> {
    loss_window(&history.entries, &history.arena, &Objects::of(Model::Register), Budget::default())
}

#[test]
fn a_read_is_as_old_as_the_latest_moment_at_which_its_value_was_there() {
    let fresh = history(&[(0, 1, 2, WRITE(1)), (0, 3, 4, read(1))]);
    assert_eq!(age(&fresh), Measured::Is(0));
    // The first value was there until the second write was called, or rather acted: by its return at 6 at the latest.
    let stale = history(&[(0, 1, 2, WRITE(1)), (0, 3, 6, WRITE(2)), (1, 10, 11, read(1))]);
    assert_eq!(age(&stale), Measured::Is(4));
    let phantom = history(&[(0, 1, 2, WRITE(1)), (1, 3, 4, read(7))]);
    assert_eq!(age(&phantom), Measured::Never);
}

#[test]
fn the_loss_window_ends_with_the_last_write_that_must_have_been_lost() {
    let nothing = history(&[(0, 1, 2, WRITE(1)), (0, 3, 4, read(1))]);
    assert_eq!(lost(&nothing), Measured::Is(Loss::default()));
    let two = history(&[
        (0, 1, 2, WRITE(1)),
        (0, 3, 4, WRITE(2)),
        (0, 5, 6, WRITE(3)),
        (1, 7, 8, read(1)),
        (0, 9, 10, WRITE(4)),
        (1, 11, 12, read(4)),
    ]);
    assert_eq!(lost(&two), Measured::Is(Loss { from: 4, to: 6, writes: 2 }));
    let back = history(&[(0, 1, 2, WRITE(1)), (0, 3, 4, WRITE(2)), (1, 5, 6, read(2)), (1, 7, 8, read(1))]);
    assert_eq!(lost(&back), Measured::Never, "a write that was seen cannot just have been lost");
}

#[test]
fn processes_notice_what_goes_back_in_time_for_them_only() {
    let own = history(&[(0, 1, 2, WRITE(1)), (1, 3, 4, WRITE(2)), (1, 5, 6, read(1)), (0, 7, 8, read(1))]);
    assert_eq!(sessions(&own).read_your_writes, [Broken { earlier: 1, later: 2 }]);
    assert_eq!(sessions(&own).monotonic_reads, []);
    let seen = history(&[(0, 1, 2, WRITE(1)), (0, 3, 4, WRITE(2)), (1, 5, 6, read(2)), (2, 7, 8, read(1))]);
    assert_eq!(sessions(&seen).monotonic_reads, [], "another process reads the older value");
    let back = history(&[(0, 1, 2, WRITE(1)), (0, 3, 4, WRITE(2)), (1, 5, 6, read(2)), (1, 7, 8, read(1))]);
    assert_eq!(sessions(&back).monotonic_reads, [Broken { earlier: 2, later: 3 }]);
    let initial = history(&[(0, 1, 2, WRITE(1)), (0, 3, 4, Action::Read(None))]);
    assert_eq!(sessions(&initial).read_your_writes, [Broken { earlier: 0, later: 1 }]);
    let overlap = history(&[(0, 1, 4, WRITE(1)), (1, 2, 3, WRITE(2)), (1, 5, 6, read(1))]);
    assert_eq!(sessions(&overlap).read_your_writes, [], "nobody knows which of the writes came first");
}

#[test]
fn a_stale_read_by_another_process_is_sequentially_consistent_and_a_disagreement_is_not() {
    let stale = history(&[(0, 1, 2, WRITE(1)), (0, 3, 4, WRITE(2)), (1, 5, 6, read(1))]);
    assert_eq!(sequential(&stale, Budget::default()), Sequential::Yes(vec![0, 2, 1]));
    let disagree = history(&[
        (0, 1, 2, WRITE(1)),
        (1, 3, 4, WRITE(2)),
        (2, 5, 6, read(1)),
        (2, 7, 8, read(2)),
        (3, 9, 10, read(2)),
        (3, 11, 12, read(1)),
    ]);
    assert_eq!(sequential(&disagree, Budget::default()), Sequential::No);
}

/// Tries all interleavings of the processes.
fn interleaves(history: &History, taken: u32, held: &[Option<u64>; 2]) -> bool {
    let open = |i: &usize| taken >> i & 1 == 0;
    let entries = &history.entries;
    if (0..entries.len()).filter(open).all(|i| entries[i].fate != Fate::Done) {
        return true;
    }
    (0..entries.len()).filter(open).any(|i| {
        let first = (0..i).filter(open).all(|j| history.processes[j] != history.processes[i]);
        let entry = &entries[i];
        let object = entry.object as usize;
        let value = |value: Option<u64>| value.or(history.initial);
        let now = held[object];
        let mut after = *held;
        let done = entry.fate == Fate::Done;
        let fits = match entry.action {
            Action::Write(value) => {
                after[object] = Some(value);
                true
            }
            Action::Read(seen) => now == value(seen) || !done,
            Action::Cas(from, to, swap) => {
                if now == value(from) {
                    after[object] = Some(to);
                }
                let said = match swap {
                    Swap::Swapped => now == value(from),
                    Swap::Refused => now != value(from),
                    Swap::Found(found) => now == value(found) && now != value(from),
                };
                said || !done
            }
            _ => false,
        };
        if !first {
            return false;
        }
        let left_out = !done && interleaves(history, taken | 1 << i, held);
        left_out || (fits && entry.fate != Fate::Failed && interleaves(history, taken | 1 << i, &after))
    })
}

#[test]
fn sequential_consistency_agrees_with_all_interleavings_of_random_histories() {
    let (mut yes, mut no, mut less) = (0, 0, 0);
    for number in 0..4000 {
        let mut history = small::history(Model::Register, number);
        history.entries.iter_mut().for_each(|entry| entry.repeats = 0);
        let expected = interleaves(&history, 0, &[history.initial; 2]);
        let found = sequential(&history, Budget::default());
        assert_eq!(matches!(found, Sequential::Yes(_)), expected, "{number}: {found:?} {history:?}");
        assert!(!matches!(found, Sequential::Unknown(_)));
        let objects = small::small(Model::Register, history.initial);
        let strict = search(&history.entries, &history.arena, &objects, None, Budget::default());
        assert!(!strict.violations.is_empty() || expected, "{number}: linearizable is sequentially consistent");
        less += u32::from(expected && !strict.violations.is_empty());
        *(if expected { &mut yes } else { &mut no }) += 1;
    }
    assert!(yes > 500 && no > 300 && less > 50, "{yes} {no} {less}");
}
