//! What objects hold at first. A value that no operation writes is called `None` in a history, whatever it is, so that the
//! exact checks apply; a count is counted from; elements and texts were put there by operations before all others.

use super::error::Wrong;
use super::model::Model;
use super::operations::Tables;
use super::recorded::Recorded;
use super::scan::{Cursor, Kind, Raw};
use super::values::{Values, canonical};
use super::{FormatError, ReadError};
use crate::linear::{Action, Entry, Fate, History, NEVER, Span, Swap};

/// Counts are taken modulo this, so that one below the initial count stays distinct from all others.
const COUNTS: u64 = 1 << 62;

/// What objects hold at first.
#[derive(Debug, Default)]
pub struct Initial {
    /// A single value, other than null.
    value: Option<u64>,
    /// A count.
    count: u64,
    /// What puts the content there.
    content: Vec<Action>,
    /// As it was given.
    text: String,
}

/// Reads the initial value of a model from JSON.
pub fn read(model: Model, text: Option<&str>, tables: &mut Tables) -> Result<Initial, ReadError> {
    let text = text.unwrap_or(match model {
        Model::Counter => "0",
        Model::Set | Model::List => "[]",
        Model::StringAppend => "\"\"",
        Model::Register | Model::Mutex | Model::MultiRegister => "null",
    });
    parse(model, text, tables).map_err(|wrong: Wrong| {
        let FormatError { found, .. } = wrong.clone().in_line(1, text.as_bytes());
        FormatError { found: format!("{found} as initial value"), ..wrong.in_line(1, text.as_bytes()) }.into()
    })
}

fn parse(model: Model, text: &str, tables: &mut Tables) -> Result<Initial, Wrong> {
    let raw = Cursor::new(text.as_bytes())?.value()?;
    let mut initial = Initial { text: canonical(&raw), ..Initial::default() };
    if raw.kind == Kind::Null {
        return Ok(initial);
    }
    match model {
        Model::MultiRegister if raw.kind == Kind::Object => initial.content = writes(&raw, tables)?,
        Model::Register | Model::MultiRegister => initial.value = Some(tables.values.number(&raw)),
        Model::Counter => {
            let count = raw.natural().filter(|count| *count < COUNTS);
            initial.count = count.ok_or_else(|| raw.wrong("a count: a whole number below 2^62"))?;
        }
        Model::Set | Model::List if raw.kind == Kind::Array => {
            let element =
                |value| if model == Model::Set { Action::Add(value, None) } else { Action::Append(value, None) };
            initial.content = raw.elements().map(|raw| element(tables.values.number(&raw))).collect();
        }
        Model::Set | Model::List => return Err(raw.wrong("all elements, as an array")),
        Model::StringAppend if raw.kind == Kind::String => initial.value = Some(tables.values.number(&raw)),
        Model::StringAppend => return Err(raw.wrong("a string")),
        Model::Mutex => match raw.kind {
            Kind::True => initial.content.push(Action::Acquire),
            Kind::False => {}
            _ => return Err(raw.wrong("whether it is held: true or false")),
        },
    }
    Ok(initial)
}

/// One transaction that writes what every register holds.
fn writes(raw: &Raw<'_>, tables: &mut Tables) -> Result<Vec<Action>, Wrong> {
    let start = tables.arena.len() as u32;
    for (key, value) in raw.members() {
        let object = tables.keys.object(Some(key));
        let value = tables.values.number(&value) + 1;
        tables.arena.extend([1, u64::from(object), value]);
    }
    Ok(vec![Action::Transaction(Span { start, len: tables.arena.len() as u32 - start })])
}

impl Initial {
    /// Puts the initial content into a history that has been read.
    pub fn settle(self, recorded: &mut Recorded) {
        recorded.initial.clone_from(&self.text);
        match recorded.model {
            Model::Register => self.register(&mut recorded.history, &mut recorded.values),
            Model::MultiRegister => self.registers(&mut recorded.history, &mut recorded.values),
            Model::Counter => {
                recorded.base = self.count;
                recorded.history.entries.iter_mut().for_each(|entry| match &mut entry.action {
                    Action::Read(count) | Action::Increment(count) => {
                        *count = count.map(|count| count.wrapping_sub(self.count) % COUNTS);
                    }
                    _ => {}
                });
            }
            Model::StringAppend => recorded.history.initial = self.value,
            Model::Set | Model::List | Model::Mutex => {}
        }
        let objects = if recorded.model == Model::MultiRegister { 1 } else { recorded.keys.names().len() as u32 };
        let made = (0..objects).flat_map(|object| self.content.iter().map(move |action| (object, *action)));
        let mut entries: Vec<Entry> = made
            .zip((0u32..).map(|i| i * 2 + 1))
            .map(|((object, action), call)| Entry { call, ret: call + 1, object, repeats: 0, fate: Fate::Done, action })
            .collect();
        if !entries.is_empty() {
            let before = entries.len();
            recorded.before = before as u32;
            let shift = recorded.before * 2;
            for entry in &mut recorded.history.entries {
                entry.call += shift;
                entry.ret = if entry.ret == NEVER { NEVER } else { entry.ret + shift };
            }
            entries.append(&mut recorded.history.entries);
            recorded.history.entries = entries;
            let nobody = recorded.processes.len() as u32;
            recorded.history.processes.splice(0..0, std::iter::repeat_n(nobody, before));
            recorded.times.splice(0..0, std::iter::repeat_n((i64::MIN, i64::MIN), before));
        }
    }

    fn register(&self, history: &mut History, values: &mut Values) {
        let initial = self.value.unwrap_or_else(|| values.number_of("null"));
        let written =
            |entry: &Entry| matches!(entry.action, Action::Write(to) | Action::Cas(_, to, _) if to == initial);
        if history.entries.iter().any(written) {
            history.initial = Some(initial);
            return;
        }
        let none = |value: &mut Option<u64>| *value = value.filter(|value| *value != initial);
        for entry in &mut history.entries {
            match &mut entry.action {
                Action::Read(value) => none(value),
                Action::Cas(from, _, swap) => {
                    none(from);
                    if let Swap::Found(value) = swap {
                        none(value);
                    }
                }
                _ => {}
            }
        }
    }

    fn registers(&self, history: &mut History, values: &mut Values) {
        let initial = self.value.unwrap_or_else(|| values.number_of("null")) + 1;
        if history.arena.chunks(3).any(|step| step[0] == 1 && step[2] == initial) {
            history.initial = Some(initial - 1);
            return;
        }
        for step in history.arena.chunks_mut(3).filter(|step| step[2] == initial) {
            step[2] = 0;
        }
    }
}
