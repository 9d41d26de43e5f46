//! `linearizable`: every register's (and every counter's) history has an order that respects real time.
//!
//! Registers with unique written values by zones, counters by places, both exact ([`crate::linear`]): reads that were
//! answered, writes that were acknowledged, writes of unknown outcome that somebody saw.
//!
//! An anomaly is called `split-brain` also where two values clash whose operations were answered by different nodes in
//! overlapping tenures: who answered is evidence for the name, never for the verdict.
//!
//! Source: Herlihy and Wing 1990; Gibbons and Korach 1997. Cannot see: what no client read (`lost-write` does), and
//! sets and lists, whose elements the audit of `lost-write` covers. A write that a client library may have sent twice
//! is one write here; its second effect is an anomaly called `duplicate-effect` on a register and allowed on a counter.
//! Keys that a server evicted are left out (`no-eviction`): nobody invoked the DEL.

use crate::expect::Property;
use crate::finding::{Detail, Evidence, Finding};
use crate::index::Index;
use crate::judge::Judgement;
use crate::linear::{Action, AnomalyKind, Entry, Fate, Report, Scratch, counter, register};
use crate::metrics::Metric;
use crate::observations::{Observations, Operation};
use crate::property::no_eviction::evicted_keys;
use crate::tenure::{Tenure, tenures};
use splitbrain_model::note::Outcome;
use splitbrain_model::{Command, Key, Space};

type Model = fn(&[Entry], Option<u64>, &mut Scratch, &mut Report);

/// Checks every master.
pub fn check(obs: &Observations, index: &Index<'_>, scratch: &mut Scratch, out: &mut Judgement) {
    let mut anomalies = 0;
    for master in 0..obs.masters.len() {
        for (space, model) in [(Space::Register, register::check as Model), (Space::Counter, counter::check as Model)] {
            let history = History::of(obs, index, master, space, scratch);
            let mut report = Report::default();
            model(&history.entries, None, scratch, &mut report);
            anomalies += report.total;
            history.tell(obs, index, master, &report, out);
            (scratch.entries, scratch.origins) = (history.entries, history.operations);
        }
    }
    out.metrics.set(Metric::Anomalies, anomalies as i64);
}

/// The operations of one master on one kind of object.
struct History {
    space: Space,
    entries: Vec<Entry>,
    /// The operation of each entry.
    operations: Vec<u32>,
}

impl History {
    fn of(obs: &Observations, index: &Index<'_>, master: usize, space: Space, scratch: &mut Scratch) -> History {
        let mut history = History {
            space,
            entries: std::mem::take(&mut scratch.entries),
            operations: std::mem::take(&mut scratch.origins),
        };
        history.entries.clear();
        history.operations.clear();
        let evicted = evicted_keys(obs, index, master);
        for (i, operation) in (0u32..).zip(&obs.operations) {
            let place = index.master_of(operation.server.unwrap_or(operation.client));
            let key = operation.command.key();
            if key.space != space || place != Some(master) || evicted.contains(&key) {
                continue;
            }
            if let Some(entry) = as_entry(operation) {
                history.entries.push(entry);
                history.operations.push(i);
            }
        }
        history
    }

    fn tell(&self, obs: &Observations, index: &Index<'_>, master: usize, report: &Report, out: &mut Judgement) {
        let name = &obs.masters[master].name;
        if let Some(object) = report.undecided.first() {
            let key = self.key(*object).name();
            out.leave(Property::Linearizable, format!("{name}: a value was written to {key} more than once"));
        }
        if report.anomalies.is_empty() {
            return;
        }
        let tenures = tenures(index, master);
        let mut told: Vec<(AnomalyKind, u64, usize)> = Vec::new();
        for (n, anomaly) in report.anomalies.iter().enumerate() {
            let kind = self.renamed(obs, &tenures, anomaly.kind, &anomaly.entries);
            match told.iter_mut().find(|(its, ..)| *its == kind) {
                Some((_, count, _)) => *count += 1,
                None => told.push((kind, 1, n)),
            }
        }
        // What was not kept is counted with the first kind.
        told[0].1 += report.total - report.anomalies.len() as u64;
        for (anomaly, count, n) in told {
            let first = &report.anomalies[n];
            let operations = || first.entries.iter().map(|&i| self.operation(obs, i));
            let at = operations().filter_map(|o| o.completed).max();
            out.findings.push(Finding {
                property: Property::Linearizable,
                at: at.unwrap_or(obs.end),
                master: name.clone(),
                detail: Detail::NotLinearizable {
                    anomaly,
                    key: self.key(first.object),
                    count,
                    operations: operations().map(|o| Evidence::of(obs, o)).collect(),
                },
            });
        }
    }

    /// Two values that clash are a split brain if they came from two nodes in overlapping tenures.
    fn renamed(&self, obs: &Observations, tenures: &[Tenure], kind: AnomalyKind, entries: &[u32]) -> AnomalyKind {
        if !matches!(kind, AnomalyKind::StaleRead | AnomalyKind::LostWrite) {
            return kind;
        }
        let within = |operation: &Operation, tenure: &Tenure| {
            operation.server == Some(tenure.node)
                && operation.completed.is_some_and(|at| at >= tenure.first)
                && operation.invoked <= tenure.last
        };
        let answered_in = |tenure: &Tenure| entries.iter().any(|&i| within(self.operation(obs, i), tenure));
        let rivals = tenures.iter().enumerate().any(|(i, a)| {
            tenures[i + 1..].iter().any(|b| {
                a.node != b.node && a.first.max(b.first) <= a.last.min(b.last) && answered_in(a) && answered_in(b)
            })
        });
        if rivals { AnomalyKind::SplitBrain } else { kind }
    }

    fn operation<'a>(&self, obs: &'a Observations, entry: u32) -> &'a Operation {
        &obs.operations[self.operations[entry as usize] as usize]
    }

    fn key(&self, object: u32) -> Key {
        Key { space: self.space, index: object }
    }
}

/// An operation on a register or a counter as an entry of a history, if it can matter.
pub fn as_entry(operation: &Operation) -> Option<Entry> {
    let known = match operation.outcome {
        Some(Outcome::Ok(answer)) => Some(answer),
        _ => None,
    };
    let fate = match operation.outcome {
        Some(Outcome::Ok(_)) => Fate::Done,
        // A library that resends tells its last error only; an earlier attempt may have been executed.
        Some(Outcome::Fail(_)) if operation.attempts_indeterminate == 0 => Fate::Failed,
        _ => Fate::Unknown,
    };
    let action = match operation.command {
        Command::Set(_, value) => Action::Write(value.0),
        Command::Get(_) => Action::Read(known?.map(|value| value.0)),
        Command::Incr(_) => Action::Increment(known.flatten().map(|value| value.0)),
        _ => return None,
    };
    let spare = match fate {
        Fate::Done => operation.attempts_indeterminate,
        _ => operation.attempts_indeterminate.saturating_sub(1),
    };
    Some(Entry {
        call: operation.call,
        ret: operation.ret,
        object: operation.command.key().index,
        repeats: spare,
        fate,
        action,
    })
}
