//! `explore` and `merge` as a shell and a cluster's engine see them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn splitbrain(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_splitbrain")).args(arguments).output().expect("the command starts")
}

fn exit(output: &Output) -> i32 {
    output.status.code().expect("the command ends by itself")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with a small sweep, removed at the end.
struct Folder(PathBuf);

const BASE: &str = "[cluster]\nreplicas = 1\n[sentinel]\ndown-after-milliseconds = 4000\nfailover-timeout = 3000\n\
                    [[clients]]\nname = \"app\"\nworkload = { sadd = 2 }\n[run]\nphase = \"0s..2s\"\n";

const SWEEP: &str = "scenario = \"base.toml\"\nseeds = 8\n[vary]\ndown-after-milliseconds = [1000, 4000]\n\
                     [[failures]]\nname = \"dies\"\nper-year = 2\nkill = \"master\"\n[promise]\nwrite-gap = \"20s\"\n";

impl Folder {
    fn new(name: &str, promise: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("splitbrain-cli-explore-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("base.toml"), BASE).unwrap();
        fs::write(path.join("what-if.toml"), SWEEP.replace("20s", promise)).unwrap();
        Folder(path)
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn shards_exit_with_0_and_merge_tells_what_one_command_tells() {
    let folder = Folder::new("shards", "20s");
    let (sweep, parts) = (folder.at("what-if.toml"), folder.at("parts"));
    let alone = splitbrain(&["explore", &sweep, "--out", &folder.at("alone"), "--jobs", "1"]);
    assert_eq!(exit(&alone), 0, "{}", text(&alone.stderr));
    let told = text(&alone.stdout);
    assert!(told.contains("sentinel down-after-milliseconds <master> 1000   # now 4000"), "{told}");

    let first = splitbrain(&["explore", &sweep, "--out", &parts, "--shard", "0/2"]);
    assert_eq!((exit(&first), first.stdout.len()), (0, 0), "{}", text(&first.stderr));
    let gap = splitbrain(&["merge", &folder.at("nothing")]);
    assert_eq!(exit(&gap), 2);
    let second = splitbrain(&["explore", &sweep, "--out", &parts, "--shard", "1/2"]);
    assert_eq!(exit(&second), 0, "{}", text(&second.stderr));
    let merged = splitbrain(&["merge", &parts]);
    assert_eq!((exit(&merged), text(&merged.stdout)), (0, told));

    let json = splitbrain(&["merge", &parts, "--json", "-"]);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).expect("one JSON document");
    for key in ["plan", "cells", "front", "recommendation", "digest"] {
        assert!(document.get(key).is_some(), "{key}");
    }
    assert_eq!(document["recommendation"]["settings"]["down-after-milliseconds"], "1000");
}

#[test]
fn a_plan_tells_what_shards_write_and_what_they_need() {
    let folder = Folder::new("plan", "20s");
    let (sweep, out) = (folder.at("what-if.toml"), folder.at("out"));
    fs::write(folder.at("redis.conf"), "min-replicas-to-write 0\n").unwrap();
    fs::write(folder.at("base.toml"), BASE.replace("replicas = 1", "replicas = 1\nredis-conf = \"redis.conf\""))
        .unwrap();
    let output = splitbrain(&["explore", &sweep, "--seeds", "30", "--out", &out, "--plan"]);
    assert_eq!(exit(&output), 0, "{}", text(&output.stderr));
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let files = ["base.toml", "redis.conf", "what-if.toml"].map(|name| folder.at(name));
    assert_eq!(plan["files"], serde_json::json!(files));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "plan.json, and nothing is played");
    let pieces = plan["pieces"].as_array().unwrap();
    assert_eq!((&plan["runs"], pieces.len()), (&60.into(), 2));
    assert_eq!(exit(&splitbrain(&["explore", &sweep, "--seeds", "30", "--out", &out, "--shard", "1/2"])), 0);
    let written = pieces.iter().map(|name| folder.0.join("out").join(name.as_str().unwrap()).exists());
    assert_eq!(written.collect::<Vec<_>>(), [false, true]);
    let other = splitbrain(&["explore", &sweep, "--seeds", "31", "--out", &out, "--plan"]);
    assert_eq!(exit(&other), 2, "the folder belongs to another plan");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_which_has_it() {
    let folder = Folder::new("parquet", "20s");
    let out = folder.at("out");
    assert_eq!(exit(&splitbrain(&["explore", &folder.at("what-if.toml"), "--out", &out])), 0);
    let told = splitbrain(&["merge", &out, "--parquet", &folder.at("rows.parquet")]);
    assert_eq!((exit(&told), told.stdout.len()), (2, 0));
    assert!(text(&told.stderr).contains("--features parquet"), "{}", text(&told.stderr));
}

#[test]
fn rows_that_cannot_be_written_are_no_wrong_input() {
    let folder = Folder::new("unwritable", "20s");
    let output = splitbrain(&["explore", &folder.at("what-if.toml"), "--shard", "0/1", "--out", "/proc/rows"]);
    assert_eq!(exit(&output), 6, "{}", text(&output.stderr));
}

#[test]
fn a_row_is_a_run_that_can_be_looked_at() {
    let folder = Folder::new("row", "20s");
    let (sweep, rows) = (folder.at("what-if.toml"), folder.at("rows"));
    assert_eq!(exit(&splitbrain(&["explore", &sweep, "--out", &rows])), 0);
    let piece = fs::read_to_string(folder.0.join("rows/rows-000000000000-000000000016.jsonl")).unwrap();
    let row: serde_json::Value = serde_json::from_str(piece.lines().nth(9).unwrap()).unwrap();
    let cell = format!("{}/{}", row["cell"], row["failure"]);
    let scenario = splitbrain(&["explore", &sweep, "--scenario", &cell]);
    fs::write(folder.at("one.toml"), &scenario.stdout).unwrap();
    let run = splitbrain(&[
        "run",
        &folder.at("one.toml"),
        "--seed",
        &row["seed"].to_string(),
        "--no-save",
        "--runs",
        "--json",
        "-",
    ]);
    let run: serde_json::Value = serde_json::from_slice(&run.stdout).expect("one JSON document");
    assert_eq!(run["scenarios"][0]["runs"][0]["digest"], row["digest"]);
}

#[test]
fn a_promise_that_no_settings_keep_exits_with_1_and_what_is_wrong_with_2() {
    let folder = Folder::new("promise", "1s");
    let (sweep, out) = (folder.at("what-if.toml"), folder.at("out"));
    let broken = splitbrain(&["explore", &sweep, "--out", &out]);
    assert_eq!(exit(&broken), 1, "{}", text(&broken.stderr));
    assert!(text(&broken.stdout).contains("No settings of this sweep keep the promise"), "{}", text(&broken.stdout));
    for arguments in [
        &["explore"][..],
        &["explore", "/nowhere.toml"],
        &["explore", &folder.at("base.toml")],
        &["explore", &sweep, "--shard", "0/2"],
        &["explore", &sweep, "--out", &out, "--shard", "2/2"],
        &["explore", &sweep, "--out", &out, "--seeds", "9"],
        &["explore", &sweep, "--scenario", "7/0"],
        &["explore", &sweep, "--out", &folder.at("fresh"), "--resume"],
        &["run", &sweep],
    ] {
        assert_eq!(exit(&splitbrain(arguments)), 2, "{arguments:?}");
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // kill -9 comes in real time
fn killed_twenty_times_at_any_moment_it_still_ends_with_what_an_undisturbed_sweep_gives() {
    let folder = Folder::new("killed", "20s");
    let sweep = folder.at("what-if.toml");
    let text_of = SWEEP
        .replace("seeds = 8", "seeds = 64\ndesign = { halving = 3 }")
        .replace("[1000, 4000]", "[1000, 2000, 4000, 9000]");
    fs::write(&sweep, text_of).unwrap();
    let quiet = splitbrain(&["explore", &sweep, "--out", &folder.at("quiet"), "--jobs", "1"]);
    assert_eq!(exit(&quiet), 0, "{}", text(&quiet.stderr));
    let disturbed = folder.at("disturbed");
    let (mut chance, mut killed) = (7_u64, 0);
    for _ in 0..20 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_splitbrain"))
            .args(["explore", &sweep, "--out", &disturbed, "--jobs", "2", "--quiet"])
            .spawn()
            .expect("the command starts");
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(std::time::Duration::from_millis(chance >> 57));
        killed += u32::from(child.try_wait().expect("its state").is_none());
        child.kill().expect("SIGKILL");
        child.wait().expect("it is gone");
    }
    assert!(killed > 0, "it was always faster");
    let resumed = splitbrain(&["explore", &sweep, "--out", &disturbed]);
    assert_eq!((exit(&resumed), text(&resumed.stdout)), (0, text(&quiet.stdout)));
    for entry in fs::read_dir(folder.at("quiet")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let read = |which: &str| fs::read(folder.0.join(which).join(&name)).unwrap();
        assert_eq!(read("quiet"), read("disturbed"), "{name}");
    }
}

#[test]
fn a_network_that_was_measured_needs_no_sweep_and_what_is_wrong_in_it_has_a_place() {
    let folder = Folder::new("network", "20s");
    let pings: String =
        (1..=200).map(|n| format!("64 bytes from db: icmp_seq={n} ttl=63 time={}.{n:03} ms\n", n / 20)).collect();
    fs::write(folder.at("pings.txt"), format!("PING db (10.0.0.2) 56(84) bytes of data.\n{pings}")).unwrap();
    let sweep = folder.at("what-if.toml");
    let scenario = splitbrain(&["explore", &sweep, "--network", &folder.at("pings.txt"), "--scenario", "0/0"]);
    let scenario = text(&scenario.stdout);
    assert!(scenario.contains("quantiles = [[\"0%\", \"1us\"], [\"1%\""), "{scenario}");
    let short =
        splitbrain(&["explore", "--network", &folder.at("pings.txt"), "--seeds", "6", "--out", &folder.at("rows")]);
    assert!(exit(&short) < 2, "{}", text(&short.stderr));
    assert!(text(&short.stdout).contains("environment pings.txt"), "{}", text(&short.stdout));
    fs::write(folder.at("pings.txt"), "0.3\nmuch\n").unwrap();
    let wrong = splitbrain(&["explore", "--network", &folder.at("pings.txt")]);
    assert_eq!(exit(&wrong), 2);
    assert!(text(&wrong.stderr).contains("pings.txt:2:1: this is no round trip"), "{}", text(&wrong.stderr));
}

#[test]
fn fresh_seeds_confirm_what_was_recommended_or_say_that_they_do_not() {
    let folder = Folder::new("confirm", "20s");
    let (sweep, out) = (folder.at("what-if.toml"), folder.at("out"));
    let confirmed = splitbrain(&["explore", &sweep, "--out", &out, "--confirm", "20", "--json", &folder.at("it.json")]);
    let told = text(&confirmed.stdout);
    assert_eq!(exit(&confirmed), 0, "{told}{}", text(&confirmed.stderr));
    assert!(told.contains("played again with seeds 8 to 27: the promise is kept"), "{told}");
    let document: serde_json::Value = serde_json::from_slice(&fs::read(folder.at("it.json")).unwrap()).unwrap();
    assert_eq!(document["confirmation"]["kept"], true);
    // The same rows again, and the verdict of the first seeds does not change.
    let page = folder.at("it.html");
    let again = splitbrain(&["explore", &sweep, "--out", &out, "--confirm", "20", "--html", &page]);
    assert_eq!(text(&again.stdout), told);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<p>played again with seeds 8 to 27: the promise is kept.</p>"));
    assert!(told.starts_with(&text(&splitbrain(&["merge", &out]).stdout)), "{told}");
}
