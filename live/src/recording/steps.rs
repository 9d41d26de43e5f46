//! The fault script as it was executed, in the words of recordings.

use super::names::Names;
use super::{Origin, tenths};
use crate::trace::Trace;
use serde_json::{Map, Value, json};
use splitbrain::model::message::OperatorCommand;
use splitbrain::model::operator::SentinelCommand;
use splitbrain::scenarios::{Action, Resolved, Step, Trigger};

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
        let mut step = action(trace, names, done.step);
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

fn action(trace: &Trace, names: &Names, i: usize) -> Map<String, Value> {
    let mut told = Map::new();
    let mut put = |key: &str, value: Value| drop(told.insert(key.to_owned(), value));
    let target = |processes: &[usize]| match processes {
        [one] => json!(names.process(*one)),
        many => many.iter().map(|p| names.process(*p)).collect::<Value>(),
    };
    let host_names = |hosts: &Vec<usize>| hosts.iter().map(|host| names.host(*host)).collect::<Value>();
    // Two groups are there wherever two are looked at: the step was done.
    let groups = &trace.groups[i];
    let group = |at: usize| groups.get(at).cloned().unwrap_or_default();
    let word = match &trace.actions[i] {
        Action::Kill(_) => "kill",
        Action::Stop(_) => "terminate",
        Action::Pause(_) => "stop",
        Action::Resume(_) => "cont",
        Action::Restart(_) => "restart",
        Action::Start(_) => "start",
        Action::Heal => "heal",
        Action::SentinelFailover(..) => "failover",
        Action::Replace(..) => "replace",
        Action::Partition(_) | Action::Isolate(_) => "partition",
        Action::Drop(..) => "drop",
        Action::Command(_, OperatorCommand::DebugSleep(_)) => "debug-sleep",
        Action::Command(..) => "reset",
        Action::Undo(step) => match &trace.actions[*step] {
            Action::Kill(_) | Action::Stop(_) => "restart",
            Action::Pause(_) => "cont",
            _ => "heal",
        },
        _ => "unknown",
    };
    put("do", json!(word));
    match &trace.actions[i] {
        Action::Partition(_) | Action::Isolate(_) => put("groups", groups.iter().map(host_names).collect()),
        Action::Drop(..) => {
            put("from", host_names(&group(0)));
            put("to", host_names(&group(1)));
        }
        Action::Replace(..) => {
            put("target", target(&group(0)));
            put("new", target(&group(1)));
        }
        Action::Undo(step) if word != "heal" => put("target", target(&trace.bound[*step])),
        _ if word != "heal" => put("target", target(&trace.bound[i])),
        _ => {}
    }
    if let Action::Command(_, OperatorCommand::DebugSleep(time)) = &trace.actions[i] {
        put("seconds", json!(time.0 as f64 / 1_000.0));
    }
    told
}
