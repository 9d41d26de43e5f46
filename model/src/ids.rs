//! Names, addresses and numbers that identify things in the protocol.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A master's name, as in `sentinel monitor <name> …`.
pub type Name = Arc<str>;

/// A host as configuration, commands and messages write it: an IPv4 address, or a name ([`Ip::named`]). What is
/// connected to or accepted from is always an address.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Ip(pub u32);

impl fmt::Debug for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "Ip({name})"),
            None => write!(f, "Ip({})", self.0),
        }
    }
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name() {
            return f.write_str(name);
        }
        let [a, b, c, d] = self.0.to_be_bytes();
        write!(f, "{a}.{b}.{c}.{d}")
    }
}

impl FromStr for Ip {
    type Err = ();
    fn from_str(s: &str) -> Result<Ip, ()> {
        s.parse::<std::net::Ipv4Addr>().map(|ip| Ip::in_numbers(ip.to_bits())).map_err(|_| ())
    }
}

/// An address and port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Addr {
    /// Address of the host.
    pub ip: Ip,
    /// TCP port.
    pub port: u16,
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ip, self.port)
    }
}

/// A connection as one process knows it: numbered in the order in which the process opened or accepted them.
/// Numbers are never used again within a process lifetime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conn(pub u32);

/// An election round or configuration version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A position in a replication stream, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplOffset(pub u64);

impl fmt::Display for ReplOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// 160 bits, written as 40 hexadecimal digits. Orders like its text.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex40 {
    hi: u64,
    mid: u64,
    lo: u32,
}

impl Hex40 {
    /// The identifier with these bits; of the third word only the upper half counts.
    pub const fn from_words(words: [u64; 3]) -> Hex40 {
        Hex40 { hi: words[0], mid: words[1], lo: (words[2] >> 32) as u32 }
    }

    /// The bits as three words, for hashing.
    pub const fn words(self) -> [u64; 3] {
        [self.hi, self.mid, (self.lo as u64) << 32]
    }
}

impl fmt::Display for Hex40 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}{:08x}", self.hi, self.mid, self.lo)
    }
}

impl fmt::Debug for Hex40 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}…", self.hi >> 32)
    }
}

impl FromStr for Hex40 {
    type Err = ();
    fn from_str(s: &str) -> Result<Hex40, ()> {
        if s.len() != 40 || !s.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(());
        }
        let word = |range: std::ops::Range<usize>| u64::from_str_radix(&s[range], 16).map_err(|_| ());
        Ok(Hex40 { hi: word(0..16)?, mid: word(16..32)?, lo: word(32..40)? as u32 })
    }
}

macro_rules! hex40_newtype {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Hex40);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ();
            fn from_str(s: &str) -> Result<$name, ()> {
                s.parse().map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(|()| serde::de::Error::custom("expected 40 hexadecimal digits"))
            }
        }
    )*};
}

hex40_newtype! {
    /// `run_id` of a server process: new at every start.
    RunId,
    /// Identifier of a replication history (`master_replid`).
    ReplId,
    /// `myid` of a Sentinel.
    SentinelId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex40_text_round_trips_and_orders_like_its_text() {
        let a: Hex40 = "00000000000000010000000000000002deadbeef".parse().unwrap();
        let b: Hex40 = "00000000000000010000000000000003deadbeef".parse().unwrap();
        assert_eq!(a.to_string(), "00000000000000010000000000000002deadbeef");
        assert!(a < b && a.to_string() < b.to_string());
        assert!("00".parse::<Hex40>().is_err());
    }
}
