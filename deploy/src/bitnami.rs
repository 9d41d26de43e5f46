//! The images of Bitnami: configured by variables, which their start script turns into configuration files.

use crate::boot::{Container, Server, program, repository};
use crate::conf::{Conf, Line};
use crate::container::{Disk, View};
use crate::deployment::{ComesBack, Config, Keeps, Kind, Storage};
use crate::place::Place;
use std::collections::BTreeMap;

/// Where these images keep everything.
const DATA: &str = "/bitnami";

/// The server in a container of such an image that was given no command, or the image's own.
pub fn server(container: &Container, disk: &Disk, keeps_layer: bool) -> Option<Server> {
    let (image, _) = container.image.as_ref()?;
    let name = repository(image);
    if !name.contains("bitnami") {
        return None;
    }
    let kind = match name.rsplit('/').next()? {
        "redis-sentinel" | "valkey-sentinel" => Kind::Sentinel,
        "redis" | "valkey" => Kind::Redis,
        _ => return None,
    };
    let mut disk = disk.clone();
    let view = View { disk: &mut disk, mounts: &container.mounts, layer: format!(":{}", container.name) };
    let (lies_on, mount) = view.storage(DATA);
    let conf = match kind {
        Kind::Sentinel => sentinel(container),
        Kind::Redis => redis(container),
    };
    let (restart, replacement) = match lies_on {
        Storage::Durable => (true, true),
        Storage::Pod => (true, false),
        Storage::Container => (keeps_layer, false),
        _ => (false, false),
    };
    // The script of redis writes its file anew at each start; that of redis-sentinel keeps the one it finds.
    let keeps = kind == Kind::Sentinel;
    let variable = |name: &str| container.env.get(name).and_then(|value| value.start()).cloned();
    let role = variable("REDIS_REPLICATION_MODE").unwrap_or_else(|| container.place.clone());
    let comes_back = match kind {
        Kind::Sentinel => ComesBack::Unknown,
        Kind::Redis if container.env.keys().any(|name| name.contains("SENTINEL_HOST")) => ComesBack::Asks,
        Kind::Redis => ComesBack::AsFirst(role),
    };
    let config = Config {
        path: Some(format!("{DATA}/{}.conf", if keeps { "redis-sentinel/conf/sentinel" } else { "redis" })),
        lies_on: if keeps { lies_on } else { Storage::Container },
        place: mount
            .or_else(|| container.image.as_ref().map(|(_, place)| place.clone()))
            .unwrap_or_else(|| container.place.clone()),
        survives_restart: keeps && restart,
        survives_replacement: keeps && replacement,
        stand_in: None,
        volume: None,
        asks: false,
    };
    let data = Keeps { lies_on, restart, replacement };
    let program = program(container.image.as_ref());
    let scripts = BTreeMap::new();
    Some(Server { container: 0, kind, conf, config, data, comes_back, scripts, program })
}

/// Collects lines, each at the place of its variable.
struct Writer<'c> {
    container: &'c Container,
    conf: Conf,
}

impl Writer<'_> {
    fn get(&self, names: &[&str]) -> Option<(String, Place)> {
        names.iter().find_map(|name| {
            let value = self.container.env.get(*name).filter(|value| !value.is_empty())?;
            let place = value.start().unwrap_or(&self.container.place).clone();
            Some((value.text().to_owned(), place))
        })
    }

    fn value(&self, name: &str, default: &str) -> (String, Place) {
        self.get(&[name]).unwrap_or_else(|| (default.to_owned(), self.container.place.clone()))
    }

    fn line(&mut self, text: &str, place: Place) {
        self.conf.lines.push(Line::new(text, place));
    }
}

fn redis(container: &Container) -> Conf {
    let mut to = Writer { container, conf: Conf::default() };
    let (port, place) = to.value("REDIS_PORT_NUMBER", "6379");
    to.line(&format!("port {port}"), place);
    to.line("dir /bitnami/redis/data", container.place.clone());
    let (aof, place) = to.value("REDIS_AOF_ENABLED", "yes");
    to.line(&format!("appendonly {aof}"), place);
    if let Some((password, place)) = to.get(&["REDIS_PASSWORD"]) {
        to.line(&format!("requirepass {password}"), place.clone());
        // A master gets it as well: it may become a replica.
        let (master, place) = to.get(&["REDIS_MASTER_PASSWORD"]).unwrap_or((password, place));
        to.line(&format!("masterauth {master}"), place);
    } else if let Some((password, place)) = to.get(&["REDIS_MASTER_PASSWORD"]) {
        to.line(&format!("masterauth {password}"), place);
    }
    let mode = to.get(&["REDIS_REPLICATION_MODE"]);
    if mode.as_ref().is_some_and(|(mode, _)| mode == "slave" || mode == "replica")
        && let Some((host, place)) = to.get(&["REDIS_MASTER_HOST"])
    {
        let (port, _) = to.value("REDIS_MASTER_PORT_NUMBER", "6379");
        to.line(&format!("replicaof {host} {port}"), place);
    }
    if let Some((ip, place)) = to.get(&["REDIS_REPLICA_IP"]) {
        to.line(&format!("replica-announce-ip {ip}"), place);
    }
    if let Some((flags, place)) = to.get(&["REDIS_EXTRA_FLAGS"]) {
        for option in flags.split("--").filter(|option| !option.trim().is_empty()) {
            to.line(option.trim(), place.clone());
        }
    }
    to.conf
}

fn sentinel(container: &Container) -> Conf {
    let mut to = Writer { container, conf: Conf::default() };
    let (name, _) = to.value("REDIS_MASTER_SET", "mymaster");
    let (port, place) = to.value("REDIS_SENTINEL_PORT_NUMBER", "26379");
    to.line(&format!("port {port}"), place);
    // Names are resolved unless that is switched off.
    let (resolve, place) = to.value("REDIS_SENTINEL_RESOLVE_HOSTNAMES", "yes");
    to.line(&format!("sentinel resolve-hostnames {resolve}"), place);
    let (announce, place) = to.value("REDIS_SENTINEL_ANNOUNCE_HOSTNAMES", "no");
    to.line(&format!("sentinel announce-hostnames {announce}"), place);
    let (host, place) = to.value("REDIS_MASTER_HOST", "redis");
    let (master_port, _) = to.value("REDIS_MASTER_PORT_NUMBER", "6379");
    let (quorum, quorum_place) = to.value("REDIS_SENTINEL_QUORUM", "2");
    let place = if to.get(&["REDIS_SENTINEL_QUORUM"]).is_some() { quorum_place } else { place };
    to.line(&format!("sentinel monitor {name} {host} {master_port} {quorum}"), place);
    if let Some((password, place)) = to.get(&["REDIS_MASTER_PASSWORD"]) {
        to.line(&format!("sentinel auth-pass {name} {password}"), place);
    }
    for (variable, directive, default) in [
        ("REDIS_SENTINEL_DOWN_AFTER_MILLISECONDS", "down-after-milliseconds", "60000"),
        ("REDIS_SENTINEL_FAILOVER_TIMEOUT", "failover-timeout", "180000"),
    ] {
        let (value, place) = to.value(variable, default);
        to.line(&format!("sentinel {directive} {name} {value}"), place);
    }
    if let Some((password, place)) = to.get(&["REDIS_SENTINEL_PASSWORD"]) {
        to.line(&format!("requirepass {password}"), place);
    }
    if let Some((ip, place)) = to.get(&["REDIS_SENTINEL_ANNOUNCE_IP"]) {
        to.line(&format!("sentinel announce-ip {ip}"), place);
    }
    to.conf
}
