//! What a configuration needs of the machine on which it is read: other files, directories, names, addresses. Knows no
//! operating system; who checks real files brings one, and [`Paper`] is a machine that exists on paper.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// What went wrong with a file, in the words of the C library: `No such file or directory`.
pub type Trouble = String;

/// A machine, and the directory in which Redis was started on it. Paths are as the configuration writes them.
pub trait Machine {
    /// The bytes of a file. A directory reads as nothing.
    ///
    /// # Errors
    /// If the file cannot be opened.
    fn read(&mut self, path: &[u8]) -> Result<Vec<u8>, Trouble>;

    /// The files that match a pattern of the shell, in alphabetical order.
    fn glob(&mut self, pattern: &[u8]) -> Vec<Vec<u8>>;

    /// The present directory, absolute.
    fn directory(&self) -> Vec<u8>;

    /// Goes to another directory (`dir`).
    ///
    /// # Errors
    /// If that is not possible.
    fn enter(&mut self, path: &[u8]) -> Result<(), Trouble>;

    /// Whether a file could be opened for appending; nothing is written.
    ///
    /// # Errors
    /// If not.
    fn append(&mut self, path: &[u8]) -> Result<(), Trouble>;

    /// Whether a file that exists may be written.
    ///
    /// # Errors
    /// If not.
    fn writable(&mut self, path: &[u8]) -> Result<(), Trouble>;

    /// Whether a file exists and may be executed.
    fn executable(&mut self, path: &[u8]) -> bool;

    /// Whether a file (a socket) may be made in its parent directory, or in the place of one that is there.
    ///
    /// # Errors
    /// If not.
    fn create(&mut self, path: &[u8]) -> Result<(), Trouble>;

    /// Whether a directory is there or may be made.
    ///
    /// # Errors
    /// If not.
    fn make_directory(&mut self, path: &[u8]) -> Result<(), Trouble>;

    /// Whether another file can be moved to the place of one that exists (`rename`).
    ///
    /// # Errors
    /// If not: its directory may not be written, or the file is a mount point.
    fn replace(&mut self, path: &[u8]) -> Result<(), Trouble>;

    /// The address of a host by its name; names only, addresses in numbers are known without.
    fn resolve(&mut self, name: &[u8]) -> Option<IpAddr>;

    /// Whether the machine has an address to listen on.
    fn has_address(&mut self, address: IpAddr) -> bool;

    /// How many files a process may have open.
    fn open_files(&self) -> u64;
}

/// A machine on paper: its files and names are what it is told, all directories exist, all files may be written and
/// executed, and it has every address.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// Files by absolute path.
    pub files: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Addresses by name.
    pub names: BTreeMap<Vec<u8>, IpAddr>,
    /// The present directory.
    pub directory: Vec<u8>,
}

impl Paper {
    fn absolute(&self, path: &[u8]) -> Vec<u8> {
        join(&self.directory, path)
    }
}

/// A path seen from a directory, without `.`, `..` and double slashes.
pub fn join(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    let start: &[u8] = if path.first() == Some(&b'/') { b"" } else { directory };
    for part in start.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut whole = Vec::new();
    for part in parts {
        whole.push(b'/');
        whole.extend(part);
    }
    if whole.is_empty() { b"/".to_vec() } else { whole }
}

impl Machine for Paper {
    fn read(&mut self, path: &[u8]) -> Result<Vec<u8>, Trouble> {
        self.files.get(&self.absolute(path)).cloned().ok_or_else(|| "No such file or directory".to_owned())
    }

    fn glob(&mut self, pattern: &[u8]) -> Vec<Vec<u8>> {
        let pattern = self.absolute(pattern);
        self.files.keys().filter(|path| matches(&pattern, path)).cloned().collect()
    }

    fn directory(&self) -> Vec<u8> {
        join(&self.directory, b"")
    }

    fn enter(&mut self, path: &[u8]) -> Result<(), Trouble> {
        if path.is_empty() {
            return Err("No such file or directory".to_owned());
        }
        self.directory = self.absolute(path);
        Ok(())
    }

    fn append(&mut self, _: &[u8]) -> Result<(), Trouble> {
        Ok(())
    }

    fn writable(&mut self, _: &[u8]) -> Result<(), Trouble> {
        Ok(())
    }

    fn executable(&mut self, path: &[u8]) -> bool {
        !path.is_empty()
    }

    fn create(&mut self, _: &[u8]) -> Result<(), Trouble> {
        Ok(())
    }

    fn make_directory(&mut self, path: &[u8]) -> Result<(), Trouble> {
        match self.files.contains_key(&self.absolute(path)) {
            true => Err("Not a directory".to_owned()),
            false => Ok(()),
        }
    }

    fn replace(&mut self, _: &[u8]) -> Result<(), Trouble> {
        Ok(())
    }

    fn resolve(&mut self, name: &[u8]) -> Option<IpAddr> {
        self.names.get(name).copied()
    }

    fn has_address(&mut self, _: IpAddr) -> bool {
        true
    }

    fn open_files(&self) -> u64 {
        1 << 20
    }
}

/// Whether a path matches a pattern of the shell (`glob`): `*`, `?` and `[…]` stand for no slash, and not for a dot at
/// the start of a name.
pub fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let parts = |path: &[u8]| path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (pattern, path) = (parts(pattern), parts(path));
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(pattern, name)| matches_name(pattern, name))
}

/// `matches` for one name without slashes. Backtracks to the last star only, so its time is bounded by the product
/// of the lengths.
pub fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, n));
            p += 1;
            continue;
        }
        if n == name.len() {
            return pattern[p..].iter().all(|byte| *byte == b'*');
        }
        if let Some(next) = step(&pattern[p..], name[n]) {
            p += next;
            n += 1;
            continue;
        }
        let Some((at, from)) = star else { return false };
        star = Some((at, from + 1));
        (p, n) = (at + 1, from + 1);
    }
}

/// How many bytes of the pattern stand for this byte of the name, if they do.
fn step(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [b'[', class @ ..] => {
            let negated = matches!(class.first(), Some(b'!' | b'^'));
            let class = &class[usize::from(negated)..];
            // A bracket at the start belongs to the class.
            let Some(end) = class.iter().skip(1).position(|byte| *byte == b']').map(|at| at + 1) else {
                return (byte == b'[').then_some(1);
            };
            let inside = &class[..end];
            let hit = (0..end).any(|at| match inside.get(at..at + 3) {
                Some([low, b'-', high]) => (*low..=*high).contains(&byte),
                _ => inside[at] == byte,
            });
            (hit != negated).then_some(1 + usize::from(negated) + end + 1)
        }
        [literal, ..] => (*literal == byte).then_some(1),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_the_shell() {
        for (pattern, path, hit) in [
            ("/etc/*.conf", "/etc/a.conf", true),
            ("/etc/*.conf", "/etc/.a.conf", false),
            ("/etc/*.conf", "/etc/d/a.conf", false),
            ("/*/a?c", "/x/abc", true),
            ("[a-c]x[!0-9]", "bxy", true),
            ("[a-c]x[!0-9]", "bx7", false),
            ("[]x]", "]", true),
            ("[ab", "[ab", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), path.as_bytes()), hit, "{pattern} {path}");
        }
    }

    #[test]
    fn paths_are_seen_from_the_directory() {
        for (directory, path, whole) in [
            ("/data", "a.conf", "/data/a.conf"),
            ("/data/", "./x/../a.conf", "/data/a.conf"),
            ("/data", "/etc//a", "/etc/a"),
            ("/", "..", "/"),
        ] {
            assert_eq!(join(directory.as_bytes(), path.as_bytes()), whole.as_bytes(), "{directory} {path}");
        }
    }
}
