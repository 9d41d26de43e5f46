//! From lines to a [`History`]: pairs invocations with completions, numbers processes, and settles what the initial value
//! is once everything has been read. The number of a line is the event number of what it tells.

use super::error::{FormatError, ReadError, Wrong};
use super::event::{Event, Step};
use super::initial::{self, Initial};
use super::lines::Lines;
use super::model::Model;
use super::operations::Tables;
use super::recorded::Recorded;
use crate::linear::{Action, Entry, Fate, History, NEVER};
use std::collections::BTreeMap;
use std::io::BufRead;

/// Reads a history of this model. `initial` is what every object holds at first, as JSON; `None` is the model's own:
/// nothing, 0, no elements, the empty text, free.
///
/// # Errors
/// If the input cannot be read, or is not of the format; also if it holds no operation at all.
pub fn read(input: impl BufRead, model: Model, initial: Option<&str>) -> Result<Recorded, ReadError> {
    let mut reader = Reader::new(model, initial)?;
    let mut lines = Lines::new(input);
    let mut last = 0;
    while let Some((number, line)) = lines.next()? {
        last = number;
        let told = Event::read(line).and_then(|event| reader.event(number, &event));
        told.map_err(|wrong| wrong.in_line(number, line))?;
    }
    if last == 0 {
        let found = "an empty file".to_owned();
        return Err(FormatError { line: 1, column: 1, found, expected: "operations, one per line".to_owned() }.into());
    }
    Ok(reader.finish())
}

/// The model that the operations of a history belong to: the first that no other model has tells. Reads alone are those
/// of a register, appends alone those of a list.
///
/// # Errors
/// If the input cannot be read, is not of the format before that, or has an operation that no model has.
pub fn infer(input: impl BufRead) -> Result<Model, ReadError> {
    let mut lines = Lines::new(input);
    let mut model = Model::Register;
    while let Some((number, line)) = lines.next()? {
        let wrong = |wrong: Wrong| wrong.in_line(number, line);
        let event = Event::read(line).map_err(wrong)?;
        let mut models = Model::with_operation(event.f.text);
        model = models.next().ok_or_else(|| wrong(event.f.wrong(format!("one of {}", all_operations()))))?;
        if models.next().is_none() {
            break;
        }
    }
    Ok(model)
}

fn all_operations() -> String {
    let mut names: Vec<&str> = Model::ALL.iter().flat_map(|model| model.operations()).copied().collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Who acts.
#[derive(Clone, Copy, Debug)]
struct Process {
    number: u32,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    /// In this entry.
    Busy(u32),
    /// What it called last may still happen: whoever acts under this number now is somebody else.
    Retired,
}

/// Processes by the numbers that the file gives them: the small ones, which are most, in one array.
#[derive(Debug, Default)]
struct Processes {
    small: Vec<Option<Process>>,
    others: BTreeMap<u64, Process>,
}

impl Processes {
    /// Numbers below this are small.
    const SMALL: usize = 1 << 16;

    fn get(&self, number: u64) -> Option<Process> {
        match usize::try_from(number) {
            Ok(place) if place < Self::SMALL => self.small.get(place).copied().flatten(),
            _ => self.others.get(&number).copied(),
        }
    }

    fn set(&mut self, number: u64, process: Process) {
        match usize::try_from(number) {
            Ok(place) if place < Self::SMALL => {
                if self.small.len() <= place {
                    self.small.resize(place + 1, None);
                }
                self.small[place] = Some(process);
            }
            _ => {
                self.others.insert(number, process);
            }
        }
    }
}

struct Reader {
    model: Model,
    tables: Tables,
    history: History,
    names: Vec<u64>,
    times: Vec<(i64, i64)>,
    processes: Processes,
    last_index: Option<u64>,
    initial: Initial,
}

impl Reader {
    fn new(model: Model, text: Option<&str>) -> Result<Reader, ReadError> {
        let mut tables = Tables::default();
        let initial = initial::read(model, text, &mut tables)?;
        Ok(Reader {
            model,
            tables,
            history: History::default(),
            names: Vec::new(),
            times: Vec::new(),
            processes: Processes::default(),
            last_index: None,
            initial,
        })
    }

    fn push(&mut self, entry: Entry, process: u32, time: Option<i64>) {
        self.history.entries.push(entry);
        self.history.processes.push(process);
        self.times.push((time.unwrap_or(i64::MIN), i64::MIN));
    }

    fn event(&mut self, line: u32, event: &Event<'_>) -> Result<(), Wrong> {
        if let Some((index, raw)) = event.index {
            if let Some(last) = self.last_index.filter(|last| index <= *last) {
                return Err(raw.wrong(format!("an index above {last}, that of the line before")));
            }
            self.last_index = Some(index);
        }
        let known = self.processes.get(event.process);
        let process = match known {
            Some(process) if !matches!(process.state, State::Retired) => process,
            _ => Process { number: self.names.len() as u32, state: State::Idle },
        };
        let state = match (process.state, event.step) {
            (State::Busy(entry), Step::Invoke) => {
                let call = self.history.entries[entry as usize].call;
                let expected = format!("a completion of what process {} called in line {call}", event.process);
                return Err(Wrong::new(event.process_at.at, "another invocation", expected));
            }
            (State::Idle, Step::Invoke) => {
                if process.number as usize == self.names.len() {
                    self.names.push(event.process);
                }
                State::Busy(self.invoke(line, process.number, event)?)
            }
            (State::Busy(entry), step) => {
                self.complete(line, entry, step, event)?;
                if step == Step::Info { State::Retired } else { State::Idle }
            }
            (State::Idle | State::Retired, _) => {
                let expected = format!("an invocation by process {} before", event.process);
                return Err(Wrong::new(event.process_at.at, "a completion of nothing", expected));
            }
        };
        self.processes.set(event.process, Process { state, ..process });
        Ok(())
    }

    fn invoke(&mut self, line: u32, process: u32, event: &Event<'_>) -> Result<u32, Wrong> {
        let (object, action) = self.tables.asked(self.model, event)?;
        let place = self.history.entries.len() as u32;
        let entry = Entry { call: line, ret: NEVER, object, repeats: 0, fate: Fate::Unknown, action };
        self.push(entry, process, event.time);
        Ok(place)
    }

    fn complete(&mut self, line: u32, place: u32, step: Step, event: &Event<'_>) -> Result<(), Wrong> {
        let entry = self.history.entries[place as usize];
        let name = name_of(self.model, entry.action);
        if event.f.text != name {
            return Err(event.f.wrong(format!("\"{name}\", as it was invoked")));
        }
        if let Some(key) = event.key
            && self.model != Model::MultiRegister
            && self.tables.keys.object(event.key) != entry.object
        {
            let asked = &self.tables.keys.names()[entry.object as usize];
            return Err(key.wrong(format!("the key {asked}, as it was invoked")));
        }
        let answered = match (step, entry.action) {
            (Step::Ok, Action::Read(_)) if self.model == Model::Counter => self.tables.counted(event)?,
            (Step::Ok, asked) => self.tables.answered(asked, event)?,
            (_, asked) => asked,
        };
        let entry = &mut self.history.entries[place as usize];
        entry.ret = line;
        entry.repeats = event.repeats;
        entry.action = answered;
        entry.fate = match step {
            Step::Ok => Fate::Done,
            Step::Fail => Fate::Failed,
            Step::Info | Step::Invoke => Fate::Unknown,
        };
        self.times[place as usize].1 = event.time.unwrap_or(i64::MIN);
        Ok(())
    }

    fn finish(self) -> Recorded {
        let Reader { model, tables, mut history, names, times, initial, .. } = self;
        let Tables { keys, values, arena } = tables;
        history.arena = arena;
        let mut recorded = Recorded {
            model,
            history,
            keys,
            values,
            processes: names,
            times,
            before: 0,
            base: 0,
            initial: String::new(),
        };
        initial.settle(&mut recorded);
        recorded
    }
}

/// What an operation is called in a file.
pub(super) fn name_of(model: Model, action: Action) -> &'static str {
    match (action, model) {
        (Action::Write(_), Model::StringAppend) => "put",
        (Action::Write(_), _) => "write",
        (Action::Read(_), Model::StringAppend) => "get",
        (Action::Read(_), _) => "read",
        (Action::Cas(..), _) => "cas",
        (Action::Increment(_), _) => "incr",
        (Action::Add(..), _) => "add",
        (Action::Remove(..), _) => "remove",
        (Action::Contains(..), _) => "contains",
        (Action::Elements(_), Model::List) => "list",
        (Action::Elements(_), _) => "members",
        (Action::Append(..), _) => "append",
        (Action::Acquire, _) => "acquire",
        (Action::Release, _) => "release",
        (Action::Transaction(_), _) => "txn",
    }
}
