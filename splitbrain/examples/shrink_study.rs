//! How well failures shrink: schedules of 30 random faults without a budget, run until they violate one property, shrunk,
//! saved, replayed, promoted and run again. Prints a row per failure, and exits 1 unless nine of ten have at most four
//! faults left after at most 30 s and give the same finding both ways.
//!
//! ```sh
//! cargo run --release -p splitbrain --example shrink_study            # three failures of each kind
//! cargo run --release -p splitbrain --example shrink_study -- 5 lost-write
//! ```
#![allow(clippy::disallowed_methods)] // real time is what is measured

use splitbrain::checker::Property;
use splitbrain::scenarios::{Scenario, Source};
use splitbrain::shrink::{Failure, ShrinkOptions, Shrunk, shrink};
use splitbrain::{Replay, RunOptions, replay, run_scenario, run_seed};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const MOST_FAULTS: usize = 4;
const MOST_TIME: Duration = Duration::from_secs(30);
/// Seeds that are looked through for failures of one kind.
const SEEDS: u64 = 2_000;

/// What is demanded, and the cluster and clients that can violate it.
const STUDIES: &[(&str, &str, &str)] = &[
    ("lost-write", "\"holds\"", SETS),
    ("split-brain", "\"holds\"", SETS),
    ("linearizable", "\"holds\"", REGISTERS),
    ("stale-read", "\"holds\"", REGISTERS),
    ("available", "{ at-most = \"60s\" }", SETS),
    ("failover-completes", "{ within = \"auto\" }", SETS),
    ("no-false-failover", "\"holds\"", FIVE),
    ("converges-after-heal", "\"holds\"", FIVE),
];

const SETS: &str = "
[cluster]
replicas = 2
sentinels = 3
[sentinel]
down-after-milliseconds = 1000
failover-timeout = 3000
[[clients]]
count = 3
workload = { sadd = 10 }
";

const REGISTERS: &str = "
[cluster]
replicas = 2
sentinels = 3
[sentinel]
down-after-milliseconds = 1000
failover-timeout = 3000
[[clients]]
count = 3
workload = { set = 4, get = 8, keys = 3 }
";

const FIVE: &str = "
[cluster]
replicas = 4
sentinels = 5
hosts = { a = [\"redis-1\", \"sentinel-1\"], b = [\"redis-2\", \"sentinel-2\"], c = [\"redis-3\", \"sentinel-3\"] }
[sentinel]
quorum = 2
down-after-milliseconds = 2000
failover-timeout = 10000
[[clients]]
count = 4
workload = { sadd = 5 }
";

const CHAOS: &str = "[chaos]\nintensity = 30\nbudget = \"unbounded\"\n";

fn scenario(property: &str, demand: &str, cluster: &str) -> Result<Scenario, Box<dyn Error>> {
    let others = ["split-brain", "lost-write", "linearizable", "stale-read", "no-false-failover"];
    let mut text = format!("{cluster}{CHAOS}[expect]\n{property} = {demand}\n");
    for other in others.into_iter().filter(|other| *other != property) {
        text.push_str(&format!("{other} = \"any\"\n"));
    }
    Ok(Scenario::parse(&Source::new(format!("{property}.toml"), text))?)
}

/// The first seeds that violate this property.
fn failing(scenario: &Scenario, property: Property, wanted: usize) -> Vec<u64> {
    let violates = |seed: &u64| {
        let summary = run_scenario(scenario, &RunOptions::seeds(*seed..seed + 1), &|_| ());
        summary.is_ok_and(|summary| summary.unmet.iter().any(|unmet| unmet.property == property))
    };
    (0..SEEDS).filter(violates).take(wanted).collect()
}

/// One failure, shrunk.
struct Case {
    shrunk: Shrunk,
    time: Duration,
    replays: bool,
    runs: bool,
}

impl Case {
    fn is_good(&self) -> bool {
        self.shrunk.after.faults <= MOST_FAULTS && self.time <= MOST_TIME && self.replays && self.runs
    }
}

fn case(scenario: &Scenario, property: Property, seed: u64, folder: &Path) -> Result<Case, Box<dyn Error>> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let failure = Failure::of(scenario, seed).violating(property);
    let shrunk = shrink(&failure, &ShrinkOptions { jobs, stop: &|| false, better: &|_| () })?;
    let time = began.elapsed();
    let finding = shrunk.play().finding;
    let saved = folder.join("small.json");
    shrunk.save(&saved)?;
    let replays = match replay(&saved)? {
        Replay::Reproduced { sentences, same_digest } => same_digest && sentences.first() == Some(&finding),
        _ => false,
    };
    let file = folder.join("small.toml");
    let promoted = shrunk.promote(&file, jobs)?;
    let kept = Scenario::load(&file)?;
    let seeds = promoted.only_with.map_or(0..promoted.seeds, |seed| seed..seed + 1);
    let summary = run_scenario(&kept, &RunOptions::seeds(seeds), &|_| ())?;
    // Documented as shown, or not met, by a seed of the file: and the seed that was kept makes the very same run.
    let shown = summary.findings.iter().any(|found| found.property == property && found.runs > 0)
        || summary.unmet.iter().any(|unmet| unmet.property == property);
    let same = run_seed(&kept, shrunk.seed()).digest == shrunk.play().digest;
    Ok(Case { shrunk, time, replays, runs: shown && same })
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let each = arguments.next().map_or(Ok(3), |number| number.parse::<usize>())?;
    let only = arguments.next();
    let folder = std::env::temp_dir().join(format!("splitbrain-shrink-study-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    println!(
        "| property | seed | faults | left | servers | Sentinels | clients | runs | time | replays | runs again |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let (mut all, mut good) = (0, 0);
    for (name, demand, cluster) in STUDIES.iter().filter(|(name, ..)| only.as_deref().is_none_or(|only| only == *name))
    {
        let scenario = scenario(name, demand, cluster)?;
        let property = Property::from_name(name).ok_or("a property")?;
        for seed in failing(&scenario, property, each) {
            let case = case(&scenario, property, seed, &folder)?;
            let (before, after) = (case.shrunk.before, case.shrunk.after);
            println!(
                "| {name} | {seed} | {} | {} | {} | {} | {} | {} | {:.1} s | {} | {} |",
                before.faults,
                after.faults,
                after.servers,
                after.sentinels,
                after.clients,
                case.shrunk.runs,
                case.time.as_secs_f64(),
                case.replays,
                case.runs,
            );
            (all, good) = (all + 1, good + usize::from(case.is_good()));
        }
    }
    std::fs::remove_dir_all(folder)?;
    println!("\n{good} of {all} failures have at most {MOST_FAULTS} faults left within {} s", MOST_TIME.as_secs());
    Ok(if good * 10 >= all * 9 && all > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
