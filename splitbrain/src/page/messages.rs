//! Messages for the picture: what kind each is of, and what it says in words.

use super::{micros, with_names};
use splitbrain_checker::Observations;
use splitbrain_checker::sentence::{counted, seconds};
use splitbrain_model::message::{Info, Message, Reply, Request, StreamItem};
use splitbrain_reports::html::run::Messages;
use splitbrain_sim::Record;
use splitbrain_sim::film::{Fate, Sent};
use std::collections::{BTreeMap, VecDeque};

/// So many messages a page has at most. Of more, those nearest to the window it opens on.
const MOST: usize = 20_000;
/// Longest text of a message.
const LONGEST: usize = 160;

/// Kinds by which messages are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ping,
    Info,
    Hello,
    Vote,
    Order,
    Sync,
    Stream,
    Ask,
    Data,
    Link,
}

/// Their names, and whether they are shown at first. What only shows that all is well, and what bars of operations show
/// already, is not.
const KINDS: [(&str, bool); 10] = [
    ("PING", false),
    ("INFO", false),
    ("hello", true),
    ("is-master-down", true),
    ("failover commands", true),
    ("synchronisation", true),
    ("replication stream", false),
    ("discovery", true),
    ("clients' commands", false),
    ("handshakes", false),
];

/// The messages of a run, and in a sentence which are left out.
pub(super) fn messages(record: &Record, window: (i64, i64)) -> (Messages, Option<String>) {
    let mut out = Messages { kinds: KINDS.to_vec(), ..Messages::default() };
    let Some(film) = &record.film else { return (out, None) };
    let seen = &record.observations;
    let kinds = kinds(&film.sent);
    let mut chosen: Vec<usize> = (0..film.sent.len()).filter(|&i| film.sent[i].to.is_some()).collect();
    let all = chosen.len();
    let at = |i: usize| micros(seen, film.sent[i].at);
    let mut left_out = None;
    if all > MOST {
        chosen.sort_by_key(|&i| (window.0 - at(i)).max(at(i) - window.1).max(0));
        chosen.truncate(MOST);
        chosen.sort_unstable();
        let (from, until) = (at(chosen[0]), at(chosen[MOST - 1]));
        left_out = Some(format!(
            "The diagram has the {MOST} messages nearest to the window it opens on, from {} to {}; {} are left out.",
            seconds(from / 1_000),
            seconds(until / 1_000),
            counted((all - MOST) as u64, "message"),
        ));
    }
    let mut texts = BTreeMap::new();
    for i in chosen {
        let sent = &film.sent[i];
        let text = text(seen, &sent.message);
        let number = *texts.entry(text).or_insert_with_key(|text| {
            out.texts.push(text.clone());
            out.texts.len() as u32 - 1
        });
        out.from.push(sent.from.0);
        out.to.push(sent.to.map_or(sent.from.0, |to| to.0));
        out.at.push(at(i));
        out.took.push(match sent.fate {
            Fate::Read(read) => (read.since(sent.at).0 / 1_000) as i64,
            Fate::Lost => Messages::LOST,
            Fate::UnderWay => Messages::UNDER_WAY,
        });
        out.kind.push(kinds[i] as u8);
        out.text.push(number);
        out.bytes.push(sent.bytes);
    }
    (out, left_out)
}

/// The kind of each message. A reply is of the kind of its request: replies come in the order of requests.
fn kinds(sent: &[Sent]) -> Vec<Kind> {
    let mut asked: BTreeMap<u32, VecDeque<Kind>> = BTreeMap::new();
    let of = |sent: &Sent| match &sent.message {
        Message::Request(request) => {
            let kind = kind_of(request);
            if !matches!(request, Request::ReplconfAck(_)) {
                asked.entry(sent.direction).or_default().push_back(kind);
            }
            kind
        }
        Message::Reply(_) => asked.get_mut(&(sent.direction ^ 1)).and_then(VecDeque::pop_front).unwrap_or(Kind::Link),
        Message::Hello(_) => Kind::Hello,
        Message::SwitchMaster(_) | Message::Published(_) => Kind::Ask,
        Message::Stream(_) => Kind::Stream,
        Message::Snapshot(_) | Message::Newline => Kind::Sync,
    };
    sent.iter().map(of).collect()
}

fn kind_of(request: &Request) -> Kind {
    match request {
        Request::Ping => Kind::Ping,
        Request::Info => Kind::Info,
        Request::Publish(_) => Kind::Hello,
        Request::IsMasterDown(_) => Kind::Vote,
        Request::SlaveOf(_)
        | Request::ConfigRewrite
        | Request::ClientKill(_)
        | Request::ScriptKill
        | Request::Multi
        | Request::Exec
        | Request::Failover(_)
        | Request::Sentinel(_) => Kind::Order,
        Request::Psync(_) | Request::ReplconfPort(_) | Request::ReplconfIp(_) | Request::ReplconfCapa => Kind::Sync,
        Request::ReplconfAck(_) => Kind::Stream,
        Request::GetMasterAddr(_) | Request::Masters | Request::Replicas(_) | Request::Sentinels(_) | Request::Role => {
            Kind::Ask
        }
        Request::Data(_) | Request::Wait(..) => Kind::Data,
        Request::Auth(_)
        | Request::HelloProto(_)
        | Request::ClientSetName(_)
        | Request::ClientSetInfo(_)
        | Request::Subscribe(_) => Kind::Link,
        Request::Renamed(_, request) => kind_of(request),
    }
}

/// What a message says, shortened.
fn text(seen: &Observations, message: &Message) -> String {
    match message {
        Message::Reply(Reply::Info(info)) => info_told(seen, info),
        Message::Snapshot(_) => "the dataset (RDB)".to_owned(),
        Message::Newline => "newline: still alive".to_owned(),
        Message::Stream(StreamItem::Ping) => "PING in the stream".to_owned(),
        message => {
            let mut text = with_names(seen, words(&message.encode()));
            if let Some((end, _)) = text.char_indices().nth(LONGEST) {
                text.truncate(end);
                text.push('…');
            }
            text
        }
    }
}

fn info_told(seen: &Observations, info: &Info) -> String {
    match &info.slave {
        None => format!(
            "INFO: role:master, {}, offset {}",
            counted(info.replicas.len() as u64, "replica"),
            info.repl_offset
        ),
        Some(slave) => {
            let of = seen.node_at(slave.master).map_or_else(|| slave.master.to_string(), |n| seen.node(n).name.clone());
            let link = if slave.link_up { "up" } else { "down" };
            format!("INFO: role:slave of {of}, link {link}, offset {}", slave.offset)
        }
    }
}

/// The strings, numbers and errors in RESP, without its frame.
fn words(resp: &[u8]) -> String {
    let text = String::from_utf8_lossy(resp);
    let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
    let mut words = Vec::new();
    while let Some(line) = lines.next() {
        match line.as_bytes()[0] {
            b'*' if line == "*-1" => words.push("nil"),
            b'*' | b'%' | b'>' | b'~' => {}
            b'$' if line == "$-1" => words.push("nil"),
            b'$' if line == "$0" => {}
            b'$' => words.extend(lines.next()),
            b':' => words.push(&line[1..]),
            _ => words.push(line),
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_resp_frames() {
        assert_eq!(words(b"*2\r\n$3\r\nGET\r\n$1\r\nx\r\n"), "GET x");
        assert_eq!(words(b"+PONG\r\n"), "+PONG");
        assert_eq!(words(b"-READONLY You can't write\r\n"), "-READONLY You can't write");
        assert_eq!(words(b"*3\r\n:1\r\n$-1\r\n*-1\r\n"), "1 nil nil");
        assert_eq!(words(b"$0\r\n\r\n"), "");
        assert_eq!(words(b""), "");
    }
}
