//! One test per scenario file of the catalogue: its expectations hold for 20 seeds.

use splitbrain::checker::Verdict;
use splitbrain::scenarios::Scenario;
use splitbrain::{RunOptions, run_scenario};
use std::path::Path;

const SEEDS: u64 = 20;

fn expectations_hold(file: &Path) -> datatest_stable::Result<()> {
    let scenario = Scenario::load(file)?;
    let summary = run_scenario(&scenario, &RunOptions::seeds(0..SEEDS), &|_| ())?;
    match summary.verdict {
        Verdict::Pass => Ok(()),
        _ => {
            let unmet: Vec<String> = summary
                .unmet
                .iter()
                .map(|unmet| {
                    format!("{} (repeat: splitbrain run {} --seed {:?})", unmet.sentence, file.display(), unmet.seed)
                })
                .collect();
            Err(format!("{:?}: {}", summary.verdict, unmet.join("; ")).into())
        }
    }
}

datatest_stable::harness! {
    { test = expectations_hold, root = "../scenarios", pattern = r"(claims|classic|clients|deployments|incidents|upstream)/[^/]+\.toml$" },
}
