//! One line of a history file: an invocation or a completion, its members where they stand.

use super::error::Wrong;
use super::scan::{Cursor, Kind, Names, Raw};

/// What a line says of its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was called.
    Invoke,
    /// It happened, with its answer.
    Ok,
    /// It did not happen.
    Fail,
    /// Nobody knows.
    Info,
}

/// A line.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `index`, where it stands.
    pub index: Option<(u64, Raw<'a>)>,
    /// `process`
    pub process: u64,
    /// Where that stands.
    pub process_at: Raw<'a>,
    /// `type`
    pub step: Step,
    /// `f`
    pub f: Raw<'a>,
    /// `key`, unless it is null.
    pub key: Option<Raw<'a>>,
    /// `value`, unless it is absent.
    pub value: Option<Raw<'a>>,
    /// `result`, unless it is absent.
    pub result: Option<Raw<'a>>,
    /// `time`, if it is a whole number.
    pub time: Option<i64>,
    /// `repeats`: how many times more than once it may have taken effect.
    pub repeats: u16,
    /// Length of the line, where something is missing.
    end: usize,
}

impl<'a> Event<'a> {
    /// Reads a line. Members that the format does not have are passed over.
    pub fn read(line: &'a [u8]) -> Result<Event<'a>, Wrong> {
        let mut members: [Option<Raw<'a>>; 9] = [None; 9];
        Cursor::new(line)?.object(&Members, |place, at, value| match members[place].replace(value) {
            None => Ok(()),
            Some(_) => Err(Wrong::new(at, format!("a second `{}`", NAMES[place]), "each member once")),
        })?;
        let [index, process, step, f, key, value, result, time, repeats] = members;
        let process = process.ok_or_else(|| missing(line, "process", "a whole number"))?;
        let step = step.ok_or_else(|| missing(line, "type", STEPS))?;
        let f = f.ok_or_else(|| missing(line, "f", "the name of an operation"))?;
        if f.kind != Kind::String {
            return Err(f.wrong("the name of an operation"));
        }
        let index = match index.filter(|index| index.kind != Kind::Null) {
            None => None,
            Some(raw) => Some((raw.natural().ok_or_else(|| raw.wrong("a whole number below 2^64"))?, raw)),
        };
        let repeats = match repeats.filter(|repeats| repeats.kind != Kind::Null) {
            None => 0,
            Some(raw) => {
                let number = raw.natural().and_then(|number| u16::try_from(number).ok());
                number.ok_or_else(|| raw.wrong("how many times more it may have happened, below 65536"))?
            }
        };
        Ok(Event {
            index,
            process: process.natural().ok_or_else(|| process.wrong("the number of a process, below 2^64"))?,
            process_at: process,
            step: match (step.kind, step.text) {
                (Kind::String, "invoke") => Step::Invoke,
                (Kind::String, "ok") => Step::Ok,
                (Kind::String, "fail") => Step::Fail,
                (Kind::String, "info") => Step::Info,
                _ => return Err(step.wrong(STEPS)),
            },
            f,
            key: key.filter(|key| key.kind != Kind::Null),
            value,
            result,
            time: time.and_then(|time| match time.natural() {
                Some(natural) => i64::try_from(natural).ok(),
                None => time.text.parse().ok(),
            }),
            repeats,
            end: line.len(),
        })
    }

    /// A value that has to be there and not null.
    pub fn needs_value(&self, expected: &str) -> Result<Raw<'a>, Wrong> {
        match self.value {
            Some(value) if value.kind != Kind::Null => Ok(value),
            Some(null) => Err(null.wrong(expected)),
            None => Err(self.lacks("value", expected)),
        }
    }

    /// The value, unless it is null or absent.
    pub fn some_value(&self) -> Option<Raw<'a>> {
        self.value.filter(|value| value.kind != Kind::Null)
    }

    /// The result, unless it is null or absent.
    pub fn some_result(&self) -> Option<Raw<'a>> {
        self.result.filter(|result| result.kind != Kind::Null)
    }

    /// Something is not there.
    pub fn lacks(&self, name: &str, expected: &str) -> Wrong {
        Wrong::new(self.end, format!("no `{name}`"), expected)
    }
}

/// The members of a line, in the order in which histories mostly have them.
const NAMES: [&str; 9] = ["index", "process", "type", "f", "key", "value", "result", "time", "repeats"];

struct Members;

impl Names for Members {
    fn place(&self, name: &str) -> Option<usize> {
        NAMES.place(name)
    }

    // By constants: this is asked for every member of every line.
    #[inline(always)]
    fn begins(&self, place: usize, line: &[u8]) -> usize {
        let name: &[u8] = match place {
            0 if line.starts_with(b"\"index\":") => b"\"index\":",
            1 if line.starts_with(b"\"process\":") => b"\"process\":",
            2 if line.starts_with(b"\"type\":") => b"\"type\":",
            3 if line.starts_with(b"\"f\":") => b"\"f\":",
            4 if line.starts_with(b"\"key\":") => b"\"key\":",
            5 if line.starts_with(b"\"value\":") => b"\"value\":",
            6 if line.starts_with(b"\"result\":") => b"\"result\":",
            7 if line.starts_with(b"\"time\":") => b"\"time\":",
            _ => b"",
        };
        name.len()
    }
}

const STEPS: &str = "\"invoke\", \"ok\", \"fail\" or \"info\"";

fn missing(line: &[u8], name: &str, expected: &str) -> Wrong {
    Wrong::new(line.len(), format!("no `{name}`"), expected)
}
