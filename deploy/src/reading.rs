//! From files and folders to deployments: which file is what, and what belongs together.

use crate::clients::Variable;
use crate::compose;
use crate::deployment::{Completeness, Deployment};
use crate::files::{Files, folder, walk};
use crate::hosts;
use crate::k8s::{self, Objects};
use crate::trouble::Trouble;
use crate::values;
use crate::yaml::{self, Node};
use std::collections::BTreeMap;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The deployments, at most one of manifests and one of plain files.
    pub deployments: Vec<Deployment>,
    /// The files that were looked at, with what they are.
    pub files: Vec<(String, What)>,
    /// Configuration files that belong to none of the deployments.
    pub loose: Vec<hosts::File>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
    /// What makes a deployment somewhere else: worth telling where nothing else is found.
    pub elsewhere: Vec<Trouble>,
}

impl Reading {
    /// Whether there is nothing to judge.
    pub fn is_nothing(&self) -> bool {
        self.deployments.is_empty() && self.loose.is_empty()
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A configuration of Sentinel.
    Sentinel,
    /// A configuration of Redis.
    Redis,
    /// Docker Compose.
    Compose,
    /// Kubernetes.
    Kubernetes,
    /// Values of a chart.
    Values,
    /// Variables.
    Env,
    /// A script.
    Script,
    /// Nothing that is known here.
    Other,
}

/// Files by what they are.
#[derive(Default)]
struct Sorted {
    compose: Vec<(String, Node)>,
    objects: Objects,
    values: Vec<(String, Node)>,
    confs: Vec<hosts::File>,
    envs: Vec<String>,
    scripts: Vec<(String, String)>,
}

/// Reads everything below these paths.
pub fn read(files: &dyn Files, roots: &[String]) -> Reading {
    let mut reading = Reading::default();
    let mut sorted = Sorted::default();
    let mut seen: Vec<String> = Vec::new();
    for root in roots {
        let root = root.strip_prefix("./").filter(|rest| !rest.is_empty()).unwrap_or(root).trim_end_matches('/');
        let root = if root.is_empty() { "/" } else { root };
        let (found, troubles) = walk(files, root);
        reading.troubles.extend(troubles);
        for path in found {
            if !seen.contains(&path) {
                seen.push(path.clone());
                sort(files, &path, path == root, &mut reading, &mut sorted);
            }
        }
    }
    assemble(files, &roots.join(" "), sorted, &mut reading);
    reading
}

fn sort(files: &dyn Files, path: &str, named: bool, reading: &mut Reading, sorted: &mut Sorted) {
    let name = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let text = match crate::files::text(files, path) {
        Ok(text) => text,
        Err(trouble) => {
            reading.troubles.push(trouble);
            return;
        }
    };
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let what = if ends(&[".yml", ".yaml", ".json"]) {
        yaml_file(path, &text, named, reading, sorted)
    } else if ends(&[".env"]) {
        sorted.envs.push(path.to_owned());
        What::Env
    } else if ends(&[".sh"]) {
        sorted.scripts.push((path.to_owned(), text));
        What::Script
    } else if text.trim().is_empty() {
        if named {
            reading.troubles.push(Trouble::of_file(path, "is empty"));
        }
        What::Other
    } else {
        match hosts::file(files, path, &text) {
            Some(mut file) => {
                reading.troubles.append(&mut file.circles);
                let what = if file.kind == crate::deployment::Kind::Sentinel { What::Sentinel } else { What::Redis };
                sorted.confs.push(file);
                what
            }
            None => {
                if named {
                    let message = "is neither a configuration of Redis or Sentinel, nor Compose, nor a manifest";
                    reading.troubles.push(Trouble::of_file(path, message));
                }
                What::Other
            }
        }
    };
    reading.files.push((path.to_owned(), what));
}

fn yaml_file(path: &str, text: &str, named: bool, reading: &mut Reading, sorted: &mut Sorted) -> What {
    let template = template(path, text);
    let documents = match yaml::documents(path, text) {
        Ok(documents) => documents,
        Err(trouble) => {
            reading.troubles.push(match template {
                Some(template) => template,
                None if text.contains("{{") => {
                    Trouble::new(trouble.place.clone(), format!("{} (is this a template? {RENDER})", trouble.message))
                }
                None => trouble,
            });
            return What::Other;
        }
    };
    if let Some(template) = template {
        reading.troubles.push(template);
        return What::Other;
    }
    let mut what = What::Other;
    for document in &documents {
        if k8s::is_manifest(document) {
            reading.elsewhere.extend(elsewhere(document));
            sorted.objects.add(document);
            what = What::Kubernetes;
        } else if compose::is_compose(document) {
            if !path.contains(".override.") {
                sorted.compose.push((path.to_owned(), document.clone()));
            }
            what = What::Compose;
        } else if values::find(document).is_some() {
            sorted.values.push((path.to_owned(), document.clone()));
            what = What::Values;
        }
    }
    if what == What::Other && named {
        let message = if documents.is_empty() {
            "is empty"
        } else {
            "is neither Compose, nor a manifest, nor values of a Redis chart"
        };
        reading.troubles.push(Trouble::of_file(path, message));
    }
    what
}

/// What of an object makes servers that are not to be seen in it.
fn elsewhere(document: &Node) -> Option<Trouble> {
    const OPERATED: &[&str] =
        &["RedisFailover", "RedisSentinel", "RedisReplication", "RedisCluster", "Redis", "Valkey"];
    const RENDERED: &[&str] = &["HelmRelease", "HelmChart", "Application"];
    let kind = document.text_at(&["kind"])?;
    let why = if OPERATED.contains(&kind) {
        format!(
            "{kind} is carried out by an operator: give what it makes (`kubectl get statefulset,configmap,service -o yaml`)"
        )
    } else if kind == "Kustomization" {
        "a kustomization is not built here: give the output of `kubectl kustomize`".to_owned()
    } else if RENDERED.contains(&kind) {
        format!("{kind} is rendered elsewhere: give the output of `helm template`")
    } else {
        return None;
    };
    let place = document.entry("kind").map_or_else(|| document.place.clone(), |(key, _)| key.place.clone());
    Some(Trouble::new(place, why))
}

/// Compose files that others include or extend: they are no deployments of their own.
fn parts_of_others(composes: &[(String, Node)]) -> Vec<String> {
    let mut parts = Vec::new();
    for (path, document) in composes {
        let at = folder(path);
        let mut name = |node: Option<&Node>| {
            parts.extend(
                node.and_then(Node::text).map(|name| crate::files::join(&at, name)).filter(|part| part != path),
            );
        };
        for item in document.get("include").map(Node::items).unwrap_or_default() {
            let paths = item.get("path").unwrap_or(item);
            name(Some(paths));
            paths.items().iter().for_each(|path| name(Some(path)));
        }
        for (_, service) in document.get("services").map(Node::entries).unwrap_or_default() {
            name(service.at(&["extends", "file"]));
        }
    }
    parts
}

const RENDER: &str = "give the output of `helm template`; templates are not rendered here";

/// The first place that only a template has.
fn template(path: &str, text: &str) -> Option<Trouble> {
    let marks = [".Values", ".Release", ".Chart", "include ", "define ", "toYaml", "template \""];
    for (line, number) in text.lines().zip(1u32..) {
        for (at, _) in line.match_indices("{{") {
            let inside = line[at + 2..].split("}}").next().unwrap_or("");
            if marks.iter().any(|mark| inside.contains(mark)) {
                let column = u32::try_from(line[..at].chars().count() + 1).unwrap_or(u32::MAX);
                let place = crate::place::Place::new(&path.into(), number, column);
                return Some(Trouble::new(place, format!("is a template that is not rendered: {RENDER}")));
            }
        }
    }
    None
}

fn assemble(files: &dyn Files, source: &str, sorted: Sorted, reading: &mut Reading) {
    let Sorted { compose: composes, objects, values: charts, confs, envs, scripts } = sorted;
    let used = |deployments: &[Deployment]| -> Vec<String> {
        let nodes = deployments.iter().flat_map(|deployment| &deployment.nodes);
        let mut used: Vec<String> =
            nodes.flat_map(|node| node.conf.lines.iter().map(|line| line.place.file.to_string())).collect();
        used.sort();
        used.dedup();
        used
    };
    let all: Vec<String> = confs.iter().map(|file| file.path.clone()).collect();
    let parts = parts_of_others(&composes);
    for (path, document) in composes.iter().filter(|(path, _)| composes.len() == 1 || !parts.contains(path)) {
        // First without stand-ins, to see which files are used; then again if one is missed.
        let mut result = compose::read(files, path, document, &[]);
        if let Ok(deployment) = &result
            && !deployment.missing.is_empty()
        {
            let used = used(std::slice::from_ref(deployment));
            let beside = crate::files::walk(files, &folder(path)).0;
            let spare = all.iter().chain(beside.iter().filter(|path| path.ends_with(".conf")));
            let mut spare: Vec<String> = spare.filter(|path| !used.contains(path)).cloned().collect();
            spare.dedup();
            result = compose::read(files, path, document, &spare);
        }
        match result {
            Ok(mut deployment) => {
                let variables = outside(files, &envs, &deployment);
                let clients = variables.iter().filter_map(|(name, list)| crate::clients::client(name, "", list));
                deployment.clients.extend(clients);
                reading.deployments.push(deployment);
            }
            Err(trouble) => reading.troubles.push(trouble),
        }
    }
    if !objects.0.is_empty() {
        reading.deployments.push(k8s::read(source, &objects));
    }
    for (path, document) in &charts {
        if let Some((values, name)) = values::find(document) {
            reading.deployments.push(values::read(path, document, values, &name));
        }
    }
    reading.deployments.retain(|deployment| {
        !deployment.nodes.is_empty() || !deployment.remarks.is_empty() || !deployment.unclear.is_empty()
    });
    let used = used(&reading.deployments);
    let rest: Vec<hosts::File> = confs.into_iter().filter(|file| !used.contains(&file.path)).collect();
    if reading.deployments.is_empty() {
        let mut confs = rest;
        if confs.is_empty() {
            confs = scripts.iter().flat_map(|(path, text)| hosts::written_by(path, text)).collect();
        }
        if !confs.is_empty() {
            let variables: Vec<(String, Vec<Variable>)> =
                envs.iter().map(|path| (path.clone(), env(files, path))).collect();
            reading.deployments.push(hosts::read(files, source, confs, &variables));
        }
    } else {
        reading.loose = rest;
    }
    reading.deployments.retain(|deployment| {
        !deployment.nodes.is_empty() || !deployment.remarks.is_empty() || !deployment.unclear.is_empty()
    });
    for deployment in &mut reading.deployments {
        if !deployment.unclear.is_empty() {
            deployment.complete = Completeness::Part;
        }
    }
}

/// Files of variables that no service uses: programs outside.
fn outside(files: &dyn Files, envs: &[String], deployment: &Deployment) -> Vec<(String, Vec<Variable>)> {
    let at = folder(&deployment.source);
    let spare = envs.iter().filter(|path| folder(path) == at && !path.ends_with("/.env") && *path != ".env");
    let used = |path: &str| deployment.clients.iter().any(|client| &*client.place.file == path);
    spare.filter(|path| !used(path)).map(|path| (path.clone(), env(files, path))).collect()
}

fn env(files: &dyn Files, path: &str) -> Vec<Variable> {
    let env: BTreeMap<_, _> = compose::env_file(files, path).unwrap_or_default();
    let start = crate::place::Place::start_of(path);
    env.iter().map(|(name, value)| Variable::new(name, value, &start)).collect()
}
