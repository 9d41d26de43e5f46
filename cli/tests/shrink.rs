//! `shrink` as a shell sees it: what it takes, what it writes, how it exits.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn splitbrain(arguments: &[&str]) -> (i32, String, String) {
    let output: Output =
        Command::new(env!("CARGO_BIN_EXE_splitbrain")).args(arguments).output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

/// A folder of its own for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("splitbrain-shrink-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &str) -> String {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const FAILING: &str = r#"
[cluster]
[sentinel]
down-after-milliseconds = 1000
failover-timeout = 3000
[[clients]]
count = 2
workload = { sadd = 20 }
[[faults]]
at = "3s"
clock-step = { of = "sentinel-2", by = "250ms" }
[[faults]]
at = "5s"
kill = "master"
for = "30s"
[[faults]]
at = "9s"
pause = "replica"
for = "1s"
[expect]
available = { at-most = "10s" }
failover-completes = { exactly = 0 }
lost-write = "any"
"#;

#[test]
fn a_stored_run_shrinks_to_one_that_replays_and_a_scenario_that_runs() {
    let folder = Folder::new("stored");
    let scenario = folder.file("mine.toml", FAILING);
    let runs = folder.path("runs");
    assert_eq!(splitbrain(&["run", &scenario, "--seed", "4", "--save", &runs, "--quiet"]).0, 1);
    let stored = format!("{runs}/mine-seed-4.json");
    let promoted = folder.path("regression/mine.toml");
    let arguments = ["shrink", &stored, "--property", "failover-completes", "--promote", &promoted];
    let (exit, out, err) = splitbrain(&arguments);
    assert_eq!(exit, 1, "{err}");
    assert!(out.starts_with("1 of 3 faults left"), "{out}");
    assert!(out.contains("redis-1 is killed."), "{out}");

    let small = format!("{runs}/mine-seed-4-shrunk.json");
    let (exit, out, _) = splitbrain(&["replay", &small]);
    assert_eq!(exit, 1);
    assert!(out.starts_with("reproduced (same digest): "), "{out}");
    let (exit, out, err) = splitbrain(&["run", &promoted, "--no-save"]);
    assert_eq!(exit, 1, "{out}{err}");
    assert!(out.contains("not met: failover-completes"), "{out}");
    let text = fs::read_to_string(&promoted).unwrap();
    assert!(text.contains("this file fails as long as the failure is there"), "{text}");

    let json = |jobs| splitbrain(&["shrink", &stored, "--jobs", jobs, "--json", "-"]).1;
    assert_eq!(json("1"), json("2"));
    assert!(json("1").contains("\"property\": "), "{}", json("1"));
}

#[test]
fn wrong_input_exits_with_2_and_says_what_is_expected() {
    let folder = Folder::new("wrong");
    let scenario = folder.file("mine.toml", FAILING);
    let calm = folder.file("calm.toml", "[cluster]\n[[faults]]\nat = \"0s\"\npause = \"replica\"\nfor = \"10ms\"\n");
    let torn = folder.file("torn.json", "{");
    for (arguments, expected) in [
        (&["shrink", &scenario][..], "expected `--seed S`"),
        (&["shrink", &torn], "not a saved run"),
        (&["shrink", &torn, "--seed", "1"], "a stored run has its seed"),
        (&["shrink", "nowhere.json"], "nowhere.json"),
        (&["shrink", "nowhere.toml", "--seed", "1"], "nowhere.toml: cannot be read"),
        (&["shrink", &scenario, "--seed", "1", "--for", "10"], "expected a duration with a unit"),
        (&["shrink", &scenario, "--seed", "1", "--property", "split-brian"], "did you mean `split-brain`?"),
        (&["shrink", &calm, "--seed", "1"], "seed 1 meets every expectation"),
        (&["shrink", &scenario, "--seed", "1", "--property", "stale-read"], "seed 1 meets stale-read"),
    ] {
        let (exit, _, err) = splitbrain(arguments);
        assert_eq!(exit, 2, "{arguments:?}: {err}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    }
}
