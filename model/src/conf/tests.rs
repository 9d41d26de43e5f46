use super::*;
use crate::files::{AppendFsync, MasterConf, MaxmemoryPolicy, OutputLimit};
use crate::{Addr, Epoch, Millis};
use proptest::prelude::*;

const MASTER: &str = "port 26379\nsentinel monitor mymaster 10.0.0.1 6379 2\n";

fn nobody(_: &str) -> Option<Ip> {
    None
}

fn sentinel(text: &str) -> Result<Read<SentinelConf>, ConfError> {
    sentinel_conf(text, &mut nobody)
}

fn redis(text: &str) -> Result<Read<RedisConf>, ConfError> {
    redis_conf(text, &mut nobody)
}

/// Line and message of the error, as the real programs print them.
fn refusal<T: fmt::Debug>(read: Result<T, ConfError>) -> (u32, String) {
    let error = read.unwrap_err();
    (error.line, error.message)
}

fn at(last: u8, port: u16) -> Addr {
    Addr { ip: Ip(0x0a00_0000 + u32::from(last)), port }
}

#[test]
fn a_sentinel_file_is_read_whatever_the_order_of_its_lines() {
    let read = sentinel(
        "sentinel down-after-milliseconds mymaster 5000\n\
         sentinel known-replica mymaster 10.0.0.2 6379\n\
         sentinel known-slave mymaster 10.0.0.3 6380\n\
         sentinel known-sentinel mymaster 10.0.0.9 26379 00000000000000000000000000000000000000ff\n\
         sentinel monitor mymaster 10.0.0.1 6379 2\n\
         sentinel auth-pass mymaster \"two words\"\n\
         sentinel parallel-syncs mymaster 0\n\
         sentinel failover-timeout mymaster 3m\n\
         sentinel config-epoch mymaster 7\n\
         sentinel leader-epoch mymaster 9\n\
         sentinel current-epoch 5\n\
         sentinel announce-ip 10.0.0.7\n\
         requirepass s3cret\n\
         port 26380\n",
    )
    .unwrap();
    let id = "00000000000000000000000000000000000000ff".parse().unwrap();
    let master = MasterConf {
        down_after: Millis(5000),
        failover_timeout: Millis(3),
        parallel_syncs: 0,
        auth_pass: Some("two words".to_owned()),
        config_epoch: Epoch(7),
        leader_epoch: Epoch(9),
        known_replicas: vec![at(2, 6379), at(3, 6380)],
        known_sentinels: vec![(at(9, 26379), id)],
        ..MasterConf::new("mymaster".into(), at(1, 6379), 2)
    };
    let expected = SentinelConf {
        port: 26380,
        announce: Some(at(7, 26380)),
        // Raised by the config epoch, not by the leader epoch.
        current_epoch: Epoch(7),
        requirepass: Some("s3cret".to_owned()),
        masters: vec![master],
        ..SentinelConf::default()
    };
    assert_eq!(read.conf, expected);
    assert_eq!(read.ignored, []);
    assert_eq!(read.refused, []);
}

#[test]
fn sentinel_lines_are_refused_as_the_real_sentinel_refuses_them() {
    for (text, line, message) in [
        ("sentinel monitor m 10.0.0.1 6379 0", 1, "Quorum must be 1 or greater."),
        ("sentinel monitor m 10.0.0.1 6379 abc", 1, "Quorum must be 1 or greater."),
        ("sentinel monitor m 10.0.0.1 -1 2", 1, "Invalid port number."),
        ("sentinel monitor m 10.0.0.1:6379 2", 1, UNRECOGNIZED),
        ("sentinel monitor m 10.0.0.1 6379 2 # two", 1, UNRECOGNIZED),
        ("sentinel monitor m 256.1.1.1 6379 2", 1, "Can't resolve instance hostname."),
        ("sentinel monitor m 10.0.0.1 6379 2\nsentinel monitor m 10.0.0.2 6379 2", 2, "Duplicate master name."),
        ("sentinel down-after-milliseconds other 5000", 1, "No such master with specified name."),
        ("sentinel resolve-hostnames 1", 1, "Please specify yes or no for the resolve-hostnames option."),
        ("sentinel deny-scripts-reconfig maybe", 1, "Please specify yes or no for the deny-scripts-reconfig options."),
        ("sentinel myid abc", 1, "Malformed Sentinel id in myid option."),
        ("sentinel can-failover m yes", 1, UNRECOGNIZED),
        ("sentinel announce-ip", 1, UNRECOGNIZED),
        // Lines of other kinds are looked at first.
        ("sentinel monitor m 10.0.0.1 6379 0\nport 1\nfoo bar", 3, "Bad directive or wrong number of arguments"),
        ("rename-command CONFIG \"\"", 1, "No such command in rename-command"),
        ("\u{feff}port 26379", 1, "Bad directive or wrong number of arguments"),
        ("loglevel info", 1, "argument(s) must be one of the following: debug, verbose, notice, warning"),
        ("port\u{a0}26379", 1, "Bad directive or wrong number of arguments"),
    ] {
        assert_eq!(refusal(sentinel(text)), (line, message.to_owned()), "{text}");
    }
    for (line, message) in [
        ("down-after-milliseconds mymaster 0", "negative or zero time parameter."),
        ("failover-timeout mymaster abc", "negative or zero time parameter."),
        ("master-reboot-down-after-period mymaster -1", "negative time parameter."),
        ("down-after-milliseconds mymaster 5000 1", UNRECOGNIZED),
        ("notification-script mymaster \"\"", "Notification script seems non existing or non executable."),
        ("auth-pass mymaster \"oops", "Unbalanced quotes in configuration line"),
    ] {
        let text = format!("{MASTER}sentinel {line}\n");
        assert_eq!(refusal(sentinel(&text)), (3, message.to_owned()), "{line}");
    }
}

const UNRECOGNIZED: &str = "Unrecognized sentinel configuration statement.";

#[test]
fn duplicates_of_replicas_sentinels_and_renamed_commands_are_refused() {
    let id = "1".repeat(40);
    for (first, second, message) in [
        (
            "known-replica mymaster 10.0.0.2 6379".to_owned(),
            "known-slave mymaster 10.0.0.2 6379".to_owned(),
            "Duplicate hostname and port for replica.",
        ),
        (
            format!("known-sentinel mymaster 10.0.0.2 26379 {id}"),
            format!("known-sentinel mymaster 10.0.0.3 26379 {id}"),
            "Duplicate runid for sentinel.",
        ),
        (
            "rename-command mymaster CONFIG X".to_owned(),
            "rename-command mymaster config Y".to_owned(),
            "Same command renamed multiple times with rename-command.",
        ),
    ] {
        let text = format!("{MASTER}sentinel {first}\nsentinel {second}\n");
        assert_eq!(refusal(sentinel(&text)), (4, message.to_owned()));
    }
}

#[test]
fn names_of_hosts_need_resolve_hostnames() {
    let name = "sentinel monitor mymaster redis-master 6379 2\n";
    let resolving = format!("{name}sentinel resolve-hostnames yes\n");
    assert_eq!(refusal(sentinel(name)), (1, "Can't resolve instance hostname.".to_owned()));
    let mut dns = |host: &str| (host == "redis-master").then_some(at(4, 0).ip);
    // Sentinel looks it up when it runs; the file holds the name.
    let kept = sentinel_conf(&resolving, &mut dns).unwrap();
    assert_eq!(kept.conf.masters[0].addr, Addr { ip: Ip::named("redis-master").unwrap(), port: 6379 });
    assert!(kept.conf.resolve_hostnames && !kept.conf.announce_hostnames);
    assert_eq!(kept.refused, []);
    // The real Sentinel would not start, a simulation that knows the host may.
    let tolerated = sentinel_conf(name, &mut dns).unwrap();
    assert_eq!(tolerated.conf.masters[0].addr, at(4, 6379));
    assert_eq!(tolerated.refused.len(), 1);
    assert_eq!(tolerated.refused[0].column, 27);
    // An address in numbers is none of the resolver's business, not even in the forms only C knows.
    let octal = sentinel("sentinel monitor mymaster 012.0.1 6379 2").unwrap();
    assert_eq!(octal.conf.masters[0].addr, at(1, 6379));
}

#[test]
fn what_the_model_has_no_use_for_is_named() {
    let text = format!(
        "{MASTER}daemonize yes\nPidfile ./s.pid\nlogfile \"\"\nsyslog-facility LOCAL0\n\
         sentinel deny-scripts-reconfig yes\nsentinel announce-hostnames yes\n\
         sentinel notification-script mymaster /etc/redis/notify.sh\nbind * -::*\n\
         protected-mode no\nlua-replicate-commands yes\nuser alice on\nsentinel\n"
    );
    let read = sentinel(&text).unwrap();
    let names: Vec<_> = read.ignored.iter().map(|entry| (entry.line, &*entry.directive)).collect();
    assert_eq!(
        names,
        [
            (3, "daemonize"),
            (4, "pidfile"),
            (5, "logfile"),
            (6, "syslog-facility"),
            (10, "bind"),
            (11, "protected-mode"),
            (12, "lua-replicate-commands"),
            (13, "user"),
        ]
    );
}

#[test]
fn a_redis_file_gives_all_that_replication_and_persistence_need() {
    let read = redis(
        "PORT 6380\nreplicaof 10.0.0.1 6379\nmasterauth s3cret\nmasteruser app\nrequirepass \"\"\n\
         slave-priority 0\nreplica-announced no\nreplica-serve-stale-data no\nslave-read-only no\n\
         min-slaves-to-write 1\nmin-replicas-max-lag 5\nrepl-timeout 7\nrepl-ping-slave-period 2\n\
         repl-backlog-size 2MB\nrepl-backlog-ttl 0\nrepl-diskless-sync no\n\
         repl-diskless-sync-delay 0\nrepl-diskless-sync-max-replicas 2\nAppendOnly YES\n\
         appendfsync always\nsave 900 1 300 10\nsave \"60 100\"\nshutdown-timeout 3\nmaxclients 50\n\
         replica-announce-ip 10.0.0.9\nreplica-announce-port 7000\nmaxmemory 64mb\n\
         stop-writes-on-bgsave-error no\n\
         maxmemory-policy Allkeys-LRU\nclient-output-buffer-limit slave 1mb 64kb 10 pubsub 0 0 0\n\
         client-output-buffer-limit \"normal 5 0 0\"\n",
    )
    .unwrap();
    let expected = RedisConf {
        port: 6380,
        replicaof: Some(at(1, 6379)),
        requirepass: None,
        acl: Default::default(),
        masterauth: Some("s3cret".to_owned()),
        masteruser: Some("app".to_owned()),
        replica_priority: 0,
        replica_announced: false,
        replica_serve_stale_data: false,
        replica_read_only: false,
        min_replicas_to_write: 1,
        min_replicas_max_lag: 5,
        repl_timeout: 7,
        repl_ping_replica_period: 2,
        repl_backlog_size: 2 << 20,
        repl_backlog_ttl: 0,
        repl_diskless_sync: false,
        repl_diskless_sync_delay: 0,
        repl_diskless_sync_max_replicas: 2,
        appendonly: true,
        appendfsync: AppendFsync::Always,
        save: vec![(900, 1), (300, 10), (60, 100)],
        stop_writes_on_bgsave_error: false,
        shutdown_timeout: 3,
        maxclients: 50,
        renamed: Vec::new(),
        replica_announce_ip: Some(at(9, 0).ip),
        replica_announce_port: 7000,
        maxmemory: 64 << 20,
        maxmemory_policy: MaxmemoryPolicy::AllkeysLru,
        replica_output_limit: OutputLimit { hard: 1 << 20, soft: 64 << 10, soft_seconds: 10 },
        pubsub_output_limit: OutputLimit::default(),
        normal_output_limit: OutputLimit { hard: 5, ..OutputLimit::default() },
        dataset: 0,
        writable: true,
        planted: Default::default(),
    };
    assert_eq!(read.conf, expected);
    assert_eq!(read.ignored, []);
    assert_eq!(redis("").unwrap().conf, RedisConf::default());
}

#[test]
fn the_first_save_line_replaces_the_defaults_and_an_empty_one_everything() {
    for (text, points) in [
        ("save ''", vec![]),
        ("save 900 1\nsave \"\"", vec![]),
        ("save", vec![]),
        ("save 900 1\nsave", vec![(900, 1)]),
        ("save \"\"\nsave 900 0", vec![(900, 0)]),
    ] {
        assert_eq!(redis(text).unwrap().conf.save, points, "{text}");
    }
}

#[test]
fn redis_lines_are_refused_as_the_real_server_refuses_them() {
    for (line, message) in [
        ("replicaof 10.0.0.1 -1", "Invalid master port"),
        ("replicaof 10.0.0.1", "wrong number of arguments"),
        ("replica-priority -1", "argument must be between 0 and 2147483647 inclusive"),
        ("replica-priority 1.5", "argument couldn't be parsed into an integer"),
        ("repl-timeout 0", "argument must be between 1 and 2147483647 inclusive"),
        ("repl-backlog-size 0", "argument must be between 1 and 9223372036854775807 inclusive"),
        ("repl-backlog-size -1", "argument must be a memory value"),
        ("save 900 1 300", "Invalid save parameters"),
        ("save 0 1", "Invalid save parameters"),
        ("appendfsync 1s", "argument(s) must be one of the following: everysec, always, no"),
        ("appendonly yes # keep", "wrong number of arguments"),
        ("maxmemory 50 mb", "wrong number of arguments"),
        ("maxmemory-clients 101%", "percentage argument must be less or equal to 100"),
        ("dbfilename data/dump.rdb", "dbfilename can't be a path, just a filename"),
        ("appenddirname \"\"", "appenddirname can't be empty"),
        ("unixsocketperm 999", "argument couldn't be parsed as an octal number"),
        ("oom-score-adj-values 0 200", "wrong number of arguments"),
        ("notify-keyspace-events Q", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        (
            "client-output-buffer-limit master 256mb 64mb 60",
            "Invalid client class specified in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit replica 256mb 64mb 60s",
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ),
        ("shutdown-on-sigterm save nosave", "shutdown options SAVE and NOSAVE can't be used simultaneously"),
        (
            "latency-tracking-info-percentiles 101",
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
        ),
        ("vm-enabled no", "Bad directive or wrong number of arguments"),
        ("user", "Bad directive or wrong number of arguments"),
        ("sentinel myid x", "sentinel directive while not in sentinel mode"),
        ("requirepass \"oops", "Unbalanced quotes in configuration line"),
        ("requirepass \"a\"b", "Unbalanced quotes in configuration line"),
    ] {
        let text = format!("port 6379\n{line}\n");
        assert_eq!(refusal(redis(&text)), (2, message.to_owned()), "{line}");
    }
    let clustered = "cluster-enabled yes\nreplicaof 10.0.0.1 6379\n";
    assert_eq!(refusal(redis(clustered)).1, "replicaof directive not allowed in cluster mode");
}

#[test]
fn a_name_with_a_dot_is_a_setting_of_a_module() {
    assert!(sentinel("10.0.0.1 6379 2").is_ok());
    assert!(redis("my.setting 1\nloadmodule /lib/my.so").is_ok());
    assert_eq!(refusal(redis("port 1\nmy.setting")), (2, "Module config specified without value".to_owned()));
    let (line, message) = refusal(redis("my.setting 1\nport 1"));
    assert_eq!(line, 1);
    assert!(message.starts_with("Module Configuration detected without loadmodule"));
}

#[test]
fn an_announced_port_alone_announces_nothing() {
    let alone = sentinel("sentinel announce-port 26380").unwrap();
    assert_eq!(alone.conf.announce, None);
    assert_eq!(alone.ignored.len(), 1);
    let both = sentinel("sentinel announce-port 26380\nsentinel announce-ip 10.0.0.7").unwrap();
    assert_eq!(both.conf.announce, Some(at(7, 26380)));
    assert_eq!(both.ignored, []);
}

#[test]
fn words_are_quoted_and_escaped_as_redis_does() {
    for (line, password) in [
        (r#"requirepass "a\tb\x41\\\"\q""#, "a\tbA\\\"q"),
        (r"requirepass 'it\'s \n'", r"it's \n"),
        (r"requirepass pa\ss#word", r"pa\ss#word"),
        (r#"requirepass glued"in side""#, "gluedin side"),
        ("requirepass \"пароль\"", "пароль"),
        (r#""require\x70ass" x"#, "x"),
        ("  requirepass\tx \r", "x"),
        (r#"requirepass "\xzz""#, "xzz"),
    ] {
        let read = redis(line).unwrap();
        assert_eq!(read.conf.requirepass.as_deref(), Some(password), "{line}");
    }
}

#[test]
fn nul_swallows_the_rest_of_a_line_with_its_end() {
    assert_eq!(
        refusal(redis("port 6379\nmaxmemory 64mb\0 junk\nappendonly yes\n")),
        (2, "wrong number of arguments".to_owned())
    );
    assert!(redis("port 6379\0").is_ok());
}

#[test]
fn an_error_says_in_one_line_where_and_what() {
    let error = redis("\n  repl-timeout   abc\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 18: argument couldn't be parsed into an integer (found `abc`, expected an integer)"
    );
}

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "sentinel|monitor|mymaster|save|replicaof|port|known-sentinel|myid|yes|no|one|\"|'",
        "client-output-buffer-limit|oom-score-adj-values|latency-tracking-info-percentiles",
        "-?[0-9]{1,22}(mb|%|\\.)?",
        "\\PC{0,6}",
        "[\\x00-\\x20]",
    ];
    proptest::collection::vec((word, prop_oneof![Just(" "), Just("\n")]), 0..40)
        .prop_map(|parts| parts.into_iter().map(|(word, gap)| word + gap).collect())
}

proptest! {
    #[test]
    fn no_input_makes_the_readers_panic(bytes: Vec<u8>, words in words()) {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), words] {
            for read in [sentinel(&text).map(|_| ()), redis(&text).map(|_| ())] {
                if let Err(error) = read {
                    prop_assert!(!error.to_string().contains('\n'));
                    prop_assert!(error.line as usize <= text.split('\n').count());
                }
            }
        }
    }
}
