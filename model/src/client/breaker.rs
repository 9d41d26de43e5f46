//! A pool that gives dialling up (client spec 7): after as many failed dials in a row as it has places, operations fail
//! at once with the last error, and one dial in the background after the other finds out when to go on.

use super::profile::ErrClass;
use super::{Client, Io, Role, Stage};
use crate::note::FailReason;

/// Failed dials in a row, and what the last one said.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failed: u32,
    last: Option<(FailReason, ErrClass)>,
}

impl Client {
    /// A dial of an operation, all its attempts included, was in vain.
    pub(super) fn dial_failed(&mut self, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        if self.profile.dial_breaker.is_none() {
            return;
        }
        self.breaker.last = Some((reason, class));
        self.breaker.failed = self.breaker.failed.saturating_add(1);
        if self.breaker.failed == self.profile.pool_max {
            let w = self.task(Role::DialProbe);
            self.discover(w, io);
        }
    }

    /// What an operation is told instead of a dial.
    pub(super) fn dial_refused(&self) -> Option<(FailReason, ErrClass)> {
        self.breaker.last.filter(|_| self.breaker.failed >= self.profile.pool_max)
    }

    /// A connection was opened.
    pub(super) fn dial_succeeded(&mut self, w: usize, io: &mut Io<'_, '_>) {
        self.breaker.failed = 0;
        if self.workers[w].role == Role::DialProbe {
            self.close_conn(w, io);
            self.dismiss(w);
        }
    }

    /// The dial in the background was in vain: another one after a while.
    pub(super) fn probe_again(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        self.breaker.last = Some((reason, class));
        let deadline = io.after(self.profile.dial_breaker);
        self.workers[w].wait(Stage::DialProbePause, deadline);
    }
}
