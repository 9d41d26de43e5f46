//! The change of redis-rs that docs/hosted.md shows is the one that is made.

use std::path::Path;

#[test]
fn the_change_that_the_documentation_shows_is_the_one_that_is_made() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(here.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let page = read("../../docs/hosted.md");
    let (_, shown) = page.split_once("<!-- patch:begin -->\n```diff\n").expect("the page shows the change");
    let (shown, _) = shown.split_once("```").expect("the block ends");
    let (mut file, mut compared) = (String::new(), 0);
    for line in shown.lines() {
        if let Some(path) = line.strip_prefix(" # ") {
            file = read(&format!("vendor/redis/{path}"));
            continue;
        }
        let Some(text) = line.get(1..).filter(|text| !text.trim().is_empty()) else { continue };
        let is_there = file.lines().any(|of_file| of_file == text);
        // `version = "1"` stands at other dependencies too.
        let gone = line.starts_with('-') && !text.starts_with("version");
        assert!(is_there != gone, "{line}");
        compared += 1;
    }
    assert!(compared > 10, "{compared} lines");
}
