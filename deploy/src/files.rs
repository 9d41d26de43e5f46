//! Files as the readers see them: text by path, with limits, on a disk or in memory. Knows no format.

use crate::trouble::Trouble;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

/// Longest file that is read, bytes.
pub const LONGEST: u64 = 4 << 20;
/// Files in a folder that are looked at.
pub const MOST: usize = 4_000;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file, and whether it may be executed.
    File(bool),
    /// A folder.
    Folder,
}

/// Where files come from.
pub trait Files {
    /// What is at a path.
    fn entry(&self, path: &str) -> Option<Entry>;
    /// The bytes of a file, at most [`LONGEST`].
    ///
    /// # Errors
    /// Why it cannot be read.
    fn bytes(&self, path: &str) -> Result<Vec<u8>, String>;
    /// Names in a folder, sorted.
    fn list(&self, path: &str) -> Vec<String>;
    /// The same text for all paths to one folder: for loops of links.
    fn identity(&self, path: &str) -> String;
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn entry(&self, path: &str) -> Option<Entry> {
        let meta = fs::metadata(path).ok()?;
        if meta.is_dir() {
            return Some(Entry::Folder);
        }
        meta.is_file().then(|| Entry::File(executable(&meta)))
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        use std::io::Read;
        let file = fs::File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
        let meta = file.metadata().map_err(|error| format!("cannot be read: {error}"))?;
        if !meta.is_file() {
            return Err("is no file".to_owned());
        }
        let mut bytes = Vec::new();
        let read = file.take(LONGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("cannot be read: {error}"))?;
        if bytes.len() as u64 > LONGEST {
            return Err(format!("is longer than {} MiB: no configuration is", LONGEST >> 20));
        }
        Ok(bytes)
    }

    fn list(&self, path: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
        let names = entries.take(MOST * 4).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn identity(&self, path: &str) -> String {
        fs::canonicalize(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string())
    }
}

#[cfg(unix)]
fn executable(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &fs::Metadata) -> bool {
    true
}

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

impl Memory {
    /// Files from names and texts.
    pub fn of<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Memory {
        Memory(files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect())
    }
}

impl Files for Memory {
    fn entry(&self, path: &str) -> Option<Entry> {
        if self.0.contains_key(path) {
            return Some(Entry::File(path.ends_with(".sh")));
        }
        let folder = format!("{path}/");
        (path == "." || self.0.keys().any(|name| name.starts_with(&folder))).then_some(Entry::Folder)
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).cloned().ok_or_else(|| "cannot be read: there is no such file".to_owned())
    }

    fn list(&self, path: &str) -> Vec<String> {
        let folder = if path == "." { String::new() } else { format!("{path}/") };
        let names = self.0.keys().filter_map(|name| name.strip_prefix(&folder));
        let mut names: Vec<String> = names.filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect();
        names.dedup();
        names
    }

    fn identity(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// The text of a file. A mark of byte order is dropped; Windows line ends stay, as the readers have to know them.
///
/// # Errors
/// Why there is none.
pub fn text(files: &dyn Files, path: &str) -> Result<String, Trouble> {
    let bytes = files.bytes(path).map_err(|message| Trouble::of_file(path, message))?;
    decode(path, &bytes)
}

fn decode(path: &str, bytes: &[u8]) -> Result<String, Trouble> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Trouble::of_file(path, "is UTF-16; Redis, Docker and Kubernetes read UTF-8"));
    }
    if bytes.iter().take(8000).any(|byte| *byte == 0) {
        return Err(Trouble::of_file(path, "is not a text file"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        // Redis reads bytes; in comments they do no harm.
        Err(_) => Ok(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// A text without the mark of its encoding, which Redis takes for a part of the first word and others pass over.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A path relative to a folder, without `.` and `..`.
pub fn join(folder: &str, path: &str) -> String {
    let whole = Path::new(folder).join(path);
    let mut parts: Vec<String> = Vec::new();
    let mut root = "";
    for component in whole.components() {
        match component {
            Component::RootDir => root = "/",
            Component::ParentDir if parts.last().is_some_and(|part| part != "..") => {
                parts.pop();
            }
            Component::ParentDir if root.is_empty() => parts.push("..".to_owned()),
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() { ".".to_owned() } else { joined }
}

/// The folder of a path.
pub fn folder(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
        None => ".".to_owned(),
    }
}

/// All files below a path that might matter, and what was left out.
pub fn walk(files: &dyn Files, root: &str) -> (Vec<String>, Vec<Trouble>) {
    let mut found = Vec::new();
    let mut troubles = Vec::new();
    match files.entry(root) {
        None => troubles.push(Trouble::of_file(root, "there is no such file or folder")),
        Some(Entry::File(_)) => found.push(root.to_owned()),
        Some(Entry::Folder) => {
            let mut seen = vec![files.identity(root)];
            let mut open = vec![root.to_owned()];
            while let Some(folder) = open.pop() {
                let mut below = Vec::new();
                for name in files.list(&folder) {
                    // Hidden folders are no deployment; the files of a mounted ConfigMap hide behind `..data`.
                    if name.starts_with('.') && name != ".env" || matches!(&*name, "node_modules" | "target") {
                        continue;
                    }
                    let path = if folder == "." { name.clone() } else { join(&folder, &name) };
                    match files.entry(&path) {
                        Some(Entry::Folder) => {
                            let identity = files.identity(&path);
                            if !seen.contains(&identity) && seen.len() < MOST {
                                seen.push(identity);
                                below.push(path);
                            }
                        }
                        Some(Entry::File(_)) if matters(&name) => found.push(path),
                        _ => {}
                    }
                }
                below.reverse();
                open.extend(below);
                if found.len() > MOST {
                    found.truncate(MOST);
                    let message = format!("more than {MOST} files of configuration: the others were not looked at");
                    troubles.push(Trouble::of_file(root, message));
                    break;
                }
            }
        }
    }
    (found, troubles)
}

/// Whether a file might be part of a deployment, by its name.
fn matters(name: &str) -> bool {
    let ends = [".conf", ".yml", ".yaml", ".env", ".sh", ".tpl", ".json", ".conf.tmpl", ".conf.template"];
    name == ".env" || ends.iter().any(|end| name.ends_with(end))
}
