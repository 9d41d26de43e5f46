//! A history taken apart into objects that do not matter to each other, each searched by itself: an order of the whole
//! exists if and only if each of them has one (Herlihy and Wing 1990).

use super::engine::decide;
use super::hash::Numbers;
use super::plain::within;
use super::plan::Plan;
use super::spec::{Answer, Budget, Call, Decided, Exhausted, Spec};
use super::specs::counter::Counter;
use super::specs::register::Register;
use super::specs::set::Set;
use super::specs::text::Text;
use super::specs::transactions::Registers;
use super::{Model, Objects, Step};
use crate::linear::{Action, Entry, Fate, NEVER};

/// What a search found out about a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// A legal order of all operations of the objects that have one.
    pub order: Vec<Step>,
    /// Objects that have none.
    pub violations: Vec<Violation>,
    /// Objects for which the budget did not last.
    pub undecided: Vec<Undecided>,
    /// Choices that were made.
    pub nodes: u64,
}

/// An object without a legal order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The object.
    pub object: u32,
    /// The operation whose return no order gets past.
    pub entry: u32,
    /// Indices of the operations that matter to it: of this object, this element, or the registers that transactions
    /// connect.
    pub(super) members: Vec<u32>,
    /// Events of later calls that orders were given up for.
    pub(super) later: Vec<u32>,
    /// [`Answer::Illegal`]
    pub(super) begin: u32,
    /// Choices that it took.
    pub(super) nodes: u64,
}

impl Violation {
    /// How many operations matter to it.
    pub(crate) fn size(&self) -> usize {
        self.members.len()
    }

    /// Whether both are of the same operations: the same object, and element or registers of it.
    pub(crate) fn is_beside(&self, other: &Violation) -> bool {
        self.object == other.object && self.members.first() == other.members.first()
    }
}

/// An object without a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The object.
    pub object: u32,
    /// Why there is none.
    pub reason: Exhausted,
}

/// Searches for a legal order of a history, or of those of its objects that are in `only` (ascending). The budget is
/// that of each object. An operation that is not of the model cannot have happened.
pub fn search(entries: &[Entry], arena: &[u64], objects: &Objects<'_>, only: Option<&[u32]>, budget: Budget) -> Found {
    search_without(entries, arena, objects, only, budget, |_| false)
}

/// The same where operations may be lost: each of these either took effect before it returned, or never.
pub(crate) fn search_without(
    entries: &[Entry],
    arena: &[u64],
    objects: &Objects<'_>,
    only: Option<&[u32]>,
    budget: Budget,
    may_be_lost: impl Fn(&Entry) -> bool,
) -> Found {
    let mut found = Found::default();
    // Steps and the events at which they may be taken to happen.
    let mut order: Vec<(u32, Step)> = Vec::new();
    for members in groups(entries, arena, objects, only) {
        let mut part = Part::of(entries, &members, objects);
        for step in &mut part.steps {
            if step.1 == Effect::Certain && may_be_lost(&entries[step.0 as usize]) {
                step.1 = Effect::InTime;
            }
        }
        let decided = part.decide(arena, objects, budget);
        found.nodes += decided.1;
        let object = entries[members[0] as usize].object;
        match decided.0 {
            Answer::Legal(steps) => {
                let mut at = 0;
                order.extend(steps.into_iter().map(|place| {
                    let (entry, effect) = part.steps[place as usize];
                    at = entries[entry as usize].call.max(at);
                    (at, Step { entry, again: effect == Effect::Again })
                }));
            }
            Answer::Illegal { call, later, begin } => {
                let entry = part.steps[call as usize].0;
                found.violations.push(Violation { object, entry, members, later, begin, nodes: decided.1 });
            }
            Answer::Unknown(reason) => found.undecided.push(Undecided { object, reason }),
        }
    }
    order.sort_by_key(|step| step.0);
    found.order = order.into_iter().map(|step| step.1).collect();
    found
}

/// The operations that matter to each other, by their indices.
fn groups(entries: &[Entry], arena: &[u64], objects: &Objects<'_>, only: Option<&[u32]>) -> Vec<Vec<u32>> {
    let whole = read_as_a_whole(entries, objects.model);
    let mut connected = Connected::default();
    if objects.model == Model::Transactions {
        entries.iter().for_each(|entry| {
            connected.join(entry, arena);
        });
    }
    let mut numbers: Numbers<(u32, u64)> = Numbers::default();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for (i, entry) in (0u32..).zip(entries) {
        if only.is_some_and(|only| only.binary_search(&entry.object).is_err()) {
            continue;
        }
        let part = match entry.action {
            Action::Transaction(_) => connected.join(entry, arena),
            action if whole.binary_search(&entry.object).is_err() => element(&action).unwrap_or(0),
            _ => 0,
        };
        let number = numbers.of((entry.object, part)) as usize;
        if number == groups.len() {
            groups.push(Vec::new());
        }
        groups[number].push(i);
    }
    groups
}

/// The one element of a set that an operation is about.
fn element(action: &Action) -> Option<u64> {
    match *action {
        Action::Add(element, _) | Action::Remove(element, _) | Action::Contains(element, _) => Some(element),
        _ => None,
    }
}

/// The sets that were read as a whole.
fn read_as_a_whole(entries: &[Entry], model: Model) -> Vec<u32> {
    let reads = entries.iter().filter(|entry| matches!(entry.action, Action::Elements(_)));
    let mut objects: Vec<u32> = match model {
        Model::Set => reads.map(|entry| entry.object).collect(),
        _ => Vec::new(),
    };
    objects.sort_unstable();
    objects.dedup();
    objects
}

/// Registers that transactions connect: union and find.
#[derive(Default)]
struct Connected {
    numbers: Numbers<(u32, u64)>,
    parents: Vec<usize>,
}

impl Connected {
    fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    /// Connects the registers of a transaction. Returns one that stands for all that are connected with them.
    fn join(&mut self, entry: &Entry, arena: &[u64]) -> u64 {
        let Action::Transaction(span) = entry.action else { return 0 };
        let mut all = None;
        for step in within(arena, span).chunks_exact(3) {
            let number = self.numbers.of((entry.object, step[1])) as usize;
            if number == self.parents.len() {
                self.parents.push(number);
            }
            let root = self.root(number);
            let to = *all.get_or_insert(root);
            self.parents[root] = to;
        }
        all.map_or(u64::MAX, |all| self.root(all) as u64)
    }
}

/// The operations of one object, each as often as it may take effect.
pub(super) struct Part<'a> {
    entries: &'a [Entry],
    /// Indices and what effect is meant.
    steps: Vec<(u32, Effect)>,
}

/// An effect of an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The one that it had, if it happened.
    Certain,
    /// One that it had, if any, before it returned.
    InTime,
    /// What its fate says, and its return, if it is of unknown outcome, as of one in time.
    Given,
    /// One more, at any time after its call.
    Again,
}

impl<'a> Part<'a> {
    pub(super) fn of(entries: &'a [Entry], members: &[u32], objects: &Objects<'_>) -> Part<'a> {
        let mut steps = Vec::with_capacity(members.len());
        for &i in members {
            let entry = &entries[i as usize];
            if entry.fate != Fate::Done && !objects.model.has(&entry.action) {
                continue;
            }
            steps.push((i, Effect::Certain));
            if objects.repeats && entry.fate != Fate::Failed {
                steps.extend((0..entry.repeats).map(|_| (i, Effect::Again)));
            }
        }
        Part { entries, steps }
    }

    /// Operations of which some have been weakened: one of unknown outcome happened before it returned, or never.
    pub(super) fn weakened(entries: &'a [Entry], objects: &Objects<'_>) -> Part<'a> {
        let all: Vec<u32> = (0..entries.len() as u32).collect();
        let mut part = Part::of(entries, &all, objects);
        part.steps.iter_mut().filter(|step| step.1 == Effect::Certain).for_each(|step| step.1 = Effect::Given);
        part
    }

    /// The answer and what it cost.
    pub(super) fn decide(&self, arena: &[u64], objects: &Objects<'_>, budget: Budget) -> (Answer, u64) {
        if let Some(call) = self.steps.iter().position(|(i, _)| !objects.model.has(&self.entries[*i as usize].action)) {
            return (Answer::illegal(call as u32), 0);
        }
        let decided = self.with(arena, objects, Deciding(budget));
        (decided.answer, decided.nodes)
    }

    /// Indices of the operations that happened, and of those of unknown outcome that may have served them, ascending.
    pub(super) fn relevant(&self, arena: &[u64], objects: &Objects<'_>) -> Vec<u32> {
        let mut calls = self.with(arena, objects, Planning);
        calls.iter_mut().for_each(|call| *call = self.steps[*call as usize].0);
        calls
    }

    fn with<A: Act>(&self, arena: &[u64], objects: &Objects<'_>, act: A) -> A::Out {
        let entries = self.steps.iter().map(|(i, effect)| {
            let entry = self.entries[*i as usize];
            match (effect, entry.fate) {
                (Effect::Certain, Fate::Done) | (Effect::Given, _) => entry,
                (Effect::InTime, Fate::Done) => Entry { fate: Fate::Unknown, ..entry },
                (Effect::Certain, fate) => Entry { fate, ret: NEVER, ..entry },
                _ => Entry { fate: Fate::Unknown, ret: NEVER, ..entry },
            }
        });
        let mut elements = entries.clone().map(|entry| element(&entry.action));
        let first = elements.next().flatten();
        let alone = first.is_some() && elements.all(|other| other == first);
        match objects.model {
            Model::Register => act.on(Register::of(entries, objects.initial)),
            Model::Mutex => act.on(Register::of(entries, Some(u64::from(objects.initial.is_some())))),
            Model::Set if alone => act.on(Register::of(entries, Some(0))),
            Model::Set => act.on(Set::of(entries, arena)),
            Model::Counter => act.on(Counter::of(entries, objects.initial)),
            Model::List | Model::Text => act.on(Text::of(entries, arena, objects)),
            Model::Transactions => act.on(Registers::of(entries, arena, objects.initial)),
        }
    }
}

/// What is done with the specification of an object, whichever that is.
trait Act {
    type Out;
    fn on<S: Spec>(self, of: (S, Vec<Call<S::Op>>)) -> Self::Out;
}

struct Deciding(Budget);

impl Act for Deciding {
    type Out = Decided;

    fn on<S: Spec>(self, (spec, calls): (S, Vec<Call<S::Op>>)) -> Decided {
        decide(&spec, &calls, self.0)
    }
}

struct Planning;

impl Act for Planning {
    type Out = Vec<u32>;

    fn on<S: Spec>(self, (spec, calls): (S, Vec<Call<S::Op>>)) -> Vec<u32> {
        Plan::of(&spec, &calls).ops.iter().map(|op| op.call).collect()
    }
}
