//! A client library as data (client spec 9.1): which alternatives it takes where libraries differ. The engine reads
//! these knobs and knows no library by name; a library is a file in [`super::profiles`].

use super::profiles;
use crate::{CloseHow, ErrorWord, Millis};

pub use super::backoff::{Backoff, Growth, Retry};
pub use super::knobs::{
    Health, Reach, Reaches, ReplicaChoice, ReplicaOrder, SentinelOrder, Shared, Subscribe, Subscription, Trigger,
};

/// A client library with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in scenario files.
    pub name: &'static str,
    /// In which order Sentinels are asked.
    pub sentinel_order: SentinelOrder,
    /// Keep asking the Sentinel that answered last until it fails.
    pub sticky_sentinel: bool,
    /// Ask all Sentinels at once; the first usable answer wins.
    pub query_parallel: bool,
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
    /// For what else the timeouts that an application sets hold.
    pub timeouts_reach: Reaches,
    /// What a new connection to a Sentinel exchanges first.
    pub sentinel_greeting: &'static [Greeting],
    /// Attempts at one Sentinel before the next is asked.
    pub sentinel_attempts: u32,
    /// Pauses between them.
    pub sentinel_backoff: Backoff,
    /// Begin again after a round without a usable answer; without it the round has failed.
    pub round_retry: Option<Backoff>,
    /// Connections on which Sentinels tell of new masters.
    pub subscription: Option<Subscription>,
    /// Sentinels are asked for the first address only; later ones come from a subscription.
    pub resolve_once: bool,
    /// What a new connection to a server exchanges before it is used.
    pub greeting: &'static [Greeting],
    /// Time to connect to a server; `None` leaves it to the operating system.
    pub connect_timeout: Option<Millis>,
    /// Time for each reply of a server; `None` waits for ever.
    pub read_timeout: Option<Millis>,
    /// Upper bound for `read_timeout` during the greeting.
    pub greeting_timeout: Option<Millis>,
    /// Attempts to look up the address and to connect, as one step of an attempt at the operation.
    pub dials: u32,
    /// Pause between them.
    pub dial_pause: Millis,
    /// While a server says in INFO that it loads its data: ask again after this time.
    pub loading_poll: Millis,
    /// Notice at checkout that the server has closed an idle connection.
    pub check_idle_eof: bool,
    /// What happens to connections when Sentinels name another address than before.
    pub on_new_address: OnNewAddress,
    /// Connections of the pool.
    pub pool_max: u32,
    /// What an operation does if all are in use.
    pub pool_wait: PoolWait,
    /// A closed connection stays in the pool and is opened anew when its turn comes, even if others are ready.
    pub pool_keeps_closed: bool,
    /// How connections are closed.
    pub close: CloseHow,
    /// Which error replies close the connection.
    pub close_on_error: CloseOn,
    /// Which failed attempts are repeated inside the operation.
    pub op_retry: Retry,
    /// The application sends WAIT after every write, for so many replicas and so long, and takes the write for done only if
    /// so many have it.
    pub wait: Option<(u32, Millis)>,
    /// A repeated attempt asks the Sentinels again; otherwise it goes to the address of the last one.
    pub resolve_in_op: bool,
    /// Pause between dials in the background, once as many dials as the pool has places have failed in a row; until one
    /// succeeds, operations fail at once.
    pub dial_breaker: Option<Millis>,
    /// How a client that only reads chooses a replica; `None` if the library offers no such thing.
    pub replica_choice: Option<ReplicaChoice>,
    /// A bug planted on purpose; in no library.
    pub planted: crate::planted::Plant,
    /// It reads from replicas; otherwise it works with the master.
    pub reads_replicas: bool,
    /// All operations share one connection per server; without it each has one of the pool to itself.
    pub shared: Option<Shared>,
}

type Maker = fn() -> Profile;

/// All profiles by name.
const ALL: &[(&str, Maker)] = &[
    ("recorder", profiles::recorder::profile),
    ("redis-py", profiles::redis_py::profile),
    ("redis-py-retry", profiles::redis_py::with_retries),
    ("redis-py-5", profiles::redis_py::five),
    ("jedis", profiles::jedis::profile),
    ("jedis-retry", profiles::jedis::with_retries),
    ("ioredis", profiles::ioredis::profile),
    ("ioredis-detector", profiles::ioredis::with_detector),
    ("ioredis-reconnect2", profiles::ioredis::with_reconnect),
    ("lettuce", profiles::lettuce::profile),
    ("lettuce-mr", profiles::lettuce::master_replica),
    ("go-redis", profiles::go_redis::profile),
    ("go-redis-noretry", profiles::go_redis::without_retries),
    ("redis-rs", profiles::redis_rs::profile),
];

const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = ALL[n].0;
        n += 1;
    }
    names
};

impl Profile {
    /// Names of all profiles.
    pub const NAMES: &'static [&'static str] = &NAMES;

    /// The alternatives that most libraries take: a pool, Sentinels asked in the order of the list whenever a
    /// connection is opened, no patience limits, no subscription, nothing repeated.
    pub(super) const PLAIN: Profile = Profile {
        name: "",
        sentinel_order: SentinelOrder::Listed,
        sticky_sentinel: false,
        query_parallel: false,
        sentinel_query: SentinelQuery::GetMasterAddr,
        promote_answering: Promote::No,
        reject_down_flags: false,
        min_other_sentinels: 0,
        next_on_bad_answer: false,
        next_on_error_reply: false,
        keep_sentinel_connections: false,
        sentinel_connect_timeout: None,
        sentinel_cmd_timeout: None,
        timeouts_reach: Reaches { sentinel_replies: false, sentinel_connects: false, connects: false },
        sentinel_greeting: &[],
        sentinel_attempts: 1,
        sentinel_backoff: Backoff::NONE,
        round_retry: None,
        subscription: None,
        resolve_once: false,
        greeting: &[],
        connect_timeout: None,
        read_timeout: None,
        greeting_timeout: None,
        dials: 1,
        dial_pause: Millis(0),
        loading_poll: Millis(1000),
        check_idle_eof: false,
        on_new_address: OnNewAddress::Nothing,
        pool_max: u32::MAX,
        pool_wait: PoolWait::Fail,
        pool_keeps_closed: false,
        close: CloseHow::Now,
        close_on_error: CloseOn::Only(&[]),
        op_retry: Retry::NEVER,
        wait: None,
        resolve_in_op: true,
        dial_breaker: None,
        replica_choice: None,
        planted: crate::planted::Plant::NONE,
        reads_replicas: false,
        shared: None,
    };

    /// The profile of this name.
    pub fn named(name: &str) -> Option<Profile> {
        ALL.iter().find(|(its, _)| *its == name).map(|(_, make)| make())
    }

    /// Sets the patience of the application: for each reply where the library has such a limit, otherwise for the whole
    /// operation.
    pub fn set_timeout(&mut self, patience: Millis) {
        match &mut self.shared {
            Some(shared) if self.read_timeout.is_none() => shared.op_timeout = Some(patience),
            _ => self.read_timeout = Some(patience),
        }
        if self.timeouts_reach.sentinel_replies {
            self.sentinel_cmd_timeout = Some(patience);
        }
        if self.timeouts_reach.connects {
            self.connect_timeout.get_or_insert(patience);
            self.sentinel_connect_timeout.get_or_insert(patience);
        }
    }

    /// Sets the time for opening a connection.
    pub fn set_connect_timeout(&mut self, patience: Millis) {
        self.connect_timeout = Some(patience);
        if self.timeouts_reach.sentinel_connects {
            self.sentinel_connect_timeout = Some(patience);
        }
    }

    /// Puts a loop around the operation, as applications write it: after any error a pause, each twice as long as the one
    /// before, and another attempt from scratch, until there were so many. Returns whether that can be told apart from what
    /// the library itself repeats.
    pub fn set_loop(&mut self, attempts: u32, pause: Millis) -> bool {
        let plain = self.op_retry == Retry::NEVER && self.shared.is_none();
        if plain {
            let backoff = Backoff {
                base: pause,
                growth: Growth::DoublingFromBase,
                cap: Millis(i64::MAX / 1_000_000),
                ..Backoff::NONE
            };
            self.op_retry = Retry { attempts, backoff, budget: None, on: ErrClass::ALL };
            self.resolve_in_op = true;
        }
        plain
    }

    /// Lets the application send WAIT after every write. Returns whether the connection is its own, without which WAIT would
    /// hold up others.
    pub fn set_wait(&mut self, replicas: u32, timeout: Millis) -> bool {
        self.wait = self.shared.is_none().then_some((replicas, timeout));
        self.wait.is_some()
    }

    /// Lets the client read from replicas. Returns whether the library can.
    pub fn read_replicas(&mut self) -> bool {
        self.reads_replicas = self.replica_choice.is_some();
        self.reads_replicas
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
    /// `SENTINEL MASTERS` for the master (SENTINEL MASTER says the same of one) and `SENTINEL REPLICAS` for the rest.
    MasterAndReplicas,
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
    /// The list is turned until the answering one is first, and asking begins there again.
    TurnToFront,
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
    /// `ROLE`, which must say `master` (of a Sentinel: is not looked at).
    Role,
    /// `INFO`, which must say `role:master`; asked again while the server loads its data.
    Info,
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
    /// All are closed at once; operations under way on them fail.
    CloseAll,
    /// Shared connections to servers that are no longer listed are closed.
    CloseUnlisted,
}

/// What an operation does if all connections of the pool are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolWait {
    /// It fails.
    Fail,
    /// It waits for its turn, at most this long if there is a limit.
    Turn(Option<Millis>),
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
    /// No connection of the pool became free in time.
    PoolWait,
    /// Any other error, never worth another attempt to the libraries at hand.
    Other,
}

impl ErrClass {
    /// All of them.
    pub const ALL: &'static [ErrClass] = &[
        ErrClass::ConnFail,
        ErrClass::Closed,
        ErrClass::ReadTimeout,
        ErrClass::NoMaster,
        ErrClass::ReadOnly,
        ErrClass::Loading,
        ErrClass::MasterDown,
        ErrClass::NoReplicas,
        ErrClass::PoolWait,
        ErrClass::Other,
    ];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_the_application_hold_for_sentinels_where_the_library_hands_them_on() {
        let set = |name: &str| {
            let mut profile = Profile::named(name).unwrap();
            profile.set_connect_timeout(Millis(300));
            profile.set_timeout(Millis(700));
            assert_eq!(profile.connect_timeout, Some(Millis(300)), "{name}");
            (profile.sentinel_connect_timeout, profile.sentinel_cmd_timeout)
        };
        let (mine, own) = ((Some(Millis(300)), Some(Millis(700))), |ms| Some(Millis(ms)));
        for name in ["redis-py", "redis-py-retry", "redis-py-5", "go-redis", "go-redis-noretry"] {
            assert_eq!(set(name), mine, "{name}");
        }
        assert_eq!(set("ioredis"), (own(300), None), "sentinelCommandTimeout is a setting of its own");
        assert_eq!(set("lettuce"), (own(300), own(60_000)));
        assert_eq!(set("jedis"), (own(2000), own(2000)), "sentinelConnectionTimeout and sentinelSoTimeout are others");
        assert_eq!(set("redis-rs"), (own(1000), own(500)));
        assert_eq!(set("recorder"), (own(250), own(250)));
    }

    #[test]
    fn without_a_limit_of_its_own_connecting_takes_that_of_redis_py_5_for_replies() {
        let mut profile = Profile::named("redis-py-5").unwrap();
        profile.set_timeout(Millis(700));
        let limit = Some(Millis(700));
        assert_eq!((profile.connect_timeout, profile.sentinel_connect_timeout), (limit, limit));
    }

    #[test]
    fn every_name_names_a_profile_that_bears_it() {
        for name in Profile::NAMES {
            assert_eq!(Profile::named(name).unwrap().name, *name);
        }
        assert_eq!(Profile::named("predis"), None);
    }
}
