//! Configuration files for real processes, from what a scenario says. Every directive that the model knows is written
//! out, whether it differs from the default or not.

use splitbrain::model::files::{AppendFsync, MaxmemoryPolicy, OutputLimit, RedisConf, SentinelConf};
use splitbrain::model::{Addr, Name};
use std::fmt::Write;

/// Where a process listens, and where its connections come from.
#[derive(Clone, Debug)]
pub struct Listen {
    /// `bind`
    pub bind: String,
    /// `bind-source-addr`, where the host's address is not the one that the kernel would choose.
    pub source: Option<String>,
}

impl Listen {
    fn lines(&self, port: u16) -> String {
        let mut text = format!("port {port}\nbind {}\nprotected-mode no\ndir .\n", self.bind);
        if let Some(source) = &self.source {
            let _ = writeln!(text, "bind-source-addr {source}");
        }
        text
    }
}

/// `redis.conf`
pub fn redis(conf: &RedisConf, listen: &Listen) -> String {
    let mut text = listen.lines(conf.port);
    let mut put = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{name} {value}");
    };
    put("logfile", &"redis.log");
    put("loglevel", &"notice");
    put("enable-debug-command", &"yes");
    for (name, value) in
        [("requirepass", &conf.requirepass), ("masterauth", &conf.masterauth), ("masteruser", &conf.masteruser)]
    {
        value.iter().for_each(|value| put(name, &quoted(value)));
    }
    put("replica-priority", &conf.replica_priority);
    put("replica-announced", &yes_no(conf.replica_announced));
    put("replica-serve-stale-data", &yes_no(conf.replica_serve_stale_data));
    put("replica-read-only", &yes_no(conf.replica_read_only));
    put("min-replicas-to-write", &conf.min_replicas_to_write);
    put("min-replicas-max-lag", &conf.min_replicas_max_lag);
    put("repl-timeout", &conf.repl_timeout);
    put("repl-ping-replica-period", &conf.repl_ping_replica_period);
    put("repl-backlog-size", &conf.repl_backlog_size);
    put("repl-backlog-ttl", &conf.repl_backlog_ttl);
    put("repl-diskless-sync", &yes_no(conf.repl_diskless_sync));
    put("repl-diskless-sync-delay", &conf.repl_diskless_sync_delay);
    put("repl-diskless-sync-max-replicas", &conf.repl_diskless_sync_max_replicas);
    put("appendonly", &yes_no(conf.appendonly));
    let fsync = match conf.appendfsync {
        AppendFsync::Always => "always",
        AppendFsync::Everysec => "everysec",
        AppendFsync::No => "no",
    };
    put("appendfsync", &fsync);
    let points: Vec<String> = conf.save.iter().map(|(seconds, changes)| format!("{seconds} {changes}")).collect();
    put("save", &if points.is_empty() { "\"\"".to_owned() } else { points.join(" ") });
    put("stop-writes-on-bgsave-error", &yes_no(conf.stop_writes_on_bgsave_error));
    put("shutdown-timeout", &conf.shutdown_timeout);
    put("maxclients", &conf.maxclients);
    conf.replica_announce_ip.iter().for_each(|ip| put("replica-announce-ip", ip));
    put("replica-announce-port", &conf.replica_announce_port);
    put("maxmemory", &conf.maxmemory);
    let policy = match conf.maxmemory_policy {
        MaxmemoryPolicy::NoEviction => "noeviction",
        MaxmemoryPolicy::AllkeysRandom => "allkeys-random",
        MaxmemoryPolicy::AllkeysLru => "allkeys-lru",
    };
    put("maxmemory-policy", &policy);
    let limits = [
        ("normal", conf.normal_output_limit),
        ("replica", conf.replica_output_limit),
        ("pubsub", conf.pubsub_output_limit),
    ];
    for (class, OutputLimit { hard, soft, soft_seconds }) in limits {
        put("client-output-buffer-limit", &format!("{class} {hard} {soft} {soft_seconds}"));
    }
    renamed(&conf.renamed, "rename-command", &mut put);
    if let Some(Addr { ip, port }) = conf.replicaof {
        put("replicaof", &format!("{ip} {port}"));
    }
    text
}

/// `sentinel.conf`
pub fn sentinel(conf: &SentinelConf, listen: &Listen) -> String {
    let mut text = listen.lines(conf.port);
    let mut put = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{name} {value}");
    };
    put("logfile", &"sentinel.log");
    put("loglevel", &"debug");
    conf.requirepass.iter().for_each(|pass| put("requirepass", &quoted(pass)));
    conf.myid.iter().for_each(|id| put("sentinel myid", id));
    conf.sentinel_user.iter().for_each(|user| put("sentinel sentinel-user", &quoted(user)));
    conf.sentinel_pass.iter().for_each(|pass| put("sentinel sentinel-pass", &quoted(pass)));
    if let Some(Addr { ip, port }) = conf.announce {
        put("sentinel announce-ip", &ip);
        put("sentinel announce-port", &port);
    }
    for master in &conf.masters {
        let of = |option: &str| format!("sentinel {option} {}", master.name);
        put("sentinel monitor", &format!("{} {} {} {}", master.name, master.addr.ip, master.addr.port, master.quorum));
        put(&of("down-after-milliseconds"), &master.down_after.0);
        put(&of("failover-timeout"), &master.failover_timeout.0);
        put(&of("parallel-syncs"), &master.parallel_syncs);
        put(&of("master-reboot-down-after-period"), &master.master_reboot_down_after.0);
        master.auth_user.iter().for_each(|user| put(&of("auth-user"), &quoted(user)));
        master.auth_pass.iter().for_each(|pass| put(&of("auth-pass"), &quoted(pass)));
        renamed(&master.renamed, &of("rename-command"), &mut put);
    }
    text
}

fn renamed(renamed: &[(String, Name)], directive: &str, put: &mut dyn FnMut(&str, &dyn std::fmt::Display)) {
    for (command, name) in renamed {
        put(directive, &format!("{command} {}", quoted(name)));
    }
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// A word as a configuration file takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let escaped: String = word
        .bytes()
        .map(|byte| match byte {
            b'"' => "\\\"".to_owned(),
            b'\\' => "\\\\".to_owned(),
            b' '..=b'~' => char::from(byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitbrain::model::Millis;
    use splitbrain::model::conf::{redis_conf, sentinel_conf};
    use splitbrain::model::files::MasterConf;

    fn listen() -> Listen {
        Listen { bind: "127.7.1.1".to_owned(), source: Some("127.7.1.1".to_owned()) }
    }

    #[test]
    fn a_server_reads_from_its_file_what_the_scenario_says() {
        let conf = RedisConf {
            port: 6380,
            replicaof: Some(Addr { ip: "127.7.1.2".parse().unwrap(), port: 6379 }),
            requirepass: Some("two words \"quoted\"".to_owned()),
            masterauth: Some("pass".to_owned()),
            replica_priority: 10,
            min_replicas_to_write: 1,
            repl_diskless_sync_delay: 0,
            appendonly: true,
            appendfsync: AppendFsync::Always,
            save: Vec::new(),
            maxmemory: 1 << 20,
            maxmemory_policy: MaxmemoryPolicy::AllkeysLru,
            renamed: vec![("config".to_owned(), "hidden".into())],
            ..RedisConf::default()
        };
        let read = redis_conf(&redis(&conf, &listen()), &mut |_| None).unwrap().conf;
        assert_eq!(read, conf);
        let plain = RedisConf::default();
        assert_eq!(redis_conf(&redis(&plain, &listen()), &mut |_| None).unwrap().conf, plain);
    }

    #[test]
    fn a_sentinel_reads_from_its_file_what_the_scenario_says() {
        let addr = Addr { ip: "127.7.1.1".parse().unwrap(), port: 6379 };
        let master = MasterConf {
            down_after: Millis(1_000),
            failover_timeout: Millis(3_000),
            parallel_syncs: 2,
            auth_pass: Some("pass".to_owned()),
            ..MasterConf::new("mymaster".into(), addr, 2)
        };
        let conf = SentinelConf { requirepass: Some("x".to_owned()), masters: vec![master], ..SentinelConf::default() };
        let read = sentinel_conf(&sentinel(&conf, &listen()), &mut |_| None).unwrap().conf;
        assert_eq!(read, conf);
    }
}
