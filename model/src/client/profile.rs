//! A client library as data (client spec 9.1): which alternatives it takes where libraries differ. The engine reads
//! these knobs and knows no library by name; a library is a file in [`super::profiles`].

use super::profiles;
use crate::{CloseHow, Draws, ErrorWord, Millis, Nanos, Purpose};

/// A client library with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in scenario files.
    pub name: &'static str,
    /// How a Sentinel is asked.
    pub sentinel_query: SentinelQuery,
    /// What becomes of the order of Sentinels when one gives a usable answer.
    pub promote_answering: Promote,
    /// Refuse a master that the Sentinel holds for subjectively or objectively down.
    pub reject_down_flags: bool,
    /// Refuse the answer of a Sentinel that knows fewer others.
    pub min_other_sentinels: u32,
    /// Ask the next Sentinel when an answer is refused or names no master, instead of giving up.
    pub next_on_bad_answer: bool,
    /// Ask the next Sentinel when one replies with an error, instead of giving up.
    pub next_on_error_reply: bool,
    /// Keep the connection to a Sentinel for the next question.
    pub keep_sentinel_connections: bool,
    /// Time to connect to a Sentinel; `None` leaves it to the operating system.
    pub sentinel_connect_timeout: Option<Millis>,
    /// Time for each reply of a Sentinel; `None` waits for ever.
    pub sentinel_cmd_timeout: Option<Millis>,
    /// What a new connection to a Sentinel exchanges first.
    pub sentinel_greeting: &'static [Greeting],
    /// Attempts at one Sentinel before the next is asked.
    pub sentinel_attempts: u32,
    /// Pauses between them.
    pub sentinel_backoff: Backoff,
    /// What a new connection to a server exchanges before it is used.
    pub greeting: &'static [Greeting],
    /// Time to connect to a server; `None` leaves it to the operating system.
    pub connect_timeout: Option<Millis>,
    /// Time for each reply of a server; `None` waits for ever.
    pub read_timeout: Option<Millis>,
    /// Upper bound for `read_timeout` during the greeting.
    pub greeting_timeout: Option<Millis>,
    /// Notice at checkout that the server has closed an idle connection.
    pub check_idle_eof: bool,
    /// What happens to connections when Sentinels name another address than before.
    pub on_new_address: OnNewAddress,
    /// Connections of the pool; the next operation fails if all are in use.
    pub pool_max: u32,
    /// A closed connection stays in the pool and is opened anew when its turn comes, even if others are ready.
    pub pool_keeps_closed: bool,
    /// How connections are closed.
    pub close: CloseHow,
    /// Which error replies close the connection.
    pub close_on_error: CloseOn,
    /// Which failed attempts are repeated inside the operation.
    pub op_retry: Retry,
    /// A repeated attempt asks the Sentinels again; otherwise it goes to the address of the last one.
    pub resolve_in_op: bool,
}

impl Profile {
    /// Names of all profiles.
    pub const NAMES: &'static [&'static str] = &["recorder", "redis-py", "redis-py-retry"];

    /// The profile of this name.
    pub fn named(name: &str) -> Option<Profile> {
        match name {
            "recorder" => Some(profiles::recorder::profile()),
            "redis-py" => Some(profiles::redis_py::profile()),
            "redis-py-retry" => Some(profiles::redis_py::with_retries()),
            _ => None,
        }
    }

    /// Time for each reply during the greeting of a server.
    pub(super) fn greeting_patience(&self) -> Option<Millis> {
        match (self.greeting_timeout, self.read_timeout) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// How a Sentinel is asked. The two change at different moments of a failover (client spec 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentinelQuery {
    /// `SENTINEL GET-MASTER-ADDR-BY-NAME`: has no flags to look at.
    GetMasterAddr,
    /// `SENTINEL MASTERS`
    Masters,
}

/// What becomes of the order of Sentinels after a usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promote {
    /// Nothing.
    No,
    /// The answering one moves to the front, the others keep their order.
    MoveToFront,
    /// The answering one and the first change places.
    SwapWithFirst,
}

/// One exchange on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// `AUTH`, put first where a password is set and there is no HELLO to carry it; an error ends the attempt.
    Auth,
    /// `HELLO 3`; an error ends the attempt.
    Hello,
    /// `CLIENT SETINFO LIB-NAME`; errors are ignored, servers before 7.2 do not know it.
    LibName,
    /// `CLIENT SETINFO LIB-VER`; errors are ignored.
    LibVersion,
    /// `ROLE`, which must say `master`.
    Role,
}

/// What happens to connections to the old address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNewAddress {
    /// Nothing.
    Nothing,
    /// Idle ones are closed.
    CloseIdle,
    /// Idle ones are closed at once, others when their operation ends.
    CloseIdleAndLazyInUse,
}

/// Which error replies close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseOn {
    /// These.
    Only(&'static [ErrorWord]),
    /// All others.
    AllBut(&'static [ErrorWord]),
}

impl CloseOn {
    /// Whether an error reply closes the connection.
    pub fn closes(self, word: ErrorWord) -> bool {
        match self {
            CloseOn::Only(words) => words.contains(&word),
            CloseOn::AllBut(words) => !words.contains(&word),
        }
    }
}

/// Why an attempt failed, as far as retries tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrClass {
    /// No connection.
    ConnFail,
    /// The connection broke.
    Closed,
    /// No reply in time.
    ReadTimeout,
    /// No Sentinel named a usable master.
    NoMaster,
    /// `READONLY`, or ROLE said that the server is no master.
    ReadOnly,
    /// `LOADING`
    Loading,
    /// `MASTERDOWN`
    MasterDown,
    /// `NOREPLICAS`
    NoReplicas,
    /// Any other error, never worth another attempt to the libraries at hand.
    Other,
}

impl ErrClass {
    /// The class of an error reply.
    pub const fn of(word: ErrorWord) -> ErrClass {
        match word {
            ErrorWord::ReadOnly => ErrClass::ReadOnly,
            ErrorWord::Loading => ErrClass::Loading,
            ErrorWord::MasterDown => ErrClass::MasterDown,
            ErrorWord::NoReplicas => ErrClass::NoReplicas,
            _ => ErrClass::Other,
        }
    }
}

/// Repetition of failed attempts inside one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts altogether; 1 means none is repeated.
    pub attempts: u32,
    /// Pauses between them.
    pub backoff: Backoff,
    /// Which failures are followed by another attempt.
    pub on: &'static [ErrClass],
}

impl Retry {
    /// One attempt only.
    pub const NEVER: Retry = Retry { attempts: 1, backoff: Backoff::NONE, on: &[] };
}

/// Pause before the next attempt: `base × 2^k` after the k-th failure, or a uniform part of it, at most `cap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The unit.
    pub base: Millis,
    /// The longest pause.
    pub cap: Millis,
    /// Draw uniformly from zero to `base × 2^k` before the cap applies.
    pub jitter: bool,
}

impl Backoff {
    /// No pause.
    pub const NONE: Backoff = Backoff { base: Millis(0), cap: Millis(0), jitter: false };

    /// The pause after the `failures`-th failure, counted from 1.
    pub fn pause(&self, failures: u32, draws: &mut dyn Draws) -> Nanos {
        let widest = self.base.nanos().0.saturating_mul(1 << failures.min(40));
        let pause = match (self.jitter, widest) {
            (true, 1..) => draws.below(Purpose::Backoff, widest),
            _ => widest,
        };
        Nanos(pause.min(self.cap.nanos().0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{MIDDLE, Words};

    #[test]
    fn every_name_names_a_profile_that_bears_it() {
        for name in Profile::NAMES {
            assert_eq!(Profile::named(name).unwrap().name, *name);
        }
        assert_eq!(Profile::named("predis"), None);
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_jitter_takes_a_part() {
        let plain = Backoff { base: Millis(10), cap: Millis(1000), jitter: false };
        let pauses = [1, 2, 6, 7, 60].map(|k| plain.pause(k, &mut Words::default()).millis());
        assert_eq!(pauses, [20, 40, 640, 1000, 1000]);
        let jitter = Backoff { jitter: true, ..plain };
        let half = &mut Words::always(MIDDLE);
        assert_eq!([1, 7, 8].map(|k| jitter.pause(k, half).millis()), [10, 640, 1000]);
        assert_eq!(Backoff::NONE.pause(3, half), Nanos::ZERO);
    }
}
