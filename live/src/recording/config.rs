//! What was recorded: settings, clients, who shares a host; and what of a scenario recordings have no words for.

use super::names::{Names, of};
use super::steps;
use crate::conf::{self, Listen};
use crate::trace::Trace;
use serde_json::{Map, Value, json};
use splitbrain::model::client::ClientConf;
use splitbrain::model::client::profile::Profile;
use splitbrain::model::client::workload::Workload;
use splitbrain::model::files::{MasterConf, RedisConf, SentinelConf};
use splitbrain::model::{Millis, TrueTime};
use splitbrain::scenarios::{ProcessKind, Resolved, Step};
use std::collections::BTreeMap;

/// The name under which recordings monitor their master.
const MASTER: &str = "mymaster";
/// Directives that are always told, as recordings do.
const TOLD: &[&str] = &["appendonly", "repl-diskless-sync-delay"];
/// Directives that are the recorder's own.
const OURS: &[&str] = &[
    "port",
    "bind",
    "bind-source-addr",
    "protected-mode",
    "dir",
    "logfile",
    "loglevel",
    "enable-debug-command",
    "replicaof",
];

/// What of a scenario has no place in a recording, each in a sentence; it can be played, but not compared.
pub fn obstacles(scenario: &Resolved) -> Vec<String> {
    let mut found = Vec::new();
    match &scenario.masters[..] {
        [(name, _)] if &**name == MASTER => {}
        [_] => found.push(format!("the master of a recording is called `{MASTER}`")),
        _ => found.push("a recording has one master".to_owned()),
    }
    for process in &scenario.processes {
        match &process.kind {
            ProcessKind::Client(conf) => {
                if let Err(why) = client(conf) {
                    found.push(format!("client `{}`: {why}", process.name));
                }
            }
            ProcessKind::App => found.push(format!("application `{}` has its code outside", process.name)),
            ProcessKind::Sentinel(conf) if !is_plain(conf) => {
                found.push(format!(
                    "{}: recordings know quorum, down-after, failover-timeout and parallel-syncs",
                    process.name
                ));
            }
            ProcessKind::Redis(_) | ProcessKind::Sentinel(_) => {}
        }
    }
    let inexpressible = |step: &Step| !steps::is_expressible(&scenario.schedule, &step.action);
    if scenario.schedule.iter().any(inexpressible) {
        found.push("a fault that recordings have no word for".to_owned());
    }
    found
}

/// Whether a Sentinel has nothing set but what recordings tell.
fn is_plain(conf: &SentinelConf) -> bool {
    let told = |master: &MasterConf| MasterConf {
        down_after: master.down_after,
        failover_timeout: master.failover_timeout,
        parallel_syncs: master.parallel_syncs,
        ..MasterConf::new(master.name.clone(), master.addr, master.quorum)
    };
    let masters = conf.masters.iter().map(told).collect();
    *conf == SentinelConf { port: conf.port, masters, ..SentinelConf::default() }
}

/// A client's kind, as recordings have them: `set` adds to a set, `reg` writes and reads registers in turn.
fn client(conf: &ClientConf) -> Result<(&'static str, f64), &'static str> {
    let recorder = Profile::named("recorder").ok_or("there is no profile of the recorder")?;
    let like = Profile { read_timeout: conf.profile.read_timeout, ..recorder };
    if conf.profile != like || conf.server.is_some() {
        return Err("clients of recordings have the profile `recorder`");
    }
    let Workload { sadd, set, get, incr, rpush, keys, in_flight } = conf.workload.clone();
    let rate = |thousandths: u32| f64::from(thousandths) / 1_000.0;
    match (sadd.0, set.0, get.0, incr.0 + rpush.0) {
        (adds, 0, 0, 0) if adds > 0 && in_flight <= 1 => Ok(("set", rate(adds))),
        (0, writes, reads, 0) if writes == reads && writes > 0 && in_flight <= 1 && keys == 4 => {
            Ok(("reg", rate(writes + reads)))
        }
        _ => Err("clients of recordings add to a set, or write and read four registers in turn"),
    }
}

/// The section `config`.
pub fn config(scenario: &Resolved, trace: &Trace, names: &Names, t0: TrueTime) -> Value {
    let processes = || scenario.processes.iter().enumerate();
    let sentinel = processes().find_map(|(_, process)| match &process.kind {
        ProcessKind::Sentinel(conf) => conf.masters.first(),
        _ => None,
    });
    let settings = sentinel.map(|master| {
        json!({
            "quorum": master.quorum,
            "down_after_ms": master.down_after.0,
            "failover_timeout_ms": master.failover_timeout.0,
            "parallel_syncs": master.parallel_syncs,
        })
    });
    let servers: Vec<(usize, &RedisConf)> = processes()
        .filter_map(|(p, process)| match &process.kind {
            ProcessKind::Redis(conf) => Some((p, conf)),
            _ => None,
        })
        .collect();
    let directives: Vec<BTreeMap<String, String>> = servers.iter().map(|(_, conf)| directives(conf)).collect();
    let in_all = |name: &String, value: &String| directives.iter().all(|of| of.get(name) == Some(value));
    let first = directives.first().cloned().unwrap_or_default();
    let common: BTreeMap<String, String> = first.into_iter().filter(|(name, value)| in_all(name, value)).collect();
    let mut each = Map::new();
    for ((p, _), own) in servers.iter().zip(&directives) {
        let own: Map<String, Value> =
            own.iter().filter(|(name, _)| !common.contains_key(*name)).map(|(n, v)| (n.clone(), json!(v))).collect();
        if !own.is_empty() {
            each.insert(names.process(*p).to_owned(), Value::Object(own));
        }
    }
    let count = |is: fn(&ProcessKind) -> bool| processes().filter(|(_, process)| is(&process.kind)).count();
    let late = |is: fn(&ProcessKind) -> bool| -> Vec<&str> {
        processes().filter(|(_, process)| process.late && is(&process.kind)).map(|(p, _)| names.process(p)).collect()
    };
    let is_server = |kind: &ProcessKind| matches!(kind, ProcessKind::Redis(_));
    let is_sentinel = |kind: &ProcessKind| matches!(kind, ProcessKind::Sentinel(_));
    json!({
        "sentinel": settings,
        "redis": common,
        "redis_each": each,
        "n_redis": count(is_server),
        "n_sentinel": count(is_sentinel),
        "colocate": colocated(scenario),
        "clients": clients(scenario, names),
        "prefault_s": scenario.plan.phase.0 as f64 / 1_000.0,
        "late_redis": late(is_server),
        "late_sentinels": late(is_sentinel),
        "preload": null,
        "redis_runid_order": run_id_order(scenario, trace, names, t0),
        "redis_runid_order_end": run_id_order(scenario, trace, names, TrueTime(u64::MAX)),
    })
}

/// What a server's file sets otherwise than by default.
fn directives(conf: &RedisConf) -> BTreeMap<String, String> {
    let listen = Listen { bind: String::new(), source: None };
    let lines = |conf: &RedisConf| -> Vec<(String, String)> {
        let text = conf::redis(conf, &listen);
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let plain = lines(&RedisConf { port: conf.port, ..RedisConf::default() });
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in lines(conf) {
        let is_default = plain.contains(&(name.clone(), value.clone()));
        if OURS.contains(&name.as_str()) || is_default && !TOLD.contains(&name.as_str()) {
            continue;
        }
        // Classes of client-output-buffer-limit go into one line.
        told.entry(name).and_modify(|before| *before = format!("{before} {value}")).or_insert(value);
    }
    told
}

/// Who lives on whose host.
fn colocated(scenario: &Resolved) -> BTreeMap<String, String> {
    let (processes, hosts) = of(scenario);
    let listening = scenario.processes.iter().zip(processes).filter(|(process, _)| !process.kind.is_application());
    let placed = listening.map(|(process, name)| (name, hosts[process.host].clone()));
    placed.filter(|(name, host)| name != host).collect()
}

fn clients(scenario: &Resolved, names: &Names) -> Vec<Value> {
    let mut told = Vec::new();
    let addresses: Vec<_> =
        scenario.processes.iter().filter(|p| matches!(p.kind, ProcessKind::Sentinel(_))).map(|p| p.addr).collect();
    for process in &scenario.processes {
        let ProcessKind::Client(conf) = &process.kind else { continue };
        let (kind, rate) = client(conf).unwrap_or(("other", 0.0));
        let mut one = json!({ "host": names.host(process.host), "kind": kind, "rate": rate, "name": process.name });
        if conf.profile.read_timeout != Some(Millis(1_000)) {
            one["timeout_ms"] = json!(conf.profile.read_timeout.map(|patience| patience.0));
        }
        if conf.sentinels != addresses {
            one["sentinels"] = conf.sentinels.iter().map(|addr| names.at(*addr)).collect();
        }
        told.push(one);
    }
    told
}

/// Servers by ascending run id, as of a moment.
fn run_id_order<'a>(scenario: &Resolved, trace: &Trace, names: &'a Names, at: TrueTime) -> Vec<&'a str> {
    let mut last: BTreeMap<usize, &str> = BTreeMap::new();
    for (_, p, id) in trace.looks.ids.iter().filter(|(when, ..)| *when <= at) {
        if matches!(scenario.processes[*p].kind, ProcessKind::Redis(_)) {
            last.insert(*p, id);
        }
    }
    let mut order: Vec<usize> = last.keys().copied().collect();
    order.sort_by_key(|p| last[p]);
    order.into_iter().map(|p| names.process(p)).collect()
}
