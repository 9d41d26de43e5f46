//! Values for the Redis chart of Bitnami (`sentinel`, `replica`, `master`, `auth`): what the chart makes of them, by its own
//! defaults. The chart itself is not needed and not rendered.

use crate::boot::unknown;
use crate::clients;
use crate::conf::{Conf, Line};
use crate::deployment::{
    Address, Client, ComesBack, Completeness, Config, Deployment, Form, Host, Keeps, Kind, Node as Member, Program,
    Remark, Restart, Seen, Storage, Target,
};
use crate::place::{Place, Traced};
use crate::yaml::{Node, Value};
use std::collections::BTreeMap;

/// The part of a document that holds the values: the document, or what stands under the name of a dependency.
pub fn find(document: &Node) -> Option<(&Node, String)> {
    if looks_like(document) {
        return Some((document, "release-redis".to_owned()));
    }
    let below = document.entries().iter().find(|(_, value)| looks_like(value));
    below.map(|(key, value)| (value, format!("release-{}", key.text().unwrap_or("redis"))))
}

fn looks_like(node: &Node) -> bool {
    let sentinel = node.get("sentinel").is_some_and(Node::is_map);
    let parts = ["replica", "master", "architecture", "replication", "auth", "slave", "cluster"];
    let known = parts.iter().filter(|key| node.get(key).is_some()).count();
    sentinel
        && known >= 1
        && node.get("kind").is_none()
        && node.get("services").is_none()
        && (node.get("replica").is_some() || node.get("master").is_some() || node.get("architecture").is_some())
}

/// Reads values.
pub fn read(file: &str, document: &Node, values: &Node, name: &str) -> Deployment {
    let mut deployment = Deployment {
        form: Form::ChartValues,
        source: file.to_owned(),
        nodes: Vec::new(),
        clients: Vec::new(),
        services: Vec::new(),
        complete: Completeness::Whole,
        missing: Vec::new(),
        unclear: Vec::new(),
        remarks: Vec::new(),
    };
    let on = |path: &[&str], default: bool| values.at(path).and_then(Node::is_true).unwrap_or(default);
    if !on(&["sentinel", "enabled"], false) || values.text_at(&["architecture"]) == Some("standalone") {
        return deployment;
    }
    // With Sentinel, `replicaCount` is the number of all nodes: the master is one of them.
    let count = values.at(&["replica", "replicaCount"]);
    let place = |path: &[&str]| values.at(path).map(|node| node.place.clone());
    let at =
        count.map(|node| node.place.clone()).or_else(|| place(&["sentinel"])).unwrap_or_else(|| values.place.clone());
    let nodes = count.and_then(Node::number).unwrap_or(3).clamp(0, 20);
    let name = values.text_at(&["fullnameOverride"]).unwrap_or(name);
    for ordinal in 0..nodes {
        for kind in [Kind::Redis, Kind::Sentinel] {
            deployment.nodes.push(node(values, name, ordinal, kind, &at));
        }
    }
    let known: Vec<String> = deployment.nodes.iter().map(|node| node.group.clone()).collect();
    listed(document, &known, nodes, &mut deployment);
    deployment
}

fn node(values: &Node, name: &str, ordinal: i64, kind: Kind, at: &Place) -> Member {
    let on = |path: &[&str], default: bool| values.at(path).and_then(Node::is_true).unwrap_or(default);
    let pod = format!("{name}-node-{ordinal}");
    let headless = format!("{pod}.{name}-headless");
    let conf = match kind {
        Kind::Redis => redis(values, ordinal, &format!("{name}-node-0.{name}-headless"), at),
        Kind::Sentinel => sentinel(values, &format!("{name}-node-0.{name}-headless"), at),
    };
    let persistent = on(&["replica", "persistence", "enabled"], true);
    let data = if persistent { Storage::Durable } else { Storage::Pod };
    let preset = values.text_at(&["replica", "podAntiAffinityPreset"]).unwrap_or("soft");
    let affinity = values.at(&["replica", "affinity"]).is_some_and(|node| !node.entries().is_empty());
    let host = match preset {
        _ if affinity => Host::Unknown,
        "hard" => Host::Own(format!("{name}-node")),
        "soft" => Host::Preferred,
        _ => Host::Any,
    };
    let tag = values.at(&["image", "tag"]);
    let version = tag.and_then(Node::text).map(|tag| {
        let mut numbers = tag.split(['.', '-']).map_while(|part| part.parse().ok());
        (numbers.next().unwrap_or(0), numbers.next())
    });
    let image = tag.and_then(Node::text).map(|tag| format!("bitnami/redis:{tag}"));
    Member {
        name: format!("{pod}/{}", if kind == Kind::Redis { "redis" } else { "sentinel" }),
        kind,
        place: at.clone(),
        count: Some(at.clone()),
        group: format!("{name}-node"),
        conf,
        config: Config {
            path: Some(format!("/opt/bitnami/{}.conf", if kind == Kind::Redis { "redis" } else { "sentinel" })),
            // The start script writes both anew, asks the Sentinels for the master and makes the id from the pod's name.
            lies_on: Storage::Pod,
            place: at.clone(),
            survives_restart: true,
            survives_replacement: true,
            stand_in: None,
            volume: None,
            asks: true,
        },
        host,
        address: Address { names: vec![headless, pod], ip_stable: false, name_stable: true, host_network: false },
        data: Keeps { lies_on: data, restart: true, replacement: persistent },
        comes_back: if kind == Kind::Redis { ComesBack::Asks } else { ComesBack::Unknown },
        restart: Restart::Always,
        program: Program {
            image,
            place: tag.map(|tag| tag.place.clone()),
            version,
            protected_off: true,
            official: false,
        },
        published: Vec::new(),
        scripts: BTreeMap::new(),
    }
}

/// Lines with the place of the value they come from.
struct Writer<'v> {
    values: &'v Node,
    at: &'v Place,
    conf: Conf,
}

impl Writer<'_> {
    fn line(&mut self, text: &str, path: &[&str]) {
        let place = self.values.at(path).map_or_else(|| self.at.clone(), |node| node.place.clone());
        self.conf.lines.push(Line::new(text, place));
    }

    fn value(&self, path: &[&str], default: &str) -> String {
        self.values.text_at(path).unwrap_or(default).to_owned()
    }

    fn block(&mut self, path: &[&str], default: &str) {
        let text = match self.values.at(path) {
            Some(Node { value: Value::Text(text, _), .. }) => text.clone(),
            _ => Traced::at(default, self.at),
        };
        self.conf.lines.extend(Conf::of(&text, self.at).lines);
    }

    fn password(&self) -> Option<String> {
        let enabled = self.values.at(&["auth", "enabled"]).and_then(Node::is_true).unwrap_or(true);
        let password = self.values.text_at(&["auth", "password"]).filter(|text| !text.is_empty());
        enabled.then(|| password.map_or_else(|| unknown("password"), str::to_owned))
    }
}

fn redis(values: &Node, ordinal: i64, master: &str, at: &Place) -> Conf {
    let mut to = Writer { values, at, conf: Conf::default() };
    to.line("port 6379", &["replica", "containerPorts", "redis"]);
    to.line("dir /data", &["replica", "persistence"]);
    if let Some(password) = to.password() {
        to.line(&format!("requirepass {password}"), &["auth", "password"]);
        to.line(&format!("masterauth {password}"), &["auth", "password"]);
    }
    to.block(&["commonConfiguration"], "appendonly yes\nsave \"\"");
    to.block(&["replica", "configuration"], "");
    if ordinal > 0 {
        to.line(&format!("replicaof {master} 6379"), &["replica"]);
    }
    to.conf
}

fn sentinel(values: &Node, master: &str, at: &Place) -> Conf {
    let mut to = Writer { values, at, conf: Conf::default() };
    let set = to.value(&["sentinel", "masterSet"], "mymaster");
    let quorum = to.value(&["sentinel", "quorum"], "2");
    to.line("port 26379", &["sentinel", "containerPorts", "sentinel"]);
    to.line("sentinel resolve-hostnames yes", &["sentinel"]);
    to.line("sentinel announce-hostnames yes", &["sentinel"]);
    to.line(&format!("sentinel monitor {set} {master} 6379 {quorum}"), &["sentinel", "quorum"]);
    for (key, directive, default) in [
        ("downAfterMilliseconds", "down-after-milliseconds", "60000"),
        ("failoverTimeout", "failover-timeout", "180000"),
        ("parallelSyncs", "parallel-syncs", "1"),
    ] {
        let value = to.value(&["sentinel", key], default);
        to.line(&format!("sentinel {directive} {set} {value}"), &["sentinel", key]);
    }
    if let Some(password) = to.password() {
        to.line(&format!("sentinel auth-pass {set} {password}"), &["auth", "password"]);
        to.line(&format!("requirepass {password}"), &["auth", "password"]);
    }
    to.block(&["sentinel", "configuration"], "");
    to.conf
}

/// Lists of nodes elsewhere in the values: the clients of the application that the chart belongs to.
fn listed(document: &Node, known: &[String], count: i64, deployment: &mut Deployment) {
    let mut open = vec![document];
    while let Some(node) = open.pop() {
        open.extend(node.entries().iter().map(|(_, value)| value));
        open.extend(node.items());
        let Some(text) = node.text().filter(|text| text.contains("-headless") || text.contains(":26379")) else {
            continue;
        };
        let hosts = clients::hosts(text);
        for host in &hosts {
            let pod = host.split('.').next().unwrap_or("");
            let number = pod.rsplit_once("-node-").and_then(|(_, number)| number.parse::<i64>().ok());
            if number.is_some_and(|number| number >= count) {
                let (name, place) = (host.clone(), node.place.clone());
                deployment.remarks.push(Remark { what: Seen::UnknownHost, name, place });
            }
        }
        let target = Target::Sentinels(hosts);
        let name = known.first().cloned().unwrap_or_default();
        deployment.clients.push(Client { name, place: node.place.clone(), target, master: None, outside: false });
    }
}
