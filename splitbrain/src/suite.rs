//! Scenario files as tests of other people's repositories (feature `suite`): each file a test under its own name, for
//! `cargo test` and for nextest.
//!
//! ```toml
//! [dev-dependencies]
//! splitbrain = { version = "0.1", features = ["suite"] }
//!
//! [[test]]
//! name = "scenarios"
//! harness = false
//! ```
//!
//! ```ignore
//! // tests/scenarios.rs
//! splitbrain::scenario_tests!("scenarios");
//! ```

use crate::{RunOptions, run_scenario};
use splitbrain_checker::Verdict;
use splitbrain_checker::summary::ScenarioSummary;
use splitbrain_reports::junit::{self, Broken};
use splitbrain_reports::{Style, text};
use splitbrain_scenarios::Scenario;
use std::path::{Path, PathBuf};

#[doc(hidden)]
pub use datatest_stable;

/// Plays a scenario file with its own seeds, or those of `SPLITBRAIN_SEEDS` (`<a>..<b>`) or `SPLITBRAIN_SEED` in the
/// environment, and fails with what the command prints. A failing run is kept in `SPLITBRAIN_SAVE`, or in the folder of build
/// products. If `SPLITBRAIN_JUNIT` names a folder, a JUnit document for each file is written there.
///
/// # Errors
/// If the file is not accepted or an expectation is not met.
pub fn file_passes(file: &Path) -> datatest_stable::Result<()> {
    let played = played(file);
    if let Some(folder) = std::env::var_os("SPLITBRAIN_JUNIT") {
        report(Path::new(&folder), file, &played)?;
    }
    let summary = played?;
    match summary.verdict {
        Verdict::Pass => Ok(()),
        _ => Err(text::block(&summary, Style { colour: false }).into()),
    }
}

fn played(file: &Path) -> Result<ScenarioSummary, String> {
    let scenario = Scenario::load(file).map_err(|error| error.to_string())?;
    let seeds = seeds(0..scenario.run.seeds)?;
    let keep = std::env::var_os("SPLITBRAIN_SAVE").map_or_else(folder, PathBuf::from);
    let options = RunOptions { seeds, jobs: 0, save_failures_to: Some(keep) };
    run_scenario(&scenario, &options, &|_| ()).map_err(|error| error.to_string())
}

/// A document of its own for each file, because nextest runs each test in a process of its own.
fn report(folder: &Path, file: &Path, played: &Result<ScenarioSummary, String>) -> Result<(), String> {
    let path = file.display().to_string();
    let version = env!("CARGO_PKG_VERSION");
    let document = match played {
        Ok(summary) => junit::document(version, std::slice::from_ref(summary), None),
        Err(message) => junit::document(version, &[], Some(&Broken { scenario: &path, file: &path, message })),
    };
    let to = folder.join(format!("{}.xml", path.replace(|c: char| !c.is_alphanumeric(), "-")));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&to, document));
    written.map_err(|error| format!("{}: {error}", to.display()))
}

fn seeds(own: std::ops::Range<u64>) -> Result<std::ops::Range<u64>, String> {
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| format!("`{text}` is no number"));
    if let Ok(text) = std::env::var("SPLITBRAIN_SEED") {
        return number(&text).map(|seed| seed..seed + 1).map_err(|error| format!("SPLITBRAIN_SEED: {error}"));
    }
    match std::env::var("SPLITBRAIN_SEEDS") {
        Ok(text) => match text.split_once("..") {
            Some((from, to)) => Ok(number(from)?..number(to)?),
            None => Err(format!("SPLITBRAIN_SEEDS=`{text}` is not `<from>..<to>`")),
        },
        Err(_) => Ok(own),
    }
}

/// Beside the test's binary, which Cargo puts below `target`.
fn folder() -> PathBuf {
    let binary = std::env::current_exe().ok();
    let beside = binary.as_deref().and_then(Path::parent).and_then(Path::parent);
    beside.map_or_else(|| PathBuf::from("target"), Path::to_owned).join("splitbrain")
}

/// One test for every scenario file below a folder: `splitbrain::scenario_tests!("scenarios");` is all that
/// `tests/scenarios.rs` needs.
#[macro_export]
macro_rules! scenario_tests {
    ($folder:literal) => {
        // Tests are called after this name.
        use $crate::suite::file_passes as scenario;
        $crate::suite::datatest_stable::harness! {
            { test = scenario, root = $folder, pattern = r"\.toml$" },
        }
    };
}
