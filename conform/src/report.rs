//! The comparison as text and JSON. Renders only.

use crate::Conformance;
use crate::cells::{Cell, Kind};
use crate::order::firsts;
use crate::stats::median;
use serde_json::{Value, json};
use std::fmt::Write;

/// Cells shown if all pass.
const SHOWN: usize = 20;

/// The table: cells that fail, then those nearest to failing.
pub fn text(result: &Conformance, every_cell: bool) -> String {
    let mut out = String::new();
    let mut cells: Vec<&Cell> = result.cells.iter().chain(&result.orders).collect();
    cells.sort_by(|a, b| {
        (a.pass, a.kind == Kind::Order).cmp(&(b.pass, b.kind == Kind::Order)).then(a.p.total_cmp(&b.p))
    });
    let failed = cells.iter().filter(|cell| !cell.pass).count();
    let shown = if every_cell { cells.len() } else { failed.max(SHOWN) };
    let _ = writeln!(
        out,
        "{:<6} {:<8} {:<8} {:<58} {:>20} {:>20} {:>9} {:>9}",
        "", "scenario", "kind", "cell", "recorded", "simulated", "distance", "p"
    );
    for cell in cells.iter().take(shown) {
        let verdict = if cell.pass { "ok" } else { "FAIL" };
        let scenario = if cell.scenario.is_empty() { "all" } else { &cell.scenario };
        let (kind, distance, p) = (cell.kind.name(), number(cell.distance), number(cell.p));
        let (recorded, simulated) = (shape(cell, &cell.recorded), shape(cell, &cell.simulated));
        let _ = writeln!(
            out,
            "{verdict:<6} {scenario:<8} {kind:<8} {:<58} {recorded:>20} {simulated:>20} {distance:>9} {p:>9}",
            cell.cell
        );
    }
    if cells.len() > shown {
        let _ = writeln!(out, "… and {} cells that pass", cells.len() - shown);
    }
    for unseen in &result.unseen {
        let _ = writeln!(
            out,
            "never simulated: {}/{} at {}: {} {} ms before {}",
            unseen.scenario,
            unseen.run,
            unseen.sentinel,
            unseen.first,
            number(unseen.margin),
            unseen.second
        );
    }
    for (scenario, why) in &result.unplayable {
        let _ = writeln!(out, "not played: {scenario}: {why}");
    }
    for (scenario, note) in &result.notes {
        let _ = writeln!(out, "note: {scenario}: {note}");
    }
    for kind in [Kind::Timing, Kind::Pooled, Kind::Outcome, Kind::Order] {
        let of_kind = || cells.iter().filter(|cell| cell.kind == kind);
        let passed = of_kind().filter(|cell| cell.pass).count();
        let _ = writeln!(out, "{:<8} {passed} of {} cells pass", kind.name(), of_kind().count());
    }
    let verdict = if result.passes() { "conforms" } else { "does not conform" };
    let _ = writeln!(
        out,
        "{verdict}: {:.2} % of timing, pooled and outcome cells pass (wanted: {:.2} %); orders {}; {} orders never simulated",
        result.share() * 100.0,
        result.options.threshold * 100.0,
        match (result.orders_pass, result.pooled_pass()) {
            (true, true) => "agree",
            (false, _) => "differ",
            (true, false) => "agree, but a pooled cell is beyond chance",
        },
        result.unseen.len()
    );
    out
}

/// Values in a few characters.
fn shape(cell: &Cell, values: &[f64]) -> String {
    match cell.kind {
        Kind::Order => format!("{}/{}", number(values[0]), number(values[1])),
        _ if values.is_empty() => "-".to_owned(),
        Kind::Outcome if cell.cell.ends_with("happens") => {
            format!("{}/{}", values.iter().filter(|value| **value > 0.0).count(), values.len())
        }
        _ => {
            let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(*x), high.max(*x)));
            format!("{}/{}/{}", number(low), number(median(values)), number(high))
        }
    }
}

fn number(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_owned(),
        a if a >= 100.0 => format!("{x:.0}"),
        a if a < 0.001 => format!("{x:.0e}"),
        _ if x.fract() == 0.0 => format!("{x:.0}"),
        _ => format!("{x:.3}"),
    }
}

/// One document with all values.
pub fn json(version: &str, result: &Conformance) -> Value {
    let of = |scenario: &str| -> Vec<Value> {
        let all = result.cells.iter().chain(&result.orders);
        all.filter(|cell| cell.scenario == scenario).map(cell).collect()
    };
    let scenarios: Vec<Value> = result
        .runs
        .iter()
        .map(|runs| {
            let orders: Vec<Value> = runs
                .recorded
                .iter()
                .zip(&runs.precise)
                .map(|((number, run), precise)| {
                    let sentinels: serde_json::Map<String, Value> =
                        run.sentinels().into_iter().map(|name| (name.to_owned(), json!(firsts(run, name)))).collect();
                    json!({"run": number, "compared": precise, "leader": run.leader(), "order": sentinels})
                })
                .collect();
            json!({"scenario": runs.scenario, "recorded_runs": runs.recorded.len(),
                "simulated_runs": runs.simulated.len(), "cells": of(&runs.scenario), "runs": orders})
        })
        .collect();
    let unseen: Vec<Value> = result
        .unseen
        .iter()
        .map(|u| {
            json!({"scenario": u.scenario, "run": u.run, "sentinel": u.sentinel, "first": u.first, "second": u.second,
                "margin_ms": u.margin})
        })
        .collect();
    let unplayable: Vec<Value> =
        result.unplayable.iter().map(|(scenario, why)| json!({"scenario": scenario, "why": why})).collect();
    json!({
        "splitbrain": version,
        "conforms": result.passes(),
        "share": result.share(),
        "threshold": result.options.threshold,
        "seeds": result.options.seeds,
        "orders_agree": result.orders_pass,
        "scenarios": scenarios,
        "pooled": of(""),
        "never_simulated": unseen,
        "unplayable": unplayable,
    })
}

fn cell(cell: &Cell) -> Value {
    let round = |values: &[f64]| -> Vec<f64> { values.iter().map(|x| (x * 1e4).round() / 1e4).collect() };
    json!({"cell": cell.cell, "kind": cell.kind.name(), "recorded": round(&cell.recorded),
        "simulated": round(&cell.simulated), "p": cell.p, "distance": finite(cell.distance), "pass": cell.pass})
}

/// JSON has no infinity.
fn finite(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { Value::Null }
}
