//! `durable`: no restart takes back a write that the restarted server had acknowledged.
//!
//! A server that dies as a master and comes back as one goes on with what it read from its disk. Every write that it
//! acknowledged in the reign that its death ended has to be there. What came back as a replica is not looked at: it takes
//! its master's data.
//!
//! Source: appendfsync in redis.conf; with `always` a write is on the medium before its reply leaves. Where less is
//! promised (`everysec`, no append-only file) a scenario must not demand this. Cannot see: what a replica forgets.

use crate::expect::Property;
use crate::finding::{Detail, Evidence, Finding};
use crate::index::{Index, Reign};
use crate::judge::Judgement;
use crate::lineage::Chain;
use crate::observations::Observations;

/// Checks every reign that ended with a death.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    for reign in &index.reigns {
        if index.deaths(reign.node).any(|death| death == reign.until) {
            check_reign(obs, index, reign, out);
        }
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
