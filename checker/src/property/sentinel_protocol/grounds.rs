//! What a Sentinel's events and messages need: each is held against what it must know at that moment.

use super::duties::{ASK_PERIOD, INFO_PERIOD, PING_PERIOD, PUBLISH_PERIOD, REPORTS_LAST};
use super::shadow::{Asked, Shadow, Step};
use super::watched::{Kind, Report, Watched};
use crate::law::Law;
use splitbrain_model::event::{Event, EventKind, Extra, Level};
use splitbrain_model::message::{Channel, DownQuery, Hello, InstanceReply};
use splitbrain_model::{Addr, Conn, Millis};

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
            E::TryFailover if self.force_next && !self.may_force() => Some(Law::ForcedGroundless),
            E::TryFailover if !self.force_next && !self.rested() => Some(Law::AttemptEarly),
            E::SelectedSlave => self.selected(subject),
            E::ElectedLeader if !self.forced && !self.may_be_elected() => Some(Law::ElectedGroundless),
            E::AbortNotElected if self.started.is_some_and(|since| self.is_early(since, self.election_time())) => {
                Some(Law::ElectionGivenUpEarly)
            }
            E::RoleChangeToConfigured | E::RoleChangeFromConfigured if self.is_odd(event, subject) => {
                Some(Law::RoleChangeWrong)
            }
            E::AbortNoGoodSlave => return self.none_qualifies(),
            E::AbortSlaveTimeout if self.is_early(self.step_since, self.settings.failover_timeout.0) => {
                Some(Law::PromotionGivenUpEarly)
            }
            E::FailoverEndForTimeout if self.is_early(self.step_since, self.settings.failover_timeout.0) => {
                Some(Law::TimeoutEarly)
            }
            E::ConfigUpdateFrom if self.adopts.is_none() && self.me.is_some() => Some(Law::AdoptGroundless),
            E::SwitchMaster if !self.may_switch(&event.extra) => Some(Law::AdoptGroundless),
            E::FailoverEnd if !self.promoted_up() || !self.in_timeout && self.reconf_pending() => Some(Law::EndEarly),
            E::Reboot if self.of(subject).is_some_and(|it| !it.rebooted) => Some(Law::RebootGroundless),
            E::ConvertToSlave if !self.may_convert(subject, -WAITS) => Some(Law::ConvertedEarly),
            E::FixSlaveConfig if !self.may_fix(subject, -WAITS) => Some(Law::FixedEarly),
            kind => self.check_reconf(kind, subject),
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
        if it.info_at.is_some_and(|at| self.is_recent(at, self.info_period(it))) {
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
            let linked = |it: &Watched| it.connected() == entry.disconnected;
            it.is_some_and(|it| (entry.s_down, entry.o_down) != (it.down, odown) || linked(it))
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

    /// Whether the sign of a change of role does not fit what it is configured as.
    fn is_odd(&self, event: &Event, subject: Addr) -> bool {
        let (Extra::ReportedRole(master), Some(it)) = (&event.extra, self.of(subject)) else { return false };
        (*master == (it.kind == Kind::Master)) != (event.kind == EventKind::RoleChangeToConfigured)
    }

    /// An event goes to everybody who subscribes to it.
    pub(super) fn publishes(&mut self, kind: EventKind) {
        let told = |channel: &Channel| match channel {
            Channel::Everything => kind.level() != Level::Debug,
            Channel::SwitchMaster => kind == EventKind::SwitchMaster,
            Channel::Hello => false,
        };
        self.subscribers.iter_mut().filter(|(_, channel, _)| told(channel)).for_each(|it| it.2 += 1);
    }

    /// A message was written to a subscriber.
    pub(super) fn delivered(&mut self, conn: Conn) {
        let subscriber = self.subscribers.iter_mut().find(|(its, ..)| *its == conn);
        subscriber.into_iter().for_each(|it| it.2 = it.2.saturating_sub(1));
    }

    /// No replica was selected.
    fn none_qualifies(&mut self) {
        if let Some(addr) = self.qualifying(-WAITS) {
            self.broke(Law::SelectionMissed, Some(addr));
        }
    }

    /// A replica that can be selected, with a margin for what was timed during a wait.
    pub(super) fn qualifying(&self, margin: i64) -> Option<Addr> {
        let mut replicas = self.watched.iter().filter(|it| it.kind == Kind::Replica);
        replicas.find(|it| self.qualifies(it, margin)).map(|it| it.addr)
    }

    /// Whether so much time has surely not passed since then.
    fn is_early(&self, since: Millis, time: i64) -> bool {
        self.now.0 - since.0 + WAITS < time
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

    /// `sentinelMasterLooksSane`, with so many milliseconds to spare.
    fn looks_sane(&self, spare: i64) -> bool {
        let sane = |it: &Watched| {
            let fresh = it.info_at.is_some_and(|at| self.now.0 - at.0 + spare < 2 * INFO_PERIOD);
            !it.says_slave && !it.down && fresh
        };
        !self.odown && self.of(self.master).is_some_and(sane)
    }

    /// A replica that says it is a master may be turned into a replica, if so many milliseconds are to spare.
    fn may_convert(&self, addr: Addr, spare: i64) -> bool {
        let Some(it) = self.of(addr) else { return true };
        let long = self.now.0 - it.role_since.0 - spare > CONVERT_WAIT;
        !it.says_slave && long && it.no_down_for(CONVERT_WAIT + spare, self.now) && self.looks_sane(spare)
    }

    /// The same for a replica that follows another master.
    fn may_fix(&self, addr: Addr, spare: i64) -> bool {
        let Some(it) = self.of(addr) else { return true };
        let wait = self.settings.failover_timeout.0;
        let long = self.now.0 - it.conf_since.0 - spare > wait;
        let astray = it.says_slave && it.follows != Some(self.master);
        astray && long && it.no_down_for(wait + spare, self.now) && self.looks_sane(spare)
    }

    /// INFO of a replica was read, which may have to be put right in this step.
    pub(super) fn mend_due(&mut self, addr: Addr) {
        let named = |addr: Addr| addr.ip.is_name();
        let replica = self.of(addr).filter(|it| it.kind == Kind::Replica && it.connected());
        let odd = replica.is_none_or(|it| named(addr) || named(self.master) || it.follows.is_some_and(named));
        if odd || self.tilt || self.promoted == Some(addr) {
            return;
        }
        if self.may_convert(addr, WAITS) {
            self.due.push((Law::ConvertMissed, addr));
        }
        if self.may_fix(addr, WAITS) {
            self.due.push((Law::FixMissed, addr));
        }
    }

    /// PING is not sent before its time, but on a new connection.
    pub(super) fn check_ping(&mut self, addr: Addr, conn: Conn) {
        let Some(it) = self.of(addr).filter(|it| it.cc == Some(conn)) else { return };
        let period = self.settings.down_after.0.min(PING_PERIOD);
        let early =
            self.is_recent(it.last_pong, period) || it.last_ping.is_some_and(|at| self.is_recent(at, period / 2));
        if early {
            self.broke(Law::PingEarly, Some(addr));
        }
    }

    /// Whether less than this time has surely passed since then.
    fn is_recent(&self, at: Millis, time: i64) -> bool {
        (0..time - WAITS).contains(&(self.now.0 - at.0))
    }

    /// A hello of its own to an instance.
    pub(super) fn check_hello(&mut self, to: Addr, hello: &Hello) {
        self.me.get_or_insert(hello.id);
        let last = self.of(to).map(|it| it.last_pub);
        if self.step == self.step_before && last.is_some_and(|at| self.is_recent(at, PUBLISH_PERIOD)) {
            self.broke(Law::HelloEarly, Some(to));
        }
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
        let last = self.of(to).and_then(|it| it.report).map(|report| report.at);
        if settled && last.is_some_and(|at| self.is_recent(at, ASK_PERIOD)) {
            self.broke(Law::QuestionEarly, Some(to));
        }
        // A tick writes its questions before it takes the promoted replica for the master.
        let other = query.master != self.master || query.candidate.is_some() != seeks;
        if query.epoch != self.epoch || settled && other {
            self.broke(Law::QuestionWrong, Some(to));
        }
    }
}
