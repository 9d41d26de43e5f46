//! What every operation does, in the plainest words: the meaning that the oracle and the witness check go by. The
//! search has its own, faster specifications; the tests hold the two against each other.

use super::Model;
use super::Objects;
use crate::linear::{Action, Entry, Fate, Span, Swap};
use std::collections::BTreeMap;

/// What one object holds; with transactions, what all of them hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    /// A register's value.
    Value(Option<u64>),
    /// A counter's count.
    Count(u64),
    /// The elements of a set, ascending, or of a list.
    Elements(Vec<u64>),
    /// A text.
    Text(String),
    /// Whether a mutex is held.
    Taken(bool),
    /// The values that differ from the initial one, by object.
    Values(BTreeMap<u64, u64>),
}

impl Held {
    /// What an object holds at first.
    pub(super) fn first(objects: &Objects<'_>) -> Held {
        match objects.model {
            Model::Register => Held::Value(objects.initial),
            Model::Counter => Held::Count(objects.initial.unwrap_or(0)),
            Model::Set | Model::List => Held::Elements(Vec::new()),
            Model::Text => Held::Text(objects.initial.map_or_else(String::new, |value| objects.text(value))),
            Model::Mutex => Held::Taken(objects.initial.is_some()),
            Model::Transactions => Held::Values(BTreeMap::new()),
        }
    }

    /// What it holds after an operation; `None` if the operation cannot happen here with the answer it gave. The
    /// answer of one whose outcome is unknown does not count.
    pub(super) fn after(&self, entry: &Entry, arena: &[u64], objects: &Objects<'_>) -> Option<Held> {
        if !objects.model.has(&entry.action) {
            return None;
        }
        let answered = entry.fate == Fate::Done;
        let agrees = |said: Option<u64>, is: u64| !answered || said.is_none_or(|said| said == is);
        let is = |said: Option<bool>, is: bool| !answered || said.is_none_or(|said| said == is);
        let or_first = |value: Option<u64>| value.or(objects.initial);
        match (self, entry.action) {
            (Held::Value(_), Action::Write(value)) => Some(Held::Value(Some(value))),
            (Held::Value(value), Action::Read(seen)) => (!answered || *value == or_first(seen)).then(|| self.clone()),
            (Held::Value(value), Action::Cas(from, to, swap)) => {
                let from = or_first(from);
                let fits = match swap {
                    Swap::Swapped => *value == from,
                    Swap::Refused => *value != from,
                    Swap::Found(found) => *value == or_first(found) && *value != from,
                };
                let after = if *value == from { Some(to) } else { *value };
                (!answered || fits).then_some(Held::Value(after))
            }
            (Held::Count(count), Action::Increment(said)) => {
                let next = count.wrapping_add(1);
                agrees(said, next).then_some(Held::Count(next))
            }
            (Held::Count(count), Action::Read(said)) => agrees(Some(said.unwrap_or(0)), *count).then(|| self.clone()),
            (Held::Elements(list), Action::Append(element, said)) => {
                let longer = [&list[..], &[element]].concat();
                agrees(said, longer.len() as u64).then_some(Held::Elements(longer))
            }
            (Held::Elements(set), Action::Add(element, said)) => {
                let mut more: Vec<u64> = set.iter().copied().filter(|other| *other != element).collect();
                let new = more.len() == set.len();
                more.push(element);
                more.sort_unstable();
                is(said, new).then_some(Held::Elements(more))
            }
            (Held::Elements(set), Action::Remove(element, said)) => {
                let less: Vec<u64> = set.iter().copied().filter(|other| *other != element).collect();
                is(said, less.len() < set.len()).then_some(Held::Elements(less))
            }
            (Held::Elements(set), Action::Contains(element, said)) => {
                is(Some(said), set.contains(&element)).then(|| self.clone())
            }
            (Held::Elements(elements), Action::Elements(span)) => {
                let mut seen = within(arena, span).to_vec();
                if objects.model == Model::Set {
                    seen.sort_unstable();
                }
                (!answered || seen == *elements).then(|| self.clone())
            }
            (Held::Text(_), Action::Write(value)) => Some(Held::Text(objects.text(value))),
            (Held::Text(text), Action::Append(value, said)) => {
                let longer = format!("{text}{}", objects.text(value));
                agrees(said, longer.len() as u64).then_some(Held::Text(longer))
            }
            (Held::Text(text), Action::Read(seen)) => {
                let seen = seen.map_or_else(String::new, |value| objects.text(value));
                (!answered || seen == *text).then(|| self.clone())
            }
            (Held::Taken(taken), Action::Acquire) => (!taken).then_some(Held::Taken(true)),
            (Held::Taken(taken), Action::Release) => taken.then_some(Held::Taken(false)),
            (Held::Values(values), Action::Transaction(span)) => {
                let mut values = values.clone();
                let initial = objects.initial.map_or(0, |value| value + 1);
                for step in within(arena, span).chunks_exact(3) {
                    let (object, value) = (step[1], if step[2] == 0 { initial } else { step[2] });
                    if step[0] == 1 {
                        values.insert(object, value);
                    } else if answered && values.get(&object).copied().unwrap_or(initial) != value {
                        return None;
                    }
                }
                values.retain(|_, value| *value != initial);
                Some(Held::Values(values))
            }
            _ => None,
        }
    }
}

/// The numbers of a span; none if it points outside.
pub(super) fn within(arena: &[u64], span: Span) -> &[u64] {
    let start = span.start as usize;
    arena.get(start..start.saturating_add(span.len as usize)).unwrap_or(&[])
}
