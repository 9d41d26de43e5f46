//! The audit: what the recorded history of writes gives, against the data that a server has. Knows nothing of who should
//! have which history.

use crate::lineage::Chain;
use crate::observations::Observations;
use splitbrain_model::files::Lineage;
use splitbrain_model::redis::dataset::Dataset;
use splitbrain_model::{Key, Space, Value};
use std::collections::BTreeSet;

/// Where data is not what its history gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first key that differs.
    pub key: Key,
    /// What the history gives, as text.
    pub expected: String,
    /// What the server has.
    pub found: String,
    /// How many keys differ.
    pub keys: u32,
}

/// Replays the history that ends at `tip` and compares.
pub fn compare(obs: &Observations, tip: Lineage, data: &Dataset) -> Option<Difference> {
    compare_chain(obs, &Chain::new(obs, tip), data)
}

/// As [`compare`], for a history that was put together already.
pub fn compare_chain(obs: &Observations, chain: &Chain, data: &Dataset) -> Option<Difference> {
    let mut replayed = Dataset::default();
    let mut keys = BTreeSet::new();
    for link in chain.links.iter().rev() {
        let mine =
            obs.applied.iter().filter(|applied| applied.lineage.id == link.id && applied.lineage.writes <= link.upto);
        for applied in mine {
            keys.insert(applied.command.key());
            replayed.execute(applied.command);
        }
    }
    let mut differing = keys
        .into_iter()
        .map(|key| (key, content(&replayed, key), content(data, key)))
        .filter(|(_, expected, found)| expected != found);
    let (key, expected, found) = differing.next()?;
    Some(Difference {
        key,
        expected: brief(key, &expected, &found),
        found: brief(key, &found, &expected),
        keys: 1 + differing.count() as u32,
    })
}

fn content(data: &Dataset, key: Key) -> Vec<Value> {
    match key.space {
        Space::Set => data.set(key).map_or(Vec::new(), |set| set.iter().collect()),
        Space::Register => data.register(key).into_iter().collect(),
        Space::Counter => data.counter(key).map(|n| Value(n as u64)).into_iter().collect(),
        Space::List => data.list(key).to_vec(),
    }
}

/// Content as a person wants to read it: numbers of elements and the first that the other side lacks.
fn brief(key: Key, content: &[Value], other: &[Value]) -> String {
    match (key.space, content) {
        (_, []) => "nothing".to_owned(),
        (Space::Register | Space::Counter, [value, ..]) => value.0.to_string(),
        _ => {
            let lacking = content
                .iter()
                .zip(other.iter().map(Some).chain(std::iter::repeat(None)))
                .find(|(mine, theirs)| Some(*mine) != *theirs)
                .map(|(mine, _)| format!(", {} differs", mine.0));
            format!("{} elements{}", content.len(), lacking.unwrap_or_default())
        }
    }
}
