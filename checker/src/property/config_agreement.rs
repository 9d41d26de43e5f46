//! `config-agreement`: one configuration epoch names one address, over all Sentinels. Two addresses of one process, which it
//! had one after the other, count as one: who knows it by name has one address or the other, until its next look-up.
//!
//! Known are: the initial address (epoch 0 where a final view still has it), every promotion (the epoch of the attempt
//! and the promoted replica), and every Sentinel's final view. A Sentinel that has promoted a replica and not yet
//! switched advertises the promoted address; its view is taken so.
//!
//! Source: Sentinel spec, appendix C.4; two addresses in one epoch are never reconciled by gossip (5.3, H2, H4, I16).
//! Cannot see: views between the events, except those that lead to a promotion or last until the end.

use crate::expect::Property;
use crate::finding::{Detail, Finding, Place};
use crate::index::{Index, master_named};
use crate::judge::Judgement;
use crate::observations::{FinalView, NodeIx, Observations};
use splitbrain_model::{Addr, Epoch, TrueTime};

/// An address under a configuration epoch.
struct Claim {
    round: (usize, Epoch),
    at: TrueTime,
    addr: Addr,
    by: NodeIx,
}

/// Checks every configuration epoch.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    let mut claims: Vec<Claim> = index
        .attempts
        .iter()
        .filter_map(|attempt| {
            let (at, addr) = attempt.promoted?;
            Some(Claim { round: (attempt.master, attempt.epoch?), at, addr, by: attempt.leader })
        })
        .collect();
    claims.extend(obs.final_views.iter().filter_map(|view| {
        let master = master_named(obs, &view.master)?;
        Some(Claim {
            round: (master, view.config_epoch),
            at: obs.end,
            addr: advertised(index, master, view),
            by: view.node,
        })
    }));
    claims.sort_by_key(|claim| (claim.round, claim.at));
    for round in claims.chunk_by(|a, b| a.round == b.round) {
        let Some(second) = round.iter().find(|claim| !obs.same_process(claim.addr, round[0].addr)) else {
            continue;
        };
        let (master, epoch) = second.round;
        let mut places: Vec<(Addr, NodeIx)> = Vec::new();
        for claim in round {
            if !places.iter().any(|(addr, _)| obs.same_process(*addr, claim.addr)) {
                places.push((claim.addr, claim.by));
            }
        }
        out.findings.push(Finding {
            property: Property::ConfigAgreement,
            at: second.at,
            master: obs.masters[master].name.clone(),
            detail: Detail::EpochNamesTwo {
                epoch,
                places: places.into_iter().map(|(addr, by)| (Place::of(obs, addr), by)).collect(),
            },
        });
    }
}

/// What a Sentinel advertises at the end of the run.
fn advertised(index: &Index<'_>, master: usize, view: &FinalView) -> Addr {
    let own = index.attempts.iter().rfind(|attempt| attempt.leader == view.node && attempt.master == master);
    // A death forgets the failover, not the configuration: the promoted address was saved.
    match own {
        Some(attempt) if attempt.ended.is_none() => attempt
            .promoted
            .filter(|(at, _)| !index.deaths(view.node).any(|death| death > *at))
            .map_or(view.addr, |(_, promoted)| promoted),
        _ => view.addr,
    }
}
