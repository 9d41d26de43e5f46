//! Steps are taken out of schedules without disturbing the others, and what is left is put into the order of a file.

use proptest::prelude::*;
use splitbrain_model::Millis;
use splitbrain_model::event::EventKind;
use splitbrain_scenarios::{Action, Step, Target, Trigger, schedule};

fn step(trigger: Trigger, action: Action) -> Step {
    Step { trigger, action, origin: false }
}

fn kill(name: &str) -> Action {
    Action::Kill(vec![Target::Named(name.to_owned())])
}

/// A schedule of faults with names of their own; some hang on others, some are undone.
fn schedules() -> impl Strategy<Value = Vec<Step>> {
    let fault = (0u8..5, 0i64..10_000, any::<prop::sample::Index>(), prop::option::of(0i64..5_000));
    prop::collection::vec(fault, 1..12).prop_map(|faults| {
        let mut steps = Vec::new();
        let mut ends = Vec::new();
        for (n, (kind, time, on, lasts)) in faults.into_iter().enumerate() {
            let trigger = match kind {
                0 if n > 0 => Trigger::AfterStep(on.index(n), Millis(time)),
                1 => Trigger::On { event: EventKind::SwitchMaster, after: Millis(time), cap: Millis(60_000) },
                _ => Trigger::At(Millis(time)),
            };
            steps.push(step(trigger, kill(&format!("redis-{n}"))));
            ends.extend(lasts.map(|lasts| step(Trigger::AfterStep(n, Millis(lasts)), Action::Undo(n))));
        }
        steps.extend(ends);
        steps
    })
}

/// The name of what a step kills, or of what the step kills that it undoes.
fn name(steps: &[Step], i: usize) -> String {
    match &steps[i].action {
        Action::Undo(of) => format!("end of {}", name(steps, *of)),
        action => format!("{action:?}"),
    }
}

proptest! {
    #[test]
    fn what_stays_keeps_its_time_and_its_end(steps in schedules(), out in prop::collection::vec(any::<bool>(), 24)) {
        let gone: Vec<usize> = (0..steps.len()).filter(|i| out[*i % out.len()]).collect();
        let left = schedule::without(&steps, &gone);
        let find = |wanted: &str| (0..left.len()).find(|i| name(&left, *i) == wanted);
        for i in 0..steps.len() {
            let undone_is_gone = matches!(steps[i].action, Action::Undo(of) if gone.contains(&of));
            let found = find(&name(&steps, i));
            prop_assert_eq!(found.is_some(), !gone.contains(&i) && !undone_is_gone, "{}", name(&steps, i));
            if let Some(found) = found {
                prop_assert_eq!(schedule::begins(&left, found), schedule::begins(&steps, i));
            }
        }
        let sound = |(i, step): (usize, &Step)| match step.trigger {
            Trigger::AfterStep(before, _) => before < left.len() && before != i,
            _ => true,
        };
        prop_assert!(left.iter().enumerate().all(sound));
    }

    #[test]
    fn the_order_of_a_file_says_the_same(steps in schedules()) {
        let Some(sorted) = schedule::canonical(&steps) else { return Ok(()) };
        prop_assert_eq!(sorted.len(), steps.len());
        for i in 0..steps.len() {
            let found = (0..sorted.len()).find(|found| name(&sorted, *found) == name(&steps, i));
            let begins = found.map(|found| schedule::begins(&sorted, found));
            prop_assert_eq!(begins, Some(schedule::begins(&steps, i)));
        }
        prop_assert_eq!(schedule::canonical(&sorted), Some(sorted));
    }
}

#[test]
fn a_step_behind_one_that_is_gone_hangs_on_what_that_one_hung_on() {
    let on = Trigger::On { event: EventKind::SwitchMaster, after: Millis(5), cap: Millis(60_000) };
    let steps = [
        step(on, kill("a")),
        step(Trigger::AfterStep(0, Millis(7)), kill("b")),
        step(Trigger::AfterStep(1, Millis(9)), kill("c")),
    ];
    let later = |after| Trigger::On { event: EventKind::SwitchMaster, after: Millis(after), cap: Millis(60_000) };
    assert_eq!(
        schedule::without(&steps, &[0]),
        [step(later(12), kill("b")), step(Trigger::AfterStep(0, Millis(9)), kill("c"))]
    );
    assert_eq!(schedule::without(&steps, &[0, 1]), [step(later(21), kill("c"))]);
}

#[test]
fn references_into_nowhere_and_circles_are_left_out_instead_of_followed() {
    let steps = [
        step(Trigger::AfterStep(1, Millis(1)), kill("a")),
        step(Trigger::AfterStep(0, Millis(1)), kill("b")),
        step(Trigger::At(Millis(0)), Action::Undo(99)),
        step(Trigger::At(Millis(3)), kill("c")),
    ];
    assert_eq!(schedule::without(&steps, &[0]), [step(Trigger::At(Millis(3)), kill("c"))]);
    assert_eq!(schedule::begins(&steps, 0), None);
    assert_eq!(schedule::canonical(&steps), None);
}
