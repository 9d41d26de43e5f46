//! Holds the findings against folders that say what is expected of them (`expected.json`): precision and recall per rule.
//!
//! `cargo run -p splitbrain-deploy --example measure -- FOLDER…`; a folder without `expected.json` is only told.

use serde_json::Value;
use splitbrain_deploy::{Disk, Severity, findings, read};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Default)]
struct Count {
    found: u32,
    line: u32,
    missed: u32,
    wrong: u32,
}

fn main() {
    let mut rules: BTreeMap<String, Count> = BTreeMap::new();
    for root in std::env::args().skip(1) {
        let mut folders: Vec<String> = match std::fs::read_dir(&root) {
            Ok(entries) => entries.flatten().map(|entry| entry.path().display().to_string()).collect(),
            Err(error) => {
                eprintln!("{root}: {error}");
                continue;
            }
        };
        folders.retain(|folder| Path::new(folder).is_dir());
        folders.sort();
        if folders.is_empty() || Path::new(&format!("{root}/expected.json")).exists() {
            folders = vec![root];
        }
        for folder in folders {
            measure(&folder, &mut rules);
        }
    }
    println!("\n{:<42} {:>5} {:>5} {:>6} {:>5}", "rule", "found", "line", "missed", "false");
    for (id, count) in &rules {
        println!("{id:<42} {:>5} {:>5} {:>6} {:>5}", count.found, count.line, count.missed, count.wrong);
    }
}

fn measure(folder: &str, rules: &mut BTreeMap<String, Count>) {
    let reading = read(&Disk, &[folder.to_owned()]);
    let found = findings(&reading);
    println!("\n{folder}");
    for trouble in &reading.troubles {
        println!("  TROUBLE {trouble}");
    }
    for deployment in &reading.deployments {
        let nodes: Vec<String> = deployment.nodes.iter().map(|node| node.name.replace(folder, "")).collect();
        println!("  {:?} {:?}: {}", deployment.form, deployment.complete, nodes.join(" "));
    }
    let expected: Option<Value> = std::fs::read_to_string(format!("{folder}/expected.json"))
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok());
    let Some(expected) = expected else {
        for finding in &found {
            let place = finding.place.to_string().replace(folder, "");
            println!("  {:<7} {:<36} {place}", finding.severity.name(), finding.id);
        }
        return;
    };
    let texts = |key: &str| -> Vec<String> {
        let list = expected[key].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let tolerated = texts("tolerated");
    let ids = texts("distinct_ids");
    for item in expected["findings"].as_array().cloned().unwrap_or_default() {
        let (id, file) = (item["id"].as_str().unwrap_or(""), item["file"].as_str().unwrap_or(""));
        let line = item["line"].as_u64().unwrap_or(0);
        let count = rules.entry(id.to_owned()).or_default();
        let same_file = |place: &str| place == format!("{folder}/{file}");
        let hits: Vec<u64> =
            found.iter().filter(|f| f.id == id && same_file(&f.place.file)).map(|f| u64::from(f.place.line)).collect();
        if hits.contains(&line) {
            count.found += 1;
            count.line += 1;
        } else if hits.is_empty() {
            count.missed += 1;
            println!("  MISSED  {id} {file}:{line}");
        } else {
            count.found += 1;
            println!("  LINE    {id} {file}:{line}, told at {hits:?}");
        }
        let severity = item["severity"].as_str().unwrap_or("");
        for finding in
            found.iter().filter(|f| f.id == id && same_file(&f.place.file) && u64::from(f.place.line) == line)
        {
            if finding.severity.name() != severity {
                println!("  GRADE   {id}: {} for {severity}", finding.severity.name());
            }
        }
    }
    for finding in &found {
        let known = ids.iter().chain(&tolerated).any(|id| id == finding.id);
        if known {
            continue;
        }
        let place = finding.place.to_string().replace(folder, "");
        if finding.severity == Severity::Advice {
            println!("  advice  {} {place}", finding.id);
        } else {
            rules.entry(finding.id.to_owned()).or_default().wrong += 1;
            println!("  FALSE   {} {} {place}: {}", finding.severity.name(), finding.id, finding.why);
        }
    }
}
