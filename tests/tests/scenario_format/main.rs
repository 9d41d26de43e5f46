//! The reader of scenario files, `docs/scenario.schema.json` and `docs/scenarios.md` agree: on keys, on names, and on what
//! is wrong. What the reader knows is asked of the reader itself, by its answer to a key that nothing has.

mod page;
mod validator;

use serde_json::Value;
use splitbrain::checker::{Metric, Property};
use splitbrain::model::client::profile::Profile;
use splitbrain::model::event::EventKind;
use splitbrain::scenarios::{Environment, FAULT_KINDS, Family, Scenario, Source, scenario_files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn schema() -> Value {
    let text = std::fs::read_to_string(root().join("docs/scenario.schema.json")).expect("there is a schema");
    serde_json::from_str(&text).expect("the schema is JSON")
}

/// Tables of a scenario: where the schema has their keys, and a scenario with a key in it that nothing has. `@` stands
/// for that key.
const TABLES: &[(&str, &str)] = &[
    ("/properties", "@\n[cluster]"),
    ("/properties/claim/properties", "[cluster]\n[claim]\n@"),
    ("/properties/cluster/properties", "[cluster]\n@"),
    ("/properties/sentinel/properties", "[cluster]\n[sentinel]\n@"),
    ("/definitions/script/anyOf/1/properties", "[cluster]\n[sentinel]\nnotification-script = { @ }"),
    ("/properties/redis/properties", "[cluster]\n[redis]\n@"),
    ("/definitions/server/properties", "[cluster]\n[redis.redis-2]\n@"),
    ("/definitions/server/properties", "[cluster]\n[[masters]]\nname = 'a'\n[masters.redis]\n@"),
    ("/definitions/master/properties", "[cluster]\n[[masters]]\nname = 'a'\n@"),
    ("/properties/network/properties", "[cluster]\n[network]\n@"),
    ("/definitions/dist/anyOf/1/properties", "[cluster]\n[network]\nlatency = { @ }"),
    ("/properties/disk/properties", "[cluster]\n[disk]\n@"),
    ("/definitions/client/properties", "[cluster]\n[[clients]]\n@"),
    ("/definitions/client/properties/retry/properties", "[cluster]\n[[clients]]\nretry = { @ }"),
    ("/definitions/client/properties/wait/properties", "[cluster]\n[[clients]]\nwait = { @ }"),
    ("/definitions/workload/properties", "[cluster]\n[[clients]]\nworkload = { @ }"),
    ("/definitions/fault/properties", "[cluster]\n[[faults]]\n@"),
    ("/definitions/fault/properties/restart/anyOf/1/properties", "[cluster]\n[[faults]]\nat = '0s'\nrestart = { @ }"),
    ("/definitions/fault/properties/drop/properties", "[cluster]\n[[faults]]\nat = '0s'\ndrop = { @ }"),
    ("/definitions/fault/properties/link/properties", "[cluster]\n[[faults]]\nat = '0s'\nlink = { @ }"),
    ("/definitions/fault/properties/dns/properties", "[cluster]\n[[faults]]\nat = '0s'\ndns = { @ }"),
    ("/definitions/fault/properties/clock-step/properties", "[cluster]\n[[faults]]\nat = '0s'\nclock-step = { @ }"),
    (
        "/definitions/fault/properties/sentinel-command/properties",
        "[cluster]\n[[faults]]\nat = '0s'\nsentinel-command = { @ }",
    ),
    (
        "/definitions/fault/properties/redis-command/properties",
        "[cluster]\n[[faults]]\nat = '0s'\nredis-command = { @ }",
    ),
    ("/definitions/fault/properties/debug-sleep/properties", "[cluster]\n[[faults]]\nat = '0s'\ndebug-sleep = { @ }"),
    ("/properties/chaos/properties", "[cluster]\n[chaos]\n@"),
    ("/definitions/families/properties", "[cluster]\n[chaos]\nfamilies = { @ }"),
    ("/properties/run/properties", "[cluster]\n[run]\n@"),
    ("/properties/expect/properties", "[cluster]\n[expect]\n@"),
    ("/definitions/demand-of-failovers/anyOf/1/properties", "[cluster]\n[expect]\nfailover-completes = { @ }"),
    ("/definitions/occurrence/anyOf/1/properties", "[cluster]\n[expect.events]\n'+tilt' = { @ }"),
    ("/definitions/measure/properties", "[cluster]\n[expect.metrics]\nwrites_lost = { @ }"),
];

/// Keys that the reader knows only to refuse them with a reason.
const REFUSED: &[&str] = &["replicaof", "slaveof"];

/// Keys the reader takes in a table, by its answer to one that it does not.
fn known_to_the_reader(probe: &str) -> BTreeSet<String> {
    let text = probe.replace('@', "zzzzzzzzzzzzzzzzzzzz = 1");
    let error = Scenario::parse(&Source::new("s.toml", text.clone())).expect_err("there is no such key");
    let expected = error.expected.unwrap_or_else(|| panic!("{text}\nno list in: {}", error.message));
    let names = expected.split('`').skip(1).step_by(2).map(str::to_owned);
    names.filter(|name| !REFUSED.contains(&name.as_str())).collect()
}

/// Keys the schema has for a table, without the names of before Redis 5.
fn known_to_the_schema(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let Some(Value::Object(keys)) = schema.pointer(pointer) else { panic!("the schema has no {pointer}") };
    keys.iter().filter(|(_, key)| key.get("deprecated").is_none()).map(|(name, _)| name.clone()).collect()
}

#[test]
fn the_schema_has_every_key_that_the_reader_knows_and_no_other() {
    let schema = schema();
    for (pointer, probe) in TABLES {
        assert_eq!(
            known_to_the_schema(&schema, pointer),
            known_to_the_reader(probe),
            "docs/scenario.schema.json: {pointer}"
        );
    }
}

#[test]
fn the_schema_lists_the_names_that_the_program_has() {
    let schema = schema();
    let words = |pointer: &str| -> Vec<String> {
        let list = schema.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no {pointer}"));
        list.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    assert_eq!(words("/definitions/client/properties/profile/enum"), Profile::NAMES);
    assert_eq!(words("/properties/network/properties/environment/enum"), Environment::NAMES);
    let events: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(words("/definitions/event/enum"), events);
    let metrics: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    assert_eq!(words("/definitions/metric/enum"), metrics);
    let keys = |pointer: &str| known_to_the_schema(&schema, pointer);
    let set = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<BTreeSet<String>>();
    assert_eq!(keys("/definitions/families/properties"), set(&mut Family::ALL.iter().map(|(name, ..)| *name)));
    assert_eq!(keys("/properties/expect/properties"), set(&mut Property::ALL.iter().map(|property| property.name())));
    let kinds = schema.pointer("/definitions/fault/allOf/0/oneOf").and_then(Value::as_array).expect("kinds of faults");
    let kinds: Vec<&str> = kinds.iter().filter_map(|kind| kind.pointer("/required/0")?.as_str()).collect();
    assert_eq!(kinds, FAULT_KINDS);
}

fn by_the_schema(schema: &Value, text: &str) -> Result<(), String> {
    let value: Value = toml::from_str(text).map_err(|error| error.to_string())?;
    validator::validate(schema, schema, &value, "")
}

#[test]
fn every_file_of_the_catalogue_fits_the_schema() {
    let schema = schema();
    let files = scenario_files(&root().join("scenarios")).expect("there is a catalogue");
    assert!(files.len() > 100, "{}", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file");
        let verdict = by_the_schema(&schema, &text);
        assert_eq!(verdict, Ok(()), "{}", file.display());
    }
}

/// Each accepted by both, if a little odd.
const RIGHT: &[&str] = &[
    "[cluster]",
    "[cluster]\n[sentinel]\nparallel-syncs = -1\ndown-after-milliseconds = '1.5s'",
    "[cluster]\n[redis]\nmin-slaves-to-write = 1\nappendonly = 'yes'\nrepl-backlog-size = '16kb'\n[redis.redis-3]\nreplica-priority = 0",
    "[cluster]\n[[clients]]\ncount = 3\nworkload = { sadd = 7.5, keys = 1, in-flight = 4 }",
    "[cluster]\n[[faults]]\nat = '1s..2s'\nkill = ['master', 'replica-2']\nfor = '3s'",
    "[cluster]\n[[faults]]\nat = '0s'\nkill = 'master'\n[[faults]]\nwhen = '+switch-master'\nafter = '1ms'\nheal = true",
    "[cluster]\n[[faults]]\nat = '0s'\nclock-step = { of = 'sentinels', by = '-3s' }",
    "[cluster]\n[chaos]\nintensity = '3..8'\nfamilies = { crash = 3, flap = 0 }",
    "[cluster]\n[claim]\npart-of = 'a'\nspeaks = 'against'\nfigures = ['writes_lost', 'lost-write']",
    "[cluster]\n[network]\nlatency = { quantiles = [['0%', '80us'], ['99.99%', '1ms'], ['100%', '1s']] }",
    "[cluster]\n[[clients]]\nretry = { attempts = 3, pause = '1s' }\nwait = { replicas = 1, timeout = '1s' }",
    "[cluster]\n[expect.metrics]\nwrites_lost = { at-least = 1, shows = '30%' }",
    "[cluster]\n[expect]\nfailover-completes = { within = 'auto', exactly = 1 }\n[expect.events]\n'+tilt' = ['never', { by = 'sentinel-1', at-most = 3 }]",
];

/// Each refused by both.
const WRONG: &[&str] = &[
    "title = 'no cluster'",
    "title = 3\n[cluster]",
    "[cluster]\n[sentinal]",
    "[cluster]\nreplicas = 200",
    "[cluster]\nreplicas = '2'",
    "[cluster]\nsentinels = 0",
    "[cluster]\nhostnames = 1",
    "[cluster]\nquorum = 2",
    "[cluster]\n[sentinel]\nquorum = 0",
    "[cluster]\n[sentinel]\nfailover-timeout = '-3s'",
    "[cluster]\n[sentinel]\nfailover-timeout = '3 parsecs'",
    "[cluster]\n[redis]\nappendfsync = 'sometimes'",
    "[cluster]\n[redis]\nsave = '0 1'",
    "[cluster]\n[redis.redis-2]\nfrobnicate = 1",
    "[cluster]\n[[masters]]\nreplicas = 1",
    "[cluster]\n[network]\nenvironment = 'lam'",
    "[cluster]\n[network]\nloss = 0.1",
    "[cluster]\n[disk]\nfsync = 3",
    "[cluster]\n[[clients]]\nprofile = 'redis-pi'",
    "[cluster]\n[[clients]]\nworkload = { sadd = -1 }",
    "[cluster]\n[[clients]]\ncount = 0",
    "[cluster]\n[[faults]]\nat = '0s'",
    "[cluster]\n[[faults]]\nkill = 'master'",
    "[cluster]\n[[faults]]\nat = '0s'\nkill = 'master'\nstop = 'master'",
    "[cluster]\n[[faults]]\nat = '0s'\nkill = 'master'\n[[faults]]\nat = '0s'\nthen-after = '1s'\nkill = 'master'",
    "[cluster]\n[[faults]]\nwhen = '+switch-mister'\nkill = 'master'",
    "[cluster]\n[[faults]]\nat = '0s'\npartition = [['master']]",
    "[cluster]\n[[faults]]\nat = '0s'\ndrop = { from = 'master' }",
    "[cluster]\n[[faults]]\nat = '0s'\nheal = false",
    "[cluster]\n[chaos]\nbudget = 'none'",
    "[cluster]\n[chaos]\nfamilies = { earthquake = 1 }",
    "[cluster]\n[run]\nseeds = 0",
    "[cluster]\n[run]\nheal = 'never'",
    "[cluster]\n[expect]\nlost-write = 'happens'",
    "[cluster]\n[expect]\none-leader-per-epoch = { at-most = 1 }",
    "[cluster]\n[expect]\nlost-writes = 'holds'",
    "[cluster]\n[expect.events]\n'+tilted' = 'never'",
    "[cluster]\n[expect.events]\n'+tilt' = { at-least = -1 }",
    "[cluster]\n[expect.metrics]\nwrites_lost = {}",
    "[cluster]\n[expect.metrics]\nwrites_missed = { at-least = 1 }",
    "[cluster]\n[claim]\npart-of = 'a'\nspeaks = 'loudly'",
    "[cluster]\n[[clients]]\nretry = { attempts = 1, pause = '1s' }",
    "[cluster]\n[[clients]]\nwait = { replicas = 1 }",
];

#[test]
fn the_schema_refuses_what_the_reader_refuses_and_takes_what_it_takes() {
    let schema = schema();
    let by_the_reader = |text: &str| Scenario::parse(&Source::new("s.toml", text.to_owned()));
    for text in RIGHT {
        if let Err(error) = by_the_reader(text) {
            panic!("the reader: {error}\n{text}");
        }
        assert_eq!(by_the_schema(&schema, text), Ok(()), "{text}");
    }
    for text in WRONG {
        assert!(by_the_reader(text).is_err(), "the reader takes\n{text}");
        assert!(by_the_schema(&schema, text).is_err(), "the schema takes\n{text}");
    }
}
