//! `one-leader-per-epoch`: at most one Sentinel is elected per master and epoch, and nobody is elected without votes.
//!
//! The epoch of a +elected-leader is that of the failover: the +new-epoch just before the leader's own +try-failover.
//! Besides, every leader that no operator forced must have got, in one same epoch, at least max(quorum, majority of
//! the Sentinels it knows) +vote-for-leader (Sentinel spec, appendix C.3). That epoch may be later than the
//! failover's, which is how Redis itself comes to two leaders (H1); its own vote may then be of the failover's.
//!
//! Source: Sentinel spec, 7.3 and appendix C.3, C.4: expected of Redis, not guaranteed by it. Cannot see: which
//! Sentinels a leader knows from its configuration file; where it announced none, all that monitor the master are
//! taken.

use crate::bounds::votes_needed;
use crate::expect::Property;
use crate::failovers::Attempt;
use crate::finding::{Detail, Finding};
use crate::index::{Index, master_named, sentinel_with};
use crate::judge::Judgement;
use crate::observations::{NodeIx, Observations};
use splitbrain_model::event::{EventKind, Extra, Subject};
use splitbrain_model::{Epoch, SentinelId, TrueTime};

/// Checks every election.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    let mut elected: Vec<(TrueTime, &Attempt)> =
        index.attempts.iter().filter_map(|attempt| Some((attempt.elected?, attempt))).collect();
    elected.sort_by_key(|(at, _)| *at);
    let mut told: Vec<(usize, Epoch)> = Vec::new();
    for &(at, attempt) in &elected {
        let mut report = |at, detail| {
            out.findings.push(Finding {
                property: Property::OneLeaderPerEpoch,
                at,
                master: obs.masters[attempt.master].name.clone(),
                detail,
            });
        };
        let Some(epoch) = attempt.epoch else {
            continue;
        };
        if !attempt.forced {
            let votes = votes(obs, attempt, at).into_iter().map(|(_, votes)| votes).max().unwrap_or(0);
            let needed = needed(obs, attempt, at);
            if votes < needed {
                report(at, Detail::TooFewVotes { epoch, leader: attempt.leader, votes, needed });
            }
        }
        let round = (attempt.master, epoch);
        if told.contains(&round) {
            continue;
        }
        told.push(round);
        let rivals = elected.iter().filter(|(_, other)| (other.master, other.epoch) == (attempt.master, Some(epoch)));
        let mut leaders: Vec<NodeIx> = rivals.clone().map(|(_, other)| other.leader).collect();
        leaders.sort_unstable();
        leaders.dedup();
        if leaders.len() > 1 {
            let second = rivals.clone().find(|(_, other)| other.leader != attempt.leader);
            report(
                second.map_or(at, |(at, _)| *at),
                Detail::TwoLeaders { epoch, leaders, forced: rivals.clone().any(|(_, other)| other.forced) },
            );
        }
    }
}

/// How many votes the leader had when it was elected, by their epoch. Others' votes are counted if they are of the current
/// epoch, the leader's own if it is of the failover's (`sentinelGetLeader`): unless it has voted again, that one counts in
/// a later epoch too.
pub(crate) fn votes(obs: &Observations, attempt: &Attempt, at: TrueTime) -> Vec<(Epoch, u32)> {
    let mut voters: Vec<(Epoch, NodeIx)> = obs
        .events
        .iter()
        .filter(|event| event.at <= at && event.event.kind == EventKind::VoteForLeader)
        .filter(|event| master_named(obs, &event.event.master) == Some(attempt.master))
        .filter_map(|event| match event.event.extra {
            Extra::Vote(id, epoch) if sentinel_with(obs, id) == Some(attempt.leader) => Some((epoch, event.node)),
            _ => None,
        })
        .collect();
    let own = last_vote(obs, attempt, at).filter(|own| attempt.epoch.is_some_and(|epoch| epoch == *own));
    let kept = |epoch: Epoch| own.is_some_and(|own| own < epoch && reached(obs, attempt.leader, epoch, at));
    let mut later: Vec<Epoch> = voters.iter().map(|(epoch, _)| *epoch).filter(|epoch| kept(*epoch)).collect();
    later.dedup();
    voters.extend(later.into_iter().map(|epoch| (epoch, attempt.leader)));
    voters.sort_unstable();
    voters.dedup();
    voters.chunk_by(|a, b| a.0 == b.0).map(|round| (round[0].0, round.len() as u32)).collect()
}

/// The epoch in which the leader voted for itself, if that is its last vote.
fn last_vote(obs: &Observations, attempt: &Attempt, at: TrueTime) -> Option<Epoch> {
    let mut votes = obs.events.iter().rev().filter(|event| event.at <= at && event.node == attempt.leader);
    let last = votes.find(|event| {
        event.event.kind == EventKind::VoteForLeader && master_named(obs, &event.event.master) == Some(attempt.master)
    })?;
    match last.event.extra {
        Extra::Vote(id, epoch) if sentinel_with(obs, id) == Some(attempt.leader) => Some(epoch),
        _ => None,
    }
}

/// Whether a Sentinel's current epoch had become this one by then.
fn reached(obs: &Observations, sentinel: NodeIx, epoch: Epoch, by: TrueTime) -> bool {
    obs.events.iter().filter(|event| event.at <= by && event.node == sentinel).any(|event| {
        event.event.kind == EventKind::NewEpoch && matches!(event.event.extra, Extra::Epoch(new) if new == epoch)
    })
}

/// The votes it needed: from the Sentinels it had announced, or all.
pub(crate) fn needed(obs: &Observations, attempt: &Attempt, at: TrueTime) -> u32 {
    let settings = &obs.masters[attempt.master];
    let mut known: Vec<SentinelId> = Vec::new();
    for event in obs.events.iter().filter(|event| {
        event.at <= at && event.node == attempt.leader && master_named(obs, &event.event.master) == Some(attempt.master)
    }) {
        match (event.event.kind, event.event.subject) {
            (EventKind::Sentinel, Subject::Sentinel(id, _)) if !known.contains(&id) => {
                known.push(id);
            }
            (EventKind::SentinelInvalidAddr, Subject::Sentinel(id, _)) => {
                known.retain(|its| *its != id);
            }
            (EventKind::ResetMaster, _) => known.clear(),
            _ => {}
        }
    }
    let voters = match known.len() {
        0 => settings.sentinels.len() as u32,
        others => others as u32 + 1,
    };
    votes_needed(settings.quorum, voters)
}
