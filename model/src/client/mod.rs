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
}

pub mod profile {
    //! Client libraries as data.
    /// A client library with its settings.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Profile {}
    impl Profile {
        /// The profile of this name.
        pub fn named(_name: &str) -> Option<Profile> {
            Some(Profile {})
        }
        /// Names of all profiles.
        pub const NAMES: &'static [&'static str] = &["recorder", "redis-py"];
    }
}

pub mod workload {
    //! What an application asks for.
    /// Operations per second and their kinds.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Workload {
        /// `SADD gtset <unique>` per second.
        pub sadd: u32,
        /// `SET x<k> <unique>` per second.
        pub set: u32,
        /// `GET x<k>` per second.
        pub get: u32,
        /// `INCR n<k>` per second.
        pub incr: u32,
        /// How many registers (and counters) there are to choose from.
        pub keys: u32,
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
