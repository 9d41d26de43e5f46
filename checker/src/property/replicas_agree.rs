//! `replicas-agree`: what a server holds is what its history gives, and no replica takes a client's write.
//!
//! Looked at are, once everybody agrees, all running replicas of the master with their link up. The position of each has
//! to lie in its master's history, and replaying that history up to there has to give its data: anything else is data that
//! another history left behind, or a stream that was applied wrongly. Besides, and in every run, no write is acknowledged
//! by a server that was not a master at any moment between its invocation and its answer.
//!
//! Source: Redis spec, 4 and 9: a replica is a copy. Writable replicas (`replica-read-only no`) are not. Cannot see: a
//! replica that differed in between and was synchronised anew.

use crate::audit::{self, Difference};
use crate::expect::Property;
use crate::finding::{Detail, Evidence, Finding};
use crate::index::Index;
use crate::judge::Judgement;
use crate::lineage::Chain;
use crate::observations::{FinalRedis, NodeIx, Observations};
use splitbrain_model::TrueTime;
use std::collections::BTreeMap;

/// Checks every server.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    let mut report = |node: NodeIx, at: TrueTime, detail| {
        let master = index.master_of(node).map(|i| obs.masters[i].name.clone()).unwrap_or_default();
        out.findings.push(Finding { property: Property::ReplicasAgree, at, master, detail });
    };
    for (node, taken) in taken(obs, index) {
        let first = &obs.operations[taken[0] as usize];
        let detail = Detail::ReplicaTookWrites { node, writes: taken.len() as u64, first: Evidence::of(obs, first) };
        report(node, first.completed.unwrap_or(obs.end), detail);
    }
    if obs.converged.is_none() || obs.applied.is_empty() {
        return;
    }
    for replica in obs.final_redis.iter().filter(|redis| redis.running && redis.link_up) {
        let of = replica.replica_of.and_then(|addr| obs.node_at(addr));
        let master = of.and_then(|of| obs.final_redis.iter().find(|redis| redis.node == of && redis.running));
        if let Some(detail) = master.and_then(|master| differs(obs, replica, master)) {
            report(replica.node, obs.end, detail);
        }
    }
}

fn differs(obs: &Observations, replica: &FinalRedis, master: &FinalRedis) -> Option<Detail> {
    if replica.lineage == master.lineage && replica.data == master.data {
        return None;
    }
    let node = replica.node;
    if !Chain::new(obs, master.lineage).contains(replica.lineage) {
        return Some(Detail::ReplicaAstray { node, master: master.node });
    }
    let Difference { key, expected, found, keys } = audit::compare(obs, replica.lineage, &replica.data)?;
    Some(Detail::ReplicaDiffers { node, key, expected, found, keys })
}

/// Writes that were acknowledged by servers that were no masters, by server.
fn taken(obs: &Observations, index: &Index<'_>) -> BTreeMap<NodeIx, Vec<u32>> {
    let mut taken: BTreeMap<NodeIx, Vec<u32>> = BTreeMap::new();
    for ack in &index.acks {
        let operation = &obs.operations[ack.operation as usize];
        let until = operation.completed.unwrap_or(obs.end);
        let reigned =
            |node| index.reigns.iter().any(|r| r.node == node && r.from <= until && operation.invoked <= r.until);
        if index.executions.of(ack.operation).is_none() && !obs.roles.is_empty() && !reigned(ack.node) {
            taken.entry(ack.node).or_default().push(ack.operation);
        }
    }
    taken
}
