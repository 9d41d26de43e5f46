//! How many bytes an item of the replication stream takes: RESP arrays of bulk strings (Redis spec 4.1). Offsets are
//! sums of these lengths, so they must be exact. Knows nothing of connections.

use crate::ids::Addr;
use crate::message::{Hello, StreamItem};
use crate::value::{Command, Value, digits};

/// Channel of the hellos.
const HELLO_CHANNEL: u64 = "__sentinel__:hello".len() as u64;

const fn array(elements: u64) -> u64 {
    1 + digits(elements) as u64 + 2
}

const fn bulk(bytes: u64) -> u64 {
    1 + digits(bytes) as u64 + 2 + bytes + 2
}

fn number(n: u64) -> u64 {
    u64::from(digits(n))
}

fn value(v: Value) -> u64 {
    bulk(number(v.0))
}

fn addr(a: Addr) -> u64 {
    let ip: u64 = a.ip.0.to_be_bytes().iter().map(|b| number(u64::from(*b))).sum();
    ip + 3 + 1 + number(u64::from(a.port))
}

impl Hello {
    /// Length of the payload `ip,port,id,epoch,name,ip,port,config_epoch` in bytes.
    pub fn payload_len(&self) -> u64 {
        let commas_between_parts = 5;
        addr(self.announce)
            + 40
            + number(self.current_epoch.0)
            + self.master_name.len() as u64
            + addr(self.master)
            + number(self.config_epoch.0)
            + commas_between_parts
    }
}

impl Command {
    /// Length on the wire in bytes, as a RESP array of bulk strings.
    pub fn wire_len(self) -> u64 {
        let key = bulk(u64::from(self.key().name_len()));
        match self {
            Command::Sadd(_, v) | Command::Srem(_, v) => array(3) + bulk(4) + key + value(v),
            Command::Sismember(_, v) => array(3) + bulk(9) + key + value(v),
            Command::Smembers(_) => array(2) + bulk(8) + key,
            Command::Set(_, v) => array(3) + bulk(3) + key + value(v),
            Command::Get(_) => array(2) + bulk(3) + key,
            Command::Incr(_) => array(2) + bulk(4) + key,
            Command::Rpush(_, v) => array(3) + bulk(5) + key + value(v),
            Command::Lrange(_) => array(4) + bulk(6) + key + bulk(1) + bulk(2),
        }
    }
}

impl StreamItem {
    /// Length in the replication stream in bytes.
    pub fn wire_len(&self) -> u64 {
        match self {
            StreamItem::Select => 23,
            StreamItem::Ping => 14,
            StreamItem::GetAck => 37,
            StreamItem::Multi => 15,
            StreamItem::Exec => 14,
            StreamItem::Write(command) => command.wire_len(),
            StreamItem::Publish(hello) => array(3) + bulk(7) + bulk(HELLO_CHANNEL) + bulk(hello.payload_len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Epoch, Hex40, SentinelId};
    use crate::value::{Key, Space};
    use std::sync::Arc;

    fn resp(words: &[&str]) -> u64 {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        text.len() as u64
    }

    #[test]
    fn fixed_items_have_the_lengths_of_their_bytes() {
        for (item, words) in [
            (StreamItem::Select, &["SELECT", "0"][..]),
            (StreamItem::Ping, &["PING"]),
            (StreamItem::GetAck, &["REPLCONF", "GETACK", "*"]),
            (StreamItem::Multi, &["MULTI"]),
            (StreamItem::Exec, &["EXEC"]),
        ] {
            assert_eq!(item.wire_len(), resp(words), "{item:?}");
        }
    }

    #[test]
    fn commands_have_the_lengths_of_their_bytes() {
        let key = |space, index| Key { space, index };
        for n in [0, 7, 10, 1_000_000, 12_345_678_901] {
            let v = Value(n);
            let digits = n.to_string();
            for index in [0, 3, 41] {
                let (set, list) = (key(Space::Set, index), key(Space::List, index));
                let (x, count) = (key(Space::Register, index), key(Space::Counter, index));
                let cases = [
                    (Command::Sadd(set, v), vec!["SADD".into(), set.name(), digits.clone()]),
                    (Command::Srem(set, v), vec!["SREM".into(), set.name(), digits.clone()]),
                    (Command::Sismember(set, v), vec!["SISMEMBER".into(), set.name(), digits.clone()]),
                    (Command::Smembers(set), vec!["SMEMBERS".into(), set.name()]),
                    (Command::Set(x, v), vec!["SET".into(), x.name(), digits.clone()]),
                    (Command::Get(x), vec!["GET".into(), x.name()]),
                    (Command::Incr(count), vec!["INCR".into(), count.name()]),
                    (Command::Rpush(list, v), vec!["RPUSH".into(), list.name(), digits.clone()]),
                    (Command::Lrange(list), vec!["LRANGE".into(), list.name(), "0".into(), "-1".into()]),
                ];
                for (command, words) in cases {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    assert_eq!(command.wire_len(), resp(&words), "{command:?}");
                }
            }
        }
    }

    #[test]
    fn a_hello_takes_about_134_bytes_exactly_as_its_text() {
        let hello = |name: &str, port: u16, epoch| Hello {
            announce: Addr { ip: "127.0.0.1".parse().unwrap(), port },
            id: SentinelId(Hex40::from_words([1, 2, 3])),
            current_epoch: Epoch(epoch),
            master_name: name.into(),
            master: Addr { ip: "10.77.0.211".parse().unwrap(), port: 6379 },
            config_epoch: Epoch(epoch / 10),
        };
        for (name, port, epoch) in [("m", 26379, 0), ("mymaster", 5000, 12), ("a-long-name", 7, 100)] {
            let h = hello(name, port, epoch);
            let text = format!(
                "{},{},{},{},{},{},{},{}",
                h.announce.ip,
                h.announce.port,
                h.id,
                h.current_epoch,
                h.master_name,
                h.master.ip,
                h.master.port,
                h.config_epoch
            );
            let expected = resp(&["PUBLISH", "__sentinel__:hello", &text]);
            assert_eq!(StreamItem::Publish(Arc::new(h)).wire_len(), expected);
            assert!((125..150).contains(&expected), "{expected}");
        }
    }
}
