//! Reads a history: one JSON object per line with `process, type, f, key, value` and, on some completions, `result`, in
//! real-time order.

use serde_json::Value;
use splitbrain_checker::linear::{Action, Entry, Fate, History, Model, NEVER, Span, Swap};
use std::collections::BTreeMap;

/// The history; `None` if it is of another model.
pub fn read(model: Model, text: &str) -> Option<History> {
    let mut history = History::default();
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    let mut objects: BTreeMap<String, u32> = BTreeMap::new();
    for (line, number) in text.lines().zip(1u32..) {
        let event: Value = serde_json::from_str(line).unwrap();
        let process = event["process"].as_u64().unwrap();
        let f = event["f"].as_str().unwrap();
        if event["type"] == "invoke" {
            let next = objects.len() as u32;
            let object = *objects.entry(event["key"].to_string()).or_insert(next);
            let action = asked(model, f, &event["value"])?;
            open.insert(process, history.entries.len());
            history.processes.push(process as u32);
            history.entries.push(Entry { call: number, ret: NEVER, object, repeats: 0, fate: Fate::Unknown, action });
            continue;
        }
        let entry = &mut history.entries[open.remove(&process).unwrap()];
        entry.fate = match event["type"].as_str().unwrap() {
            "ok" => Fate::Done,
            "fail" => Fate::Failed,
            _ => continue,
        };
        entry.ret = number;
        if entry.fate == Fate::Done {
            answered(&mut entry.action, &event, &mut history.arena);
        }
    }
    Some(history)
}

fn asked(model: Model, f: &str, value: &Value) -> Option<Action> {
    Some(match (model, f) {
        (Model::Register, "write") => Action::Write(value.as_u64()?),
        (Model::Register, "cas") => Action::Cas(Some(value[0].as_u64()?), value[1].as_u64()?, Swap::Refused),
        (Model::Register | Model::Counter, "read") => Action::Read(None),
        (Model::Counter, "incr") => Action::Increment(None),
        (Model::Set, "add") => Action::Add(value.as_u64()?, None),
        (Model::List, "append") => Action::Append(value.as_u64()?, None),
        (Model::Set, "members") | (Model::List, "list") => Action::Elements(Span { start: 0, len: 0 }),
        _ => return None,
    })
}

fn answered(action: &mut Action, event: &Value, arena: &mut Vec<u64>) {
    let (value, result) = (&event["value"], &event["result"]);
    match action {
        Action::Read(seen) => *seen = value.as_u64(),
        Action::Increment(count) => *count = value.as_u64(),
        Action::Cas(.., answer) if result == true => *answer = Swap::Swapped,
        Action::Add(_, new) => *new = result.as_u64().map(|new| new == 1),
        Action::Append(_, length) => *length = result.as_u64(),
        Action::Elements(span) => {
            let start = arena.len() as u32;
            arena.extend(value.as_array().unwrap().iter().map(|element| element.as_u64().unwrap()));
            *span = Span { start, len: arena.len() as u32 - start };
        }
        _ => {}
    }
}
