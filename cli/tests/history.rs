//! `history` as a shell and CI see it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const HISTORIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../checker/tests/histories");
const PORCUPINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../checker/tests/histories/porcupine");

fn history(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_splitbrain"));
    command.arg("history").args(arguments).output().expect("the command starts")
}

fn exit(output: &Output) -> i32 {
    output.status.code().expect("the command ends by itself")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder of its own for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("splitbrain-history-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
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

fn kept(name: &str) -> String {
    format!("{HISTORIES}/{name}.jsonl")
}

#[test]
fn a_folder_is_judged_by_its_manifest() {
    let output = history(&[HISTORIES, PORCUPINE]);
    assert_eq!(exit(&output), 0, "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).ends_with("62 as expected, 0 otherwise, 0 undecided\n"), "{}", stdout(&output));
    assert_eq!(stdout(&history(&[HISTORIES, PORCUPINE, "--quiet"])), "");
}

#[test]
fn one_verdict_that_is_not_as_the_manifest_says_exits_with_1() {
    let folder = Folder::new("mismatch");
    folder.file("a.jsonl", fs::read(kept("stale-read")).unwrap());
    let line = |linearizable: &str| format!(r#"{{"file":"a.jsonl","model":"register","init":null{linearizable}}}"#);
    for (linearizable, code) in [(r#","linearizable":false"#, 0), (r#","linearizable":true"#, 1), ("", 1)] {
        folder.file("manifest.jsonl", line(linearizable));
        let output = history(&[folder.0.to_str().unwrap()]);
        assert_eq!(exit(&output), code, "{linearizable}: {}", stdout(&output));
        assert_eq!(stdout(&output).contains("expected linearizable"), linearizable.ends_with("true"));
    }
}

#[test]
fn a_history_without_an_order_exits_with_1_and_says_why() {
    let output = history(&[&kept("stale-read")]);
    assert_eq!(exit(&output), 1);
    let text = stdout(&output);
    assert!(text.contains("not-linearizable (register, 3 operations)"), "{text}");
    assert!(text.contains("  stale-read on key x: an older value was read after a newer one\n"), "{text}");
    assert!(text.contains("    line 5, process 2: read x = 1, answered in line 6\n"), "{text}");
    assert_eq!(exit(&history(&[&kept("stale-read-overlap-ok")])), 0);
}

#[test]
fn a_witness_is_an_order_of_all_operations() {
    let output = history(&[&kept("absent-read-overlap-ok"), "--witness"]);
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    let order: Vec<String> = stdout(&output).lines().skip(2).map(|line| line.trim().to_owned()).collect();
    assert_eq!(order.len(), 3, "{order:?}");
    assert!(order[0].starts_with("1  line 2, process 1: read x = null"), "{order:?}");
}

#[test]
fn a_search_without_a_budget_is_undecided() {
    let folder = Folder::new("budget");
    // Everybody writes and reads the same few values at the same time.
    let mut text = String::new();
    for step in ["invoke", "ok"] {
        for process in 0..40 {
            let f = if process < 20 { "write" } else { "read" };
            text += &format!("{{\"process\":{process},\"type\":\"{step}\",\"f\":\"{f}\",\"value\":{}}}\n", process % 3);
        }
    }
    let file = folder.file("a.jsonl", text);
    let output = history(&[&file, "--budget-nodes", "1"]);
    assert_eq!(exit(&output), 3, "{}", stdout(&output));
    assert!(
        stdout(&output).contains(": unknown (register, 40 operations)\n  undecided the register: no verdict after")
    );
}

#[test]
fn wrong_input_exits_with_2_and_its_place() {
    let folder = Folder::new("input");
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty", b"", ":1:1: found an empty file"),
        ("garbage", b"\x00\x01\xfe", ":1:3: found the byte 0xfe, expected UTF-8"),
        ("cut", b"{\"process\":0,\"type\":\"inv", ":1:25: found the end of the line in a string"),
        ("pop", b"{\"process\":0,\"type\":\"invoke\",\"f\":\"pop\"}", ":1:34: found \"pop\", expected one of"),
        ("ok", b"{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}", ":1:12: found a completion of nothing"),
        ("long", &vec![b'['; 17 << 20], ":1:1: found a line of more than 16 MiB"),
    ];
    for (name, content, expected) in cases {
        let file = folder.file(name, content);
        let output = history(&[&file]);
        assert_eq!(exit(&output), 2, "{name}");
        assert!(stderr(&output).starts_with(&format!("{file}{expected}")), "{}", stderr(&output));
    }
    assert_eq!(exit(&history(&[&folder.path("missing")])), 2);
    let empty = Folder::new("nothing");
    assert_eq!(exit(&history(&[empty.0.to_str().unwrap()])), 2);
    let escape = folder.file("manifest.jsonl", r#"{"file":"../x","model":"register"}"#);
    assert!(stderr(&history(&[&escape])).contains("manifest.jsonl:1:9: found \"../x\""));
    for arguments in
        [&["--model", "queue", "x"][..], &[], &["--self-test", "0"], &["--self-test", "5", "x"], &["x", "--jobs", "0"]]
    {
        assert_eq!(exit(&history(arguments)), 2, "{arguments:?}");
    }
}

#[test]
fn documents_go_where_they_were_asked_to_go() {
    let folder = Folder::new("documents");
    let page = folder.path("page.html");
    let output = history(&[HISTORIES, PORCUPINE, "--json", "-", "--html", &page, "--jobs", "3"]);
    let document: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("it is JSON");
    let files = document["files"].as_array().expect("files");
    assert_eq!(files.len(), 62);
    for file in files {
        assert_eq!(file["verdict"], file["expected"], "{}", file["file"]);
        assert_eq!(file["verdict"] == "linearizable", file["anomalies"].as_array().unwrap().is_empty());
        for anomaly in file["anomalies"].as_array().unwrap() {
            assert!((1..=8).contains(&anomaly["operations"].as_array().unwrap().len()), "{anomaly}");
        }
        assert!(file["ms"].is_u64() && file["model"].is_string());
    }
    let page = fs::read_to_string(page).expect("it was written");
    assert!(page.starts_with("<!doctype html>") && page.contains("<svg "));
}

#[test]
fn what_is_hostile_in_a_file_stays_text_on_the_page() {
    let folder = Folder::new("hostile");
    let key = r#"\"><script>alert(1)</script><img src=x onerror=alert(1)>"#;
    let lines: String = [
        ("write", "1", "invoke"),
        ("write", "1", "ok"),
        ("read", "null", "invoke"),
        ("read", "\"<b>\\u0000</b>\"", "ok"),
    ]
    .iter()
    .map(|(f, value, step)| {
        format!("{{\"process\":0,\"type\":\"{step}\",\"f\":\"{f}\",\"key\":\"{key}\",\"value\":{value}}}\n")
    })
    .collect();
    let (file, page) = (folder.file("a.jsonl", lines), folder.path("page.html"));
    assert_eq!(exit(&history(&[&file, "--html", &page])), 1);
    let page = fs::read_to_string(page).expect("it was written");
    assert!(
        !page.contains("<script>alert") && !page.contains("<img") && !page.contains("<b>\u{0}"),
        "markup came through"
    );
    assert!(page.contains("&gt;&lt;script&gt;alert(1)") && page.contains("default-src 'none'"));
    for request in ["http:", "https:", "url(", "src=", "@import"] {
        assert!(!page.replace("src=x", "").contains(request), "{request}");
    }
    let targets: Vec<&str> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(targets.iter().all(|target| target.starts_with('#') || *target == "data:,"), "{targets:?}");
}

#[test]
fn checkers_compare_themselves_with_one_another() {
    let output = history(&["--self-test", "300"]);
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().filter(|line| line.ends_with("all agree")).count(), 7);
}
