//! The keys of a server. A set keeps one row of bits per client, because values of one client are consecutive: adding
//! is a bit operation, copying for a snapshot a copy of words, and iteration is in ascending order.

use crate::error::ErrorWord;
use crate::message::Reply;
use crate::value::{Command, Key, Space, Value};
use std::sync::Arc;

/// A set of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueSet {
    rows: Vec<Vec<u64>>,
    len: u64,
}

impl ValueSet {
    fn place(value: Value) -> (usize, usize, u64) {
        let row = (value.0 / Value::PER_CLIENT) as usize;
        let bit = (value.0 % Value::PER_CLIENT) as usize;
        (row, bit / 64, 1 << (bit % 64))
    }

    /// Adds a value; false if it was there already.
    pub fn insert(&mut self, value: Value) -> bool {
        let (row, word, mask) = Self::place(value);
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let words = &mut self.rows[row];
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        let new = words[word] & mask == 0;
        words[word] |= mask;
        self.len += u64::from(new);
        new
    }

    /// Removes a value; false if it was not there.
    pub fn remove(&mut self, value: Value) -> bool {
        let (row, word, mask) = Self::place(value);
        let Some(bits) = self.rows.get_mut(row).and_then(|words| words.get_mut(word)) else {
            return false;
        };
        let had = *bits & mask != 0;
        *bits &= !mask;
        self.len -= u64::from(had);
        had
    }

    /// Whether the value is in the set.
    pub fn contains(&self, value: Value) -> bool {
        let (row, word, mask) = Self::place(value);
        self.rows.get(row).and_then(|words| words.get(word)).is_some_and(|bits| bits & mask != 0)
    }

    /// Number of values.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        self.rows.iter().enumerate().flat_map(|(row, words)| {
            words.iter().enumerate().flat_map(move |(word, &bits)| {
                let base = row as u64 * Value::PER_CLIENT + word as u64 * 64;
                (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| Value(base + bit))
            })
        })
    }
}

/// All keys of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    sets: Vec<ValueSet>,
    registers: Vec<Option<Value>>,
    counters: Vec<Option<i64>>,
    lists: Vec<Vec<Value>>,
    /// Bytes of keys that no client of the simulation touches (a preloaded dataset).
    pub ballast: u64,
}

fn at<T: Default>(all: &mut Vec<T>, key: Key) -> &mut T {
    let index = key.index as usize;
    if all.len() <= index {
        all.resize_with(index + 1, T::default);
    }
    &mut all[index]
}

impl Dataset {
    /// Executes a data command; returns its reply and whether data changed.
    pub fn execute(&mut self, command: Command) -> (Reply, bool) {
        match command {
            Command::Sadd(key, value) => self.on_set(key, |set| set.insert(value)),
            Command::Srem(key, value) => self.on_set(key, |set| set.remove(value)),
            Command::Sismember(key, value) => match key.space {
                Space::Set => (Reply::Int(self.set(key).is_some_and(|set| set.contains(value)).into()), false),
                _ => (Reply::Error(ErrorWord::WrongType), false),
            },
            Command::Smembers(key) => match key.space {
                Space::Set => {
                    let values = self.set(key).map(|set| set.iter().collect()).unwrap_or_default();
                    (Reply::Values(Arc::new(values)), false)
                }
                _ => (Reply::Error(ErrorWord::WrongType), false),
            },
            Command::Set(key, value) => match key.space {
                Space::Register => {
                    *at(&mut self.registers, key) = Some(value);
                    (Reply::Ok, true)
                }
                Space::Counter => {
                    *at(&mut self.counters, key) = Some(value.0 as i64);
                    (Reply::Ok, true)
                }
                _ => (Reply::Error(ErrorWord::WrongType), false),
            },
            Command::Get(key) => match key.space {
                Space::Register => (Reply::Value(self.register(key)), false),
                Space::Counter => {
                    let count = self.counters.get(key.index as usize).copied().flatten();
                    (Reply::Value(count.map(|n| Value(n as u64))), false)
                }
                _ => (Reply::Error(ErrorWord::WrongType), false),
            },
            Command::Incr(key) => match key.space {
                Space::Counter => {
                    let count = at(&mut self.counters, key);
                    let new = count.unwrap_or(0) + 1;
                    *count = Some(new);
                    (Reply::Int(new), true)
                }
                _ => (Reply::Error(ErrorWord::WrongType), false),
            },
            Command::Rpush(key, value) => match key.space {
                Space::List => {
                    let list = at(&mut self.lists, key);
                    list.push(value);
                    (Reply::Int(list.len() as i64), true)
                }
                _ => (Reply::Error(ErrorWord::WrongType), false),
            },
            Command::Lrange(key) => match key.space {
                Space::List => (Reply::Values(Arc::new(self.list(key).to_vec())), false),
                _ => (Reply::Error(ErrorWord::WrongType), false),
            },
            Command::Del(key) => {
                let removed = self.exists(key);
                if removed {
                    self.remove(key);
                }
                (Reply::Int(removed.into()), removed)
            }
        }
    }

    /// Whether there is such a key: an emptied set or list is none.
    pub fn exists(&self, key: Key) -> bool {
        match key.space {
            Space::Set => self.set(key).is_some_and(|set| !set.is_empty()),
            Space::Register => self.register(key).is_some(),
            Space::Counter => self.counter(key).is_some(),
            Space::List => !self.list(key).is_empty(),
        }
    }

    fn remove(&mut self, key: Key) {
        let index = key.index as usize;
        match key.space {
            Space::Set => self.sets[index] = ValueSet::default(),
            Space::Register => self.registers[index] = None,
            Space::Counter => self.counters[index] = None,
            Space::List => self.lists[index].clear(),
        }
    }

    /// All keys that clients wrote, in a fixed order.
    pub fn keys(&self) -> Vec<Key> {
        let spaces = [
            (Space::Set, self.sets.len()),
            (Space::Register, self.registers.len()),
            (Space::Counter, self.counters.len()),
            (Space::List, self.lists.len()),
        ];
        let all = spaces.into_iter().flat_map(|(space, n)| (0..n as u32).map(move |index| Key { space, index }));
        all.filter(|key| self.exists(*key)).collect()
    }

    fn on_set(&mut self, key: Key, change: impl FnOnce(&mut ValueSet) -> bool) -> (Reply, bool) {
        match key.space {
            Space::Set => {
                let changed = change(at(&mut self.sets, key));
                (Reply::Int(changed.into()), changed)
            }
            _ => (Reply::Error(ErrorWord::WrongType), false),
        }
    }

    /// The set under a key, if one was ever written.
    pub fn set(&self, key: Key) -> Option<&ValueSet> {
        self.sets.get(key.index as usize)
    }

    /// The value of a register.
    pub fn register(&self, key: Key) -> Option<Value> {
        self.registers.get(key.index as usize).copied().flatten()
    }

    /// The value of a counter.
    pub fn counter(&self, key: Key) -> Option<i64> {
        self.counters.get(key.index as usize).copied().flatten()
    }

    /// The elements of a list.
    pub fn list(&self, key: Key) -> &[Value] {
        self.lists.get(key.index as usize).map_or(&[], Vec::as_slice)
    }

    /// Memory the data takes, by the same rule of thumb as [`Dataset::rdb_bytes`]: what allocators and tables add is not
    /// known here.
    pub fn memory_bytes(&self) -> u64 {
        self.rdb_bytes()
    }

    /// Size as an RDB file, in bytes: a small frame, about 12 bytes per element, and the ballast.
    pub fn rdb_bytes(&self) -> u64 {
        let sets: u64 = self.sets.iter().map(|set| set.len() * 8).sum();
        let lists: u64 = self.lists.iter().map(|list| list.len() as u64 * 8).sum();
        let strings = (self.registers.iter().flatten().count() + self.counters.iter().flatten().count()) as u64;
        180 + sets + lists + strings * 12 + self.ballast
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: Key = Key { space: Space::Set, index: 0 };

    #[test]
    fn a_set_counts_each_value_once_and_iterates_in_order() {
        let mut data = Dataset::default();
        for value in [Value::unique(3, 70), Value::unique(0, 1), Value::unique(3, 70)] {
            data.execute(Command::Sadd(SET, value));
        }
        let members: Vec<_> = data.set(SET).unwrap().iter().collect();
        assert_eq!(members, [Value::unique(0, 1), Value::unique(3, 70)]);
        assert_eq!(data.execute(Command::Srem(SET, Value(1))), (Reply::Int(1), true));
        assert_eq!(data.set(SET).unwrap().len(), 1);
    }

    #[test]
    fn del_takes_a_key_of_any_kind_and_counts_what_it_took() {
        let mut data = Dataset::default();
        let key = |space| Key { space, index: 2 };
        data.execute(Command::Sadd(key(Space::Set), Value(1)));
        data.execute(Command::Set(key(Space::Register), Value(1)));
        data.execute(Command::Incr(key(Space::Counter)));
        data.execute(Command::Rpush(key(Space::List), Value(1)));
        let keys = data.keys();
        assert_eq!(keys, [Space::Set, Space::Register, Space::Counter, Space::List].map(key));
        for key in keys {
            assert_eq!(data.execute(Command::Del(key)), (Reply::Int(1), true));
            assert_eq!(data.execute(Command::Del(key)), (Reply::Int(0), false));
        }
        assert_eq!((data.keys().len(), data.memory_bytes()), (0, Dataset::default().memory_bytes()));
    }

    #[test]
    fn a_command_on_a_key_of_another_kind_is_refused() {
        let (reply, changed) = Dataset::default().execute(Command::Incr(SET));
        assert_eq!((reply, changed), (Reply::Error(ErrorWord::WrongType), false));
    }
}
