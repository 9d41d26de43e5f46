//! What is due at a tick of a Sentinel. What was due at the last one too, and was not done in between, was neglected:
//! delays and clocks do not matter, because both ticks are the Sentinel's own.

use super::shadow::{Shadow, Step};
use super::watched::{Kind, Watched};
use crate::law::Law;
use splitbrain_model::event::EventKind;
use splitbrain_model::{Addr, Millis};

/// What a step takes that waits for the disk: times on the tape are those of its beginning.
pub(super) const WAITS: i64 = 100;
pub(super) const PING_PERIOD: i64 = 1_000;
pub(super) const PUBLISH_PERIOD: i64 = 2_000;
pub(super) const ASK_PERIOD: i64 = 1_000;
pub(super) const INFO_PERIOD: i64 = 10_000;
const ELECTION: i64 = 10_000;
/// `sentinel_slave_reconf_timeout`
pub(super) const RECONF_TIMEOUT: i64 = 10_000;
/// What is added by chance to the beginning of an attempt (`SENTINEL_MAX_DESYNC`).
const DESYNC: i64 = 1_000;
/// Outstanding replies above which nothing more is sent.
const MAX_PENDING: usize = 100;
/// Most messages that one tick sends to an instance: a question, INFO, PING, hello.
const TICK_MOST: usize = 4;
pub(super) const TILT_TRIGGER: i64 = 2_000;
/// Reports of others hold for so long.
pub(super) const REPORTS_LAST: i64 = 5 * ASK_PERIOD;

impl Law {
    /// Whether an event is what the law asks for.
    pub(super) fn is_done_by(self, kind: EventKind) -> bool {
        match self {
            Law::DownMissed | Law::WrongRoleMissed => kind == EventKind::SdownEnter,
            Law::UpMissed => kind == EventKind::SdownLeave,
            Law::ObjectivelyDownMissed => kind == EventKind::OdownEnter,
            Law::ObjectivelyUpMissed => kind == EventKind::OdownLeave,
            Law::AttemptMissed => kind == EventKind::TryFailover,
            Law::ElectionNotGivenUp => matches!(kind, EventKind::ElectedLeader | EventKind::AbortNotElected),
            Law::PromotionNotGivenUp => matches!(kind, EventKind::PromotedSlave | EventKind::AbortSlaveTimeout),
            Law::EndMissed => kind == EventKind::FailoverEnd,
            Law::ReplicaIgnored => kind == EventKind::Slave,
            Law::RebootMissed => kind == EventKind::Reboot,
            Law::ElectionMissed => kind == EventKind::ElectedLeader,
            Law::ReconfStepMissed => matches!(kind, EventKind::SlaveReconfInprog | EventKind::SlaveReconfDone),
            Law::ConvertMissed => kind == EventKind::ConvertToSlave,
            Law::FixMissed => kind == EventKind::FixSlaveConfig,
            Law::SwitchMissed => kind == EventKind::SwitchMaster,
            _ => false,
        }
    }

    /// Whether it has to be done in the very step that it follows from.
    fn is_at_once(self) -> bool {
        matches!(
            self,
            Law::ReplicaIgnored | Law::RebootMissed | Law::ReconfStepMissed | Law::ConvertMissed | Law::FixMissed
        )
    }
}

impl Shadow<'_> {
    /// The timer runs.
    pub(super) fn tick(&mut self) {
        let now = self.now;
        let since = self.last_tick.map_or(0, |last| now.0 - last.0);
        self.jumped = !(0..=TILT_TRIGGER).contains(&since);
        if let Some((law, addr)) = self.due.iter().find(|it| it.0.is_at_once()).copied().filter(|_| !self.tilt) {
            self.broke(law, Some(addr));
        }
        if self.quiet() || self.tilt || self.jumped {
            self.due.clear();
        } else {
            let due = self.duties(now);
            if let Some((law, addr)) = self.due.iter().find(|it| due.contains(it)) {
                self.broke(*law, Some(*addr));
            }
            self.due = due;
        }
        self.last_tick = Some(now);
        self.aged = self.last_sound_tick;
        if !self.tilt && !self.jumped {
            self.last_sound_tick = Some(now);
        }
    }

    fn duties(&self, now: Millis) -> Vec<(Law, Addr)> {
        let mut due = Vec::new();
        for it in &self.watched {
            self.links_due(it, now, &mut due);
            self.messages_due(it, now, &mut due);
            self.states_due(it, now, &mut due);
        }
        self.failover_due(now, &mut due);
        due
    }

    fn messages_due(&self, it: &Watched, now: Millis, due: &mut Vec<(Law, Addr)>) {
        if !it.connected() || self.outstanding(it.addr) + TICK_MOST > MAX_PENDING {
            return;
        }
        let passed = |since: Millis, period: i64| now.0 - since.0 > period + WAITS;
        let ping_period = self.settings.down_after.0.min(PING_PERIOD);
        if passed(it.last_pong, ping_period) && it.last_ping.is_none_or(|at| passed(at, ping_period / 2)) {
            due.push((Law::PingMissed, it.addr));
        }
        if passed(it.last_pub, PUBLISH_PERIOD) {
            due.push((Law::HelloMissed, it.addr));
        }
        let period = self.info_period(it);
        if !it.is_peer() && it.info_at.is_none_or(|at| passed(at, period)) {
            due.push((Law::InfoMissed, it.addr));
        }
        let down = self.of(self.master).is_some_and(|master| master.down);
        if it.is_peer() && down && passed(it.asked, ASK_PERIOD) {
            due.push((Law::QuestionMissed, it.addr));
        }
    }

    /// Time between two INFOs, at the least.
    pub(super) fn info_period(&self, it: &Watched) -> i64 {
        let trouble = self.odown || self.step != Step::None;
        match it.kind {
            Kind::Replica if trouble || it.link_down_ms != 0 => PING_PERIOD,
            _ => INFO_PERIOD,
        }
    }

    fn states_due(&self, it: &Watched, now: Millis, due: &mut Vec<(Law, Addr)>) {
        let down_after = self.settings.down_after.0;
        let wrong = it.kind == Kind::Master && it.says_slave;
        if !it.down && it.act_ping.is_some_and(|since| now.0 - since.0 > down_after + WAITS) {
            due.push((Law::DownMissed, it.addr));
        }
        if !it.down && wrong && now.0 - it.role_since.0 > down_after + 2 * INFO_PERIOD + WAITS {
            due.push((Law::WrongRoleMissed, it.addr));
        }
        if it.down && it.act_ping.is_none() && it.connected() && !wrong {
            due.push((Law::UpMissed, it.addr));
        }
    }

    fn failover_due(&self, now: Millis, due: &mut Vec<(Law, Addr)>) {
        let Some(master) = self.of(self.master) else { return };
        let timeout = self.settings.failover_timeout.0;
        let in_step = now.0 - self.step_since.0 - WAITS;
        if master.down && !self.odown && self.agreeing(now) >= self.settings.quorum {
            due.push((Law::ObjectivelyDownMissed, self.master));
        }
        if self.odown && !master.down {
            due.push((Law::ObjectivelyUpMissed, self.master));
        }
        let rested = self.started.is_none() || self.rested_for(2 * timeout);
        let overdue = match self.step {
            Step::None if self.odown && rested => Some(Law::AttemptMissed),
            // A vote for another meanwhile counts as a new beginning.
            Step::WaitStart if self.must_be_elected(now) => Some(Law::ElectionMissed),
            Step::WaitStart if !self.forced && self.rested_for(self.election_time()) => Some(Law::ElectionNotGivenUp),
            Step::Ended => Some(Law::SwitchMissed),
            Step::WaitPromotion if in_step > timeout => Some(Law::PromotionNotGivenUp),
            Step::Reconf if self.promoted_up() && (in_step > timeout || !self.reconf_pending()) => Some(Law::EndMissed),
            _ => None,
        };
        due.extend(overdue.map(|law| (law, self.master)));
        self.reconf_due(due);
    }

    /// How long an election may take.
    pub(super) fn election_time(&self) -> i64 {
        self.settings.failover_timeout.0.min(ELECTION)
    }

    fn rested_for(&self, time: i64) -> bool {
        self.started.is_some_and(|started| self.now.0 - started.0 > time + DESYNC + WAITS)
    }

    pub(super) fn promoted_up(&self) -> bool {
        self.promoted.and_then(|addr| self.of(addr)).is_some_and(|it| !it.down)
    }

    /// Whether a replica that is not down is still to be pointed to the new master, or on its way.
    pub(super) fn reconf_pending(&self) -> bool {
        let others = self.watched.iter().filter(|it| it.kind == Kind::Replica && Some(it.addr) != self.promoted);
        others.into_iter().any(|it| !it.reconfigured && !it.down)
    }

    /// How many Sentinels have the master as down, this one included.
    pub(super) fn agreeing(&self, now: Millis) -> u32 {
        let fresh = |it: &&Watched| it.report.is_some_and(|r| r.down && now.0 - r.at.0 <= REPORTS_LAST);
        1 + self.watched.iter().filter(fresh).count() as u32
    }
}
