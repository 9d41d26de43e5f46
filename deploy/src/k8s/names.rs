//! Names in a cluster: what a pod and a service are called, and names that mean nothing.

use super::objects::{Object, Objects};
use crate::deployment::{Address, Deployment, Remark, Seen};
use crate::place::Place;
use crate::yaml::Node;

/// How a pod is reached.
pub(super) fn address(objects: &Objects, workload: &Object, hostname: &str, ordered: bool, spec: &Node) -> Address {
    let governing = workload.node.text_at(&["spec", "serviceName"]).filter(|_| ordered);
    let defined = governing.filter(|name| objects.find("Service", name).is_some());
    let mut names = vec![];
    if let Some(service) = defined {
        names = endings(&format!("{hostname}.{service}"), workload.namespace.as_deref());
        names.push(hostname.to_owned());
    }
    let host_network = spec.get("hostNetwork").and_then(Node::is_true).unwrap_or(false);
    Address { name_stable: !names.is_empty(), names, ip_stable: host_network, host_network }
}

/// A name with the endings that mean the same.
fn endings(name: &str, namespace: Option<&str>) -> Vec<String> {
    let namespace = namespace.unwrap_or("default");
    let cluster = format!("{name}.{namespace}.svc.cluster.local");
    vec![
        name.to_owned(),
        format!("{name}.{namespace}"),
        format!("{name}.{namespace}.svc"),
        format!("{cluster}."),
        cluster,
    ]
}

/// Names that are used and that nothing answers to.
pub(super) fn check(objects: &Objects, deployment: &mut Deployment) {
    for workload in objects.workloads() {
        if !deployment.nodes.iter().any(|node| node.place == workload.place) {
            continue;
        }
        let mut look = |path: &[&str], kind: &str, what: Seen| {
            let Some(name) = workload.node.at(path) else { return };
            if let Some(text) = name.text().filter(|text| objects.find(kind, text).is_none()) {
                let remark = Remark { what, name: text.to_owned(), place: name.place.clone() };
                deployment.remarks.push(remark);
            }
        };
        look(&["spec", "serviceName"], "Service", Seen::UndefinedGoverningService);
        let template: &[&str] = if workload.kind == "Pod" { &[] } else { &["spec", "template"] };
        let account = [template, &["spec", "serviceAccountName"]].concat();
        if workload.node.text_at(&account) != Some("default") {
            look(&account, "ServiceAccount", Seen::UndefinedServiceAccount);
        }
    }
    let mut used: Vec<(String, Place)> = Vec::new();
    for node in &deployment.nodes {
        let monitors = node.conf.monitors();
        let follows = node.conf.replicaof().map(|(host, _, line)| (host, line));
        let names = monitors.iter().map(|monitor| (monitor.host, monitor.line)).chain(follows);
        for (host, line) in names {
            let pair = (host.to_owned(), line.place.clone());
            if !used.contains(&pair) {
                used.push(pair);
            }
        }
    }
    for (host, place) in used {
        if !resolves(objects, deployment, &host) {
            deployment.remarks.push(Remark { what: Seen::UndefinedService, name: host, place });
        }
    }
}

/// Whether a name means something in the cluster, or something outside of it.
fn resolves(objects: &Objects, deployment: &Deployment, host: &str) -> bool {
    let plain = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let numbers = host.parse::<std::net::IpAddr>().is_ok() || crate::clients::is_loopback(host);
    if !plain || numbers || deployment.nodes.iter().any(|node| node.answers_to(host)) {
        return true;
    }
    let services = objects.of_kind("Service");
    let is_service = |name: &str| services.iter().any(|service| service.name == name);
    let host = host.trim_end_matches('.');
    let inner = host.strip_suffix(".cluster.local").unwrap_or(host);
    let inner =
        inner.strip_suffix(".svc").map_or(inner, |inner| inner.rsplit_once('.').map_or(inner, |(name, _)| name));
    let labels: Vec<&str> = inner.split('.').collect();
    let ours = |name: &str| {
        let pods = objects.workloads();
        pods.iter().any(|workload| name.strip_prefix(&workload.name).is_some_and(|rest| rest.starts_with('-')))
    };
    match labels[..] {
        [service] => is_service(service),
        // `pod.service`, `service.namespace`, or a name outside of the cluster.
        [first, second] => {
            let inside = ours(first) || is_service(second) || host.ends_with(".svc.cluster.local");
            is_service(first) || !(inside || is_server_like(first, objects))
        }
        [first, ..] => !ours(first),
        [] => true,
    }
}

/// Whether a name looks like that of a pod of these manifests, whose pods have no names.
fn is_server_like(first: &str, objects: &Objects) -> bool {
    objects.workloads().iter().any(|workload| workload.name == first)
}
