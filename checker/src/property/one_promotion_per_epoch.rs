//! `one-promotion-per-epoch`: at most one replica is promoted per master and epoch.
//!
//! Counted are +promoted-slave events; the epoch is that of the leader's attempt. Two leaders that promote the same
//! replica do not violate this property.
//!
//! Source: Sentinel spec, 8.6 and appendix C.4. Cannot see: a replica that was told REPLICAOF NO ONE and whose
//! promotion no Sentinel confirmed.

use crate::expect::Property;
use crate::finding::{Detail, Finding, Place};
use crate::index::Index;
use crate::judge::Judgement;
use crate::observations::Observations;
use splitbrain_model::{Addr, Epoch, TrueTime};

/// Checks every promotion.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    let mut promotions: Vec<_> = index
        .attempts
        .iter()
        .filter_map(|attempt| {
            let (at, replica) = attempt.promoted?;
            Some(((attempt.master, attempt.epoch?), at, replica, attempt.leader))
        })
        .collect();
    promotions.sort_by_key(|(round, at, ..)| (*round, *at));
    for round in promotions.chunk_by(|a, b| a.0 == b.0) {
        let ((master, epoch), _, first, _): ((usize, Epoch), TrueTime, Addr, _) = round[0];
        let Some((_, at, ..)) = round.iter().find(|(.., replica, _)| *replica != first) else {
            continue;
        };
        let mut replicas: Vec<Addr> = round.iter().map(|(_, _, replica, _)| *replica).collect();
        replicas.sort_unstable();
        replicas.dedup();
        out.findings.push(Finding {
            property: Property::OnePromotionPerEpoch,
            at: *at,
            master: obs.masters[master].name.clone(),
            detail: Detail::TwoPromotions {
                epoch,
                replicas: replicas.into_iter().map(|a| Place::of(obs, a)).collect(),
                leaders: round.iter().map(|(.., leader)| *leader).collect(),
            },
        });
    }
}
