//! The command under hostile use: files that are none, extreme settings, full disks, impatient people. It ends soon,
//! with a sensible exit code and a message, and never panics.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a whole scenario may take here, on a slow and busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

const IMPATIENT: &str = "[sentinel]\ndown-after-milliseconds = 2000\nfailover-timeout = 6000\n";
const KILL: &str = "[[faults]]\nat = \"0s\"\nkill = \"master\"\n";

/// A folder of its own for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("splitbrain-hostile-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let file = self.0.join(name);
        fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_splitbrain"));
    command.args(arguments);
    command
}

/// Runs the command; it must end by itself, without a panic, within [`PATIENCE`].
fn splitbrain(arguments: &[&str]) -> (i32, String, String) {
    check(command(arguments), &format!("{arguments:?}"))
}

#[allow(clippy::disallowed_methods)] // how long a person waits
fn check(mut command: Command, what: &str) -> (i32, String, String) {
    let start = Instant::now();
    let Output { status, stdout, stderr } = command.output().expect("the command starts");
    let (stdout, stderr) =
        (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned());
    assert!(!stderr.contains("panicked"), "{what}: {stderr}");
    assert!(start.elapsed() < PATIENCE, "{what} took {:?}", start.elapsed());
    (status.code().unwrap_or_else(|| panic!("{what} was ended by a signal: {stderr}")), stdout, stderr)
}

fn run_one(folder: &Folder, name: &str, scenario: &str) -> (i32, String, String) {
    splitbrain(&["run", &folder.file(name, scenario.as_bytes()), "--seeds", "1", "--no-save"])
}

#[test]
fn what_is_no_scenario_file_is_refused() {
    let folder = Folder::new("files");
    fs::create_dir_all(folder.0.join("folder.toml")).unwrap();
    let noise: Vec<u8> = (0u32..3_000_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let noise = folder.file("noise.toml", &noise);
    let directory = folder.path("folder.toml");
    for arguments in [
        ["run", &noise],
        ["run", &directory],
        ["replay", &noise],
        ["replay", &directory],
        #[cfg(unix)]
        ["run", "/dev/null"],
        #[cfg(unix)]
        ["run", "/dev/zero"],
    ] {
        let (exit, stdout, stderr) = splitbrain(&arguments);
        assert_eq!((exit, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn values_out_of_range_are_refused_with_their_position() {
    let folder = Folder::new("values");
    for (name, line, position) in [
        ("duration", "[run]\nphase = \"-1s\"\n", "duration.toml:3:9"),
        ("role", "[[faults]]\nat = \"0s\"\nkill = \"mister\"\n", "role.toml:4:8"),
        ("quorum", "[sentinel]\nquorum = 4\n", "quorum.toml:3:10"),
        ("clients", "[[clients]]\ncount = 10001\n", "clients.toml:3:9"),
        ("sentinels", "[network]\nloss = \"101%\"\n", "sentinels.toml:3:8"),
        ("rate", "[[clients]]\nworkload = { sadd = 1e99 }\n", "rate.toml:3:"),
        ("nothing", "[[clients]]\nworkload = {}\n", "nothing.toml:3:12"),
        ("down", "[sentinel]\ndown-after-milliseconds = 0\n", "down.toml:3:"),
        ("big", "[sentinel]\ndown-after-milliseconds = 99999999999999999999\n", "big.toml:3:"),
    ] {
        let (exit, _, stderr) = run_one(&folder, &format!("{name}.toml"), &format!("[cluster]\n{line}"));
        assert_eq!(exit, 2, "{name}: {stderr}");
        assert!(stderr.contains(position), "{name}: {stderr}");
    }
}

#[test]
fn ten_thousand_clients_are_played_in_seconds() {
    let folder = Folder::new("clients");
    let clients = "[[clients]]\ncount = 10000\nworkload = { sadd = 1 }\n";
    let any = "[expect]\nlost-write = \"any\"\n";
    let (exit, stdout, _) = run_one(&folder, "s.toml", &format!("[cluster]\n{IMPATIENT}{clients}{KILL}{any}"));
    // With Redis' own limit of 10,000 connections the new master refuses a Sentinel or replica among them: what
    // follows is a finding, not a crash.
    assert!(exit == 0 || exit == 1, "{stdout}");
    let more = "[redis]\nmaxclients = 20000\n";
    let (exit, stdout, _) = run_one(&folder, "m.toml", &format!("[cluster]\n{IMPATIENT}{more}{clients}{KILL}{any}"));
    assert_eq!(exit, 0, "{stdout}");
}

#[test]
fn two_hundred_sentinels_agree() {
    let folder = Folder::new("sentinels");
    let (exit, stdout, stderr) = run_one(&folder, "s.toml", &format!("[cluster]\nsentinels = 200\n{IMPATIENT}{KILL}"));
    assert_eq!(exit, 0, "{stdout}{stderr}");
}

#[test]
fn a_master_without_replicas_cannot_be_replaced_and_the_report_says_so() {
    let folder = Folder::new("alone");
    let (exit, stdout, _) =
        run_one(&folder, "s.toml", &format!("[cluster]\nreplicas = 0\n{IMPATIENT}[[clients]]\n{KILL}"));
    assert_eq!(exit, 1);
    assert!(stdout.contains("not met: converges-after-heal"), "{stdout}");
}

#[test]
fn a_patience_of_a_millisecond_and_one_of_ten_days_come_to_an_end() {
    let folder = Folder::new("patience");
    for (name, down_after) in [("short", "1"), ("long", "864000000")] {
        let sentinel = format!("[sentinel]\ndown-after-milliseconds = {down_after}\nfailover-timeout = 6000\n");
        let (exit, stdout, stderr) =
            run_one(&folder, &format!("{name}.toml"), &format!("[cluster]\n{sentinel}[[clients]]\n{KILL}"));
        assert!(exit == 1 || exit == 3, "{name}: {exit} {stdout}{stderr}");
    }
}

#[test]
fn a_rate_nobody_can_serve_comes_to_an_end() {
    let folder = Folder::new("rate");
    let clients = "[[clients]]\nworkload = { sadd = 100000, in-flight = 100 }\n";
    let (exit, stdout, _) = run_one(&folder, "s.toml", &format!("[cluster]\n{IMPATIENT}{clients}{KILL}"));
    assert!(exit == 0 || exit == 1, "{stdout}");
}

#[test]
fn the_last_seed_there_is_can_be_played() {
    let folder = Folder::new("seed");
    let file = folder.file("s.toml", format!("[cluster]\n{IMPATIENT}{KILL}").as_bytes());
    let last = (u64::MAX - 1).to_string();
    assert_eq!(splitbrain(&["run", &file, "--seed", &last, "--no-save"]).0, 0);
    assert_eq!(splitbrain(&["run", &file, "--seed", &u64::MAX.to_string(), "--no-save"]).0, 2);
}

#[test]
fn a_folder_for_failures_that_cannot_be_made_is_said() {
    let folder = Folder::new("save");
    let file = folder.file("s.toml", format!("[cluster]\nreplicas = 0\n{IMPATIENT}[[clients]]\n{KILL}").as_bytes());
    let below_a_file = folder.path("s.toml/runs");
    let (exit, _, stderr) = splitbrain(&["run", &file, "--seeds", "1", "--save", &below_a_file]);
    assert_eq!(exit, 2);
    assert!(stderr.contains("cannot save the failed run to"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_wherever_it_is_met() {
    let folder = Folder::new("full");
    let file = folder.file("s.toml", format!("[cluster]\n{IMPATIENT}{KILL}").as_bytes());
    for flags in [["--json", "/dev/full"], ["--trace", "/dev/full"]] {
        let (exit, _, stderr) = splitbrain(&["run", &file, "--seed", "1", "--no-save", flags[0], flags[1]]);
        assert_eq!(exit, 2, "{flags:?}");
        assert!(stderr.contains("/dev/full: cannot be written"), "{stderr}");
    }
    let mut to_full = command(&["run", &file, "--seeds", "1", "--no-save"]);
    to_full.stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let (exit, _, stderr) = check(to_full, "standard output on a full disk");
    assert_eq!(exit, 2);
    assert!(stderr.contains("cannot write to standard output"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_closed_standard_output_does_not_change_the_exit_code() {
    let folder = Folder::new("closed");
    let file = folder.file("s.toml", format!("[cluster]\n{IMPATIENT}{KILL}").as_bytes());
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" run \"$1\" --seeds 1 --no-save >&-", env!("CARGO_BIN_EXE_splitbrain"), &file]);
    assert_eq!(check(shell, "a closed standard output").0, 0);
}

#[cfg(unix)]
#[test]
#[allow(clippy::disallowed_methods)] // how long a person waits
fn an_interrupt_ends_endless_work_at_once() {
    let folder = Folder::new("interrupt");
    let file = folder.file("s.toml", format!("[cluster]\n{IMPATIENT}{KILL}").as_bytes());
    let mut child = command(&["run", &file, "--seeds", &u64::MAX.to_string(), "--no-save"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it works");
    let start = Instant::now();
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let status = child.wait().unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "it took {:?}", start.elapsed());
    assert_ne!(status.code(), Some(0), "unfinished work is no pass");
}
