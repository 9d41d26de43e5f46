//! Plays the tapes of all Sentinels and reports what each of them did against a law, at most once in its life: after that
//! its state is not what the laws say.

use super::shadow::Shadow;
use super::watched::Saved;
use crate::expect::Property;
use crate::finding::{Detail, Finding, Place, Rule};
use crate::judge::Judgement;
use crate::law::Law;
use crate::observations::{NodeIx, Observations};
use crate::tape::{Taped, What};
use splitbrain_model::files::SentinelConf;
use splitbrain_model::{Addr, TrueTime};

/// Checks every tape.
pub(super) fn check(obs: &Observations, out: &mut Judgement) {
    let [settings] = &obs.masters[..] else { return };
    // Whoever has had two addresses is two to the Sentinels, and none of them to this.
    if obs.tape.is_empty() || !obs.moves.is_empty() {
        return;
    }
    let mut lives: Vec<Option<Shadow<'_>>> = obs.nodes.iter().map(|_| None).collect();
    let mut saved: Vec<Option<Saved>> = vec![None; obs.nodes.len()];
    // Saved in an iteration that a death may have cut short.
    let mut saving: Vec<Option<(TrueTime, Saved)>> = vec![None; obs.nodes.len()];
    let mut report = |at: TrueTime, node: NodeIx, law: Law, about: Option<Addr>| {
        let about = about.map(|addr| Place::of(obs, addr));
        let detail = Detail::AgainstProtocol { sentinel: node, rule: Rule::Law { law }, about };
        let master = settings.name.clone();
        out.findings.push(Finding { property: Property::SentinelProtocol, at, master, detail });
    };
    for item in &obs.tape {
        let node = usize::from(item.node.0);
        if let What::Began(conf) = &item.what {
            if saved[node].as_ref().is_some_and(|saved| file_lacks(obs, item, conf, saved)) {
                report(item.at, item.node, Law::FileBehind, None);
            }
            saving[node] = None;
            lives[node] = Shadow::begin(settings, item.wall, conf);
            continue;
        }
        let Some(shadow) = &mut lives[node] else { continue };
        if is_first(item) {
            if shadow.saves && !shadow.mute {
                saving[node] = Some((shadow.now_true, shadow.must_have_saved()));
            }
            if let Some((_, done)) = saving[node].take_if(|(at, _)| *at < item.at) {
                saved[node] = Some(done);
            }
        }
        shadow.take(item);
        if let Some((law, about)) = shadow.breach.take() {
            shadow.mute = true;
            report(item.at, item.node, law, about);
        }
        if shadow.mute {
            // What it must have saved is not known any more either.
            (saved[node], saving[node]) = (None, None);
        }
    }
}

/// Whether an item begins a step of the loop.
fn is_first(item: &Taped) -> bool {
    matches!(item.what, What::Tick | What::Read(..) | What::Lost(_) | What::Commanded(_))
}

/// What was saved is known at the next step only: a process that died before may not have come so far. Where a save
/// failed, or an older file came back, nothing is said.
fn file_lacks(obs: &Observations, item: &Taped, conf: &SentinelConf, saved: &Saved) -> bool {
    let lost = obs.lost_files.iter().any(|lost| lost.node == item.node && lost.at <= item.at);
    let [master] = &conf.masters[..] else { return false };
    if lost || conf.myid != saved.me {
        return false;
    }
    let Saved { me: _, master: addr, epoch, config_epoch, leader_epoch, servers, sentinels } = saved;
    let server = |addr: &Addr| master.addr == *addr || master.known_replicas.contains(addr);
    let knows = |id| master.known_sentinels.iter().any(|(_, its)| its == id);
    conf.current_epoch < *epoch
        || master.config_epoch < *config_epoch
        || master.leader_epoch < *leader_epoch
        || master.addr != *addr && master.config_epoch <= *config_epoch
        || !servers.iter().all(server)
        || !sentinels.iter().all(knows)
}
