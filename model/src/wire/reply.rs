//! Replies as RESP. The text behind the first word of an error is ours.

use super::{Sink, addr, channel_name, info};
use crate::ErrorWord;
use crate::message::{Channel, InstanceReply, LinkState, Reply, RoleReply};

pub(super) fn reply<S: Sink>(reply: &Reply, to: &mut S) {
    match reply {
        Reply::Pong => to.raw(b"+PONG\r\n"),
        Reply::Ok => to.raw(b"+OK\r\n"),
        Reply::Queued => to.raw(b"+QUEUED\r\n"),
        Reply::Error(word) => error(*word, to),
        Reply::Int(n) => to.integer(*n),
        Reply::Value(Some(value)) => to.bulk_number(value.0),
        Reply::Value(None) => to.raw(b"$-1\r\n"),
        Reply::NilArray => to.raw(b"*-1\r\n"),
        Reply::Values(values) => {
            to.array(values.len());
            for value in values.iter() {
                to.bulk_number(value.0);
            }
        }
        Reply::Subscribed(channel) => {
            to.array(3);
            to.bulk(if *channel == Channel::Everything { "psubscribe" } else { "subscribe" });
            to.bulk(channel_name(*channel));
            to.integer(1);
        }
        Reply::Server => server(to),
        Reply::Info(it) => to.bulk_of(&|to| info::info(it, to)),
        Reply::Role(it) => role(it, to),
        Reply::Exec(replies) => {
            to.array(replies.len());
            for element in replies {
                self::reply(element, to);
            }
        }
        Reply::FullResync(from) => {
            to.raw(b"+FULLRESYNC ");
            to.hex(from.0.0);
            to.raw(b" ");
            to.number(from.1.0);
            to.end();
        }
        Reply::Continue(with) => {
            to.raw(b"+CONTINUE ");
            to.hex(with.id.0);
            to.end();
        }
        Reply::Addr(it) => {
            to.array(2);
            addr(*it, to);
        }
        Reply::Down(it) => {
            to.array(3);
            to.integer(i64::from(it.down));
            match it.leader {
                Some(id) => to.bulk_hex(id.0),
                None => to.bulk("*"),
            }
            to.integer(it.leader_epoch.0 as i64);
        }
        Reply::Instances(entries) => {
            to.array(entries.len());
            for entry in entries {
                instance(entry, to);
            }
        }
    }
}

fn error<S: Sink>(word: ErrorWord, to: &mut S) {
    to.raw(b"-");
    to.raw(word.word().as_bytes());
    to.raw(b" ");
    to.raw(explanation(word).as_bytes());
    to.end();
}

const fn explanation(word: ErrorWord) -> &'static str {
    match word {
        ErrorWord::Err => "the command is not understood",
        ErrorWord::NoAuth => "log in with AUTH first",
        ErrorWord::WrongPass => "user name or password is wrong",
        ErrorWord::NoPerm => "this user may not run the command",
        ErrorWord::Oom => "memory limit reached, write refused",
        ErrorWord::Misconf => "snapshots fail, so writes are refused",
        ErrorWord::NoReplicas => "too few good replicas for a write",
        ErrorWord::ReadOnly => "this server is a replica and takes no writes",
        ErrorWord::MasterDown => "no link to the master, stale data is not served",
        ErrorWord::Loading => "the dataset is still being loaded",
        ErrorWord::Busy => "a script is running, SCRIPT KILL ends it",
        ErrorWord::ExecAbort => "transaction dropped after an earlier error",
        ErrorWord::Unblocked => "the server changed its role",
        ErrorWord::NoMasterLink => "no partial sync without a link to the master",
        ErrorWord::WrongType => "the key holds another kind of value",
        ErrorWord::NoGoodSlave => "no replica can be promoted",
        ErrorWord::InProg => "a failover is under way",
        ErrorWord::NoQuorum => "too few usable Sentinels",
    }
}

/// HELLO 3 answers with a RESP3 map.
fn server<S: Sink>(to: &mut S) {
    to.raw(b"%7\r\n");
    for (field, value) in [("server", "redis"), ("version", "7.0.15")] {
        to.bulk(field);
        to.bulk(value);
    }
    to.bulk("proto");
    to.integer(3);
    to.bulk("id");
    to.integer(10);
    for (field, value) in [("mode", "standalone"), ("role", "master")] {
        to.bulk(field);
        to.bulk(value);
    }
    to.bulk("modules");
    to.array(0);
}

fn role<S: Sink>(role: &RoleReply, to: &mut S) {
    match role {
        RoleReply::Master(offset, replicas) => {
            to.array(3);
            to.bulk("master");
            to.integer(offset.0 as i64);
            to.array(replicas.len());
            for (replica, acknowledged) in replicas {
                to.array(3);
                addr(*replica, to);
                to.bulk_number(acknowledged.0);
            }
        }
        RoleReply::Slave(master, state, offset) => {
            to.array(5);
            to.bulk("slave");
            to.bulk_ip(master.ip);
            to.integer(i64::from(master.port));
            to.bulk(match state {
                LinkState::Connect => "connect",
                LinkState::Connecting => "connecting",
                LinkState::Handshake => "handshake",
                LinkState::Sync => "sync",
                LinkState::Connected => "connected",
            });
            to.integer(offset.map_or(-1, |offset| offset.0 as i64));
        }
        RoleReply::Sentinel => {
            to.array(2);
            to.bulk("sentinel");
            to.array(1);
            to.bulk("mymaster");
        }
    }
}

/// Fields of every entry that the message does not carry, with values of usual length (Sentinel spec 12.1).
const COMMON: &[(&str, &str)] = &[
    ("link-pending-commands", "0"),
    ("link-refcount", "1"),
    ("last-ping-sent", "0"),
    ("last-ok-ping-reply", "512"),
    ("last-ping-reply", "512"),
    ("down-after-milliseconds", "30000"),
];
const REDIS: &[(&str, &str)] =
    &[("info-refresh", "5210"), ("role-reported", "master"), ("role-reported-time", "61524")];
const MASTER: &[(&str, &str)] = &[
    ("config-epoch", "0"),
    ("num-slaves", "2"),
    ("quorum", "2"),
    ("failover-timeout", "180000"),
    ("parallel-syncs", "1"),
];
const SLAVE: &[(&str, &str)] = &[
    ("master-link-down-time", "0"),
    ("master-link-status", "ok"),
    ("master-host", "10.0.0.1"),
    ("master-port", "6379"),
    ("slave-priority", "100"),
    ("slave-repl-offset", "104206"),
    ("replica-announced", "1"),
];
const SENTINEL: &[(&str, &str)] = &[("last-hello-message", "714"), ("voted-leader", "?"), ("voted-leader-epoch", "0")];

/// An entry of SENTINEL MASTERS, REPLICAS or SENTINELS: a flat list of names and values.
fn instance<S: Sink>(entry: &InstanceReply, to: &mut S) {
    let own: &[(&str, &str)] = match (entry.master, entry.slave) {
        (true, _) => MASTER,
        (false, true) => SLAVE,
        (false, false) => SENTINEL,
    };
    let redis = if entry.master || entry.slave { REDIS } else { &[] };
    let fields = 5 + COMMON.len() + redis.len() + own.len() + usize::from(entry.master);
    to.array(2 * fields);
    to.bulk("name");
    to.bulk(&entry.name);
    to.bulk("ip");
    to.bulk_ip(entry.addr.ip);
    to.bulk("port");
    to.bulk_number(u64::from(entry.addr.port));
    to.bulk("runid");
    to.bulk_hex(crate::ids::Hex40::default());
    to.bulk("flags");
    to.bulk_of(&|to| flags(entry, to));
    for (field, value) in COMMON.iter().chain(redis).chain(own) {
        to.bulk(field);
        to.bulk(value);
    }
    if entry.master {
        to.bulk("num-other-sentinels");
        to.bulk_number(u64::from(entry.other_sentinels));
    }
}

fn flags(entry: &InstanceReply, to: &mut dyn Sink) {
    let kind = match (entry.master, entry.slave) {
        (true, _) => "master",
        (false, true) => "slave",
        (false, false) => "sentinel",
    };
    for (set, flag) in [(entry.s_down, "s_down,"), (entry.o_down, "o_down,")] {
        if set {
            to.raw(flag.as_bytes());
        }
    }
    to.raw(kind.as_bytes());
    if entry.disconnected {
        to.raw(b",disconnected");
    }
}
