//! What a line means: operations of each model become [`Action`]s. Knows nothing of processes and of time.

use super::error::Wrong;
use super::event::Event;
use super::model::Model;
use super::scan::{Kind, Raw};
use super::values::{Values, canonical, quoted};
use crate::linear::{Action, Span, Swap};
use std::collections::BTreeMap;

/// Keys of objects in the order of their first use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    numbers: BTreeMap<Box<str>, u32>,
    names: Vec<String>,
}

impl Keys {
    /// The object of a key; all operations without one are on one object.
    pub(super) fn object(&mut self, key: Option<Raw<'_>>) -> u32 {
        match key {
            // Most keys are strings without escapes: nothing is allocated for one that is known.
            Some(raw) if raw.kind == Kind::String && !raw.text.contains('\\') => self.named(raw.text, raw.text),
            Some(raw) => match raw.string() {
                Some(text) => self.named(&text, &text),
                // A key that is not a string is no string that looks like it.
                None => {
                    let text = canonical(&raw);
                    self.named(&format!("\u{0}{text}"), &text)
                }
            },
            None => self.named("\u{0}", ""),
        }
    }

    /// The object of a key that is a string.
    pub fn object_named(&mut self, name: &str) -> u32 {
        self.named(name, name)
    }

    /// The keys as JSON, in the order of their numbers.
    pub(super) fn as_json(&self) -> Vec<String> {
        let mut all = vec![String::new(); self.names.len()];
        for (identity, number) in &self.numbers {
            all[*number as usize] = match identity.strip_prefix('\0') {
                None => quoted(identity),
                Some("") => "null".to_owned(),
                Some(json) => json.to_owned(),
            };
        }
        all
    }

    fn named(&mut self, identity: &str, name: &str) -> u32 {
        if let Some(known) = self.numbers.get(identity) {
            return *known;
        }
        let next = u32::try_from(self.names.len()).expect("a file has fewer lines than this");
        self.numbers.insert(identity.into(), next);
        self.names.push(name.to_owned());
        next
    }

    /// Names of the objects; empty for the one without a key.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// What actions refer to.
#[derive(Debug, Default)]
pub struct Tables {
    /// Keys.
    pub keys: Keys,
    /// Values.
    pub values: Values,
    /// Elements of reads, and transactions.
    pub arena: Vec<u64>,
}

const COUNT: &str = "a count: a whole number below 2^62";

impl Tables {
    /// What an invocation asks for, and on which object.
    pub fn asked(&mut self, model: Model, event: &Event<'_>) -> Result<(u32, Action), Wrong> {
        let action = match (model, event.f.text) {
            (Model::Register, "write") => {
                let value = event.value.ok_or_else(|| event.lacks("value", "the value to write"))?;
                Action::Write(self.values.number(&value))
            }
            (Model::Register | Model::Counter, "read") | (Model::StringAppend, "get") => Action::Read(None),
            (Model::Register, "cas") => {
                let (from, to) = pair(event)?;
                Action::Cas(Some(self.values.number(&from)), self.values.number(&to), Swap::Refused)
            }
            (Model::Counter, "incr") => Action::Increment(None),
            (Model::Set, "add") => Action::Add(self.element(event)?, None),
            (Model::Set, "remove") => Action::Remove(self.element(event)?, None),
            (Model::Set, "contains") => Action::Contains(self.element(event)?, false),
            (Model::Set, "members") | (Model::List, "list") => Action::Elements(Span { start: 0, len: 0 }),
            (Model::List, "append") => Action::Append(self.element(event)?, None),
            (Model::StringAppend, "put") => Action::Write(self.text(event)?),
            (Model::StringAppend, "append") => Action::Append(self.text(event)?, None),
            (Model::Mutex, "acquire") => Action::Acquire,
            (Model::Mutex, "release") => Action::Release,
            (Model::MultiRegister, "txn") => {
                let value = event.needs_value(TRANSACTION)?;
                return Ok((0, Action::Transaction(self.transaction(&value, false)?)));
            }
            _ => return Err(event.f.wrong(format!("an operation of a {model}: {}", model.operations().join(", ")))),
        };
        Ok((self.keys.object(event.key), action))
    }

    /// The same with its answer, once it is acknowledged.
    pub fn answered(&mut self, asked: Action, event: &Event<'_>) -> Result<Action, Wrong> {
        Ok(match asked {
            Action::Write(value) | Action::Append(value, _)
                if self.differs(event, |values, raw| values.number(raw) == value) =>
            {
                return Err(self.other(event, value));
            }
            Action::Write(_) | Action::Acquire | Action::Release => asked,
            Action::Append(element, _) => Action::Append(element, count_of(event.some_result())?),
            Action::Read(_) => {
                let raw = event.value.ok_or_else(|| event.lacks("value", "what was read, null for nothing"))?;
                Action::Read(Some(self.values.number(&raw)))
            }
            Action::Cas(from, to, _) => {
                let same = |values: &mut Values, raw: &Raw<'_>| {
                    let mut elements = raw.elements();
                    let mut next = || elements.next().map(|element| values.number(&element));
                    next() == from && next() == Some(to)
                };
                if self.differs(event, same) {
                    let asked = format!("[{},{}]", self.values.text(from.unwrap_or(0)), self.values.text(to));
                    let raw = event.needs_value(&asked)?;
                    return Err(raw.wrong(format!("{asked}, as it was invoked")));
                }
                Action::Cas(from, to, self.swap(event, from)?)
            }
            Action::Increment(_) => Action::Increment(count_of(event.some_value())?),
            Action::Add(element, _) => Action::Add(element, self.told(event, element)?),
            Action::Remove(element, _) => Action::Remove(element, self.told(event, element)?),
            Action::Contains(element, _) => match self.told(event, element)? {
                Some(there) => Action::Contains(element, there),
                None => return Err(event.lacks("result", "whether the element is there: true or false")),
            },
            Action::Elements(_) => {
                let raw = event.needs_value("all elements, as an array")?;
                if raw.kind != Kind::Array {
                    return Err(raw.wrong("all elements, as an array"));
                }
                Action::Elements(self.elements(&raw)?)
            }
            Action::Transaction(span) => {
                let raw = event.needs_value(TRANSACTION)?;
                let done = self.transaction(&raw, true)?;
                self.same_transaction(span, done, &raw)?;
                Action::Transaction(done)
            }
        })
    }

    /// The count that a counter's read returned.
    pub fn counted(&mut self, event: &Event<'_>) -> Result<Action, Wrong> {
        Ok(Action::Read(count_of(event.some_value())?))
    }

    /// What a set, a list or several registers hold at first, each element with its object.
    pub fn elements(&mut self, raw: &Raw<'_>) -> Result<Span, Wrong> {
        let start = self.here(raw)?;
        for element in raw.elements() {
            let value = self.values.number(&element);
            self.arena.push(value);
        }
        self.span(start, raw)
    }

    fn here(&self, raw: &Raw<'_>) -> Result<u32, Wrong> {
        u32::try_from(self.arena.len()).map_err(|_| raw.wrong("fewer than 2^32 elements in all reads together"))
    }

    fn span(&self, start: u32, raw: &Raw<'_>) -> Result<Span, Wrong> {
        Ok(Span { start, len: self.here(raw)? - start })
    }

    fn element(&mut self, event: &Event<'_>) -> Result<u64, Wrong> {
        event.needs_value("an element").map(|raw| self.values.number(&raw))
    }

    fn text(&mut self, event: &Event<'_>) -> Result<u64, Wrong> {
        let raw = event.needs_value("a string")?;
        if raw.kind == Kind::String { Ok(self.values.number(&raw)) } else { Err(raw.wrong("a string")) }
    }

    /// Whether a completion names another value than its invocation. It may leave it out.
    fn differs(&mut self, event: &Event<'_>, same: impl FnOnce(&mut Values, &Raw<'_>) -> bool) -> bool {
        event.some_value().is_some_and(|raw| !same(&mut self.values, &raw))
    }

    fn other(&self, event: &Event<'_>, asked: u64) -> Wrong {
        let asked = self.values.text(asked);
        match event.value {
            Some(raw) => raw.wrong(format!("{asked}, as it was invoked")),
            None => event.lacks("value", &asked),
        }
    }

    /// Whether an element was new, or there.
    fn told(&mut self, event: &Event<'_>, element: u64) -> Result<Option<bool>, Wrong> {
        if self.differs(event, |values, raw| values.number(raw) == element) {
            return Err(self.other(event, element));
        }
        match event.some_result() {
            None => Ok(None),
            Some(Raw { kind: kind @ (Kind::True | Kind::False), .. }) => Ok(Some(kind == Kind::True)),
            Some(raw) => match raw.natural() {
                Some(0) => Ok(Some(false)),
                Some(1) => Ok(Some(true)),
                _ => Err(raw.wrong("1 or 0, true or false")),
            },
        }
    }

    fn swap(&mut self, event: &Event<'_>, from: Option<u64>) -> Result<Swap, Wrong> {
        const RESULT: &str = "true, false, or {\"found\": the value that was there}";
        let raw = event.result.ok_or_else(|| event.lacks("result", RESULT))?;
        match raw.kind {
            Kind::True => Ok(Swap::Swapped),
            Kind::False => Ok(Swap::Refused),
            Kind::Object => {
                let found = raw.members().find(|(name, _)| name.text == "found").ok_or_else(|| raw.wrong(RESULT))?;
                let value = Some(self.values.number(&found.1));
                Ok(if value == from { Swap::Swapped } else { Swap::Found(value) })
            }
            _ => Err(raw.wrong(RESULT)),
        }
    }

    fn transaction(&mut self, raw: &Raw<'_>, done: bool) -> Result<Span, Wrong> {
        let start = self.here(raw)?;
        if raw.kind != Kind::Array {
            return Err(raw.wrong(TRANSACTION));
        }
        for step in raw.elements() {
            let mut parts = step.elements();
            let (Some(what), Some(key), Some(value), None) = (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                return Err(step.wrong("[\"read\" or \"write\", key, value]"));
            };
            let write = match (what.kind, what.text) {
                (Kind::String, "read" | "r") => false,
                (Kind::String, "write" | "w") => true,
                _ => return Err(what.wrong("\"read\" or \"write\"")),
            };
            let object = self.keys.object(Some(key).filter(|key| key.kind != Kind::Null));
            // What an invocation reads is not known yet.
            let value = if write || done { self.values.number(&value) + 1 } else { 0 };
            self.arena.extend([u64::from(write), u64::from(object), value]);
        }
        self.span(start, raw)
    }

    fn same_transaction(&mut self, asked: Span, done: Span, raw: &Raw<'_>) -> Result<(), Wrong> {
        let steps = |span: Span| self.arena[span.start as usize..(span.start + span.len) as usize].chunks(3);
        let same = steps(asked).zip(steps(done)).all(|(a, b)| a[..2] == b[..2] && (a[0] == 0 || a[2] == b[2]));
        if asked.len == done.len && same {
            Ok(())
        } else {
            Err(raw.wrong("the steps that were invoked, in their order"))
        }
    }
}

const TRANSACTION: &str = "an array of [\"read\" or \"write\", key, value]";

fn pair<'a>(event: &Event<'a>) -> Result<(Raw<'a>, Raw<'a>), Wrong> {
    let raw = event.needs_value("[from, to]")?;
    let mut elements = raw.elements();
    match (elements.next(), elements.next(), elements.next()) {
        (Some(from), Some(to), None) => Ok((from, to)),
        _ => Err(raw.wrong("[from, to]")),
    }
}

fn count_of(raw: Option<Raw<'_>>) -> Result<Option<u64>, Wrong> {
    match raw {
        None => Ok(None),
        Some(raw) => raw.natural().filter(|count| *count < 1 << 62).map(Some).ok_or_else(|| raw.wrong(COUNT)),
    }
}
