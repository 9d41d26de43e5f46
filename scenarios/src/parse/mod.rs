//! From a TOML document to a [`Scenario`]: one file per section.

mod chaos;
mod claim;
mod clients;
mod clock_faults;
mod cluster;
mod disk_faults;
mod expect;
mod faults;
mod link_faults;
mod masters;
mod measures;
mod names;
mod network;
mod occurrences;
mod planted;
mod redis;
mod run;
mod sentinel;

use crate::reader::{Field, Read, Reader, document};
use crate::scenario::{Scenario, What};
use crate::source::Source;
use crate::write::Document;
use cluster::Cluster;
use names::Names;
use splitbrain_model::files::SentinelConf;
use std::path::{Component, Path};
use toml::Spanned;
use toml::de::DeTable;

pub use faults::KINDS as FAULT_KINDS;

/// What a file must contain at least, for the message about a file that does not.
pub const SMALLEST: &str = "the smallest scenario is:\n\n[cluster]\nreplicas = 2\nsentinels = 3\n\n[[faults]]\nat = \"0s\"\nkill = \"master\"\n";

/// Where keys live, for keys that stand in the wrong section.
pub(crate) const HOMES: &[(&str, &str)] = &[
    ("[cluster]", "replicas"),
    ("[cluster]", "sentinels"),
    ("[cluster]", "hosts"),
    ("[cluster]", "hostnames"),
    ("[cluster]", "names-vanish"),
    ("[cluster]", "sentinel-conf"),
    ("[cluster]", "redis-conf"),
    ("[sentinel]", "quorum"),
    ("[sentinel]", "down-after-milliseconds"),
    ("[sentinel]", "failover-timeout"),
    ("[sentinel]", "parallel-syncs"),
    ("[sentinel]", "auth-pass"),
    ("[sentinel]", "resolve-hostnames"),
    ("[sentinel]", "announce-hostnames"),
    ("[redis]", "min-replicas-to-write"),
    ("[redis]", "min-replicas-max-lag"),
    ("[redis]", "replica-priority"),
    ("[redis]", "appendonly"),
    ("[redis]", "appendfsync"),
    ("[redis]", "save"),
    ("[redis]", "repl-timeout"),
    ("[redis]", "repl-backlog-size"),
    ("[redis]", "masterauth"),
    ("[network]", "environment"),
    ("[network]", "latency"),
    ("[network]", "loss"),
    ("[disk]", "fsync"),
    ("[[clients]]", "profile"),
    ("[[clients]]", "workload"),
    ("[[faults]]", "kill"),
    ("[[faults]]", "pause"),
    ("[[faults]]", "partition"),
    ("[chaos]", "families"),
    ("[chaos]", "budget"),
    ("[chaos]", "intensity"),
    ("[run]", "seeds"),
    ("[run]", "heal"),
    ("[run]", "phase"),
    ("[run]", "observe-at-least"),
];

/// Reads a whole scenario.
pub(crate) fn scenario(source: &Source) -> Read<Scenario> {
    let document = document(source)?;
    read(source, &document, Faults::Own)
}

/// Reads a whole scenario, which has no faults of its own, with faults that stand anywhere. The first of them begins at once
/// if it does not say when.
pub(crate) fn with_faults(source: &Source, faults: Vec<Reader<'_>>) -> Read<Scenario> {
    let document = document(source)?;
    read(source, &document, Faults::Each(faults))
}

/// Reads a whole scenario, with the faults of another file.
pub(crate) fn under(source: &Source, schedule: &Source) -> Read<Scenario> {
    let (own, other) = (document(source)?, document(schedule)?);
    let mut root = Reader::root(schedule, &other);
    refuse_other_files(schedule, &mut root)?;
    let (faults, chaos) = (root.get("faults"), root.get("chaos"));
    if faults.is_none() && chaos.is_none() {
        return Err(schedule.error(0..0, "there are no faults in this file").expected("[[faults]] or [chaos]"));
    }
    let mut scenario = read(source, &own, Faults::Other(faults, chaos))?;
    // Both are TOML, or they would not have been read.
    scenario.source = Document::grafted(source, schedule).map_err(|error| schedule.error(0..0, error.to_string()))?;
    Ok(scenario)
}

/// Which faults a scenario is read with.
enum Faults<'a> {
    /// Its own.
    Own,
    /// The faults and the random faults of another file.
    Other(Option<Field<'a>>, Option<Field<'a>>),
    /// These.
    Each(Vec<Reader<'a>>),
}

fn read(source: &Source, document: &Spanned<DeTable<'_>>, others: Faults<'_>) -> Read<Scenario> {
    let mut root = Reader::root(source, document);
    refuse_other_files(source, &mut root)?;

    let title = root.get("title").map(|field| field.text().map(str::to_owned)).transpose()?;
    let why = root.get("why").map(|field| field.text().map(str::to_owned)).transpose()?;
    let planted = planted::read(root.get("planted").as_ref())?;
    let claim = claim::read(root.get("claim").as_ref())?;
    let apps = root.get("apps");
    let mut sections = Sections::of(&mut root);
    root.finish(HOMES)?;
    let mut each = None;
    match others {
        Faults::Own => {}
        Faults::Other(faults, chaos) => (sections.faults, sections.chaos) = (faults, chaos),
        Faults::Each(faults) => {
            if let Some(own) = sections.faults.as_ref().or(sections.chaos.as_ref()) {
                return Err(own.key_error("this scenario has faults of its own").expected("one without any"));
            }
            each = Some(faults);
        }
    }
    let Some(cluster) = sections.cluster else {
        return Err(source.error(0..0, "a scenario needs a section [cluster]").help(SMALLEST));
    };

    let mut notes = Vec::new();
    let cluster = cluster::read(&cluster, source, &mut notes)?;
    let (sentinel, masters) =
        masters::read(&cluster, sections.sentinel.as_ref(), sections.redis.as_ref(), sections.masters.as_ref())?;
    check_names(&cluster, &sentinel)?;
    let mut names = Names::new(&masters, cluster.sentinels);
    let late = names.add_late(&cluster, &masters)?;
    names.add_hosts(&cluster)?;
    let clients = clients::read(sections.clients.as_ref(), &mut names, &masters, &sentinel)?;
    let apps = clients::apps(apps.as_ref(), &mut names)?;
    let hosts = names.placed(&cluster, &clients)?;
    names.settle(&hosts, &clients);
    let network = network::read(sections.network.as_ref(), sections.disk.as_ref())?;
    let faults = match each {
        Some(tables) => faults::each(tables, true, &names)?,
        None => faults::read(sections.faults.as_ref(), &names)?,
    };
    let chaos = chaos::read(sections.chaos.as_ref())?;
    let run = run::read(sections.run.as_ref(), &masters)?;
    let expect =
        expect::read(sections.expect.as_ref(), &names, !clients.is_empty() || !apps.is_empty(), run.stable_for)?;

    let replaced = network.replaced();
    if !replaced.is_empty() {
        notes.push(format!("instead of the environment's own: {}", replaced.join(", ")));
    }
    if clients.is_empty() && apps.is_empty() {
        notes.push("no clients: nothing is written, so nothing is said about losses and gaps".to_owned());
    }
    let hostnames = cluster.hostnames.is_some();
    if !hostnames && faults.iter().any(|fault| matches!(fault.what, What::Dns { .. })) {
        notes.push("nobody is known by name, so nobody looks one up (`hostnames` in [cluster])".to_owned());
    }
    let name = name_of(&source.file);
    Ok(Scenario {
        title: title.unwrap_or_else(|| name.clone()),
        name,
        why,
        claim,
        file: source.file.clone(),
        source: source.text.clone(),
        flags: Vec::new(),
        notes,
        sentinels: cluster.sentinels,
        sentinel,
        masters,
        hosts,
        late,
        clock_offsets: names.clock_offsets(&cluster)?,
        hostnames,
        names_vanish: cluster.names_vanish,
        network,
        clients,
        apps,
        faults,
        chaos,
        planted,
        run,
        expect,
    })
}

/// Real Sentinel does not start on a name unless it may look names up (`createSentinelAddr`).
fn check_names(cluster: &Cluster<'_>, sentinel: &SentinelConf) -> Read<()> {
    match &cluster.hostnames {
        Some(field) if !sentinel.resolve_hostnames => Err(field
            .key_error("Sentinel would refuse names: Can't resolve instance hostname.")
            .expected("`resolve-hostnames = true` in [sentinel]")),
        _ => Ok(()),
    }
}

/// The sections of a file, as far as they are there.
struct Sections<'a> {
    cluster: Option<Field<'a>>,
    sentinel: Option<Field<'a>>,
    redis: Option<Field<'a>>,
    masters: Option<Field<'a>>,
    network: Option<Field<'a>>,
    disk: Option<Field<'a>>,
    clients: Option<Field<'a>>,
    faults: Option<Field<'a>>,
    chaos: Option<Field<'a>>,
    run: Option<Field<'a>>,
    expect: Option<Field<'a>>,
}

impl<'a> Sections<'a> {
    fn of(root: &mut Reader<'a>) -> Sections<'a> {
        Sections {
            cluster: root.get("cluster"),
            sentinel: root.get("sentinel"),
            redis: root.get("redis"),
            masters: root.get("masters"),
            network: root.get("network"),
            disk: root.get("disk"),
            clients: root.get("clients"),
            faults: root.get("faults"),
            chaos: root.get("chaos"),
            run: root.get("run"),
            expect: root.get("expect"),
        }
    }
}

/// Files that are TOML and something else say so at once.
fn refuse_other_files(source: &Source, root: &mut Reader<'_>) -> Read<()> {
    if root.is_empty() {
        let what = if source.text.trim().is_empty() { "the file is empty" } else { "the file has only comments" };
        return Err(source.error(0..0, what).expected("a scenario with a section [cluster]").help(SMALLEST));
    }
    let mut looked = root.clone();
    if let Some(sweep) = looked.get("sweep").or_else(|| looked.get("vary")) {
        return Err(sweep
            .key_error("this file is a parameter sweep, not a scenario")
            .help("`splitbrain explore` takes it"));
    }
    if let Some(package) = looked.get("package").or_else(|| looked.get("workspace")) {
        return Err(package.key_error("this file is a Cargo manifest, not a scenario"));
    }
    Ok(())
}

/// The path below the last folder `scenarios`, without extension; the bare name outside of such a folder.
fn name_of(file: &Path) -> String {
    let stem = file.with_extension("");
    let parts: Vec<&str> = stem
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    match parts.iter().rposition(|part| *part == "scenarios") {
        Some(at) if at + 1 < parts.len() => parts[at + 1..].join("/"),
        _ => parts.last().map_or_else(|| "scenario".to_owned(), |part| (*part).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_named_by_its_place_in_the_catalogue() {
        assert_eq!(name_of(Path::new("/x/scenarios/classic/master-killed.toml")), "classic/master-killed");
        assert_eq!(name_of(Path::new("scenarios/a.toml")), "a");
        assert_eq!(name_of(Path::new("/tmp/mine.toml")), "mine");
        assert_eq!(name_of(Path::new("")), "scenario");
    }
}
