//! `[cluster]`: how many of what, on which hosts, and configuration files in Redis' own syntax.

use super::HOMES;
use crate::error::ScenarioError;
use crate::reader::{Field, Read};
use crate::source::Source;
use splitbrain_model::conf::{self, ConfError, Ignored};
use splitbrain_model::files::{RedisConf, SentinelConf};
use splitbrain_model::{Ip, Millis};
use std::path::Path;

/// Most Redis servers, and most Sentinels, of a scenario.
pub const MOST: u32 = 200;

/// What `[cluster]` says.
pub struct Cluster<'a> {
    /// The section itself.
    pub field: Field<'a>,
    /// Replicas of each master.
    pub replicas: u32,
    /// Sentinels.
    pub sentinels: u32,
    /// `sentinel.conf`, with the field that names it.
    pub sentinel_conf: Option<(Field<'a>, SentinelConf)>,
    /// `redis.conf`.
    pub redis_conf: Option<RedisConf>,
    /// Declared hosts, in the order of the file: the field names the host, the texts the processes.
    pub hosts: Vec<(Field<'a>, Vec<(&'a str, Field<'a>)>)>,
    /// The field that lists processes that are no part of the cluster at the beginning.
    pub late: Option<Field<'a>>,
    /// What wall clocks of hosts are ahead: the field names the host, or a process on it.
    pub clock_offsets: Vec<(Field<'a>, Millis)>,
    /// The field that says that everybody is known by name, if it does.
    pub hostnames: Option<Field<'a>>,
    /// Names go with their hosts.
    pub names_vanish: bool,
}

/// Reads `[cluster]` and the files it names.
pub fn read<'a>(field: &Field<'a>, source: &Source, notes: &mut Vec<String>) -> Read<Cluster<'a>> {
    let mut table = field.table("[cluster]")?;
    let replicas = table.get("replicas").map_or(Ok(2), |field| field.count(0, MOST - 1))?;
    let sentinels = table.get("sentinels").map_or(Ok(3), |field| field.count(1, MOST))?;
    let sentinel_file = table.get("sentinel-conf");
    let redis_file = table.get("redis-conf");
    let mut hosts = Vec::new();
    if let Some(field) = table.get("hosts") {
        for host in field.table("hosts")?.rest() {
            let processes = host.texts()?;
            hosts.push((host, processes));
        }
    }
    let mut clock_offsets = Vec::new();
    if let Some(field) = table.get("clock-offsets") {
        for host in field.table("clock-offsets")?.rest() {
            let offset = host.signed_millis()?;
            clock_offsets.push((host, offset));
        }
    }
    let hostnames = match table.get("hostnames") {
        Some(field) if field.boolean()? => Some(field),
        _ => None,
    };
    let late = table.get("late");
    let vanish = table.get("names-vanish");
    table.finish(HOMES)?;
    let names_vanish = vanish.as_ref().map_or(Ok(false), Field::boolean)?;
    if let Some(field) = vanish.filter(|_| names_vanish && hostnames.is_none()) {
        return Err(field
            .key_error("nobody is known by name, so no name can vanish")
            .expected("`hostnames = true` too"));
    }
    Ok(Cluster {
        field: field.clone(),
        replicas,
        sentinels,
        sentinel_conf: sentinel_file.map(|field| sentinel_conf(field, source, notes)).transpose()?,
        redis_conf: redis_file.map(|field| redis_conf(&field, source, notes)).transpose()?,
        hosts,
        late,
        clock_offsets,
        hostnames,
        names_vanish,
    })
}

/// Reads a `sentinel.conf`. Whatever address it monitors stands for the simulated master; what one Sentinel has
/// learnt or drawn for itself is left out, because every simulated Sentinel starts from this file.
fn sentinel_conf<'a>(field: Field<'a>, source: &Source, notes: &mut Vec<String>) -> Read<(Field<'a>, SentinelConf)> {
    let text = conf_text(&field, source)?;
    let conf::Read { mut conf, ignored, refused } =
        conf::sentinel_conf(&text.text, &mut anywhere).map_err(|error| at(&text, &error))?;
    if conf.masters.is_empty() {
        return Err(field.error("the file monitors no master").expected("a line `sentinel monitor …` in it"));
    }
    let shown = name_of(&field);
    note_ignored(shown, &ignored, notes);
    for error in &refused {
        notes.push(format!("{shown}:{}: real Sentinel would not start: {}", error.line, error.message));
    }
    if conf.announce.take().is_some() {
        notes.push(format!("{shown}: announce-ip is left out; every simulated Sentinel announces its own address"));
    }
    let learnt = |conf: &SentinelConf| {
        let fresh = conf.masters.iter().all(|master| {
            master.known_replicas.is_empty() && master.known_sentinels.is_empty() && master.config_epoch.0 == 0
        });
        conf.myid.is_some() || conf.current_epoch.0 > 0 || !fresh
    };
    if learnt(&conf) {
        notes.push(format!("{shown}: myid, epochs and known-… lines are left out; the cluster starts afresh"));
        conf.myid = None;
        conf.current_epoch = Default::default();
        for master in &mut conf.masters {
            master.known_replicas.clear();
            master.known_sentinels.clear();
            (master.config_epoch, master.leader_epoch) = Default::default();
        }
    }
    Ok((field, conf))
}

fn redis_conf(field: &Field<'_>, source: &Source, notes: &mut Vec<String>) -> Read<RedisConf> {
    let text = conf_text(field, source)?;
    let conf::Read { mut conf, ignored, .. } =
        conf::redis_conf(&text.text, &mut anywhere).map_err(|error| at(&text, &error))?;
    note_ignored(name_of(field), &ignored, notes);
    if conf.replica_announce_ip.is_some_and(Ip::is_name) {
        conf.replica_announce_ip = None;
        notes.push(format!(
            "{}: the name in replica-announce-ip is left out; `hostnames` in [cluster] gives names",
            name_of(field)
        ));
    }
    if conf.replicaof.take().is_some() {
        notes.push(format!("{}: replicaof is left out; roles follow from [cluster]", name_of(field)));
    }
    Ok(conf)
}

/// Every host name resolves: to what does not matter, the simulated servers take the places.
fn anywhere(_: &str) -> Option<Ip> {
    Some(Ip(0x0a4d_000b))
}

fn conf_text(field: &Field<'_>, source: &Source) -> Read<Source> {
    let name = field.text()?;
    let beside = source.file.parent().unwrap_or(Path::new("")).join(name);
    Source::read(&beside).map_err(|error| {
        if error.line > 0 {
            return error;
        }
        field.error(format!("`{name}` {}", error.message)).help("it is looked for beside the scenario file")
    })
}

fn at(text: &Source, error: &ConfError) -> Box<ScenarioError> {
    let before: usize = text.text.split_inclusive('\n').take(error.line.saturating_sub(1) as usize).map(str::len).sum();
    let line = text.text[before..].lines().next().unwrap_or("");
    let column: usize = line.chars().take(error.column.saturating_sub(1) as usize).map(char::len_utf8).sum();
    let start = before + column;
    let mut wrong =
        text.error(start..before + line.trim_end().len().max(column), error.message.clone()).found(error.found.clone());
    if !error.expected.is_empty() {
        wrong = wrong.expected(error.expected.clone());
    }
    wrong
}

fn name_of<'a>(field: &Field<'a>) -> &'a str {
    field.as_text().unwrap_or("")
}

fn note_ignored(file: &str, ignored: &[Ignored], notes: &mut Vec<String>) {
    if !ignored.is_empty() {
        let mut names: Vec<&str> = ignored.iter().map(|ignored| ignored.directive.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        notes.push(format!("{file}: without effect in a simulation: {}", names.join(", ")));
    }
}
