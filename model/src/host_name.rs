//! Names of hosts. Where Redis and Sentinel write an address they may write a name instead, so [`Ip`] holds either: an
//! address in numbers, or the handle of a name. Handles come from a table of the whole program that only grows, as
//! symbol tables of compilers do; which handle a name has depends on who asked first, so nothing but this file looks at
//! it. Order, digest, text and files go by the name itself. Knows nothing of what a name resolves to.

use crate::ids::Ip;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

/// Handles lie where no host has its address: 247.0.0.0/8, reserved by RFC 1112.
const HANDLES: u32 = 0xf700_0000;
const MASK: u32 = 0xff00_0000;
/// Longest name Sentinel and this program care for (RFC 1035: 255 octets with lengths).
const LONGEST: usize = 253;

#[derive(Default)]
struct Table {
    names: Vec<&'static str>,
    handles: BTreeMap<&'static str, u32>,
}

static TABLE: RwLock<Table> = RwLock::new(Table { names: Vec::new(), handles: BTreeMap::new() });

impl Ip {
    /// The host of this name. Names are compared without regard to case (`strcasecmp` in `sentinelAddrOrHostnameEqual`),
    /// so they are kept in lower case. `None` for what can be no name: empty, too long, or with characters that separate
    /// words or fields.
    pub fn named(name: &str) -> Option<Ip> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if name.is_empty() || name.len() > LONGEST || !name.chars().all(allowed) {
            return None;
        }
        Ip::entered(&name.to_ascii_lowercase())
    }

    /// The address with these bits. One among the handles becomes the name it is written as, which resolves to nothing:
    /// nobody has such an address.
    pub fn in_numbers(bits: u32) -> Ip {
        if bits & MASK != HANDLES {
            return Ip(bits);
        }
        let [a, b, c, d] = bits.to_be_bytes();
        Ip::entered(&format!("{a}.{b}.{c}.{d}")).unwrap_or_default()
    }

    fn entered(name: &str) -> Option<Ip> {
        if let Some(handle) = TABLE.read().unwrap_or_else(PoisonError::into_inner).handles.get(name) {
            return Some(Ip(*handle));
        }
        let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = table.handles.get(name) {
            return Some(Ip(*handle));
        }
        let index = u32::try_from(table.names.len()).ok().filter(|index| index & MASK == 0)?;
        let name: &'static str = Box::leak(name.into());
        table.names.push(name);
        table.handles.insert(name, HANDLES | index);
        Some(Ip(HANDLES | index))
    }

    /// Whether this is a name and no address.
    pub fn is_name(self) -> bool {
        self.0 & MASK == HANDLES
    }

    /// The name, if it is one.
    pub fn name(self) -> Option<&'static str> {
        if !self.is_name() {
            return None;
        }
        let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
        table.names.get((self.0 & !MASK) as usize).copied()
    }

    /// What stands for this host in digests and keys: the address itself, or a number made from the name (FNV-1a).
    pub fn word(self) -> u64 {
        let Some(name) = self.name() else { return u64::from(self.0) };
        name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

impl PartialOrd for Ip {
    fn partial_cmp(&self, other: &Ip) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ip {
    /// Addresses by their bits, before names by their text.
    fn cmp(&self, other: &Ip) -> Ordering {
        match (self.name(), other.name()) {
            (None, None) => self.0.cmp(&other.0),
            (a, b) => a.cmp(&b),
        }
    }
}

impl Serialize for Ip {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.name() {
            Some(name) => to.serialize_str(name),
            None => to.serialize_u32(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Ip {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Ip, D::Error> {
        struct Host;
        impl Visitor<'_> for Host {
            type Value = Ip;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address as a number of 32 bits, or the name of a host")
            }
            fn visit_u64<E: de::Error>(self, bits: u64) -> Result<Ip, E> {
                let bits = u32::try_from(bits).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(bits), &self))?;
                Ok(Ip::in_numbers(bits))
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Ip, E> {
                Ip::named(name).ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }
        }
        from.deserialize_any(Host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_host_whatever_its_case_and_reads_as_itself() {
        let host = Ip::named("Redis-1.example").unwrap();
        assert_eq!(Ip::named("redis-1.EXAMPLE"), Some(host));
        assert_eq!((host.to_string().as_str(), host.name()), ("redis-1.example", Some("redis-1.example")));
        assert!(host.is_name() && !Ip(0x0a4d_000b).is_name());
        assert_ne!(Ip::named("redis-2.example"), Some(host));
    }

    #[test]
    fn what_separates_words_or_fields_is_in_no_name() {
        for text in ["", "a b", "a,b", "a:b", "a\n", "ü", &"x".repeat(254)] {
            assert_eq!(Ip::named(text), None, "{text:?}");
        }
    }

    #[test]
    fn order_digest_and_files_go_by_the_name_not_by_who_asked_first() {
        let (late, early) = (Ip::named("zz-asked-first").unwrap(), Ip::named("aa-asked-later").unwrap());
        assert!(early < late && Ip(u32::MAX) < early);
        assert_eq!(Ip(7).word(), 7);
        assert_ne!(early.word(), late.word());
        let text = serde_json::to_string(&(early, Ip(7))).unwrap();
        assert_eq!(text, "[\"aa-asked-later\",7]");
        assert_eq!(serde_json::from_str::<(Ip, Ip)>(&text).unwrap(), (early, Ip(7)));
        assert!(serde_json::from_str::<Ip>("4294967296").is_err());
        assert!(serde_json::from_str::<Ip>("\"a b\"").is_err());
    }

    #[test]
    fn an_address_among_the_handles_is_no_host_of_another_name() {
        Ip::named("somebody").unwrap();
        let reserved: Ip = "247.0.0.0".parse().unwrap();
        assert_eq!(reserved.to_string(), "247.0.0.0");
        assert_eq!("10.77.0.11".parse(), Ok(Ip(0x0a4d_000b)));
    }
}
