//! Fault schedules as lists that are edited: steps taken out with everything that pointed at them put right, and the
//! order in which a file would have given them. It knows nothing of what faults do.

use crate::resolved::{Action, Step, Target, Trigger};
use splitbrain_model::Millis;
use std::collections::BTreeMap;

/// The schedule without these steps, and without what undoes them. A step that hung on one that is gone keeps its time:
/// it hangs on what that one hung on.
pub fn without(schedule: &[Step], gone: &[usize]) -> Vec<Step> {
    let mut out = vec![false; schedule.len()];
    for &step in gone {
        if let Some(out) = out.get_mut(step) {
            *out = true;
        }
    }
    // What has lost its anchor is gone too, and then perhaps what hung on that.
    loop {
        let lost = |i: &usize| {
            let undoes_nothing = matches!(schedule[*i].action, Action::Undo(of) if out.get(of) != Some(&false));
            !out[*i] && (undoes_nothing || anchored(schedule, &out, *i).is_none())
        };
        let Some(i) = (0..schedule.len()).find(lost) else { break };
        out[i] = true;
    }
    let kept: Vec<usize> = (0..schedule.len()).filter(|i| !out[*i]).collect();
    let place: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let moved = |i: &usize| {
        let mut step = schedule[*i].clone();
        step.trigger = anchored(schedule, &out, *i)?;
        if let Trigger::AfterStep(before, _) = &mut step.trigger {
            *before = *place.get(before)?;
        }
        if let Action::Undo(of) = &mut step.action {
            *of = *place.get(of)?;
        }
        Some(step)
    };
    kept.iter().filter_map(moved).collect()
}

/// The trigger of a step with another step that stays as its anchor; `None` if there is none.
fn anchored(schedule: &[Step], out: &[bool], i: usize) -> Option<Trigger> {
    let mut trigger = schedule[i].trigger.clone();
    // A circle ends here.
    for _ in 0..=schedule.len() {
        let Trigger::AfterStep(before, after) = trigger else { return Some(trigger) };
        if before == i {
            return None;
        }
        if !*out.get(before)? {
            return Some(trigger);
        }
        trigger = later(&schedule[before].trigger, after)?;
    }
    None
}

/// So much later than this trigger.
fn later(trigger: &Trigger, by: Millis) -> Option<Trigger> {
    let mut trigger = trigger.clone();
    match &mut trigger {
        Trigger::At(at) => at.0 += by.0,
        Trigger::AfterStep(_, after) | Trigger::On { after, .. } | Trigger::OnPayload { after, .. } => after.0 += by.0,
        Trigger::AfterStable { wait, .. } => wait.0 += by.0,
        Trigger::AfterSwitch { .. } => return None,
    }
    Some(trigger)
}

/// When a step fires, counted from the beginning of the schedule; `None` if that depends on the run.
pub fn begins(schedule: &[Step], step: usize) -> Option<Millis> {
    let mut at = 0;
    let mut step = schedule.get(step)?;
    for _ in 0..=schedule.len() {
        match step.trigger {
            Trigger::At(begin) => return Some(Millis(at + begin.0)),
            Trigger::AfterStep(before, after) => {
                at += after.0;
                step = schedule.get(before)?;
            }
            _ => return None,
        }
    }
    None
}

/// Indices of the steps that are faults of their own: all but those that undo another.
pub fn faults(schedule: &[Step]) -> Vec<usize> {
    (0..schedule.len()).filter(|i| !matches!(schedule[*i].action, Action::Undo(_))).collect()
}

/// The step that undoes this one.
pub fn undo_of(schedule: &[Step], step: usize) -> Option<usize> {
    schedule.iter().position(|other| other.action == Action::Undo(step))
}

/// The same schedule in the order in which a file would have made it: faults by time, those that hang on another right
/// behind it, and then what undoes them, each so long after its fault. `None` if no file can say this.
pub fn canonical(schedule: &[Step]) -> Option<Vec<Step>> {
    let mut chains: Vec<(Millis, Vec<usize>)> = Vec::new();
    let mut before = None;
    for i in faults(schedule) {
        let hangs = match schedule[i].trigger {
            Trigger::At(at) => Err(at),
            Trigger::AfterStep(on, _) if Some(on) == before => Ok(()),
            Trigger::AfterStep(..) => Err(begins(schedule, i)?),
            Trigger::On { .. } => Ok(()),
            _ => return None,
        };
        match (hangs, chains.last_mut()) {
            (Ok(()), Some((_, chain))) => chain.push(i),
            (Ok(()), None) => chains.push((Millis(i64::MIN), vec![i])),
            (Err(at), _) => chains.push((at, vec![i])),
        }
        before = Some(i);
    }
    chains.sort_by_key(|(at, _)| *at);
    let heads: BTreeMap<usize, Millis> = chains.iter().map(|(at, chain)| (chain[0], *at)).collect();
    let order: Vec<usize> = chains.into_iter().flat_map(|(_, chain)| chain).collect();
    let mut steps = Vec::new();
    let mut ends = Vec::new();
    for (index, &i) in order.iter().enumerate() {
        let trigger = match (&schedule[i].trigger, heads.get(&i)) {
            (Trigger::At(_) | Trigger::AfterStep(..), Some(at)) => Trigger::At(*at),
            (Trigger::AfterStep(_, after), None) => Trigger::AfterStep(index.checked_sub(1)?, *after),
            (trigger, _) => trigger.clone(),
        };
        steps.push(Step { trigger, ..schedule[i].clone() });
        if let Some(end) = undo_of(schedule, i) {
            let lasts = match schedule[end].trigger {
                Trigger::AfterStep(of, lasts) if of == i => lasts,
                _ => Millis(begins(schedule, end)?.0 - begins(schedule, i)?.0),
            };
            let trigger = Trigger::AfterStep(index, lasts);
            ends.push(Step { trigger, action: Action::Undo(index), origin: schedule[end].origin });
        }
    }
    let whole = steps.len() + ends.len() == schedule.len();
    let sound =
        ends.iter().all(|end| !end.origin && !matches!(end.trigger, Trigger::AfterStep(_, lasts) if lasts.0 < 0));
    steps.extend(ends);
    (whole && sound).then_some(steps)
}

impl Action {
    /// The lists of targets it has, in the order in which a file names them.
    pub fn target_lists_mut(&mut self) -> Vec<&mut Vec<Target>> {
        match self {
            Action::Kill(targets)
            | Action::Stop(targets)
            | Action::Restart(targets)
            | Action::RestartAnew(targets)
            | Action::PowerLoss(targets)
            | Action::PowerOn(targets)
            | Action::Pause(targets)
            | Action::Resume(targets)
            | Action::Isolate(targets)
            | Action::ClockStep(targets, _)
            | Action::ConfigReadOnly(targets)
            | Action::SnapshotsFail(targets)
            | Action::Command(targets, _)
            | Action::Stall(targets)
            | Action::ClockDrift(targets, _)
            | Action::ClockFreeze(targets)
            | Action::Fsync(targets, _)
            | Action::DiskFull(targets)
            | Action::RestartWith(targets, _)
            | Action::Start(targets) => vec![targets],
            Action::Partition(groups) => groups.iter_mut().collect(),
            Action::Drop(a, b)
            | Action::Link { a, b, .. }
            | Action::Shape { from: a, to: b, .. }
            | Action::Dns { at: a, of: b, .. }
            | Action::Replace(a, b) => {
                vec![a, b]
            }
            Action::Heal | Action::SentinelFailover(..) | Action::Undo(_) => Vec::new(),
        }
    }

    /// Gives every named target the name that `name` gives it, and leaves out those it gives none. False if nothing
    /// sensible is left.
    pub fn rename(&mut self, name: &dyn Fn(&str) -> Option<String>) -> bool {
        let renamed = |target: &mut Target| match target {
            Target::Named(old) => match name(old) {
                Some(new) => {
                    *old = new;
                    true
                }
                None => false,
            },
            _ => true,
        };
        if let Action::SentinelFailover(target, _) = self {
            return renamed(target);
        }
        let mut sensible = true;
        for list in self.target_lists_mut() {
            let was_empty = list.is_empty();
            list.retain_mut(renamed);
            sensible &= was_empty || !list.is_empty();
        }
        if let Action::Partition(groups) = self {
            groups.retain(|group| !group.is_empty());
            return groups.len() >= 2;
        }
        sensible
    }
}
