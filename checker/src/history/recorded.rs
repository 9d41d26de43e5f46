//! A history together with what its numbers stand for: the names that people gave their keys, values and processes.

use super::model::Model;
use super::operations::Keys;
use super::read::name_of;
use super::values::{Values, quoted};
use crate::linear::{Action, Entry, Fate, History, Span, Swap};

/// A history as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What its objects are.
    pub model: Model,
    /// Its operations. Event numbers are line numbers, [shifted](Recorded::line).
    pub history: History,
    /// Names of the objects.
    pub keys: Keys,
    /// Texts of the values.
    pub values: Values,
    /// Numbers of the processes in the file.
    pub processes: Vec<u64>,
    /// `time` of each call and return as it stands in the file, `i64::MIN` where it does not.
    pub times: Vec<(i64, i64)>,
    /// So many operations are the initial content: they come first, and nobody called them.
    pub before: u32,
    /// Counts are counted from here.
    pub base: u64,
    /// The initial value as JSON.
    pub initial: String,
}

/// An operation as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Number of its process, `None` for initial content.
    pub process: Option<u64>,
    /// Name of its object, empty if it has none.
    pub key: String,
    /// What was asked for: `write x 5`.
    pub asked: String,
    /// What was answered: `= 5`, `refused`; empty if there is nothing to tell but that it was.
    pub answer: String,
    /// How it ended.
    pub fate: Fate,
    /// Lines of its call and, if there is one, its completion.
    pub lines: (u32, Option<u32>),
    /// Times of both, as in the file.
    pub times: (Option<i64>, Option<i64>),
}

impl Recorded {
    /// The line of an event; 0 for those of the initial content.
    pub fn line(&self, event: u32) -> u32 {
        event.saturating_sub(self.before * 2)
    }

    /// One operation.
    pub fn told(&self, place: u32) -> Told {
        let entry = &self.history.entries[place as usize];
        let (call, ret) = self.times[place as usize];
        let time = |time: i64| (time != i64::MIN).then_some(time);
        let name = name_of(self.model, entry.action);
        let process = self.history.processes[place as usize];
        let key = match self.model {
            Model::MultiRegister => String::new(),
            _ => self.keys.names().get(entry.object as usize).cloned().unwrap_or_default(),
        };
        let parts = [name, &key, &self.argument(entry)];
        let asked: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Told {
            process: self.processes.get(process as usize).copied(),
            asked: asked.join(" "),
            key,
            answer: if entry.fate == Fate::Done { self.answer(entry) } else { String::new() },
            fate: entry.fate,
            lines: (self.line(entry.call), (entry.ret != crate::linear::NEVER).then(|| self.line(entry.ret))),
            times: (time(call), time(ret)),
        }
    }

    pub(super) fn value(&self, value: Option<u64>) -> String {
        value.map_or_else(|| self.initial.clone(), |value| self.values.text(value))
    }

    fn argument(&self, entry: &Entry) -> String {
        match entry.action {
            Action::Write(value)
            | Action::Add(value, _)
            | Action::Remove(value, _)
            | Action::Contains(value, _)
            | Action::Append(value, _) => self.values.text(value),
            Action::Cas(from, to, _) => format!("{} to {}", self.value(from), self.values.text(to)),
            Action::Transaction(span) => self.transaction(span, entry.fate == Fate::Done),
            _ => String::new(),
        }
    }

    fn answer(&self, entry: &Entry) -> String {
        let is = |told: Option<bool>, yes: &str, no: &str| match told {
            Some(true) => yes.to_owned(),
            Some(false) => no.to_owned(),
            None => String::new(),
        };
        match entry.action {
            Action::Read(count) if self.model == Model::Counter => format!("= {}", self.count(count.unwrap_or(0))),
            Action::Read(value) => format!("= {}", self.value(value)),
            Action::Increment(count) => count.map(|count| format!("= {}", self.count(count))).unwrap_or_default(),
            Action::Cas(_, _, Swap::Swapped) => "swapped".to_owned(),
            Action::Cas(_, _, Swap::Refused) => "refused".to_owned(),
            Action::Cas(_, _, Swap::Found(value)) => format!("refused, found {}", self.value(value)),
            Action::Add(_, new) => is(new, "was new", "was there before"),
            Action::Remove(_, there) => is(there, "was there", "was not there"),
            Action::Contains(_, there) => is(Some(there), "= true", "= false"),
            Action::Elements(span) => format!("= {}", self.elements(span)),
            Action::Append(_, length) => length.map(|length| format!("= length {length}")).unwrap_or_default(),
            _ => String::new(),
        }
    }

    pub(super) fn count(&self, count: u64) -> u64 {
        (count.wrapping_add(self.base)) % (1 << 62)
    }

    pub(super) fn span(&self, span: Span) -> &[u64] {
        &self.history.arena[span.start as usize..(span.start + span.len) as usize]
    }

    /// A few elements and how many there are.
    fn elements(&self, span: Span) -> String {
        const SHOWN: usize = 12;
        let all = self.span(span);
        let text =
            |elements: &[u64]| elements.iter().map(|value| self.values.text(*value)).collect::<Vec<_>>().join(", ");
        if all.len() <= SHOWN {
            return format!("[{}]", text(all));
        }
        let (first, last) = (&all[..SHOWN / 2], &all[all.len() - SHOWN / 2..]);
        format!("[{}, …, {}] ({} elements)", text(first), text(last), all.len())
    }

    fn transaction(&self, span: Span, answered: bool) -> String {
        let steps = self.span(span).chunks(3).map(|step| {
            let key = self.keys.names().get(step[1] as usize).map_or("", String::as_str);
            let value = self.value(step[2].checked_sub(1));
            match step[0] {
                0 if answered => format!("read {key} = {value}"),
                0 => format!("read {key}"),
                _ => format!("write {key} {value}"),
            }
        });
        steps.collect::<Vec<_>>().join(", ")
    }

    /// The name of an object for a sentence: `key x`, `the object`.
    pub fn object(&self, object: u32) -> String {
        match self.keys.names().get(object as usize) {
            Some(name) if !name.is_empty() && self.model != Model::MultiRegister => format!("key {}", shown(name)),
            _ if self.model == Model::MultiRegister => "the registers".to_owned(),
            _ => format!("the {}", self.model),
        }
    }
}

/// A name as it is, or in quotes where it would not be seen as one.
fn shown(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || "_-:./[]{},".contains(c));
    if plain && name.chars().nth(60).is_none() {
        name.to_owned()
    } else {
        quoted(&name.chars().take(60).collect::<String>())
    }
}
