//! Client libraries.
use crate::{Addr, Effects, Env, Input, MonoTime, Name, Node};

/// What one simulated application process is given.
#[derive(Clone, Debug)]
pub struct ClientConf {
    /// Number of the client among all clients of the run: makes its values unique.
    pub number: u32,
    /// The library and how it is set.
    pub profile: profile::Profile,
    /// What it does.
    pub workload: workload::Workload,
    /// Sentinels in the order in which they are listed.
    pub sentinels: Vec<Addr>,
    /// Which master it asks for.
    pub master: Name,
    /// Password for Redis servers.
    pub password: Option<String>,
    /// Password for Sentinels.
    pub sentinel_password: Option<String>,
}

pub mod profile {
    //! Client libraries as data.
    use crate::Millis;
    /// A client library with its settings.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Profile {
        /// Its name in scenario files.
        pub name: &'static str,
        /// Time to connect to a server; `None` leaves it to the operating system.
        pub connect_timeout: Option<Millis>,
        /// Time for each reply of a server; `None` waits for ever.
        pub read_timeout: Option<Millis>,
    }
    impl Profile {
        /// The profile of this name.
        pub fn named(name: &str) -> Option<Profile> {
            let name = *Profile::NAMES.iter().find(|known| **known == name)?;
            Some(Profile { name, connect_timeout: Some(Millis(500)), read_timeout: Some(Millis(1000)) })
        }
        /// Names of all profiles.
        pub const NAMES: &'static [&'static str] = &["recorder", "redis-py", "redis-py-retry"];
    }
}

pub mod workload {
    //! What an application asks for.
    /// Operations in 1000 seconds.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Rate(pub u32);

    /// Operations per second and their kinds.
    #[derive(Clone, Debug, PartialEq, Eq)]
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
        /// How many registers (and counters) there are to choose from.
        pub keys: u32,
        /// Operations that may be under way at once.
        pub in_flight: u32,
    }

    impl Default for Workload {
        fn default() -> Workload {
            let none = Rate(0);
            Workload { sadd: none, set: none, get: none, incr: none, rpush: none, keys: 4, in_flight: 1 }
        }
    }
}

/// One application process.
#[derive(Debug)]
pub struct Client {}

impl Client {
    /// Starts the process.
    pub fn start(_conf: ClientConf, _env: &mut Env<'_>, _out: &mut Effects) -> Client {
        Client {}
    }
}

impl Node for Client {
    fn step(&mut self, _env: &mut Env<'_>, _input: Input, _out: &mut Effects) {}
    fn next_wakeup(&self) -> Option<MonoTime> {
        None
    }
}
