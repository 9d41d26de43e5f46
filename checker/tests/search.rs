//! The search against the oracle, which tries all orders, on small random histories of every model.

use splitbrain_checker::linear::synthetic::{self, Load};
use splitbrain_checker::linear::{Action, Entry, Fate, History, NEVER, Swap};
use splitbrain_checker::search::{Budget, Evidence, Model, Objects, evidence, exhaustive, replay, search, small};

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

/// So busy that the search gets stuck and looks for contradictions and for proofs nearby, of which there are none.
#[test]
fn long_busy_histories_that_an_atomic_register_made_have_an_order() {
    let objects = Objects::of(Model::Register);
    let busy = Load { operations: 400, clients: 16, values: 4, finds: false, ..Load::default() };
    let swapping = Load { swaps: 300, hits: 400, ..busy };
    let unknown = Load { unknown: 100, ..swapping };
    let many_values = Load { values: 60, clients: 24, ..busy };
    for load in [busy, swapping, unknown, many_values] {
        for seed in 0..40 {
            let History { entries, arena, .. } = synthetic::history(Load { seed, ..load });
            let found = search(&entries, &arena, &objects, None, Budget::default());
            assert_eq!((found.violations, found.undecided), (vec![], vec![]), "{load:?} {seed}");
            assert!(replay(&found.order, &entries, &arena, &objects), "{load:?} {seed}");
        }
    }
}

#[test]
fn a_proof_is_short_and_true_of_the_whole_history() {
    for model in Model::ALL {
        let mut shown = 0;
        for number in 0..HISTORIES / 4 {
            let history = small::history(model, number);
            let objects = small::small(model, history.initial);
            let History { entries, arena, .. } = &history;
            for violation in search(entries, arena, &objects, None, Budget::default()).violations {
                let evidence = evidence(entries, arena, &objects, &violation);
                let context = || format!("{model:?} {number}: {evidence:?} {history:?}");
                assert!(evidence.judged, "{}", context());
                assert!((1..=8).contains(&evidence.anomaly.entries.len()), "{}", context());
                let full: Vec<u32> =
                    evidence.proof.iter().filter(|(_, entry)| entry.fate == Fate::Done).map(|(i, _)| *i).collect();
                for (i, entry) in &evidence.proof {
                    let original = entries[*i as usize];
                    assert_eq!(entry.action, original.action);
                    assert!(entry.call <= original.call && entry.ret >= original.ret.min(entry.ret));
                    assert!(entry.fate == original.fate || entry.fate == Fate::Unknown);
                }
                // Nothing that was left out could have helped.
                let weakened = |(i, entry): (usize, &Entry)| match entry.fate {
                    Fate::Done if full.contains(&(i as u32)) => *entry,
                    Fate::Failed => *entry,
                    _ => Entry { fate: Fate::Unknown, ret: NEVER, ..*entry },
                };
                let changed_nothing = |entry: &Entry| match entry.action {
                    Action::Cas(_, _, swap) => swap != Swap::Swapped,
                    Action::Add(_, told) | Action::Remove(_, told) => told == Some(false),
                    _ => false,
                };
                let begin = full.iter().map(|i| entries[*i as usize].call).min().unwrap_or(0);
                let is_before = |entry: &Entry| evidence.any_start && entry.ret < begin;
                let spare = |(i, entry): &(usize, &Entry)| {
                    let spared = entry.fate == Fate::Done && (changed_nothing(entry) || is_before(entry));
                    full.contains(&(*i as u32)) || !spared
                };
                let all = entries.iter().enumerate().filter(spare).map(|(i, entry)| (i as u32, weakened((i, entry))));
                let all = Evidence { proof: all.collect(), ..evidence.clone() };
                assert!(all.holds(arena, &objects), "{}", context());
                shown += 1;
            }
        }
        assert!(shown > 100, "{model:?}: {shown}");
    }
}
