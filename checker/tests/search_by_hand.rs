//! Histories written by hand for the search: each says what it is.

use splitbrain_checker::linear::{Action, AnomalyKind, Entry, Fate, History, NEVER, Span, Swap};
use splitbrain_checker::search::{
    Budget, Exhausted, Found, Model, Objects, Undecided, evidence, exhaustive, replay, search,
};

/// Operations by call, return ([`NEVER`]: of unknown outcome) and action.
fn entries(ops: &[(u32, u32, Action)]) -> Vec<Entry> {
    let fate = |ret| if ret == NEVER { Fate::Unknown } else { Fate::Done };
    ops.iter().map(|&(call, ret, action)| Entry { call, ret, object: 0, repeats: 0, fate: fate(ret), action }).collect()
}

/// Whether the operations have a legal order, as the search and the oracle say.
fn is_legal(objects: &Objects<'_>, arena: &[u64], ops: &[(u32, u32, Action)]) -> bool {
    let entries = entries(ops);
    let found = search(&entries, arena, objects, None, Budget::default());
    let legal = found.violations.is_empty();
    assert_eq!(legal, exhaustive(&entries, arena, objects));
    assert!(!legal || replay(&found.order, &entries, arena, objects));
    legal
}

/// The name of the only violation.
fn kind(objects: &Objects<'_>, arena: &[u64], entries: &[Entry]) -> AnomalyKind {
    let found = search(entries, arena, objects, None, Budget::default());
    let evidence = evidence(entries, arena, objects, &found.violations[0]);
    assert!(evidence.judged && evidence.holds(arena, objects), "{evidence:?}");
    evidence.anomaly.kind
}

#[test]
fn a_mutex_is_held_by_one_at_a_time() {
    let mutex = Objects::of(Model::Mutex);
    let (acquire, release) = (Action::Acquire, Action::Release);
    assert!(is_legal(&mutex, &[], &[(1, 2, acquire), (3, 4, release), (5, 6, acquire)]));
    assert!(is_legal(&mutex, &[], &[(1, 4, acquire), (2, 6, acquire), (3, 5, release)]));
    assert!(!is_legal(&mutex, &[], &[(1, 2, acquire), (3, 4, acquire)]));
    assert!(is_legal(&mutex, &[], &[(1, 2, acquire), (3, NEVER, release), (5, 6, acquire)]));
    let held = entries(&[(1, 2, acquire), (3, 4, acquire)]);
    assert_eq!(kind(&mutex, &[], &held), AnomalyKind::SplitBrain);
}

#[test]
fn a_text_is_what_was_put_and_appended() {
    let texts = |value: u64| ["", "a", "b", "ab", "ba"][value as usize].to_owned();
    let text = Objects { texts: Some(&texts), ..Objects::of(Model::Text) };
    let (put, append, get) = (Action::Write, |value| Action::Append(value, None), |value| Action::Read(Some(value)));
    assert!(is_legal(&text, &[], &[(1, 2, put(1)), (3, 4, append(2)), (5, 6, get(3))]));
    assert!(is_legal(&text, &[], &[(1, 4, append(1)), (2, 3, append(2)), (5, 6, get(4))]));
    assert!(!is_legal(&text, &[], &[(1, 2, append(1)), (3, 4, append(2)), (5, 6, get(4))]));
    assert!(is_legal(&text, &[], &[(1, 2, put(1)), (3, 4, put(0)), (5, 6, Action::Read(None))]));
    assert!(is_legal(&text, &[], &[(1, 2, put(3)), (3, 4, Action::Append(3, Some(4)))]));
}

#[test]
fn transactions_see_all_registers_at_one_moment() {
    // Two are written together; a reader that sees one of them must see the other.
    let arena = [1, 0, 8, 1, 1, 9, 0, 0, 8, 0, 1, 9, 0, 0, 8, 0, 1, 0, 0, 1, 9, 0, 0, 8];
    let step = |start| Action::Transaction(Span { start, len: 6 });
    let registers = Objects::of(Model::Transactions);
    assert!(is_legal(&registers, &arena, &[(1, 2, step(0)), (3, 4, step(6))]));
    assert!(!is_legal(&registers, &arena, &[(1, 4, step(0)), (2, 3, step(12))]), "half of it");
    assert!(is_legal(&registers, &arena, &[(1, NEVER, step(0)), (2, 3, step(18))]));
}

#[test]
fn a_refused_swap_needs_another_value() {
    let register = Objects::of(Model::Register);
    let refused = Action::Cas(Some(1), 2, Swap::Refused);
    let write = Action::Write(1);
    assert!(!is_legal(&register, &[], &[(1, 2, write), (3, 4, refused)]));
    assert!(is_legal(&register, &[], &[(1, 3, write), (2, 4, refused)]));
    // A write of unknown outcome may have come in between, even if nobody reads it.
    assert!(is_legal(&register, &[], &[(1, 2, write), (3, NEVER, Action::Write(7)), (4, 5, refused)]));
    assert!(!is_legal(&register, &[], &[(1, 2, write), (3, 4, refused), (5, NEVER, Action::Write(7))]));
}

#[test]
fn a_second_effect_is_legal_only_where_it_is_allowed() {
    let mut ops = entries(&[
        (1, 2, Action::Write(1)),
        (3, 4, Action::Write(2)),
        (5, 6, Action::Read(Some(2))),
        (7, 8, Action::Read(Some(1))),
    ]);
    ops[0].repeats = 1;
    let once = Objects::of(Model::Register);
    assert_eq!(kind(&once, &[], &ops), AnomalyKind::DuplicateEffect);
    let again = Objects { repeats: true, ..once };
    let found = search(&ops, &[], &again, None, Budget::default());
    assert_eq!(found.violations, []);
    assert!(replay(&found.order, &ops, &[], &again));
    assert!(found.order.iter().any(|step| step.again && step.entry == 0));
}

#[test]
fn calls_stand_before_returns_of_the_same_number() {
    let register = Objects::of(Model::Register);
    let (write, read) = (Action::Write(1), Action::Read(None));
    assert!(is_legal(&register, &[], &[(1, 2, write), (2, 3, read)]));
    assert!(!is_legal(&register, &[], &[(1, 2, write), (3, 4, read)]));
}

#[test]
fn an_operation_of_another_model_cannot_have_happened() {
    let counter = Objects::of(Model::Counter);
    assert!(!is_legal(&counter, &[], &[(1, 2, Action::Write(1))]));
    assert!(is_legal(&counter, &[], &[(1, NEVER, Action::Write(1))]));
}

#[test]
fn a_hundred_thousand_operations_take_no_more_stack_than_ten() {
    let write = |i: u32| (i * 4 + 1, i * 4 + 4, Action::Write(u64::from(i % 3)));
    let read = |i: u32| (i * 4 + 2, i * 4 + 3, Action::Read(Some(u64::from(i % 3))));
    let ops: Vec<_> = (0..50_000).flat_map(|i| [write(i), read(i)]).collect();
    let entries = entries(&ops);
    let small = std::thread::Builder::new().stack_size(128 << 10);
    let searched = small.spawn(move || {
        let objects = Objects::of(Model::Register);
        let found = search(&entries, &[], &objects, None, Budget::default());
        (found.violations.is_empty(), replay(&found.order, &entries, &[], &objects))
    });
    assert_eq!(searched.unwrap().join().unwrap(), (true, true));
}

#[test]
fn a_spent_budget_is_no_verdict() {
    // Which of the appended came first is only told by a read that fits none of the orders.
    let append = |i: u32| (i + 1, 20, Action::Append(u64::from(i), None));
    let mut ops: Vec<_> = (0..9).map(append).collect();
    ops.push((21, 22, Action::Elements(Span { start: 0, len: 9 })));
    ops.push((23, 24, Action::Append(9, Some(12))));
    let arena: Vec<u64> = (0..9).rev().collect();
    let history = History { entries: entries(&ops), arena, ..History::default() };
    let list = Objects::of(Model::List);
    let run = |budget| search(&history.entries, &history.arena, &list, None, budget);
    let Found { violations, undecided, .. } = run(Budget { nodes: 3, ..Budget::default() });
    let reason = Exhausted::Nodes(3);
    assert_eq!((violations.len(), undecided), (0, vec![Undecided { object: 0, reason }]));
    assert_eq!(reason.to_string(), "no verdict after 3 choices");
    assert_eq!(run(Budget::default()).violations.len(), 1);
}
