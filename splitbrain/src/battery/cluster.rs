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
    /// The clients know the address of the first master and never ask a Sentinel.
    pub fixed_clients: bool,
    /// What was assumed where the deployment does not say it, in sentences.
    pub assumed: Vec<String>,
}

/// A Redis server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What the deployment calls it.
    pub name: String,
    /// What has its address: a machine, a container, a pod. Processes of one host share the address.
    pub host: String,
    /// The machine it runs on: what loses power or its network as one.
    pub machine: String,
    /// Nothing keeps it from sharing a machine with any other.
    pub loose: bool,
    /// Keys of `[redis]` with their values as TOML.
    pub settings: Vec<(String, String)>,
    /// `maxmemory` in bytes, 0 for none, and `maxmemory-policy`: only what fills the memory sets them.
    pub memory: (u64, String),
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
    /// What has its address: a machine, a container, a pod. Processes of one host share the address.
    pub host: String,
    /// The machine it runs on: what loses power or its network as one.
    pub machine: String,
    /// Nothing keeps it from sharing a machine with any other.
    pub loose: bool,
    /// What it does not do as [`Watch`] says: options of SENTINEL SET with their values.
    pub own: Vec<(String, String)>,
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

    /// The hosts, in the order of their first process.
    pub fn hosts(&self) -> Vec<&str> {
        distinct(self.processes().map(|(_, host, _, _)| host))
    }

    /// The machines, in the order of their first process.
    pub fn machines(&self) -> Vec<&str> {
        distinct(self.processes().map(|(_, _, machine, _)| machine))
    }

    /// The hosts on a machine.
    pub fn hosts_on(&self, machine: &str) -> Vec<&str> {
        distinct(self.processes().filter(|its| its.2 == machine).map(|(_, host, _, _)| host))
    }

    /// The processes of a host by their names in scenario files, and how they come back when all of it is replaced
    /// together with others. What starts from its template finds them by their names, whatever address they have: for
    /// it nobody has moved.
    pub fn on_host(&self, host: &str) -> (Vec<String>, Back) {
        let mut names = Vec::new();
        let mut all = Back::as_it_was(0);
        for (name, _, _, back) in self.processes().filter(|its| its.1 == host) {
            names.push(name);
            all = Back {
                after_ms: all.after_ms.max(back.after_ms),
                as_first: all.as_first || back.as_first,
                empty: all.empty || back.empty,
                moved: all.moved || back.moved,
                other_id: all.other_id || back.other_id,
            };
        }
        (names, Back { moved: all.moved && !all.as_first, ..all })
    }

    /// All processes: name in scenario files, host, machine, and how it comes back when it is replaced.
    fn processes(&self) -> impl Iterator<Item = (String, &str, &str, Back)> {
        let servers = (1..).zip(&self.servers);
        let servers = servers.map(|(n, its)| (format!("redis-{n}"), &*its.host, &*its.machine, its.replaced));
        let sentinels = (1..).zip(&self.sentinels);
        servers.chain(sentinels.map(|(n, its)| (format!("sentinel-{n}"), &*its.host, &*its.machine, its.replaced)))
    }

    /// The quorum that a Sentinel goes by.
    pub fn quorum_of(&self, sentinel: &Sentinel) -> u32 {
        let own = sentinel.own.iter().find(|(option, _)| option == "quorum");
        own.and_then(|(_, value)| value.parse().ok()).unwrap_or(self.watch.quorum)
    }

    /// Lets all Sentinels do as [`Watch`] says in this.
    pub fn agree(&mut self, option: &str) {
        for sentinel in &mut self.sentinels {
            sentinel.own.retain(|(name, _)| name != option);
        }
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

fn distinct<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}
