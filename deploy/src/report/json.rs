//! One JSON document.

use super::MODELLED;
use super::patch::patch;
use super::versions::versions;
use crate::deployment::Kind;
use crate::files::Files;
use crate::finding::Finding;
use crate::reading::{Reading, What};
use serde_json::{Value, json};
use splitbrain_model::conf::ConfError;
use splitbrain_model::conf::machine::Paper;
use splitbrain_model::conf::start::{Accepted, Program, Start, start};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The document. `battery` and `changes` are for whoever simulates; they are empty here.
pub fn document(version: &str, files: &dyn Files, reading: &Reading, findings: &[Finding]) -> Value {
    let found: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let patch = patch(files, finding);
            json!({
                "id": finding.id,
                "severity": finding.severity,
                "file": finding.place.file,
                "line": finding.place.line,
                "column": finding.place.column,
                "why": finding.why,
                "fix": finding.fix,
                "patch": if patch.is_empty() { Value::Null } else { Value::String(patch) },
                "demonstrated_by": Value::Null,
            })
        })
        .collect();
    let troubles: Vec<Value> = reading
        .troubles
        .iter()
        .map(|t| json!({"file": t.place.file, "line": t.place.line, "column": t.place.column, "message": t.message}))
        .collect();
    json!({
        "splitbrain": version,
        "modelled": MODELLED,
        "images": versions(reading),
        "files": texts(reading),
        "deployments": reading.deployments,
        "findings": found,
        "troubles": troubles,
        "battery": [],
        "changes": [],
    })
}

/// Every file that is a part of a deployment, and every configuration text with what the program would say to it.
fn texts(reading: &Reading) -> Vec<Value> {
    let mut texts: Vec<Value> = Vec::new();
    for (file, what) in &reading.files {
        if !matches!(what, What::Sentinel | What::Redis | What::Other) {
            texts.push(json!({"file": file, "kind": what, "accepted": true, "error": null, "effective": {}}));
        }
    }
    let names = names(reading);
    let mut seen: Vec<(String, String)> = Vec::new();
    let nodes = reading.deployments.iter().flat_map(|deployment| &deployment.nodes);
    let nodes = nodes.map(|node| (&node.conf, node.kind, node.config.path.as_deref()));
    let loose = reading.loose.iter().map(|file| (&file.conf, file.kind, Some(file.path.as_str())));
    for (text, kind, path) in nodes.chain(loose) {
        let Some(first) = text.lines.first() else { continue };
        let (file, whole) = (first.place.file.to_string(), text.text());
        if seen.contains(&(file.clone(), whole.clone())) {
            continue;
        }
        let result = started(&whole, kind, &names);
        let error = result.as_ref().err().map(|error| {
            let line = text.place(error.line).map(|place| place.line);
            let quoted = text.lines.get(error.line.saturating_sub(1) as usize).map(|line| line.text.trim());
            json!({"line": line, "line_in_config": error.line, "quoted": quoted, "message": error.message})
        });
        let effective = result.as_ref().map_or(Value::Null, |accepted| json!(accepted.effective));
        let kind = if kind == Kind::Sentinel { "sentinel" } else { "redis" };
        texts.push(json!({
            "file": file, "entry": path, "kind": kind, "accepted": result.is_ok(), "error": error,
            "effective": effective,
        }));
        seen.push((file, whole));
    }
    texts
}

/// What the program would say to a text, on a machine that knows the names of the deployment and has nothing else but
/// the folders that the text names.
fn started(text: &str, kind: Kind, names: &BTreeMap<Vec<u8>, IpAddr>) -> Result<Accepted, ConfError> {
    const FILE: &[u8] = b"/conf";
    let files = BTreeMap::from([(FILE.to_vec(), text.as_bytes().to_vec())]);
    let mut paper = Paper { files, names: names.clone(), directory: b"/".to_vec() };
    let program = if kind == Kind::Sentinel { Program::Sentinel } else { Program::Redis };
    start(&Start::with_file(program, FILE), &mut paper)
}

/// An address for every name that means a node.
fn names(reading: &Reading) -> BTreeMap<Vec<u8>, IpAddr> {
    let nodes = reading.deployments.iter().flat_map(|deployment| &deployment.nodes);
    let all = nodes.flat_map(|node| &node.address.names).filter(|name| name.parse::<IpAddr>().is_err());
    all.zip(1u32..)
        .map(|(name, n)| (name.clone().into_bytes(), IpAddr::from((0x0a4d_0000 + n).to_be_bytes())))
        .collect()
}
