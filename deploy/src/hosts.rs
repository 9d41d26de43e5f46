//! Configuration files as they lie on hosts: a folder per host, or all in one. Where a file's machine cannot be told, it
//! stays unknown.

use crate::clients::{Variable, client, is_loopback};
use crate::conf::Conf;
use crate::container::{Disk, View};
use crate::deployment::{
    Address, ComesBack, Completeness, Config, Deployment, Form, Host, Keeps, Kind, Node, Program, Restart, ScriptFile,
    Storage,
};
use crate::files::{Files, folder, join};
use crate::place::{Place, Traced};
use crate::shell::Shell;
use crate::trouble::Trouble;
use std::collections::BTreeMap;

/// A configuration file, read.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path.
    pub path: String,
    /// Its text, with what it includes.
    pub conf: Conf,
    /// What it is for.
    pub kind: Kind,
    /// Files that include each other.
    pub circles: Vec<Trouble>,
}

/// Reads a configuration file; `None` if it is none of Redis or Sentinel.
pub fn file(files: &dyn Files, path: &str, text: &str) -> Option<File> {
    let start = Place::start_of(path);
    let mut conf = Conf::default();
    let mut open = vec![path.to_owned()];
    let mut circles = Vec::new();
    include(files, &Traced::file(path, text), &start, &mut open, &mut conf, &mut circles);
    let name = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let named = if name.contains("sentinel") {
        Some(Kind::Sentinel)
    } else if name.contains("redis") || name.contains("master") || name.contains("replica") || name.contains("slave") {
        Some(Kind::Redis)
    } else {
        None
    };
    // A file of the name is one even if it says nothing; others have to look like one.
    let about = conf.is_about();
    let kind = match (about, named) {
        (Some(Kind::Sentinel), _) => Kind::Sentinel,
        (Some(Kind::Redis), Some(named)) => named,
        (Some(Kind::Redis), None) if conf.directives().count() > 1 => Kind::Redis,
        _ => named?,
    };
    Some(File { path: path.to_owned(), conf, kind, circles })
}

fn include(
    files: &dyn Files,
    text: &Traced,
    place: &Place,
    open: &mut Vec<String>,
    conf: &mut Conf,
    circles: &mut Vec<Trouble>,
) {
    for line in Conf::of(text, place).lines {
        if line.words.first().is_none_or(|word| word != "include") || open.len() > 16 {
            conf.lines.push(line);
            continue;
        }
        let path = join(&folder(&open[0]), line.value());
        if open.contains(&path) {
            let message = format!("`{}` includes itself by a circle: Redis reads on until it dies", line.value());
            circles.push(Trouble::new(line.place.clone(), message));
            continue;
        }
        match crate::files::text(files, &path) {
            Ok(text) => {
                open.push(path.clone());
                include(files, &Traced::file(&path, &text), &line.place, open, conf, circles);
                open.pop();
            }
            _ => conf.lines.push(line),
        }
    }
}

/// The configuration files that a script writes.
pub fn written_by(path: &str, text: &str) -> Vec<File> {
    let mut disk = Disk::default();
    let mut view = View { disk: &mut disk, mounts: &[], layer: ":host".to_owned() };
    let mut shell = Shell::new(&mut view, BTreeMap::new(), "host", None);
    let script = Traced::file(path, text);
    shell.start(&[Traced::at("sh", &Place::start_of(path)), Traced::at("-c", &Place::start_of(path)), script]);
    let files = disk.volumes.into_values().flat_map(|volume| volume.files);
    let start = Place::start_of(path);
    files
        .filter(|(name, _)| name.ends_with(".conf"))
        .filter_map(|(name, file)| {
            let conf = Conf::of(&file.text, &start);
            let kind = conf.is_about()?;
            (conf.directives().count() > 1).then(|| File {
                path: format!("{path} ({name})"),
                conf,
                kind,
                circles: Vec::new(),
            })
        })
        .collect()
}

/// The deployment that these files make.
pub fn read(store: &dyn Files, source: &str, files: Vec<File>, env: &[(String, Vec<Variable>)]) -> Deployment {
    let places = Places::of(&files);
    let mut nodes = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        nodes.push(node(store, file, &places, index));
    }
    let count = |kind: Kind| nodes.iter().filter(|node: &&Node| node.kind == kind).count();
    let whole = count(Kind::Sentinel) >= 1 && count(Kind::Redis) >= 2;
    let clients = env.iter().filter_map(|(name, variables)| client(name, "", variables)).collect();
    Deployment {
        form: Form::Hosts,
        source: source.to_owned(),
        nodes,
        clients,
        services: Vec::new(),
        complete: if whole { Completeness::Whole } else { Completeness::Part },
        missing: Vec::new(),
        unclear: Vec::new(),
        remarks: Vec::new(),
    }
}

/// On which host each file lies, and what the hosts are called.
struct Places {
    hosts: Vec<Host>,
    /// Addresses of a host, by its name.
    addresses: BTreeMap<String, Vec<String>>,
}

impl Places {
    fn of(files: &[File]) -> Places {
        let mut folders: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let all: Vec<String> = files.iter().map(|file| folder(&file.path)).collect();
        for (index, path) in all.iter().enumerate() {
            folders.entry(apart(path, &all)).or_default().push(index);
        }
        let several = folders.len() > 1;
        let mut places = Places { hosts: vec![Host::Unknown; files.len()], addresses: BTreeMap::new() };
        for (folder, members) in &folders {
            let mut own: Vec<String> = members.iter().flat_map(|index| own_addresses(&files[*index].conf)).collect();
            own.sort();
            own.dedup();
            let name = folder.rsplit('/').next().unwrap_or(folder);
            let mut ports: Vec<(Kind, u16)> =
                members.iter().map(|index| (files[*index].kind, port(&files[*index]))).collect();
            ports.sort();
            let clash = ports.windows(2).any(|pair| pair[0] == pair[1]);
            let one = own.len() == 1 || (own.is_empty() && several && !clash);
            for index in members {
                let own_here = own_addresses(&files[*index].conf);
                let host = match &own_here[..] {
                    _ if one => Some(name.to_owned()),
                    // All ports differ and all listen on the loopback alone: one machine.
                    [] if !clash && members.len() > 1 && all_local(files, members) => Some("this machine".to_owned()),
                    [first, ..] => Some(first.clone()),
                    [] => None,
                };
                let Some(host) = host else { continue };
                let known = places.addresses.entry(host.clone()).or_default();
                known.extend(if one { own.clone() } else { own_here });
                if one && several {
                    known.push(name.to_owned());
                }
                places.hosts[*index] = Host::Named(host);
            }
        }
        places
    }
}

/// The part of a folder's path in which it differs from others first: `node1` of `hosts/node1/etc/redis`.
fn apart(path: &str, all: &[String]) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let same = |upto: usize| all.iter().all(|other| other.split('/').take(upto).eq(parts.iter().copied().take(upto)));
    let common = (0..=parts.len()).take_while(|upto| same(*upto)).last().unwrap_or(0);
    parts.get(common).or(parts.last()).copied().unwrap_or(path).to_owned()
}

fn all_local(files: &[File], members: &[usize]) -> bool {
    members.iter().all(|index| {
        let conf = &files[*index].conf;
        let monitors = conf.monitors();
        let names = monitors.iter().map(|monitor| monitor.host).chain(conf.replicaof().map(|(host, ..)| host));
        let names: Vec<&str> = names.collect();
        names.iter().all(|name| is_loopback(name))
    })
}

fn port(file: &File) -> u16 {
    let (port, tls) = file.conf.ports(if file.kind == Kind::Sentinel { 26379 } else { 6379 });
    if port == 0 { tls } else { port }
}

/// Addresses that are surely those of the host: what it binds and announces, in numbers.
fn own_addresses(conf: &Conf) -> Vec<String> {
    let bound = conf.last("bind").map(|line| line.args().to_vec()).unwrap_or_default();
    let announced = conf.value("replica-announce-ip").map(str::to_owned);
    let announced_by_sentinel = conf.sentinel("announce-ip").last().and_then(|line| line.words.get(2)).cloned();
    let all = bound.iter().flat_map(|word| word.split_whitespace()).map(|word| word.trim_start_matches('-').to_owned());
    let all = all.chain(announced).chain(announced_by_sentinel);
    let numbers =
        all.filter(|word| word.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| !ip.is_loopback() && !ip.is_unspecified()));
    // The first one is that by which others reach it; more than one means several networks of one host.
    numbers.take(1).collect()
}

fn node(store: &dyn Files, file: File, places: &Places, index: usize) -> Node {
    let host = places.hosts[index].clone();
    let place = Place::start_of(&file.path);
    let names = match &host {
        Host::Named(name) => places.addresses.get(name).cloned().unwrap_or_default(),
        _ => Vec::new(),
    };
    let lines = file.conf.sentinel("notification-script").chain(file.conf.sentinel("client-reconfig-script"));
    let scripts =
        lines.filter_map(|line| line.words.get(3)).map(|path| (path.clone(), script(store, &file.path, path)));
    Node {
        name: file.path.clone(),
        kind: file.kind,
        place: place.clone(),
        count: None,
        group: file.path.clone(),
        scripts: scripts.collect(),
        comes_back: if file.kind == Kind::Redis { ComesBack::AsItWas } else { ComesBack::Unknown },
        config: Config {
            path: Some(file.path),
            lies_on: Storage::Durable,
            place,
            survives_restart: true,
            survives_replacement: true,
            stand_in: None,
            volume: None,
            asks: false,
        },
        conf: file.conf,
        host,
        address: Address { names, ip_stable: true, name_stable: true, host_network: true },
        data: Keeps { lies_on: Storage::Durable, restart: true, replacement: true },
        restart: Restart::Unknown,
        program: Program::default(),
        published: Vec::new(),
    }
}

/// A script on a host: a file of its name beside the configuration tells, the disk of this machine does not.
fn script(store: &dyn Files, conf: &str, path: &str) -> ScriptFile {
    let name = path.rsplit('/').next().unwrap_or("");
    match store.entry(&join(&folder(conf), name)) {
        Some(crate::files::Entry::File(true)) => ScriptFile::Runs(true),
        Some(crate::files::Entry::File(false)) => ScriptFile::NotExecutable(true),
        _ => ScriptFile::Unseen,
    }
}
