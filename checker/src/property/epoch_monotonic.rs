//! `epoch-monotonic`: no epoch of a Sentinel ever goes back.
//!
//! Within one process lifetime every +new-epoch is greater than the one before. After a restart it is at least as
//! great: a Sentinel that dies between announcing its own new epoch and saving it may announce that epoch again. The
//! epochs of its +vote-for-leader for one master strictly increase, also across restarts, because a vote is saved
//! before it is given.
//!
//! Source: Sentinel spec, 7.1, 7.2 and appendix C.1, C.2. Cannot see: configuration epochs between events; a master
//! that an operator removed and added again has forgotten its votes (H8) and is reported.

use crate::expect::Property;
use crate::finding::{Detail, Finding};
use crate::index::{Index, master_named};
use crate::judge::Judgement;
use crate::observations::{NodeIx, NodeKind, Observations};
use splitbrain_model::event::{EventKind, Extra};
use splitbrain_model::{Epoch, Name, TrueTime};

/// Checks every Sentinel.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    let sentinels = (0u16..).zip(&obs.nodes).filter(|(_, node)| node.kind == NodeKind::Sentinel);
    for (i, _) in sentinels {
        check_sentinel(obs, index, NodeIx(i), out);
    }
}

fn check_sentinel(obs: &Observations, index: &Index<'_>, sentinel: NodeIx, out: &mut Judgement) {
    let mut announced: Option<(TrueTime, Epoch)> = None;
    let mut voted: Vec<Option<Epoch>> = vec![None; obs.masters.len()];
    let mut report = |at, master: &Name, detail| {
        out.findings.push(Finding { property: Property::EpochMonotonic, at, master: master.clone(), detail });
    };
    for event in obs.events.iter().filter(|event| event.node == sentinel) {
        match (event.event.kind, &event.event.extra) {
            (EventKind::NewEpoch, &Extra::Epoch(after)) => {
                if let Some((since, before)) = announced {
                    let restarted = index.deaths(sentinel).any(|death| since <= death && death <= event.at);
                    if after < before || (after == before && !restarted) {
                        let detail = Detail::EpochWentBack { sentinel, before, after, restarted };
                        report(event.at, &event.event.master, detail);
                    }
                }
                announced = Some((event.at, after));
            }
            (EventKind::VoteForLeader, &Extra::Vote(_, after)) => {
                let Some(master) = master_named(obs, &event.event.master) else {
                    continue;
                };
                if let Some(before) = voted[master].filter(|before| after <= *before) {
                    let detail = Detail::VotedAgain { sentinel, before, after };
                    report(event.at, &obs.masters[master].name, detail);
                }
                voted[master] = Some(after);
            }
            _ => {}
        }
    }
}
