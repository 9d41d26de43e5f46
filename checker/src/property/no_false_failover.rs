//! `no-false-failover`: no master is replaced that ran and was reachable.
//!
//! False is a completed failover, not begun by an operator, if the old master's process was running (neither paused nor
//! dead, nor loading a dataset, when it serves nobody) and its paths to a majority of its Sentinels, themselves running,
//! were open in both directions, all the time from down-after before the decisive +sdown until the +try-failover. One that has
//! another address than the Sentinels know was not reachable.
//! Decisive is the +sdown that made the quorum complete; where fewer opinions stood than the quorum (a stale agreement,
//! H3), the last one.
//!
//! Source: the definitions of ARCHITECTURE.md, "Words". Cannot see: a server that ran but did not answer (a slow
//! command, a blocked disk): Sentinel is right to doubt it, and it is called false here.

use crate::expect::Property;
use crate::failovers::Attempt;
use crate::finding::{Detail, Finding, Place};
use crate::index::{Index, majority};
use crate::judge::Judgement;
use crate::metrics::Metric;
use crate::observations::Observations;
use splitbrain_model::TrueTime;

/// Checks every completed failover.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    let mut count = 0;
    for attempt in index.attempts.iter().filter(|a| a.completed() && !a.forced) {
        let Some((from, reachable_from)) = all_was_well(obs, index, attempt) else {
            continue;
        };
        count += 1;
        let settings = &obs.masters[attempt.master];
        let promoted = attempt.promoted.map_or(attempt.old, |(_, addr)| addr);
        out.findings.push(Finding {
            property: Property::NoFalseFailover,
            at: attempt.switched.unwrap_or(attempt.tried),
            master: settings.name.clone(),
            detail: Detail::FalseFailover {
                old: Place::of(obs, attempt.old),
                new: Place::of(obs, promoted),
                leader: attempt.leader,
                epoch: attempt.epoch,
                reachable_from,
                sentinels: settings.sentinels.len() as u32,
                watched_ms: attempt.tried.since(from).millis() as i64,
            },
        });
    }
    out.metrics.set(Metric::FalseFailovers, count);
}

/// Since when the old master ran and was reachable until the attempt, and from how many Sentinels, if that is long and
/// from enough of them.
fn all_was_well(obs: &Observations, index: &Index<'_>, attempt: &Attempt) -> Option<(TrueTime, u32)> {
    let settings = &obs.masters[attempt.master];
    let old = obs.node_at(attempt.old)?;
    let decisive = attempt.down_since.unwrap_or(attempt.tried);
    let from = TrueTime(decisive.0.saturating_sub(settings.down_after.nanos().0));
    let until = attempt.tried;
    if !index.served_throughout(old, from, until) || !obs.had_throughout(old, attempt.old, from, until) {
        return None;
    }
    let reaching = settings.sentinels.iter().filter(|&&sentinel| {
        index.ran_throughout(sentinel, from, until) && index.open_throughout(sentinel, old, from, until)
    });
    let reaching = reaching.count();
    (reaching >= majority(settings)).then_some((from, reaching as u32))
}
