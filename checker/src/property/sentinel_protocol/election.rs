//! Who is elected, and whose version of the configuration is taken over (spec 5.3, 7.2 to 7.5, 8.9).

use super::duties::{REPORTS_LAST, WAITS};
use super::shadow::{Shadow, Step};
use super::watched::Watched;
use crate::law::Law;
use splitbrain_model::event::Extra;
use splitbrain_model::message::{DownQuery, DownReply, Hello};
use splitbrain_model::{Addr, Epoch, Millis};

impl Shadow<'_> {
    /// Votes that elect: those of the quorum, and of a majority of all Sentinels that are known.
    fn needed(&self) -> usize {
        let voters = 1 + self.watched.iter().filter(|it| it.is_peer()).count();
        (voters / 2 + 1).max(self.settings.quorum as usize)
    }

    /// Votes of others for this Sentinel in its epoch.
    fn votes(&self, counts: impl Fn(&Watched) -> bool) -> usize {
        let mine = |it: &&Watched| it.vote.is_some_and(|vote| Some(vote.0) == self.me && vote.1 == self.epoch);
        self.watched.iter().filter(mine).filter(|it| counts(it)).count()
    }

    /// `sentinelGetLeader`: its own vote is its own to give.
    pub(super) fn may_be_elected(&self) -> bool {
        self.me.is_none() || self.votes(|_| true) + 1 >= self.needed()
    }

    /// Whether all that an election needs was there at this tick.
    pub(super) fn must_be_elected(&self, now: Millis) -> bool {
        let own = self.me.is_some() && self.vote == self.me.map(|me| (me, self.failover_epoch));
        let fresh = |it: &Watched| it.votes && it.report.is_some_and(|r| now.0 - r.at.0 + WAITS <= REPORTS_LAST);
        own && !self.forced && self.failover_epoch == self.epoch && self.votes(fresh) + 1 >= self.needed()
    }

    /// SENTINEL FAILOVER: nothing may stand in its way but a failover that runs, or that no replica qualifies (spec 8.11).
    pub(super) fn told_to_fail_over(&mut self) {
        self.force_next = true;
        self.must_force = self.step == Step::None && self.qualifying(-WAITS).is_some();
    }

    /// Whether it may do so.
    pub(super) fn may_force(&self) -> bool {
        matches!(self.step, Step::None | Step::Ended) && self.qualifying(WAITS).is_some()
    }

    /// The reply of another Sentinel to the question of this one: that it has no vote to tell of takes none back.
    pub(super) fn told_vote(&mut self, of: Addr, reply: &DownReply) {
        let Some(it) = self.of_mut(of) else { return };
        it.votes = reply.leader.is_some();
        if let Some(leader) = reply.leader {
            it.vote = Some((leader, reply.leader_epoch));
        }
    }

    /// Its answer to another Sentinel's question.
    pub(super) fn check_answer(&mut self, query: &DownQuery, reply: &DownReply) {
        if query.master != self.master {
            return;
        }
        if let Some(candidate) = query.candidate {
            self.epoch = self.epoch.max(query.epoch);
            // `sentinelVoteLeader`: the first who asks in an epoch, unless there is a later one.
            let free = query.epoch > self.leader_epoch_before && query.epoch >= self.epochs_before.0;
            if free && self.vote != Some((candidate, query.epoch)) {
                self.broke(Law::VoteRefused, None);
            }
        }
        let down = !self.tilt && self.of(self.master).is_some_and(|it| it.down);
        let voted = match (query.candidate, self.vote) {
            (Some(_), Some((leader, epoch))) => reply.leader == Some(leader) && reply.leader_epoch == epoch,
            (None, _) => reply.leader.is_none() && reply.leader_epoch == Epoch(0),
            // A reset of the master forgets who got the vote, and keeps the epoch.
            (Some(_), None) => reply.leader.is_none() && reply.leader_epoch == self.leader_epoch,
        };
        if reply.down != down || !voted {
            self.broke(Law::AnswerWrong, None);
        }
    }

    /// A hello of another Sentinel was read: a newer version with another address is adopted in this step.
    pub(super) fn hears(&mut self, hello: &Hello) {
        let other = self.me.is_some() && Some(hello.id) != self.me && hello.master_name == self.settings.name;
        let newer = hello.config_epoch > self.config_epoch && hello.master != self.master;
        self.adopts = (other && newer).then_some(hello.master);
    }

    /// +switch-master: to what a hello told, or to the replica that it has promoted.
    pub(super) fn may_switch(&self, extra: &Extra) -> bool {
        let Extra::Switch(_, new) = *extra else { return true };
        let own = self.step == Step::Ended && self.promoted.is_none_or(|promoted| promoted == new);
        own || self.me.is_none() || self.adopts == Some(new)
    }
}
