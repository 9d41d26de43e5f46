//! What processes keep on disk, typed: configuration files, snapshots, the append-only file. Plain data; the world
//! stores it and decides what a power loss leaves.

use crate::acl::Acl;
use crate::ids::{Addr, Epoch, Ip, Name, ReplId, ReplOffset, SentinelId};
use crate::planted::Plant;
use crate::redis::dataset::Dataset;
use crate::time::Millis;
use crate::value::Command;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `sentinel.conf`: what Sentinel reads at start and rewrites itself (Sentinel spec 9.2, 11.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentinelConf {
    /// `port`
    pub port: u16,
    /// `sentinel myid`; drawn at the first start.
    pub myid: Option<SentinelId>,
    /// `sentinel announce-ip` and `announce-port`, if they give an address.
    pub announce: Option<Addr>,
    /// `sentinel current-epoch`
    pub current_epoch: Epoch,
    /// `requirepass`
    pub requirepass: Option<String>,
    /// `user` lines.
    #[serde(default, skip_serializing_if = "Acl::is_plain")]
    pub acl: Acl,
    /// `sentinel sentinel-user`
    pub sentinel_user: Option<String>,
    /// `sentinel sentinel-pass`
    pub sentinel_pass: Option<String>,
    /// `sentinel deny-scripts-reconfig`
    pub deny_scripts_reconfig: bool,
    /// `sentinel resolve-hostnames`: names are taken where addresses are; otherwise only numbers (spec 11.4).
    #[serde(default)]
    pub resolve_hostnames: bool,
    /// `sentinel announce-hostnames`: what was given as a name is told as a name.
    #[serde(default)]
    pub announce_hostnames: bool,
    /// `sentinel monitor …` with all that belongs to it.
    pub masters: Vec<MasterConf>,
    /// A bug planted on purpose; none in any file.
    #[serde(skip)]
    pub planted: Plant,
}

impl Default for SentinelConf {
    fn default() -> SentinelConf {
        SentinelConf {
            port: 26379,
            myid: None,
            announce: None,
            current_epoch: Epoch(0),
            requirepass: None,
            acl: Acl::default(),
            sentinel_user: None,
            sentinel_pass: None,
            deny_scripts_reconfig: true,
            resolve_hostnames: false,
            announce_hostnames: false,
            masters: Vec::new(),
            planted: Plant::NONE,
        }
    }
}

/// One monitored master in `sentinel.conf`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterConf {
    /// Its name.
    pub name: Name,
    /// Its address.
    pub addr: Addr,
    /// Sentinels that must agree.
    pub quorum: u32,
    /// `down-after-milliseconds`
    pub down_after: Millis,
    /// `failover-timeout`
    pub failover_timeout: Millis,
    /// `parallel-syncs`
    pub parallel_syncs: i32,
    /// `master-reboot-down-after-period`
    pub master_reboot_down_after: Millis,
    /// `auth-user`
    pub auth_user: Option<String>,
    /// `auth-pass`
    pub auth_pass: Option<String>,
    /// `config-epoch`
    pub config_epoch: Epoch,
    /// `leader-epoch`
    pub leader_epoch: Epoch,
    /// `known-replica` lines.
    pub known_replicas: Vec<Addr>,
    /// `known-sentinel` lines.
    pub known_sentinels: Vec<(Addr, SentinelId)>,
    /// `notification-script`
    pub notification_script: Option<Script>,
    /// `client-reconfig-script`
    pub client_reconfig_script: Option<Script>,
    /// `rename-command` lines: the command in lower case, and its other name.
    pub renamed: Vec<(String, Name)>,
}

/// A script of Sentinel, and how running it goes: nothing is executed in a simulation, so it has to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Its path.
    pub path: String,
    /// How it ends.
    pub exit: ScriptExit,
    /// How long it runs.
    pub takes: Millis,
}

impl Script {
    /// A script that succeeds within 50 ms.
    pub fn new(path: impl Into<String>) -> Script {
        Script { path: path.into(), exit: ScriptExit::Code(0), takes: Millis(50) }
    }
}

/// How a script ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptExit {
    /// By itself, with this exit code: 0 is success, 1 asks for another attempt, 2 stands also for a failed exec.
    Code(u8),
    /// By a signal.
    Signal(u8),
}

impl MasterConf {
    /// A master with Redis' defaults: down-after 30 s, failover-timeout 180 s, parallel-syncs 1.
    pub fn new(name: Name, addr: Addr, quorum: u32) -> MasterConf {
        MasterConf {
            name,
            addr,
            quorum,
            down_after: Millis(30_000),
            failover_timeout: Millis(180_000),
            parallel_syncs: 1,
            master_reboot_down_after: Millis(0),
            auth_user: None,
            auth_pass: None,
            config_epoch: Epoch(0),
            leader_epoch: Epoch(0),
            known_replicas: Vec::new(),
            known_sentinels: Vec::new(),
            notification_script: None,
            client_reconfig_script: None,
            renamed: Vec::new(),
        }
    }
}

/// `appendfsync`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppendFsync {
    /// Before every reply.
    Always,
    /// Once a second, in the background.
    Everysec,
    /// When the operating system likes.
    No,
}

/// `maxmemory-policy`. The `volatile-` policies take only keys with an expiry; there are none here, so that each of them
/// acts as `noeviction`, as in a real server without such keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaxmemoryPolicy {
    /// Writes that take memory are refused.
    #[default]
    NoEviction,
    /// Any key goes.
    AllkeysRandom,
    /// Of a few keys looked at, the one not used for longest goes.
    AllkeysLru,
}

/// One class of `client-output-buffer-limit`; 0 for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputLimit {
    /// From so many bytes on, the client is closed.
    pub hard: u64,
    /// From so many bytes on, the client is closed if it stays there.
    pub soft: u64,
    /// For more than so many seconds.
    pub soft_seconds: u32,
}

impl OutputLimit {
    /// The default for replicas: 256 MiB, or 64 MiB for 60 seconds.
    pub const fn replica() -> OutputLimit {
        OutputLimit { hard: 256 << 20, soft: 64 << 20, soft_seconds: 60 }
    }

    /// The default for subscribers: 32 MiB, or 8 MiB for 60 seconds.
    pub const fn pubsub() -> OutputLimit {
        OutputLimit { hard: 32 << 20, soft: 8 << 20, soft_seconds: 60 }
    }
}

/// `redis.conf`, the directives that matter to replication, persistence and clients (Redis spec 18).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedisConf {
    /// `port`
    pub port: u16,
    /// `replicaof`
    pub replicaof: Option<Addr>,
    /// `requirepass`
    pub requirepass: Option<String>,
    /// `user` lines.
    #[serde(default, skip_serializing_if = "Acl::is_plain")]
    pub acl: Acl,
    /// `masterauth`
    pub masterauth: Option<String>,
    /// `masteruser`
    pub masteruser: Option<String>,
    /// `replica-priority`
    pub replica_priority: u32,
    /// `replica-announced`
    pub replica_announced: bool,
    /// `replica-serve-stale-data`
    pub replica_serve_stale_data: bool,
    /// `replica-read-only`
    pub replica_read_only: bool,
    /// `min-replicas-to-write`
    pub min_replicas_to_write: u32,
    /// `min-replicas-max-lag`, seconds
    pub min_replicas_max_lag: u32,
    /// `repl-timeout`, seconds
    pub repl_timeout: u32,
    /// `repl-ping-replica-period`, seconds
    pub repl_ping_replica_period: u32,
    /// `repl-backlog-size`, bytes
    pub repl_backlog_size: u64,
    /// `repl-backlog-ttl`, seconds
    pub repl_backlog_ttl: u32,
    /// `repl-diskless-sync`
    pub repl_diskless_sync: bool,
    /// `repl-diskless-sync-delay`, seconds
    pub repl_diskless_sync_delay: u32,
    /// `repl-diskless-sync-max-replicas`
    pub repl_diskless_sync_max_replicas: u32,
    /// `appendonly`
    pub appendonly: bool,
    /// `appendfsync`
    pub appendfsync: AppendFsync,
    /// `save` points: seconds and changes; empty for `save ""`.
    pub save: Vec<(u32, u32)>,
    /// `stop-writes-on-bgsave-error`
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub stop_writes_on_bgsave_error: bool,
    /// `shutdown-timeout`, seconds
    pub shutdown_timeout: u32,
    /// `maxclients`
    pub maxclients: u32,
    /// `rename-command` lines: the command in lower case, and its other name.
    pub renamed: Vec<(String, Name)>,
    /// `replica-announce-ip`
    pub replica_announce_ip: Option<Ip>,
    /// `replica-announce-port`; 0 for the port itself.
    pub replica_announce_port: u16,
    /// `maxmemory`, bytes; 0 for no limit.
    pub maxmemory: u64,
    /// `maxmemory-policy`
    #[serde(default)]
    pub maxmemory_policy: MaxmemoryPolicy,
    /// `client-output-buffer-limit replica`
    #[serde(default = "OutputLimit::replica")]
    pub replica_output_limit: OutputLimit,
    /// `client-output-buffer-limit pubsub`
    #[serde(default = "OutputLimit::pubsub")]
    pub pubsub_output_limit: OutputLimit,
    /// `client-output-buffer-limit normal`
    #[serde(default)]
    pub normal_output_limit: OutputLimit,
    /// Bytes of keys that a master holds when it is started for the first time, beside those that clients write. No
    /// directive: what DEBUG POPULATE would do at that moment.
    pub dataset: u64,
    /// Whether the process has a configuration file it may write.
    pub writable: bool,
    /// A bug planted on purpose; none in any file.
    #[serde(skip)]
    pub planted: Plant,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_yes(value: &bool) -> bool {
    *value
}

impl Default for RedisConf {
    fn default() -> RedisConf {
        RedisConf {
            port: 6379,
            replicaof: None,
            requirepass: None,
            acl: Acl::default(),
            masterauth: None,
            masteruser: None,
            replica_priority: 100,
            replica_announced: true,
            replica_serve_stale_data: true,
            replica_read_only: true,
            min_replicas_to_write: 0,
            min_replicas_max_lag: 10,
            repl_timeout: 60,
            repl_ping_replica_period: 10,
            repl_backlog_size: 1 << 20,
            repl_backlog_ttl: 3600,
            repl_diskless_sync: true,
            repl_diskless_sync_delay: 5,
            repl_diskless_sync_max_replicas: 0,
            appendonly: false,
            appendfsync: AppendFsync::Everysec,
            save: vec![(3600, 1), (300, 100), (60, 10_000)],
            stop_writes_on_bgsave_error: true,
            shutdown_timeout: 10,
            maxclients: 10_000,
            renamed: Vec::new(),
            replica_announce_ip: None,
            replica_announce_port: 0,
            maxmemory: 0,
            maxmemory_policy: MaxmemoryPolicy::NoEviction,
            replica_output_limit: OutputLimit::replica(),
            pubsub_output_limit: OutputLimit::pubsub(),
            normal_output_limit: OutputLimit::default(),
            dataset: 0,
            writable: true,
            planted: Plant::NONE,
        }
    }
}

/// A position in the history of writes: how many writes the branch `id` had seen. Invisible to the protocol; kept so
/// that a judge can tell which writes a dataset descends from even where byte offsets restart. A branch is born
/// whenever a server takes a new replication id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The branch: a replication id.
    pub id: ReplId,
    /// Writes applied on it so far.
    pub writes: u64,
}

/// A complete dataset as an RDB file or a full sync carries it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The keys.
    pub data: Dataset,
    /// Replication id and offset at the fork, if the file carries them.
    pub repl: Option<(ReplId, ReplOffset)>,
    /// Which writes are in it.
    pub lineage: Lineage,
    /// Size in bytes.
    pub bytes: u64,
}

/// One entry of the append-only file: a write and the lineage after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AofEntry {
    /// The write.
    pub command: Command,
    /// Position after it.
    pub lineage: Lineage,
}

/// The append-only file.
#[derive(Clone, Debug, Default)]
pub struct AofFile {
    /// What it starts from.
    pub base: Option<Arc<Snapshot>>,
    /// Writes behind it.
    pub entries: Vec<AofEntry>,
}

/// What a Redis server finds on disk at start.
#[derive(Clone, Debug, Default)]
pub struct RedisFiles {
    /// `redis.conf`
    pub conf: RedisConf,
    /// `dump.rdb`
    pub rdb: Option<Arc<Snapshot>>,
    /// The append-only file, if one was ever written.
    pub aof: Option<AofFile>,
}
