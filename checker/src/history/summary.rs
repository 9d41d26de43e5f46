//! What a report shows of one judged history: everything in words, and no more of the history than anybody looks at, so
//! that many large ones can be judged in a row.

use super::decide::{Answer, Decision};
use super::model::Model;
use super::recorded::{Recorded, Told};
use super::tell::Story;
use super::weaker::Guarantee;
use crate::linear::{Fate, NEVER};
use std::collections::BTreeMap;

/// So many anomalies are told in full, one of each kind,
const TOLD: usize = 4;
/// or so many of the same kind.
const ALIKE: usize = 2;
/// So many operations are drawn around an anomaly.
const DRAWN: usize = 24;
/// So many operations of the whole history can be looked through.
pub const LISTED: usize = 2_000;

/// An operation in a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// What it is.
    pub told: Told,
    /// Event numbers of its call and its return; [`NEVER`] if there is none.
    pub span: (u32, u32),
    /// Whether it belongs to the anomaly.
    pub marked: bool,
}

/// An anomaly as it is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// In words.
    pub story: Story,
    /// It and what was going on around it on the same object, in order of calls.
    pub around: Vec<Drawn>,
}

/// One judged history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The file, as it was named.
    pub file: String,
    /// What its objects are.
    pub model: Model,
    /// The verdict.
    pub answer: Answer,
    /// What it should be.
    pub expected: Option<Answer>,
    /// How many operations it has.
    pub operations: usize,
    /// How many of them have an unknown outcome.
    pub unknown: usize,
    /// On how many objects.
    pub objects: usize,
    /// The first anomalies of each kind.
    pub anomalies: Vec<Shown>,
    /// How many anomalies there are in all.
    pub total: u64,
    /// How many of the anomalies looked at are of which kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Objects left open, and why.
    pub open: Vec<(String, String)>,
    /// What still holds where there is no order.
    pub weaker: Vec<Guarantee>,
    /// An order, if it was wanted and there is one.
    pub witness: Option<Vec<Told>>,
    /// The first operations.
    pub listed: Vec<Told>,
    /// Milliseconds for reading, judging and explaining.
    pub ms: u64,
    /// Nanoseconds for the verdict alone.
    pub verdict_ns: u64,
}

impl Judged {
    /// Puts a decision into words.
    pub fn new(file: String, recorded: &Recorded, decision: &Decision, expected: Option<Answer>) -> Judged {
        let mut kinds: BTreeMap<&'static str, u64> = BTreeMap::new();
        for anomaly in &decision.anomalies {
            *kinds.entry(anomaly.kind.name()).or_default() += 1;
        }
        let entries = &recorded.history.entries;
        let operations = entries.len() - recorded.before as usize;
        let unknown = entries.iter().filter(|entry| entry.fate == Fate::Unknown).count();
        let name = |object: u32| recorded.object(object);
        Judged {
            file,
            model: recorded.model,
            answer: decision.answer,
            expected,
            operations,
            unknown,
            objects: recorded.keys.names().len(),
            anomalies: chosen(decision).map(|anomaly| recorded.shown(&decision.anomalies[anomaly])).collect(),
            total: decision.total,
            kinds,
            open: decision.open.iter().map(|(object, why)| (name(*object), why.clone())).collect(),
            weaker: decision.weaker.clone(),
            witness: decision.witness.as_ref().map(|order| order.iter().map(|&place| recorded.told(place)).collect()),
            listed: (recorded.before..entries.len() as u32).take(LISTED).map(|place| recorded.told(place)).collect(),
            ms: 0,
            verdict_ns: 0,
        }
    }

    /// Whether it is what was expected; a history without an order is not, if nothing was said.
    pub fn is_met(&self) -> bool {
        self.answer == self.expected.unwrap_or(Answer::Linearizable)
    }
}

/// Anomalies that are told: the first of each kind; of a single kind another one.
fn chosen(decision: &Decision) -> impl Iterator<Item = usize> + use<> {
    let mut seen = Vec::new();
    let (mut chosen, mut others) = (Vec::new(), Vec::new());
    for (i, anomaly) in decision.anomalies.iter().enumerate() {
        if seen.contains(&anomaly.kind) {
            others.push(i);
        } else {
            seen.push(anomaly.kind);
            chosen.push(i);
        }
    }
    chosen.truncate(TOLD);
    chosen.extend(others.into_iter().take(ALIKE.saturating_sub(chosen.len())));
    chosen.sort_unstable();
    chosen.into_iter()
}

impl Recorded {
    fn shown(&self, anomaly: &crate::linear::Anomaly) -> Shown {
        let entries = &self.history.entries;
        let mut drawn: Vec<u32> = anomaly.entries.clone();
        // Neighbours on the same object, nearest first, by turns before and behind each operation of the anomaly.
        let neighbour = |place: &usize| entries[*place].object == anomaly.object;
        let mut sides: Vec<Box<dyn Iterator<Item = usize>>> = Vec::new();
        for &place in &anomaly.entries {
            sides.push(Box::new((0..place as usize).rev().take(FAR).filter(neighbour)));
            sides.push(Box::new((place as usize + 1..entries.len()).take(FAR).filter(neighbour)));
        }
        for _ in 0..NEAR {
            for side in &mut sides {
                drawn.extend(side.next().map(|place| place as u32));
            }
        }
        let mut kept: Vec<u32> = Vec::new();
        for place in drawn {
            if kept.len() < DRAWN && !kept.contains(&place) {
                kept.push(place);
            }
        }
        kept.sort_unstable();
        let around = kept.into_iter().map(|place| {
            let entry = &entries[place as usize];
            Drawn {
                told: self.told(place),
                span: (entry.call, if entry.fate == Fate::Unknown { NEVER } else { entry.ret }),
                marked: anomaly.entries.contains(&place),
            }
        });
        Shown { story: self.story(anomaly), around: around.collect() }
    }
}

/// Neighbours on each side of an operation.
const NEAR: usize = 1;
/// How far they are looked for.
const FAR: usize = 10_000;
