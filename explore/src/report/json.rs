//! The outcome as one JSON document. Times in ms and numbers in thousandths, as the names of the fields say.

use crate::choose::{Findings, Turn};
use crate::confirm::Confirmation;
use crate::figures::{Cell, Difference};
use crate::merge::Merged;
use crate::plan::Plan;
use crate::promise::{Goal, Standing};
use crate::round::Round;
use serde_json::{Map, Value, json};

/// The whole outcome.
pub fn json(merged: &Merged, findings: &Findings, again: Option<&Confirmation>) -> String {
    let plan = &merged.plan;
    let points = |environment: usize| (0..plan.points.len()).map(move |point| (environment, point));
    let places: Vec<(usize, usize)> = (0..plan.environments.len()).flat_map(points).collect();
    let on_front: Vec<usize> = (0..plan.cells()).filter(|cell| findings.front[*cell]).collect();
    let mut document = json!({
        "splitbrain": plan.splitbrain,
        "plan": plan,
        "digest": merged.digest.to_string(),
        "runs": merged.runs(),
        "rounds": merged.rounds.iter().map(round).collect::<Vec<_>>(),
        "current": settings(plan, plan.current),
        "cells": places.iter().map(|(environment, point)| cell(plan, findings, *environment, *point)).collect::<Vec<_>>(),
        "front": on_front,
        "sensitivity": sensitivity(plan, findings),
        "cliffs": cliffs(plan, findings),
        "recommendation": findings.recommended.map(|it| json!({
            "settings": settings(plan, it.point),
            "lines": plan.axes.iter().zip(&plan.points[it.point]).map(|(axis, place)| axis.line(*place)).collect::<Vec<_>>(),
            "margin_ppm": it.margin_ppm,
            "cells": (0..plan.environments.len()).map(|environment| plan.cell(environment, it.point)).collect::<Vec<_>>(),
        })),
    });
    if let Some(again) = again {
        document["confirmation"] = json!(again);
    }
    format!("{document:#}\n")
}

fn round(round: &Round) -> Value {
    json!({ "cells": round.cells, "seeds": round.seeds, "runs": round.runs() })
}

fn settings(plan: &Plan, point: usize) -> Value {
    let one = |(axis, place): (&crate::axis::Axis, &Option<u32>)| (axis.name.clone(), Value::from(axis.shown(*place)));
    Value::Object(plan.axes.iter().zip(&plan.points[point]).map(one).collect::<Map<String, Value>>())
}

fn cell(plan: &Plan, findings: &Findings, environment: usize, point: usize) -> Value {
    let number = plan.cell(environment, point);
    let Cell {
        runs,
        undecided,
        failures,
        outage_ms,
        outage_surviving_ms,
        lost,
        losing,
        split_ms,
        failovers,
        false_failovers,
        failed_failovers,
        unrecovered,
    } = &findings.cells[number];
    let Difference { outage_ms: outage, lost: lost_more, false_failovers: wrong } = &findings.differences[number];
    let of_failures = failures.iter().map(|found| {
        let mut value = json!(found);
        value["failure"] = Value::from(plan.failures[found.failure].name.as_str());
        value
    });
    json!({
        "cell": number,
        "environment": plan.environments[environment],
        "settings": settings(plan, point),
        "current": point == plan.current,
        "runs": runs,
        "undecided": undecided,
        "failures": of_failures.collect::<Vec<_>>(),
        "yearly": {
            "outage_ms": outage_ms,
            "outage_surviving_ms": outage_surviving_ms,
            "lost_milli": lost,
            "losing_failures_milli": losing,
            "split_brain_ms": split_ms,
            "failovers_milli": failovers,
            "false_failovers_milli": false_failovers,
            "failed_failovers_milli": failed_failovers,
            "unrecovered_milli": unrecovered,
        },
        "against_current": { "outage_ms": outage, "lost_milli": lost_more, "false_failovers_milli": wrong },
        "on_front": findings.front[number],
        "promise": standing(&findings.standings[number]),
    })
}

fn standing(standing: &Standing) -> Value {
    json!({ "kept": standing.is_kept(), "margin_ppm": standing.margin_ppm, "broken": broken(&standing.broken) })
}

fn broken(broken: &[(Goal, i64, i64)]) -> Value {
    let one = |(goal, limit, value): &(Goal, i64, i64)| json!({ "goal": goal.name(), "limit": limit, "value": value });
    Value::Array(broken.iter().map(one).collect())
}

fn sensitivity(plan: &Plan, findings: &Findings) -> Value {
    let mut all = Vec::new();
    for (environment, effects) in plan.environments.iter().zip(&findings.effects) {
        for (axis, effect) in plan.axes.iter().zip(effects) {
            let level = |(value, (cells, outage, lost, wrong)): (&String, &(u64, i64, i64, i64))| json!({ "value": value, "cells": cells, "outage_ms": outage, "lost_milli": lost, "false_failovers_milli": wrong });
            let levels: Vec<Value> = axis.values.iter().zip(&effect.levels).map(level).collect();
            all.push(json!({ "environment": environment, "setting": axis.name, "levels": levels }));
        }
    }
    Value::Array(all)
}

fn cliffs(plan: &Plan, findings: &Findings) -> Value {
    let one = |cliff: &crate::choose::Cliff| {
        let axis = &plan.axes[cliff.axis];
        let turn = |turn: &Turn| {
            json!({
                "same_until": axis.shown(Some(turn.same_until)),
                "flips_at": turn.flips_at.map(|place| axis.shown(Some(place))),
                "broken": broken(&turn.broken),
            })
        };
        json!({
            "environment": plan.environments[cliff.environment],
            "setting": axis.name,
            "value": axis.shown(Some(cliff.from)),
            "kept": cliff.kept,
            "down": turn(&cliff.down),
            "up": turn(&cliff.up),
        })
    };
    Value::Array(findings.cliffs.iter().map(one).collect())
}
