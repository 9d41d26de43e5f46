//! The verdict on a history: exact checks first, the search for what they leave undecided. Every anomaly is judged again
//! from its few operations before it is told. Reads nothing but the history; who made it does not matter.

use super::model::Model;
use super::recorded::Recorded;
use super::weaker::{Guarantee, guarantees};
use crate::linear::evidence::Excerpts;
use crate::linear::sequential::AGAIN;
use crate::linear::{self, Anomaly, Fate, History, NEVER, Report, Scratch};
use crate::search::{self, Budget, Exhausted, Found, Objects, Step, Violation};

/// Violations found by search that are proved by their operations; the others are counted.
const PROVED: usize = 4;
/// Where a search has taken more choices than this, it is not done again for what else is wrong with an object.
const CHEAP: u64 = 200_000;

/// How much may be spent, and what is wanted beside the verdict.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Nodes of the search per object.
    pub nodes: u64,
    /// Bytes that the search remembers per object.
    pub memory: usize,
    /// Whether an order is wanted where there is one.
    pub witness: bool,
    /// Whether it is wanted what still holds where there is none.
    pub weaker: bool,
    /// Asked from time to time whether to give up; what is not decided by then stays open.
    pub stop: Option<&'a (dyn Fn() -> bool + Sync)>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            nodes: Budget::default().nodes,
            memory: Budget::default().bytes,
            witness: false,
            weaker: true,
            stop: None,
        }
    }
}

impl Options<'_> {
    fn budget(&self) -> Budget {
        Budget { nodes: self.nodes, bytes: self.memory }
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
    /// What still holds, if it was wanted and there is no order.
    pub weaker: Vec<Guarantee>,
    /// An anomaly that its own operations do not prove: a bug of splitbrain.
    pub contradiction: Option<String>,
    /// Objects that took a search.
    pub searched: u32,
}

/// What the checks say of a history, before anybody asks why.
#[derive(Debug)]
pub struct Verdict {
    report: Report,
    found: Found,
}

impl Verdict {
    /// Checks a history.
    pub fn of(recorded: &Recorded, options: &Options<'_>) -> Verdict {
        let history = &recorded.history;
        let mut report = Report::default();
        match linear_model(recorded.model) {
            Some(model) => linear::check(model, history, &mut Scratch::default(), &mut report),
            None if recorded.model == Model::MultiRegister => report.undecided = vec![0],
            None => report.undecided = (0..recorded.keys.names().len() as u32).collect(),
        }
        let mut found = Found::default();
        if !report.undecided.is_empty() {
            let texts = |value: u64| recorded.values.string(value);
            let objects = objects(recorded, &texts);
            found = search_all(history, &objects, &report.undecided, options.budget(), options.stop);
        }
        Verdict { report, found }
    }

    /// What they say.
    pub fn answer(&self) -> Answer {
        match (self.report.total + self.found.violations.len() as u64, self.found.undecided.is_empty()) {
            (0, true) => Answer::Linearizable,
            (0, false) => Answer::Unknown,
            _ => Answer::NotLinearizable,
        }
    }
}

/// Judges a history.
pub fn decide(recorded: &Recorded, options: &Options<'_>) -> Decision {
    explain(recorded, Verdict::of(recorded, options), options)
}

/// The few operations that prove a verdict, or an order; judged again.
pub fn explain(recorded: &Recorded, verdict: Verdict, options: &Options<'_>) -> Decision {
    let answer = verdict.answer();
    let Verdict { report, found } = verdict;
    let history = &recorded.history;
    let exact = linear_model(recorded.model);
    let refuted = exact.and_then(|model| {
        let excerpts = Excerpts::new(model, history);
        report.anomalies.iter().find(|anomaly| !excerpts.stands(anomaly))
    });
    let mut decision = Decision {
        answer,
        contradiction: refuted.map(|anomaly| refutation(recorded, anomaly)),
        anomalies: Vec::new(),
        total: report.total + found.violations.len() as u64,
        open: found.undecided.iter().map(|open| (open.object, open.reason.to_string())).collect(),
        witness: None,
        weaker: Vec::new(),
        searched: report.undecided.len() as u32,
    };
    decision.anomalies = report.anomalies;
    let texts = |value: u64| recorded.values.string(value);
    let objects = objects(recorded, &texts);
    let History { entries, arena, .. } = history;
    let budget = options.budget();
    let cheap = Budget { nodes: budget.nodes.min(CHEAP), ..budget };
    for violation in found.violations {
        // To find the few operations that prove one takes many searches; they are judged by trial in there.
        let room = PROVED.saturating_sub(decision.anomalies.len());
        if room == 0 {
            break;
        }
        let mut told = every(history, &objects, violation, cheap, room);
        decision.total += told.len().saturating_sub(1) as u64;
        decision.anomalies.append(&mut told);
    }
    if options.weaker && decision.answer == Answer::NotLinearizable {
        decision.weaker = guarantees(recorded, &objects);
    }
    if options.witness && decision.answer == Answer::Linearizable {
        let order = match exact.filter(|_| decision.searched == 0) {
            Some(model) => linear::witness::order(model, history, &mut Scratch::default())
                .map(|order| order.iter().map(step).collect()),
            None => Some(search::search(entries, arena, &objects, None, budget).order),
        };
        decision.witness(order, recorded, &objects);
    }
    decision
}

/// Searches on these objects. If somebody may say stop, with a few nodes at first, then with more and more.
fn search_all(
    history: &History,
    objects: &Objects<'_>,
    only: &[u32],
    budget: Budget,
    stop: Option<&(dyn Fn() -> bool + Sync)>,
) -> Found {
    let search = |only: &[u32], budget| search::search(&history.entries, &history.arena, objects, Some(only), budget);
    let Some(stop) = stop else { return search(only, budget) };
    let mut all = Found::default();
    for object in only {
        let mut nodes = FIRST.min(budget.nodes);
        let found = loop {
            let found = search(&[*object], Budget { nodes, ..budget });
            let may_go_on = found.undecided.iter().all(|open| matches!(open.reason, Exhausted::Nodes(_)));
            if found.undecided.is_empty() || !may_go_on || nodes == budget.nodes || stop() {
                break found;
            }
            nodes = nodes.saturating_mul(4).min(budget.nodes);
        };
        all.violations.extend(found.violations);
        all.undecided.extend(found.undecided);
        all.nodes += found.nodes;
    }
    all
}

/// What is wrong with an object: its violation; and what is still wrong when an operation that it takes is weakened,
/// and so on: a read is left out, anything else may have happened at any time after its call, or never. An anomaly of
/// the weakened history is one of the whole.
fn every(history: &History, objects: &Objects<'_>, first: Violation, budget: Budget, most: usize) -> Vec<Anomaly> {
    let mut entries = history.entries.clone();
    let mut anomalies = Vec::new();
    let mut next = Some(first);
    while let Some(violation) = next.take() {
        let evidence = search::evidence(&entries, &history.arena, objects, &violation);
        anomalies.push(evidence.anomaly);
        let full = || evidence.proof.iter().filter(|(_, entry)| entry.fate == Fate::Done).map(|(place, _)| *place);
        let is_read = |place: &u32| search::is_read(&entries[*place as usize]);
        let Some(weakened) = full().rfind(is_read).or_else(|| full().next_back()) else { break };
        // What takes long to search once more is told by its first anomaly.
        if anomalies.len() >= most || violation.size() as u64 > budget.nodes {
            break;
        }
        let fate = if is_read(&weakened) { Fate::Failed } else { Fate::Unknown };
        let entry = &mut entries[weakened as usize];
        (entry.fate, entry.ret) = (fate, NEVER);
        let found = search::search(&entries, &history.arena, objects, Some(&[violation.object]), budget);
        // Other elements or registers of the object have been found wrong by themselves.
        next = found.violations.into_iter().find(|other| other.is_beside(&violation));
    }
    anomalies
}

/// Nodes of a first attempt.
const FIRST: u64 = 1 << 16;

/// A step of an order of the exact checks.
fn step(place: &u32) -> Step {
    Step { entry: place & !AGAIN, again: place & AGAIN != 0 }
}

impl Decision {
    /// Takes an order, if it is one.
    fn witness(&mut self, order: Option<Vec<Step>>, recorded: &Recorded, objects: &Objects<'_>) {
        let History { entries, arena, .. } = &recorded.history;
        match order.filter(|order| search::replay(order, entries, arena, objects)) {
            Some(order) => self.witness = Some(order.iter().map(|step| step.entry).collect()),
            None => self.contradiction = Some("it is linearizable, but no order was found that is one".to_owned()),
        }
    }
}

/// What is wrong with an anomaly that its operations do not prove.
fn refutation(recorded: &Recorded, anomaly: &Anomaly) -> String {
    let told: Vec<String> = anomaly.entries.iter().map(|&place| recorded.told(place).sentence()).collect();
    let object = recorded.object(anomaly.object);
    format!("a {} on {object} that is none: {}", anomaly.kind, told.join("; "))
}

/// The model of the exact checks, if they know it.
fn linear_model(model: Model) -> Option<linear::Model> {
    match model {
        Model::Register => Some(linear::Model::Register),
        Model::Counter => Some(linear::Model::Counter),
        Model::Set => Some(linear::Model::Set),
        Model::List => Some(linear::Model::List),
        Model::StringAppend | Model::Mutex | Model::MultiRegister => None,
    }
}

/// The objects as the search knows them.
fn objects<'a>(recorded: &Recorded, texts: &'a dyn Fn(u64) -> String) -> Objects<'a> {
    let model = match recorded.model {
        Model::Register => search::Model::Register,
        Model::Counter => search::Model::Counter,
        Model::Set => search::Model::Set,
        Model::List => search::Model::List,
        Model::StringAppend => search::Model::Text,
        Model::Mutex => search::Model::Mutex,
        Model::MultiRegister => search::Model::Transactions,
    };
    Objects { initial: recorded.history.initial, texts: Some(texts), ..Objects::of(model) }
}
