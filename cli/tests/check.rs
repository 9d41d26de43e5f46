//! `check`, as a program: exit codes and documents.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    folder
}

fn check(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_splitbrain")).arg("check").args(args).output().expect("it runs")
}

#[test]
fn the_exit_code_says_how_bad_it_is() {
    let folder = folder(
        "check-exit",
        &[
            ("danger.conf", "sentinel monitor m 10.0.0.1 6379 1\n"),
            ("error.conf", "sentinel monitor m redis 6379 2\n"),
            ("broken.yml", "services:\n  a: [\n"),
        ],
    );
    let path = |name: &str| folder.join(name).display().to_string();
    let code = |args: &[&str]| check(args).status.code();
    assert_eq!(code(&[&path("danger.conf")]), Some(0));
    assert_eq!(code(&[&path("danger.conf"), "--fail-on", "danger"]), Some(1));
    assert_eq!(code(&[&path("error.conf")]), Some(1));
    assert_eq!(code(&[&path("broken.yml")]), Some(2));
    assert_eq!(code(&[&path("nothing.yml")]), Some(2));
    let broken = String::from_utf8(check(&[&path("broken.yml")]).stderr).expect("text");
    assert!(broken.contains("broken.yml:") && broken.contains("this is not YAML"), "{broken}");
}

#[test]
fn documents_have_what_programs_look_for() {
    let folder = folder("check-documents", &[("sentinel.conf", "sentinel monitor m redis 6379 2\n")]);
    let file = folder.join("sentinel.conf").display().to_string();
    let (sarif, patch) = (folder.join("out.sarif"), folder.join("out.patch"));
    let output = check(&[
        &file,
        "--json",
        "-",
        "--sarif",
        &sarif.display().to_string(),
        "--patch",
        &patch.display().to_string(),
    ]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON alone on standard output");
    assert_eq!(json["files"][0]["accepted"], false);
    assert_eq!(json["files"][0]["error"]["message"], "Can't resolve instance hostname.");
    let finding = &json["findings"][0];
    assert_eq!((finding["id"].as_str(), finding["line"].as_u64()), (Some("hostname-without-resolve"), Some(1)));
    assert_eq!(finding["severity"], "error");
    assert!(json["battery"].is_array() && json["changes"].is_array());
    let sarif: serde_json::Value = serde_json::from_slice(&fs::read(sarif).expect("written")).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "hostname-without-resolve");
    let patch = fs::read_to_string(patch).expect("written");
    assert!(patch.ends_with("+sentinel resolve-hostnames yes\n"), "{patch}");
}
