//! `failover-completes`: the failovers that had to happen were completed, and the first of them in time.
//!
//! Completed is a failover whose +promoted-slave was followed by a +switch-master to that replica at any Sentinel;
//! failovers are told apart by (master, epoch, leader). The time that counts is from the first fault to the first
//! +switch-master, from which on clients can learn of the new master. `within = "auto"` is the bound that the settings
//! imply when the first election is won ([`crate::bounds::completion`]).
//!
//! Source: Sentinel spec, section 16. Cannot see: whether a failover was possible at all; a scenario says so by
//! demanding this property.

use crate::bounds;
use crate::expect::{Expectation, Limit, Property, Within};
use crate::failovers::Attempt;
use crate::finding::{Detail, Finding};
use crate::index::Index;
use crate::judge::Judgement;
use crate::observations::Observations;
use splitbrain_model::{Name, TrueTime};

/// Checks the run against the limits of an expectation.
pub fn check(obs: &Observations, index: &Index<'_>, expectation: &Expectation, out: &mut Judgement) {
    let completed: Vec<&Attempt> = index.attempts.iter().filter(|a| a.completed()).collect();
    let first = completed.iter().min_by_key(|attempt| attempt.switched);
    let master = first.map_or(0, |attempt| attempt.master);
    let Some(settings) = obs.masters.get(master) else {
        return;
    };
    let mut report = |at: TrueTime, master: &Name, detail| {
        out.findings.push(Finding { property: Property::FailoverCompletes, at, master: master.clone(), detail });
    };
    let count = completed.len() as u32;
    let wanted = expectation.limits.iter().find_map(|limit| match limit {
        Limit::Exactly(n) => Some(*n),
        _ => None,
    });
    if count != wanted.unwrap_or(count.max(1)) {
        let detail = Detail::FailoverCount { completed: count, wanted, attempts: index.attempts.len() as u32 };
        report(obs.end, &settings.name, detail);
    }
    let Some(switched) = first.and_then(|attempt| attempt.switched) else {
        return;
    };
    for limit in &expectation.limits {
        let limit_ms = match limit {
            Limit::Within(Within::Auto) => bounds::completion(settings).to.0,
            Limit::Within(Within::Time(limit)) => limit.0,
            _ => continue,
        };
        let took_ms = obs.ms(switched);
        if took_ms > limit_ms {
            let detail = Detail::FailoverLate { took_ms, limit_ms };
            report(switched, &settings.name, detail);
        }
    }
}
