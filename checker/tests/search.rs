//! The search against the oracle, which tries all orders, on small random histories of every model.

use splitbrain_checker::linear::History;
use splitbrain_checker::search::{Budget, Model, Objects, exhaustive, replay, search, small};

/// Histories of each model.
const HISTORIES: u64 = 10_000;

/// How many are legal, after the search has been held against the oracle on all.
fn compare(model: Model, again: bool) -> u64 {
    let mut legal = 0;
    for number in 0..HISTORIES {
        let history = small::history(model, number);
        let objects = Objects { repeats: again, ..small::small(model, history.initial) };
        let History { entries, arena, .. } = &history;
        let found = search(entries, arena, &objects, None, Budget::default());
        let expected = exhaustive(entries, arena, &objects);
        assert_eq!(found.violations.is_empty(), expected, "{model:?} {number}: {found:?} {history:?}");
        assert_eq!(found.undecided, []);
        if expected {
            assert!(replay(&found.order, entries, arena, &objects), "{model:?} {number}: {found:?} {history:?}");
            legal += 1;
        }
    }
    legal
}

#[test]
fn search_and_oracle_agree_on_random_histories_of_every_model() {
    for model in Model::ALL {
        for again in [false, true] {
            let legal = compare(model, again);
            let share = legal as f64 / HISTORIES as f64;
            assert!((0.2..0.95).contains(&share), "{model:?}: {share}");
        }
    }
}
