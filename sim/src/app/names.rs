//! Keys and values as applications spell them, and as the world counts them. The world's keys are numbered and its values are
//! numbers; an application has names and bytes. Small numbers are the same on both sides, so that an application and the
//! clients of a scenario can meet on a key; everything else gets a number when it is first used. A name stands for a key of
//! one kind only: the kind of the command that used it first.

use splitbrain_model::value::{Key, Space, Value};
use std::collections::BTreeMap;

/// Keys above have other names than the world's own.
const OWN_KEYS: u32 = 1_000;
/// Values from here on stand for what an application wrote; below, they are numbers.
const OWN_VALUES: u64 = 900 * Value::PER_CLIENT;

/// Names of an application's keys and values.
#[derive(Debug, Default)]
pub(super) struct Names {
    keys: BTreeMap<Vec<u8>, Key>,
    counts: BTreeMap<Space, u32>,
    by_bytes: BTreeMap<Vec<u8>, Value>,
    bytes: Vec<Vec<u8>>,
}

impl Names {
    /// The key of this name, of this kind if the name is new.
    pub fn key(&mut self, name: &[u8], space: Space) -> Key {
        if let Some(key) = self.keys.get(name) {
            return *key;
        }
        let key = std::str::from_utf8(name).ok().and_then(own_key).unwrap_or_else(|| {
            let count = self.counts.entry(space).or_default();
            *count += 1;
            Key { space, index: OWN_KEYS + *count - 1 }
        });
        self.keys.insert(name.to_vec(), key);
        key
    }

    /// The value that stands for these bytes.
    pub fn value(&mut self, bytes: &[u8]) -> Value {
        let number =
            std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<u64>().ok().filter(|n| n.to_string() == text));
        if let Some(n) = number.filter(|n| *n < OWN_VALUES) {
            return Value(n);
        }
        if let Some(value) = self.by_bytes.get(bytes) {
            return *value;
        }
        let value = Value(OWN_VALUES + self.bytes.len() as u64);
        self.by_bytes.insert(bytes.to_vec(), value);
        self.bytes.push(bytes.to_vec());
        value
    }

    /// The bytes of a value.
    pub fn bytes_of(&self, value: Value) -> Vec<u8> {
        let index = value.0.checked_sub(OWN_VALUES).and_then(|index| usize::try_from(index).ok());
        match index.and_then(|index| self.bytes.get(index)) {
            Some(bytes) => bytes.clone(),
            None => value.0.to_string().into_bytes(),
        }
    }
}

/// The world's own key of this name.
fn own_key(name: &str) -> Option<Key> {
    let of = |space, prefix: &str| {
        let digits = name.strip_prefix(prefix)?;
        let index = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        let key = Key { space, index };
        (index < OWN_KEYS && key.name() == name).then_some(key)
    };
    of(Space::Set, "gtset")
        .or_else(|| of(Space::List, "gtlist"))
        .or_else(|| of(Space::Register, "x"))
        .or_else(|| of(Space::Counter, "n"))
}
