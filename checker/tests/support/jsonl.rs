//! Reads a history: one JSON object per line with `process, type, f, key, value`, in real-time order.

use splitbrain_checker::linear::{Action, Entry, Fate, NEVER};
use std::collections::BTreeMap;

/// The history as entries, and whether it is one of counters. `None` if it is of another model.
pub fn read(text: &str) -> Option<(Vec<Entry>, bool)> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    let mut objects: BTreeMap<String, u32> = BTreeMap::new();
    let mut counter = false;
    for (line, number) in text.lines().zip(1u32..) {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let process = event["process"].as_u64().unwrap();
        let value = event["value"].as_u64();
        let f = event["f"].as_str().unwrap();
        counter |= f == "incr";
        if event["type"] == "invoke" {
            let next = objects.len() as u32;
            let object = *objects.entry(event["key"].to_string()).or_insert(next);
            let action = match f {
                "write" => Action::Write(value?),
                "read" => Action::Read(None),
                "incr" => Action::Increment(None),
                _ => return None,
            };
            open.insert(process, entries.len());
            entries.push(Entry { call: number, ret: NEVER, object, repeats: 0, fate: Fate::Unknown, action });
            continue;
        }
        let entry = &mut entries[open.remove(&process).unwrap()];
        entry.fate = match event["type"].as_str().unwrap() {
            "ok" => Fate::Done,
            "fail" => Fate::Failed,
            _ => continue,
        };
        entry.ret = number;
        match &mut entry.action {
            Action::Read(seen) => *seen = value,
            Action::Increment(count) => *count = value,
            _ => {}
        }
    }
    Some((entries, counter))
}
