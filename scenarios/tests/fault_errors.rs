//! Mistakes in faults of clocks, hosts, disks and links: each is reported where it stands, with what was found and what
//! is expected.

use splitbrain_scenarios::{Scenario, Source};

/// A fault at one second, and where its message points (line, column) and how it begins.
type Row = (&'static str, (u32, u32), &'static str);

const TABLE: &[Row] = &[
    ("stall = \"vm\"", (6, 9), "there is no role, process or host `vm`"),
    ("clock-drift = \"sentinel-1\"", (6, 15), "wrong value of `clock-drift`: found \"sentinel-1\", expected a table"),
    ("clock-drift = { of = \"sentinel-1\" }", (6, 15), "whose clock, and how much too fast?: expected `of` and `ppm`"),
    (
        "clock-drift = { of = \"sentinel-1\", ppm = 0 }",
        (6, 42),
        "wrong value of `ppm`: found 0, expected a clock that is too fast or too slow",
    ),
    (
        "clock-drift = { of = \"sentinel-1\", ppm = 600000 }",
        (6, 42),
        "wrong value of `ppm`: found 600000, expected a whole number from -500000 to 500000",
    ),
    ("link = { a = \"master\", to = \"redis-2\", latency = \"1ms\" }", (6, 10), "`a` is both ways and `to` is one"),
    ("link = { from = \"master\", bandwidth = \"0kb\" }", (6, 39), "wrong value of `bandwidth`: found \"0kb\""),
    (
        "flap = { of = \"master\", up = \"1s\", down = \"1s\" }",
        (6, 1),
        "how long does it come and go?: expected `for` too",
    ),
    (
        "flap = { of = \"master\", up = \"0s\", down = \"1s\" }",
        (6, 30),
        "wrong value of `up`: found \"0s\", expected at least 1 ms",
    ),
    ("flap = { of = \"master\" }", (6, 8), "who comes and goes, for how long each?"),
    ("spikes = { of = \"master\" }", (6, 10), "whose links get how slow, how often and how long?"),
    (
        "bridge = \"master\"",
        (6, 10),
        "wrong value of `bridge`: found \"master\", expected names of processes or hosts, no roles",
    ),
    ("bridge = [\"redis-1\", \"redis-2\"]", (6, 10), "wrong value of `bridge`"),
    ("majorities-ring = [\"redis-1\"]", (6, 19), "wrong value of `majorities-ring`: found"),
    ("isolate-one = \"replicas\"", (6, 15), "wrong value of `isolate-one`"),
    (
        "swizzle = { of = \"redis-1\", every = \"1s\" }",
        (6, 18),
        "wrong value of `of`: found \"redis-1\", expected at least 2 names",
    ),
    ("fsync = { takes = \"1s\" }", (6, 9), "whose fsyncs?: expected `of`"),
    ("fsync = { of = \"master\" }", (6, 9), "what is wrong with fsync?: expected either `takes` or `outcome`"),
    (
        "fsync = { of = \"master\", outcome = \"lie\" }",
        (6, 36),
        "wrong value of `outcome`: found \"lie\", expected `fails` or `lies` (did you mean `lies`?)",
    ),
    ("disk-full = []", (6, 13), "wrong value of `disk-full`"),
    (
        "restart = { of = \"sentinel-1\", config = \"new\" }",
        (6, 41),
        "wrong value of `config`: found \"new\", expected",
    ),
    (
        "restart = { of = \"sentinel-1\", data = \"deleted\" }",
        (6, 18),
        "wrong value of `of`: found \"sentinel-1\", expected Redis servers",
    ),
    (
        "restart = { of = \"sentinel-1\", config = \"old\", identity = \"new\" }",
        (6, 48),
        "`identity` goes with no other key but `of` (a deleted configuration file is a new identity too)",
    ),
    (
        "start = \"redis-2\"",
        (6, 9),
        "wrong value of `start`: found \"redis-2\", expected processes that are `late` in [cluster]",
    ),
    ("start = \"redis-4\"\nfor = \"1s\"", (7, 1), "`start` has no end, so `for` has no meaning here"),
    ("clock-freeze = { }", (6, 16), "whose clock?: expected `of`"),
    ("clock-freeze = { of = \"sentinel-7\" }", (6, 23), "there is no role, process or host `sentinel-7`"),
];

#[test]
fn mistakes_in_faults_are_reported_where_they_stand() {
    for (fault, position, message) in TABLE {
        let text = format!("[cluster]\nlate = \"redis-4\"\nreplicas = 3\n[[faults]]\nat = \"1s\"\n{fault}\n");
        let error = Scenario::parse(&Source::new("s.toml", text.as_str())).expect_err(fault);
        let start = format!("s.toml:{}:{}: {message}", position.0, position.1);
        let line = error.one_line();
        assert!(line.starts_with(&start), "in\n{fault}\nfound    {line}\nexpected {start}");
    }
}

#[test]
fn clock_offsets_name_hosts_or_processes_on_them() {
    let read = |offsets: &str| {
        let text = format!("[cluster]\nclock-offsets = {offsets}\nhosts = {{ one = [\"redis-1\", \"sentinel-1\"] }}\n");
        Scenario::parse(&Source::new("s.toml", text)).map_err(|error| error.one_line())
    };
    assert!(read("{ one = \"3s\", sentinel-2 = \"-10s\" }").is_ok());
    let unknown = read("{ two = \"3s\" }").unwrap_err();
    assert!(unknown.starts_with("s.toml:2:25: there is no host `two`"), "{unknown}");
    let unit = read("{ one = 3 }").unwrap_err();
    assert!(unit.starts_with("s.toml:2:25: wrong value of `one`: found 3"), "{unit}");
}

#[test]
fn late_processes_are_servers_and_sentinels_without_which_the_cluster_can_begin() {
    let read = |late: &str| {
        let text = format!("[cluster]\nlate = {late}\n[sentinel]\nquorum = 1\n");
        Scenario::parse(&Source::new("s.toml", text)).map_err(|error| error.one_line())
    };
    assert!(read("[\"redis-3\", \"sentinel-3\"]").is_ok());
    for (late, message) in [
        ("\"redis-1\"", "s.toml:2:8: `redis-1` is the master at the beginning"),
        ("[\"redis-9\"]", "s.toml:2:9: there is no server or Sentinel `redis-9`"),
        ("[\"sentinel-1\", \"sentinel-2\", \"sentinel-3\"]", "s.toml:2:8: every Sentinel is late"),
    ] {
        let error = read(late).unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
}
