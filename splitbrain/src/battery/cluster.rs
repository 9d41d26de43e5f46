//! What the battery knows of a deployment: servers, Sentinels, where they run, and what a restart makes of them. Knows no
//! file format; [`text`](super::text) makes scenario files of it.

/// A cluster with one master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The name of the master.
    pub master: String,
    /// Servers; the first is the master.
    pub servers: Vec<Server>,
    /// Sentinels.
    pub sentinels: Vec<Sentinel>,
    /// How they watch.
    pub watch: Watch,
    /// Hosts are known by name, and how long names resolve.
    pub names: Names,
    /// What was assumed where the deployment does not say it, in sentences.
    pub assumed: Vec<String>,
}

/// A Redis server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What the deployment calls it.
    pub name: String,
    /// The machine it runs on.
    pub host: String,
    /// Keys of `[redis]` with their values as TOML.
    pub settings: Vec<(String, String)>,
    /// When its process has died.
    pub died: Back,
    /// When it was told to end and replaced.
    pub replaced: Back,
}

/// A Sentinel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentinel {
    /// What the deployment calls it.
    pub name: String,
    /// The machine it runs on.
    pub host: String,
    /// When its process has died.
    pub died: Back,
    /// When it was told to end and replaced.
    pub replaced: Back,
}

/// How something comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back {
    /// After so many milliseconds; never, if nothing starts it again.
    pub after_ms: Option<u64>,
    /// With the configuration that it had when it was deployed.
    pub as_first: bool,
    /// Without its data.
    pub empty: bool,
    /// At another address.
    pub moved: bool,
    /// A Sentinel under another id.
    pub other_id: bool,
}

impl Back {
    /// As it was, so many milliseconds later.
    pub const fn as_it_was(after_ms: u64) -> Back {
        Back { after_ms: Some(after_ms), as_first: false, empty: false, moved: false, other_id: false }
    }

    /// Not at all.
    pub const NEVER: Back = Back { after_ms: None, ..Back::as_it_was(0) };
}

/// How the Sentinels watch the master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// How many must agree that it is down.
    pub quorum: u32,
    /// Milliseconds of silence after which it counts as down.
    pub down_after_ms: u64,
    /// Milliseconds.
    pub failover_timeout_ms: u64,
    /// Replicas told of the new master at a time.
    pub parallel_syncs: i64,
    /// Further keys of `[sentinel]` with their values as TOML.
    pub others: Vec<(String, String)>,
}

/// How hosts are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// By address.
    Addresses,
    /// By name, which always resolves.
    Lasting,
    /// By name, which resolves while something lives there.
    Vanishing,
}

impl Cluster {
    /// How many Sentinels are a majority.
    pub fn majority(&self) -> u32 {
        self.sentinels.len() as u32 / 2 + 1
    }

    /// The machine of the master.
    pub fn master_host(&self) -> &str {
        self.servers.first().map_or("", |server| &server.host)
    }

    /// The machines, in the order of their first process.
    pub fn hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<&str> = Vec::new();
        let all = self.servers.iter().map(|server| &*server.host);
        for host in all.chain(self.sentinels.iter().map(|sentinel| &*sentinel.host)) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    /// Sets a key of all servers.
    pub fn set(&mut self, key: &str, value: &str) {
        for server in &mut self.servers {
            server.set(key, value);
        }
    }
}

impl Server {
    /// The value of a key, if it is set.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|(name, _)| name == key).map(|(_, value)| &**value)
    }

    /// Sets a key.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.retain(|(name, _)| name != key);
        self.settings.push((key.to_owned(), value.to_owned()));
    }
}
