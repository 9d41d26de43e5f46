//! The servers as Sentinels listed them, for clients that hold a connection per server (client spec 6.2): looked up at the
//! start and some time after a Sentinel's message. The master counts only if it answers.

use super::profile::{ErrClass, OnNewAddress};
use super::{Client, Io, Role};
use crate::note::FailReason;
use crate::{Addr, Millis, MonoTime};

/// What is known of the servers.
#[derive(Debug, Default)]
pub(super) struct Topology {
    /// The master, if it answered.
    master: Option<Addr>,
    /// There has been a look.
    known: bool,
    /// The worker that is having a look.
    surveyor: Option<usize>,
    /// Workers that wait for the first look.
    waiting: Vec<usize>,
    refresh_at: Option<MonoTime>,
}

impl Topology {
    /// When to look again.
    pub(super) fn refresh_at(&self) -> Option<MonoTime> {
        self.refresh_at
    }

    /// A worker waits no longer.
    pub(super) fn forget(&mut self, w: usize) {
        self.waiting.retain(|waiting| *waiting != w);
    }
}

impl Client {
    /// The server that operations go to; if it is not known, the operation waits for the first look or has failed.
    pub(super) fn master_of_topology(&mut self, w: usize, io: &mut Io<'_, '_>) -> Option<Addr> {
        if !self.topology.known {
            self.topology.waiting.push(w);
            self.survey(io);
            return None;
        }
        if self.topology.master.is_none() {
            self.attempt_failed(w, FailReason::NoMaster, ErrClass::NoMaster, io);
        }
        self.topology.master
    }

    fn survey(&mut self, io: &mut Io<'_, '_>) {
        if self.topology.surveyor.is_none() {
            let surveyor = self.task(Role::Survey);
            self.topology.surveyor = Some(surveyor);
            self.discover(surveyor, io);
        }
    }

    /// A message of a Sentinel: another look after a while, which serves all messages until then.
    pub(super) fn refresh_later(&mut self, delay: Millis, io: &mut Io<'_, '_>) {
        self.topology.refresh_at.get_or_insert(io.env.mono() + delay.nanos());
    }

    /// Has another look if it is time. One that is still under way is outdated and given up.
    pub(super) fn refresh_if_due(&mut self, io: &mut Io<'_, '_>) {
        if self.topology.refresh_at.is_some_and(|due| due <= io.env.mono()) {
            self.topology.refresh_at = None;
            if let Some(w) = self.topology.surveyor {
                self.close_conn(w, io);
                self.survey_over(w);
            }
            self.survey(io);
        }
    }

    /// The listed master answered or did not.
    pub(super) fn surveyed(&mut self, w: usize, answered: bool, io: &mut Io<'_, '_>) {
        self.close_conn(w, io);
        let survey = self.workers[w].survey.take();
        if let Some(survey) = survey {
            self.topology.known = true;
            self.topology.master = answered.then_some(survey.master);
            if self.profile.on_new_address == OnNewAddress::CloseUnlisted {
                self.close_unlisted(&survey.nodes, io);
            }
        }
        self.survey_over(w);
        for waiting in std::mem::take(&mut self.topology.waiting) {
            if let Some(shared) = self.profile.shared {
                self.submit(waiting, &shared, io);
            }
        }
    }

    /// No Sentinel answered: what was known stays.
    pub(super) fn survey_failed(&mut self, w: usize, reason: FailReason, io: &mut Io<'_, '_>) {
        self.survey_over(w);
        for waiting in std::mem::take(&mut self.topology.waiting) {
            self.attempt_failed(waiting, reason, ErrClass::NoMaster, io);
        }
    }

    fn survey_over(&mut self, w: usize) {
        self.topology.surveyor = None;
        self.dismiss(w);
    }
}
