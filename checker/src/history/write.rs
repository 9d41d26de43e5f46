//! From a history to lines: what [`read()`](super::read()) reads.

use super::read::name_of;
use super::recorded::Recorded;
use crate::linear::{Action, Entry, Fate, NEVER, Span, Swap};
use std::io::{self, Write};

/// Writes a history, an event per line. Initial content is not written: a manifest or `--init` says it.
///
/// # Errors
/// If it cannot be written.
pub fn write(recorded: &Recorded, mut out: impl Write) -> io::Result<()> {
    let entries = &recorded.history.entries;
    let mut events: Vec<(u32, u32)> = Vec::with_capacity(entries.len() * 2);
    for (place, entry) in (0u32..).zip(entries).skip(recorded.before as usize) {
        events.push((entry.call, place << 1));
        if entry.ret != NEVER {
            events.push((entry.ret, place << 1 | 1));
        }
    }
    events.sort_unstable();
    let keys = recorded.keys.as_json();
    for (index, (_, event)) in events.into_iter().enumerate() {
        let (place, returned) = ((event >> 1) as usize, event & 1 == 1);
        let entry = &entries[place];
        let done = returned && entry.fate == Fate::Done;
        let step = match (returned, entry.fate) {
            (false, _) => "invoke",
            (true, Fate::Done) => "ok",
            (true, Fate::Failed) => "fail",
            (true, Fate::Unknown) => "info",
        };
        let process = recorded.processes.get(recorded.history.processes[place] as usize).copied().unwrap_or(0);
        write!(out, r#"{{"index":{index},"process":{process},"type":"{step}","#)?;
        write!(out, r#""f":"{}","#, name_of(recorded.model, entry.action))?;
        let key = if matches!(entry.action, Action::Transaction(_)) { None } else { keys.get(entry.object as usize) };
        write!(out, r#""key":{},"#, key.map_or("null", String::as_str))?;
        write!(out, r#""value":{}"#, value(recorded, entry, done))?;
        if let Some(result) = result(recorded, entry).filter(|_| done) {
            write!(out, r#","result":{result}"#)?;
        }
        if returned && entry.repeats > 0 {
            write!(out, r#","repeats":{}"#, entry.repeats)?;
        }
        let (call, ret) = recorded.times[place];
        let time = if returned { ret } else { call };
        if time != i64::MIN {
            write!(out, r#","time":{time}"#)?;
        }
        out.write_all(b"}\n")?;
    }
    out.flush()
}

fn value(recorded: &Recorded, entry: &Entry, done: bool) -> String {
    let or_initial = |value: Option<u64>| recorded.value(value);
    match entry.action {
        Action::Write(value)
        | Action::Add(value, _)
        | Action::Remove(value, _)
        | Action::Contains(value, _)
        | Action::Append(value, _) => recorded.values.text(value),
        Action::Cas(from, to, _) => format!("[{},{}]", or_initial(from), recorded.values.text(to)),
        Action::Transaction(span) => transaction(recorded, span, done),
        Action::Increment(Some(count)) if done => recorded.count(count).to_string(),
        _ if !done => "null".to_owned(),
        Action::Read(count) if recorded.model == super::Model::Counter => {
            count.map_or_else(|| "null".to_owned(), |count| recorded.count(count).to_string())
        }
        Action::Read(value) => or_initial(value),
        Action::Elements(span) => {
            let all: Vec<String> = recorded.span(span).iter().map(|value| recorded.values.text(*value)).collect();
            format!("[{}]", all.join(","))
        }
        Action::Increment(_) | Action::Acquire | Action::Release => "null".to_owned(),
    }
}

fn result(recorded: &Recorded, entry: &Entry) -> Option<String> {
    match entry.action {
        Action::Cas(_, _, Swap::Swapped) => Some("true".to_owned()),
        Action::Cas(_, _, Swap::Refused) => Some("false".to_owned()),
        Action::Cas(_, _, Swap::Found(value)) => Some(format!("{{\"found\":{}}}", recorded.value(value))),
        Action::Add(_, told) | Action::Remove(_, told) => told.map(|told| u8::from(told).to_string()),
        Action::Contains(_, there) => Some(there.to_string()),
        Action::Append(_, length) => length.map(|length| length.to_string()),
        _ => None,
    }
}

fn transaction(recorded: &Recorded, span: Span, done: bool) -> String {
    let keys = recorded.keys.as_json();
    let steps = recorded.span(span).chunks(3).map(|step| {
        let key = keys.get(step[1] as usize).map_or("null", String::as_str);
        let (what, value) = match step[0] {
            0 if !done => ("read", "null".to_owned()),
            0 => ("read", recorded.value(step[2].checked_sub(1))),
            _ => ("write", recorded.value(step[2].checked_sub(1))),
        };
        format!("[\"{what}\",{key},{value}]")
    });
    format!("[{}]", steps.collect::<Vec<_>>().join(","))
}
