//! The claims as a page for browsers, from the same figures as `docs/claims.md`. Renders; decides nothing.

use crate::claims::{Told, claim_of, short};
use crate::page::{capital, spread, told_figure};
use serde_json::{Value, json};
use splitbrain::checker::{Metric, ScenarioSummary, Verdict};
use splitbrain::reports::html::{Head, Kind, Section, Tone, render};
use splitbrain::scenarios::{ClaimVerdict, Scenario, Speaks};

const PAGE: Kind = Kind { template: include_str!("page.html"), script: "", charts: false };

/// The whole page.
pub fn html(all: &[(Told, Vec<ScenarioSummary>)], seeds: u64) -> String {
    let count = |verdict| all.iter().filter(|(told, _)| told.statement.verdict == verdict).count();
    let head = Head {
        title: "What people are told about Sentinel".to_owned(),
        tone: Tone::Plain,
        verdict: format!("{} CLAIMS", all.len()),
        sentence: format!(
            "{} refuted, {} hold only if …, {} hold.",
            count(ClaimVerdict::Refuted),
            count(ClaimVerdict::HoldsOnlyIf),
            count(ClaimVerdict::Holds)
        ),
        about: vec![format!("{seeds} seeds each"), "in the scenarios of scenarios/claims".to_owned()],
        sections: vec![Section::new("claims", "All"), Section::new("each", "One by one")],
    };
    let claims: Vec<Value> = all.iter().map(|(told, summaries)| claim(told, summaries)).collect();
    render(&PAGE, env!("CARGO_PKG_VERSION"), &head, &json!({ "claims": claims }), &Value::Null)
}

fn claim(told: &Told, summaries: &[ScenarioSummary]) -> Value {
    let statement = &told.statement;
    let tone = match statement.verdict {
        ClaimVerdict::Holds => "good",
        ClaimVerdict::HoldsOnlyIf => "open",
        ClaimVerdict::Refuted => "bad",
    };
    let figures = |(scenario, summary): (&Scenario, &ScenarioSummary)| -> Vec<String> {
        claim_of(scenario).figures.iter().map(|figure| told_figure(*figure, summary).replace('`', "")).collect()
    };
    let row = |(scenario, summary): (&Scenario, &ScenarioSummary)| {
        let speaks = if claim_of(scenario).speaks == Speaks::For { "for" } else { "against" };
        let unmet = if summary.verdict == Verdict::Pass { "" } else { " (its expectations are not met)" };
        [
            format!("{}: {}", short(scenario), scenario.title),
            format!("{speaks}{unmet}"),
            spread(Metric::WriteUnavailable, summary),
            spread(Metric::WritesLost, summary),
            figures((scenario, summary)).join("; "),
        ]
    };
    let decides = told.scenarios.first().zip(summaries.first()).and_then(|first| figures(first).into_iter().next());
    json!({
        "name": told.name,
        "says": statement.says,
        "source": statement.source,
        "verdict": capital(statement.verdict.title()),
        "tone": tone,
        "because": statement.because,
        "recorded": statement.recorded,
        "instead": statement.instead,
        "decides": decides,
        "command": format!("splitbrain run scenarios/claims/{}*.toml --seeds 500", told.name),
        "rows": told.scenarios.iter().zip(summaries).map(row).collect::<Vec<_>>(),
    })
}
