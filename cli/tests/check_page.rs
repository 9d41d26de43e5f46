//! The page on `check` shows what the command says of the example beside it.

use std::path::Path;
use std::process::Command;

#[test]
fn the_page_on_check_shows_what_the_command_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let run = Command::new(env!("CARGO_BIN_EXE_splitbrain"))
        .args(["check", "docs/examples/pair", "--color", "never"])
        .current_dir(&root)
        .output()
        .expect("the command runs");
    // Dangers are no errors, unless they are asked to be.
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8(run.stdout).expect("it is text");
    let page = std::fs::read_to_string(root.join("docs/check.md")).expect("the page is there");
    let (_, shown) = page.split_once("<!-- output:begin -->\n```text\n").expect("the page has an output");
    let (shown, _) = shown.split_once("\n```").expect("the output ends");
    assert_eq!(shown.trim_end(), said.trim_end(), "run docs/regenerate.sh");
}
