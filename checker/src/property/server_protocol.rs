//! `server-protocol`: no Redis server does what its protocol forbids at that moment.
//!
//! Where a tape was taken ([`crate::server_tape`]), each server is held against the laws of [`crate::server_law`]. From what it
//! read, wrote, opened and closed it is told what it must be by now: its role, its link, its replication id and the one
//! before, its offset, how far its backlog reaches back, which replicas it has and what they acknowledged when. That is
//! compared with what it then says, accepts and refuses. Nothing of it is the server's own word, but for new ids.
//!
//! Time is counted in runs of the server's own timer, of which ten take at least a second, so that no pause, stall or delay
//! matters; where the wall clock decides, nothing is said of a time in which it jumped. What nobody could see is an
//! interval: the offset of a master that no replica listens to grows by no more than its clients and Sentinels asked for.
//! A server that broke a law, or whose settings were changed while it ran, is not looked at any further in that life.
//!
//! Source: Redis spec, the sections that each law names. Cannot see: content (`replicas-agree`, `durable` do), how long
//! files are loaded at start, evictions, and what the kernel makes of what was written.

mod asked;
mod files;
mod history;
mod link;
mod replicas;
mod roles;
mod shadow;
mod told;
mod waits;

use crate::expect::Property;
use crate::finding::{Detail, Finding, Place};
use crate::judge::Judgement;
use crate::observations::{NodeIx, Observations};
use crate::server_law::ServerLaw;
use crate::server_tape::{Found, Taped, What};
use shadow::Shadow;
use splitbrain_model::{Addr, RunId, TrueTime};

/// Whether a file names another master than the process that rewrote it last. Where an older file came back or a server has
/// another address than before, nothing is said.
fn file_differs(obs: &Observations, item: &Taped, found: &Found, life: &Shadow<'_>) -> bool {
    let lost = obs.lost_files.iter().any(|lost| lost.node == item.node && lost.at <= item.at);
    let named = |master: Option<Addr>| master.is_some_and(|master| master.ip.is_name());
    let other = |master: Option<Addr>| master != found.conf.replicaof && !named(master) && !named(found.conf.replicaof);
    !lost && obs.moves.is_empty() && life.master_in_file().is_some_and(other)
}

/// Checks every tape.
pub fn check(obs: &Observations, out: &mut Judgement) {
    let mut lives: Vec<Option<Shadow<'_>>> = obs.nodes.iter().map(|_| None).collect();
    let mut run_ids: Vec<Option<RunId>> = vec![None; obs.nodes.len()];
    let mut report = |at: TrueTime, server: NodeIx, law: ServerLaw, about: Option<Addr>| {
        let about = about.map(|addr| Place::of(obs, addr));
        let of = |master: &&crate::observations::MasterSettings| master.redis.contains(&server);
        let master = obs.masters.iter().find(of).map(|master| master.name.clone()).unwrap_or_default();
        let detail = Detail::ServerAgainstProtocol { server, law, about };
        out.findings.push(Finding { property: Property::ServerProtocol, at, master, detail });
    };
    for item in &obs.server_tape {
        let node = usize::from(item.node.0);
        if let What::Began(found) = &item.what {
            if lives[node].as_ref().is_some_and(|life| file_differs(obs, item, found, life)) {
                report(item.at, item.node, ServerLaw::FileWrong, None);
            }
            if let Some(run_id) = lives[node].as_ref().and_then(|life| life.run_id) {
                run_ids[node] = Some(run_id);
            }
            lives[node] = Some(Shadow::begin(found, obs.nodes[node].addr, run_ids[node], item));
            continue;
        }
        let Some(shadow) = lives[node].as_mut().filter(|shadow| !shadow.mute) else { continue };
        shadow.take(item);
        if let Some((law, about)) = shadow.breach.take() {
            shadow.mute = true;
            report(item.at, item.node, law, about);
        }
    }
}
