//! The checks' memory: at most 64 bytes for each operation, none of it lost between two checks.

use splitbrain_checker::linear::synthetic::{Load, history};
use splitbrain_checker::linear::{Action, History, Model, Report, Scratch, arrays, check, register};

/// Just above a power of two, where memory that grows by doubling is emptiest.
const OPERATIONS: usize = 66_000;

fn synthetic(load: Load) -> History {
    history(Load { operations: OPERATIONS as u32, ..load })
}

/// The history with other operations in the place of its writes.
fn with(mut history: History, write: fn(u64) -> Action, read: fn(u64) -> Action) -> History {
    for entry in &mut history.entries {
        entry.action = match entry.action {
            Action::Write(value) => write(value),
            Action::Read(value) => read(value.unwrap_or(0)),
            other => other,
        };
    }
    history
}

#[test]
fn no_check_needs_more_than_64_bytes_for_an_operation_and_a_second_one_needs_no_more() {
    let registers = synthetic(Load::default());
    let writes = synthetic(Load { reads: 0, ..Load::default() });
    let sets = with(writes.clone(), |value| Action::Add(value, None), |value| Action::Contains(value, true));
    let lists = with(writes.clone(), |value| Action::Append(value, None), |_| Action::Elements(NOTHING));
    let counts = Load { counters: true, ..Load::default() };
    for (model, history) in [
        (Model::Register, registers),
        (Model::Register, writes),
        (Model::Register, synthetic(Load { swaps: 500, unknown: 20, ..Load::default() })),
        (Model::Counter, synthetic(counts)),
        (Model::Counter, synthetic(Load { unknown: 1_000, reads: 0, ..counts })),
        (Model::Set, sets),
        (Model::List, lists),
    ] {
        let mut scratch = Scratch::default();
        check(model, &history, &mut scratch, &mut Report::default());
        let bytes = scratch.bytes();
        assert!((8 * OPERATIONS..64 * OPERATIONS).contains(&bytes), "{model:?}: {bytes}");
        check(model, &history, &mut scratch, &mut Report::default());
        assert_eq!(scratch.bytes(), bytes, "{model:?}");
    }
}

const NOTHING: splitbrain_checker::linear::Span = splitbrain_checker::linear::Span { start: 0, len: 0 };

#[test]
fn arrays_of_a_recorder_need_16_bytes_more_for_an_operation() {
    let ops = arrays::of(&synthetic(Load::default())).unwrap();
    assert_eq!(size_of_val(&ops[..]), 16 * ops.len());
    let mut scratch = Scratch::default();
    register::check_arrays(&ops, &mut scratch, &mut Report::default());
    assert!(scratch.bytes() <= 16 * OPERATIONS + 1_000, "{}", scratch.bytes());
}
