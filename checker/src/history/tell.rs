//! Anomalies for people: one sentence on what it looks like, one per operation. Nothing is judged here.

use super::model::Model;
use super::recorded::{Recorded, Told};
use crate::linear::{Action, Anomaly, AnomalyKind, Fate};

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
pub const fn looks_like(model: Model, kind: AnomalyKind) -> &'static str {
    match (model, kind) {
        (Model::Set | Model::List, _) => looks_like_elements(kind),
        (Model::StringAppend | Model::MultiRegister, AnomalyKind::SplitBrain) => {
            "readers saw what no single order of operations gives"
        }
        (Model::Mutex, _) => "two had the lock at the same time, or nobody had it to give back",
        _ => looks_like_values(kind),
    }
}

const fn looks_like_elements(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::Phantom => "an element was seen that nobody put there, or in a place where it cannot be",
        AnomalyKind::AbortedRead => "an element was seen whose addition had failed",
        AnomalyKind::FutureRead => "an element was seen before its addition began",
        AnomalyKind::StaleRead => "an element was missing once after it had been acknowledged or seen",
        AnomalyKind::LostWrite => "an element that had been acknowledged or seen was gone for good",
        AnomalyKind::SplitBrain => "readers saw what no single order of additions gives",
        AnomalyKind::LostUpdate => "two additions took the same place",
        AnomalyKind::DuplicateEffect => "an element was there twice",
    }
}

const fn looks_like_values(kind: AnomalyKind) -> &'static str {
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
            sentence: looks_like(self.model, anomaly.kind).to_owned(),
            steps: anomaly.entries.iter().map(|&place| (place, self.told_within(place, &anomaly.entries))).collect(),
        }
    }
}

impl Recorded {
    /// An operation among others: a long read tells what it says of their elements.
    fn told_within(&self, place: u32, others: &[u32]) -> Told {
        let told = self.told(place);
        let entry = &self.history.entries[place as usize];
        let Action::Elements(span) = entry.action else { return told };
        let seen = self.span(span);
        if entry.fate != Fate::Done || seen.len() <= FEW {
            return told;
        }
        let mut said: Vec<String> = Vec::new();
        for &other in others {
            if let Action::Add(element, _)
            | Action::Remove(element, _)
            | Action::Contains(element, _)
            | Action::Append(element, _) = self.history.entries[other as usize].action
            {
                let times = seen.iter().filter(|seen| **seen == element).count();
                let with = match times {
                    0 => "without",
                    1 => "with",
                    _ => "with more than one",
                };
                said.push(format!("{with} {}", self.values.text(element)));
            }
        }
        said.dedup();
        let about = if said.is_empty() { String::new() } else { format!(" {}", said.join(", ")) };
        Told { answer: format!("= {} elements{about}", seen.len()), ..told }
    }
}

/// So many elements of a read are shown one by one.
const FEW: usize = 12;

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
