//! From a deployment that has been read to the cluster that the battery plays: who is the master, what lies on which
//! machine, and what a restart makes of everything. What the deployment leaves open is assumed, and said.

use super::cluster::{Back, Cluster, Names, Sentinel, Server, Watch};
use splitbrain_deploy::Conf;
use splitbrain_deploy::conf::Monitor;
use splitbrain_deploy::deployment::{ComesBack, Completeness, Deployment, Form, Host, Kind, Node, Restart};
use splitbrain_deploy::lint::bytes;
use std::collections::BTreeMap;

/// Milliseconds until whatever looks after a process has started it again.
const RESTARTED: u64 = 1_000;
/// Milliseconds until something that was told to end has been replaced.
const REPLACED: u64 = 5_000;
/// Machines that pods are assumed to be spread over, where that is asked for, and where nothing is said.
const SPREAD: usize = 3;
const CLOSE: usize = 2;

/// Masters that are played.
const MOST_MASTERS: usize = 3;

/// The clusters of a deployment, one for each master, or why there is none that could be played.
///
/// # Errors
/// In a sentence without a full stop.
pub fn clusters(deployment: &Deployment) -> Result<Vec<Cluster>, String> {
    let watchers: Vec<&Node> = deployment.nodes.iter().filter(|node| node.is_sentinel()).collect();
    let mut masters: Vec<(&Node, Monitor<'_>)> = Vec::new();
    for node in &watchers {
        for monitor in node.conf.monitors() {
            let same = |known: &Monitor<'_>| {
                known.name == monitor.name || (known.host == monitor.host && known.port == monitor.port)
            };
            if !masters.iter().any(|(_, known)| same(known)) {
                masters.push((node, monitor));
            }
        }
    }
    if masters.is_empty() {
        return Err("no Sentinel of it watches a master".to_owned());
    }
    let several = masters.len();
    let played = masters.into_iter().take(MOST_MASTERS);
    let mut clusters = Vec::new();
    for (watcher, monitor) in played {
        let mut cluster = cluster(deployment, &watchers, watcher, &monitor, several > 1)?;
        if several > MOST_MASTERS {
            cluster.assumed.push(format!("of its {several} masters the first {MOST_MASTERS} are played"));
        }
        clusters.push(cluster);
    }
    Ok(clusters)
}

/// The cluster of one master.
fn cluster(
    deployment: &Deployment,
    watchers: &[&Node],
    watcher: &Node,
    monitor: &Monitor<'_>,
    one_of_several: bool,
) -> Result<Cluster, String> {
    let name = monitor.name.to_owned();
    let mut assumed = Vec::new();
    let machines = Machines::of(deployment, &mut assumed);
    let watch = watch(&watcher.conf, &name, &mut assumed);
    let mut cluster = Cluster {
        servers: servers(deployment, monitor, &machines, one_of_several),
        sentinels: Vec::new(),
        watch,
        names: names(deployment, &watcher.conf),
        fixed_clients: false,
        master: name,
        assumed,
    };
    let mine = watchers.iter().filter(|node| node.conf.monitors().iter().any(|its| its.name == cluster.master));
    cluster.sentinels = mine.map(|node| sentinel(node, deployment.form, &machines)).collect();
    own(&mut cluster, watchers);
    complete(&mut cluster, deployment);
    if cluster.servers.len() > 200 || cluster.sentinels.len() > 200 {
        return Err("it has more than 200 servers or Sentinels".to_owned());
    }
    passwords(&mut cluster, &watcher.conf);
    let unknown = |node: &Node| node.restart == Restart::Unknown;
    if deployment.nodes.iter().any(unknown) {
        cluster.assumed.push("the system starts a process again a second after it has died".to_owned());
    }
    Ok(cluster)
}

/// Servers and Sentinels that a part of a deployment does not show.
fn complete(cluster: &mut Cluster, deployment: &Deployment) {
    let first = |form: Form| match form {
        Form::Hosts => Back::as_it_was(RESTARTED),
        _ => Back { empty: true, as_first: true, ..Back::as_it_was(RESTARTED) },
    };
    let back = first(deployment.form);
    let unseen = deployment.complete == Completeness::Part;
    if cluster.servers.is_empty() {
        let host = "the master's machine".to_owned();
        let settings = settings(&Conf::default());
        let (name, machine) = ("the master".to_owned(), host.clone());
        let memory = memory(&Conf::default());
        let (loose, died, replaced) = (false, back, back);
        cluster.servers.push(Server { name, host, machine, loose, settings, memory, died, replaced });
        cluster.assumed.push("the Redis servers, which are not shown, have the settings of an empty file".to_owned());
    }
    if unseen && cluster.servers.len() < 3 {
        let shown = cluster.servers.len();
        while cluster.servers.len() < 3 {
            let place = cluster.servers.len();
            let like = cluster.servers[0].clone();
            let (name, host) = (format!("a replica {place}"), format!("a machine of replica {place}"));
            cluster.servers.push(Server { name, machine: host.clone(), host, loose: false, ..like });
        }
        cluster.assumed.push(format!("beside the {shown} shown there are replicas like it, three servers in all"));
    }
    let wanted = (2 * cluster.watch.quorum as usize).saturating_sub(1).clamp(3, 7);
    if unseen && cluster.sentinels.len() < wanted && cluster.sentinels.len() < 3 {
        let mut place = cluster.sentinels.len();
        while let (true, Some(like)) = (place < wanted, cluster.sentinels.first().cloned()) {
            place += 1;
            let (name, host) = (format!("a Sentinel {place}"), format!("a machine of Sentinel {place}"));
            cluster.sentinels.push(Sentinel { name, machine: host.clone(), host, loose: false, ..like });
        }
        cluster.assumed.push(format!("there are {wanted} Sentinels with this file, on machines of their own"));
    }
}

fn port(node: &Node) -> u16 {
    node.conf.ports(6379).0
}

/// The servers, the master first; of one master of several only those that follow it.
fn servers(deployment: &Deployment, monitor: &Monitor<'_>, machines: &Machines, one_of_several: bool) -> Vec<Server> {
    let all: Vec<(usize, &Node)> =
        deployment.nodes.iter().enumerate().filter(|(_, node)| node.kind == Kind::Redis).collect();
    let named = |node: &Node| {
        node.answers_to(monitor.host) && monitor.port.parse::<u16>().map_or(true, |its| port(node) == its)
    };
    let leads = |node: &Node| node.conf.replicaof().is_none();
    let master = all
        .iter()
        .find(|(_, node)| named(node))
        .or_else(|| all.iter().find(|(_, node)| node.answers_to(monitor.host)))
        .or_else(|| all.iter().find(|(_, node)| leads(node)))
        .or(all.first())
        .map(|(place, _)| *place);
    // Another server without a master is none of its replicas, unless it finds out when it starts.
    let of_this = |node: &Node| {
        let Some((host, number, _)) = node.conf.replicaof().filter(|_| one_of_several) else { return !leads(node) };
        let its = master.map(|place| &deployment.nodes[place]);
        its.is_some_and(|its| its.answers_to(host) && number.parse::<u16>().map_or(true, |number| number == port(its)))
    };
    let follows =
        |place: usize, node: &Node| Some(place) == master || of_this(node) || node.comes_back == ComesBack::Asks;
    let mut mine: Vec<(usize, &Node)> = all.iter().copied().filter(|(place, node)| follows(*place, node)).collect();
    if mine.len() == 1 && deployment.form != Form::Hosts && !one_of_several {
        mine = all; // Made from one template: who leads is decided at the start.
    }
    mine.sort_by_key(|(place, _)| Some(*place) != master);
    mine.into_iter().map(|(_, node)| server(node, deployment.form, machines)).collect()
}

fn server(node: &Node, form: Form, machines: &Machines) -> Server {
    let as_first = matches!(node.comes_back, ComesBack::AsFirst(_));
    Server {
        name: node.name.clone(),
        host: address(node, form, machines),
        machine: machines.of_node(node),
        loose: is_loose(node, form),
        settings: settings(&node.conf),
        memory: memory(&node.conf),
        died: Back {
            after_ms: died(node.restart),
            as_first: as_first || !node.config.survives_restart,
            empty: !node.data.restart,
            moved: false,
            other_id: false,
        },
        replaced: Back {
            as_first: as_first || !node.config.survives_replacement,
            empty: !node.data.replacement,
            moved: moves(node, form),
            ..Back::as_it_was(REPLACED)
        },
    }
}

fn sentinel(node: &Node, form: Form, machines: &Machines) -> Sentinel {
    let died =
        Back { after_ms: died(node.restart), as_first: !node.config.survives_restart, ..Back::as_it_was(RESTARTED) };
    let replaced =
        Back { as_first: !node.config.survives_replacement, moved: moves(node, form), ..Back::as_it_was(REPLACED) };
    let (host, machine) = (address(node, form, machines), machines.of_node(node));
    let loose = is_loose(node, form);
    Sentinel { name: node.name.clone(), host, machine, loose, own: Vec::new(), died, replaced }
}

/// What has the node's address: its machine, its container, or its pod with all containers in it.
fn address(node: &Node, form: Form, machines: &Machines) -> String {
    match node.address.names.first() {
        Some(name) if form != Form::Hosts && !node.address.host_network => name.clone(),
        _ => machines.of_node(node),
    }
}

/// Whether nothing keeps it from sharing a machine with any other.
fn is_loose(node: &Node, form: Form) -> bool {
    node.host == Host::Any && matches!(form, Form::Kubernetes | Form::ChartValues)
}

/// What Sentinels do otherwise than the first of them.
fn own(cluster: &mut Cluster, watchers: &[&Node]) {
    let of = |conf: &Conf| watch(conf, &cluster.master, &mut Vec::new());
    for its in &mut cluster.sentinels {
        let Some(node) = watchers.iter().find(|node| node.name == its.name) else { continue };
        let (all, own) = (&cluster.watch, of(&node.conf));
        for (option, is, own) in [
            ("quorum", i64::from(all.quorum), i64::from(own.quorum)),
            ("down-after-milliseconds", all.down_after_ms as i64, own.down_after_ms as i64),
            ("failover-timeout", all.failover_timeout_ms as i64, own.failover_timeout_ms as i64),
            ("parallel-syncs", all.parallel_syncs, own.parallel_syncs),
        ] {
            if is != own {
                its.own.push((option.to_owned(), own.to_string()));
            }
        }
    }
}

/// The limit of memory in bytes, and the policy: one that is not modelled is played as the nearest one that is.
fn memory(conf: &Conf) -> (u64, String) {
    let policy = conf.value("maxmemory-policy").unwrap_or("noeviction").to_ascii_lowercase();
    let policy = match &*policy {
        "allkeys-lru" | "allkeys-lfu" => "allkeys-lru",
        "allkeys-random" => "allkeys-random",
        _ => "noeviction",
    };
    (conf.value("maxmemory").and_then(bytes).unwrap_or(0), policy.to_owned())
}

/// Whether a replacement has another address.
fn moves(node: &Node, form: Form) -> bool {
    // A container of Compose gets the address back that it had, as a rule.
    matches!(form, Form::Kubernetes | Form::ChartValues) && !node.address.ip_stable && !node.address.host_network
}

fn died(restart: Restart) -> Option<u64> {
    match restart {
        Restart::Always | Restart::OnFailure | Restart::Unknown => Some(RESTARTED),
        Restart::Never => None,
    }
}

/// Which machine every node runs on.
struct Machines {
    names: BTreeMap<String, String>,
}

impl Machines {
    fn of(deployment: &Deployment, assumed: &mut Vec<String>) -> Machines {
        let mut names = BTreeMap::new();
        let mut places: BTreeMap<(&str, Kind), usize> = BTreeMap::new();
        let mut spread = None;
        for node in &deployment.nodes {
            let place = places.entry((&node.group, node.kind)).or_default();
            let host = match (&node.host, deployment.form) {
                (Host::Named(name), _) => name.clone(),
                (Host::Own(group), _) => format!("{group}, machine {}", *place + 1),
                (Host::Any | Host::Preferred, Form::Kubernetes | Form::ChartValues) => {
                    let machines = if node.host == Host::Any { CLOSE } else { SPREAD };
                    spread = Some(machines);
                    format!("machine {}", *place % machines + 1)
                }
                _ => node.name.clone(),
            };
            *place += 1;
            names.insert(node.name.clone(), host);
        }
        match spread {
            Some(SPREAD) => assumed.push(format!("the pods are spread over {SPREAD} machines, as is asked for")),
            Some(_) => assumed.push(format!("nothing keeps the pods apart: they are on {CLOSE} machines")),
            None => {}
        }
        Machines { names }
    }

    fn of_node(&self, node: &Node) -> String {
        self.names.get(&node.name).cloned().unwrap_or_else(|| node.name.clone())
    }
}

/// How the Sentinels watch the master, by the file of one of them. What Redis would refuse is played with its default.
fn watch(conf: &Conf, name: &str, assumed: &mut Vec<String>) -> Watch {
    let mut number = |what: &str, default: u64| {
        let Some(line) = conf.of_master(what, name) else { return default };
        let text = line.words.get(3).map_or("", String::as_str);
        text.parse().ok().filter(|number| *number > 0).unwrap_or_else(|| {
            assumed.push(format!("`{what}` is {default}, for `{text}` is not a number above 0"));
            default
        })
    };
    let (down_after_ms, failover_timeout_ms) =
        (number("down-after-milliseconds", 30_000), number("failover-timeout", 180_000));
    let parallel_syncs = number("parallel-syncs", 1).min(1000) as i64;
    let quorum = conf.monitors().iter().find(|its| its.name == name).and_then(|its| its.quorum.parse().ok());
    let quorum = quorum.filter(|quorum| (1..=2_147_483_647).contains(quorum)).unwrap_or_else(|| {
        assumed.push("the quorum is 2, for what is written is not a number above 0".to_owned());
        2
    });
    let others = ["resolve-hostnames", "announce-hostnames"].into_iter().filter(|what| conf.sentinel_yes(what));
    Watch {
        quorum,
        down_after_ms,
        failover_timeout_ms,
        parallel_syncs,
        others: others.map(|key| (key.to_owned(), "true".to_owned())).collect(),
    }
}

/// Passwords matter where servers have some: those that do not fit keep the cluster from working.
fn passwords(cluster: &mut Cluster, conf: &Conf) {
    if !cluster.servers.iter().any(|server| server.setting("requirepass").is_some()) {
        return;
    }
    // A server without a password of its own has none, whatever Sentinel was told.
    for server in &mut cluster.servers {
        for key in ["requirepass", "masterauth"] {
            if server.setting(key).is_none() {
                server.set(key, "\"\"");
            }
        }
    }
    for what in ["auth-pass", "auth-user"] {
        if let Some(line) = conf.of_master(what, &cluster.master) {
            let text = line.words.get(3).map_or("", String::as_str);
            cluster.watch.others.push((what.to_owned(), quoted(text)));
        }
    }
}

fn names(deployment: &Deployment, conf: &Conf) -> Names {
    let by_name = conf.sentinel_yes("resolve-hostnames") && conf.sentinel_yes("announce-hostnames");
    match (by_name, deployment.form) {
        (false, _) => Names::Addresses,
        (true, Form::Compose) => Names::Vanishing,
        (true, _) => Names::Lasting,
    }
}

/// What kind of value a directive has.
#[derive(Clone, Copy)]
enum Value {
    YesNo,
    Number,
    Bytes,
    Word,
}

/// Directives of a server that matter to a failover.
const KNOWN: &[(&str, Value)] = &[
    ("requirepass", Value::Word),
    ("masterauth", Value::Word),
    ("masteruser", Value::Word),
    ("replica-priority", Value::Number),
    ("replica-announced", Value::YesNo),
    ("replica-serve-stale-data", Value::YesNo),
    ("replica-read-only", Value::YesNo),
    ("min-replicas-to-write", Value::Number),
    ("min-replicas-max-lag", Value::Number),
    ("repl-timeout", Value::Number),
    ("repl-ping-replica-period", Value::Number),
    ("repl-backlog-size", Value::Bytes),
    ("repl-backlog-ttl", Value::Number),
    ("repl-diskless-sync", Value::YesNo),
    ("repl-diskless-sync-delay", Value::Number),
    ("appendonly", Value::YesNo),
    ("appendfsync", Value::Word),
    ("stop-writes-on-bgsave-error", Value::YesNo),
    ("shutdown-timeout", Value::Number),
];

/// When snapshots are written unless the file says otherwise.
const SAVE: &str = "3600 1 300 100 60 10000";

/// The directives as keys and values of a scenario file.
fn settings(conf: &Conf) -> Vec<(String, String)> {
    let mut settings = vec![("save".to_owned(), quoted(&save(conf)))];
    for (name, kind) in KNOWN {
        let Some(text) = conf.value(name) else { continue };
        let value = match kind {
            Value::YesNo => conf.is_yes(name).map(|yes| yes.to_string()),
            Value::Number => text.parse::<u32>().ok().filter(|number| *number <= 2_147_483_647).map(|n| n.to_string()),
            Value::Bytes => Some(quoted(&text.to_ascii_lowercase())),
            Value::Word if text.is_empty() => None,
            Value::Word => Some(quoted(text)),
        };
        settings.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    settings
}

/// The points at which snapshots are written: an empty one clears those before it.
fn save(conf: &Conf) -> String {
    let mut all: Option<Vec<&str>> = None;
    for line in conf.directives().filter(|line| line.words[0] == "save") {
        let points = all.get_or_insert_default();
        match line.args() {
            [one] if one.is_empty() => points.clear(),
            args => points.extend(args.iter().flat_map(|word| word.split_whitespace())),
        }
    }
    all.map_or_else(|| SAVE.to_owned(), |points| points.join(" "))
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
