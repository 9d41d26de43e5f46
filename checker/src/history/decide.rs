//! The verdict on a history: exact checks first, the search for what they leave undecided. Every anomaly is judged again
//! from its few operations before it is told. Reads nothing but the history; who made it does not matter.

use super::model::Model;
use super::recorded::Recorded;
use crate::linear::{Anomaly, Report, Scratch, counter, register};

/// How much may be spent, and what is wanted beside the verdict.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Nodes of the search per object.
    pub nodes: u64,
    /// Bytes that the search remembers per object.
    pub memory: usize,
    /// Whether an order is wanted where there is one.
    pub witness: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { nodes: 50_000_000, memory: 1 << 30, witness: false }
    }
}

/// Whether there is an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is one.
    Linearizable,
    /// There is none.
    NotLinearizable,
    /// The budget did not suffice.
    Unknown,
}

impl Answer {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Answer::Linearizable => "linearizable",
            Answer::NotLinearizable => "not-linearizable",
            Answer::Unknown => "unknown",
        }
    }
}

/// What was found out.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Whether there is an order. One object without an order is enough for none.
    pub answer: Answer,
    /// The first anomalies.
    pub anomalies: Vec<Anomaly>,
    /// How many there are in all.
    pub total: u64,
    /// Objects left open, and why.
    pub open: Vec<(u32, String)>,
    /// Indices of operations in an order that explains all of them, if it was wanted and there is one.
    pub witness: Option<Vec<u32>>,
    /// An anomaly that its own operations do not prove: a bug of splitbrain.
    pub contradiction: Option<String>,
    /// Objects that took a search.
    pub searched: u32,
}

/// Judges a history.
pub fn decide(recorded: &Recorded, options: &Options) -> Decision {
    let Recorded { model, history, .. } = recorded;
    let mut report = Report::default();
    let mut scratch = Scratch::default();
    match model {
        Model::Register => register::check(&history.entries, &mut scratch, &mut report),
        Model::Counter => counter::check(&history.entries, &mut scratch, &mut report),
        _ => report.undecided = (0..recorded.keys.names().len() as u32).collect(),
    }
    let open: Vec<(u32, String)> = report.undecided.iter().map(|object| (*object, "no search yet".to_owned())).collect();
    let answer = match (report.total, open.is_empty()) {
        (0, true) => Answer::Linearizable,
        (0, false) => Answer::Unknown,
        _ => Answer::NotLinearizable,
    };
    let _ = options;
    Decision {
        answer,
        anomalies: report.anomalies,
        total: report.total,
        open,
        witness: None,
        contradiction: None,
        searched: 0,
    }
}
