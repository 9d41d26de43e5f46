//! What a Sentinel's events and messages need: each is held against what it must know at that moment.

use super::duties::{INFO_PERIOD, REPORTS_LAST};
use super::shadow::{Asked, Shadow, Step};
use super::watched::{Kind, Report, Watched};
use crate::law::Law;
use splitbrain_model::event::{Event, EventKind, Extra};
use splitbrain_model::message::{DownQuery, DownReply, Hello, InstanceReply};
use splitbrain_model::{Addr, Epoch, Millis};

/// What a step takes that waits for the disk: times on the tape are those of its beginning.
const WAITS: i64 = 100;
const TILT: i64 = 30_000;
/// Four times SENTINEL_PUBLISH_PERIOD.
const CONVERT_WAIT: i64 = 8_000;
/// Five times SENTINEL_PING_PERIOD.
const FRESH: i64 = 5_000;

impl Shadow<'_> {
    /// An event, before it changes anything.
    pub(super) fn check_event(&mut self, event: &Event, subject: Addr) {
        use EventKind as E;
        let law = match event.kind {
            E::TiltEnter if !self.jumped => Some(Law::TiltGroundless),
            E::TiltLeave if self.now.0 - self.tilt_start.0 < TILT => Some(Law::TiltLeftEarly),
            E::SdownEnter if self.answers(subject) => Some(Law::DownEarly),
            E::OdownEnter if !self.may_agree() => Some(Law::ObjectivelyDownEarly),
            E::VoteForLeader if !self.was_asked(&event.extra) => Some(Law::VoteUnasked),
            E::TryFailover if !self.force_next && !self.rested() => Some(Law::AttemptEarly),
            E::SelectedSlave => self.selected(subject),
            E::SlaveReconfInprog if self.of(subject).is_some_and(|it| it.follows != self.promoted) => {
                Some(Law::ReconfUnseen)
            }
            E::SlaveReconfDone if self.of(subject).is_some_and(|it| !it.link_up) => Some(Law::ReconfUnseen),
            E::FailoverEnd if !self.promoted_up() || !self.in_timeout && self.reconf_pending() => Some(Law::EndEarly),
            E::Reboot if self.of(subject).is_some_and(|it| !it.rebooted) => Some(Law::RebootGroundless),
            E::ConvertToSlave if !self.may_convert(subject) => Some(Law::ConvertedEarly),
            E::FixSlaveConfig if !self.may_fix(subject) => Some(Law::FixedEarly),
            _ => None,
        };
        if let Some(law) = law {
            self.broke(law, Some(subject));
        }
    }

    /// Within down-after-milliseconds; a master that says it is a replica may be called down all the same.
    fn answers(&self, addr: Addr) -> bool {
        let Some(it) = self.of(addr) else { return false };
        let wrong = it.kind == Kind::Master && it.says_slave;
        let since = it.last_valid.max(it.created);
        !wrong && self.now.0 - since.0 + WAITS < self.settings.down_after.0
    }

    /// Reports age only at ticks out of TILT: one that came since the last of those is new, whatever the clock says.
    fn may_agree(&self) -> bool {
        let aged = self.aged;
        let old = |r: Report| aged.is_some_and(|aged| aged.0 - r.at.0 > REPORTS_LAST + WAITS);
        let fresh = |it: &&Watched| it.report.is_some_and(|r| r.down && (r.after == aged || !old(r)));
        1 + self.watched.iter().filter(fresh).count() as u32 >= self.settings.quorum
    }

    /// INFO is not asked for before its time.
    pub(super) fn check_info(&mut self, addr: Addr) {
        let Some(it) = self.of(addr) else { return };
        let early = |at: Millis| (0..self.info_period(it) - WAITS).contains(&(self.now.0 - at.0));
        if it.info_at.is_some_and(early) {
            self.broke(Law::InfoEarly, Some(addr));
        }
    }

    /// What is told of instances is what it holds them for, and none of those that were asked for is left out.
    pub(super) fn check_entries(&mut self, entries: &[InstanceReply], wanted: impl Fn(&Watched) -> bool) {
        let listed = |it: &&Watched| entries.iter().any(|entry| entry.addr == it.addr);
        if let Some(addr) = self.watched.iter().filter(|it| wanted(it)).find(|it| !listed(it)).map(|it| it.addr) {
            self.broke(Law::EntryMissing, Some(addr));
        }
        let other = |entry: &&InstanceReply| {
            let it = self.of(entry.addr);
            let odown = entry.master && self.odown;
            it.is_some_and(|it| (entry.s_down, entry.o_down) != (it.down, odown))
        };
        if let Some(addr) = entries.iter().find(other).map(|entry| entry.addr) {
            self.broke(Law::FlagsWrong, Some(addr));
        }
    }

    fn was_asked(&self, extra: &Extra) -> bool {
        let Extra::Vote(id, epoch) = *extra else { return true };
        let asked = |asked: &Asked| matches!(asked, Asked::Down(q) if q.candidate == Some(id) && q.epoch == epoch);
        // In an election of its own it follows the most voted, or votes for itself.
        let own = self.step == Step::WaitStart && self.failover_epoch == epoch;
        own || self.asked.iter().any(|(_, it)| asked(it))
    }

    fn rested(&self) -> bool {
        self.started.is_none_or(|started| self.now.0 - started.0 + WAITS >= 2 * self.settings.failover_timeout.0)
    }

    fn selected(&self, addr: Addr) -> Option<Law> {
        let chosen = self.of(addr)?;
        if !self.qualifies(chosen, WAITS) {
            return Some(Law::SelectedUnfit);
        }
        let replicas = self.watched.iter().filter(|it| it.kind == Kind::Replica && it.addr != addr);
        let better = |it: &Watched| self.qualifies(it, -WAITS) && it.rank() < chosen.rank();
        replicas.into_iter().any(better).then_some(Law::SelectedSecond)
    }

    /// `sentinelSelectSlave`, with a margin for what was timed during a wait.
    fn qualifies(&self, it: &Watched, margin: i64) -> bool {
        let Some(master) = self.of(self.master) else { return true };
        let passed = |since: Millis| self.now.0 - since.0 - margin;
        let down_for = match (master.down, master.down_since) {
            (true, Some(since)) => self.now.0 - since.0,
            _ => 0,
        };
        let info_lasts = if master.down { FRESH } else { 3 * INFO_PERIOD };
        !it.down
            && it.connected()
            && passed(it.last_valid) <= FRESH
            && it.info_at.is_some_and(|at| passed(at) <= info_lasts)
            && it.priority != 0
            && it.link_down_ms <= down_for + 10 * self.settings.down_after.0 + margin
    }

    /// `sentinelMasterLooksSane`
    fn looks_sane(&self) -> bool {
        let sane = |it: &Watched| {
            let fresh = it.info_at.is_some_and(|at| self.now.0 - at.0 < 2 * INFO_PERIOD + WAITS);
            !it.says_slave && !it.down && fresh
        };
        !self.odown && self.of(self.master).is_some_and(sane)
    }

    fn may_convert(&self, addr: Addr) -> bool {
        let Some(it) = self.of(addr) else { return true };
        let long = self.now.0 - it.role_since.0 + WAITS > CONVERT_WAIT;
        !it.says_slave && long && it.no_down_for(CONVERT_WAIT - WAITS, self.now) && self.looks_sane()
    }

    fn may_fix(&self, addr: Addr) -> bool {
        let Some(it) = self.of(addr) else { return true };
        let wait = self.settings.failover_timeout.0;
        let long = self.now.0 - it.conf_since.0 + WAITS > wait;
        let astray = it.says_slave && it.follows != Some(self.master);
        astray && long && it.no_down_for(wait - WAITS, self.now) && self.looks_sane()
    }

    /// A hello of its own to an instance.
    pub(super) fn check_hello(&mut self, to: Addr, hello: &Hello) {
        self.me.get_or_insert(hello.id);
        // A tick may have written it before it began a failover.
        let (epoch, config_epoch) = self.epochs_before;
        if hello.current_epoch < epoch || hello.config_epoch < config_epoch {
            self.broke(Law::HelloBehind, Some(to));
        }
        // The step that ends a failover changes the address behind the last hello of its tick.
        if self.step == self.step_before && hello.master != self.current_addr() {
            self.broke(Law::NamedOther, Some(to));
        }
    }

    /// A question of its own to another Sentinel.
    pub(super) fn check_question(&mut self, to: Addr, query: &DownQuery) {
        let settled = self.step == self.step_before;
        let seeks = self.step != Step::None;
        if query.epoch != self.epoch || settled && query.candidate.is_some() != seeks {
            self.broke(Law::QuestionWrong, Some(to));
        }
    }

    /// Its answer to another Sentinel's question.
    pub(super) fn check_answer(&mut self, query: &DownQuery, reply: &DownReply) {
        if query.master != self.master {
            return;
        }
        if query.candidate.is_some() {
            self.epoch = self.epoch.max(query.epoch);
        }
        let down = !self.tilt && self.of(self.master).is_some_and(|it| it.down);
        let voted = match (query.candidate, self.vote) {
            (Some(_), Some((leader, epoch))) => reply.leader == Some(leader) && reply.leader_epoch == epoch,
            (None, _) => reply.leader.is_none() && reply.leader_epoch == Epoch(0),
            (Some(_), None) => true,
        };
        if reply.down != down || !voted {
            self.broke(Law::AnswerWrong, None);
        }
    }
}
