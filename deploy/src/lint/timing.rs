//! Times: when a master counts as down, and how long a failover may take.

use super::Report;
use super::view::{View, replace};
use crate::conf::{Conf, Line, Monitor};
use crate::finding::Severity;

/// What Sentinel has if nothing is said, ms.
const DOWN_AFTER: i64 = 30_000;
/// Likewise.
const FAILOVER_TIMEOUT: i64 = 180_000;
/// A stall of a healthy process that has been measured to cause a failover lasted 1.5 s.
const STALL: i64 = 1_500;
/// From here on an outage lasts for minutes.
const MINUTES: i64 = 120_000;
/// The period of INFO, by which a promotion is learned.
const INFO: i64 = 1_000;

fn time(line: &Line) -> Option<i64> {
    line.words.get(3)?.parse().ok().filter(|time| *time > 0)
}

/// The line that says down-after of a master, and its value.
fn down_after<'c>(conf: &'c Conf, monitor: &Monitor<'c>) -> (Option<&'c Line>, i64) {
    let line = conf.of_master("down-after-milliseconds", monitor.name);
    (line, line.map_or(Some(DOWN_AFTER), time).unwrap_or(DOWN_AFTER))
}

fn with_value(line: &Line, value: i64) -> String {
    format!("sentinel {} {} {value}", line.words[1], line.words[2])
}

pub(super) fn down_after_low(view: &View<'_>, report: &mut Report<'_>) {
    for (node, monitor) in view.monitors() {
        let (Some(line), value) = down_after(&node.conf, &monitor) else { continue };
        if value > STALL {
            continue;
        }
        let why = format!(
            "{value} ms are shorter than ordinary stalls (a fork, a slow command, a busy host): a healthy master is failed over, and \
             writes that it acknowledged are lost"
        );
        report.at(&line.place, why, "5000 to 30000").edits = replace(line, with_value(line, 5_000));
    }
}

pub(super) fn down_after_high(view: &View<'_>, report: &mut Report<'_>) {
    for (node, monitor) in view.monitors() {
        let (Some(line), value) = down_after(&node.conf, &monitor) else { continue };
        if value < MINUTES {
            continue;
        }
        let why =
            format!("writes fail for {} s after the death of the master before a failover even begins", value / 1_000);
        report.at(&line.place, why, "5000 to 30000").edits = replace(line, with_value(line, 10_000));
    }
}

pub(super) fn down_after_rather_high(view: &View<'_>, report: &mut Report<'_>) {
    for (node, monitor) in view.monitors() {
        let (Some(line), value) = down_after(&node.conf, &monitor) else { continue };
        if value > DOWN_AFTER && value < MINUTES {
            let why =
                format!("writes fail for {} s after the death of the master before a failover begins", value / 1_000);
            report.at(&line.place, why, "5000 to 30000, unless such outages are agreed on");
        }
    }
}

pub(super) fn failover_timeout(view: &View<'_>, report: &mut Report<'_>) {
    for (node, monitor) in view.monitors() {
        let (_, down_after) = down_after(&node.conf, &monitor);
        let line = node.conf.of_master("failover-timeout", monitor.name);
        let timeout = line.and_then(time).unwrap_or(FAILOVER_TIMEOUT);
        let Some(line) = line.filter(|_| timeout < down_after || timeout < INFO) else { continue };
        let fix = format!("several times down-after: {}", (down_after * 3).max(60_000));
        let edits = replace(line, with_value(line, (down_after * 3).max(60_000)));
        let finding = if timeout < INFO {
            let why = format!(
                "a failover is given up after {timeout} ms, but Sentinel learns of the promotion by INFO, once a second: the \
                 promoted replica is left alone, and the next attempt begins"
            );
            report.with(Severity::Danger, &line.place, why, fix)
        } else {
            let why = format!(
                "failover-timeout {timeout} ms is shorter than down-after {down_after} ms: steps of a failover are given up sooner \
                 than a dead node is noticed"
            );
            report.at(&line.place, why, fix)
        };
        finding.edits = edits;
    }
}

pub(super) fn parallel_syncs(view: &View<'_>, report: &mut Report<'_>) {
    for (node, monitor) in view.monitors() {
        let Some(line) = node.conf.of_master("parallel-syncs", monitor.name) else { continue };
        let Some(syncs) = line.words.get(3).and_then(|word| word.parse::<usize>().ok()).filter(|syncs| *syncs > 1)
        else {
            continue;
        };
        let replicas = view.master(&monitor).map(|master| view.replicas_of(master).len());
        if replicas.is_none() && !view.is_whole() {
            let why = format!(
                "with {syncs} replicas or fewer, parallel-syncs {syncs} lets all of them load at the same time"
            );
            report.at(&line.place, why, "parallel-syncs 1");
        }
        // The replicas that are not promoted are one fewer; with as many at once, none is left to read from.
        let Some(replicas) = replicas.filter(|replicas| *replicas > 0 && syncs >= *replicas) else { continue };
        let why = format!(
            "parallel-syncs {syncs} with {replicas} replicas: where they need full syncs, all of them load at the same time, and \
             none can be read from or promoted"
        );
        report.at(&line.place, why, "parallel-syncs 1").edits = replace(line, with_value(line, 1));
    }
}
