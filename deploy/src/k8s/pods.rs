//! A pod from its template: containers, environment, and what keeps it from sharing a machine.

use super::objects::{Object, Objects};
use super::{Labels, labels_of, volumes};
use crate::boot::{Container, Pod, repository, unknown};
use crate::clients::{Variable, client, from_command};
use crate::deployment::{Deployment, Host, Remark, Seen};
use crate::place::{Place, Traced};
use crate::yaml::Node;
use std::collections::BTreeMap;

/// The template of the pods of a workload.
pub(super) fn template(workload: &Object) -> Option<&Node> {
    if workload.kind == "Pod" { Some(&workload.node) } else { workload.node.at(&["spec", "template"]) }
}

/// A pod.
pub(super) fn pod(objects: &Objects, workload: &Object, spec: &Node, hostname: &str, remarks: &mut Vec<Remark>) -> Pod {
    let disk = volumes::disk(objects, workload, spec);
    let all = |key: &str| -> Vec<Node> { spec.get(key).map(Node::items).unwrap_or_default().to_vec() };
    let mut build = |node: &Node| container(objects, workload, &disk, node, hostname, remarks);
    // An init container that is restarted for ever is a side car.
    let (side_cars, inits): (Vec<Node>, Vec<Node>) =
        all("initContainers").into_iter().partition(|node| node.text_at(&["restartPolicy"]) == Some("Always"));
    let inits = inits.iter().map(&mut build).collect();
    let containers = all("containers").iter().chain(&side_cars).map(&mut build).collect();
    Pod { hostname: hostname.to_owned(), disk, inits, containers, answer: None, keeps_layer: false }
}

fn container(
    objects: &Objects,
    workload: &Object,
    disk: &crate::container::Disk,
    node: &Node,
    hostname: &str,
    remarks: &mut Vec<Remark>,
) -> Container {
    let variables = environment(objects, workload, node, hostname, remarks);
    let env: BTreeMap<String, Traced> =
        variables.iter().map(|v| (v.name.clone(), Traced::at(v.value.clone(), &v.place))).collect();
    let image = node.get("image").and_then(|image| Some((image.text()?.to_owned(), image.place.clone())));
    let words = |key: &str| -> Vec<Traced> {
        let items = node.get(key).map(Node::items).unwrap_or_default();
        items.iter().filter_map(Node::traced).map(|text| dollar(text, &env)).collect()
    };
    let place = node.entry("command").or_else(|| node.entry("args"));
    let argv_place = place.map_or_else(|| node.place.clone(), |(key, _)| key.place.clone());
    let (command, args) = (words("command"), words("args"));
    let redis = image.as_ref().is_some_and(|(image, _)| {
        let last = repository(image).rsplit('/').next().unwrap_or("");
        last.contains("redis") || last.contains("valkey")
    });
    let argv = match (command.is_empty(), args.is_empty()) {
        (true, false) if redis => {
            let mut entry = Traced::default();
            entry.push("docker-entrypoint.sh", args[0].start());
            std::iter::once(entry).chain(args).collect()
        }
        _ => command.into_iter().chain(args).collect(),
    };
    Container {
        name: node.text_at(&["name"]).unwrap_or("container").to_owned(),
        place: node.place.clone(),
        argv,
        argv_place,
        env,
        mounts: volumes::mounts(disk, node),
        image,
    }
}

/// `$(NAME)` as Kubernetes replaces it in commands.
fn dollar(text: &Traced, env: &BTreeMap<String, Traced>) -> Traced {
    let source = text.text();
    let mut out = Traced::default();
    let mut at = 0;
    while let Some(found) = source[at..].find("$(") {
        let start = at + found;
        let Some(length) = source[start + 2..].find(')') else { break };
        let name = &source[start + 2..start + 2 + length];
        out.append_range(text, at, start);
        match env.get(name) {
            Some(value) => out.push(value.text(), text.place(start)),
            None => out.append_range(text, start, start + 3 + length),
        }
        at = start + 3 + length;
    }
    out.append_range(text, at, source.len());
    out
}

fn environment(
    objects: &Objects,
    workload: &Object,
    container: &Node,
    hostname: &str,
    remarks: &mut Vec<Remark>,
) -> Vec<Variable> {
    let mut variables: Vec<Variable> = Vec::new();
    for source in container.get("envFrom").map(Node::items).unwrap_or_default() {
        for (key, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
            let Some(name) = source.text_at(&[key, "name"]) else { continue };
            let Some(object) = objects.find(kind, name) else { continue };
            for (name, text) in volumes::texts(object) {
                variables.push(Variable::new(&name, &text, &source.place));
            }
        }
    }
    for item in container.get("env").map(Node::items).unwrap_or_default() {
        let Some(name) = item.text_at(&["name"]) else { continue };
        let value = match item.get("value") {
            Some(value) => value.traced().cloned().unwrap_or_default(),
            None => reference(objects, workload, item, hostname, remarks),
        };
        let known: BTreeMap<String, Traced> =
            variables.iter().map(|v| (v.name.clone(), Traced::at(v.value.clone(), &v.place))).collect();
        let value = dollar(&value, &known);
        variables.retain(|known| known.name != name);
        variables.push(Variable::new(name, &value, &item.place));
    }
    variables
}

fn reference(objects: &Objects, workload: &Object, item: &Node, hostname: &str, remarks: &mut Vec<Remark>) -> Traced {
    let at = |text: &str, place: &Place| Traced::at(text, place);
    for (key, kind) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
        let Some(from) = item.at(&["valueFrom", key]) else { continue };
        let (object, entry) = (from.text_at(&["name"]).unwrap_or(""), from.text_at(&["key"]).unwrap_or(""));
        let found = objects.find(kind, object);
        if found.is_none() && kind == "Secret" {
            let remark = Remark { what: Seen::UndefinedSecret, name: object.to_owned(), place: from.place.clone() };
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
        let text = found.and_then(|found| volumes::texts(found).into_iter().find(|(name, _)| name == entry));
        return text.map_or_else(|| at(&unknown(&format!("{object}/{entry}")), &item.place), |(_, text)| text);
    }
    let field = item.text_at(&["valueFrom", "fieldRef", "fieldPath"]).unwrap_or("");
    let text = match field {
        "metadata.name" => hostname.to_owned(),
        "metadata.namespace" => workload.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        other => unknown(other),
    };
    at(&text, &item.place)
}

/// What keeps the pods of a workload apart.
pub(super) fn host(workload: &Object, spec: &Node, labels: &Labels) -> Host {
    if workload.kind == "DaemonSet" {
        return Host::Own(workload.name.clone());
    }
    if let Some(name) =
        spec.text_at(&["nodeName"]).or_else(|| spec.text_at(&["nodeSelector", "kubernetes.io/hostname"]))
    {
        return Host::Named(name.to_owned());
    }
    let rule = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = spec.at(&["affinity", "podAntiAffinity", rule]).map(Node::items).unwrap_or_default();
    let selects = |selector: Option<&Node>| {
        let Some(selector) = selector else { return false };
        let wanted = labels_of(selector.get("matchLabels"));
        let expressions = selector.get("matchExpressions").map(Node::items).unwrap_or_default();
        let holds = |expression: &Node| {
            let key = expression.text_at(&["key"]).unwrap_or("");
            let own = labels.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
            let values = expression.get("values").map(Node::items).unwrap_or_default();
            let listed = own.is_some_and(|own| values.iter().any(|value| value.text() == Some(own)));
            match expression.text_at(&["operator"]) {
                Some("In") => listed,
                Some("NotIn") => !listed,
                Some("Exists") => own.is_some(),
                _ => own.is_none(),
            }
        };
        wanted.iter().all(|label| labels.contains(label)) && expressions.iter().all(holds)
    };
    let apart = terms.iter().any(|term| {
        let topology = term.text_at(&["topologyKey"]).unwrap_or("");
        let machine = topology.ends_with("hostname") || topology.contains("zone");
        machine && selects(term.get("labelSelector"))
    });
    let spreads = spec.get("topologySpreadConstraints").map(Node::items).unwrap_or_default();
    let spread = spreads.iter().any(|spread| {
        let topology = spread.text_at(&["topologyKey"]).unwrap_or("");
        let machine = topology.ends_with("hostname") || topology.contains("zone");
        let soft = spread.text_at(&["whenUnsatisfiable"]) == Some("ScheduleAnyway");
        let tight = spread.get("maxSkew").and_then(Node::number).unwrap_or(1) == 1;
        machine && !soft && tight && selects(spread.get("labelSelector"))
    });
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    let wished = spec.at(&["affinity", "podAntiAffinity", preferred]).map(Node::items).unwrap_or_default().iter();
    let wished = wished.filter_map(|wish| wish.get("podAffinityTerm")).any(|term| selects(term.get("labelSelector")));
    match apart || spread {
        true => Host::Own(workload.name.clone()),
        false if wished || !spreads.is_empty() => Host::Preferred,
        false => Host::Any,
    }
}

/// Adds the programs of a workload that use Redis.
pub(super) fn clients(objects: &Objects, workload: &Object, deployment: &mut Deployment) {
    if deployment.nodes.iter().any(|node| node.group == workload.name && node.place == workload.place) {
        return;
    }
    let Some(spec) = template(workload).and_then(|template| template.get("spec")) else { return };
    for container in spec.get("containers").map(Node::items).unwrap_or_default() {
        let mut ignored = Vec::new();
        let mut variables = environment(objects, workload, container, &workload.name, &mut ignored);
        for key in ["command", "args"] {
            let words = container.get(key).map(Node::items).unwrap_or_default().iter().filter_map(Node::traced);
            variables.extend(from_command(words, &container.place));
        }
        let image = container.text_at(&["image"]).unwrap_or("");
        deployment.clients.extend(client(&workload.name, image, &variables));
    }
}
