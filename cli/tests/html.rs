//! `--html` and `--open`: whole pages or none, and a message where a page cannot be written or opened.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/classic/master-killed-fast.toml");

fn run(more: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_splitbrain"));
    command.args(["run", SCENARIO, "--no-save"]).args(more);
    // Nothing to open a file with.
    command.env("PATH", "");
    let Output { status, stderr, .. } = command.output().expect("the command starts");
    (status.code().expect("it ends by itself"), String::from_utf8_lossy(&stderr).into_owned())
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("splitbrain-html-{name}-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn one_seed_has_the_page_of_a_run_and_several_have_one_of_what_they_have_in_common() {
    let folder = folder("pages");
    let page = folder.join("page.html");
    let file = page.to_str().unwrap();
    assert_eq!(run(&["--seed", "3", "--html", file]).0, 0);
    let one = fs::read_to_string(&page).unwrap();
    assert!(one.starts_with("<!doctype html>") && one.contains("id=\"space-time\""));
    assert_eq!(run(&["--seeds", "3", "--html", file]).0, 0);
    let three = fs::read_to_string(&page).unwrap();
    assert!(three.ends_with("</html>") && three.contains("seeds 0 to 2"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no unfinished file is left");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn without_a_desktop_the_page_is_there_and_it_is_said_that_it_was_not_opened() {
    let folder = folder("open");
    let page = folder.join("page.html");
    let (exit, said) = run(&["--seeds", "2", "--html", page.to_str().unwrap(), "--open"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("page.html was written and not opened: "), "{said}");
    assert!(page.exists());
    fs::remove_dir_all(folder).unwrap();
    assert_eq!(run(&["--open"]).0, 2, "there is nothing to open");
}

#[test]
fn a_page_that_cannot_be_written_is_named_and_exits_with_2() {
    let folder = folder("unwritable");
    let missing = folder.join("not-there/page.html");
    let mut files = vec![missing.to_str().unwrap(), folder.to_str().unwrap()];
    if cfg!(target_os = "linux") {
        files.push("/dev/full");
    }
    for file in files {
        let (exit, said) = run(&["--seeds", "2", "--html", file]);
        assert_eq!(exit, 2, "{said}");
        assert!(said.contains(&format!("{file}: cannot be written: ")), "{said}");
    }
    fs::remove_dir_all(folder).unwrap();
}
