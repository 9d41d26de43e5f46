//! What can be tried to make a failure smaller: each function gives candidates, the boldest first, every one of them
//! simpler than what it was given.

use super::candidate::Candidate;
use super::numbers::{rounder, smaller};
use splitbrain_checker::Property;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::{Millis, Nanos};
use splitbrain_scenarios::{Action, Dist, Document, NameAnswers, Step, Target, Trigger, quantity, schedule};

/// Only so many faults in a row, at the beginning of the schedule. Those before the finding come first, the nearest
/// first of all.
pub(crate) fn windows(of: &Candidate, size: usize, found: Millis) -> Vec<Candidate> {
    let faults = schedule::faults(&of.schedule);
    let stride = if size <= 2 { 1 } else { size / 2 };
    let mut starts: Vec<usize> = (0..faults.len().saturating_sub(size - 1)).step_by(stride).collect();
    let begins = |fault: usize| schedule::begins(&of.schedule, faults[fault]).unwrap_or_default().0;
    starts.sort_by_key(|start| {
        let last = begins(start + size - 1);
        (last > found.0, (found.0 - last).abs())
    });
    let only = |start: &usize| {
        let gone: Vec<usize> =
            faults.iter().enumerate().filter(|(n, _)| !(*start..start + size).contains(n)).map(|(_, i)| *i).collect();
        of.with(&from_zero(&schedule::without(&of.schedule, &gone)))
    };
    starts.iter().filter_map(only).collect()
}

/// Without so many faults in a row.
pub(crate) fn chunks(of: &Candidate, size: usize) -> Vec<Candidate> {
    let faults = schedule::faults(&of.schedule);
    let others = |gone: &[usize]| of.with(&schedule::without(&of.schedule, gone));
    // The last ones first: they may lie behind the finding.
    faults.chunks(size).rev().filter(|gone| gone.len() < faults.len()).filter_map(others).collect()
}

/// The schedule begins at once.
pub(crate) fn begin(of: &Candidate) -> Vec<Candidate> {
    let steps = from_zero(&of.schedule);
    if steps == of.schedule { Vec::new() } else { of.with(&steps).into_iter().collect() }
}

fn from_zero(steps: &[Step]) -> Vec<Step> {
    let at = |step: &Step| if let Trigger::At(at) = step.trigger { Some(at.0) } else { None };
    let first = steps.iter().filter_map(at).min().unwrap_or(0);
    let mut steps = steps.to_vec();
    for step in &mut steps {
        if let Trigger::At(at) = &mut step.trigger {
            at.0 -= first;
        }
    }
    steps
}

/// Less time before a fault; all that come later move with it.
pub(crate) fn gap(of: &Candidate, step: usize) -> Vec<Candidate> {
    gaps(of, step, |gap| smaller(gap, 0))
}

/// A rounder time before a fault.
pub(crate) fn round_gap(of: &Candidate, step: usize) -> Vec<Candidate> {
    gaps(of, step, rounder)
}

fn gaps(of: &Candidate, step: usize, tries: impl Fn(Millis) -> Vec<Millis>) -> Vec<Candidate> {
    let Trigger::At(at) = of.schedule[step].trigger else {
        return delays(of, step, tries);
    };
    let before = of.schedule[..step].iter().filter_map(|step| match step.trigger {
        Trigger::At(at) => Some(at.0),
        _ => None,
    });
    let before = before.max().unwrap_or(0);
    let moved = |gap: Millis| {
        let mut steps = of.schedule.clone();
        for later in &mut steps {
            if let Trigger::At(time) = &mut later.trigger
                && time.0 >= at.0
                && (time.0 > before)
            {
                time.0 += before + gap.0 - at.0;
            }
        }
        of.with(&steps)
    };
    tries(Millis(at.0 - before)).into_iter().filter_map(moved).collect()
}

/// Less time until a fault ends.
pub(crate) fn duration(of: &Candidate, step: usize) -> Vec<Candidate> {
    let end = schedule::undo_of(&of.schedule, step);
    end.map_or_else(Vec::new, |end| delays(of, end, |lasts| smaller(lasts, 1)))
}

/// A rounder time until a fault ends.
pub(crate) fn round_duration(of: &Candidate, step: usize) -> Vec<Candidate> {
    schedule::undo_of(&of.schedule, step).map_or_else(Vec::new, |end| delays(of, end, rounder))
}

fn delays(of: &Candidate, step: usize, tries: impl Fn(Millis) -> Vec<Millis>) -> Vec<Candidate> {
    let delay = |trigger: &mut Trigger, new: Option<Millis>| match trigger {
        Trigger::AfterStep(_, delay) | Trigger::On { after: delay, .. } | Trigger::OnPayload { after: delay, .. } => {
            *delay = new.unwrap_or(*delay);
            Some(*delay)
        }
        _ => None,
    };
    let Some(now) = delay(&mut of.schedule[step].trigger.clone(), None) else { return Vec::new() };
    let with = |new: Millis| {
        let mut steps = of.schedule.clone();
        delay(&mut steps[step].trigger, Some(new));
        of.with(&steps)
    };
    tries(now).into_iter().filter_map(with).collect()
}

/// Simpler values in what a fault does, and fewer targets.
pub(crate) fn values(of: &Candidate, step: usize) -> Vec<Candidate> {
    let with = |action: Action| {
        let mut steps = of.schedule.clone();
        steps[step].action = action;
        of.with(&steps)
    };
    let mut tries = fewer_targets(&of.schedule[step].action);
    tries.extend(simpler(&of.schedule[step].action));
    tries.into_iter().filter_map(with).collect()
}

fn simpler(action: &Action) -> Vec<Action> {
    match action {
        Action::Partition(groups) => {
            let [.., last] = &groups[..] else { return Vec::new() };
            match &groups[..] {
                [one, _] if last[..] == [Target::Rest] => vec![Action::Isolate(one.clone())],
                _ => groups.iter().map(|group| Action::Partition(vec![group.clone(), vec![Target::Rest]])).collect(),
            }
        }
        Action::Link { a, b, latency, loss_ppm } => {
            let link = |latency: Option<Dist>, loss_ppm| Action::Link { a: a.clone(), b: b.clone(), latency, loss_ppm };
            let mut tries = Vec::new();
            if let (Some(_), Some(_)) = (latency, loss_ppm) {
                tries = vec![link(latency.clone(), None), link(None, *loss_ppm)];
            }
            if let Some(Dist::Uniform(_, high)) = latency {
                tries.push(link(Some(Dist::Fixed(*high)), *loss_ppm));
            }
            if let Some(Dist::Fixed(now)) = latency {
                let fewer = smaller(Millis((now.0 / 1_000_000) as i64), 1);
                let fixed = |ms: Millis| link(Some(Dist::Fixed(Nanos::from_millis(ms.0 as u64))), *loss_ppm);
                tries.extend(fewer.into_iter().map(fixed));
            }
            if let Some(ppm) = loss_ppm {
                let fewer = smaller(Millis(i64::from(*ppm)), 10_000);
                tries.extend(fewer.into_iter().map(|ppm| link(latency.clone(), Some(ppm.0 as u32))));
            }
            tries
        }
        Action::ClockStep(of, by) => {
            let step = |size: Millis| Action::ClockStep(of.clone(), Millis(size.0 * by.0.signum()));
            smaller(Millis(by.0.saturating_abs()), 1).into_iter().map(step).collect()
        }
        Action::Command(at, OperatorCommand::DebugSleep(lasts)) => {
            let sleep = |lasts: Millis| Action::Command(at.clone(), OperatorCommand::DebugSleep(lasts));
            smaller(*lasts, 1).into_iter().map(sleep).collect()
        }
        Action::Dns { at, of, answers: NameAnswers::Slow(after) } => {
            let slow =
                |after: Millis| Action::Dns { at: at.clone(), of: of.clone(), answers: NameAnswers::Slow(after) };
            smaller(*after, 1).into_iter().map(slow).collect()
        }
        _ => Vec::new(),
    }
}

/// The first half, the second half, and all but one of each list.
fn fewer_targets(action: &Action) -> Vec<Action> {
    let lists = action.clone().target_lists_mut().into_iter().map(|list| list.clone()).collect::<Vec<_>>();
    let mut tries = Vec::new();
    for (n, list) in lists.iter().enumerate() {
        if list.len() < 2 {
            continue;
        }
        let (front, back) = list.split_at(list.len() / 2);
        let mut shorter = vec![front.to_vec(), back.to_vec()];
        if list.len() > 2 {
            shorter.extend((0..list.len()).map(|gone| {
                let mut left = list.clone();
                left.remove(gone);
                left
            }));
        }
        tries.extend(shorter.into_iter().map(|shorter| {
            let mut action = action.clone();
            if let Some(list) = action.target_lists_mut().into_iter().nth(n) {
                *list = shorter;
            }
            action
        }));
    }
    tries
}

/// Fewer clients.
pub(crate) fn clients(of: &Candidate) -> Vec<Candidate> {
    let mut tries = Vec::new();
    for group in (0..of.document.client_groups()).rev() {
        let now = of.scenario.clients.get(group).map_or(0, |spec| spec.members.len());
        let mut fewer = vec![0, 1, now / 2, now.saturating_sub(1)];
        fewer.dedup();
        for left in fewer.into_iter().filter(|left| *left < now) {
            let mut document = of.document.clone();
            let names = document.with_fewer_clients(&of.scenario, group, left);
            tries.extend(names.and_then(|names| renamed(of, document, &names)));
        }
    }
    tries
}

/// One Sentinel or one replica less.
pub(crate) fn nodes(of: &Candidate) -> Vec<Candidate> {
    let mut tries = Vec::new();
    for number in (1..=of.scenario.sentinels).rev() {
        let mut document = of.document.clone();
        let names = document.without_sentinel(&of.scenario, number);
        tries.extend(names.and_then(|names| renamed(of, document, &names)));
    }
    let servers = of.scenario.masters.iter().map(|master| master.servers.len() as u32).sum::<u32>();
    for number in (2..=servers).rev() {
        let mut document = of.document.clone();
        let names = document.without_server(&of.scenario, number);
        tries.extend(names.and_then(|names| renamed(of, document, &names)));
    }
    tries
}

/// With the names of a smaller cluster; faults of those who are gone go with them.
fn renamed(of: &Candidate, document: Document, names: &dyn Fn(&str) -> Option<String>) -> Option<Candidate> {
    let mut steps = of.schedule.clone();
    let mut gone = Vec::new();
    for (i, step) in steps.iter_mut().enumerate() {
        if !step.action.rename(names) {
            gone.push(i);
        }
    }
    let steps = schedule::without(&steps, &gone);
    if schedule::faults(&steps).is_empty() {
        return None;
    }
    Candidate::new(document, &of.scenario.file, &steps, of.seed)
}

/// An earlier end, and no wait before the schedule. What is found because something did not happen in time would be
/// found in ever less time.
pub(crate) fn phases(of: &Candidate, property: Property) -> Vec<Candidate> {
    let mut tries = Vec::new();
    let mut with = |key: &str, value: Millis| {
        let mut document = of.document.clone();
        document.set("run", key, &quantity::show(value.nanos()));
        tries.extend(of.within(document));
    };
    let run = &of.scenario.run;
    if run.phase.high.0 > 0 {
        with("phase", Millis(0));
    }
    if !matches!(property, Property::FailoverCompletes | Property::ConvergesAfterHeal | Property::Available) {
        smaller(run.heal, run.observe_at_least.0).into_iter().for_each(|heal| with("heal", heal));
    }
    tries
}
