//! A test as the attribute `test` describes it: its scenario and its seeds.

use splitbrain::scenarios::{Scenario, ScenarioError, Source};
use std::any::Any;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the attribute `test` was given.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// The name of the test, for messages and files.
    pub name: String,
    /// The scenario: a cluster, faults, expectations, and at least one application.
    pub scenario: Scenario,
    /// The seeds.
    pub seeds: Range<u64>,
    /// Folder for failing runs.
    pub save_to: PathBuf,
    /// How long the test's code may take, in its own time. A test that waits for what never comes would wait for ever: the
    /// cluster goes on.
    pub limit: Duration,
}

/// How long a test may take if it does not say.
const LIMIT: Duration = Duration::from_secs(3600);

/// The cluster of a test that names no scenario: a master, two replicas, three Sentinels with `down-after-milliseconds 5000`,
/// and the test as an application. It may find stale reads and lose writes, as Redis does; nothing else.
const DEFAULT: &str = r#"title = "a test"
apps = ["app"]
[cluster]
replicas = 2
sentinels = 3
[sentinel]
down-after-milliseconds = 5000
failover-timeout = 60000
[expect]
lost-write = "any"
linearizable = "any"
stale-read = "any"
split-brain = "any"
"#;

impl Hosted {
    /// A test in the default cluster.
    pub fn new(name: &str, seeds: Range<u64>) -> Hosted {
        let source = Source::new("default.toml", DEFAULT.to_owned());
        let scenario = Scenario::parse(&source).expect("the default scenario is sound");
        Hosted { name: name.to_owned(), scenario, seeds, save_to: PathBuf::from("runs"), limit: LIMIT }
    }

    /// The same test with a scenario from a file.
    ///
    /// # Errors
    /// If the file cannot be read or is not accepted.
    pub fn file(mut self, path: &Path) -> Result<Hosted, Box<ScenarioError>> {
        self.scenario = Scenario::load(path)?;
        Ok(self)
    }

    /// The same test with another scenario.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Hosted {
        self.scenario = scenario;
        self
    }

    /// The same test with another limit.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Hosted {
        self.limit = limit;
        self
    }

    /// What is said of a test whose code did not end in time.
    pub(crate) fn overdue(&self) -> String {
        format!("the test did not end within {:?} (`limit` in its attribute)", self.limit)
    }

    /// The seeds to play: those that the environment names, or the test's own.
    pub(crate) fn asked(&self) -> Range<u64> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        if let Ok(text) = std::env::var("SPLITBRAIN_SEED") {
            let seed = number(&text).unwrap_or_else(|| panic!("SPLITBRAIN_SEED=`{text}` is no number"));
            return seed..seed + 1;
        }
        if let Ok(text) = std::env::var("SPLITBRAIN_SEEDS") {
            let range = text.split_once("..").and_then(|(from, to)| Some(number(from)?..number(to)?));
            return range.unwrap_or_else(|| panic!("SPLITBRAIN_SEEDS=`{text}` is not `<from>..<to>`"));
        }
        self.seeds.clone()
    }
}

/// What a panic said.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}
