//! Rows of a recording: events, looks, log lines, the history of operations, the final reading.

use super::names::Names;
use super::{Origin, tenths};
use crate::event;
use crate::play::Played;
use crate::trace::Trace;
use serde_json::{Map, Value, json};
use splitbrain::checker::Observations;
use splitbrain::checker::observations::{NodeKind, Operation};
use splitbrain::model::event::EventKind;
use splitbrain::model::note::{FailReason, Outcome};
use splitbrain::model::{Command, Nanos, TrueTime};
use splitbrain::scenarios::{ProcessKind, Resolved};
use std::collections::{BTreeMap, VecDeque};

/// Events so long before the first step are told.
const EVENTS_BEFORE: Nanos = Nanos::from_secs(12);
/// Looks likewise.
const LOOKS_BEFORE: Nanos = Nanos::from_secs(5);
/// Lines of a server that are told, and their length.
const LINES: usize = 120;
const LINE: usize = 150;

fn begins(trace: &Trace, origin: Origin, before: Nanos) -> TrueTime {
    let first = trace.done.first().map_or(origin.0, |done| done.at.min(origin.0));
    TrueTime(first.0.saturating_sub(before.0))
}

/// Events as `[ms, sentinel, event, text, source]`, by the stamps of the logs; beside them the differences to when they
/// were heard on pub/sub, ms. Source `b` is log and pub/sub, `l` the log alone, `P` pub/sub alone.
pub fn events(trace: &Trace, names: &Names, origin: Origin) -> (Vec<Value>, Vec<f64>) {
    let from = begins(trace, origin, EVENTS_BEFORE);
    let mut heard: BTreeMap<(usize, String), VecDeque<TrueTime>> = BTreeMap::new();
    for news in &trace.news {
        let said = format!("{} {}", news.channel, news.payload);
        heard.entry((news.node, said.trim_end().to_owned())).or_default().push_back(news.at);
    }
    let mut rows: Vec<(TrueTime, Value)> = Vec::new();
    let mut late = Vec::new();
    for (at, p, line) in &trace.sentinel_log {
        let Some((name, text)) = told(line) else { continue };
        let at_pub = heard.get_mut(&(*p, line.clone())).and_then(VecDeque::pop_front);
        late.extend(at_pub.map(|heard| (heard.0 as f64 - at.0 as f64) / 1e6));
        if *at >= from {
            let source = if at_pub.is_some() { "b" } else { "l" };
            rows.push((*at, json!([origin.ms(*at), names.process(*p), name, names.in_text(text), source])));
        }
    }
    for ((p, said), times) in heard {
        let (name, text) = said.split_once(' ').unwrap_or((&said, ""));
        for at in times.into_iter().filter(|at| *at >= from && event::parse(name, text).is_some()) {
            rows.push((at, json!([origin.ms(at), names.process(p), name, names.in_text(text), "P"])));
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    (rows.into_iter().map(|(_, row)| row).collect(), late)
}

/// Name and text of a log line that is an event, or one of two others that are given a name.
fn told(line: &str) -> Option<(&str, &str)> {
    if line.contains(" voted for ") {
        return Some(("~voted", line));
    }
    if line.starts_with("Next failover delay") {
        return Some(("~next-failover-delay", ""));
    }
    let (name, text) = line.split_once(' ').unwrap_or((line, ""));
    EventKind::from_name(name).map(|_| (name, text))
}

/// The section `quality`.
pub fn quality(trace: &Trace, mut late: Vec<f64>) -> Value {
    let mut jitter = trace.looks.lateness.clone();
    jitter.sort_by(f64::total_cmp);
    late.sort_by(f64::total_cmp);
    let hundredths = |ms: f64| (ms * 100.0).round() / 100.0;
    let at = |share: f64| {
        let place = (jitter.len() as f64 * share) as usize;
        hundredths(jitter.get(place.min(jitter.len().saturating_sub(1))).copied().unwrap_or(0.0))
    };
    json!({
        "loop_jitter_ms": { "p50": at(0.5), "p99": at(0.99), "max": at(1.0) },
        "load1_start_end": trace.load,
        "nice": trace.nice,
        "scratch": if trace.tmpfs { "tmpfs" } else { "disk" },
        "clock_step_ms": hundredths(trace.wall_stepped_ms),
        "pub_minus_log_ms": {
            "n": late.len(),
            "min": late.first().map(|ms| hundredths(*ms)),
            "max": late.last().map(|ms| hundredths(*ms)),
        },
    })
}

/// The section `redis_log`.
pub fn server_log(trace: &Trace, names: &Names, origin: Origin, seen: &Observations) -> Vec<Value> {
    let from = begins(trace, origin, Nanos::from_millis(200));
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let within = trace.server_log.iter().filter(|(at, ..)| *at > from && *at < seen.end);
    let few = within.filter(|(_, p, _)| {
        let count = counts.entry(*p).or_default();
        *count += 1;
        *count <= LINES
    });
    let row = |(at, p, text): &(TrueTime, usize, String)| {
        let text: String = names.in_text(text).chars().take(LINE).collect();
        json!([origin.ms(*at), names.process(*p), text])
    };
    few.map(row).collect()
}

/// The section `info_samples`.
pub fn server_looks(trace: &Trace, names: &Names, origin: Origin) -> Vec<Value> {
    let from = begins(trace, origin, Nanos::from_secs(3));
    let mut rows = Vec::new();
    for (at, p, seen) in trace.looks.servers.iter().filter(|(at, ..)| *at >= from) {
        let (ms, name) = (origin.ms(*at), names.process(*p));
        rows.push(match seen {
            Err(error) => json!([ms, name, format!("-{error}")]),
            Ok(role) => {
                let (kind, link) = match role.replica_of {
                    None => ("master", None),
                    Some(_) => ("slave", Some(if role.link_up { "up" } else { "down" })),
                };
                let master = role.replica_of.map(|addr| names.at(addr));
                json!([ms, name, kind, master, link, role.offset, role.replid, role.connected, role.adds])
            }
        });
    }
    rows
}

/// The section `sentinel_views`.
pub fn sentinel_looks(trace: &Trace, names: &Names, origin: Origin) -> Vec<Value> {
    let from = begins(trace, origin, LOOKS_BEFORE);
    let looks = trace.looks.sentinels.iter().filter(|(at, ..)| *at >= from);
    let row = |(at, p, view): &(TrueTime, usize, crate::shared::ViewSeen)| {
        let master = names.at(view.addr);
        json!([origin.ms(*at), names.process(*p), master, view.flags, view.config_epoch, view.slaves, view.others])
    };
    looks.map(row).collect()
}

/// The section `history`: `[process, f, key, value, invoke_ms, duration_ms, outcome, node, error?]`.
pub fn history(seen: &Observations, scenario: &Resolved, names: &Names, origin: Origin) -> Vec<Value> {
    let clients: Vec<usize> = scenario
        .processes
        .iter()
        .enumerate()
        .filter(|(_, process)| matches!(process.kind, ProcessKind::Client(_)))
        .map(|(p, _)| p)
        .collect();
    let row = |operation: &Operation| {
        let process = clients.iter().position(|p| *p == usize::from(operation.client.0));
        let (f, key, value) = match operation.command {
            Command::Sadd(_, value) => ("a", None, Some(value.0)),
            Command::Rpush(_, value) => ("p", Some(u32::from(operation.attempts)), Some(value.0)),
            Command::Set(key, value) => ("w", Some(key.index), Some(value.0)),
            Command::Get(key) => ("r", Some(key.index), read(operation)),
            command => (command.name(), Some(command.key().index), None),
        };
        let lasted = operation.completed.unwrap_or(seen.end).since(operation.invoked);
        let (outcome, error) = match operation.outcome {
            Some(Outcome::Ok(_)) => (0, None),
            Some(Outcome::Fail(why)) => (1, Some(word(why))),
            Some(Outcome::Info(why)) => (2, Some(word(why))),
            None => (2, Some("unanswered".to_owned())),
        };
        let node = operation.server.map(|node| names.process(usize::from(node.0)));
        let duration = tenths(lasted.0 as f64 / 1e6);
        let mut row = vec![json!(process), json!(f), json!(key), json!(value)];
        row.extend([json!(origin.ms(operation.invoked)), json!(duration), json!(outcome), json!(node)]);
        row.extend(error.map(Value::from));
        Value::Array(row)
    };
    seen.operations.iter().map(row).collect()
}

fn read(operation: &Operation) -> Option<u64> {
    match operation.outcome {
        Some(Outcome::Ok(value)) => value.map(|value| value.0),
        _ => None,
    }
}

fn word(why: FailReason) -> String {
    match why {
        FailReason::Error(word) => word.word().to_owned(),
        why => format!("{why:?}").to_lowercase(),
    }
}

/// The section `final`.
pub fn reading(played: &Played, names: &Names) -> Value {
    let seen = &played.record.observations;
    let master = super::derived::final_master(seen).map(|node| names.process(usize::from(node.0)).to_owned());
    let mut servers = Map::new();
    for redis in &seen.final_redis {
        let told = if redis.running {
            let set = splitbrain::model::Key { space: splitbrain::model::Space::Set, index: 0 };
            json!({
                "role": if redis.replica_of.is_some() { "slave" } else { "master" },
                "of": redis.replica_of.map(|addr| names.at(addr)),
                "link": redis.replica_of.map(|_| if redis.link_up { "connected" } else { "connect" }),
                "set_size": redis.data.set(set).map_or(0, |members| members.len()),
            })
        } else {
            json!({ "state": "dead" })
        };
        servers.insert(names.process(usize::from(redis.node.0)).to_owned(), told);
    }
    let mut sentinels = Map::new();
    let all = seen.nodes.iter().enumerate().filter(|(_, node)| node.kind == NodeKind::Sentinel);
    for (p, _) in all {
        let view = seen.final_views.iter().find(|view| usize::from(view.node.0) == p);
        let told = view.map_or(json!({ "state": "dead" }), |view| {
            json!({
                "state": "up",
                "master": names.at(view.addr),
                "flags": if view.plain { "master" } else { "other" },
                "config_epoch": view.config_epoch.0,
                "current_epoch": view.current_epoch.0,
            })
        });
        sentinels.insert(names.process(p).to_owned(), told);
    }
    json!({ "master": master, "redis": servers, "sentinels": sentinels })
}
