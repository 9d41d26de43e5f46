//! The battery: standard failures that a deployment goes through, over seeds, and what helps against what they do.
//!
//! Every failure is a scenario file of its own ([`text::scenario`]), so that whatever is told can be run, read and changed
//! by anyone. Reads no files; [`deployment`] makes a [`Cluster`] of what has been read.

pub mod changes;
pub mod cluster;
pub mod demonstrate;
pub mod deployment;
pub mod drills;
pub mod failures;
pub mod report;
pub mod text;

use crate::{RunError, RunOptions, run_scenario};
use cluster::Cluster;
use failures::Failure;
use splitbrain_checker::{Metric, Property, RunSummary};
use splitbrain_scenarios::{Scenario, ScenarioError, Source};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// What a failure does to a cluster.
#[derive(Clone, Debug)]
pub struct Row {
    /// The failure.
    pub failure: Failure,
    /// The scenario file.
    pub scenario: String,
    /// Runs.
    pub runs: u64,
    /// Longest time without an acknowledged write, in milliseconds: median and worst.
    pub gap_ms: (i64, i64),
    /// Acknowledged writes that were lost: median and worst.
    pub lost: (i64, i64),
    /// Runs that lost any.
    pub losing: u64,
    /// Time in which two servers acknowledged writes as masters, in milliseconds: median and worst.
    pub split_ms: (i64, i64),
    /// Runs with a split brain.
    pub split: u64,
    /// Keys that were given up for lack of memory: median and worst.
    pub evicted: (i64, i64),
    /// Runs in which the master was replaced.
    pub replaced: u64,
    /// Runs after which everybody agreed on one master and every client was served again.
    pub recovered: u64,
    /// Runs in which the cluster never came to rest before the failure: it does not work at all.
    pub unsettled: u64,
    /// The seed that shows the worst.
    pub seed: u64,
}

impl Row {
    fn of(failure: Failure, scenario: String, runs: &[RunSummary]) -> Row {
        let metric = |metric: Metric| {
            let mut all: Vec<i64> = runs.iter().map(|run| run.metrics.get(metric).unwrap_or(0)).collect();
            all.sort_unstable();
            (all.get(all.len() / 2).copied().unwrap_or(0), all.last().copied().unwrap_or(0))
        };
        let count = |has: &dyn Fn(&RunSummary) -> bool| runs.iter().filter(|run| has(run)).count() as u64;
        let get = |run: &RunSummary, metric: Metric| run.metrics.get(metric).unwrap_or(0);
        let worst = runs.iter().max_by_key(|run| {
            let (lost, split) = (get(run, Metric::WritesLost), get(run, Metric::SplitBrain));
            (!recovered(run), lost, split, get(run, Metric::WriteUnavailable), std::cmp::Reverse(run.seed))
        });
        Row {
            failure,
            scenario,
            runs: runs.len() as u64,
            gap_ms: metric(Metric::WriteUnavailable),
            lost: metric(Metric::WritesLost),
            losing: count(&|run| get(run, Metric::WritesLost) > 0),
            split_ms: metric(Metric::SplitBrain),
            split: count(&|run| get(run, Metric::SplitBrain) > 0),
            evicted: metric(Metric::KeysEvicted),
            replaced: count(&|run| get(run, Metric::Failovers) > 0),
            recovered: count(&recovered),
            unsettled: count(&|run| !settled(run)),
            seed: worst.map_or(0, |run| run.seed),
        }
    }
}

/// Whether everybody agreed on one master in the end, and every client was served again.
fn recovered(run: &RunSummary) -> bool {
    let kept = |property| {
        let open = run.undecided.iter().any(|(other, _)| *other == property);
        run.found(property).next().is_none() && !open
    };
    kept(Property::ConvergesAfterHeal) && kept(Property::ClientsRecover)
}

/// Whether the cluster worked before anything happened to it: of one that did not, nothing is decided.
fn settled(run: &RunSummary) -> bool {
    run.undecided.len() < Property::ALL.len()
}

/// Why a battery could not be played.
#[derive(Debug)]
pub enum BatteryError {
    /// The scenario file that was made of a failure is none: a bug of splitbrain.
    Scenario(String, Box<ScenarioError>),
    /// A run failed.
    Run(RunError),
}

impl fmt::Display for BatteryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatteryError::Scenario(name, error) => write!(f, "the scenario of {name} is none: {error}"),
            BatteryError::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BatteryError {}

/// Plays failures over seeds. What has been played once is known: changes and demonstrations leave most scenarios as they
/// were.
pub struct Player {
    seeds: Range<u64>,
    jobs: usize,
    /// Runs of the first seeds by scenario file.
    known: RefCell<BTreeMap<String, Vec<RunSummary>>>,
}

impl Player {
    /// Over these seeds, with so many threads (0: one per core).
    pub fn new(seeds: Range<u64>, jobs: usize) -> Player {
        Player { seeds, jobs, known: RefCell::default() }
    }

    /// Plays failures over all seeds. `progress` is told after each failure.
    ///
    /// # Errors
    /// If splitbrain has a bug.
    pub fn play(&self, cluster: &Cluster, failures: &[Failure], progress: &dyn Fn()) -> Result<Vec<Row>, BatteryError> {
        self.first(u64::MAX, cluster, failures, progress)
    }

    /// Plays failures over the first of the seeds, to see what is worth more.
    ///
    /// # Errors
    /// If splitbrain has a bug.
    pub fn first(
        &self,
        seeds: u64,
        cluster: &Cluster,
        failures: &[Failure],
        progress: &dyn Fn(),
    ) -> Result<Vec<Row>, BatteryError> {
        let end = self.seeds.end.min(self.seeds.start.saturating_add(seeds));
        let mut rows = Vec::new();
        for failure in failures {
            let text = text::scenario(cluster, failure);
            let runs = self.runs(failure, &text, end)?;
            rows.push(Row::of(*failure, text, &runs));
            progress();
        }
        Ok(rows)
    }

    /// The runs of a scenario file up to a seed.
    fn runs(&self, failure: &Failure, text: &str, end: u64) -> Result<Vec<RunSummary>, BatteryError> {
        let mut known = self.known.borrow_mut();
        let runs = known.entry(text.to_owned()).or_default();
        let begin = self.seeds.start + runs.len() as u64;
        if begin < end {
            let source = Source::new(format!("{}.toml", failure.name), text.to_owned());
            let scenario = Scenario::parse(&source);
            let scenario = scenario.map_err(|error| BatteryError::Scenario(failure.name.to_owned(), error))?;
            let options = RunOptions { seeds: begin..end, jobs: self.jobs, save_failures_to: None };
            runs.extend(run_scenario(&scenario, &options, &|_| ()).map_err(BatteryError::Run)?.runs);
        }
        let wanted = end.saturating_sub(self.seeds.start) as usize;
        Ok(runs[..wanted.min(runs.len())].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::cluster::{Back, Names, Sentinel, Server, Watch};
    use super::*;

    fn cluster(servers: usize, sentinels: usize, apart: bool, back: Back) -> Cluster {
        let host =
            |kind: &str, place: usize| if apart { format!("{kind} {place}") } else { format!("machine {place}") };
        let server = |place| Server {
            name: format!("server {place}"),
            host: host("server", place),
            machine: format!("machine {place}"),
            loose: false,
            memory: (0, "noeviction".to_owned()),
            settings: vec![("save".to_owned(), "\"\"".to_owned())],
            died: back,
            replaced: back,
        };
        let sentinel = |place| Sentinel {
            name: format!("Sentinel {place}"),
            host: host("Sentinel", place),
            machine: format!("machine {place}"),
            loose: false,
            own: Vec::new(),
            died: back,
            replaced: back,
        };
        Cluster {
            master: "mymaster".to_owned(),
            servers: (0..servers).map(server).collect(),
            sentinels: (0..sentinels).map(sentinel).collect(),
            watch: Watch {
                quorum: 2,
                down_after_ms: 2_000,
                failover_timeout_ms: 10_000,
                parallel_syncs: 1,
                others: Vec::new(),
            },
            names: Names::Addresses,
            fixed_clients: false,
            assumed: Vec::new(),
        }
    }

    #[test]
    fn every_failure_of_every_cluster_is_a_scenario_file() {
        let backs = [
            Back::as_it_was(1_000),
            Back::NEVER,
            Back { as_first: true, empty: true, moved: true, other_id: true, ..Back::as_it_was(5_000) },
            Back { moved: true, ..Back::as_it_was(5_000) },
        ];
        for (servers, sentinels) in [(1, 1), (2, 2), (3, 3), (3, 5), (6, 4)] {
            for (apart, back) in [false, true].into_iter().flat_map(|apart| backs.map(|back| (apart, back))) {
                let cluster = cluster(servers, sentinels, apart, back);
                for failure in Failure::all(&cluster) {
                    let text = text::scenario(&cluster, &failure);
                    let parsed = Scenario::parse(&Source::new(format!("{}.toml", failure.name), text.clone()));
                    assert!(parsed.is_ok(), "{}: {}\n{text}", failure.name, parsed.unwrap_err());
                }
            }
        }
    }

    #[test]
    fn a_sound_cluster_recovers_from_the_death_of_the_master_s_machine_and_one_of_two_sentinels_does_not() {
        let failure = [Failure::named("master-host-dies").expect("there is one")];
        let play = |sentinels| {
            let cluster = cluster(3, sentinels, false, Back::as_it_was(1_000));
            Player::new(0..3, 1).play(&cluster, &failure, &|| ()).expect("it is played").remove(0)
        };
        let (sound, pair) = (play(3), play(2));
        assert_eq!((sound.recovered, sound.unsettled), (3, 0), "{sound:?}");
        assert!((2_000..12_000).contains(&sound.gap_ms.1), "{sound:?}");
        assert_eq!((pair.recovered, pair.unsettled), (0, 0), "{pair:?}");
    }

    #[test]
    fn the_change_that_helps_is_found_and_proven() {
        // One quorum vote is enough, and one Sentinel is blind.
        let mut cluster = cluster(3, 3, false, Back::as_it_was(1_000));
        cluster.watch.quorum = 1;
        let failure = [Failure::named("one-sentinel-blind").expect("there is one")];
        let player = Player::new(0..3, 1);
        let rows = player.play(&cluster, &failure, &|| ()).expect("it is played");
        assert_eq!(rows[0].replaced, 3, "{rows:?}");
        let tried = changes::best(&player, &cluster, &rows, 3, &|| ()).expect("they are tried");
        let names: Vec<&str> = tried.iter().map(|its| its.change.name).collect();
        assert_eq!(names.first(), Some(&"quorum-of-a-majority"), "{names:?}");
        assert_eq!(tried[0].rows[0].replaced, 0, "{tried:?}");
        assert_eq!(tried[0].lines, ["sentinel monitor mymaster <address> <port> 2"]);
    }
}
