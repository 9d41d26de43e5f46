//! Mistakes in faults of clocks, hosts, disks and links: each is reported where it stands, with what was found and what
//! is expected.

use splitbrain_scenarios::{Scenario, Source};

/// A fault at one second, and where its message points (line, column) and how it begins.
type Row = (&'static str, (u32, u32), &'static str);

const TABLE: &[Row] = &[
    ("stall = \"vm\"", (5, 9), "there is no role, process or host `vm`"),
    ("clock-drift = \"sentinel-1\"", (5, 15), "wrong value of `clock-drift`: found \"sentinel-1\", expected a table"),
    ("clock-drift = { of = \"sentinel-1\" }", (5, 15), "whose clock, and how much too fast?: expected `of` and `ppm`"),
    (
        "clock-drift = { of = \"sentinel-1\", ppm = 0 }",
        (5, 42),
        "wrong value of `ppm`: found 0, expected a clock that is too fast or too slow",
    ),
    (
        "clock-drift = { of = \"sentinel-1\", ppm = 600000 }",
        (5, 42),
        "wrong value of `ppm`: found 600000, expected a whole number from -500000 to 500000",
    ),
    ("fsync = { takes = \"1s\" }", (5, 9), "whose fsyncs?: expected `of`"),
    ("fsync = { of = \"master\" }", (5, 9), "what is wrong with fsync?: expected either `takes` or `outcome`"),
    (
        "fsync = { of = \"master\", outcome = \"lie\" }",
        (5, 36),
        "wrong value of `outcome`: found \"lie\", expected `fails` or `lies` (did you mean `lies`?)",
    ),
    ("disk-full = []", (5, 13), "wrong value of `disk-full`"),
    (
        "restart = { of = \"sentinel-1\", config = \"new\" }",
        (5, 42),
        "wrong value of `config`: found \"new\", expected",
    ),
    (
        "restart = { of = \"sentinel-1\", data = \"deleted\" }",
        (5, 18),
        "wrong value of `of`: found \"sentinel-1\", expected Redis servers",
    ),
    (
        "restart = { of = \"sentinel-1\", config = \"old\", identity = \"new\" }",
        (5, 49),
        "`identity` goes with no other key but `of` (a deleted configuration file is a new identity too)",
    ),
    ("clock-freeze = { }", (5, 16), "whose clock?: expected `of`"),
    ("clock-freeze = { of = \"sentinel-7\" }", (5, 23), "there is no role, process or host `sentinel-7`"),
];

#[test]
fn mistakes_in_faults_are_reported_where_they_stand() {
    for (fault, position, message) in TABLE {
        let text = format!("[cluster]\nreplicas = 3\n[[faults]]\nat = \"1s\"\n{fault}\n");
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
