//! The command line.

use crate::check::args::Check;
use crate::explore::{Explore, Merge};
use crate::history::args::History;
use crate::html::Html;
use crate::live::args::Live;
use clap::{Args, Parser, Subcommand, ValueEnum};
use splitbrain_checker::Property;
use splitbrain_scenarios::nearest::{nearest, one_of};
use splitbrain_scenarios::quantity;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// Simulates Redis Sentinel failovers and judges what clients saw.
#[derive(Debug, Parser)]
#[command(name = "splitbrain", version, about = ABOUT, long_about = ABOUT, after_help = EXITS, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to colour the text.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,

    /// Say nothing about what went well.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

const ABOUT: &str = "Simulates Redis Sentinel failovers with many seeds and judges what clients saw";

const EXITS: &str = "Exit codes: 0 every expectation met; 1 an expectation not met, a kept failure reproduced, or two runs \
     that differ; 2 wrong input or command line; 3 undecided; 4 a bug in splitbrain; 5 a stored run behaves differently \
     under this version; 6 rows of a sweep that cannot be written; 130 interrupted.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios, each with many seeds, and judge them.
    Run(Run),
    /// Check a deployment: what is wrong with its files, what failures do to it, and what would be right. With `--kind`: would
    /// Redis start with a configuration file, and what is in force then?
    Check(Check),
    /// Judge histories of operations from files: is there an order that explains what every client saw?
    History(History),
    /// Hold simulated failovers against recordings of real Redis.
    Conform(Conform),
    /// Play a scenario on real redis-server and redis-sentinel processes, in real time, and judge it likewise.
    Live(Live),
    /// Play a sweep: which settings keep a promise in which environments, by what margin, and what that costs. Exits 1 if none do.
    Explore(Explore),
    /// Read the rows that all shards of a sweep have written, strictly, and tell what follows from them.
    Merge(Merge),
    /// Play a stored run again and compare its digest. Exits 1 if the failure is there again.
    Replay(Replay),
    /// Look for the smallest schedule, cluster and workload that still fail in the same way. Exits 1 if there is a failure,
    /// shrunk or not; 5 if a stored one does not fail any more.
    Shrink(Shrink),
    /// Find the first differing event of two runs, perhaps of two builds. Exits 1 if there is one.
    Bisect {
        /// A trace (`run FILE --seed S --trace A`), or a stored run, which is played again.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// List scenarios, properties, anomalies, faults, families of random faults, environments, client profiles, settings and metrics.
    List {
        /// Folder of scenarios.
        #[arg(default_value = "scenarios")]
        folder: PathBuf,
    },
    /// Explain a scenario, property, anomaly, fault, family of random faults, environment, client profile, setting or metric.
    Explain {
        /// Its name, as `list` shows it.
        name: String,
    },
}

/// `run`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("open").multiple(true))]
pub struct Run {
    /// Scenario files, or folders of them.
    #[arg(required = true, value_name = "SCENARIO")]
    pub scenarios: Vec<PathBuf>,

    /// Seeds instead of those of the file: N from 0 on, or from A up to but not including B.
    #[arg(long, value_name = "N|A..B", value_parser = seeds, group = "which")]
    pub seeds: Option<Range<u64>>,

    /// Only this seed.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..u64::MAX), group = "which")]
    pub seed: Option<u64>,

    /// Seeds 0 to 19 only.
    #[arg(long, group = "which")]
    pub quick: bool,

    /// Seeds from 0 on for so long (`10m`); every scenario gets its share of the time.
    #[arg(long = "for", value_name = "TIME", value_parser = duration, conflicts_with = "which", group = "open")]
    pub duration: Option<Duration>,

    /// Seeds from 0 on until N in a row have reached nothing new and every danger that has to show itself has; with
    /// `--for`, at most for so long.
    #[arg(long, value_name = "stable:N", value_parser = stable, conflicts_with = "which", group = "open")]
    pub until: Option<u64>,

    /// With `--for` or `--until`: from this seed on instead of 0, so that every night plays others.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..1 << 63), requires = "open")]
    pub from: Option<u64>,

    /// Show what was reached, how often, and what never was: events, states, aborts, elections, outcomes, faults.
    #[arg(long)]
    pub coverage: bool,

    /// Play about this share of the seeds twice, on another thread, and compare; exits 4 if a run is not the same.
    #[arg(long, value_name = "SHARE", value_parser = share_ppm)]
    pub check_determinism: Option<u32>,

    /// Begin anew where an interrupted run of the same command could be continued.
    #[arg(long)]
    pub fresh: bool,

    /// Runs at the same time; one per processor if not given. Has no influence on results.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Environment instead of that of the file; `list` shows them.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,

    /// Faults of another file in place of those of the scenarios: `[[faults]]` and `[chaos]` of a scenario file, or the
    /// schedule of a stored run; `-` is standard input.
    #[arg(long, value_name = "FILE|-")]
    pub schedule: Option<PathBuf>,

    /// Write one JSON document to a file, or to standard output in place of the text.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,

    /// Write a JUnit document for CI: a case per scenario; what is undecided is an error.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// The page: of one run a diagram of what happened, of several what they have in common.
    #[command(flatten)]
    pub page: Html,

    /// Put every single run into the JSON.
    #[arg(long, requires = "json")]
    pub runs: bool,

    /// Compare with an earlier `--json FILE --runs`, seed by seed, and print a table for the pull request; exits 1 if the time
    /// without writes, losses, split brain or stale reads have become worse beyond chance.
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,

    /// Move quorum, down-after and failover-timeout, each alone, until the verdict flips, and say where.
    #[arg(long)]
    pub margins: bool,

    /// Write a trace of the one seed, a line per event with the digest after it, for `bisect`.
    #[arg(long, value_name = "FILE", requires = "seed")]
    pub trace: Option<PathBuf>,

    /// Write what clients did in the one seed into a folder: a history per kind of object and a manifest, for `history` and
    /// other checkers.
    #[arg(long, value_name = "FOLDER", requires = "seed")]
    pub history: Option<PathBuf>,

    /// Folder for failures: one run of each unmet expectation, for `replay`.
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub save: PathBuf,

    /// Save no failures.
    #[arg(long, conflicts_with = "save")]
    pub no_save: bool,
}

/// `replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// A run that `run` has saved (`runs/NAME-seed-S.json`). Configuration files its scenario names must still be there.
    pub file: PathBuf,

    /// Also write what clients did into a folder, for `history` and other checkers.
    #[arg(long, value_name = "FOLDER")]
    pub history: Option<PathBuf>,

    /// The page of the run: a diagram of what happened.
    #[command(flatten)]
    pub page: Html,

    /// How to look for the point of no return.
    #[command(flatten)]
    pub no_return: NoReturn,

    /// Runs at the same time; one per processor if not given. Has no influence on results.
    #[arg(long, value_name = "N", requires = "point_of_no_return", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Write the point of no return as one JSON document to a file, or to standard output in place of the text.
    #[arg(long, value_name = "FILE|-", requires = "point_of_no_return")]
    pub json: Option<PathBuf>,
}

/// The point of no return, of `replay` and of `shrink`.
#[derive(Clone, Copy, Debug, Args)]
pub struct NoReturn {
    /// Tell from when on the failure was certain: everything drawn after a time is drawn anew, and the chance of failure is
    /// shown over that time.
    #[arg(long)]
    pub point_of_no_return: bool,

    /// Runs for each time, with `--point-of-no-return`.
    #[arg(long, value_name = "N", default_value_t = 32, requires = "point_of_no_return", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub reseeds: u32,
}

/// `shrink`
#[derive(Debug, Args)]
pub struct Shrink {
    /// A run that `run` has saved (`runs/NAME-seed-S.json`), or a scenario file, with `--seed`.
    pub file: PathBuf,

    /// The failing seed of a scenario file.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..u64::MAX))]
    pub seed: Option<u64>,

    /// Keep this property violated; the first that is violated if not given.
    #[arg(long, value_name = "NAME", value_parser = property)]
    pub property: Option<Property>,

    /// Stop after so long, with the smallest so far. Without it the result depends on nothing but the input.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub budget: Option<Duration>,

    /// Runs at the same time; one per processor if not given. Has no influence on results.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Where the shrunk run is saved, for `replay`: again and again, so that Ctrl-C leaves the smallest so far.
    /// FILE-shrunk.json or runs/NAME-seed-S-shrunk.json if not given.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,

    /// How to look for the point of no return, of the shrunk run.
    #[command(flatten)]
    pub no_return: NoReturn,

    /// Also write it as a scenario file with its faults written out.
    #[arg(long, value_name = "FILE")]
    pub promote: Option<PathBuf>,

    /// Write one JSON document to a file, or to standard output in place of the text.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
}

/// `conform`
#[derive(Debug, Args)]
pub struct Conform {
    /// Folders of recordings.
    #[arg(required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,

    /// Simulated runs per scenario.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,

    /// Simulated runs per scenario that are looked through for orders which only recordings show.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub order_seeds: u64,

    /// Share of the cells that has to pass.
    #[arg(long, value_name = "SHARE", default_value_t = 0.97, value_parser = share)]
    pub threshold: f64,

    /// Runs at once; as many as there are processors if not given. Has no influence on results.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Show the cells that pass too.
    #[arg(long)]
    pub all: bool,

    /// Write one JSON document with all values to a file, or to standard output in place of the table.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,

    /// The page: times as recorded and simulated, and what differs.
    #[command(flatten)]
    pub page: Html,
}

impl Run {
    /// The seeds asked for on the command line.
    pub fn seeds(&self) -> Option<Range<u64>> {
        let single = self.seed.map(|seed| seed..seed + 1);
        let quick = self.quick.then_some(0..20);
        let open = (self.duration.is_some() || self.until.is_some()).then_some(self.from.unwrap_or(0)..u64::MAX);
        self.seeds.clone().or(single).or(quick).or(open)
    }
}

/// When to colour the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("found `{text}`, expected a number from 0 to 1"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = quantity::duration(text).map_err(|expected| format!("found `{text}`, expected {expected}"))?;
    if duration.0 == 0 {
        Err("no seed can be played in no time".to_owned())
    } else {
        Ok(Duration::from_nanos(duration.0))
    }
}

fn stable(text: &str) -> Result<u64, String> {
    let number = text.strip_prefix("stable:").and_then(|number| number.parse().ok()).filter(|number| *number > 0);
    number.ok_or_else(|| format!("found `{text}`, expected `stable:N` with a number of seeds, like `stable:500`"))
}

fn share_ppm(text: &str) -> Result<u32, String> {
    quantity::percent_ppm(text).map_err(|expected| format!("found `{text}`, expected {expected}"))
}

fn property(text: &str) -> Result<Property, String> {
    Property::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Property::ALL.iter().map(|property| property.name()).collect();
        let near = nearest(text, names.iter().copied());
        let help =
            near.map_or_else(|| format!("there are {}", one_of(&names)), |near| format!("did you mean `{near}`?"));
        format!("there is no property `{text}` ({help})")
    })
}

pub fn seeds(text: &str) -> Result<Range<u64>, String> {
    let number =
        |text: &str| text.parse::<u64>().map_err(|_| format!("found `{text}`, expected a number of seeds or A..B"));
    let range = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => 0..number(text)?,
    };
    if range.is_empty() { Err("there are no seeds in this".to_owned()) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_run_ends_by_seeds_or_by_time_and_not_by_both() {
        let run = |more: &[&str]| {
            let words = ["splitbrain", "run", "a.toml"].iter().chain(more);
            match Arguments::try_parse_from(words).map(|arguments| arguments.command) {
                Ok(Command::Run(run)) => Ok(run),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error.to_string()),
            }
        };
        let long = run(&["--for", "1.5m", "--until", "stable:500"]).expect("both go together");
        assert_eq!((long.duration, long.until), (Some(Duration::from_secs(90)), Some(500)));
        assert_eq!(long.seeds(), Some(0..u64::MAX));
        let tonight = run(&["--for", "10m", "--from", "7"]).expect("seeds of a night");
        assert_eq!(tonight.seeds(), Some(7..u64::MAX));
        assert!(run(&["--from", "7"]).is_err(), "it says nothing alone");
        for which in [&["--seeds", "5"][..], &["--seed", "5"], &["--quick"]] {
            for long in [["--for", "10m"], ["--until", "stable:5"]] {
                let error = run(&[which, &long].concat()).expect_err("they contradict each other");
                assert!(error.contains("cannot be used with"), "{error}");
            }
        }
        for wrong in ["10", "m", "-1m", "0s", "ten minutes"] {
            assert!(run(&["--for", wrong]).is_err(), "{wrong}");
        }
        for wrong in ["stable", "stable:", "stable:0", "stable:x", "quiet:5"] {
            let error = run(&["--until", wrong]).expect_err(wrong);
            assert!(error.contains("expected `stable:N`"), "{error}");
        }
        assert_eq!(run(&["--check-determinism", "1%"]).expect("a share").check_determinism, Some(10_000));
        assert!(run(&["--check-determinism", "0.01"]).is_err());
    }

    #[test]
    fn seeds_are_a_number_or_a_range() {
        assert_eq!(seeds("5"), Ok(0..5));
        assert_eq!(seeds("3..9"), Ok(3..9));
        for wrong in ["0", "9..3", "3..3", "x", "-1", "1..", "..2", ""] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
