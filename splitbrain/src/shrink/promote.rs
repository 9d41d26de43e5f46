//! A shrunk failure as a scenario file for the catalogue: faults written out, and expectations that say what is known to
//! go wrong.

use super::Shrunk;
use super::candidate::kind_of;
use super::search::Search;
use crate::runner::{RunError, RunOptions, run_scenario};
use splitbrain_checker::{Property, ScenarioSummary, Verdict};
use splitbrain_scenarios::{Document, Scenario, ScenarioError, Source};
use std::fmt;
use std::path::{Path, PathBuf};

/// Seeds among which one is looked for that shows the failure.
const MOST_SEEDS: u64 = 1_000;
/// Numbers of seeds that a file asks for.
const COUNTS: [u64; 5] = [20, 50, 100, 200, 1_000];
/// Further properties that the seeds of the file may turn out to violate.
const MOST_EXCUSED: usize = 8;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promoted {
    /// Seeds of the file, from 0 on.
    pub seeds: u64,
    /// Running it passes because the failure shows as documented; otherwise its expectations are those of the original,
    /// and it fails.
    pub passes: bool,
    /// The seed to run it with, if none of its own shows the failure.
    pub only_with: Option<u64>,
}

/// Why no scenario file was written.
#[derive(Debug)]
pub enum PromoteError {
    /// Scenario files have no words for the schedule.
    Unwritable(String),
    /// It names files that stand beside the original.
    NeedsFiles(PathBuf),
    /// What was written is not accepted, or a demand is no TOML: a bug of splitbrain.
    Refused(String),
    /// The simulator failed.
    Run(RunError),
    /// The file cannot be written.
    Write(PathBuf, std::io::Error),
}

impl fmt::Display for PromoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PromoteError::Unwritable(why) => write!(f, "cannot be written as a scenario: {why}"),
            PromoteError::NeedsFiles(folder) => write!(
                f,
                "the scenario names configuration files that stand beside it; expected a file in {}",
                folder.display()
            ),
            PromoteError::Refused(why) => write!(f, "the scenario that was made is not accepted: {why}"),
            PromoteError::Run(error) => write!(f, "{error}"),
            PromoteError::Write(path, error) => write!(f, "{}: cannot be written: {error}", path.display()),
        }
    }
}

impl std::error::Error for PromoteError {}

impl From<RunError> for PromoteError {
    fn from(error: RunError) -> PromoteError {
        PromoteError::Run(error)
    }
}

impl From<Box<ScenarioError>> for PromoteError {
    fn from(error: Box<ScenarioError>) -> PromoteError {
        PromoteError::Refused(error.to_string())
    }
}

pub(super) fn promote(shrunk: &Shrunk, path: &Path, jobs: usize) -> Result<Promoted, PromoteError> {
    let now = &shrunk.now;
    if !now.written {
        let why = now.document.clone().set_schedule(&now.schedule).err();
        return Err(PromoteError::Unwritable(why.map_or_else(String::new, |why| why.to_string())));
    }
    let folder = |file: &Path| file.parent().unwrap_or(Path::new("")).to_owned();
    if now.document.needs_files() && folder(path) != folder(&now.scenario.file) {
        return Err(PromoteError::NeedsFiles(folder(&now.scenario.file)));
    }
    let lowest = Search::new(shrunk.target.clone(), now.seed, jobs, &|| false).lowest_seed(now, MOST_SEEDS)?;
    let wanted = lowest.map_or(COUNTS[0], |seed| seed + 1);
    let seeds = COUNTS.into_iter().find(|count| *count >= wanted).unwrap_or(MOST_SEEDS);
    let mut document = now.document.clone();
    document.set("run", "seeds", &seeds.to_string());
    document.forget_claim();
    document.set_text("title", &format!("{} shows itself after {}", shrunk.target.property, counted(now.faults())));
    document.set_text("why", &format!("{}.", shrunk.play().finding));
    let documented = if lowest.is_some() { documented(shrunk, &document, path, seeds, jobs)? } else { None };
    let promoted = Promoted { seeds, passes: documented.is_some(), only_with: lowest.is_none().then_some(now.seed) };
    let text = format!("{}{}", comment(shrunk, &promoted), documented.unwrap_or(document).text());
    let unfinished = path.with_extension("toml.tmp");
    let failed = |error| PromoteError::Write(path.to_owned(), error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, path)).map_err(failed)?;
    Ok(promoted)
}

fn counted(faults: usize) -> String {
    if faults == 1 { "one fault".to_owned() } else { format!("{faults} faults") }
}

/// The document with expectations under which it passes because the failure shows: everything else that its seeds
/// violate too is left open. `None` if that cannot be said of this property.
fn documented(
    shrunk: &Shrunk,
    document: &Document,
    path: &Path,
    seeds: u64,
    jobs: usize,
) -> Result<Option<Document>, PromoteError> {
    let property = shrunk.target.property;
    let mut demands = vec![(property.name().to_owned(), "\"shows\"".to_owned())];
    for _ in 0..MOST_EXCUSED {
        let mut document = document.clone();
        document.set_expect(&demands).map_err(|error| PromoteError::Refused(error.to_string()))?;
        // Some properties cannot be expected to be violated.
        let Ok(scenario) = Scenario::parse(&Source::new(path, document.text())) else { return Ok(None) };
        let options = RunOptions { jobs, ..RunOptions::seeds(0..seeds) };
        let summary = run_scenario(&scenario, &options, &|_| ())?;
        if summary.verdict == Verdict::Pass {
            let firsts = summary.findings.iter().filter(|of| of.property == property).flat_map(|of| &of.first);
            let same = firsts.into_iter().any(|(_, found)| kind_of(&found.detail) == shrunk.target.kind);
            return Ok(same.then_some(document));
        }
        let others = violated(&summary);
        if others.is_empty() || others.contains(&property) {
            return Ok(None);
        }
        demands.extend(others.into_iter().map(|other| (other.name().to_owned(), "\"any\"".to_owned())));
    }
    Ok(None)
}

fn violated(summary: &ScenarioSummary) -> Vec<Property> {
    let unmet = summary.unmet.iter().map(|unmet| unmet.property);
    let mut all: Vec<Property> = unmet.chain(summary.open.iter().map(|open| open.0)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn comment(shrunk: &Shrunk, promoted: &Promoted) -> String {
    let Shrunk { origin, origin_seed, before, after, .. } = shrunk;
    let mut text = format!(
        "# Shrunk by `splitbrain shrink` from seed {origin_seed} of {origin}: {} instead of {}.\n# With seed {}:\n#\n",
        counted(after.faults),
        before.faults,
        shrunk.seed()
    );
    let played = shrunk.play();
    for line in played.story.iter().chain([&played.finding]) {
        text.push_str(&format!("# {}\n", line.trim_end()));
    }
    if let Some(seed) = promoted.only_with {
        text.push_str(&format!("#\n# None of the seeds below shows it: run it with `--seed {seed}`.\n"));
    } else if !promoted.passes {
        text.push_str(
            "#\n# The expectations are those of the original, so this file fails as long as the failure is there.\n",
        );
    }
    text.push('\n');
    text
}
