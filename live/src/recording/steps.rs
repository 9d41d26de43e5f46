//! The fault script as it was executed, in the words of recordings.

use super::names::Names;
use super::{Origin, tenths};
use crate::trace::Trace;
use serde_json::{Map, Value, json};
use splitbrain::model::message::OperatorCommand;
use splitbrain::model::operator::SentinelCommand;
use splitbrain::scenarios::{Action, Resolved, Step, Target, Trigger};

/// Whether recordings have a word for an action.
pub fn is_expressible(schedule: &[Step], action: &Action) -> bool {
    match action {
        Action::Undo(step) => match schedule.get(*step).map(|step| &step.action) {
            // A heal ends all cuts there are.
            Some(Action::Partition(_) | Action::Isolate(_) | Action::Drop(..)) => true,
            Some(Action::Kill(_) | Action::Stop(_) | Action::Pause(_)) => true,
            _ => false,
        },
        Action::Command(_, OperatorCommand::Sentinel(SentinelCommand::Reset(_)))
        | Action::Command(_, OperatorCommand::DebugSleep(_)) => true,
        Action::Kill(_)
        | Action::Stop(_)
        | Action::Pause(_)
        | Action::Resume(_)
        | Action::Restart(_)
        | Action::Start(_)
        | Action::Replace(..)
        | Action::Partition(_)
        | Action::Isolate(_)
        | Action::Drop(..)
        | Action::Heal
        | Action::SentinelFailover(..) => true,
        _ => false,
    }
}

/// The section `steps`.
pub fn steps(scenario: &Resolved, trace: &Trace, names: &Names, origin: Origin) -> Vec<Value> {
    let mut told = Vec::new();
    let zero = trace.done.iter().position(|done| origin.ms(done.at) == 0.0);
    for (place, done) in trace.done.iter().enumerate() {
        let mut step = action(scenario, trace, names, done.step);
        match &scenario.schedule[done.step].trigger {
            Trigger::On { event, cap, .. } => {
                step.insert("on".to_owned(), json!(event.name()));
                step.insert("cap".to_owned(), json!(cap.0 as f64 / 1_000.0));
                let reaction = done.reaction.map(|reaction| tenths(reaction.0 as f64 / 1e6));
                step.insert("reaction_ms".to_owned(), json!(reaction));
            }
            Trigger::AfterStep(_, wait) => {
                step.insert("after".to_owned(), json!(wait.0 as f64 / 1_000.0));
            }
            _ => {
                step.insert("at".to_owned(), json!(origin.ms(done.at) / 1_000.0));
            }
        }
        if zero == Some(place) {
            step.insert("t0".to_owned(), json!(true));
        }
        told.push(json!([origin.ms(done.at), step]));
    }
    told
}

fn action(scenario: &Resolved, trace: &Trace, names: &Names, i: usize) -> Map<String, Value> {
    let (action, bound) = &trace.steps[i];
    let mut told = Map::new();
    let mut put = |key: &str, value: Value| drop(told.insert(key.to_owned(), value));
    let target = |bound: &[usize]| match bound {
        [one] => json!(names.process(*one)),
        many => many.iter().map(|p| names.process(*p)).collect::<Value>(),
    };
    // What was meant is on record as processes; hosts are told by who lives there.
    let hosts = |targets: &[Target]| -> Vec<usize> {
        let of = |p: &usize| scenario.processes[*p].host;
        let mut hosts: Vec<usize> =
            bound.iter().filter(|p| targets.iter().any(|t| is(scenario, t, **p))).map(of).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    };
    let others =
        |inside: &[usize]| -> Vec<usize> { (0..scenario.hosts.len()).filter(|h| !inside.contains(h)).collect() };
    let host_names = |hosts: &[usize]| hosts.iter().map(|host| names.host(*host)).collect::<Value>();
    let with_rest = |groups: &[&Vec<Target>]| -> Vec<Vec<usize>> {
        let mut named: Vec<Vec<usize>> = groups.iter().map(|group| hosts(group)).collect();
        let rest = others(&named.concat());
        for (group, hosts) in groups.iter().zip(&mut named) {
            if group.contains(&Target::Rest) {
                hosts.extend(&rest);
            }
        }
        named
    };
    match action {
        Action::Kill(_) => put("do", json!("kill")),
        Action::Stop(_) => put("do", json!("terminate")),
        Action::Pause(_) => put("do", json!("stop")),
        Action::Resume(_) => put("do", json!("cont")),
        Action::Restart(_) => put("do", json!("restart")),
        Action::Start(_) => put("do", json!("start")),
        Action::Heal => put("do", json!("heal")),
        Action::SentinelFailover(..) => put("do", json!("failover")),
        Action::Replace(old, new) => {
            let of = |targets: &[Target]| -> Vec<usize> {
                bound.iter().copied().filter(|p| targets.iter().any(|t| is(scenario, t, *p))).collect()
            };
            put("do", json!("replace"));
            put("target", target(&of(old)));
            put("new", target(&of(new)));
            return told;
        }
        Action::Partition(groups) => {
            let groups = with_rest(&groups.iter().collect::<Vec<_>>());
            put("do", json!("partition"));
            put("groups", groups.iter().map(|group| host_names(group)).collect());
            return told;
        }
        Action::Isolate(_) => {
            let mut inside: Vec<usize> = bound.iter().map(|p| scenario.processes[*p].host).collect();
            inside.sort_unstable();
            inside.dedup();
            put("do", json!("partition"));
            put("groups", json!([host_names(&inside), host_names(&others(&inside))]));
            return told;
        }
        Action::Drop(from, to) => {
            let groups = with_rest(&[from, to]);
            put("do", json!("drop"));
            put("from", host_names(&groups[0]));
            put("to", host_names(&groups[1]));
            return told;
        }
        Action::Command(_, OperatorCommand::Sentinel(SentinelCommand::Reset(_))) => put("do", json!("reset")),
        Action::Command(_, OperatorCommand::DebugSleep(time)) => {
            put("do", json!("debug-sleep"));
            put("seconds", json!(time.0 as f64 / 1_000.0));
        }
        Action::Undo(step) => {
            let (undone, bound) = &trace.steps[*step];
            match undone {
                Action::Kill(_) | Action::Stop(_) => put("do", json!("restart")),
                Action::Pause(_) => put("do", json!("cont")),
                _ => {
                    put("do", json!("heal"));
                    return told;
                }
            }
            put("target", target(bound));
            return told;
        }
        other => {
            put("do", json!(format!("{other:?}")));
            return told;
        }
    }
    if !matches!(action, Action::Heal) {
        put("target", target(bound));
    }
    told
}

/// Whether a process was meant by a name; what else a target says was resolved and cannot be told apart any more, so that
/// any of its kind counts.
fn is(scenario: &Resolved, target: &Target, p: usize) -> bool {
    let process = &scenario.processes[p];
    match target {
        Target::Named(name) => process.name == *name || scenario.hosts[process.host].name == *name,
        Target::Master(_) | Target::OldMaster | Target::Replica(_) => {
            matches!(process.kind, splitbrain::scenarios::ProcessKind::Redis(_))
        }
        Target::Sentinel(_) | Target::Leader | Target::OldLeader => {
            matches!(process.kind, splitbrain::scenarios::ProcessKind::Sentinel(_))
        }
        Target::Clients => process.kind.is_application(),
        Target::Rest => false,
    }
}
