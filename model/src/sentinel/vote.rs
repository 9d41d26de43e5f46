//! Epochs, votes and their counting (Sentinel spec 7). A Sentinel votes once per master and epoch, and the vote is on
//! disk before anyone hears of it.

use super::consts::MAX_DESYNC;
use super::instance::{Flags, Peer, Who};
use super::{Cx, Sentinel};
use crate::event::{EventKind, Extra};
use crate::planted::Planted;
use crate::{Epoch, Millis, Purpose, SentinelId};

impl Sentinel {
    /// Adopts a newer epoch heard of: saved first, then announced.
    pub(super) fn adopt_epoch(&mut self, cx: &mut Cx<'_, '_>, m: usize, epoch: Epoch) {
        assert!(epoch > self.current_epoch, "the current epoch never moves back");
        self.current_epoch = epoch;
        self.flush_config(cx);
        let extra = Extra::Epoch(epoch);
        self.event_with(cx, EventKind::NewEpoch, Who::Master(m), extra);
    }

    /// Grants a vote, or tells the one already given, with its own epoch (`sentinelVoteLeader`, spec 7.2).
    pub(super) fn vote_leader(
        &mut self,
        cx: &mut Cx<'_, '_>,
        m: usize,
        epoch: Epoch,
        candidate: SentinelId,
    ) -> (Option<SentinelId>, Epoch) {
        if epoch > self.current_epoch {
            self.adopt_epoch(cx, m, epoch);
        }
        let current = self.current_epoch;
        let master = &mut self.masters[m];
        let again = self.conf.planted.has(Planted::DoubleVote)
            && master.leader_epoch == epoch
            && master.leader != Some(candidate);
        if (master.leader_epoch < epoch || again) && current <= epoch {
            assert!(current > master.leader_epoch || again, "one vote per master and epoch");
            master.leader = Some(candidate);
            master.leader_epoch = current;
            if !self.conf.planted.has(Planted::VoteNotPersisted) {
                self.flush_config(cx);
            }
            let extra = Extra::Vote(candidate, current);
            self.event_with(cx, EventKind::VoteForLeader, Who::Master(m), extra);
            // Having voted for another, leave it the time to finish.
            if candidate != self.myid {
                self.masters[m].failover_start_time = self.desynchronised_now(cx);
            }
        }
        let master = &self.masters[m];
        (master.leader, master.leader_epoch)
    }

    /// Now, plus up to a second that keeps Sentinels from acting at the same time for ever.
    pub(super) fn desynchronised_now(&self, cx: &mut Cx<'_, '_>) -> Millis {
        let now = cx.now();
        Millis(now.0 + cx.env.draws.below(Purpose::Desync, MAX_DESYNC) as i64)
    }

    /// Who leads the failover of `epoch`, as far as known here (`sentinelGetLeader`, spec 7.3). Votes are counted if
    /// they are of the *current* epoch, which may have moved past `epoch`.
    pub(super) fn get_leader(&mut self, cx: &mut Cx<'_, '_>, m: usize, epoch: Epoch) -> Option<SentinelId> {
        let master = &self.masters[m];
        assert!(
            master.inst.flags.any(Flags::O_DOWN.or(Flags::FAILOVER_IN_PROGRESS)),
            "votes are counted during a failover"
        );
        let voters = master.peers.len() as u32 + 1;
        let mut tally: Vec<(SentinelId, u32)> = Vec::with_capacity(4);
        for peer in &master.peers {
            if let Some(leader) = peer.leader
                && (peer.leader_epoch == self.current_epoch || self.conf.planted.has(Planted::VotesOfAnyEpoch))
            {
                count_vote(&mut tally, leader);
            }
        }
        let mut winner: Option<SentinelId> = None;
        let mut max = 0;
        for (id, votes) in &tally {
            if *votes > max {
                (winner, max) = (Some(*id), *votes);
            }
        }
        // Our own vote goes to the one most voted for, or to ourselves.
        let candidate = winner.unwrap_or(self.myid);
        let (mine, mine_epoch) = self.vote_leader(cx, m, epoch, candidate);
        if let Some(mine) = mine
            && mine_epoch == epoch
        {
            let mut votes = count_vote(&mut tally, mine);
            if self.conf.planted.has(Planted::OwnVoteCountedTwice) {
                votes = count_vote(&mut tally, mine);
            }
            if votes > max {
                (winner, max) = (Some(mine), votes);
            }
        }
        if self.conf.planted.has(Planted::LeaderWithoutVotes) {
            return Some(self.myid);
        }
        let majority = match () {
            () if self.conf.planted.has(Planted::MajorityRoundedDown) => voters / 2,
            () if self.conf.planted.has(Planted::QuorumAloneElects) => 0,
            () if self.conf.planted.has(Planted::MajorityOfTheUp) => {
                let up = |peer: &&Peer| !peer.inst.flags.any(Flags::S_DOWN);
                let voters = 1 + self.masters[m].peers.iter().filter(up).count() as u32;
                voters / 2 + 1
            }
            () => voters / 2 + 1,
        };
        winner.filter(|_| max >= majority && max >= self.masters[m].quorum)
    }
}

/// One vote more for `id` (`sentinelLeaderIncr`); how many it has now.
fn count_vote(tally: &mut Vec<(SentinelId, u32)>, id: SentinelId) -> u32 {
    if let Some((_, votes)) = tally.iter_mut().find(|(voted, _)| *voted == id) {
        *votes += 1;
        return *votes;
    }
    tally.push((id, 1));
    1
}
