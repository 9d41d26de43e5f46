//! What still holds of a history that has no order: how much less than linearizable it is, in sentences. Measured by
//! searches with small budgets, on histories of a size at which that takes no longer than reading them; what does not
//! come to an end is left out.

use super::model::Model;
use super::recorded::Recorded;
use crate::linear::History;
use crate::search::{Budget, Objects};
use crate::weaker::{Broken, Loss, Measured, Sequential, loss_window, sequential, sessions, staleness};
use std::collections::BTreeSet;

/// Larger histories are not measured, but for what a single process could see.
const LARGEST: usize = 2_000;
const BUDGET: Budget = Budget { nodes: 50_000, bytes: 1 << 26 };

/// A guarantee that is weaker than linearizability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarantee {
    /// Its name.
    pub name: &'static str,
    /// Whether it holds; of a measure, whether there is one.
    pub holds: bool,
    /// The same as a sentence without a full stop.
    pub sentence: String,
}

/// What can be said of a history in which objects are as the search knows them.
pub(super) fn guarantees(recorded: &Recorded, objects: &Objects<'_>) -> Vec<Guarantee> {
    let history = &recorded.history;
    let mut all = Vec::new();
    if recorded.model == Model::Register {
        let found = sessions(history);
        let (own, back) = (&found.read_your_writes, &found.monotonic_reads);
        all.push(session(recorded, "read-your-writes", "every process read what it had written, or newer", own));
        all.push(session(recorded, "monotonic-reads", "no process read older values than before", back));
    }
    if history.entries.len() > LARGEST {
        return all;
    }
    if recorded.model == Model::Register {
        let (holds, sentence) = match sequential(history, BUDGET) {
            Sequential::Yes(_) => (true, "there is an order that every process by itself agrees with"),
            Sequential::No => (false, "not even the processes by themselves agree on an order"),
            Sequential::Unknown(_) => (false, ""),
        };
        all.push(Guarantee { name: "sequential", holds, sentence: sentence.to_owned() });
    }
    let History { entries, arena, .. } = history;
    let last = entries.iter().map(|entry| entry.call).max().unwrap_or(0);
    let old = |event: u32, age: u64| u32::try_from(u64::from(event).saturating_sub(age)).unwrap_or(0);
    all.push(match staleness(entries, arena, objects, last.into(), old, BUDGET) {
        Measured::Is(lines) => said("staleness", true, format!("reads that may be {lines} lines old explain it")),
        Measured::Never => said("staleness", false, "old reads alone do not explain it".to_owned()),
        Measured::Unknown(_) => said("staleness", false, String::new()),
    });
    all.push(match loss_window(entries, arena, objects, BUDGET) {
        Measured::Is(Loss { from, to, writes }) => {
            let (from, to) = (recorded.line(from), recorded.line(to));
            let writes = crate::sentence::counted(writes.into(), "acknowledged write");
            said("loss-window", true, format!("the loss of {writes} explains it, acknowledged in lines {from} to {to}"))
        }
        Measured::Never => said("loss-window", false, "no loss of acknowledged writes alone explains it".to_owned()),
        Measured::Unknown(_) => said("loss-window", false, String::new()),
    });
    all.retain(|guarantee| !guarantee.sentence.is_empty());
    all
}

fn said(name: &'static str, holds: bool, sentence: String) -> Guarantee {
    Guarantee { name, holds, sentence }
}

fn session(recorded: &Recorded, name: &'static str, holds: &str, broken: &[Broken]) -> Guarantee {
    let Some(first) = broken.first() else { return said(name, true, holds.to_owned()) };
    let processes: BTreeSet<u32> = broken.iter().map(|b| recorded.history.processes[b.later as usize]).collect();
    let line = |place: u32| recorded.told(place).lines.0;
    let sentence = format!(
        "broken for {}, {}; first in line {} after line {}",
        crate::sentence::counted(processes.len() as u64, "process").replace("processs", "processes"),
        crate::sentence::counted(broken.len() as u64, "time"),
        line(first.later),
        line(first.earlier),
    );
    said(name, false, sentence)
}
