//! Linearizability of histories of operations on independent objects, decided exactly in (nearly) linear time. One
//! model per file: [`register`], [`counter`]. Nothing here knows of servers or of Redis.
//!
//! Calls and returns of all operations share one count of events from 1; every number is used once. Event 0 is the
//! virtual beginning, where every object has its initial value.

mod naming;

pub mod counter;
pub mod entry;
pub mod register;

pub use entry::{Action, Entry, Fate, History, NEVER, Span, Swap};

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a violation looks like. Names, not proofs: the operations listed with them are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnomalyKind {
    /// A value was read that nobody wrote, or a count that no increment explains.
    Phantom,
    /// A value was read whose write had failed.
    AbortedRead,
    /// A value was read before its write began.
    FutureRead,
    /// An older value was read once after a newer one was acknowledged or seen.
    StaleRead,
    /// A value that was acknowledged or seen gave way to an older one for good.
    LostWrite,
    /// Two values were seen by turns.
    SplitBrain,
    /// Two increments returned the same count.
    LostUpdate,
    /// An older value came back whose write may have been sent twice.
    DuplicateEffect,
}

impl AnomalyKind {
    /// All kinds.
    pub const ALL: &'static [AnomalyKind] = &[
        AnomalyKind::Phantom,
        AnomalyKind::AbortedRead,
        AnomalyKind::FutureRead,
        AnomalyKind::StaleRead,
        AnomalyKind::LostWrite,
        AnomalyKind::SplitBrain,
        AnomalyKind::LostUpdate,
        AnomalyKind::DuplicateEffect,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            AnomalyKind::Phantom => "phantom",
            AnomalyKind::AbortedRead => "aborted-read",
            AnomalyKind::FutureRead => "future-read",
            AnomalyKind::StaleRead => "stale-read",
            AnomalyKind::LostWrite => "lost-write",
            AnomalyKind::SplitBrain => "split-brain",
            AnomalyKind::LostUpdate => "lost-update",
            AnomalyKind::DuplicateEffect => "duplicate-effect",
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What it looks like.
    pub kind: AnomalyKind,
    /// On which object.
    pub object: u32,
    /// Indices of the operations that prove it, in order of their calls, at most eight.
    pub entries: Vec<u32>,
}

/// What was found in a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The first anomalies, at most [`Report::KEPT`].
    pub anomalies: Vec<Anomaly>,
    /// How many there are in all, one per pair of clashing values.
    pub total: u64,
    /// Objects that this method cannot decide, ascending: values written twice, or operations of another model.
    pub undecided: Vec<u32>,
}

impl Report {
    /// How many anomalies are kept with their evidence.
    pub const KEPT: usize = 64;

    /// Whether every object has a legal order.
    pub fn is_linearizable(&self) -> bool {
        self.total == 0 && self.undecided.is_empty()
    }

    /// Adds an anomaly; its evidence is only made if it is kept.
    fn push(&mut self, object: u32, anomaly: impl FnOnce() -> (AnomalyKind, Vec<u32>)) {
        self.total += 1;
        if self.anomalies.len() < Report::KEPT {
            let (kind, entries) = anomaly();
            self.anomalies.push(Anomaly { kind, object, entries });
        }
    }

    fn undecided(&mut self, object: u32) {
        if let Err(place) = self.undecided.binary_search(&object) {
            self.undecided.insert(place, object);
        }
    }

    fn is_undecided(&self, object: u32) -> bool {
        self.undecided.binary_search(&object).is_ok()
    }
}

/// Memory of the checkers, reused from one history to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The history itself, for callers that make one from something else.
    pub(crate) entries: Vec<Entry>,
    /// Where each entry of it comes from.
    pub(crate) origins: Vec<u32>,
    register: register::Tables,
    counter: counter::Tables,
}

/// Entries as evidence: each once, in order of their calls.
fn evidence(entries: &[Entry], mut chosen: Vec<u32>) -> Vec<u32> {
    chosen.sort_unstable_by_key(|&i| entries[i as usize].call);
    chosen.dedup();
    chosen.truncate(8);
    chosen
}
