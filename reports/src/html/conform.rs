//! Recordings of real Redis beside simulations of the same script: what agrees, what does not, and each figure as two curves.

use super::document::{list, text};
use super::{Head, Kind, Section, Tone, render, thinned};
use serde::Serialize;
use serde_json::Value;

const PAGE: Kind = Kind {
    template: include_str!("templates/conform.html"),
    script: include_str!("../../assets/conform.js"),
    charts: true,
};

/// Most values of a curve.
const MOST: usize = 200;

#[derive(Serialize)]
struct Shown {
    /// By scenario: runs, and how many cells of each kind agree.
    scenarios: Vec<Vec<String>>,
    failing: Vec<Vec<String>>,
    never_simulated: Vec<String>,
    unplayable: Vec<String>,
    names: Vec<String>,
}

/// A timing as it was recorded and simulated, in ms.
#[derive(Serialize)]
struct Timing<'a> {
    cell: &'a str,
    passes: bool,
    p: f64,
    recorded: Vec<f64>,
    simulated: Vec<f64>,
}

#[derive(Serialize)]
struct Drawn<'a> {
    scenarios: Vec<(&'a str, Vec<Timing<'a>>)>,
    /// By step: where the recorded values stand among the simulated ones, from 0 to 1.
    pooled: Vec<Timing<'a>>,
}

/// The page of a document of `conform --json`.
pub fn page(document: &Value) -> String {
    let scenarios = list(&document["scenarios"]);
    let drawn = Drawn {
        scenarios: scenarios.iter().map(|its| (text(&its["scenario"]), timings(its, "timing"))).collect(),
        pooled: list(&document["pooled"]).iter().map(timing).collect(),
    };
    render(&PAGE, text(&document["splitbrain"]), &head(document), &shown(document, scenarios), &drawn)
}

fn head(document: &Value) -> Head {
    let passes = document["conforms"] == true;
    let share = document["share"].as_f64().unwrap_or(0.0) * 100.0;
    let wanted = document["threshold"].as_f64().unwrap_or(0.0) * 100.0;
    let orders = if document["orders_agree"] == true { "orders of events agree" } else { "orders of events differ" };
    let runs: u64 = list(&document["scenarios"]).iter().filter_map(|its| its["recorded_runs"].as_u64()).sum();
    Head {
        title: "Simulated failovers beside recordings of real Redis".to_owned(),
        tone: if passes { Tone::Good } else { Tone::Bad },
        verdict: if passes { "CONFORMS" } else { "DIFFERS" }.to_owned(),
        sentence: format!("{share:.2} % of the cells agree, {wanted:.2} % are wanted; {orders}."),
        about: vec![format!("{runs} recorded runs"), format!("{} simulated runs of each script", document["seeds"])],
        sections: vec![
            Section::new("curves", "Times"),
            Section::new("scenarios", "Scripts"),
            Section::new("differ", "What differs"),
        ],
    }
}

fn shown(document: &Value, scenarios: &[Value]) -> Shown {
    let agreeing = |its: &Value, kind: &str| {
        let cells: Vec<&Value> = list(&its["cells"]).iter().filter(|cell| cell["kind"] == kind).collect();
        let good = cells.iter().filter(|cell| cell["pass"] == true).count();
        format!("{good} of {}", cells.len())
    };
    let row = |its: &Value| {
        let [recorded, simulated] = ["recorded_runs", "simulated_runs"].map(|key| its[key].to_string());
        let [timing, outcome, order] = ["timing", "outcome", "order"].map(|kind| agreeing(its, kind));
        vec![text(&its["scenario"]).to_owned(), recorded, simulated, timing, outcome, order]
    };
    let failing = |(scenario, cell): (&str, &Value)| {
        let of = |key: &str| three(&sorted(&cell[key]));
        let p = cell["p"].as_f64().unwrap_or(0.0);
        let (kind, name) = (text(&cell["kind"]), text(&cell["cell"]));
        vec![scenario.to_owned(), kind.to_owned(), name.to_owned(), of("recorded"), of("simulated"), format!("{p:.4}")]
    };
    let of_scenarios =
        scenarios.iter().flat_map(|its| list(&its["cells"]).iter().map(|cell| (text(&its["scenario"]), cell)));
    let pooled = list(&document["pooled"]).iter().map(|cell| ("all", cell));
    let never = |it: &Value| {
        let [scenario, sentinel, first, second] = ["scenario", "sentinel", "first", "second"].map(|key| text(&it[key]));
        format!("{scenario}, run {}, {sentinel}: {first} before {second}", it["run"])
    };
    let unplayable = |it: &Value| format!("{}: {}", text(&it["scenario"]), text(&it["why"]));
    Shown {
        scenarios: scenarios.iter().map(row).collect(),
        failing: of_scenarios.chain(pooled).filter(|(_, cell)| cell["pass"] != true).map(failing).collect(),
        never_simulated: list(&document["never_simulated"]).iter().map(never).collect(),
        unplayable: list(&document["unplayable"]).iter().map(unplayable).collect(),
        names: scenarios.iter().map(|its| text(&its["scenario"]).to_owned()).collect(),
    }
}

fn timings<'a>(scenario: &'a Value, kind: &str) -> Vec<Timing<'a>> {
    list(&scenario["cells"]).iter().filter(|cell| cell["kind"] == kind).map(timing).collect()
}

fn timing(cell: &Value) -> Timing<'_> {
    Timing {
        cell: text(&cell["cell"]),
        passes: cell["pass"] == true,
        p: cell["p"].as_f64().unwrap_or(0.0),
        recorded: sorted(&cell["recorded"]),
        simulated: thinned(sorted(&cell["simulated"]), MOST),
    }
}

fn sorted(values: &Value) -> Vec<f64> {
    let mut values: Vec<f64> = list(values).iter().filter_map(Value::as_f64).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The least, the median and the most.
fn three(sorted: &[f64]) -> String {
    match sorted {
        [] => "-".to_owned(),
        [first, .., last] => format!("{first} / {} / {last}", sorted[sorted.len() / 2]),
        [one] => one.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_told_with_its_numbers_and_what_a_user_wrote_is_text() {
        let cell = |name: &str, pass: bool| json!({"cell": name, "kind": "timing", "recorded": [3.5, 1.0, 2.0], "simulated": [7.0], "p": 0.002, "pass": pass});
        let page = page(&json!({
            "splitbrain": "0.0.0", "conforms": false, "share": 0.5, "threshold": 0.97, "orders_agree": true, "seeds": 7,
            "pooled": [], "never_simulated": [], "unplayable": [{"scenario": "<b>", "why": "no"}],
            "scenarios": [{"scenario": "<script>x", "recorded_runs": 3, "simulated_runs": 7,
                           "cells": [cell("promoted", false), cell("elected", true)]}],
        }))
        .replace("&#x2f;", "/");
        assert!(page.contains("50.00 % of the cells agree, 97.00 % are wanted"));
        assert!(page.contains("<td class=\"n\">1 / 2 / 3.5</td>"));
        assert!(page.contains("<td class=\"n\">1 of 2</td>"));
        assert!(page.contains("&lt;script&gt;x") && !page.contains("<script>x") && page.contains("&lt;b&gt;: no"));
        assert!(page.contains("promoted</td>") && !page.contains("elected</td>"));
    }

    #[test]
    fn a_document_of_something_else_makes_an_empty_page() {
        assert!(page(&json!({"other": 1})).contains("DIFFERS"));
    }
}
