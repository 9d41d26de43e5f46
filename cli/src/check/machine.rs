//! This machine, for configurations that are judged where they are. Nothing is written, and no server of names is asked.

use rustix::fs::{Access, access};
use splitbrain_model::conf::LIMIT;
use splitbrain_model::conf::machine::{Machine, Trouble, matches_name};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::net::{IpAddr, TcpListener};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Files that a pattern may match; a shell would take more, a configuration has no use for them.
const MATCHES: usize = 10_000;

/// This machine, seen from a directory.
pub(super) struct ThisMachine {
    directory: PathBuf,
    names: Vec<(String, IpAddr)>,
}

impl ThisMachine {
    /// Seen from a directory, with names besides those in /etc/hosts.
    ///
    /// # Errors
    /// If there is no such directory.
    pub(super) fn new(directory: &Path, names: &[(String, IpAddr)]) -> io::Result<ThisMachine> {
        let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
        let known = hosts.lines().flat_map(names_of_line);
        let names = names.iter().cloned().chain(known).collect();
        Ok(ThisMachine { directory: fs::canonicalize(directory)?, names })
    }

    fn path(&self, path: &[u8]) -> PathBuf {
        self.directory.join(OsStr::from_bytes(path))
    }

    /// Whether something may be made beside or in the place of a path.
    fn may_make(&self, path: &[u8]) -> Result<(), Trouble> {
        let path = self.path(path);
        let parent = path.parent().unwrap_or(&path);
        access(parent, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| said(&error.into()))
    }
}

fn names_of_line(line: &str) -> Vec<(String, IpAddr)> {
    let line = line.split('#').next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let Some(address) = words.next().and_then(|address| address.parse().ok()) else { return Vec::new() };
    words.map(|name| (name.to_owned(), address)).collect()
}

/// An error in the words of the C library.
fn said(error: &io::Error) -> Trouble {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

impl Machine for ThisMachine {
    fn read(&mut self, path: &[u8]) -> Result<Vec<u8>, Trouble> {
        if path.is_empty() {
            return Err("No such file or directory".to_owned());
        }
        let file = File::open(self.path(path)).map_err(|error| said(&error))?;
        let mut bytes = Vec::new();
        // What cannot be read, as a directory, is as good as empty. What is too large is so with one byte more, too.
        match file.take(LIMIT as u64 + 1).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(_) => Ok(Vec::new()),
        }
    }

    fn glob(&mut self, pattern: &[u8]) -> Vec<Vec<u8>> {
        let mut found = match pattern.first() {
            Some(b'/') => vec![PathBuf::from("/")],
            _ => vec![PathBuf::new()],
        };
        for part in pattern.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            let plain = !part.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'));
            let mut next = Vec::new();
            for folder in &found {
                if plain {
                    next.push(folder.join(OsStr::from_bytes(part)));
                    continue;
                }
                let Ok(entries) = fs::read_dir(self.directory.join(folder)) else { continue };
                let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
                let mut names: Vec<_> = names.filter(|name| matches_name(part, name.as_bytes())).collect();
                names.sort();
                next.extend(names.into_iter().map(|name| folder.join(name)));
                next.truncate(MATCHES);
            }
            found = next;
        }
        found.retain(|path| self.directory.join(path).symlink_metadata().is_ok());
        found.into_iter().map(|path| path.into_os_string().into_vec()).collect()
    }

    fn directory(&self) -> Vec<u8> {
        self.directory.as_os_str().as_bytes().to_vec()
    }

    fn enter(&mut self, path: &[u8]) -> Result<(), Trouble> {
        if path.is_empty() {
            return Err("No such file or directory".to_owned());
        }
        let path = self.path(path);
        // Reading the directory `.` in it needs the same permission as going there.
        let place = fs::metadata(path.join(".")).and_then(|_| fs::canonicalize(&path));
        self.directory = place.map_err(|error| said(&error))?;
        Ok(())
    }

    fn append(&mut self, path: &[u8]) -> Result<(), Trouble> {
        let whole = self.path(path);
        match fs::metadata(&whole) {
            Ok(found) if found.is_dir() => Err("Is a directory".to_owned()),
            Ok(_) => self.writable(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.may_make(path),
            Err(error) => Err(said(&error)),
        }
    }

    fn writable(&mut self, path: &[u8]) -> Result<(), Trouble> {
        access(self.path(path), Access::WRITE_OK).map_err(|error| said(&error.into()))
    }

    fn executable(&mut self, path: &[u8]) -> bool {
        !path.is_empty() && access(self.path(path), Access::EXEC_OK).is_ok()
    }

    fn create(&mut self, path: &[u8]) -> Result<(), Trouble> {
        self.may_make(path)
    }

    fn make_directory(&mut self, path: &[u8]) -> Result<(), Trouble> {
        match fs::metadata(self.path(path)) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err("Not a directory".to_owned()),
            Err(_) => self.may_make(path),
        }
    }

    fn replace(&mut self, path: &[u8]) -> Result<(), Trouble> {
        self.may_make(path)?;
        // The fifth word of a line is a mount point, with blanks as octal numbers.
        let path = self.path(path);
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
        let is_mounted = points.map(|point| point.replace("\\040", " ")).any(|point| Path::new(&point) == path);
        if is_mounted { Err("Device or resource busy".to_owned()) } else { Ok(()) }
    }

    fn resolve(&mut self, name: &[u8]) -> Option<IpAddr> {
        let same = |(known, _): &&(String, IpAddr)| known.as_bytes().eq_ignore_ascii_case(name);
        let mut found = self.names.iter().filter(same).map(|(_, address)| *address);
        let first = found.next()?;
        if first.is_ipv4() { Some(first) } else { found.find(IpAddr::is_ipv4).or(Some(first)) }
    }

    fn has_address(&mut self, address: IpAddr) -> bool {
        TcpListener::bind((address, 0)).is_ok()
    }

    fn open_files(&self) -> u64 {
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        line.and_then(|line| line.split_whitespace().nth(1)).and_then(|hard| hard.parse().ok()).unwrap_or(u64::MAX)
    }
}
