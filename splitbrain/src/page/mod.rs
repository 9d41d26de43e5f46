//! The page of one run: the record becomes a picture, which [`splitbrain_reports::html::run`] shows. The run is played again for
//! it, with its messages kept.

mod bars;
mod logs;
mod messages;

use crate::runner::{resolve, summary_of};
use crate::saved::{self, ReplayError};
use crate::{coverage, runner};
use bars::bars;
use splitbrain_checker::course::{Course, Happened};
use splitbrain_checker::metrics::Metric;
use splitbrain_checker::observations::{NodeInfo, Operation};
use splitbrain_checker::property::lost_write;
use splitbrain_checker::sentence::{answered, asked};
use splitbrain_checker::summary::RunSummary;
use splitbrain_checker::{NodeKind, Observations, Scratch};
use splitbrain_model::TrueTime;
use splitbrain_model::note::Outcome;
use splitbrain_reports::html::run::{self, Fault, Flag, Lane, Mark, Page, Picture};
use splitbrain_scenarios::{Resolved, Scenario};
use splitbrain_sim::Record;
use std::path::Path;

/// Plays a seed and returns its page.
pub fn run_page(scenario: &Scenario, seed: u64) -> String {
    page(scenario, &resolve(scenario, seed), None)
}

/// Plays a saved run and returns its page.
///
/// # Errors
/// If the file cannot be read, or applications outside took part in the run.
pub fn run_page_of(saved: &Path) -> Result<String, ReplayError> {
    let (scenario, resolved) = saved::scenario_of(saved)?;
    Ok(page(&scenario, &resolved, Some(&saved.display().to_string())))
}

fn page(scenario: &Scenario, resolved: &Resolved, repeat: Option<&str>) -> String {
    let record = splitbrain_sim::run::run_filmed(resolved);
    let (run, _) = summary_of(scenario, &record, &mut Scratch::default());
    let course = Course { schedule: coverage::schedule(resolved, &record), ..Course::default() };
    let (picture, left_out) = picture(&record, &run, &course);
    let summary = runner::summarize(scenario, resolved.seed, &record.observations.masters, vec![run], course);
    run::page(&Page {
        version: env!("CARGO_PKG_VERSION"),
        summary: &summary,
        repeat,
        picture: &picture,
        left_out: left_out.as_deref(),
        logs: &logs::logs(&record),
    })
}

/// Microseconds after the first fault.
fn micros(seen: &Observations, at: TrueTime) -> i64 {
    (at.0 as i64 - seen.t0.0 as i64).div_euclid(1_000)
}

fn picture(record: &Record, run: &RunSummary, course: &Course) -> (Picture, Option<String>) {
    let seen = &record.observations;
    let window = window(seen, run);
    let (messages, left_out) = messages::messages(record, window);
    let picture = Picture {
        from: micros(seen, TrueTime(0)),
        until: micros(seen, seen.end),
        window,
        lanes: seen.nodes.iter().map(lane).collect(),
        bars: bars(record),
        faults: course.schedule.iter().map(|step| fault(step, &course.schedule)).collect(),
        marks: seen.events.iter().map(|event| mark(record, event)).collect(),
        operations: operations(seen),
        flags: run
            .findings
            .iter()
            .map(|found| Flag {
                at: found.at_ms * 1_000,
                text: found.property.name().to_owned(),
                more: found.sentence.clone(),
            })
            .collect(),
        messages,
    };
    (picture, left_out)
}

/// A step; what a later `heal` ends lasts until then.
fn fault(step: &Happened, schedule: &[Happened]) -> Fault {
    let of_network = ["partition ", "isolate ", "drop ", "link "].iter().any(|kind| step.what.starts_with(kind));
    let healed = || schedule.iter().find(|later| later.what == "heal" && later.at_ms >= step.at_ms && of_network);
    let until = step.lasted_ms.map(|lasted| step.at_ms + lasted).or_else(|| healed().map(|heal| heal.at_ms));
    Fault { from: step.at_ms * 1_000, until: until.map(|ms| ms * 1_000), text: step.what.clone() }
}

fn lane(node: &NodeInfo) -> Lane {
    let kind = match node.kind {
        NodeKind::Redis => "redis",
        NodeKind::Sentinel => "sentinel",
        NodeKind::Client => "client",
    };
    Lane { name: node.name.clone(), kind, host: node.host.clone() }
}

fn mark(record: &Record, event: &splitbrain_checker::observations::EventAt) -> Mark {
    let seen = &record.observations;
    Mark {
        lane: event.node.0,
        at: micros(seen, event.at),
        name: event.event.kind.name(),
        text: with_names(seen, event.event.payload()),
    }
}

/// Ids of Sentinels, which nobody can tell apart, replaced by their names.
fn with_names(seen: &Observations, mut text: String) -> String {
    for (node, id) in &seen.sentinel_ids {
        let id = id.to_string();
        if text.contains(&id) {
            text = text.replace(&id, &seen.node(*node).name);
        }
    }
    text
}

fn operations(seen: &Observations) -> Vec<run::Operation> {
    let lost = lost_write::lost(seen);
    let of = |(number, operation): (u32, &Operation)| {
        let fate = match operation.outcome {
            Some(Outcome::Ok(_)) if lost.contains(&number) => "lost",
            Some(Outcome::Ok(_)) => "ok",
            Some(Outcome::Fail(_)) => "failed",
            Some(Outcome::Info(_)) | None => "unknown",
        };
        let server = operation.server.map_or(String::new(), |server| format!(", {}", seen.node(server).name));
        run::Operation {
            lane: operation.client.0,
            from: micros(seen, operation.invoked),
            until: micros(seen, operation.completed.unwrap_or(seen.end)),
            fate,
            text: format!("{} {}{server}", asked(operation.command), answered(operation.command, operation.outcome)),
        }
    };
    (0u32..).zip(&seen.operations).map(of).collect()
}

/// What the page opens on: the first failover from a little before its beginning to a little after its end; without one the
/// first finding; without one the first fault.
fn window(seen: &Observations, run: &RunSummary) -> (i64, i64) {
    let of = |metric| run.metrics.get(metric);
    let switched = of(Metric::FailoverEnd).max(of(Metric::LastSwitchMaster));
    let (from, until) = match (of(Metric::FirstSdown), switched, run.findings.first()) {
        (begun, Some(end), _) => (begun.unwrap_or(0).min(end), end),
        (Some(begun), None, _) => (begun, begun + 5_000),
        (None, None, Some(found)) => (found.at_ms, found.at_ms),
        (None, None, None) => (0, 5_000),
    };
    // What led to it belongs to it, if it is not long ago.
    let from = if (0..=10_000).contains(&from) { 0 } else { from };
    let around = ((until - from) / 10).max(500);
    let last = micros(seen, seen.end);
    (((from - around) * 1_000).min(last - 1_000_000), ((until + around) * 1_000).min(last))
}
