//! Keys, values and data commands: what clients ask of a Redis server, and nothing about how it answers.
//!
//! Values are plain numbers, unique per write where the workload says so, so that a checker can tell which write a
//! read has seen. Key names follow from the key (`gtset`, `x0`, …) and count in every wire length.

use serde::{Deserialize, Serialize};

/// What kind of object a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Space {
    /// A set grown by SADD: `gtset`, `gtset1`, …
    Set,
    /// A string written by SET: `x0`, `x1`, …
    Register,
    /// A string counted up by INCR: `n0`, `n1`, …
    Counter,
    /// A list grown by RPUSH: `gtlist`, `gtlist1`, …
    List,
}

/// A key. Keys of one space are numbered densely from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Kind of object.
    pub space: Space,
    /// Number within its space.
    pub index: u32,
}

impl Key {
    /// The key's name as it stands on the wire.
    pub fn name(self) -> String {
        match (self.space, self.index) {
            (Space::Set, 0) => "gtset".to_owned(),
            (Space::Set, n) => format!("gtset{n}"),
            (Space::List, 0) => "gtlist".to_owned(),
            (Space::List, n) => format!("gtlist{n}"),
            (Space::Register, n) => format!("x{n}"),
            (Space::Counter, n) => format!("n{n}"),
        }
    }

    /// Length of [`Key::name`] in bytes.
    pub fn name_len(self) -> u32 {
        match (self.space, self.index) {
            (Space::Set, 0) => 5,
            (Space::List, 0) => 6,
            (Space::Set, n) => 5 + digits(u64::from(n)),
            (Space::List, n) => 6 + digits(u64::from(n)),
            (Space::Register | Space::Counter, n) => 1 + digits(u64::from(n)),
        }
    }
}

/// A value as the client wrote it: its decimal digits stand on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(pub u64);

impl Value {
    /// Values of one client are `client × 1 000 000 + sequence`, as the recordings have them.
    pub const PER_CLIENT: u64 = 1_000_000;

    /// The `sequence`-th value of `client`.
    ///
    /// # Panics
    /// If `sequence` has more than six digits.
    pub fn unique(client: u32, sequence: u32) -> Value {
        assert!(u64::from(sequence) < Self::PER_CLIENT, "a client writes fewer than a million values");
        Value(u64::from(client) * Self::PER_CLIENT + u64::from(sequence))
    }
}

/// Decimal digits of a number.
pub const fn digits(n: u64) -> u32 {
    if n == 0 { 1 } else { n.ilog10() + 1 }
}

/// A data command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// `SADD key value`
    Sadd(Key, Value),
    /// `SREM key value`
    Srem(Key, Value),
    /// `SISMEMBER key value`
    Sismember(Key, Value),
    /// `SMEMBERS key`
    Smembers(Key),
    /// `SET key value`
    Set(Key, Value),
    /// `GET key`
    Get(Key),
    /// `INCR key`
    Incr(Key),
    /// `RPUSH key value`
    Rpush(Key, Value),
    /// `LRANGE key 0 -1`
    Lrange(Key),
    /// `DEL key`. No client of the simulation sends it: it is what a server that evicts a key tells its replicas.
    Del(Key),
}

impl Command {
    /// The key it is about.
    pub const fn key(self) -> Key {
        match self {
            Command::Sadd(key, _)
            | Command::Srem(key, _)
            | Command::Sismember(key, _)
            | Command::Smembers(key)
            | Command::Set(key, _)
            | Command::Get(key)
            | Command::Incr(key)
            | Command::Rpush(key, _)
            | Command::Lrange(key)
            | Command::Del(key) => key,
        }
    }

    /// Its name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Command::Sadd(..) => "sadd",
            Command::Srem(..) => "srem",
            Command::Sismember(..) => "sismember",
            Command::Smembers(_) => "smembers",
            Command::Set(..) => "set",
            Command::Get(_) => "get",
            Command::Incr(_) => "incr",
            Command::Rpush(..) => "rpush",
            Command::Lrange(_) => "lrange",
            Command::Del(_) => "del",
        }
    }

    /// Whether the server treats it as a write (refused by replicas, counted by min-replicas).
    pub const fn is_write(self) -> bool {
        matches!(
            self,
            Command::Sadd(..)
                | Command::Srem(..)
                | Command::Set(..)
                | Command::Incr(..)
                | Command::Rpush(..)
                | Command::Del(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_name_length_is_the_length_of_the_name() {
        for space in [Space::Set, Space::Register, Space::Counter, Space::List] {
            for index in [0, 1, 9, 10, 12345] {
                let key = Key { space, index };
                assert_eq!(key.name().len() as u32, key.name_len());
            }
        }
    }
}
