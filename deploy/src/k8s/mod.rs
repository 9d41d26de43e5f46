//! Kubernetes: workloads become pods, pods become containers with their volumes, and what they start becomes nodes.

mod names;
mod objects;
mod pods;
mod volumes;

pub use objects::{Objects, is_manifest};

use crate::boot::{Pod, boot};
use crate::deployment::{Completeness, Deployment, Form, Node as Member, Remark, Restart, Seen, Service};
use crate::place::Place;
use crate::yaml::Node;
use objects::Object;

/// Pods of one workload that are made.
const REPLICAS: i64 = 20;

/// Reads manifests; `source` names what they were read from.
pub fn read(source: &str, objects: &Objects) -> Deployment {
    let mut deployment = Deployment {
        form: Form::Kubernetes,
        source: source.to_owned(),
        nodes: Vec::new(),
        clients: Vec::new(),
        services: Vec::new(),
        complete: Completeness::Whole,
        missing: Vec::new(),
        unclear: Vec::new(),
        remarks: Vec::new(),
    };
    let mut labels: Vec<(Labels, String)> = Vec::new();
    for workload in objects.workloads() {
        add(objects, workload, &mut deployment, &mut labels);
    }
    for service in objects.of_kind("Service") {
        deployment.services.push(self::service(service, &labels));
    }
    // A client is one if it is not a server; it is looked at once the names are known.
    for workload in objects.workloads() {
        pods::clients(objects, workload, &mut deployment);
    }
    names::check(objects, &mut deployment);
    deployment
}

type Labels = Vec<(String, String)>;

fn labels_of(node: Option<&Node>) -> Labels {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned()))).collect()
}

fn service(object: &Object, labels: &[(Labels, String)]) -> Service {
    let selector = labels_of(object.node.at(&["spec", "selector"]));
    let pod = |(name, value): &(String, String), own: &Labels, hostname: &str| match &**name {
        "statefulset.kubernetes.io/pod-name" => value == hostname,
        _ => own.contains(&(name.clone(), value.clone())),
    };
    let selected = labels.iter().enumerate().filter(|(_, (own, hostname))| {
        !selector.is_empty() && selector.iter().all(|wanted| pod(wanted, own, hostname))
    });
    let kind = object.node.at(&["spec", "type"]);
    let outside = kind.and_then(Node::text).is_some_and(|kind| kind == "NodePort" || kind == "LoadBalancer");
    let place = if outside { kind.map(|kind| kind.place.clone()) } else { None };
    Service {
        name: object.name.clone(),
        place: place.unwrap_or_else(|| object.place.clone()),
        headless: object.node.text_at(&["spec", "clusterIP"]) == Some("None"),
        selects: selected.map(|(index, _)| index).collect(),
        outside,
    }
}

fn add(objects: &Objects, workload: &Object, deployment: &mut Deployment, all: &mut Vec<(Labels, String)>) {
    let Some(template) = pods::template(workload) else { return };
    let labels = labels_of(template.at(&["metadata", "labels"]));
    let Some(spec) = template.get("spec") else { return };
    let replicas = match &*workload.kind {
        "Pod" | "DaemonSet" => 1,
        _ => workload.node.at(&["spec", "replicas"]).and_then(Node::number).unwrap_or(1),
    };
    let ordered = workload.kind == "StatefulSet";
    let host = pods::host(workload, spec, &labels);
    let mut servers_here = false;
    let mut first: Option<String> = None;
    for ordinal in 0..replicas.clamp(0, REPLICAS) {
        let hostname = match &*workload.kind {
            "StatefulSet" => format!("{}-{ordinal}", workload.name),
            "Pod" => workload.name.clone(),
            _ => format!("{}-{}", workload.name, char::from(b'a' + (ordinal % 26) as u8)),
        };
        let mut pod: Pod = pods::pod(objects, workload, spec, &hostname, &mut deployment.remarks);
        // The pods of a StatefulSet start one after the other: the first one is the master, and its Sentinel says so.
        pod.answer = first.clone().filter(|_| ordered);
        let (servers, unclear) = boot(&pod);
        let unclear_starts = unclear.iter().len();
        if ordinal == 0 {
            deployment.unclear.extend(unclear);
        }
        let mut servers = servers;
        // An image of Bitnami starts itself, unless it is given a command.
        if servers.is_empty() && unclear_starts == 0 {
            for (index, container) in pod.containers.iter().enumerate() {
                if let Some(mut server) = crate::bitnami::server(container, &pod.disk, false) {
                    server.container = index;
                    servers.push(server);
                }
            }
        }
        let asks = servers.iter().any(|server| server.config.asks);
        let has_sentinel = servers.iter().any(|server| server.kind == crate::deployment::Kind::Sentinel);
        if ordinal == 0 && asks && has_sentinel {
            let address = names::address(objects, workload, &hostname, ordered, spec);
            first = address.names.into_iter().find(|name| name.ends_with(".cluster.local"));
        }
        let several = servers.len() > 1;
        for server in servers {
            servers_here = true;
            let container = &pod.containers[server.container];
            let name = if several { format!("{hostname}/{}", container.name) } else { hostname.clone() };
            all.push((labels.clone(), hostname.clone()));
            deployment.nodes.push(Member {
                name,
                kind: server.kind,
                place: workload.place.clone(),
                count: workload.node.at(&["spec", "replicas"]).map(|replicas| replicas.place.clone()),
                group: workload.name.clone(),
                conf: server.conf,
                config: server.config,
                host: host.clone(),
                address: names::address(objects, workload, &hostname, ordered, spec),
                data: server.data,
                comes_back: server.comes_back,
                restart: Restart::Always,
                program: server.program,
                published: Vec::new(),
                scripts: server.scripts,
            });
        }
    }
    if servers_here {
        remarks(objects, workload, spec, &labels, replicas, deployment);
    }
}

fn remarks(
    objects: &Objects,
    workload: &Object,
    spec: &Node,
    labels: &Labels,
    replicas: i64,
    deployment: &mut Deployment,
) {
    let mut say = |what: Seen, name: &str, place: &Place| {
        deployment.remarks.push(Remark { what, name: name.to_owned(), place: place.clone() });
    };
    let containers = spec.get("containers").map(Node::items).unwrap_or_default();
    if containers.iter().any(|c| c.get("readinessProbe").is_none() && c.get("livenessProbe").is_none()) {
        say(Seen::NoProbes, &workload.name, &workload.place);
    }
    if containers.iter().any(|c| c.at(&["resources", "limits"]).is_none()) {
        say(Seen::NoLimits, &workload.name, &workload.place);
    }
    let budgets = objects.of_kind("PodDisruptionBudget");
    let covered = budgets.into_iter().any(|budget| {
        let selector = labels_of(budget.node.at(&["spec", "selector", "matchLabels"]));
        !selector.is_empty() && selector.iter().all(|label| labels.contains(label))
    });
    if !covered && replicas > 1 {
        say(Seen::NoBudget, &workload.name, &workload.place);
    }
}
