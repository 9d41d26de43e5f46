//! Plays every claim and prints docs/claims.md: `cargo run --release -p splitbrain-tests --example claims [SEEDS]`.

#[path = "../claims/mod.rs"]
mod claims;
#[path = "../claims/page.rs"]
mod page;

use splitbrain::{RunOptions, run_scenario};

/// Seeds of each scenario.
const SEEDS: u64 = 500;

fn main() {
    let seeds = std::env::args().nth(1).map_or(SEEDS, |text| text.parse().expect("a number of seeds"));
    let claims = claims::all();
    let objections: Vec<String> = claims.iter().filter_map(claims::objection).collect();
    if !objections.is_empty() {
        eprintln!("{}", objections.join("\n"));
        std::process::exit(1);
    }
    let mut all = Vec::new();
    for told in claims {
        let play = |scenario| {
            let summary = run_scenario(scenario, &RunOptions::seeds(0..seeds), &|_| ());
            let summary = summary.unwrap_or_else(|error| panic!("{error}"));
            for unmet in &summary.unmet {
                eprintln!("{}: {} (in {} runs, seed {:?})", summary.scenario, unmet.sentence, unmet.runs, unmet.seed);
            }
            summary
        };
        let summaries = told.scenarios.iter().map(play).collect();
        all.push((told, summaries));
    }
    print!("{}", page::page(&all, seeds));
}
