//! The one place where scenarios read `sentinel.conf` and `redis.conf` in Redis' own syntax. A reader of the
//! directives that matter here; every other directive is returned by name.

use splitbrain_model::Ip;
use splitbrain_model::files::{AppendFsync, MasterConf, RedisConf, SentinelConf};
use splitbrain_model::{Addr, Millis};

/// What is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfFileError {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

/// Reads a `sentinel.conf`; `resolve` turns host names and addresses into addresses.
///
/// # Errors
/// At the first line that Sentinel would refuse.
pub fn read_sentinel_conf(
    text: &str,
    resolve: &mut dyn FnMut(&str) -> Option<Ip>,
) -> Result<(SentinelConf, Vec<String>), ConfFileError> {
    let mut conf = SentinelConf::default();
    let mut ignored = Vec::new();
    let lines: Vec<Line> = lines(text);
    // `monitor` first: the directives of a master may stand before it.
    for line in lines.iter().filter(|line| line.is("sentinel") && line.word(1) == "monitor") {
        let [name, host, port, quorum] = line.arguments::<4>(2)?;
        let ip = resolve(host).ok_or_else(|| line.error(format!("cannot resolve `{host}`")))?;
        let port = line.number(port, 0, 65_535)? as u16;
        let quorum = line.number(quorum, 1, i64::from(i32::MAX))? as u32;
        if conf.masters.iter().any(|master| &*master.name == name) {
            return Err(line.error(format!("the master `{name}` is monitored twice")));
        }
        conf.masters.push(MasterConf::new(name.into(), Addr { ip, port }, quorum));
    }
    for line in &lines {
        match line.word(0) {
            "port" => conf.port = line.number(line.word(1), 1, 65_535)? as u16,
            "requirepass" => conf.requirepass = Some(line.word(1).to_owned()).filter(|pass| !pass.is_empty()),
            "sentinel" => sentinel_directive(line, &mut conf, &mut ignored)?,
            other => note(&mut ignored, other),
        }
    }
    Ok((conf, ignored))
}

fn sentinel_directive(line: &Line, conf: &mut SentinelConf, ignored: &mut Vec<String>) -> Result<(), ConfFileError> {
    let most = i64::from(i32::MAX);
    let directive = line.word(1);
    match directive {
        "monitor" => {}
        "sentinel-user" => conf.sentinel_user = Some(line.word(2).to_owned()),
        "sentinel-pass" => conf.sentinel_pass = Some(line.word(2).to_owned()),
        "down-after-milliseconds"
        | "failover-timeout"
        | "parallel-syncs"
        | "auth-pass"
        | "auth-user"
        | "master-reboot-down-after-period" => {
            let [name, value] = line.arguments::<2>(2)?;
            let Some(master) = conf.masters.iter_mut().find(|master| &*master.name == name) else {
                return Err(line.error(format!("no such master with specified name: `{name}`")));
            };
            match directive {
                "down-after-milliseconds" => master.down_after = Millis(line.number(value, 1, i64::MAX)?),
                "failover-timeout" => master.failover_timeout = Millis(line.number(value, 1, i64::MAX)?),
                "parallel-syncs" => master.parallel_syncs = line.number(value, -most, most)? as i32,
                "auth-pass" => master.auth_pass = Some(value.to_owned()),
                "auth-user" => master.auth_user = Some(value.to_owned()),
                _ => master.master_reboot_down_after = Millis(line.number(value, 0, i64::MAX)?),
            }
        }
        "announce-ip"
        | "announce-port"
        | "deny-scripts-reconfig"
        | "resolve-hostnames"
        | "announce-hostnames"
        | "notification-script"
        | "client-reconfig-script"
        | "rename-command"
        | "myid"
        | "current-epoch"
        | "config-epoch"
        | "leader-epoch"
        | "known-replica"
        | "known-slave"
        | "known-sentinel" => note(ignored, directive),
        _ => return Err(line.error(format!("unknown directive `sentinel {directive}`"))),
    }
    Ok(())
}

/// Reads a `redis.conf`.
///
/// # Errors
/// At the first line that Redis would refuse.
pub fn read_redis_conf(text: &str) -> Result<(RedisConf, Vec<String>), ConfFileError> {
    let mut conf = RedisConf::default();
    let mut ignored = Vec::new();
    let mut saves: Option<Vec<(u32, u32)>> = None;
    let most = i64::from(i32::MAX);
    for line in lines(text) {
        let value = line.word(1);
        let count = |least: i64| line.number(value, least, most).map(|number| number as u32);
        match line.word(0) {
            "port" => conf.port = line.number(value, 1, 65_535)? as u16,
            "requirepass" => conf.requirepass = Some(value.to_owned()).filter(|pass| !pass.is_empty()),
            "masterauth" => conf.masterauth = Some(value.to_owned()).filter(|pass| !pass.is_empty()),
            "masteruser" => conf.masteruser = Some(value.to_owned()).filter(|user| !user.is_empty()),
            "replica-priority" | "slave-priority" => conf.replica_priority = count(0)?,
            "replica-announced" => conf.replica_announced = line.flag()?,
            "replica-serve-stale-data" | "slave-serve-stale-data" => conf.replica_serve_stale_data = line.flag()?,
            "replica-read-only" | "slave-read-only" => conf.replica_read_only = line.flag()?,
            "min-replicas-to-write" | "min-slaves-to-write" => conf.min_replicas_to_write = count(0)?,
            "min-replicas-max-lag" | "min-slaves-max-lag" => conf.min_replicas_max_lag = count(0)?,
            "repl-timeout" => conf.repl_timeout = count(1)?,
            "repl-ping-replica-period" | "repl-ping-slave-period" => conf.repl_ping_replica_period = count(1)?,
            "repl-backlog-size" => {
                conf.repl_backlog_size =
                    crate::quantity::bytes(value).map_err(|expected| line.error(format!("expected {expected}")))?;
            }
            "repl-backlog-ttl" => conf.repl_backlog_ttl = count(0)?,
            "repl-diskless-sync" => conf.repl_diskless_sync = line.flag()?,
            "repl-diskless-sync-delay" => conf.repl_diskless_sync_delay = count(0)?,
            "repl-diskless-sync-max-replicas" => conf.repl_diskless_sync_max_replicas = count(0)?,
            "appendonly" => conf.appendonly = line.flag()?,
            "appendfsync" => {
                conf.appendfsync = match value {
                    "always" => AppendFsync::Always,
                    "everysec" => AppendFsync::Everysec,
                    "no" => AppendFsync::No,
                    _ => return Err(line.error("expected `always`, `everysec` or `no`")),
                }
            }
            "save" if value.is_empty() => saves = Some(Vec::new()),
            "save" => {
                let numbers: Vec<u32> = line.words[1..]
                    .iter()
                    .map(|word| line.number(word, 0, most).map(|n| n as u32))
                    .collect::<Result<_, _>>()?;
                if !numbers.len().is_multiple_of(2) {
                    return Err(line.error("expected pairs of seconds and changes"));
                }
                saves.get_or_insert_default().extend(numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])));
            }
            "shutdown-timeout" => conf.shutdown_timeout = count(0)?,
            "maxclients" => conf.maxclients = count(1)?,
            other => note(&mut ignored, other),
        }
    }
    conf.save = saves.unwrap_or(conf.save);
    Ok((conf, ignored))
}

fn note(ignored: &mut Vec<String>, directive: &str) {
    if !ignored.iter().any(|known| known == directive) {
        ignored.push(directive.to_owned());
    }
}

/// One directive with its arguments.
struct Line {
    number: u32,
    column: u32,
    words: Vec<String>,
}

impl Line {
    fn is(&self, directive: &str) -> bool {
        self.word(0) == directive
    }

    fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }

    fn arguments<const N: usize>(&self, from: usize) -> Result<[&str; N], ConfFileError> {
        if self.words.len() != from + N {
            return Err(self.error(format!("expected {N} arguments")));
        }
        Ok(std::array::from_fn(|index| self.word(from + index)))
    }

    fn number(&self, word: &str, least: i64, most: i64) -> Result<i64, ConfFileError> {
        let number = word.parse::<i64>().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| self.error(format!("found `{word}`, expected a number from {least} to {most}")))
    }

    fn flag(&self) -> Result<bool, ConfFileError> {
        match self.word(1) {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(self.error("expected `yes` or `no`")),
        }
    }

    fn error(&self, message: impl Into<String>) -> ConfFileError {
        ConfFileError { line: self.number, column: self.column, message: message.into() }
    }
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let mut words: Vec<String> = content.split_whitespace().map(unquoted).collect();
        words[0] = words[0].to_ascii_lowercase();
        if words[0] == "sentinel" && words.len() > 1 {
            words[1] = words[1].to_ascii_lowercase();
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        lines.push(Line { number: index as u32 + 1, column: indent as u32 + 1, words });
    }
    lines
}

fn unquoted(word: &str) -> String {
    let inner = |quote: char| word.strip_prefix(quote).and_then(|word| word.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(word).to_owned()
}
