//! The files of a container: volumes, where they are mounted, and the layer below. Says what survives what.

use crate::deployment::Storage;
use crate::place::{Place, Traced};
use std::collections::BTreeMap;

/// Bytes that all files of a container may hold: scripts cannot write more.
const BYTES: usize = 8 << 20;

/// A file with its mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// What is in it.
    pub text: Traced,
    /// Whether it may be executed.
    pub executable: bool,
}

/// Something that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// What it lies on.
    pub storage: Storage,
    /// Files by their path in it; a volume that is a single file has it under the empty path.
    pub files: BTreeMap<String, Text>,
    /// Where it is defined, if that makes it what it is.
    pub place: Option<Place>,
    /// Paths are complete: a file that is not here is not there. Not so for folders of a host and for claims.
    pub known: bool,
}

/// Where a volume is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The path in the container.
    pub at: String,
    /// The volume.
    pub volume: String,
    /// A path in it.
    pub sub: String,
    /// Cannot be written here.
    pub read_only: bool,
    /// A single file, mounted on its own.
    pub single: bool,
    /// Where it is said.
    pub place: Place,
}

/// The volumes of a pod, or of a container on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// By name. The layer of a container is the volume with the name of the container after a colon.
    pub volumes: BTreeMap<String, Volume>,
}

/// The files that a process sees.
#[derive(Debug)]
pub struct View<'d> {
    /// The volumes.
    pub disk: &'d mut Disk,
    /// What is mounted where.
    pub mounts: &'d [Mount],
    /// The volume that is the container's own layer.
    pub layer: String,
}

impl View<'_> {
    /// The volume, the path in it and the mount that are behind a path.
    fn find(&self, path: &str) -> (String, String, Option<&Mount>) {
        let path = tidy(path);
        let below = |mount: &&Mount| {
            let at = tidy(&mount.at);
            path == at || path.strip_prefix(&at).is_some_and(|rest| rest.starts_with('/') || at == "/")
        };
        let Some(mount) = self.mounts.iter().filter(below).max_by_key(|mount| tidy(&mount.at).len()) else {
            return (self.layer.clone(), path, None);
        };
        let rest = path[tidy(&mount.at).len()..].trim_start_matches('/');
        let inner = match (mount.sub.trim_matches('/'), rest) {
            ("", rest) => rest.to_owned(),
            (sub, "") => sub.to_owned(),
            (sub, rest) => format!("{sub}/{rest}"),
        };
        (mount.volume.clone(), inner, Some(mount))
    }

    /// The file at a path.
    pub fn read(&self, path: &str) -> Option<&Text> {
        let (volume, inner, _) = self.find(path);
        self.disk.volumes.get(&volume)?.files.get(&inner)
    }

    /// Whether nothing can be at a path but what [`View::read`] finds.
    pub fn knows(&self, path: &str) -> bool {
        let (volume, ..) = self.find(path);
        self.disk.volumes.get(&volume).is_some_and(|volume| volume.known)
    }

    /// Whether there is a folder at a path.
    pub fn is_folder(&self, path: &str) -> bool {
        let (volume, inner, mount) = self.find(path);
        if mount.is_some_and(|mount| !mount.single && tidy(&mount.at) == tidy(path)) {
            return true;
        }
        let prefix = if inner.is_empty() { String::new() } else { format!("{inner}/") };
        self.disk.volumes.get(&volume).is_some_and(|volume| volume.files.keys().any(|name| name.starts_with(&prefix)))
    }

    /// The names of the files right below a folder.
    pub fn list(&self, path: &str) -> Vec<String> {
        let (volume, inner, _) = self.find(path);
        let prefix = if inner.is_empty() || inner == "/" { inner } else { format!("{inner}/") };
        let Some(volume) = self.disk.volumes.get(&volume) else { return Vec::new() };
        let below = volume.files.keys().filter_map(|name| name.strip_prefix(&prefix));
        below.filter(|rest| !rest.is_empty() && !rest.contains('/')).map(str::to_owned).collect()
    }

    /// Writes a file; false if it lies where nothing can be written.
    pub fn write(&mut self, path: &str, text: Text) -> bool {
        let (volume, inner, mount) = self.find(path);
        let read_only = mount.is_some_and(|mount| mount.read_only);
        let total: usize = self.disk.volumes.values().flat_map(|v| v.files.values()).map(|t| t.text.text().len()).sum();
        if total + text.text.text().len() > BYTES {
            return false;
        }
        let layer = Volume { storage: Storage::Container, files: BTreeMap::new(), place: None, known: true };
        let volume = self.disk.volumes.entry(volume).or_insert(layer);
        if read_only || volume.storage == Storage::ReadOnly {
            return false;
        }
        volume.files.insert(inner, text);
        true
    }

    /// Deletes a file.
    pub fn remove(&mut self, path: &str) {
        let (volume, inner, mount) = self.find(path);
        if mount.is_none_or(|mount| !mount.read_only && !mount.single)
            && let Some(volume) = self.disk.volumes.get_mut(&volume)
            && volume.storage != Storage::ReadOnly
        {
            volume.files.remove(&inner);
        }
    }

    /// What a path lies on, and the mount that makes it so.
    pub fn storage(&self, path: &str) -> (Storage, Option<Place>) {
        let (volume, _, mount) = self.find(path);
        let lies_on = self.disk.volumes.get(&volume).map_or(Storage::Container, |volume| volume.storage);
        let storage = match mount {
            Some(mount) if mount.read_only => Storage::ReadOnly,
            Some(mount) if mount.single && lies_on != Storage::ReadOnly => Storage::SingleFile,
            _ => lies_on,
        };
        let defined = self.disk.volumes.get(&volume).and_then(|volume| volume.place.clone());
        (storage, defined.or_else(|| mount.map(|mount| mount.place.clone())))
    }

    /// Files of the same volume stay when the process writes here.
    pub fn volume_of(&self, path: &str) -> String {
        self.find(path).0
    }
}

/// A path without `.`, `..` and double or closing slashes.
pub fn tidy(path: &str) -> String {
    let path = crate::files::join("/", path);
    if path == "." { "/".to_owned() } else { path }
}
