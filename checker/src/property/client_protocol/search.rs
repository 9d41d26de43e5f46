//! The search for the master among the Sentinels: whose turn it is, how often each was tried, and who was tried at all since
//! the last usable answer.

use super::bounds;
use super::line::Moment;
use crate::client_law::ClientLaw;
use splitbrain_model::client::profile::{Profile, Promote, SentinelOrder};
use splitbrain_model::{Addr, TrueTime};

/// What became of the last contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Open,
    Failed,
    Refused,
}

#[derive(Debug)]
pub(super) struct Search {
    /// Whether Sentinels are asked one after the other from the first on, and by nobody else.
    ordered: bool,
    order: Vec<Addr>,
    place: Option<usize>,
    last: Last,
    failures: u32,
    failed: Option<Moment>,
    /// Those that were tried since the last usable answer, by their places in the list of the application.
    tried: u64,
    listed: Vec<Addr>,
    /// Whether the one that answered last is asked first, by one operation at a time.
    sticky: bool,
    /// That one, unless it failed since.
    kept: Option<Addr>,
    /// One of them answered, and the answer was of no use.
    pub(super) refused: bool,
}

impl Search {
    pub(super) fn new(profile: &Profile, sentinels: &[Addr], in_flight: u32) -> Search {
        let alone = in_flight == 1 || profile.shared.is_some();
        let ordered = profile.sentinel_order == SentinelOrder::Listed
            && profile.subscription.is_none()
            && !profile.query_parallel
            && !profile.reads_replicas
            && alone;
        Search {
            ordered,
            order: sentinels.to_vec(),
            place: None,
            last: Last::Open,
            failures: 0,
            failed: None,
            tried: 0,
            listed: sentinels.to_vec(),
            sticky: profile.sticky_sentinel && alone,
            kept: None,
            refused: false,
        }
    }

    /// All were tried.
    pub(super) fn is_over(&self) -> bool {
        self.tried.count_ones() as usize >= self.listed.len().min(64)
    }

    /// A Sentinel is contacted.
    pub(super) fn contact(
        &mut self,
        profile: &Profile,
        sentinel: Addr,
        now: Moment,
        running_since: TrueTime,
    ) -> Option<ClientLaw> {
        if let Some(index) = self.listed.iter().position(|addr| *addr == sentinel) {
            self.tried |= 1 << index.min(63);
        }
        let index = self.order.iter().position(|addr| *addr == sentinel).filter(|_| self.ordered)?;
        let spent = self.failures >= profile.sentinel_attempts;
        let over = self.place.is_some_and(|place| place + 1 == self.order.len());
        let breach = match self.place {
            Some(place) if place == index && self.last == Last::Failed && spent && !over => {
                Some(ClientLaw::AskedTooOften)
            }
            Some(place) if place == index && self.last == Last::Failed && !spent => {
                self.pause(profile, now, running_since)
            }
            Some(place) if place + 1 == index && self.last == Last::Failed && !spent => Some(ClientLaw::LeftTooSoon),
            Some(place) if place == index || place + 1 == index || index == 0 => None,
            None if index == 0 => None,
            _ => Some(ClientLaw::AskedOutOfOrder),
        };
        if self.place != Some(index) || spent || self.last == Last::Refused {
            self.failures = 0;
        }
        (self.place, self.last) = (Some(index), Last::Open);
        breach
    }

    /// A Sentinel is asked for the master, on whatever connection.
    pub(super) fn question(&self, sentinel: Addr) -> Option<ClientLaw> {
        let other = self.kept.is_some_and(|kept| kept != sentinel);
        other.then_some(ClientLaw::AskedOutOfOrder)
    }

    fn pause(&self, profile: &Profile, now: Moment, running_since: TrueTime) -> Option<ClientLaw> {
        let failed = self.failed?;
        bounds::judge(bounds::backoff(&profile.sentinel_backoff, self.failures), failed, now, running_since)
    }

    /// It did not answer.
    pub(super) fn failed(&mut self, sentinel: Addr, now: Moment) {
        self.kept = self.kept.filter(|kept| *kept != sentinel);
        if self.place.is_some_and(|place| self.order[place] == sentinel) {
            self.failures += 1;
            (self.last, self.failed) = (Last::Failed, Some(now));
        }
    }

    /// Its answer is of no use.
    pub(super) fn refused(&mut self) {
        (self.last, self.refused, self.kept) = (Last::Refused, true, None);
    }

    /// Its answer is used.
    pub(super) fn used(&mut self, profile: &Profile, sentinel: Addr) {
        self.kept = Some(sentinel).filter(|_| self.sticky);
        if let Some(index) = self.order.iter().position(|addr| *addr == sentinel) {
            match profile.promote_answering {
                Promote::No | Promote::TurnToFront => {}
                Promote::MoveToFront => {
                    let it = self.order.remove(index);
                    self.order.insert(0, it);
                }
                Promote::SwapWithFirst => self.order.swap(0, index),
            }
        }
        (self.tried, self.refused) = (0, false);
        self.restart();
    }

    /// What it was for is over; the next search begins with the first.
    pub(super) fn restart(&mut self) {
        (self.place, self.failures, self.failed) = (None, 0, None);
    }
}
