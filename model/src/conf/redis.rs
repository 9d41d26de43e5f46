//! `redis.conf` (Redis spec 18): what the model takes from the directives, and the directives that `sentinel.conf`
//! shares with it.

use super::check::{Checked, is_no_one};
use super::load::{Around, Loader};
use super::number::{ipv4, memory, strtol};
use super::split::{Arg, Line, as_c_strings};
use super::{ConfError, Ignored, Read, Resolve, UNRESOLVED};
use crate::files::{AppendFsync, MaxmemoryPolicy, OutputLimit, RedisConf};
use crate::{Addr, Ip};

/// Which program reads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Redis,
    Sentinel,
}

/// What the model takes from the directives so far.
pub(super) struct Reader<'r> {
    pub(super) conf: RedisConf,
    pub(super) ignored: Vec<Ignored>,
    pub(super) around: Around<'r>,
    /// The first `save` line replaces the default save points, later ones add to it.
    saved: bool,
    /// A policy that is not modelled takes keys away: then `maxmemory` has no effect here.
    unmodelled: bool,
}

pub(super) fn read(text: &str, resolve: Resolve<'_>) -> Result<Read<RedisConf>, ConfError> {
    let mut loader = Loader::new(Mode::Redis, Around::Names(resolve));
    loader.load(&as_c_strings(text.as_bytes()))?;
    loader.module_settings()?;
    Ok(Read { conf: loader.reader.conf, ignored: loader.reader.ignored, refused: Vec::new() })
}

/// An address written in numbers.
pub(super) fn numeric(host: &str) -> Option<Ip> {
    ipv4(host).map(Ip::in_numbers)
}

impl<'r> Reader<'r> {
    pub(super) fn new(around: Around<'r>) -> Reader<'r> {
        Reader { conf: RedisConf::default(), ignored: Vec::new(), around, saved: false, unmodelled: false }
    }

    /// The address of a host by its name.
    pub(super) fn look_up(&mut self, host: &str) -> Option<Ip> {
        self.around.look_up(host)
    }

    pub(super) fn ignore(&mut self, line: &Line, directive: &str) {
        self.ignored.push(Ignored { line: line.number, directive: directive.to_owned() });
    }

    /// Takes a directive over, by the name under which Redis writes it; false if the model has no use for it.
    pub(super) fn apply(&mut self, name: &str, value: &Checked) -> bool {
        match value {
            Checked::Bool(yes) => self.apply_bool(name, *yes),
            Checked::Int(number) => self.apply_int(name, *number),
            Checked::Memory(bytes) if name == "repl-backlog-size" => {
                self.conf.repl_backlog_size = *bytes;
                true
            }
            Checked::Memory(bytes) if name == "maxmemory" && !self.unmodelled => {
                self.conf.maxmemory = *bytes;
                true
            }
            Checked::Memory(_) => false,
            Checked::Words(words) => self.apply_words(name, words),
        }
    }

    fn apply_bool(&mut self, name: &str, yes: bool) -> bool {
        let conf = &mut self.conf;
        let field = match name {
            "replica-announced" => &mut conf.replica_announced,
            "replica-serve-stale-data" => &mut conf.replica_serve_stale_data,
            "replica-read-only" => &mut conf.replica_read_only,
            "repl-diskless-sync" => &mut conf.repl_diskless_sync,
            "appendonly" => &mut conf.appendonly,
            "stop-writes-on-bgsave-error" => &mut conf.stop_writes_on_bgsave_error,
            _ => return false,
        };
        *field = yes;
        true
    }

    fn apply_int(&mut self, name: &str, number: i64) -> bool {
        let conf = &mut self.conf;
        let field = match name {
            "port" => {
                conf.port = u16::try_from(number).unwrap_or(u16::MAX);
                return true;
            }
            "replica-announce-port" => {
                conf.replica_announce_port = u16::try_from(number).unwrap_or(u16::MAX);
                return true;
            }
            "replica-priority" => &mut conf.replica_priority,
            "min-replicas-to-write" => &mut conf.min_replicas_to_write,
            "min-replicas-max-lag" => &mut conf.min_replicas_max_lag,
            "repl-timeout" => &mut conf.repl_timeout,
            "repl-ping-replica-period" => &mut conf.repl_ping_replica_period,
            "repl-backlog-ttl" => &mut conf.repl_backlog_ttl,
            "repl-diskless-sync-delay" => &mut conf.repl_diskless_sync_delay,
            "repl-diskless-sync-max-replicas" => &mut conf.repl_diskless_sync_max_replicas,
            "shutdown-timeout" => &mut conf.shutdown_timeout,
            "maxclients" => &mut conf.maxclients,
            _ => return false,
        };
        *field = u32::try_from(number).unwrap_or(u32::MAX);
        true
    }

    fn apply_words(&mut self, name: &str, words: &[Arg]) -> bool {
        let text = || words.first().map(|word| word.text.clone());
        // An empty password or user name means none.
        let filled = || text().filter(|text| !text.is_empty());
        match name {
            "replica-announce-ip" => {
                let host = text().unwrap_or_default();
                self.conf.replica_announce_ip = numeric(&host).or_else(|| Ip::named(&host));
                return self.conf.replica_announce_ip.is_some() || host.is_empty();
            }
            "maxmemory-policy" => match &*text().unwrap_or_default().to_ascii_lowercase() {
                "allkeys-random" => self.conf.maxmemory_policy = MaxmemoryPolicy::AllkeysRandom,
                "allkeys-lru" => self.conf.maxmemory_policy = MaxmemoryPolicy::AllkeysLru,
                // How often a key was used is not counted.
                "allkeys-lfu" => {
                    self.unmodelled = true;
                    self.conf.maxmemory = 0;
                    return false;
                }
                _ => self.conf.maxmemory_policy = MaxmemoryPolicy::NoEviction,
            },
            "client-output-buffer-limit" => self.output_limits(words),
            "requirepass" => self.conf.requirepass = filled(),
            "masterauth" => self.conf.masterauth = filled(),
            "masteruser" => self.conf.masteruser = filled(),
            "appendfsync" => {
                self.conf.appendfsync = match &*text().unwrap_or_default().to_ascii_lowercase() {
                    "always" => AppendFsync::Always,
                    "no" => AppendFsync::No,
                    _ => AppendFsync::Everysec,
                };
            }
            "save" => self.save(words),
            "replicaof" => self.replicaof(words),
            _ => return false,
        }
        true
    }

    /// Groups of class, hard limit, soft limit and its seconds.
    fn output_limits(&mut self, words: &[Arg]) {
        for group in words.chunks_exact(4) {
            let bytes = |arg: &Arg| memory(&arg.text).unwrap_or(0);
            let soft_seconds = u32::try_from(strtol(&group[3].text).0).unwrap_or(0);
            let limit = OutputLimit { hard: bytes(&group[1]), soft: bytes(&group[2]), soft_seconds };
            match &*group[0].text.to_ascii_lowercase() {
                "replica" | "slave" => self.conf.replica_output_limit = limit,
                "pubsub" => self.conf.pubsub_output_limit = limit,
                _ => self.conf.normal_output_limit = limit,
            }
        }
    }

    fn save(&mut self, words: &[Arg]) {
        let cleared = matches!(words, [only] if only.text.is_empty());
        if cleared || !self.saved {
            self.conf.save.clear();
        }
        self.saved = true;
        let number = |arg: &Arg| u32::try_from(strtol(&arg.text).0).unwrap_or(u32::MAX);
        for pair in words.chunks_exact(2) {
            self.conf.save.push((number(&pair[0]), number(&pair[1])));
        }
    }

    fn replicaof(&mut self, words: &[Arg]) {
        let [host, port] = words else { return };
        if is_no_one(host, port) {
            self.conf.replicaof = None;
            return;
        }
        let ip = numeric(&host.text).or_else(|| self.look_up(&host.text));
        self.conf.replicaof = Some(Addr { ip: ip.unwrap_or(UNRESOLVED), port: strtol(&port.text).0 as u16 });
    }
}
