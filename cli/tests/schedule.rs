//! `run --schedule`: a scenario under the faults of another file, and the command that repeats such a run.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder of its own for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("splitbrain-schedule-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("mine.toml"), MINE).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, content: &str) {
        fs::write(self.0.join(name), content).unwrap();
    }

    fn run(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_splitbrain"));
        command.current_dir(&self.0).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses its arguments reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output: Output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Nothing goes wrong here, and there are random faults that are to be replaced.
const MINE: &str = "[cluster]\n[sentinel]\ndown-after-milliseconds = 1000\nfailover-timeout = 3000\n\
    [[faults]]\nat = \"0s\"\npause = \"replica\"\nfor = \"100ms\"\n[chaos]\nfamilies = { flap = 1 }\n\
    [run]\nseeds = 2\n[expect]\nfailover-completes = { exactly = 0 }\nno-false-failover = \"any\"\n";
const KILL: &str = "[[faults]]\nat = \"0s\"\nkill = \"master\"\n";

#[test]
fn faults_come_from_sections_alone_from_a_scenario_from_a_stored_run_and_from_standard_input() {
    let folder = Folder::new("kinds");
    folder.file("kill.toml", KILL);
    folder.file("whole.toml", &format!("title = \"Another\"\n[cluster]\nreplicas = 4\n{KILL}"));
    let (exit, out, _) = folder.run(&["run", "mine.toml", "--schedule", "kill.toml", "--seed", "0"], "");
    assert_eq!(exit, 1, "{out}");
    assert!(out.contains("kill redis-1") && !out.contains("pause") && !out.contains("isolate"), "{out}");
    assert!(out.contains("repeat: splitbrain run mine.toml --schedule kill.toml --seed 0"), "{out}");
    let (exit, replayed, _) = folder.run(&["replay", "runs/mine-seed-0.json"], "");
    assert_eq!(exit, 1);
    assert!(replayed.starts_with("reproduced (same digest): "), "{replayed}");
    let digest = |schedule: &str, input: &str| {
        let (exit, out, err) =
            folder.run(&["run", "mine.toml", "--schedule", schedule, "--seed", "0", "--no-save", "--json", "-"], input);
        assert_eq!(exit, 1, "{err}");
        let document: serde_json::Value = serde_json::from_str(&out).unwrap();
        document["scenarios"][0]["digest"].as_str().unwrap().to_owned()
    };
    let digests =
        [digest("kill.toml", ""), digest("whole.toml", ""), digest("runs/mine-seed-0.json", ""), digest("-", KILL)];
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}

#[test]
fn a_schedule_that_does_not_fit_is_pointed_at_where_it_stands() {
    let folder = Folder::new("wrong");
    folder.file("names.toml", "# a comment\n[[faults]]\nat = \"0s\"\nkill = \"redis-9\"\n");
    folder.file("slip.toml", "[[faults]]\nat = \"0s\"\nkil = \"master\"\n");
    folder.file("calm.toml", "[cluster]\n");
    folder.file("torn.json", "{\"seed\": 1}");
    for (schedule, input, expected) in [
        ("names.toml", "", "names.toml:4:8: "),
        ("slip.toml", "", "slip.toml:3:1: unknown key `kil`"),
        ("calm.toml", "", "calm.toml:1:1: there are no faults in this file"),
        ("-", "[[faults]]\nat = 3\nkill = \"master\"\n", "<stdin>:2:6: "),
        ("-", "[[faults", "<stdin>:1:"),
        ("torn.json", "", "torn.json:1:"),
        ("nowhere.toml", "", "nowhere.toml: cannot be read"),
    ] {
        let (exit, out, err) = folder.run(&["run", "mine.toml", "--schedule", schedule], input);
        assert_eq!((exit, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(expected), "{schedule}: {err}");
    }
}

#[test]
fn the_command_that_repeats_a_failure_says_everything_that_changes_the_run() {
    let folder = Folder::new("repeat");
    folder.file("kill it.toml", KILL);
    let arguments = [
        "run",
        "mine.toml",
        "--schedule",
        "kill it.toml",
        "--environment",
        "cross-az",
        "--no-save",
        "--junit",
        "j.xml",
    ];
    let (exit, out, _) = folder.run(&arguments, "");
    assert_eq!(exit, 1);
    let repeat = "splitbrain run mine.toml --environment cross-az --schedule 'kill it.toml' --seed 0";
    assert!(out.contains(repeat), "{out}");
    let junit = fs::read_to_string(folder.0.join("j.xml")).unwrap();
    assert!(junit.contains("--environment cross-az --schedule &apos;kill it.toml&apos; --seed 0"), "{junit}");
}
