//! Rendering of verdicts. Stand-ins with the signatures the command uses; they compute nothing.

use serde_json::{Value, json};
use splitbrain_checker::summary::ScenarioSummary;

/// One scenario as text for a person, with or without colours.
pub fn text(summary: &ScenarioSummary, colour: bool) -> String {
    let verdict = summary.verdict.name();
    let verdict = if colour { format!("\u{1b}[1m{verdict}\u{1b}[0m") } else { verdict.to_owned() };
    format!("{verdict}  {}  {} runs in {}\n", summary.scenario, summary.count, summary.environment)
}

/// All scenarios as one JSON document, with single runs or without.
pub fn json(summaries: &[ScenarioSummary], _runs: bool) -> Value {
    let scenarios: Vec<Value> = summaries
        .iter()
        .map(|summary| {
            json!({
                "scenario": summary.scenario,
                "file": summary.file,
                "seeds": { "first": summary.first_seed, "count": summary.count },
                "verdict": summary.verdict,
                "digest": format!("{:032x}", summary.digest),
                "environment": summary.environment,
            })
        })
        .collect();
    json!({ "splitbrain": env!("CARGO_PKG_VERSION"), "scenarios": scenarios })
}
