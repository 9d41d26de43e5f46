//! Lengths of stream items against the bytes they stand for (Redis spec 4.1).

use crate::ids::{Addr, Epoch, Hex40, SentinelId};
use crate::message::{Hello, StreamItem};
use crate::value::{Command, Key, Space, Value};
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
