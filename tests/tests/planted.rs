//! The table of docs/detection.md: it has every bug that can be planted, and with the feature `planted` each of them is
//! noticed in the seed that the table names. Besides, scenarios that must fail do, in every build.

#[path = "../detection/mod.rs"]
mod detection;

use detection::{COMMON, blame, root, scenario_of};
use splitbrain::checker::{Property, Scratch, Verdict};
use splitbrain::model::planted::Planted;
use splitbrain::scenarios::Scenario;
use splitbrain::{RunOptions, run_scenario};

/// The columns of a bug's row: name, what it is, scenario, properties, first seed, median, p90, rate.
fn rows() -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(root().join("docs/detection.md")).expect("there is a page");
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    page.lines().filter(|line| line.starts_with("| `")).map(cells).collect()
}

/// The bug of a row.
fn bug_of(row: &[String]) -> Planted {
    Planted::from_name(row[0].trim_matches('`')).unwrap_or_else(|| panic!("no bug is called {}", row[0]))
}

#[test]
fn every_bug_of_the_table_is_planted_and_was_noticed() {
    let rows = rows();
    let names: Vec<String> = rows.iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    let bugs: Vec<&str> = Planted::bugs().map(Planted::name).collect();
    assert_eq!(names, bugs, "docs/regenerate.sh --detection makes the table");
    assert!(rows.len() >= 40);
    for row in &rows {
        let bug = bug_of(row);
        assert_eq!(row[1], bug.what());
        let own = format!("scenarios/negative/planted/{bug}.toml");
        let file = if root().join(&own).exists() { own.as_str() } else { COMMON };
        assert_eq!(row[2].trim_matches('`'), file);
        for property in row[3].split(", ") {
            assert!(Property::from_name(property.trim_matches('`')).is_some(), "{bug}: {property}");
        }
        assert!(row[4].parse::<u64>().is_ok_and(|first| first < 2_000), "{bug} is not noticed in 2,000 seeds");
    }
}

#[test]
fn scenarios_of_one_bug_are_named_after_it() {
    for file in std::fs::read_dir(root().join("scenarios/negative/planted")).expect("there is a folder") {
        let file = file.expect("an entry").path();
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        assert!(Planted::from_name(&name).is_some(), "no bug is called {name}");
        let text = std::fs::read_to_string(&file).expect("a file");
        assert!(text.contains(&format!("\nplanted = \"{name}\"\n")), "{name} does not plant its bug");
    }
}

#[test]
fn with_the_feature_each_bug_is_noticed_in_the_seed_that_the_table_names() {
    if !Planted::available() {
        return;
    }
    let mut scratch = Scratch::default();
    let mut wrong = Vec::new();
    for row in &rows() {
        let bug = bug_of(row);
        let (_, scenario) = scenario_of(bug);
        let first = row[4].parse().expect("a seed");
        let blamed = blame(&scenario, bug, first, &mut scratch);
        if blamed.is_empty() {
            wrong.push(format!("seed {first} does not notice {bug}"));
        }
        let other = |property: &&&str| !row[3].contains(&format!("`{property}`"));
        wrong.extend(blamed.iter().filter(other).map(|property| format!("{bug}: {property} is not in its row")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn scenarios_that_must_fail_do() {
    let folder = root().join("scenarios/negative");
    let mut played = 0;
    for file in std::fs::read_dir(folder).expect("there is a folder") {
        let file = file.expect("an entry").path();
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let scenario = Scenario::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let summary = run_scenario(&scenario, &RunOptions::seeds(0..3), &|_| ()).expect("it can be played");
        assert_eq!(summary.verdict, Verdict::Fail, "{}", file.display());
        played += 1;
    }
    assert!(played >= 3, "the canary is gone");
}
