//! The example of the file format, and every file of the catalogue, read as intended.

use splitbrain_checker::{Amount, Demand, Expectation, Limit, Occurrence, Property, Within};
use splitbrain_model::client::workload::Rate;
use splitbrain_model::event::EventKind;
use splitbrain_model::files::{Script, ScriptExit, SentinelConf};
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::operator::SentinelCommand;
use splitbrain_model::operator::redis::RedisCommand;

use splitbrain_model::{Addr, Draws, Millis, Nanos, Purpose};
use splitbrain_scenarios::{
    Action, Dist, Found, Link, ProcessKind, Resolved, Scenario, Source, Span, Step, Target, Trigger, scenario_files,
};
use std::path::Path;

const EXAMPLE: &str = r#"title = "An isolated master keeps acknowledging writes"
why = "The client beside the old master is told OK for writes that the heal will throw away."

[cluster]
replicas = 2
sentinels = 3
# sentinel-conf = "sentinel.conf"      # real syntax, beside this file; or the directives inline, as below
hosts = { a = ["redis-1"], b = ["redis-2", "sentinel-1"] }   # the rest get a host each

[sentinel]
quorum = 2
down-after-milliseconds = 1000
failover-timeout = 3000

[redis]
min-replicas-to-write = 0
[redis.redis-3]
replica-priority = 10

[network]
environment = "lan"
latency = "50us..1ms"                   # one way

[[clients]]
name = "near"
host = "a"
profile = "recorder"
workload = { sadd = 25 }               # operations per second
[[clients]]
count = 3
profile = "redis-py"
workload = { set = 5, get = 10, keys = 4 }

[[faults]]
at = "10s"                              # or: when = "+promoted-slave", after = "50ms"
isolate = ["master", "near"]
for = "15s"

[run]
seeds = 200
heal = "40s"

[expect]
failover-completes = { within = "auto", exactly = 1 }   # auto: the bound that the settings imply
split-brain = "shows"                   # a documented danger that has to show itself
lost-write = { shows = true, at-most = "45%" }
one-leader-per-epoch = "holds"
"#;

/// Draws that count up by a large odd number, so that every range is met.
struct Words(u64, u32);

impl Draws for Words {
    fn word(&mut self, purpose: Purpose) -> u64 {
        assert!(matches!(purpose, Purpose::Pacing | Purpose::Chaos), "{purpose:?}");
        self.1 += 1;
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0
    }
}

fn parse(text: &str) -> Scenario {
    Scenario::parse(&Source::new("scenarios/x/example.toml", text)).unwrap_or_else(|error| panic!("{error}"))
}

fn resolve(text: &str, seed: u64) -> Resolved {
    parse(text).resolve(seed, &mut Words(seed, 0))
}

fn sentinel(resolved: &Resolved, name: &str) -> SentinelConf {
    let process = resolved.processes.iter().find(|process| process.name == name).unwrap();
    match &process.kind {
        ProcessKind::Sentinel(conf) => conf.clone(),
        _ => panic!("{name} is no Sentinel"),
    }
}

fn redis(resolved: &Resolved, name: &str) -> splitbrain_model::files::RedisConf {
    let process = resolved.processes.iter().find(|process| process.name == name).unwrap();
    match &process.kind {
        ProcessKind::Redis(conf) => conf.clone(),
        _ => panic!("{name} is no server"),
    }
}

fn addr(text: &str) -> Addr {
    let (ip, port) = text.split_once(':').unwrap();
    Addr { ip: ip.parse().unwrap(), port: port.parse().unwrap() }
}

#[test]
fn the_example_reads_as_it_is_written() {
    let scenario = parse(EXAMPLE);
    assert_eq!(scenario.name, "x/example");
    assert_eq!(scenario.title, "An isolated master keeps acknowledging writes");
    assert_eq!((scenario.masters.len(), scenario.masters[0].servers.len(), scenario.sentinels), (1, 3, 3));
    let master = &scenario.masters[0].conf;
    assert_eq!((master.quorum, master.down_after, master.failover_timeout), (2, Millis(1000), Millis(3000)));
    assert_eq!(scenario.masters[0].servers[2].conf.replica_priority, 10);
    assert_eq!(scenario.masters[0].servers[1].conf.replica_priority, 100);
    assert_eq!(scenario.environment().latency, Dist::Uniform(Nanos::from_micros(50), Nanos::from_millis(1)));
    assert_eq!(scenario.notes, ["instead of the environment's own: latency 50us..1ms"]);
    let clients: Vec<_> = scenario.clients.iter().flat_map(|client| client.members.clone()).collect();
    assert_eq!(clients, ["near", "client-2", "client-3", "client-4"]);
    assert_eq!(scenario.clients[0].workload.sadd, Rate(25_000));
    assert_eq!((scenario.clients[1].workload.set, scenario.clients[1].workload.keys), (Rate(5_000), 4));
    assert_eq!((scenario.run.seeds, scenario.run.heal), (200, Millis(40_000)));
    let expected = [
        (Property::FailoverCompletes, Demand::Holds, vec![Limit::Within(Within::Auto), Limit::Exactly(1)]),
        (Property::SplitBrain, Demand::Shows, vec![]),
        (Property::LostWrite, Demand::Shows, vec![Limit::AtMost(Amount::Permille(450))]),
        (Property::OneLeaderPerEpoch, Demand::Holds, vec![]),
    ];
    let expected = expected.map(|(property, demand, limits)| Expectation { property, demand, limits });
    assert_eq!(scenario.expect, expected);
}

#[test]
fn demands_on_events_are_words_tables_or_several_of_them() {
    let scenario = parse(
        "[cluster]\n[expect.events]\n\"+odown\" = \"happens\"\n\"+tilt\" = \"never\"\n\"-tilt\" = \"shows\"\n\
         \"+switch-master\" = [{ of = \"redis-2\", exactly = 3 }, { by = \"sentinel-3\", at-most = 1, shows = \"12.5%\" }]\n\
         \"+slave\" = { at-least = 2, at-most = 4, shows = \"in-every-seed\" }\n\"+sdown\" = { shows = true }\n",
    );
    let wanted = |event: &str, at_least, at_most, share| Occurrence {
        event: EventKind::from_name(event).unwrap(),
        by: None,
        of: None,
        at_least,
        at_most,
        share,
    };
    let expected = [
        wanted("+odown", 1, None, None),
        wanted("+tilt", 0, Some(0), None),
        wanted("-tilt", 1, None, Some(0)),
        Occurrence { of: Some(1), ..wanted("+switch-master", 3, Some(3), None) },
        Occurrence { by: Some(2), ..wanted("+switch-master", 0, Some(1), Some(125)) },
        wanted("+slave", 2, Some(4), None),
        wanted("+sdown", 1, None, Some(0)),
    ];
    let limits: Vec<Limit> = expected.map(Limit::Occurs).to_vec();
    assert_eq!(scenario.expect, [Expectation { property: Property::Events, demand: Demand::Holds, limits }]);
}

#[test]
fn the_example_becomes_hosts_processes_and_a_schedule() {
    let resolved = resolve(EXAMPLE, 1);
    let hosts: Vec<_> = resolved.hosts.iter().map(|host| format!("{} {}", host.name, host.ip)).collect();
    let expected = [
        "a 10.77.0.11",
        "b 10.77.0.12",
        "redis-3 10.77.0.13",
        "sentinel-2 10.77.0.22",
        "sentinel-3 10.77.0.23",
        "client-2 10.77.1.2",
        "client-3 10.77.1.3",
        "client-4 10.77.1.4",
    ];
    assert_eq!(hosts, expected);
    let names: Vec<_> = resolved.processes.iter().map(|process| process.name.as_str()).collect();
    let servers = ["redis-1", "redis-2", "redis-3", "sentinel-1", "sentinel-2", "sentinel-3"];
    assert_eq!(names[..6], servers);
    assert_eq!(names[6..], ["near", "client-2", "client-3", "client-4"]);
    assert_eq!(resolved.masters, [("mymaster".into(), vec![0, 1, 2])]);
    assert_eq!(redis(&resolved, "redis-1").replicaof, None);
    assert_eq!(redis(&resolved, "redis-3").replicaof, Some(addr("10.77.0.11:6379")));
    assert_eq!(sentinel(&resolved, "sentinel-1").masters[0].addr, addr("10.77.0.11:6379"));
    let isolated = Action::Isolate(vec![Target::Master(None), Target::Named("near".into())]);
    let expected = [
        Step { trigger: Trigger::At(Millis(10_000)), action: isolated, origin: false },
        Step { trigger: Trigger::AfterStep(0, Millis(15_000)), action: Action::Undo(0), origin: false },
    ];
    assert_eq!(resolved.schedule, expected);
}

#[test]
fn steps_are_sorted_by_time_and_keep_what_hangs_on_them() {
    let resolved = resolve(
        r#"
        [cluster]
        [[faults]]
        at = "20s"
        heal = true
        [[faults]]
        at = "5s"
        kill = "master"
        for = "1s"
        [[faults]]
        when = "+elected-leader"
        after = "50ms"
        cap = "9s"
        kill = "leader"
        [[faults]]
        then-after = "2s"
        pause = "replica-2"
        for = "3s"
        [[faults]]
        at = "5s"
        resume = "replicas"
        "#,
        1,
    );
    let on = Trigger::On { event: EventKind::ElectedLeader, after: Millis(50), cap: Millis(9_000) };
    let expected = [
        (Trigger::At(Millis(5_000)), Action::Kill(vec![Target::Master(None)])),
        (on, Action::Kill(vec![Target::Leader])),
        (Trigger::AfterStep(1, Millis(2_000)), Action::Pause(vec![Target::Replica(Some(1))])),
        (Trigger::At(Millis(5_000)), Action::Resume(vec![Target::Replica(None)])),
        (Trigger::At(Millis(20_000)), Action::Heal),
        (Trigger::AfterStep(0, Millis(1_000)), Action::Undo(0)),
        (Trigger::AfterStep(2, Millis(3_000)), Action::Undo(2)),
    ];
    assert_eq!(resolved.schedule, expected.map(|(trigger, action)| Step { trigger, action, origin: false }));
}

#[test]
fn every_form_of_fault_is_read() {
    let resolved = resolve(
        r#"
        [cluster]
        [[clients]]
        name = "app"
        count = 2
        [[faults]]
        at = "0s"
        partition = [["redis-1", "app"], "rest"]
        [[faults]]
        at = "1s"
        drop = { from = "master", to = ["sentinel-1", "sentinel-2"] }
        [[faults]]
        at = "2s"
        link = { a = "redis-1", latency = "10ms..20ms", loss = "1.5%" }
        [[faults]]
        at = "3s"
        clock-step = { of = "sentinel-1", by = "-3s" }
        [[faults]]
        at = "4s"
        sentinel-failover = "sentinel-1"
        [[faults]]
        at = "5s"
        power-loss = "old-master"
        for = "1s"
        [[faults]]
        at = "7s"
        stop = "sentinels"
        [[faults]]
        at = "8s"
        sentinel-command = { at = ["leader", "sentinel-2"], command = "SENTINEL RESET my*" }
        [[faults]]
        at = "9s"
        debug-sleep = { of = "master", for = "3s" }
        [[faults]]
        at = "10s"
        redis-command = { at = ["redis-1", "old-master"], command = "slaveof no one" }
        [[faults]]
        at = "11s"
        snapshots-fail = "redis-2"
        [[faults]]
        at = "12s"
        restart = { of = "sentinel-2", identity = "new" }
        "#,
        1,
    );
    let named = |names: &[&str]| names.iter().map(|name| Target::Named((*name).into())).collect::<Vec<_>>();
    let latency = Some(Dist::Uniform(Nanos::from_millis(10), Nanos::from_millis(20)));
    let expected = [
        Action::Partition(vec![named(&["redis-1", "app-1", "app-2"]), vec![Target::Rest]]),
        Action::Drop(vec![Target::Master(None)], named(&["sentinel-1", "sentinel-2"])),
        Action::Link(Link { latency, loss_ppm: Some(15_000), ..Link::of(named(&["redis-1"])) }),
        Action::ClockStep(named(&["sentinel-1"]), Millis(-3_000)),
        Action::SentinelFailover(Target::Named("sentinel-1".into()), "mymaster".into()),
        Action::PowerLoss(vec![Target::OldMaster]),
        Action::Stop(vec![Target::Sentinel(None)]),
        Action::Command(
            vec![Target::Leader, Target::Named("sentinel-2".into())],
            OperatorCommand::Sentinel(SentinelCommand::Reset("my*".into())),
        ),
        Action::Command(vec![Target::Master(None)], OperatorCommand::DebugSleep(Millis(3_000))),
        Action::Command(
            vec![Target::Named("redis-1".into()), Target::OldMaster],
            OperatorCommand::Redis(RedisCommand::ReplicaOf(None)),
        ),
        Action::SnapshotsFail(named(&["redis-2"])),
        Action::RestartWith(named(&["sentinel-2"]), vec![Found::NewIdentity]),
        Action::Undo(5),
    ];
    let actions: Vec<_> = resolved.schedule.into_iter().map(|step| step.action).collect();
    assert_eq!(actions, expected);
}

#[test]
fn a_script_is_a_path_or_a_table_that_says_how_it_goes() {
    let resolved = resolve(
        r#"
        [cluster]
        [sentinel]
        deny-scripts-reconfig = false
        notification-script = "/n"
        client-reconfig-script = { path = "/r", signal = 9, takes = "2s" }
        "#,
        1,
    );
    let conf = sentinel(&resolved, "sentinel-1");
    assert!(!conf.deny_scripts_reconfig);
    let reconfig = Script { path: "/r".into(), exit: ScriptExit::Signal(9), takes: Millis(2_000) };
    assert_eq!(conf.masters[0].notification_script, Some(Script::new("/n")));
    assert_eq!(conf.masters[0].client_reconfig_script, Some(reconfig));
}

#[test]
fn several_masters_have_servers_and_settings_of_their_own() {
    let resolved = resolve(
        r#"
        [cluster]
        replicas = 1
        hosts = { one = ["redis-1", "redis-3", "sentinel-1", "sentinel-2"] }
        [sentinel]
        quorum = 3
        down-after-milliseconds = "5s"
        [redis]
        min-replicas-to-write = 1
        [[masters]]
        name = "cache"
        [[masters]]
        name = "sessions"
        replicas = 2
        quorum = 2
        [masters.redis]
        min-replicas-to-write = 2
        [redis.redis-4]
        min-replicas-to-write = 0
        [[clients]]
        master = "sessions"
        [[faults]]
        at = "1s"
        kill = "master:sessions"
        "#,
        1,
    );
    assert_eq!(resolved.masters, [("cache".into(), vec![0, 1]), ("sessions".into(), vec![2, 3, 4])]);
    let conf = sentinel(&resolved, "sentinel-2");
    let monitored: Vec<_> = conf.masters.iter().map(|m| (m.addr, m.quorum, m.down_after)).collect();
    let five = Millis(5_000);
    assert_eq!(monitored, [(addr("10.77.0.11:6379"), 3, five), (addr("10.77.0.11:6380"), 2, five)]);
    assert_eq!(conf.port, 26_380);
    let wanted = ["redis-1", "redis-3", "redis-4"].map(|name| redis(&resolved, name).min_replicas_to_write);
    assert_eq!(wanted, [1, 2, 0]);
    assert_eq!(redis(&resolved, "redis-5").replicaof, Some(addr("10.77.0.11:6380")));
    let ProcessKind::Client(client) = &resolved.processes.last().unwrap().kind else { panic!("clients come last") };
    assert_eq!(&*client.master, "sessions");
    assert_eq!(resolved.schedule[0].action, Action::Kill(vec![Target::Master(Some("sessions".into()))]));
}

#[test]
fn without_a_redis_conf_nothing_is_persistent_and_save_reads_as_redis_writes_it() {
    let conf = |text: &str| redis(&resolve(text, 0), "redis-1");
    let plain = conf("[cluster]\n");
    assert!(plain.save.is_empty() && !plain.appendonly);
    let set =
        conf("[cluster]\n[redis]\nsave = \"3600 1 300 100\"\nappendonly = \"yes\"\nrepl-backlog-size = \"2mb\"\n");
    assert_eq!(set.save, [(3600, 1), (300, 100)]);
    assert!(set.appendonly);
    assert_eq!(set.repl_backlog_size, 2 << 20);
}

#[test]
fn ranges_are_drawn_within_their_bounds_and_by_the_draws_alone() {
    let text = r#"
        [cluster]
        [run]
        phase = "2s..4s"
        [[faults]]
        at = "8s..12s"
        kill = "master"
        for = "1s..2s"
        "#;
    let mut phases = Vec::new();
    for seed in 0..200 {
        let resolved = resolve(text, seed);
        let phase = resolved.plan.phase;
        assert!((2_000..=4_000).contains(&phase.0));
        phases.push(phase);
        let Trigger::At(at) = resolved.schedule[0].trigger else { panic!("the kill has a time") };
        assert!((8_000..=12_000).contains(&at.0));
        let Trigger::AfterStep(0, lasts) = resolved.schedule[1].trigger else { panic!("the kill has an end") };
        assert!((1_000..=2_000).contains(&lasts.0));
        let again = resolve(text, seed);
        assert_eq!((again.plan, again.schedule), (resolved.plan, resolved.schedule));
    }
    phases.sort();
    phases.dedup();
    assert!(phases.len() > 150, "phases differ from seed to seed");
}

#[test]
fn a_fault_takes_two_draws_whatever_it_says() {
    let draws_of = |fault: &str| {
        let mut words = Words(1, 0);
        parse(&format!("[cluster]\n[[faults]]\n{fault}\n")).resolve(1, &mut words);
        words.1
    };
    assert_eq!(draws_of("at = \"1s\"\nheal = true"), 3);
    assert_eq!(draws_of("at = \"1s..2s\"\nkill = \"master\"\nfor = \"1s..9s\""), 3);
}

#[test]
fn ten_thousand_clients_and_two_hundred_servers_have_addresses_of_their_own() {
    let resolved = resolve("[cluster]\nreplicas = 199\nsentinels = 200\n[[clients]]\ncount = 10000\n", 0);
    let mut ips: Vec<_> = resolved.hosts.iter().map(|host| host.ip).collect();
    ips.sort();
    ips.dedup();
    assert_eq!(ips.len(), 10_400);
    assert_eq!(resolved.processes.len(), 10_400);
}

#[test]
fn the_defaults_are_those_of_the_guide() {
    let scenario = parse("[cluster]\n[sentinel]\ndown-after-milliseconds = 5000\nfailover-timeout = 10000\n");
    assert_eq!(scenario.masters[0].conf.quorum, 2, "a majority of three");
    let run = &scenario.run;
    assert_eq!((run.seeds, run.heal), (100, Millis(133_000)));
    assert_eq!(run.phase, Span { low: Millis(0), high: Millis(10_000) });
    let times = (run.observe_at_least, run.stable_for, run.settle_limit);
    assert_eq!(times, (Millis(3_000), Millis(2_000), Millis(60_000)));
    assert_eq!(scenario.network.environment, "lan");
    assert_eq!(scenario.title, "x/example");
}

#[test]
fn every_file_of_the_catalogue_is_sound_and_demands_something_to_happen() {
    let files = scenario_files(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let scenario = Scenario::load(&file).unwrap_or_else(|error| panic!("{error}"));
        assert!(scenario.why.is_some() || scenario.claim.is_some(), "{}: why?", scenario.name);
        // What a cluster costs that nobody disturbs is something that people are told, too.
        let measures = scenario.claim.is_some() && !scenario.expect.is_empty();
        let disturbed = !scenario.faults.is_empty() || scenario.chaos.is_some();
        assert!((disturbed || measures) && !scenario.expect.is_empty(), "{}", scenario.name);
        let happens = |expectation: &Expectation| {
            matches!(expectation.demand, Demand::Shows | Demand::ShowsInEverySeed) || !expectation.limits.is_empty()
        };
        assert!(scenario.expect.iter().any(happens), "{} passes though nothing happens", scenario.name);
        let resolved = scenario.resolve(3, &mut Words(3, 0));
        assert!(!disturbed || !resolved.schedule.is_empty());
    }
}

#[test]
fn a_real_sentinel_conf_sets_what_it_says_and_notes_the_rest() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deployments/infraforge-hosts.toml");
    let scenario = Scenario::load(&file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.name, "deployments/infraforge-hosts");
    let resolved = scenario.resolve(0, &mut Words(0, 0));
    let conf = sentinel(&resolved, "sentinel-2");
    let master = &conf.masters[0];
    assert_eq!((&*master.name, master.addr, master.quorum), ("mymaster", addr("10.77.0.11:6379"), 2));
    assert_eq!((master.down_after, master.failover_timeout, master.parallel_syncs), (Millis(5_000), Millis(10_000), 2));
    assert_eq!(conf.requirepass.as_deref(), Some("your-sentinel-password"));
    assert_eq!((conf.announce, conf.myid), (None, None));
    let server = redis(&resolved, "redis-2");
    assert_eq!(server.requirepass.as_deref(), Some("your-redis-password"));
    assert_eq!(server.masterauth, server.requirepass);
    let ProcessKind::Client(client) = &resolved.processes.last().unwrap().kind else { panic!("clients come last") };
    assert_eq!(client.password, server.requirepass);
    assert_eq!(client.sentinel_password, conf.requirepass);
    assert!(scenario.notes.iter().any(|note| note.contains("syslog-enabled")), "{:?}", scenario.notes);
    assert!(master.notification_script.is_some());
}

#[test]
fn the_scenario_in_the_readme_is_one() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(parse(example).title, "A master dies and is replaced");
}
