//! `converges-after-heal`: after the last fault or repair everybody agrees again: all running Sentinels name one master
//! with plain flags, it says so too, and all other running servers are its replicas with the link up.
//!
//! A run that ends without agreement violates this if it lasted longer than the protocol's own bounds allow
//! ([`crate::bounds::convergence`], and if nothing but a link is missing, [`crate::bounds::resynchronisation`] on top); if
//! it ended earlier, nothing is decided.
//!
//! Source: Sentinel spec, appendix C.6, C.7 and the liveness bound after it. Cannot see: which faults were never
//! repaired; a scenario that leaves a majority dead must not demand this.

use crate::bounds;
use crate::expect::Property;
use crate::finding::{Detail, Finding, Place};
use crate::index::Index;
use crate::judge::Judgement;
use crate::observations::{NodeIx, Observations};
use splitbrain_model::{Addr, Millis};

/// Checks the end of the run.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    if obs.converged.is_some() {
        return;
    }
    let waited_ms = obs.end.since(obs.last_disturbance).millis() as i64;
    for (i, settings) in obs.masters.iter().enumerate() {
        let agreement = agreement(obs, index, i);
        let more = match agreement {
            Agreement::ButForLinks => bounds::resynchronisation(settings.repl_timeout),
            _ => Millis(0),
        };
        let bound_ms = bounds::convergence(settings).0 + more.0;
        if waited_ms < bound_ms {
            out.leave(
                Property::ConvergesAfterHeal,
                format!(
                    "{}: no agreement {waited_ms} ms after the last fault or repair, but the settings allow {bound_ms} ms",
                    settings.name
                ),
            );
            continue;
        }
        if agreement == Agreement::Whole && obs.masters.len() > 1 {
            continue;
        }
        out.findings.push(Finding {
            property: Property::ConvergesAfterHeal,
            at: obs.end,
            master: settings.name.clone(),
            detail: Detail::NotConverged { waited_ms, bound_ms, named: named(obs, i), masters: masters(obs, index, i) },
        });
    }
}

/// Which Sentinels name which master.
fn named(obs: &Observations, master: usize) -> Vec<(Place, Vec<NodeIx>)> {
    let mut named: Vec<(Addr, Vec<NodeIx>)> = Vec::new();
    let name = &obs.masters[master].name;
    for view in obs.final_views.iter().filter(|view| view.master == *name) {
        match named.iter_mut().find(|(addr, _)| *addr == view.addr) {
            Some((_, by)) => by.push(view.node),
            None => named.push((view.addr, vec![view.node])),
        }
    }
    named.into_iter().map(|(addr, by)| (Place::of(obs, addr), by)).collect()
}

fn masters(obs: &Observations, index: &Index<'_>, master: usize) -> Vec<NodeIx> {
    obs.final_redis
        .iter()
        .filter(|redis| redis.running && redis.replica_of.is_none())
        .map(|redis| redis.node)
        .filter(|node| index.master_of(*node) == Some(master))
        .collect()
}

/// How far everybody agrees on a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreement {
    Whole,
    ButForLinks,
    None,
}

fn agreement(obs: &Observations, index: &Index<'_>, master: usize) -> Agreement {
    let name = &obs.masters[master].name;
    let mut views = obs.final_views.iter().filter(|view| view.master == *name);
    let Some(first) = views.next() else {
        return Agreement::None;
    };
    let node = obs.node_at(first.addr);
    let running = || obs.final_redis.iter().filter(|r| r.running && index.master_of(r.node) == Some(master));
    let agrees = first.plain
        && views.all(|view| view.plain && view.addr == first.addr)
        && running().all(|redis| match redis.replica_of {
            None => Some(redis.node) == node,
            Some(of) => of == first.addr && Some(redis.node) != node,
        });
    match (agrees, running().all(|redis| redis.replica_of.is_none() || redis.link_up)) {
        (true, true) => Agreement::Whole,
        (true, false) => Agreement::ButForLinks,
        (false, _) => Agreement::None,
    }
}
