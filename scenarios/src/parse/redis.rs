//! Settings of a Redis server, by the names and units of redis.conf.

use crate::quantity;
use crate::reader::{Field, Read, Reader};
use splitbrain_model::Ip;
use splitbrain_model::files::{AppendFsync, MaxmemoryPolicy, OutputLimit, RedisConf};

/// Applies the directives of a table to a configuration.
pub fn apply(table: &mut Reader<'_>, conf: &mut RedisConf) -> Read<()> {
    set(table.get("port"), &mut conf.port, |field| field.count(1, 65_535).map(|port| port as u16))?;
    set(table.get("requirepass"), &mut conf.requirepass, password)?;
    set(table.get("masterauth"), &mut conf.masterauth, password)?;
    set(table.get("masteruser"), &mut conf.masteruser, password)?;
    set(table.get_renamed("replica-priority", "slave-priority"), &mut conf.replica_priority, any_count)?;
    set(table.get("replica-announced"), &mut conf.replica_announced, Field::boolean)?;
    let stale = table.get_renamed("replica-serve-stale-data", "slave-serve-stale-data");
    set(stale, &mut conf.replica_serve_stale_data, Field::boolean)?;
    set(table.get_renamed("replica-read-only", "slave-read-only"), &mut conf.replica_read_only, Field::boolean)?;
    set(table.get_renamed("min-replicas-to-write", "min-slaves-to-write"), &mut conf.min_replicas_to_write, any_count)?;
    let lag = table.get_renamed("min-replicas-max-lag", "min-slaves-max-lag");
    set(lag, &mut conf.min_replicas_max_lag, |field| field.redis_seconds(0))?;
    set(table.get("repl-timeout"), &mut conf.repl_timeout, |field| field.redis_seconds(1))?;
    let ping = table.get_renamed("repl-ping-replica-period", "repl-ping-slave-period");
    set(ping, &mut conf.repl_ping_replica_period, |field| field.redis_seconds(1))?;
    set(table.get("repl-backlog-size"), &mut conf.repl_backlog_size, backlog_size)?;
    set(table.get("repl-backlog-ttl"), &mut conf.repl_backlog_ttl, |field| field.redis_seconds(0))?;
    set(table.get("repl-diskless-sync"), &mut conf.repl_diskless_sync, Field::boolean)?;
    let delay = table.get("repl-diskless-sync-delay");
    set(delay, &mut conf.repl_diskless_sync_delay, |field| field.redis_seconds(0))?;
    set(table.get("repl-diskless-sync-max-replicas"), &mut conf.repl_diskless_sync_max_replicas, any_count)?;
    set(table.get("appendonly"), &mut conf.appendonly, Field::boolean)?;
    set(table.get("appendfsync"), &mut conf.appendfsync, |field| {
        field.word(&[("always", AppendFsync::Always), ("everysec", AppendFsync::Everysec), ("no", AppendFsync::No)])
    })?;
    set(table.get("stop-writes-on-bgsave-error"), &mut conf.stop_writes_on_bgsave_error, Field::boolean)?;
    set(table.get("save"), &mut conf.save, save_points)?;
    set(table.get("shutdown-timeout"), &mut conf.shutdown_timeout, |field| field.redis_seconds(0))?;
    set(table.get("maxclients"), &mut conf.maxclients, |field| field.count(1, i32::MAX as u32))?;
    set(table.get_renamed("replica-announce-ip", "slave-announce-ip"), &mut conf.replica_announce_ip, announced_ip)?;
    let port = table.get_renamed("replica-announce-port", "slave-announce-port");
    set(port, &mut conf.replica_announce_port, |field| field.count(0, 65_535).map(|port| port as u16))?;
    set(table.get("maxmemory"), &mut conf.maxmemory, Field::bytes)?;
    set(table.get("maxmemory-policy"), &mut conf.maxmemory_policy, |field| field.word(POLICIES))?;
    if let Some(field) = table.get("client-output-buffer-limit") {
        output_limits(&field, conf)?;
    }
    set(table.get("dataset"), &mut conf.dataset, dataset)?;
    set(table.get("config-writable"), &mut conf.writable, Field::boolean)?;
    if let Some(field) = table.get("replicaof").or_else(|| table.get("slaveof")) {
        return Err(field.key_error("who replicates whom follows from [cluster]").help("leave this key out"));
    }
    Ok(())
}

fn set<'a, T>(field: Option<Field<'a>>, place: &mut T, read: impl Fn(&Field<'a>) -> Read<T>) -> Read<()> {
    if let Some(field) = field {
        *place = read(&field)?;
    }
    Ok(())
}

fn any_count(field: &Field<'_>) -> Read<u32> {
    field.count(0, i32::MAX as u32)
}

/// A word or password; an empty one takes it away.
pub fn password(field: &Field<'_>) -> Read<Option<String>> {
    field.text().map(|text| (!text.is_empty()).then(|| text.to_owned()))
}

fn announced_ip(field: &Field<'_>) -> Read<Option<Ip>> {
    match field.text()? {
        "" => Ok(None),
        text => match text.parse::<std::net::Ipv4Addr>() {
            Ok(ip) => Ok(Some(Ip::in_numbers(ip.to_bits()))),
            Err(_) => match Ip::named(text) {
                Some(name) => Ok(Some(name)),
                None => Err(field.wrong("an address in numbers, the name of a host, or \"\"")),
            },
        },
    }
}

/// The `volatile-` policies find no key with an expiry, so that nothing is left to evict.
const POLICIES: &[(&str, MaxmemoryPolicy)] = &[
    ("noeviction", MaxmemoryPolicy::NoEviction),
    ("allkeys-lru", MaxmemoryPolicy::AllkeysLru),
    ("allkeys-random", MaxmemoryPolicy::AllkeysRandom),
    ("volatile-lru", MaxmemoryPolicy::NoEviction),
    ("volatile-lfu", MaxmemoryPolicy::NoEviction),
    ("volatile-random", MaxmemoryPolicy::NoEviction),
    ("volatile-ttl", MaxmemoryPolicy::NoEviction),
];

/// `"replica 256mb 64mb 60"`, one group of four words per class, as CONFIG SET takes them.
fn output_limits(field: &Field<'_>, conf: &mut RedisConf) -> Read<()> {
    let wrong = || field.wrong("class, hard limit, soft limit and seconds like \"replica 256mb 64mb 60\"");
    let text = field.as_text().ok_or_else(wrong)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() || !words.len().is_multiple_of(4) {
        return Err(wrong());
    }
    for group in words.chunks_exact(4) {
        let bytes = |word: &str| match word.parse::<u64>() {
            Ok(bytes) => Ok(bytes),
            Err(_) => quantity::bytes(word).map_err(|_| wrong()),
        };
        let limit = OutputLimit {
            hard: bytes(group[1])?,
            soft: bytes(group[2])?,
            soft_seconds: group[3].parse().map_err(|_| wrong())?,
        };
        match group[0] {
            "replica" | "slave" => conf.replica_output_limit = limit,
            "pubsub" => conf.pubsub_output_limit = limit,
            "normal" => conf.normal_output_limit = limit,
            class => {
                let error = field.error(format!("there is no class `{class}`"));
                return Err(error.expected("`replica`, `pubsub` or `normal`"));
            }
        }
    }
    Ok(())
}

/// Largest dataset: a snapshot travels as one message.
const LARGEST_DATASET: u64 = 1 << 30;

fn dataset(field: &Field<'_>) -> Read<u64> {
    match field.bytes()? {
        size if size <= LARGEST_DATASET => Ok(size),
        _ => Err(field.wrong("at most \"1gb\"")),
    }
}

fn backlog_size(field: &Field<'_>) -> Read<u64> {
    match field.bytes()? {
        0 => Err(field.wrong("at least one byte")),
        size => Ok(size),
    }
}

/// `"3600 1 300 100"`: pairs of seconds and changes; `""` for none.
fn save_points(field: &Field<'_>) -> Read<Vec<(u32, u32)>> {
    let wrong = || field.wrong("pairs of seconds and changes like \"3600 1 300 100\", or \"\" for no snapshots");
    let text = field.as_text().ok_or_else(wrong)?;
    let numbers: Vec<u32> =
        text.split_whitespace().map(|word| word.parse::<u32>().map_err(|_| wrong())).collect::<Read<_>>()?;
    if !numbers.len().is_multiple_of(2) || numbers.chunks_exact(2).any(|pair| pair[0] == 0) {
        return Err(wrong());
    }
    Ok(numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
}
