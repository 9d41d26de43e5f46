//! `[sentinel]`, `[redis]` and `[[masters]]`: which masters there are, how they are monitored, and the settings of
//! every server.

use super::cluster::{Cluster, MOST};
use super::sentinel::{Asked, apply_master, apply_sentinel};
use super::{HOMES, redis};
use crate::nearest::nearest;
use crate::reader::{Field, Read, Reader};
use crate::scenario::{MasterSpec, ServerSpec};
use splitbrain_model::Addr;
use splitbrain_model::files::{MasterConf, RedisConf, SentinelConf};

/// Name of the master where none is given.
const DEFAULT_NAME: &str = "mymaster";

/// One master before its servers are made.
struct Draft<'a> {
    conf: MasterConf,
    asked: Asked<'a>,
    replicas: u32,
    /// `[masters.redis]`
    redis: Option<Field<'a>>,
}

/// Reads the three sections.
pub fn read<'a>(
    cluster: &Cluster<'a>,
    sentinel: Option<&Field<'a>>,
    redis: Option<&Field<'a>>,
    masters: Option<&Field<'a>>,
) -> Read<(SentinelConf, Vec<MasterSpec>)> {
    let mut common = cluster.sentinel_conf.as_ref().map(|(_, conf)| conf.clone()).unwrap_or_default();
    let monitored = std::mem::take(&mut common.masters);
    let mut asked =
        Asked { quorum: cluster.sentinel_conf.as_ref().map(|(field, _)| field.clone()), allow_impossible: false };
    let majority = cluster.sentinels / 2 + 1;
    let fallback = MasterConf::new(DEFAULT_NAME.into(), Addr::default(), majority);

    // Directives in `[sentinel]` go for every master; they are read once per master, on top of its own.
    let settings = |conf: &mut MasterConf, asked: &mut Asked<'a>| -> Read<()> {
        let Some(field) = sentinel else { return Ok(()) };
        apply_master(&mut field.table("[sentinel]")?, conf, asked)
    };
    if let Some(field) = sentinel {
        let mut table = field.table("[sentinel]")?;
        apply_master(&mut table, &mut fallback.clone(), &mut asked.clone())?;
        apply_sentinel(&mut table, &mut common)?;
        table.finish(HOMES)?;
    }
    let mut drafts = Vec::new();
    for conf in monitored {
        let mut draft = Draft { conf, asked: asked.clone(), replicas: cluster.replicas, redis: None };
        settings(&mut draft.conf, &mut draft.asked)?;
        drafts.push(draft);
    }
    if drafts.is_empty() {
        asked.quorum = None;
        let mut conf = fallback;
        settings(&mut conf, &mut asked)?;
        let template = Draft { conf, asked, replicas: cluster.replicas, redis: None };
        drafts = match masters {
            None => vec![template],
            Some(field) => declared(field, &template)?,
        };
    } else if let Some(field) = masters {
        refine(field, &mut drafts)?;
    }
    for draft in &drafts {
        check_quorum(draft, cluster.sentinels)?;
    }
    let masters = servers(cluster, &drafts, redis)?;
    Ok((common, masters))
}

/// `[[masters]]` without a sentinel.conf: each entry is a master.
fn declared<'a>(field: &Field<'a>, template: &Draft<'a>) -> Read<Vec<Draft<'a>>> {
    let mut drafts: Vec<Draft<'a>> = Vec::new();
    for mut table in field.tables("[[masters]]")? {
        let Some(name) = table.get("name") else { return Err(table.error("a master needs a `name`")) };
        let text = master_name(&name)?;
        if drafts.iter().any(|draft| &*draft.conf.name == text) {
            return Err(name.error(format!("there are two masters `{text}`")));
        }
        let mut draft = Draft {
            conf: MasterConf { name: text.into(), ..template.conf.clone() },
            asked: template.asked.clone(),
            replicas: template.replicas,
            redis: None,
        };
        apply_entry(&mut table, &mut draft)?;
        drafts.push(draft);
    }
    if drafts.is_empty() { Err(field.wrong("at least one [[masters]]")) } else { Ok(drafts) }
}

/// `[[masters]]` beside a sentinel.conf: each entry refines a master of that file.
fn refine<'a>(field: &Field<'a>, drafts: &mut [Draft<'a>]) -> Read<()> {
    for mut table in field.tables("[[masters]]")? {
        let Some(name) = table.get("name") else { return Err(table.error("a master needs a `name`")) };
        let text = master_name(&name)?;
        let names: Vec<String> = drafts.iter().map(|draft| draft.conf.name.to_string()).collect();
        let Some(draft) = drafts.iter_mut().find(|draft| &*draft.conf.name == text) else {
            let near = nearest(text, names.iter().map(String::as_str)).map(str::to_owned);
            let error = name.error(format!("the sentinel-conf monitors no master `{text}`"));
            return Err(error.did_you_mean(near.as_deref()));
        };
        apply_entry(&mut table, draft)?;
    }
    Ok(())
}

fn apply_entry<'a>(table: &mut Reader<'a>, draft: &mut Draft<'a>) -> Read<()> {
    if let Some(field) = table.get("replicas") {
        draft.replicas = field.count(0, MOST - 1)?;
    }
    draft.redis = table.get("redis");
    apply_master(table, &mut draft.conf, &mut draft.asked)?;
    table.finish(HOMES)
}

fn master_name<'a>(field: &Field<'a>) -> Read<&'a str> {
    let text = field.text()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > 64 || !text.chars().all(allowed) {
        return Err(field.wrong("a name of at most 64 letters, digits, `-`, `_` and `.`"));
    }
    Ok(text)
}

fn check_quorum(draft: &Draft<'_>, sentinels: u32) -> Read<()> {
    let quorum = draft.conf.quorum;
    let Some(field) = draft.asked.quorum.as_ref().filter(|_| quorum > sentinels && !draft.asked.allow_impossible)
    else {
        return Ok(());
    };
    let message = format!(
        "quorum {quorum} of master `{}` can never be reached by {sentinels} Sentinel{}: no failover would ever start",
        draft.conf.name,
        if sentinels == 1 { "" } else { "s" }
    );
    Err(field
        .error(message)
        .help("Redis accepts this silently; to simulate it say `allow-impossible = true` in [sentinel]"))
}

/// Makes the servers of all masters: configuration file or defaults, passwords that sentinel.conf implies, `[redis]`,
/// `[masters.redis]`, `[redis.redis-N]`, each on top of the one before.
fn servers(cluster: &Cluster<'_>, drafts: &[Draft<'_>], redis: Option<&Field<'_>>) -> Read<Vec<MasterSpec>> {
    let total: u32 = drafts.iter().map(|draft| draft.replicas + 1).sum();
    if total > MOST {
        let error = cluster.field.key_error("too many Redis servers");
        return Err(error.found(total.to_string()).expected(format!("at most {MOST}")));
    }
    // A scenario starts without persistence, so that what a crash loses is what replication loses. A redis.conf is
    // taken as the real server would take it, its default snapshots included.
    let base = cluster.redis_conf.clone().unwrap_or(RedisConf { save: Vec::new(), ..RedisConf::default() });
    let mut number = 0;
    let mut masters = Vec::new();
    for draft in drafts {
        let mut conf = base.clone();
        if conf.requirepass.is_none() && conf.masterauth.is_none() {
            // A redis.conf that sets only one of the two is a mistake worth simulating, and stays.
            conf.requirepass.clone_from(&draft.conf.auth_pass);
            conf.masterauth.clone_from(&draft.conf.auth_pass);
        }
        if let Some(field) = redis {
            redis::apply(&mut field.table("[redis]")?, &mut conf)?;
        }
        if let Some(field) = &draft.redis {
            let mut table = field.table("[masters.redis]")?;
            redis::apply(&mut table, &mut conf)?;
            table.finish(HOMES)?;
        }
        let server = |_| {
            number += 1;
            ServerSpec { name: format!("redis-{number}"), conf: conf.clone() }
        };
        let servers = (0..=draft.replicas).map(server).collect();
        masters.push(MasterSpec { conf: draft.conf.clone(), servers });
    }
    if let Some(field) = redis {
        single_servers(field, &mut masters)?;
    }
    Ok(masters)
}

/// `[redis.redis-N]`
fn single_servers(field: &Field<'_>, masters: &mut [MasterSpec]) -> Read<()> {
    let mut section = field.table("[redis]")?;
    redis::apply(&mut section, &mut RedisConf::default())?;
    let names: Vec<String> =
        masters.iter().flat_map(|master| &master.servers).map(|server| server.name.clone()).collect();
    for entry in section.rest() {
        if !entry.is_table() {
            return section.finish(HOMES);
        }
        let mut servers = masters.iter_mut().flat_map(|master| &mut master.servers);
        let Some(server) = servers.find(|server| server.name == entry.key) else {
            let error = entry.key_error(format!("there is no server `{}`", entry.key));
            let error = error.expected(format!("`redis-1` to `redis-{}`", names.len()));
            return Err(error.did_you_mean(nearest(entry.key, names.iter().map(String::as_str))));
        };
        let mut table = entry.table(format!("[redis.{}]", entry.key))?;
        redis::apply(&mut table, &mut server.conf)?;
        table.finish(HOMES)?;
    }
    Ok(())
}
