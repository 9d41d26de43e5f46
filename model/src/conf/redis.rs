//! `redis.conf` (Redis spec 18), and the directives that `sentinel.conf` shares with it.

use super::check::{Checked, check, is_no_one};
use super::directives::{self, RETIRED, SENTINEL_COMMANDS};
use super::number::{ipv4, memory, strtol};
use super::split::{Arg, Line, lines};
use super::{ConfError, Ignored, Read, Resolve, UNRESOLVED, error_at};
use crate::files::{AppendFsync, MaxmemoryPolicy, OutputLimit, RedisConf};
use crate::{Addr, Ip};

/// Which program reads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Redis,
    Sentinel,
}

/// What a file says so far.
pub(super) struct Reader<'r> {
    pub(super) conf: RedisConf,
    pub(super) ignored: Vec<Ignored>,
    mode: Mode,
    resolve: Resolve<'r>,
    /// The first `save` line replaces the default save points, later ones add to it.
    saved: bool,
    /// A policy that is not modelled takes keys away: then `maxmemory` has no effect here.
    unmodelled: bool,
    cluster: bool,
    /// The first setting of a module (`name.option`), unless a module is loaded.
    module_setting: Option<Line>,
    loads_module: bool,
}

pub(super) fn read(text: &str, resolve: Resolve<'_>) -> Result<Read<RedisConf>, ConfError> {
    let mut reader = Reader::new(Mode::Redis, resolve);
    let mut last = None;
    for line in lines(text) {
        let line = line?;
        if line.name() == "sentinel" && line.args.len() > 1 {
            let message = "sentinel directive while not in sentinel mode";
            return Err(error_at(&line, None, message, "a directive of redis.conf"));
        }
        reader.line(&line)?;
        last = Some(line);
    }
    reader.finish(last.as_ref())?;
    Ok(Read { conf: reader.conf, ignored: reader.ignored, refused: Vec::new() })
}

/// An address written in numbers.
pub(super) fn numeric(host: &str) -> Option<Ip> {
    ipv4(host).map(Ip::in_numbers)
}

impl<'r> Reader<'r> {
    pub(super) fn new(mode: Mode, resolve: Resolve<'r>) -> Reader<'r> {
        Reader {
            conf: RedisConf::default(),
            ignored: Vec::new(),
            mode,
            resolve,
            saved: false,
            unmodelled: false,
            cluster: false,
            module_setting: None,
            loads_module: false,
        }
    }

    /// The address of a host by its name.
    pub(super) fn look_up(&mut self, host: &str) -> Option<Ip> {
        (self.resolve)(host)
    }

    pub(super) fn ignore(&mut self, line: &Line, directive: &str) {
        self.ignored.push(Ignored { line: line.number, directive: directive.to_owned() });
    }

    /// One line that is not about Sentinel (`loadServerConfigFromString`).
    pub(super) fn line(&mut self, line: &Line) -> Result<(), ConfError> {
        let name = line.name();
        if let Some(kind) = directives::kind(name) {
            let checked = check(line, kind)?;
            if !self.apply(name, &checked) {
                self.ignore(line, name);
            }
            return Ok(());
        }
        match (name, line.args.len()) {
            (name, 2) if RETIRED.contains(&name) => self.ignore(line, name),
            ("user" | "loadmodule", 2..) => {
                self.loads_module |= name == "loadmodule";
                self.ignore(line, name);
            }
            (name, 1) if name.contains('.') => {
                let message = "Module config specified without value";
                return Err(error_at(line, None, message, ""));
            }
            (name, _) if name.contains('.') => {
                self.module_setting.get_or_insert_with(|| line.clone());
                self.ignore(line, name);
            }
            ("sentinel", 1) => {}
            ("rename-command", 3) => self.rename_command(line)?,
            ("include", 2) => {
                let message = "other files cannot be included here";
                let expected = "the lines of that file in place of this one";
                return Err(error_at(line, line.args.get(1), message, expected));
            }
            _ => {
                let message = "Bad directive or wrong number of arguments";
                let expected = match self.mode {
                    Mode::Redis => "a directive of redis.conf 7.0",
                    Mode::Sentinel => "`sentinel …` or a directive of redis.conf 7.0",
                };
                return Err(error_at(line, Some(&line.args[0]), message, expected));
            }
        }
        Ok(())
    }

    fn rename_command(&mut self, line: &Line) -> Result<(), ConfError> {
        let command = line.args[1].text.to_ascii_lowercase();
        if self.mode == Mode::Sentinel && !SENTINEL_COMMANDS.contains(&&*command) {
            let message = "No such command in rename-command";
            return Err(error_at(line, line.args.get(1), message, "a command of Sentinel"));
        }
        if self.mode == Mode::Sentinel {
            self.ignore(line, "rename-command");
            return Ok(());
        }
        self.conf.renamed.retain(|(known, _)| *known != command);
        self.conf.renamed.push((command, line.args[2].text.as_str().into()));
        Ok(())
    }

    /// What can only be said at the end.
    pub(super) fn finish(&self, last: Option<&Line>) -> Result<(), ConfError> {
        if let (Some(last), true, Some(_)) = (last, self.cluster, self.conf.replicaof) {
            let message = "replicaof directive not allowed in cluster mode";
            return Err(error_at(last, None, message, ""));
        }
        match &self.module_setting {
            // A Sentinel loads no modules and never looks at their settings.
            Some(line) if self.mode == Mode::Redis && !self.loads_module => {
                let message =
                    "Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting";
                Err(error_at(line, Some(&line.args[0]), message, "a directive of redis.conf 7.0"))
            }
            _ => Ok(()),
        }
    }

    /// Takes a directive over; false if the model has no use for it.
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
            "replica-serve-stale-data" | "slave-serve-stale-data" => &mut conf.replica_serve_stale_data,
            "replica-read-only" | "slave-read-only" => &mut conf.replica_read_only,
            "repl-diskless-sync" => &mut conf.repl_diskless_sync,
            "appendonly" => &mut conf.appendonly,
            "stop-writes-on-bgsave-error" => &mut conf.stop_writes_on_bgsave_error,
            "cluster-enabled" => {
                self.cluster = yes;
                return false;
            }
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
            "replica-announce-port" | "slave-announce-port" => {
                conf.replica_announce_port = u16::try_from(number).unwrap_or(u16::MAX);
                return true;
            }
            "replica-priority" | "slave-priority" => &mut conf.replica_priority,
            "min-replicas-to-write" | "min-slaves-to-write" => &mut conf.min_replicas_to_write,
            "min-replicas-max-lag" | "min-slaves-max-lag" => &mut conf.min_replicas_max_lag,
            "repl-timeout" => &mut conf.repl_timeout,
            "repl-ping-replica-period" | "repl-ping-slave-period" => &mut conf.repl_ping_replica_period,
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
            "replica-announce-ip" | "slave-announce-ip" => {
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
            "replicaof" | "slaveof" => self.replicaof(words),
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
