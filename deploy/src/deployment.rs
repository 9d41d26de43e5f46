//! What a deployment is once it has been read: nodes with their configuration and what becomes of it when they are
//! started again. Plain data; says nothing about whether it is good.

use crate::conf::Conf;
use crate::place::Place;
use serde::Serialize;
use std::collections::BTreeMap;

/// How a deployment is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Configuration files, a folder per host or all in one.
    Hosts,
    /// Docker Compose.
    Compose,
    /// Kubernetes manifests, rendered charts among them.
    Kubernetes,
    /// Values for the Redis chart of Bitnami.
    ChartValues,
}

/// A deployment: the processes, and who talks to them.
#[derive(Clone, Debug, Serialize)]
pub struct Deployment {
    /// How it is written down.
    pub form: Form,
    /// The file or folder that it was read from.
    pub source: String,
    /// Redis servers and Sentinels, in the order of the files.
    pub nodes: Vec<Node>,
    /// Programs that use Redis, as far as they can be seen.
    pub clients: Vec<Client>,
    /// Names that something else than a node answers to: services, and what they select.
    pub services: Vec<Service>,
    /// How much of it can be seen.
    pub complete: Completeness,
    /// Files that it names and that are not there.
    pub missing: Vec<Missing>,
    /// Starts of containers that were not understood: what they run is not known.
    pub unclear: Vec<Place>,
    /// Things that manifests name and do not define, and others that concern no single node.
    pub remarks: Vec<Remark>,
}

/// A file that a deployment names and that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Its path.
    pub path: String,
    /// Where it is named.
    pub place: Place,
    /// The file that was read in its place.
    pub stand_in: Option<String>,
}

/// What a reader saw that concerns no single node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What it is.
    pub what: Seen,
    /// What it is about.
    pub name: String,
    /// Where.
    pub place: Place,
}

/// Kinds of remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Something uses the name of a service that is not defined.
    UndefinedService,
    /// A StatefulSet names a governing service that is not defined.
    UndefinedGoverningService,
    /// A Secret that is not defined here.
    UndefinedSecret,
    /// A service account that pods run under is not among these manifests.
    UndefinedServiceAccount,
    /// Containers without probes.
    NoProbes,
    /// Containers without limits of resources.
    NoLimits,
    /// Pods without a budget for disruptions.
    NoBudget,
    /// A server is waited for by its start alone.
    DependsOnStart,
    /// Redis Cluster: not what Sentinel watches.
    Cluster,
    /// A path that a document asks for does not fit what it says elsewhere (hosts of a chart's clients).
    UnknownHost,
}

/// How much of a deployment is there to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completeness {
    /// All nodes: Compose, manifests, a folder per host.
    Whole,
    /// Some: a file or two of a deployment whose other hosts are not shown. Nothing follows from what is missing.
    Part,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// redis-server.
    Redis,
    /// redis-sentinel.
    Sentinel,
}

/// One process of Redis or Sentinel.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// Its name: service, pod, or file.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The object that makes it: the service's key, the manifest's `kind`, the first line of the file.
    pub place: Place,
    /// Where the number of nodes of its group is said, if it is.
    pub count: Option<Place>,
    /// The object it belongs to together with others of the same kind: a StatefulSet, a scaled service.
    pub group: String,
    /// Configuration as the process has it at its very first start.
    pub conf: Conf,
    /// Where the configuration lives and what becomes of it.
    pub config: Config,
    /// The machine it runs on.
    pub host: Host,
    /// How others reach it.
    pub address: Address,
    /// What becomes of its data.
    pub data: Keeps,
    /// In which role it comes back after a failover.
    pub comes_back: ComesBack,
    /// Whether something starts it again when it has died.
    pub restart: Restart,
    /// What is known of the program.
    pub program: Program,
    /// Ports that are reached from outside by another address.
    pub published: Vec<Published>,
    /// Scripts that a Sentinel shall run.
    pub scripts: BTreeMap<String, ScriptFile>,
}

/// What is known of a script that a Sentinel shall run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptFile {
    /// It is there and may be executed; whether its interpreter can be there.
    Runs(bool),
    /// It is there without the execute bit; whether its interpreter can be there.
    NotExecutable(bool),
    /// It is not there.
    Missing,
    /// Cannot be seen from here.
    Unseen,
}

impl Node {
    /// Whether it is a Sentinel.
    pub fn is_sentinel(&self) -> bool {
        self.kind == Kind::Sentinel
    }

    /// Whether a name or address means this node.
    pub fn answers_to(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.address.names.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            let rest = host.strip_prefix(&name).filter(|_| name.parse::<std::net::IpAddr>().is_err());
            match rest {
                Some("") => true,
                // A name of a cluster, with the namespace and what follows.
                Some(rest) if name.contains('.') && rest.starts_with('.') => {
                    let rest = rest.strip_suffix(".cluster.local").unwrap_or(rest);
                    !rest.strip_suffix(".svc").unwrap_or(rest)[1..].contains('.')
                }
                _ => name == host,
            }
        })
    }
}

/// Where a configuration lives.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// The path given to the program; `None` where all is said on the command line.
    pub path: Option<String>,
    /// What the file lies on.
    pub lies_on: Storage,
    /// What made `lies_on` so: the mount, the volume, the command.
    pub place: Place,
    /// Whether what the process writes into it is there after a restart of the same container or process.
    pub survives_restart: bool,
    /// Whether it is there when the container or pod was replaced by another one.
    pub survives_replacement: bool,
    /// A file that the deployment names and that is not there; another one was read in its place.
    pub stand_in: Option<String>,
    /// The volume and the path in it that others may share; containers only.
    pub volume: Option<String>,
    /// The start asks the Sentinels for the master.
    pub asks: bool,
}

/// What a file or a folder lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    /// A disk that stays: a host's file system, a named volume, a claim.
    Durable,
    /// The layer of the container: survives a restart, not a replacement. In a pod not even a restart.
    Container,
    /// A folder that lives as long as the pod, or an anonymous volume.
    Pod,
    /// Memory: gone with every restart.
    Memory,
    /// Cannot be written: a ConfigMap, a Secret, `:ro`.
    ReadOnly,
    /// A single file mounted on its own: can be written, but not replaced by a rename.
    SingleFile,
    /// There is no file.
    None,
}

/// Whether something written is still there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Keeps {
    /// What it lies on.
    pub lies_on: Storage,
    /// After a restart of the same container or process.
    pub restart: bool,
    /// After the container or pod was replaced.
    pub replacement: bool,
}

/// In which role a Redis server comes back when it is started again after a failover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComesBack {
    /// As it was when it stopped: CONFIG REWRITE has saved the role.
    AsItWas,
    /// In the role of its first start: the command line or a file that is written anew says so. The place is what fixes it.
    AsFirst(Place),
    /// It asks the Sentinels.
    Asks,
    /// Not to be seen (not a Redis server, or started by something that was not understood).
    Unknown,
}

/// The machine a process runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "name")]
pub enum Host {
    /// This one.
    Named(String),
    /// One of its own for each node of the group: a required rule keeps them apart.
    Own(String),
    /// One of its own if there is room: a preferred rule keeps them apart.
    Preferred,
    /// Any: nothing keeps it from sharing a machine with any other.
    Any,
    /// Nothing is said.
    Unknown,
}

/// How a node is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Address {
    /// Names and addresses that mean this node alone, numbers as well.
    pub names: Vec<String>,
    /// Whether it has the same number again after a restart.
    pub ip_stable: bool,
    /// Whether it has the same name again after a restart.
    pub name_stable: bool,
    /// Shares the network of the host.
    pub host_network: bool,
}

/// Whether something starts a process again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Always.
    Always,
    /// After a failure only.
    OnFailure,
    /// Nothing does.
    Never,
    /// Not to be seen: a host's init system.
    Unknown,
}

/// The program behind a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Program {
    /// The image as written.
    pub image: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// Its version as far as the tag tells.
    pub version: Option<(u32, Option<u32>)>,
    /// Built so that protected mode is off unless asked for: the official images.
    pub protected_off: bool,
    /// Nothing but Redis is in it: an official image.
    pub official: bool,
}

/// A port that is reached from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The port on the outside.
    pub outside: u16,
    /// The port in the container.
    pub inside: u16,
    /// Bound to the loopback of the host.
    pub loopback: bool,
    /// Where it is said.
    pub place: Place,
}

/// A program that uses Redis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Where its address is said.
    pub place: Place,
    /// What it connects to.
    pub target: Target,
    /// The name of the master it asks for, if any.
    pub master: Option<(String, Place)>,
    /// Runs outside of the network of the deployment.
    pub outside: bool,
}

/// What a client connects to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "hosts")]
pub enum Target {
    /// Sentinels: hosts.
    Sentinels(Vec<String>),
    /// One address of Redis.
    Redis(String),
    /// Nothing of this deployment.
    Other,
}

/// A name in front of nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Its name, as others in the namespace use it.
    pub name: String,
    /// Where it is defined.
    pub place: Place,
    /// Without an address of its own: names its nodes.
    pub headless: bool,
    /// The nodes it selects, as indices.
    pub selects: Vec<usize>,
    /// Reached from outside of the cluster (NodePort, LoadBalancer).
    pub outside: bool,
}
