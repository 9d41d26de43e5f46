//! `clients-recover`: every client is served again once everybody agrees.
//!
//! A run that went on for the given time after agreement must have served each client in that time: one of its writes was
//! acknowledged, if it writes, and one of its reads answered, if it reads. A run that ended earlier decides nothing.
//!
//! Source: what every client library promises that looks for the master again. Cannot see: how long a client that is
//! served in the end had to wait; nor a client that asks for less than one operation in that time, which counts as stuck.

use crate::expect::{Amount, Expectation, Limit, Property};
use crate::finding::{Detail, Finding, Kind};
use crate::index::Index;
use crate::judge::Judgement;
use crate::observations::{NodeIx, Observations};
use splitbrain_model::note::Outcome;
use splitbrain_model::{Millis, TrueTime};
use std::collections::BTreeMap;

/// Checks every client against the limit.
pub fn check(obs: &Observations, index: &Index<'_>, expectation: &Expectation, out: &mut Judgement) {
    let limit = expectation.limits.iter().find_map(|limit| match limit {
        Limit::AtMost(Amount::Time(limit)) => Some(*limit),
        _ => None,
    });
    let (Some(limit), Some(converged)) = (limit, obs.converged) else { return };
    let agreed = converged.max(obs.last_disturbance);
    let agreed_for = Millis(obs.end.since(agreed).millis() as i64);
    if agreed_for < limit {
        return;
    }
    // When each half of what a client asks for was last done, the beginning of the run if never.
    let mut served: BTreeMap<(NodeIx, Kind), TrueTime> = BTreeMap::new();
    for operation in &obs.operations {
        let kind = if operation.command.is_write() { Kind::Writes } else { Kind::Reads };
        let last = served.entry((operation.client, kind)).or_insert(TrueTime(0));
        if let (Some(Outcome::Ok(_)), Some(at)) = (operation.outcome, operation.completed) {
            *last = (*last).max(at);
        }
    }
    for ((client, what), last) in served {
        let waited_ms = obs.end.since(last.max(agreed).min(obs.end)).millis() as i64;
        if waited_ms >= limit.0 {
            let master = index.master_of(client).map(|i| obs.masters[i].name.clone()).unwrap_or_default();
            let detail = Detail::ClientStuck { client, what, waited_ms, limit_ms: limit.0 };
            out.findings.push(Finding { property: Property::ClientsRecover, at: obs.end, master, detail });
        }
    }
}
