//! `events`: events of Sentinel happen as often as a scenario demands.
//!
//! Counted is from the moment from which all times of a report count, so that what happens while the cluster settles
//! and while a schedule prepares its ground plays no part. A demand on every run gives a finding where it is not met. A
//! demand on a share of the runs gives one where it is: like a documented danger, it has to show itself.
//!
//! Source: Sentinel spec, 10. Cannot see: what a Sentinel does without an event of its own.

use crate::expect::{Expectation, Limit, Occurrence, Property};
use crate::finding::{Detail, Finding};
use crate::judge::Judgement;
use crate::observations::{EventAt, NodeIx, NodeKind, Observations};
use splitbrain_model::event::{Extra, Subject};
use splitbrain_model::{Addr, Name};

/// Counts what the expectation asks for.
pub fn check(obs: &Observations, expectation: &Expectation, out: &mut Judgement) {
    for limit in &expectation.limits {
        if let Limit::Occurs(wanted) = limit {
            out.findings.extend(judged(obs, wanted));
        }
    }
}

fn judged(obs: &Observations, wanted: &Occurrence) -> Option<Finding> {
    let by = wanted.by.map(|number| numbered(obs, NodeKind::Sentinel, number));
    let of = wanted.of.map(|number| numbered(obs, NodeKind::Redis, number));
    let mut found: Vec<&EventAt> = Vec::new();
    // A Sentinel or server that this cluster does not have says nothing, and nothing is said of it.
    if by != Some(None) && of != Some(None) {
        let (by, of) = (by.flatten(), of.flatten());
        found.extend(obs.events.iter().filter(|event| {
            event.event.kind == wanted.event
                && event.at >= obs.t0
                && by.is_none_or(|node| event.node == node)
                && of.is_none_or(|node| obs.node_at(about(event)) == Some(node))
        }));
    }
    let count = found.len() as u32;
    if wanted.allows(count) != wanted.share.is_some() {
        return None;
    }
    // Where there are too many, the first that is too many; otherwise the last one that counted.
    let decisive = match wanted.at_most {
        Some(most) if count > most => found.get(most as usize),
        _ => found.last(),
    };
    Some(Finding {
        property: Property::Events,
        at: decisive.map_or(obs.end, |event| event.at),
        master: decisive.map_or(Name::from(""), |event| event.event.master.clone()),
        detail: Detail::Occurred { wanted: *wanted, count, by: by.flatten(), of: of.flatten() },
    })
}

/// The n-th process of a kind.
fn numbered(obs: &Observations, kind: NodeKind, number: u16) -> Option<NodeIx> {
    let mut all = (0u16..).zip(&obs.nodes).filter(|(_, node)| node.kind == kind);
    all.nth(usize::from(number)).map(|(ix, _)| NodeIx(ix))
}

/// The address of the server an event is about.
fn about(event: &EventAt) -> Addr {
    match (&event.event.extra, event.event.subject) {
        (Extra::Switch(_, new), _) => *new,
        (_, Subject::Slave(addr)) => addr,
        (_, Subject::Master) => event.event.master_addr,
        (_, Subject::Sentinel(_, addr)) => addr,
    }
}
