//! The README shows what the program really prints.

use splitbrain::reports::{Style, text};
use splitbrain::scenarios::Scenario;
use splitbrain::{RunOptions, run_scenario};
use std::path::{Path, PathBuf};

/// As the README's block was made: see `docs/regenerate.sh`.
const SCENARIO: &str = "scenarios/classic/master-isolated.toml";
const SEEDS: u64 = 20;

const BEGIN: &str = "<!-- output:begin -->\n```text\n";
const END: &str = "```\n<!-- output:end -->";

#[test]
fn the_block_in_the_readme_is_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    // A checkout on Windows may have other line ends.
    let readme = readme.replace("\r\n", "\n");
    let shown = readme.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).expect("the README has a block").0;

    let mut scenario = Scenario::load(&root.join(SCENARIO)).expect("the catalogue is sound");
    // The path as it is typed at the root.
    scenario.file = PathBuf::from(SCENARIO);
    let summary = run_scenario(&scenario, &RunOptions::seeds(0..SEEDS), &|_| ()).expect("runs");
    let printed = text::block(&summary, Style { colour: false });
    assert_eq!(shown.trim_end(), printed.trim_end(), "run docs/regenerate.sh and read the difference");
}
