//! What a service of Compose mounts: folders and files of the host, named volumes, memory, configs and secrets.

use crate::boot::{unknown as stands_for, volume};
use crate::container::{Disk, Mount, Text, Volume};
use crate::deployment::{Missing, Storage};
use crate::files::{Entry, Files, join};
use crate::place::{Place, Traced};
use crate::yaml::Node;
use std::collections::BTreeMap;

/// Files of a folder of the host that are looked at.
const MOST: usize = 200;

/// What is needed to look up sources.
pub(super) struct Sources<'s> {
    pub(super) files: &'s dyn Files,
    /// The folder of the Compose file.
    pub(super) folder: &'s str,
    pub(super) root: &'s Node,
    /// Configuration files that are used by nothing: they may stand in for one that is not there.
    pub(super) spare: &'s [String],
}

/// Adds the mounts of a service to its disk.
pub(super) fn mounts(sources: &Sources<'_>, service: &Node, disk: &mut Disk, missing: &mut Vec<Missing>) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for item in service.get("volumes").map(Node::items).unwrap_or_default() {
        mounts.extend(one(sources, item, disk, missing));
    }
    for (section, folder) in [("configs", "/"), ("secrets", "/run/secrets/")] {
        for item in service.get(section).map(Node::items).unwrap_or_default() {
            mounts.extend(config(sources, section, folder, item, disk, missing));
        }
    }
    if let Some(tmpfs) = service.get("tmpfs") {
        let one = [tmpfs.clone()];
        let items = if tmpfs.items().is_empty() { &one[..] } else { tmpfs.items() };
        for item in items {
            let Some(path) = item.text().and_then(|text| text.split(':').next()) else { continue };
            let name = format!("tmpfs {path}");
            disk.volumes.insert(name.clone(), volume(Storage::Memory));
            mounts.push(mount(path, name, false, false, &item.place));
        }
    }
    mounts
}

fn mount(at: &str, volume: String, read_only: bool, single: bool, place: &Place) -> Mount {
    Mount { at: at.to_owned(), volume, sub: String::new(), read_only, single, place: place.clone() }
}

fn one(sources: &Sources<'_>, item: &Node, disk: &mut Disk, missing: &mut Vec<Missing>) -> Option<Mount> {
    let (source, target, read_only, kind);
    match item.text() {
        Some(text) => {
            let parts: Vec<&str> = text.split(':').collect();
            let (from, to, options) = match parts[..] {
                [only] => ("", only, ""),
                [from, to] => (from, to, ""),
                [from, to, options] => (from, to, options),
                _ => return None,
            };
            source = from.to_owned();
            target = to.to_owned();
            read_only = options.split(',').any(|option| option == "ro");
            let is_path = from.starts_with(['.', '/', '~']);
            kind = if is_path { "bind" } else { "volume" };
        }
        None => {
            source = item.text_at(&["source"]).unwrap_or_default().to_owned();
            target = item.text_at(&["target"])?.to_owned();
            read_only = item.get("read_only").and_then(Node::is_true).unwrap_or(false);
            kind = match item.text_at(&["type"]) {
                Some("bind") => "bind",
                Some("tmpfs") => "tmpfs",
                _ => "volume",
            };
        }
    }
    if kind == "tmpfs" {
        let name = format!("tmpfs {target}");
        disk.volumes.insert(name.clone(), volume(Storage::Memory));
        return Some(mount(&target, name, false, false, &item.place));
    }
    if kind == "volume" {
        let storage = if source.is_empty() { Storage::Pod } else { Storage::Durable };
        let name = if source.is_empty() { format!("anonymous {target}") } else { source };
        disk.volumes.entry(name.clone()).or_insert_with(|| volume(storage));
        return Some(mount(&target, name, read_only, false, &item.place));
    }
    let path = join(sources.folder, &source);
    let (volume, single) = bind(sources, &path, &target, &item.place, missing);
    let name = format!("bind {path}");
    disk.volumes.insert(name.clone(), volume);
    Some(mount(&target, name, read_only, single, &item.place))
}

fn bind(sources: &Sources<'_>, path: &str, target: &str, place: &Place, missing: &mut Vec<Missing>) -> (Volume, bool) {
    let files = sources.files;
    match files.entry(path) {
        Some(Entry::File(executable)) => {
            let text = crate::files::text(files, path).unwrap_or_default();
            let file = Text { text: Traced::file(path, &text), executable };
            let files = BTreeMap::from([(String::new(), file)]);
            (Volume { storage: Storage::Durable, files, place: None, known: true }, true)
        }
        Some(Entry::Folder) => {
            let mut found = BTreeMap::new();
            gather(files, path, "", &mut found, 4);
            (Volume { storage: Storage::Durable, files: found, place: None, known: true }, false)
        }
        None if path.starts_with("/var/") || path.starts_with("/etc/localtime") || path.starts_with("/dev") => {
            (Volume { storage: Storage::Durable, files: BTreeMap::new(), place: None, known: false }, false)
        }
        None => {
            let is_file = target.rsplit('/').next().is_some_and(|name| name.contains('.'));
            let mut files = BTreeMap::new();
            if is_file {
                let stand_in = stand_in(sources, path);
                if let Some(name) = &stand_in
                    && let Ok(text) = crate::files::text(sources.files, name)
                {
                    let file = Text { text: Traced::file(name, &text), executable: false };
                    files.insert(String::new(), file);
                }
                missing.push(Missing { path: path.to_owned(), place: place.clone(), stand_in });
            }
            (Volume { storage: Storage::Durable, files, place: None, known: false }, is_file)
        }
    }
}

/// A file that nothing else uses, of the same ending, whose name is the wanted one without its number.
fn stand_in(sources: &Sources<'_>, path: &str) -> Option<String> {
    let stem = |path: &str| -> String {
        let name = path.rsplit('/').next().unwrap_or("");
        name.chars().filter(|c| c.is_ascii_alphabetic()).collect::<String>().to_ascii_lowercase()
    };
    let ending = path.rsplit('.').next()?;
    sources.spare.iter().find(|spare| spare.ends_with(ending) && stem(spare) == stem(path)).cloned()
}

fn gather(files: &dyn Files, folder: &str, below: &str, found: &mut BTreeMap<String, Text>, depth: u32) {
    for name in files.list(folder) {
        let path = join(folder, &name);
        let inner = if below.is_empty() { name } else { format!("{below}/{name}") };
        match files.entry(&path) {
            Some(Entry::File(executable)) if found.len() < MOST => {
                let text = crate::files::text(files, &path).unwrap_or_default();
                found.insert(inner, Text { text: Traced::file(&path, &text), executable });
            }
            Some(Entry::Folder) if depth > 0 => gather(files, &path, &inner, found, depth - 1),
            _ => {}
        }
    }
}

/// The value of a secret, which is known nowhere here.
fn unknown(name: &str, place: &Place) -> Traced {
    Traced::at(stands_for(name), place)
}

fn config(
    sources: &Sources<'_>,
    section: &str,
    folder: &str,
    item: &Node,
    disk: &mut Disk,
    missing: &mut Vec<Missing>,
) -> Option<Mount> {
    let source = item.text().or_else(|| item.text_at(&["source"]))?;
    let target = item.text_at(&["target"]).map_or_else(|| format!("{folder}{source}"), str::to_owned);
    let target = if target.starts_with('/') { target } else { format!("{folder}{target}") };
    let mode = item.text_at(&["mode"]).and_then(|mode| u32::from_str_radix(mode.trim_start_matches("0o"), 8).ok());
    let executable = mode.is_some_and(|mode| mode & 0o111 != 0);
    let mut known = true;
    let text = match sources.root.at(&[section, source]) {
        Some(config) => match (config.get("content").and_then(Node::traced), config.text_at(&["file"])) {
            (Some(content), _) => content.clone(),
            (None, Some(name)) => {
                let path = join(sources.folder, name);
                match crate::files::text(sources.files, &path) {
                    Ok(text) => Traced::file(&path, &text),
                    // Secrets are kept out of repositories: they are there where it runs.
                    Err(_) if section == "secrets" => unknown(source, &config.place),
                    Err(_) => {
                        let stand_in = stand_in(sources, &path);
                        let text = stand_in
                            .as_ref()
                            .and_then(|name| Some(Traced::file(name, &crate::files::text(sources.files, name).ok()?)));
                        missing.push(Missing { path, place: config.place.clone(), stand_in });
                        text.unwrap_or_default()
                    }
                }
            }
            _ if section == "secrets" => unknown(source, &config.place),
            _ => {
                known = false;
                Traced::default()
            }
        },
        None if section == "secrets" => unknown(source, &item.place),
        None => {
            known = false;
            Traced::default()
        }
    };
    let files = BTreeMap::from([(String::new(), Text { text, executable })]);
    let name = format!("{section} {source} {target}");
    disk.volumes.insert(name.clone(), Volume { storage: Storage::ReadOnly, files, place: None, known });
    Some(mount(&target, name, true, true, &item.place))
}
