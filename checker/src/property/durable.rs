//! `durable`: no restart takes back a write that the restarted server had acknowledged, or makes up data.
//!
//! A server that dies as a master and comes back as one goes on with what it read from its disk. Every write that it
//! acknowledged in the reign that its death ended has to be there. What came back as a replica is not looked at: it takes
//! its master's data in the end.
//!
//! Whatever its role, a server that comes back holds what the history it says it has found gives. And if its disk had
//! promised to keep everything, a server that was killed as a replica comes back with all acknowledged writes that it had
//! applied, unless it received its dataset anew so shortly before that its append-only file may not have been begun again.
//!
//! Source: appendfsync in redis.conf; with `always` a write is on the medium before its reply leaves. Where less is
//! promised (`everysec`, no append-only file) a scenario must not demand this. Cannot see: keys that the history does not know.

use crate::audit::{self, Difference};
use crate::expect::Property;
use crate::finding::{Detail, Evidence, Finding};
use crate::index::{Ack, Index, Reign};
use crate::judge::Judgement;
use crate::lineage::Chain;
use crate::observations::{FullSyncAt, Observations, RestartAt};
use splitbrain_model::Nanos;

/// Checks every reign that ended with a death.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    for reign in &index.reigns {
        if index.deaths(reign.node).any(|death| death == reign.until) {
            check_reign(obs, index, reign, out);
        }
    }
    if !obs.applied.is_empty() {
        obs.restarts.iter().for_each(|restart| check_restart(obs, index, restart, out));
    }
}

/// Longest time that a server runs from a full sync to an append-only file that holds what it brought (Redis spec 12.3): the cron, the
/// rewrite, and a rewrite that has to be repeated.
const AOF_BEGUN: Nanos = Nanos::from_secs(10);

fn check_restart(obs: &Observations, index: &Index<'_>, restart: &RestartAt, out: &mut Judgement) {
    let Some(master) = index.master_of(restart.node) else { return };
    let mut report = |detail| {
        let master = obs.masters[master].name.clone();
        out.findings.push(Finding { property: Property::Durable, at: restart.at, master, detail });
    };
    let node = restart.node;
    let found = Chain::new(obs, restart.lineage);
    if let Some(Difference { key, expected, found, keys }) = audit::compare_chain(obs, &found, &restart.data) {
        report(Detail::ReplicaDiffers { node, key, expected, found, keys });
    }
    let Some((died, position)) = restart.kept else { return };
    let fresh =
        |sync: &FullSyncAt| sync.node == node && sync.at <= died && index.ran_for(node, sync.at, died) < AOF_BEGUN;
    let reigned = index.reigns.iter().any(|reign| reign.node == node && reign.until == died);
    if reigned || obs.full_syncs.iter().any(fresh) {
        return;
    }
    let had = Chain::new(obs, position);
    let executed = |ack: &&Ack| index.executions.of(ack.operation).map(|applied| obs.applied[applied].lineage);
    let gone = |ack: &&Ack| executed(ack).is_some_and(|at| had.contains(at) && !found.contains(at));
    let mut gone = index.acks.iter().filter(gone);
    if let Some(first) = gone.next() {
        let first = Evidence::of(obs, &obs.operations[first.operation as usize]);
        report(Detail::RolledBack { node, writes: 1 + gone.count() as u64, first });
    }
}

fn check_reign(obs: &Observations, index: &Index<'_>, reign: &Reign, out: &mut Judgement) {
    let Some(master) = index.master_of(reign.node) else { return };
    // The first thing it says of itself in its next life.
    let back = obs.roles.iter().find(|role| role.node == reign.node && role.at >= reign.until);
    let Some(back) = back.filter(|role| role.replica_of.is_none()) else { return };
    let born = obs.branches.iter().find(|born| born.node == reign.node && born.at >= reign.until && born.at <= back.at);
    let Some(born) = born else { return };
    let kept = born.parent.map(|parent| Chain::new(obs, parent));
    let mut gone =
        index.acks.iter().filter(|ack| ack.node == reign.node && ack.at >= reign.from && ack.at < reign.until).filter(
            |ack| {
                let executed = index.executions.of(ack.operation).map(|applied| obs.applied[applied].lineage);
                executed.is_some_and(|position| kept.as_ref().is_none_or(|kept| !kept.contains(position)))
            },
        );
    let Some(first) = gone.next() else { return };
    out.findings.push(Finding {
        property: Property::Durable,
        at: back.at,
        master: obs.masters[master].name.clone(),
        detail: Detail::RolledBack {
            node: reign.node,
            writes: 1 + gone.count() as u64,
            first: Evidence::of(obs, &obs.operations[first.operation as usize]),
        },
    });
}
