//! Every directive of redis.conf 7.0.15 and what its arguments may be, as the real server says it.

/// What a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `yes` or `no`.
    Bool,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// An integer from … to ….
    Int(i64, i64),
    /// A size from … to …, with a unit.
    Memory(u64, u64),
    /// A size or a percentage.
    MemoryOrPercent,
    /// Permissions.
    Octal,
    /// Anything.
    Text,
    /// A name without directory, not empty for most.
    FileName,
    /// Letters, digits, hyphens and dots.
    Hostname,
    /// Up to 16 addresses.
    Bind,
    /// Pairs of seconds and changes.
    Save,
    /// Host and port.
    ReplicaOf,
    /// Groups of class, two sizes and seconds.
    OutputBuffers,
    /// Three numbers.
    OomValues,
    /// Numbers from 0 to 100.
    Percentiles,
    /// Words that exclude each other.
    ShutdownFlags,
    /// Letters of event classes.
    Events,
}

impl Kind {
    /// Whether several words may follow the name.
    pub(super) const fn takes_many(self) -> bool {
        matches!(
            self,
            Kind::Bind
                | Kind::Save
                | Kind::ReplicaOf
                | Kind::OutputBuffers
                | Kind::OomValues
                | Kind::Percentiles
                | Kind::ShutdownFlags
        )
    }
}

/// The kind of a directive, by its name in lower case.
pub(super) fn kind(name: &str) -> Option<Kind> {
    let index = DIRECTIVES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(DIRECTIVES[index].1)
}

/// Directives that do nothing any more and take one argument.
pub(super) const RETIRED: &[&str] = &["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"];

/// Commands of a Sentinel, the only ones that `rename-command` can name there.
pub(super) const SENTINEL_COMMANDS: &[&str] = &[
    "acl",
    "auth",
    "client",
    "command",
    "hello",
    "info",
    "ping",
    "psubscribe",
    "publish",
    "punsubscribe",
    "role",
    "sentinel",
    "shutdown",
    "subscribe",
    "unsubscribe",
];

use Kind::{
    Bind, Bool, Enum, Events, FileName, Hostname, Int, Memory, MemoryOrPercent, Octal, OomValues, OutputBuffers,
    Percentiles, ReplicaOf, Save, ShutdownFlags, Text,
};

const INT: i64 = i32::MAX as i64;
const UINT: i64 = u32::MAX as i64;
const PORT: i64 = u16::MAX as i64;
const LONG: u64 = i64::MAX as u64;

/// In alphabetical order.
const DIRECTIVES: &[(&str, Kind)] = &[
    ("acl-pubsub-default", Enum(&["allchannels", "resetchannels"])),
    ("aclfile", Text),
    ("acllog-max-len", Int(0, i64::MAX)),
    ("active-defrag-cycle-max", Int(1, 99)),
    ("active-defrag-cycle-min", Int(1, 99)),
    ("active-defrag-ignore-bytes", Memory(1, LONG)),
    ("active-defrag-max-scan-fields", Int(1, i64::MAX)),
    ("active-defrag-threshold-lower", Int(0, 1000)),
    ("active-defrag-threshold-upper", Int(0, 1000)),
    ("active-expire-effort", Int(1, 10)),
    ("activedefrag", Bool),
    ("activerehashing", Bool),
    ("always-show-logo", Bool),
    ("aof-disable-auto-gc", Bool),
    ("aof-load-truncated", Bool),
    ("aof-rewrite-incremental-fsync", Bool),
    ("aof-timestamp-enabled", Bool),
    ("aof-use-rdb-preamble", Bool),
    ("aof_rewrite_cpulist", Text),
    ("appenddirname", FileName),
    ("appendfilename", FileName),
    ("appendfsync", Enum(&["everysec", "always", "no"])),
    ("appendonly", Bool),
    ("auto-aof-rewrite-min-size", Memory(0, LONG)),
    ("auto-aof-rewrite-percentage", Int(0, INT)),
    ("bgsave_cpulist", Text),
    ("bind", Bind),
    ("bind-source-addr", Text),
    ("bio_cpulist", Text),
    ("busy-reply-threshold", Int(0, i64::MAX)),
    ("client-output-buffer-limit", OutputBuffers),
    ("client-query-buffer-limit", Memory(1048576, LONG)),
    ("cluster-allow-pubsubshard-when-down", Bool),
    ("cluster-allow-reads-when-down", Bool),
    ("cluster-allow-replica-migration", Bool),
    ("cluster-announce-bus-port", Int(0, PORT)),
    ("cluster-announce-hostname", Hostname),
    ("cluster-announce-ip", Text),
    ("cluster-announce-port", Int(0, PORT)),
    ("cluster-announce-tls-port", Int(0, PORT)),
    ("cluster-config-file", Text),
    ("cluster-enabled", Bool),
    ("cluster-link-sendbuf-limit", Memory(0, u64::MAX)),
    ("cluster-migration-barrier", Int(0, INT)),
    ("cluster-node-timeout", Int(0, i64::MAX)),
    ("cluster-port", Int(0, PORT)),
    ("cluster-preferred-endpoint-type", Enum(&["ip", "hostname", "unknown-endpoint"])),
    ("cluster-replica-no-failover", Bool),
    ("cluster-replica-validity-factor", Int(0, INT)),
    ("cluster-require-full-coverage", Bool),
    ("cluster-slave-no-failover", Bool),
    ("cluster-slave-validity-factor", Int(0, INT)),
    ("crash-log-enabled", Bool),
    ("crash-memcheck-enabled", Bool),
    ("daemonize", Bool),
    ("databases", Int(1, INT)),
    ("dbfilename", FileName),
    ("dir", Text),
    ("disable-thp", Bool),
    ("dynamic-hz", Bool),
    ("enable-debug-command", Enum(&["no", "yes", "local"])),
    ("enable-module-command", Enum(&["no", "yes", "local"])),
    ("enable-protected-configs", Enum(&["no", "yes", "local"])),
    ("hash-max-listpack-entries", Int(0, i64::MAX)),
    ("hash-max-listpack-value", Memory(0, LONG)),
    ("hash-max-ziplist-entries", Int(0, i64::MAX)),
    ("hash-max-ziplist-value", Memory(0, LONG)),
    ("hll-sparse-max-bytes", Memory(0, LONG)),
    ("hz", Int(0, INT)),
    ("ignore-warnings", Text),
    ("io-threads", Int(1, 128)),
    ("io-threads-do-reads", Bool),
    ("jemalloc-bg-thread", Bool),
    ("latency-monitor-threshold", Int(0, i64::MAX)),
    ("latency-tracking", Bool),
    ("latency-tracking-info-percentiles", Percentiles),
    ("lazyfree-lazy-eviction", Bool),
    ("lazyfree-lazy-expire", Bool),
    ("lazyfree-lazy-server-del", Bool),
    ("lazyfree-lazy-user-del", Bool),
    ("lazyfree-lazy-user-flush", Bool),
    ("lfu-decay-time", Int(0, INT)),
    ("lfu-log-factor", Int(0, INT)),
    ("list-compress-depth", Int(0, INT)),
    ("list-max-listpack-size", Int(-INT - 1, INT)),
    ("list-max-ziplist-size", Int(-INT - 1, INT)),
    ("logfile", Text),
    ("loglevel", Enum(&["debug", "verbose", "notice", "warning"])),
    ("lua-time-limit", Int(0, i64::MAX)),
    ("masterauth", Text),
    ("masteruser", Text),
    ("maxclients", Int(1, UINT)),
    ("maxmemory", Memory(0, u64::MAX)),
    ("maxmemory-clients", MemoryOrPercent),
    ("maxmemory-eviction-tenacity", Int(0, 100)),
    (
        "maxmemory-policy",
        Enum(&[
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "noeviction",
        ]),
    ),
    ("maxmemory-samples", Int(1, INT)),
    ("min-replicas-max-lag", Int(0, INT)),
    ("min-replicas-to-write", Int(0, INT)),
    ("min-slaves-max-lag", Int(0, INT)),
    ("min-slaves-to-write", Int(0, INT)),
    ("no-appendfsync-on-rewrite", Bool),
    ("notify-keyspace-events", Events),
    ("oom-score-adj", Enum(&["no", "yes", "relative", "absolute"])),
    ("oom-score-adj-values", OomValues),
    ("pidfile", Text),
    ("port", Int(0, PORT)),
    ("proc-title-template", Text),
    ("propagation-error-behavior", Enum(&["ignore", "panic", "panic-on-replicas"])),
    ("protected-mode", Bool),
    ("proto-max-bulk-len", Memory(1048576, LONG)),
    ("rdb-del-sync-files", Bool),
    ("rdb-save-incremental-fsync", Bool),
    ("rdbchecksum", Bool),
    ("rdbcompression", Bool),
    ("repl-backlog-size", Memory(1, LONG)),
    ("repl-backlog-ttl", Int(0, i64::MAX)),
    ("repl-disable-tcp-nodelay", Bool),
    ("repl-diskless-load", Enum(&["disabled", "on-empty-db", "swapdb"])),
    ("repl-diskless-sync", Bool),
    ("repl-diskless-sync-delay", Int(0, INT)),
    ("repl-diskless-sync-max-replicas", Int(0, INT)),
    ("repl-ping-replica-period", Int(1, INT)),
    ("repl-ping-slave-period", Int(1, INT)),
    ("repl-timeout", Int(1, INT)),
    ("replica-announce-ip", Text),
    ("replica-announce-port", Int(0, PORT)),
    ("replica-announced", Bool),
    ("replica-ignore-disk-write-errors", Bool),
    ("replica-ignore-maxmemory", Bool),
    ("replica-lazy-flush", Bool),
    ("replica-priority", Int(0, INT)),
    ("replica-read-only", Bool),
    ("replica-serve-stale-data", Bool),
    ("replicaof", ReplicaOf),
    ("requirepass", Text),
    ("sanitize-dump-payload", Enum(&["no", "yes", "clients"])),
    ("save", Save),
    ("server_cpulist", Text),
    ("set-max-intset-entries", Int(0, i64::MAX)),
    ("set-proc-title", Bool),
    ("shutdown-on-sigint", ShutdownFlags),
    ("shutdown-on-sigterm", ShutdownFlags),
    ("shutdown-timeout", Int(0, INT)),
    ("slave-announce-ip", Text),
    ("slave-announce-port", Int(0, PORT)),
    ("slave-ignore-maxmemory", Bool),
    ("slave-lazy-flush", Bool),
    ("slave-priority", Int(0, INT)),
    ("slave-read-only", Bool),
    ("slave-serve-stale-data", Bool),
    ("slaveof", ReplicaOf),
    ("slowlog-log-slower-than", Int(-1, i64::MAX)),
    ("slowlog-max-len", Int(0, i64::MAX)),
    ("socket-mark-id", Int(0, UINT)),
    ("stop-writes-on-bgsave-error", Bool),
    ("stream-node-max-bytes", Memory(0, LONG)),
    ("stream-node-max-entries", Int(0, i64::MAX)),
    ("supervised", Enum(&["upstart", "systemd", "auto", "no"])),
    ("syslog-enabled", Bool),
    (
        "syslog-facility",
        Enum(&["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"]),
    ),
    ("syslog-ident", Text),
    ("tcp-backlog", Int(0, INT)),
    ("tcp-keepalive", Int(0, INT)),
    ("timeout", Int(0, INT)),
    ("tls-auth-clients", Enum(&["no", "yes", "optional"])),
    ("tls-ca-cert-dir", Text),
    ("tls-ca-cert-file", Text),
    ("tls-cert-file", Text),
    ("tls-ciphers", Text),
    ("tls-ciphersuites", Text),
    ("tls-client-cert-file", Text),
    ("tls-client-key-file", Text),
    ("tls-client-key-file-pass", Text),
    ("tls-cluster", Bool),
    ("tls-dh-params-file", Text),
    ("tls-key-file", Text),
    ("tls-key-file-pass", Text),
    ("tls-port", Int(0, PORT)),
    ("tls-prefer-server-ciphers", Bool),
    ("tls-protocols", Text),
    ("tls-replication", Bool),
    ("tls-session-cache-size", Int(0, INT)),
    ("tls-session-cache-timeout", Int(0, INT)),
    ("tls-session-caching", Bool),
    ("tracking-table-max-keys", Int(0, i64::MAX)),
    ("unixsocket", Text),
    ("unixsocketperm", Octal),
    ("zset-max-listpack-entries", Int(0, i64::MAX)),
    ("zset-max-listpack-value", Memory(0, LONG)),
    ("zset-max-ziplist-entries", Int(0, i64::MAX)),
    ("zset-max-ziplist-value", Memory(0, LONG)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_stand_in_order() {
        assert!(DIRECTIVES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(kind("replicaof"), Some(ReplicaOf));
        assert_eq!(kind("vm-enabled"), None);
    }
}
