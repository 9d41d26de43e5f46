//! `docs/claims.md` has every claim as its file tells it, over enough seeds, and each verdict fits what its scenarios
//! demand. That the scenarios meet their expectations is tested with all others (`scenario_files.rs`).

#[path = "../claims/mod.rs"]
mod claims;
#[path = "../claims/page.rs"]
mod page;

use claims::{Told, all, objection, root};
use splitbrain::scenarios::ClaimVerdict;
use splitbrain::{RunOptions, run_scenario};

/// As many as the page needs at least.
const SEEDS: u64 = 500;

#[test]
fn a_verdict_fits_what_the_scenarios_of_its_claim_demand() {
    let claims = all();
    assert!(claims.len() >= 25, "only {} claims", claims.len());
    let objections: Vec<String> = claims.iter().filter_map(objection).collect();
    assert_eq!(objections, Vec::<String>::new());
}

#[test]
fn a_verdict_that_does_not_fit_is_noticed() {
    let told = |verdict: ClaimVerdict| {
        let mut told: Told =
            all().into_iter().find(|told| told.name == "quorum-prevents-split-brain").expect("it is there");
        told.statement.verdict = verdict;
        told
    };
    assert_eq!(objection(&told(ClaimVerdict::Refuted)), None);
    assert!(objection(&told(ClaimVerdict::Holds)).is_some());
    assert!(objection(&told(ClaimVerdict::HoldsOnlyIf)).is_some());
    let mut empty = told(ClaimVerdict::Refuted);
    empty.scenarios[0].expect.clear();
    assert!(objection(&empty).is_some_and(|objection| objection.contains("demands nothing")));
}

#[test]
fn the_page_has_every_claim_and_says_what_its_file_says() {
    // A checkout on Windows may have other line ends.
    let shown = std::fs::read_to_string(root().join("docs/claims.md")).expect("there is a page").replace("\r\n", "\n");
    let mut wanted = vec![page::head(SEEDS)];
    for told in all() {
        wanted.extend([page::row_head(&told), page::section_head(&told), page::section_tail(&told)]);
        for scenario in &told.scenarios {
            let name = claims::short(scenario);
            wanted.push(format!("| [`{name}`](../scenarios/claims/{name}.toml): {} | ", scenario.title));
        }
    }
    for text in wanted {
        assert!(shown.contains(text.trim_end()), "docs/claims.md lacks (docs/regenerate.sh --claims):\n{text}");
    }
    assert!(!shown.contains("expectations are not met"), "a claim of docs/claims.md is not proven");
}

#[test]
fn a_page_shows_the_figures_of_its_claims_and_seeds_to_replay() {
    let told = all().into_iter().find(|told| told.name == "offset-before-priority").expect("it is there");
    let play = |scenario| run_scenario(scenario, &RunOptions::seeds(0..4), &|_| ()).expect("it runs");
    let summaries = told.scenarios.iter().map(play).collect();
    let page = page::page(&[(told, summaries)], 4);
    let rows: Vec<&str> = page.lines().filter(|line| line.contains("`lost-write` is")).collect();
    assert_eq!(rows.len(), 3, "one in the table, one for each scenario:\n{page}");
    assert!(rows[0].contains("**refuted**") && rows[0].contains("violated in 4 of 4 seeds (first: 0)"), "{}", rows[0]);
    assert!(rows[2].contains("never violated"), "{}", rows[2]);
}
