//! How the other replicas are pointed to the new master (spec 4.3, 8.7, 8.8).

use super::duties::{RECONF_TIMEOUT, WAITS};
use super::shadow::{Shadow, Step};
use super::watched::{Kind, Watched};
use crate::law::Law;
use splitbrain_model::event::EventKind;
use splitbrain_model::{Addr, Millis};

impl Shadow<'_> {
    /// Replicas that were pointed to the new master and are not in sync with it.
    fn under_way(&self) -> usize {
        self.watched.iter().filter(|it| it.sent.is_some() || it.in_progress).count()
    }

    /// Whether there is room for another replica on its way.
    fn has_room(&self) -> bool {
        usize::try_from(self.settings.parallel_syncs).is_ok_and(|most| self.under_way() < most)
    }

    fn is_other_replica(&self, it: &Watched) -> bool {
        it.kind == Kind::Replica && Some(it.addr) != self.promoted
    }

    /// An event about a replica on its way, before it changes anything.
    pub(super) fn check_reconf(&self, kind: EventKind, addr: Addr) -> Option<Law> {
        use EventKind as E;
        let it = self.of(addr)?;
        let settled = it.reconfigured || !self.is_other_replica(it);
        let asked_long = |at: Millis| self.now.0 - at.0 + WAITS >= RECONF_TIMEOUT;
        let wrong = match kind {
            // Who was given up just now is told once more.
            E::SlaveReconfSent if self.given_up == Some(addr) => false,
            E::SlaveReconfSent => settled || it.sent.is_some() || it.in_progress || !self.has_room(),
            E::SlaveReconfSentBe => settled || it.sent.is_some(),
            E::SlaveReconfSentTimeout if !it.sent.is_some_and(asked_long) => return Some(Law::ReconfTimeoutEarly),
            E::SlaveReconfInprog if it.follows != self.promoted => return Some(Law::ReconfUnseen),
            E::SlaveReconfDone if !it.link_up => return Some(Law::ReconfUnseen),
            _ => false,
        };
        wrong.then_some(Law::ReconfUnduly)
    }

    /// An event about a replica on its way: where it is now.
    pub(super) fn reconf_event(&mut self, kind: EventKind, addr: Addr) {
        let now = self.now;
        let Some(it) = self.of_mut(addr) else { return };
        match kind {
            EventKind::SlaveReconfSent | EventKind::SlaveReconfSentBe => {
                it.sent = Some(now);
                // Which of several replicas comes next is not told.
                self.due.retain(|(law, _)| *law != Law::ReconfMissed);
            }
            EventKind::SlaveReconfSentTimeout => {
                (it.sent, it.reconfigured) = (None, true);
                self.given_up = Some(addr);
            }
            EventKind::SlaveReconfInprog => (it.sent, it.in_progress) = (None, true),
            EventKind::SlaveReconfDone => (it.in_progress, it.reconfigured) = (false, true),
            _ => {}
        }
    }

    /// A replica on its way whose last INFO says that it has come further.
    pub(super) fn reconf_step_due(&mut self, addr: Addr) {
        let further = self.of(addr).is_some_and(|it| {
            let follows = self.promoted.is_some() && it.follows == self.promoted;
            it.says_slave && (it.sent.is_some() && follows || it.in_progress && it.link_up)
        });
        if further && !self.tilt {
            self.due.push((Law::ReconfStepMissed, addr));
        }
    }

    /// Whether a replica is to be pointed to the new master as soon as there is room.
    fn is_waiting(&self, it: &Watched) -> bool {
        let told = it.reconfigured || it.sent.is_some() || it.in_progress;
        self.is_other_replica(it) && !told && it.connected()
    }

    /// At a tick: the next replica is told when there is room.
    pub(super) fn reconf_due(&self, due: &mut Vec<(Law, Addr)>) {
        if self.step != Step::Reconf || self.promoted.is_none() || !self.has_room() {
            return;
        }
        due.extend(self.watched.iter().filter(|it| self.is_waiting(it)).map(|it| (Law::ReconfMissed, it.addr)));
    }

    /// In a step in which a failover was ended for its time, whoever was not told yet was told.
    pub(super) fn told_at_the_end(&mut self) {
        let left = self.watched.iter().find(|it| self.in_timeout && self.is_waiting(it)).map(|it| it.addr);
        if let Some(addr) = left {
            self.broke(Law::ReconfMissed, Some(addr));
        }
    }
}
