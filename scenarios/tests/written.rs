//! What is written reads back as the same: every kind of fault, and every file of the catalogue.

use splitbrain_model::{Draws, Millis, Purpose};
use splitbrain_scenarios::{
    Action, Document, FAULT_KINDS, Resolved, Scenario, Source, Step, Target, Trigger, scenario_files, schedule,
};
use std::path::Path;

struct Words(u64);

impl Draws for Words {
    fn word(&mut self, _: Purpose) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ (self.0 >> 29)
    }
}

fn parse(text: &str) -> Scenario {
    Scenario::parse(&Source::new("s.toml", text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn resolve(scenario: &Scenario, seed: u64) -> Resolved {
    scenario.resolve(seed, &mut Words(seed))
}

const CLUSTER: &str = r#"
[cluster]
replicas = 2
hosts = { box = ["redis-3", "sentinel-3"] }
late = ["sentinel-3"]
[sentinel]
announce-hostnames = false
[[clients]]
name = "near"
count = 2
"#;

/// Faults that are several steps.
const PATTERNS: &[&str] = &["flap", "spikes", "majorities-ring", "swizzle", "bridge"];

/// Everything a fault can do, once or several times.
const FAULTS: &[&str] = &[
    "kill = [\"master\", \"sentinel-2\"]\nfor = \"1.5s\"",
    "stop = \"replica-2\"\nfor = \"1s..3s\"",
    "restart = \"old-master\"",
    "restart = { of = \"sentinel-1\", identity = \"new\" }",
    "restart = { of = \"sentinel-1\", config = \"old\", identity = \"new\", address = \"new\" }",
    "restart = { of = [\"redis-3\", \"sentinel-3\"], address = \"new\" }",
    "restart = { of = \"box\", address = \"new\" }",
    "restart = { of = \"old-master\", data = \"deleted\", address = \"new\" }",
    "power-loss = \"box\"\nfor = \"2s\"",
    "power-on = \"box\"",
    "pause = \"replicas\"\nfor = \"250ms\"",
    "resume = \"leader\"",
    "partition = [[\"master\", \"near\"], [\"redis-2\"], [\"rest\"]]\nfor = \"5s\"",
    "drop = { from = \"sentinels\", to = [\"master\", \"clients\"] }\nfor = \"3s\"",
    "isolate = \"old-leader\"\norigin = true",
    "heal = true",
    "link = { a = \"master\", latency = \"50us..1ms\" }\nfor = \"3s\"",
    "link = { a = \"master\", b = [\"replica\", \"box\"], latency = \"20ms\", loss = \"12.3456%\" }",
    "link = { a = \"master\", latency = { quantiles = [[\"0%\", \"80us\"], [\"99.99%\", \"1500us\"], [\"100%\", \"2s\"]] } }",
    "dns = { at = \"sentinels\", answers = \"never\" }\nfor = \"3s\"",
    "dns = { at = \"sentinels\", of = \"master\", answers = \"slow\", after = \"2s\" }\nfor = \"3s\"",
    "clock-step = { of = \"sentinel-1\", by = \"-10.5s\" }",
    "clock-step = { of = \"sentinel\", by = \"3m\" }",
    "sentinel-failover = \"sentinel-2\"\nmaster = \"mymaster\"",
    "sentinel-command = { at = \"sentinels\", command = \"RESET *\" }",
    "sentinel-command = { at = [\"sentinel-1\", \"leader\"], command = \"SET mymaster quorum 3 auth-pass x\" }",
    "sentinel-command = { at = \"leader\", command = \"SIMULATE-FAILURE crash-after-election\" }",
    "redis-command = { at = [\"master\", \"replicas\"], command = \"CONFIG SET requirepass 'a b' masterauth secret\" }",
    "redis-command = { at = \"redis-2\", command = \"REPLICAOF NO ONE\" }",
    "debug-sleep = { of = \"master\", for = \"3s\" }",
    "config-read-only = \"sentinel-1\"\nfor = \"9s\"",
    "start = \"sentinel-3\"",
    "stall = \"box\"\nfor = \"3s\"",
    "link = { from = \"master\", to = [\"replica\", \"box\"], latency = \"20ms\", loss = \"1%\" }\nfor = \"2s\"",
    "link = { a = \"master\", bandwidth = \"64kb\" }\nfor = \"2s\"",
    "clock-drift = { of = \"sentinel-1\", ppm = -5000 }\nfor = \"9s\"",
    "clock-freeze = { of = \"sentinel-2\" }\nfor = \"9s\"",
    "fsync = { of = \"master\", takes = \"200ms..2s\" }\nfor = \"9s\"",
    "fsync = { of = \"master\", outcome = \"lies\" }\nfor = \"9s\"",
    "disk-full = \"master\"\nfor = \"9s\"",
    "restart = { of = \"old-master\", config = \"old\", data = \"deleted\" }",
    "bridge = \"redis-1\"\nfor = \"9s\"",
    "majorities-ring = [\"redis-1\", \"redis-2\", \"sentinel-1\", \"sentinel-2\", \"box\"]\nfor = \"9s\"",
    "isolate-one = [\"redis-1\", \"redis-2\"]\nfor = \"9s\"",
    "swizzle = { of = [\"redis-1\", \"redis-2\"], every = \"1s..2s\" }",
    "flap = { of = \"redis-1\", up = \"1s..3s\", down = \"500ms\" }\nfor = \"9s\"",
    "spikes = { of = \"redis-1\", latency = \"300ms\", every = \"1s..3s\", lasts = \"200ms\" }\nfor = \"9s\"",
    "snapshots-fail = \"master\"\nfor = \"1h\"",
];

#[test]
fn every_kind_of_fault_reads_back() {
    for kind in FAULT_KINDS {
        let shown = FAULTS.iter().any(|fault| fault.split([' ', '=']).next() == Some(*kind));
        assert!(
            shown,
            "write an example of `{kind}` here: whatever a file can say has to be written by `shrink --promote`"
        );
    }
    for when in ["at = \"90s\"", "when = \"+switch-master\"\nafter = \"1ms..9ms\"\ncap = \"2m\""] {
        for fault in FAULTS {
            // A pattern that waits for an event becomes several steps that hang on one: files cannot say that.
            if when.starts_with("when") && PATTERNS.iter().any(|kind| fault.starts_with(kind)) {
                continue;
            }
            let text = format!("{CLUSTER}[[faults]]\nat = \"1s\"\nkill = \"redis-1\"\n[[faults]]\n{when}\n{fault}\n");
            reads_back(&parse(&text), &text);
        }
    }
}

fn reads_back(scenario: &Scenario, name: &str) {
    let resolved = resolve(scenario, 7);
    let mut document = Document::of(scenario).unwrap();
    document.set_schedule(&resolved.schedule).unwrap_or_else(|error| panic!("{error}\n{name}"));
    let source = Source::new(scenario.file.clone(), document.text());
    let again = Scenario::parse(&source).unwrap_or_else(|error| panic!("{error}\n{}", document.text()));
    let again = resolve(&again, 7);
    assert_eq!(again.schedule, schedule::canonical(&resolved.schedule).unwrap(), "{}", document.text());
    // All but the order of expectations is the same.
    let rest = |mut resolved: Resolved| {
        resolved.expect.sort_by_key(|expectation| expectation.property);
        for expectation in &mut resolved.expect {
            expectation.limits.sort_by_key(|limit| format!("{limit:?}"));
        }
        format!("{:?}", Resolved { schedule: Vec::new(), ..resolved })
    };
    assert!(rest(again) == rest(resolved), "{name} differs from\n{}", document.text());
}

#[test]
fn every_file_of_the_catalogue_reads_back() {
    let files = scenario_files(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(files.len() > 50);
    for file in files {
        let scenario = Scenario::load(&file).unwrap_or_else(|error| panic!("{error}"));
        reads_back(&scenario, &file.display().to_string());
    }
}

#[test]
fn random_schedules_can_be_written() {
    let scenario = parse(&format!("{CLUSTER}[chaos]\nintensity = 30\nbudget = \"unbounded\"\n"));
    for seed in 0..50 {
        let resolved = resolve(&scenario, seed);
        let mut document = Document::of(&scenario).unwrap();
        document.set_schedule(&resolved.schedule).unwrap();
        let again = parse(&document.text());
        assert!(again.chaos.is_none());
        assert_eq!(resolve(&again, seed).schedule, resolved.schedule, "seed {seed}");
    }
}

#[test]
fn what_files_have_no_words_for_is_named() {
    let mut document = Document::of(&parse(CLUSTER)).unwrap();
    let redis = || vec![Target::Named("redis-3".to_owned())];
    let replace = Action::Replace(redis(), redis());
    let steps = [Step { trigger: Trigger::At(Millis(0)), action: replace, origin: false }];
    let error = document.set_schedule(&steps).unwrap_err().to_string();
    assert!(error.starts_with("scenario files have no words for Replace("), "{error}");
}

#[test]
fn a_smaller_cluster_moves_names_up() {
    let text = "[cluster]\nreplicas = 2\nhosts = { far = [\"redis-3\", \"sentinel-2\", \"c\"] }\n[redis.redis-3]\n\
                replica-priority = 10\n[[clients]]\nname = \"c\"\n[[clients]]\ncount = 3\n[[clients]]\ncount = 2\n";
    let scenario = parse(text);
    let mut document = Document::of(&scenario).unwrap();
    let names = document.without_server(&scenario, 2).unwrap();
    assert_eq!(
        (names("redis-3"), names("redis-2"), names("redis-1")),
        (Some("redis-2".into()), None, Some("redis-1".into()))
    );
    let scenario = parse(&document.text());
    assert_eq!(scenario.masters[0].servers[1].conf.replica_priority, 10);
    let mut document = Document::of(&scenario).unwrap();
    assert_eq!(document.without_sentinel(&scenario, 1).unwrap()("sentinel-1"), None);
    let scenario = parse(&document.text());
    assert_eq!(scenario.hosts, [("far".to_owned(), ["redis-2", "sentinel-1", "c"].map(str::to_owned).to_vec())]);
    assert!(document.without_server(&scenario, 1).is_none(), "the master stays");

    let mut document = Document::of(&scenario).unwrap();
    let names = document.with_fewer_clients(&scenario, 1, 1).unwrap();
    let now = parse(&document.text());
    assert_eq!(now.clients.len(), 3);
    for (old, spec) in scenario.clients[2].members.iter().zip(&now.clients[2].members) {
        assert_eq!(names(old).as_ref(), Some(spec), "those of other groups are followed");
    }
    assert_eq!(names(&scenario.clients[1].members[0]).as_ref(), now.clients[1].members.first());
    assert_eq!(names(&scenario.clients[1].members[1]), None);
    let mut document = Document::of(&scenario).unwrap();
    assert_eq!(document.with_fewer_clients(&scenario, 0, 0).unwrap()("c"), None);
    assert_eq!(parse(&document.text()).hosts[0].1, ["redis-2", "sentinel-1"]);
}
