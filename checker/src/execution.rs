//! Which execution on a server belongs to which acknowledged write. Written values are unique, so a write is found by
//! its command; an INCR is found by the count that its server had reached.
//!
//! Where nothing was recorded of executions (a recording of the real thing) nothing is matched.

use crate::observations::{Observations, Operation};
use splitbrain_model::note::Outcome;
use splitbrain_model::{Command, Key, ReplId, Space, Value};
use std::collections::BTreeMap;

/// A command as something that can be sorted.
type Order = (Key, u8, u64);

fn order(command: Command) -> Order {
    let (kind, value) = match command {
        Command::Sadd(_, value) => (0, value.0),
        Command::Srem(_, value) => (1, value.0),
        Command::Set(_, value) => (2, value.0),
        Command::Rpush(_, value) => (3, value.0),
        Command::Incr(_) => (4, 0),
        Command::Sismember(_, value) => (5, value.0),
        Command::Smembers(_) => (6, 0),
        Command::Get(_) => (7, 0),
        Command::Lrange(_) => (8, 0),
        Command::Del(_) => (9, 0),
    };
    (command.key(), kind, value)
}

/// Executions of a run, sorted by command.
#[derive(Debug, Default)]
pub struct Executions {
    /// Index into `applied` for each operation, [`Executions::NONE`] if there is none.
    matched: Vec<u32>,
    /// Executions by command, then in order of time.
    by_command: Vec<(Order, u32)>,
    /// Writes of operations by command, to see whether a command is unique.
    issued: Vec<Order>,
}

impl Executions {
    const NONE: u32 = u32::MAX;

    /// Matches the operations of a run.
    pub fn new(obs: &Observations) -> Executions {
        let mut by_command: Vec<(Order, u32)> =
            (0u32..).zip(&obs.applied).map(|(i, applied)| (order(applied.command), i)).collect();
        by_command.sort_unstable();
        let mut issued: Vec<Order> = obs
            .operations
            .iter()
            .filter(|operation| operation.command.is_write())
            .map(|operation| order(operation.command))
            .collect();
        issued.sort_unstable();
        let mut executions = Executions { matched: vec![Executions::NONE; obs.operations.len()], by_command, issued };
        executions.match_all(obs);
        executions
    }

    /// The execution that an acknowledged write reports, as an index into [`Observations::applied`].
    pub fn of(&self, operation: u32) -> Option<usize> {
        let applied = self.matched[operation as usize];
        (applied != Executions::NONE).then_some(applied as usize)
    }

    /// Every execution that may be an effect of this write, also on servers that did not answer: all of its command
    /// where the command is unique and not an INCR, else only the one it reports.
    pub fn all_of<'a>(&'a self, number: u32, operation: &Operation) -> impl Iterator<Item = usize> + use<'a> {
        let wanted = order(operation.command);
        let first = self.issued.partition_point(|order| *order < wanted);
        let unique = self.issued.get(first + 1) != Some(&wanted);
        let counts = matches!(operation.command, Command::Incr(_));
        let all = if unique && !counts { self.with(wanted) } else { &[] };
        let own = if all.is_empty() { self.of(number) } else { None };
        all.iter().map(|(_, applied)| *applied as usize).chain(own)
    }

    fn with(&self, wanted: Order) -> &[(Order, u32)] {
        let from = self.by_command.partition_point(|(order, _)| *order < wanted);
        let rest = &self.by_command[from..];
        &rest[..rest.partition_point(|(order, _)| *order == wanted)]
    }

    fn match_all(&mut self, obs: &Observations) {
        let counts = Counts::of(obs);
        for (i, operation) in obs.operations.iter().enumerate() {
            let (Some(server), Some(completed)) = (operation.server, operation.completed) else {
                continue;
            };
            let Some(Outcome::Ok(answer)) = operation.outcome else {
                continue;
            };
            if !operation.command.is_write() {
                continue;
            }
            let inside = |applied: &usize| {
                let applied = &obs.applied[*applied];
                applied.node == server && operation.invoked <= applied.at && applied.at <= completed
            };
            let mut candidates =
                self.with(order(operation.command)).iter().map(|(_, applied)| *applied as usize).filter(inside);
            // The last attempt is the one that was answered.
            let found = match (operation.command, answer) {
                (Command::Incr(_), Some(Value(count))) => {
                    candidates.rfind(|applied| counts.after(*applied) == Some(count))
                }
                _ => candidates.next_back(),
            };
            if let Some(found) = found {
                self.matched[i] = found as u32;
            }
        }
    }
}

/// What counters stood at after each INCR, reconstructed along the histories of writes.
struct Counts(BTreeMap<usize, u64>);

impl Counts {
    fn of(obs: &Observations) -> Counts {
        let mut after = BTreeMap::new();
        let mut reached: BTreeMap<(ReplId, Key), Vec<(u64, u64)>> = BTreeMap::new();
        for (i, applied) in obs.applied.iter().enumerate() {
            let key = applied.command.key();
            let count = match applied.command {
                Command::Incr(_) => {
                    let before = applied.lineage.writes.saturating_sub(1);
                    Counts::at(obs, &reached, key, applied.lineage.id, before) + 1
                }
                Command::Set(Key { space: Space::Counter, .. }, Value(count)) => count,
                Command::Del(Key { space: Space::Counter, .. }) => 0,
                _ => continue,
            };
            after.insert(i, count);
            reached.entry((applied.lineage.id, key)).or_default().push((applied.lineage.writes, count));
        }
        Counts(after)
    }

    fn at(
        obs: &Observations,
        reached: &BTreeMap<(ReplId, Key), Vec<(u64, u64)>>,
        key: Key,
        mut branch: ReplId,
        mut writes: u64,
    ) -> u64 {
        // No history is longer than all births together; the bound ends a malformed circle.
        for _ in 0..=obs.branches.len() {
            let own = reached.get(&(branch, key));
            let last = own.and_then(|all| all.iter().rev().find(|(at, _)| *at <= writes));
            if let Some((_, count)) = last {
                return *count;
            }
            let birth = obs.branches.iter().rev().find(|birth| birth.id == branch);
            let Some(parent) = birth.and_then(|birth| birth.parent) else {
                break;
            };
            (branch, writes) = (parent.id, parent.writes);
        }
        0
    }

    fn after(&self, applied: usize) -> Option<u64> {
        self.0.get(&applied).copied()
    }
}
