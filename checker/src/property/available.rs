//! `available`: the longest time without an acknowledged write stays within a limit.
//!
//! The gap is between consecutive acknowledged writes of all clients of a master, on whichever node, as the clients
//! learn of them; it must end after the first fault, and the end of the run ends it too. With several masters the worst
//! counts. A split brain hides in it: `write_unavailable_surviving` counts surviving writes only.
//!
//! Source: the recordings of real Redis have the same definition. Cannot see: a single client's own outage, nor how
//! busy the clients were: two operations a second make gaps of half a second.

use super::span;
use crate::expect::{Amount, Expectation, Limit, Property};
use crate::finding::{Detail, Finding};
use crate::index::Index;
use crate::judge::Judgement;
use crate::measure::longest_gap;
use crate::metrics::Metric;
use crate::observations::Observations;

/// Measures every master and compares with the limit, if one is given.
pub fn check(obs: &Observations, index: &Index<'_>, expectation: Option<&Expectation>, out: &mut Judgement) {
    for (i, master) in obs.masters.iter().enumerate() {
        let writes = || {
            obs.operations.iter().filter(move |operation| {
                operation.command.is_write() && index.master_of(operation.server.unwrap_or(operation.client)) == Some(i)
            })
        };
        let acked = writes().filter(|operation| operation.is_acked_write()).filter_map(|operation| operation.completed);
        // Clients that wrote and were never answered have waited since they began.
        let never = || {
            let first = writes().next()?;
            Some((first.invoked.max(obs.t0), obs.end, false))
        };
        let Some((from, until, ended)) = longest_gap(obs, acked).or_else(never) else {
            continue;
        };
        let gap_ms = until.since(from).millis() as i64;
        let worst = out.metrics.get(Metric::WriteUnavailable).unwrap_or(0);
        out.metrics.set(Metric::WriteUnavailable, gap_ms.max(worst));
        for limit in expectation.iter().flat_map(|e| &e.limits) {
            let Limit::AtMost(Amount::Time(limit)) = limit else {
                continue;
            };
            if gap_ms > limit.0 {
                out.findings.push(Finding {
                    property: Property::Available,
                    at: until,
                    master: master.name.clone(),
                    detail: Detail::Unavailable { gap_ms, span: span(obs, from, until), limit_ms: limit.0, ended },
                });
            }
        }
    }
}
