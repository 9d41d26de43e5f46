//! Long runs: by time, until nothing new is reached, interrupted, killed, continued.
#![allow(clippy::disallowed_methods)] // how long a person waits

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What anything may take here, on a slow and busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

const SOUND: &str = "[cluster]\n[sentinel]\ndown-after-milliseconds = 5000\n[[faults]]\nat = \"0s\"\nkill = \"master\"\n\
                     [expect]\nfailover-completes = { within = \"auto\", exactly = 1 }\n";
const BROKEN: &str = "[cluster]\nreplicas = 0\n[sentinel]\ndown-after-milliseconds = 1000\n[[clients]]\n[[faults]]\nat = \"0s\"\n\
                      kill = \"master\"\n[run]\nheal = \"20s\"\n[expect]\navailable = { at-most = \"1s\" }\n";

/// A folder of its own for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, scenario: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("splitbrain-long-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("s.toml"), scenario).unwrap();
        Folder(path)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_splitbrain"));
        command.current_dir(&self.0).args(["run", "s.toml"]).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        told(self.command(arguments).output().expect("the command starts"))
    }

    /// Waits until a path below the folder is there, or a folder has something in it.
    fn wait_for(&self, path: &str, child: &mut Child) {
        let start = Instant::now();
        let path = self.0.join(path);
        let there = || match fs::read_dir(&path) {
            Ok(mut inside) => inside.next().is_some(),
            Err(_) => path.exists(),
        };
        while !there() {
            assert!(child.try_wait().unwrap().is_none(), "it ended before {} was there", path.display());
            assert!(start.elapsed() < PATIENCE, "{} is not there", path.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_run_for_a_given_time_says_how_many_seeds_it_played() {
    let folder = Folder::new("time", SOUND);
    let start = Instant::now();
    let (exit, stdout, stderr) = folder.run(&["--for", "1s"]);
    // How many seeds fit into a second depends on the machine; one whose first attempt fails may be among them.
    assert!(exit == 0 || exit == 1, "{stdout}{stderr}");
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert!(stdout.contains("the time is over"), "{stdout}");
    assert!(stdout.contains(" seeds (0.."), "{stdout}");
    assert!(!folder.0.join("runs/unfinished").exists(), "nothing is left of a run that has ended");
}

#[test]
fn a_run_until_nothing_new_is_reached_says_so_and_shows_its_coverage() {
    let folder = Folder::new("stable", SOUND);
    let (exit, stdout, stderr) = folder.run(&["--until", "stable:25", "--coverage"]);
    assert_eq!(exit, 0, "{stdout}{stderr}");
    assert!(stdout.contains("25 in a row reached nothing new"), "{stdout}");
    let reached = stdout.lines().find(|line| line.contains("+switch-master")).expect("a failover was completed");
    assert!(reached.trim_start().starts_with("event"), "{reached}");
    assert!(stdout.contains("never:"), "{stdout}");
    let (_, stdout, _) = folder.run(&["--until", "stable:25", "--json", "-"]);
    let played = &json(&stdout)["scenarios"][0];
    assert_eq!(played["stopped"], "stable");
    assert_eq!(played["stable_for"], 25);
    assert_eq!(played["coverage"]["fault"]["reached"]["kill"]["runs"], played["seeds"]["count"]);
}

#[test]
fn a_share_of_the_runs_is_played_twice() {
    let folder = Folder::new("twice", SOUND);
    let (exit, stdout, stderr) = folder.run(&["--seeds", "6", "--check-determinism", "100%"]);
    assert_eq!(exit, 0, "{stdout}{stderr}");
    assert!(stdout.contains("6 runs played twice, the same both times"), "{stdout}");
}

#[test]
fn a_single_seed_tells_its_schedule() {
    let folder = Folder::new("schedule", SOUND);
    let (_, stdout, _) = folder.run(&["--seed", "3"]);
    let line = stdout.lines().find(|line| line.contains("kill redis-1")).expect("the fault is told");
    assert!(line.trim_start().starts_with("0.000 s"), "{line}");
}

#[cfg(unix)]
#[test]
fn whatever_kills_a_long_run_its_findings_are_kept_and_a_second_start_continues() {
    let folder = Folder::new("kill", BROKEN);
    let arguments = ["--for", "6s", "--json", "-"];
    let mut child = folder.command(&arguments).stdout(Stdio::null()).spawn().unwrap();
    folder.wait_for("runs/s-seed-0.json", &mut child);
    folder.wait_for("runs/unfinished", &mut child);
    std::thread::sleep(Duration::from_millis(2_500));
    child.kill().unwrap();
    child.wait().unwrap();
    let (exit, stdout, stderr) = folder.run(&arguments);
    assert_eq!(exit, 1, "{stderr}");
    assert!(stderr.contains("seeds of an interrupted run are taken"), "{stderr}");
    let played = &json(&stdout)["scenarios"][0];
    assert_eq!(played["unmet"][0]["seed"], 0, "{stdout}");
    assert_eq!(played["seeds"]["first"], 0);
    assert!(!folder.0.join("runs/unfinished").exists());
    // What was continued is what one run of as many seeds finds.
    let count = played["seeds"]["count"].to_string();
    let (_, whole, _) = folder.run(&["--seeds", &count, "--no-save", "--json", "-"]);
    assert_eq!(json(&whole)["scenarios"][0]["digest"], played["digest"]);
    assert_eq!(json(&whole)["scenarios"][0]["metrics"], played["metrics"]);
}

#[cfg(unix)]
#[test]
fn an_interrupt_finishes_the_seeds_under_way_and_reports_what_was_played() {
    let folder = Folder::new("interrupt", BROKEN);
    let mut child = folder.command(&["--seeds", "100000000"]).spawn().unwrap();
    folder.wait_for("runs/s-seed-0.json", &mut child);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let (exit, stdout, stderr) = told(child.wait_with_output().unwrap());
    assert_eq!(exit, 130, "{stderr}");
    assert!(stdout.contains("interrupted") && stdout.contains("not met: available"), "{stdout}");
    assert!(stderr.contains("the same command continues from here"), "{stderr}");
    assert!(folder.0.join("runs/unfinished").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_nothing_loses_no_finding_on_the_terminal() {
    let folder = Folder::new("full", BROKEN);
    let (exit, stdout, stderr) = folder.run(&["--seeds", "3", "--save", "s.toml"]);
    assert_eq!(exit, 2);
    assert!(stdout.contains("not met: available in 3 of 3 runs"), "{stdout}");
    assert!(stderr.contains("cannot save the failed run") && !stderr.contains("panicked"), "{stderr}");
}
