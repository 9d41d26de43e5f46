//! What an application asks for, and when: kinds of operations in proportion, at a steady pace. Knows nothing of
//! connections or outcomes.

use crate::value::{Command, Key, Space, Value};
use crate::{Draws, MonoTime, Nanos, Purpose};
use serde::{Deserialize, Serialize};

/// Operations in 1000 seconds, so that less than one operation per second can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(pub u32);

impl Rate {
    /// No operations.
    pub const ZERO: Rate = Rate(0);

    /// This many operations per second.
    pub const fn per_second(operations: u32) -> Rate {
        Rate(operations.saturating_mul(1000))
    }
}

/// Operations per second by kind. The kinds are interleaved in proportion, always in the same order: a workload of one
/// kind is the recorder's `set` client, `set` and `get` at equal rates alternate as its `reg` client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// `SADD gtset <unique>`
    pub sadd: Rate,
    /// `SET x<k> <unique>`
    pub set: Rate,
    /// `GET x<k>`
    pub get: Rate,
    /// `INCR n<k>`
    pub incr: Rate,
    /// `RPUSH gtlist <unique>`
    pub rpush: Rate,
    /// How many registers (and counters) there are to choose from; 0 counts as 1.
    pub keys: u32,
    /// Operations that may be under way at once; 0 counts as 1.
    pub in_flight: u32,
}

impl Default for Workload {
    /// Nothing to do, four keys, one operation at a time.
    fn default() -> Workload {
        Workload {
            sadd: Rate::ZERO,
            set: Rate::ZERO,
            get: Rate::ZERO,
            incr: Rate::ZERO,
            rpush: Rate::ZERO,
            keys: 4,
            in_flight: 1,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sadd,
    Set,
    Get,
    Incr,
    Rpush,
}

const KINDS: [Kind; 5] = [Kind::Sadd, Kind::Set, Kind::Get, Kind::Incr, Kind::Rpush];

impl Workload {
    fn rates(&self) -> [i64; KINDS.len()] {
        [self.sadd, self.set, self.get, self.incr, self.rpush].map(|rate| i64::from(rate.0))
    }
}

/// The stream of operations of one client: which is next and when it may start.
#[derive(Debug)]
pub(super) struct Pacer {
    rates: [i64; KINDS.len()],
    /// What each kind is owed: largest remainder.
    credit: [i64; KINDS.len()],
    total: i64,
    keys: u64,
    /// Number of the client among all clients.
    client: u32,
    /// Operations started so far; the recorder's `seq`.
    started: u32,
    /// When the next operation may start; `None` once there will be no more.
    next: Option<MonoTime>,
    period: Nanos,
}

impl Pacer {
    /// The first operation is due a random part of a period after `now`.
    pub(super) fn start(load: &Workload, client: u32, now: MonoTime, draws: &mut dyn Draws) -> Pacer {
        let rates = load.rates();
        let total: i64 = rates.iter().sum();
        // A rate of r per 1000 s is a period of 10^12 / r ns.
        let period = Nanos(1_000_000_000_000 / total.max(1) as u64);
        let next = (total > 0).then(|| now + Nanos(draws.below(Purpose::Pacing, period.0.max(1))));
        Pacer {
            rates,
            credit: [0; KINDS.len()],
            total,
            keys: u64::from(load.keys.max(1)),
            client,
            started: 0,
            next,
            period,
        }
    }

    /// When the next operation may start.
    pub(super) fn due(&self) -> Option<MonoTime> {
        self.next
    }

    /// No further operation.
    pub(super) fn stop(&mut self) {
        self.next = None;
    }

    /// Starts an operation if one is due: its number, counted from 0, and what it asks for.
    ///
    /// A client that has used up its million unique values stops.
    pub(super) fn take(&mut self, now: MonoTime, draws: &mut dyn Draws) -> Option<(u32, Command)> {
        let due = self.next.filter(|&due| due <= now)?;
        if u64::from(self.started) + 1 >= Value::PER_CLIENT {
            self.stop();
            return None;
        }
        // Lateness is not made up for: a client that was held up goes on at its pace.
        self.next = Some((due + self.period).max(now));
        let number = self.started;
        self.started += 1;
        let value = Value::unique(self.client, self.started);
        let command = match self.next_kind() {
            Kind::Sadd => Command::Sadd(key(Space::Set, 0), value),
            Kind::Rpush => Command::Rpush(key(Space::List, 0), value),
            Kind::Set => Command::Set(self.any_key(Space::Register, draws), value),
            Kind::Get => Command::Get(self.any_key(Space::Register, draws)),
            Kind::Incr => Command::Incr(self.any_key(Space::Counter, draws)),
        };
        Some((number, command))
    }

    fn any_key(&self, space: Space, draws: &mut dyn Draws) -> Key {
        key(space, draws.below(Purpose::Workload, self.keys) as u32)
    }

    /// The kind that is owed most; the first of equals.
    fn next_kind(&mut self) -> Kind {
        let mut best = 0;
        for (credit, rate) in self.credit.iter_mut().zip(self.rates) {
            *credit += rate;
        }
        for index in 1..KINDS.len() {
            if self.credit[index] > self.credit[best] {
                best = index;
            }
        }
        self.credit[best] -= self.total;
        KINDS[best]
    }
}

const fn key(space: Space, index: u32) -> Key {
    Key { space, index }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::Words;

    const SECOND: u64 = 1_000_000_000;

    fn pacer(load: &Workload) -> Pacer {
        Pacer::start(load, 7, MonoTime(0), &mut Words::default())
    }

    fn kinds(load: &Workload, count: usize) -> Vec<Kind> {
        let mut pacer = pacer(load);
        (0..count).map(|_| pacer.next_kind()).collect()
    }

    #[test]
    fn kinds_are_interleaved_in_proportion() {
        let equal = Workload { set: Rate::per_second(10), get: Rate::per_second(10), ..Workload::default() };
        assert_eq!(kinds(&equal, 4), [Kind::Set, Kind::Get, Kind::Set, Kind::Get]);
        let uneven = Workload { sadd: Rate::per_second(3), incr: Rate::per_second(1), ..Workload::default() };
        let drawn = kinds(&uneven, 400);
        assert_eq!(drawn.iter().filter(|kind| **kind == Kind::Incr).count(), 100);
        assert!(drawn.windows(6).all(|part| part.contains(&Kind::Incr)));
    }

    #[test]
    fn a_late_client_keeps_its_pace_and_does_not_catch_up() {
        let mut draws = Words::default();
        let mut pacer = pacer(&Workload { sadd: Rate::per_second(2), ..Workload::default() });
        assert_eq!(pacer.due(), Some(MonoTime(0)));
        assert!(pacer.take(MonoTime(0), &mut draws).is_some());
        assert_eq!(pacer.due(), Some(MonoTime(SECOND / 2)));
        assert!(pacer.take(MonoTime(SECOND / 4), &mut draws).is_none());
        // Three seconds late: this one at once, one more at once, then every half second.
        assert!(pacer.take(MonoTime(3 * SECOND), &mut draws).is_some());
        assert_eq!(pacer.due(), Some(MonoTime(3 * SECOND)));
        assert!(pacer.take(MonoTime(3 * SECOND), &mut draws).is_some());
        assert_eq!(pacer.due(), Some(MonoTime(3 * SECOND + SECOND / 2)));
    }

    #[test]
    fn the_first_operation_has_number_zero_and_value_one() {
        let mut draws = Words::default();
        let mut pacer = pacer(&Workload { set: Rate(500), get: Rate(500), ..Workload::default() });
        let set = pacer.take(MonoTime(0), &mut draws).unwrap();
        assert_eq!(set, (0, Command::Set(key(Space::Register, 0), Value(7_000_001))));
        let get = pacer.take(MonoTime(SECOND), &mut draws).unwrap();
        assert_eq!(get, (1, Command::Get(key(Space::Register, 0))));
        let set = pacer.take(MonoTime(2 * SECOND), &mut draws).unwrap();
        assert!(matches!(set, (2, Command::Set(_, Value(7_000_003)))));
    }

    #[test]
    fn a_client_stops_when_its_values_are_used_up() {
        let mut pacer = pacer(&Workload { incr: Rate(1), ..Workload::default() });
        pacer.started = Value::PER_CLIENT as u32 - 1;
        assert_eq!(pacer.take(MonoTime(u64::MAX / 2), &mut Words::default()), None);
        assert_eq!(pacer.due(), None);
    }

    #[test]
    fn a_workload_without_rates_never_starts() {
        assert_eq!(pacer(&Workload::default()).due(), None);
    }
}
