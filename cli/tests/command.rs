//! The command as a shell and CI see it.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn splitbrain(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_splitbrain")).args(arguments).output().expect("the command starts")
}

fn exit(output: &Output) -> i32 {
    output.status.code().expect("the command ends by itself")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A folder of its own for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("splitbrain-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let file = self.0.join(name);
        fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    for arguments in [
        &["frobnicate"][..],
        &["run"],
        &["run", "x.toml", "--seeds", "0"],
        &["run", "x.toml", "--seed", "-1"],
        &["run", "x.toml", "--seed", "1", "--quick"],
        &["run", "x.toml", "--jobs", "0"],
        &["run", "x.toml", "--runs"],
        &["explain"],
        &["--nonsense"],
    ] {
        assert_eq!(exit(&splitbrain(arguments)), 2, "{arguments:?}");
    }
}

#[test]
fn a_wrong_scenario_exits_with_2_and_says_where() {
    let folder = Folder::new("wrong");
    let cases: &[(&str, &[u8], &str)] = &[
        ("empty.toml", b"", "empty.toml:1:1: the file is empty"),
        ("binary.toml", b"[cluster]\n\x00\xff\xfe", "binary.toml:2:2: this is not text: found byte 0xff"),
        (
            "key.toml",
            b"[cluster]\nreplica = 2\n",
            "key.toml:2:1: unknown key `replica` in [cluster] (did you mean `replicas`?)",
        ),
        ("quorum.toml", b"[cluster]\n[sentinel]\nquorum = 4\n", "quorum.toml:3:10: quorum 4"),
        (
            "negative.toml",
            b"[cluster]\n[[faults]]\nat = \"-1s\"\nkill = \"master\"\n",
            "negative.toml:3:6: wrong value of `at`",
        ),
        ("role.toml", b"[cluster]\n[[faults]]\nat = \"1s\"\nkill = \"mister\"\n", "role.toml:4:8: there is no role"),
    ];
    for (name, content, message) in cases {
        let output = splitbrain(&["run", &folder.file(name, content)]);
        assert_eq!(exit(&output), 2, "{name}");
        assert!(stderr(&output).contains(message), "{name}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{name}");
    }
}

#[test]
fn everything_wrong_is_said_before_anything_runs() {
    let folder = Folder::new("all");
    folder.file("a.toml", b"[cluster]\nx = 1\n");
    folder.file("b.toml", b"[cluster]\n");
    folder.file("c.toml", b"[cluster]\ny = 1\n");
    let output = splitbrain(&["run", folder.0.to_str().unwrap()]);
    assert_eq!(exit(&output), 2);
    assert!(stderr(&output).contains("a.toml:2:1") && stderr(&output).contains("c.toml:2:1"));
    assert!(output.stdout.is_empty());
}

#[test]
fn missing_files_empty_folders_and_unknown_environments_exit_with_2() {
    let folder = Folder::new("none");
    let scenario = folder.file("s.toml", b"[cluster]\n");
    fs::create_dir(folder.0.join("empty")).unwrap();
    let empty = folder.0.join("empty");
    let missing = folder.0.join("missing.toml");
    for arguments in [
        &["run", empty.to_str().unwrap()][..],
        &["run", missing.to_str().unwrap()],
        &["replay", missing.to_str().unwrap()],
        &["run", &scenario, "--environment", "lam"],
    ] {
        let output = splitbrain(arguments);
        assert_eq!(exit(&output), 2, "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn names_are_listed_and_explained() {
    let output = splitbrain(&["explain", "split-brain"]);
    assert_eq!(exit(&output), 0);
    assert!(stdout(&output).starts_with("split-brain (property)\n"));
    let chaos = stdout(&splitbrain(&["explain", "chaos"]));
    assert!(chaos.contains("survivable") && chaos.contains("swarm"), "{chaos}");
    let both = stdout(&splitbrain(&["explain", "partition"]));
    assert!(both.contains("(fault)") && both.contains("(family of random faults)"), "{both}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/classic/master-killed.toml");
    let scenario = stdout(&splitbrain(&["explain", file]));
    assert!(scenario.starts_with("classic/master-killed (scenario)\n  A master dies and is replaced\n"), "{scenario}");
    let unknown = splitbrain(&["explain", "lost-wriet"]);
    assert_eq!(exit(&unknown), 2);
    assert!(stderr(&unknown).contains("did you mean `lost-write`?"));
    let catalogue = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
    let list = stdout(&splitbrain(&["list", catalogue]));
    for name in [
        "classic/master-killed",
        "no-false-failover",
        "power-loss",
        "unwritable",
        "cross-az",
        "redis-py",
        "writes_lost",
    ] {
        assert!(list.contains(name), "{name} is missing in\n{list}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_splitbrain"))
        .arg("list")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn help_and_version_go_to_standard_output() {
    for arguments in [&["--help"][..], &["run", "--help"], &["--version"]] {
        let output = splitbrain(arguments);
        assert_eq!(exit(&output), 0, "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_junit_document_is_written_whatever_the_verdict_is() {
    let folder = Folder::new("junit");
    let scenario = folder.file("quiet.toml", b"[cluster]\n[expect]\nfailover-completes = \"holds\"\n");
    let document = folder.0.join("junit.xml");
    let output = splitbrain(&["run", &scenario, "--seed", "3", "--no-save", "--junit", document.to_str().unwrap()]);
    assert_eq!(exit(&output), 1, "{}", stderr(&output));
    let written = fs::read_to_string(&document).unwrap();
    assert!(written.contains("tests=\"1\" failures=\"1\" errors=\"0\""), "{written}");
    assert!(written.contains("--seed 3"), "{written}");
    let nowhere = folder.0.join("no/such/folder.xml");
    let output = splitbrain(&["run", &scenario, "--seed", "3", "--no-save", "--junit", nowhere.to_str().unwrap()]);
    assert_eq!(exit(&output), 2);
}

#[test]
fn a_digest_does_not_depend_on_which_host_names_other_scenarios_have() {
    let folder = Folder::new("names");
    let by_name = "[cluster]\nreplicas = 1\nsentinels = 3\nhostnames = true\n[sentinel]\nquorum = 2\n\
                   down-after-milliseconds = 500\nfailover-timeout = 2000\nresolve-hostnames = true\n\
                   announce-hostnames = true\n[run]\nseeds = 2\n[[faults]]\nat = \"0s\"\nkill = \"master\"\n\
                   [expect]\nfailover-completes = \"any\"\n";
    let hosts = "hosts = { zeta = [\"redis-2\"], eta = [\"sentinel-3\"], theta = [\"redis-1\"] }\n";
    let others = by_name.replacen("hostnames = true\n", &format!("hostnames = true\n{hosts}"), 1);
    let (one, other) = (folder.file("b.toml", by_name.as_bytes()), folder.file("a.toml", others.as_bytes()));
    let digest = |files: &[&str]| {
        let output = splitbrain(&[&["run", "--no-save", "--fresh", "--quiet", "--json", "-"], files].concat());
        let text = stdout(&output);
        let digests: Vec<String> = text.lines().filter(|line| line.contains("\"digest\"")).map(str::to_owned).collect();
        assert_eq!(digests.len(), files.len(), "{}{text}", stderr(&output));
        digests.last().cloned()
    };
    assert_eq!(digest(&[&one]), digest(&[&other, &one]));
}
