//! The operations of a run as histories in the format of [`history`](crate::history): one per kind of object, for any
//! checker to judge. Takes what was observed and nothing else; what an operation means is for [`linearizable`] to say.
//!
//! A client with several operations under way is several processes, and a new one after an operation of unknown outcome.
//! Keys that were evicted are left out, as the property leaves them out. Sets and lists end with what the final master
//! holds, read by a process of its own, if everybody agreed on it.
//!
//! [`linearizable`]: crate::property::linearizable

use crate::history::{Keys, Model, Recorded, Values};
use crate::index::Index;
use crate::linear::{Action, Entry, Fate, History, NEVER, Span};
use crate::observations::{NodeIx, Observations, Operation};
use crate::property::linearizable::as_entry;
use crate::property::no_eviction::evicted_keys;
use splitbrain_model::note::Outcome;
use splitbrain_model::{Command, Key, Space, TrueTime, Value};
use std::collections::BTreeMap;

/// The histories of a run that have an operation, each of one model.
pub fn histories(obs: &Observations) -> Vec<Recorded> {
    let index = Index::new(obs);
    [Space::Register, Space::Counter, Space::Set, Space::List]
        .into_iter()
        .map(|space| Exporter::new(obs, &index, space).history())
        .filter(|recorded| !recorded.history.entries.is_empty())
        .collect()
}

struct Exporter<'a> {
    obs: &'a Observations,
    index: &'a Index<'a>,
    space: Space,
    recorded: Recorded,
    /// Processes of each client, with the event number at which each is free again.
    processes: BTreeMap<NodeIx, Vec<(u32, u32)>>,
}

impl<'a> Exporter<'a> {
    fn new(obs: &'a Observations, index: &'a Index<'a>, space: Space) -> Exporter<'a> {
        let (model, initial) = match space {
            Space::Register => (Model::Register, "null"),
            Space::Counter => (Model::Counter, "0"),
            Space::Set => (Model::Set, "[]"),
            Space::List => (Model::List, "[]"),
        };
        let recorded = Recorded {
            model,
            history: History::default(),
            keys: Keys::default(),
            values: Values::default(),
            processes: Vec::new(),
            times: Vec::new(),
            before: 0,
            base: 0,
            initial: initial.to_owned(),
        };
        Exporter { obs, index, space, recorded, processes: BTreeMap::new() }
    }

    fn history(mut self) -> Recorded {
        let obs = self.obs;
        let evicted: Vec<_> = (0..obs.masters.len()).map(|master| evicted_keys(obs, self.index, master)).collect();
        for operation in &obs.operations {
            let key = operation.command.key();
            let master = self.index.master_of(operation.server.unwrap_or(operation.client));
            let Some(master) = master.filter(|master| key.space == self.space && !evicted[*master].contains(&key))
            else {
                continue;
            };
            if let Some(entry) = self.entry(operation) {
                let object = self.object(master, key);
                let process = self.process(operation);
                self.push(Entry { object, ..entry }, process, operation.invoked, operation.completed);
            }
        }
        self.audit(&evicted);
        self.recorded
    }

    fn push(&mut self, entry: Entry, process: u32, called: TrueTime, returned: Option<TrueTime>) {
        self.recorded.history.entries.push(entry);
        self.recorded.history.processes.push(process);
        let time = |at: TrueTime| i64::try_from(at.0).unwrap_or(i64::MAX);
        self.recorded.times.push((time(called), returned.map_or(i64::MIN, time)));
    }

    fn entry(&self, operation: &Operation) -> Option<Entry> {
        if matches!(self.space, Space::Register | Space::Counter) {
            return as_entry(operation);
        }
        let fate = match operation.outcome {
            Some(Outcome::Ok(_)) => Fate::Done,
            Some(Outcome::Fail(_)) if operation.attempts_indeterminate == 0 => Fate::Failed,
            _ => Fate::Unknown,
        };
        let action = match (operation.command, operation.outcome) {
            (Command::Sadd(_, Value(value)), _) => Action::Add(value, None),
            (Command::Srem(_, Value(value)), _) => Action::Remove(value, None),
            (Command::Sismember(_, Value(value)), Some(Outcome::Ok(Some(Value(found))))) => {
                Action::Contains(value, found != 0)
            }
            (Command::Rpush(_, Value(value)), _) => Action::Append(value, None),
            // What SMEMBERS and LRANGE saw is not in the record.
            _ => return None,
        };
        let repeats = match fate {
            Fate::Done => operation.attempts_indeterminate,
            _ => operation.attempts_indeterminate.saturating_sub(1),
        };
        Some(Entry { call: operation.call, ret: operation.ret, object: 0, repeats, fate, action })
    }

    /// Keys of different masters are different objects.
    fn object(&mut self, master: usize, key: Key) -> u32 {
        let name = match &self.obs.masters[..] {
            [_] => key.name(),
            masters => format!("{}/{}", masters[master].name, key.name()),
        };
        self.recorded.keys.object_named(&name)
    }

    /// A process of the client that is free, or a new one.
    fn process(&mut self, operation: &Operation) -> u32 {
        let mine = self.processes.entry(operation.client).or_default();
        let unknown = !matches!(operation.outcome, Some(Outcome::Ok(_) | Outcome::Fail(_)));
        let until = if unknown { NEVER } else { operation.ret };
        match mine.iter_mut().find(|(_, free)| *free < operation.call) {
            Some((process, free)) => {
                *free = until;
                *process
            }
            None => {
                let next = self.recorded.processes.len() as u32;
                self.recorded.processes.push(u64::from(next));
                mine.push((next, until));
                next
            }
        }
    }

    /// What the final masters hold.
    fn audit(&mut self, evicted: &[std::collections::BTreeSet<Key>]) {
        let obs = self.obs;
        if obs.converged.is_none() || matches!(self.space, Space::Register | Space::Counter) {
            return;
        }
        let mut keys: Vec<(usize, Key)> = Vec::new();
        for operation in &obs.operations {
            let key = operation.command.key();
            let master = self.index.master_of(operation.server.unwrap_or(operation.client));
            let place = master.filter(|master| key.space == self.space && !evicted[*master].contains(&key));
            keys.extend(place.map(|master| (master, key)));
        }
        keys.sort_unstable();
        keys.dedup();
        let reader = self.recorded.processes.len() as u32;
        let mut event =
            obs.operations.iter().flat_map(|o| [o.call, o.ret]).filter(|event| *event != NEVER).max().unwrap_or(0);
        for (master, key) in keys {
            let view = obs.final_views.iter().find(|view| view.master == obs.masters[master].name);
            let node = view.and_then(|view| obs.node_at(view.addr));
            let Some(last) = obs.final_redis.iter().find(|redis| Some(redis.node) == node && redis.running) else {
                continue;
            };
            let elements: Vec<u64> = match self.space {
                Space::Set => last.data.set(key).map_or(Vec::new(), |set| set.iter().map(|value| value.0).collect()),
                _ => last.data.list(key).iter().map(|value| value.0).collect(),
            };
            let span = Span { start: self.recorded.history.arena.len() as u32, len: elements.len() as u32 };
            self.recorded.history.arena.extend(elements);
            let object = self.object(master, key);
            let action = Action::Elements(span);
            let entry = Entry { call: event + 1, ret: event + 2, object, repeats: 0, fate: Fate::Done, action };
            event += 2;
            self.push(entry, reader, obs.end, Some(obs.end));
        }
        self.recorded.processes.push(u64::from(reader));
    }
}
