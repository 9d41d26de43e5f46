//! Plays every claim and prints docs/claims.md, or the same as a page for browsers:
//! `cargo run --release -p splitbrain-tests --example claims [SEEDS] [--html]`.

#[path = "../claims/mod.rs"]
mod claims;
#[path = "../claims/html.rs"]
mod html;
#[path = "../claims/page.rs"]
mod page;

use splitbrain::{RunOptions, run_scenario};

/// Seeds of each scenario.
const SEEDS: u64 = 500;

fn main() {
    let as_html = |text: &String| text == "--html";
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let seeds = asked.iter().find(|text| !as_html(text));
    let seeds = seeds.map_or(SEEDS, |text| text.parse().expect("a number of seeds"));
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
    let page = if asked.iter().any(as_html) { html::html(&all, seeds) } else { page::page(&all, seeds) };
    print!("{page}");
}
