//! Anomalies for people: one sentence on what it looks like, one per operation. Nothing is judged here.

use super::recorded::{Recorded, Told};
use crate::linear::{Anomaly, AnomalyKind, Fate};

/// An anomaly in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Its name: `stale-read`.
    pub kind: &'static str,
    /// On what: `key x`.
    pub object: String,
    /// What it looks like, without a full stop.
    pub sentence: String,
    /// Its operations in order of their calls.
    pub steps: Vec<(u32, Told)>,
}

/// What a kind of anomaly looks like, without a full stop.
pub const fn looks_like(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::Phantom => "what was seen cannot come from the operations there are",
        AnomalyKind::AbortedRead => "a value was read whose write had failed",
        AnomalyKind::FutureRead => "a value was read before its write began",
        AnomalyKind::StaleRead => "an older value was read after a newer one",
        AnomalyKind::LostWrite => "a newer value gave way to an older one for good",
        AnomalyKind::SplitBrain => "two values were seen by turns",
        AnomalyKind::LostUpdate => "two updates began from the same value",
        AnomalyKind::DuplicateEffect => "a write that may have been sent twice took effect again",
    }
}

impl Recorded {
    /// An anomaly in words.
    pub fn story(&self, anomaly: &Anomaly) -> Story {
        Story {
            kind: anomaly.kind.name(),
            object: self.object(anomaly.object),
            sentence: looks_like(anomaly.kind).to_owned(),
            steps: anomaly.entries.iter().map(|&place| (place, self.told(place))).collect(),
        }
    }
}

impl Told {
    /// Who: `process 3`.
    pub fn who(&self) -> String {
        self.process.map_or_else(|| "initially".to_owned(), |process| format!("process {process}"))
    }

    /// How it went, as the end of a sentence that begins with what was asked for: `= 5, answered in line 7`.
    pub fn outcome(&self) -> String {
        let at = |what: &str| match self.lines.1 {
            Some(0) | None => String::new(),
            Some(line) => format!("{what} in line {line}"),
        };
        let how = match self.fate {
            Fate::Done => at(if self.answer.is_empty() { "acknowledged" } else { "answered" }),
            Fate::Failed => at("failed"),
            Fate::Unknown => "never answered".to_owned(),
        };
        match (self.answer.is_empty(), how.is_empty()) {
            (true, _) => how,
            (false, true) => self.answer.clone(),
            (false, false) => format!("{}, {how}", self.answer),
        }
    }

    /// The operation as a sentence without a full stop: `line 3, process 1: read x = 5, answered in line 7`.
    pub fn sentence(&self) -> String {
        let place = if self.lines.0 == 0 { String::new() } else { format!("line {}, ", self.lines.0) };
        let asked_and_answered = match self.answer.is_empty() {
            true => format!("{}, {}", self.asked, self.outcome()),
            false => format!("{} {}", self.asked, self.outcome()),
        };
        format!("{place}{}: {asked_and_answered}", self.who())
    }
}
