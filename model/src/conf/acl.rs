//! Lines `user NAME RULE…` (`ACLSetUser`): which rules are refused, with which words, and how a user reads when Redis
//! writes it down again. What users may do in a simulation is in [`crate::acl`].

mod commands;
mod describe;

use super::redis::Mode;
use super::split::{self, is_space};
use crate::sha256;
use std::collections::BTreeSet;

/// Why a rule is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Unknown,
    Syntax,
    AfterAllKeys,
    AfterAllChannels,
    NoSuchPassword,
    BadHash,
    Duplicate,
    ArgOfSubcommand,
}

impl Fault {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Fault::Unknown => "Unknown command or category name in ACL",
            Fault::Syntax => "Syntax error",
            Fault::AfterAllKeys => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any \
                 effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            Fault::AfterAllChannels => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any \
                 effect. Try 'resetchannels' to start with an empty list of channels"
            }
            Fault::NoSuchPassword => "The password you are trying to remove from the user does not exist",
            Fault::BadHash => {
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
            }
            Fault::Duplicate => "Duplicate user found. A user can only be defined once in config files",
            Fault::ArgOfSubcommand => "Allowing first-arg of a subcommand is not supported",
        }
    }
}

/// The commands that a program knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Commands(&'static [(&'static str, u32)]);

impl Commands {
    pub(super) const fn of(mode: Mode) -> Commands {
        match mode {
            Mode::Redis => Commands(commands::REDIS),
            Mode::Sentinel => Commands(commands::SENTINEL),
        }
    }

    /// Place of a command or `command|subcommand`, in whatever case.
    fn find(self, name: &[u8]) -> Option<usize> {
        let name = name.to_ascii_lowercase();
        self.0.binary_search_by(|(known, _)| known.as_bytes().cmp(&name)).ok()
    }

    /// Whether there is such a command or `command|subcommand`.
    pub(super) fn knows(self, name: &[u8]) -> bool {
        self.find(name).is_some()
    }

    /// Names of commands without subcommands.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name).filter(|name| !name.contains('|'))
    }

    /// The commands of a category, each with all of its subcommands, whatever is said of those.
    fn category(self, place: usize) -> impl Iterator<Item = usize> {
        self.members(place).flat_map(move |at| self.family(at))
    }

    /// The commands and subcommands that have a category themselves.
    fn members(self, place: usize) -> impl Iterator<Item = usize> {
        (0..self.0.len()).filter(move |at| self.0[*at].1 >> place & 1 != 0)
    }

    /// A command with all of its subcommands.
    fn family(self, at: usize) -> impl Iterator<Item = usize> {
        let name = self.0[at].0;
        let is_sub = |other: &str| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('|'));
        let count = self.0[at + 1..].iter().take_while(|(other, _)| is_sub(other)).count();
        at..=at + count
    }
}

/// A user, as its rules make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    on: bool,
    nopass: bool,
    /// As it was asked for, if it was.
    sanitize: Option<bool>,
    passwords: Vec<String>,
    root: Selector,
    selectors: Vec<Selector>,
    all_channels_by_default: bool,
}

/// What may be done: keys, channels and commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Selector {
    all_keys: bool,
    keys: Vec<(u8, Vec<u8>)>,
    all_channels: bool,
    channels: Vec<Vec<u8>>,
    /// `+@all` was given: commands that Redis learns of later are allowed as well, whatever was taken away since.
    all_commands: bool,
    allowed: BTreeSet<usize>,
    /// `+select|0`: place of the command, and its first argument.
    first_args: Vec<(usize, Vec<u8>)>,
}

const READ: u8 = 1;
const WRITE: u8 = 2;

impl User {
    /// A new user: switched off, without password.
    pub(super) fn new(all_channels_by_default: bool) -> User {
        let selector = Selector { all_channels: all_channels_by_default, ..Selector::default() };
        User {
            on: false,
            nopass: false,
            sanitize: None,
            passwords: Vec::new(),
            root: selector,
            selectors: Vec::new(),
            all_channels_by_default,
        }
    }

    /// The user `default` of a fresh server.
    pub(super) fn default_user(commands: Commands) -> User {
        let mut user = User::new(true);
        (user.on, user.nopass) = (true, true);
        user.root.all_keys = true;
        user.root.allow_all(commands);
        user
    }

    /// Gives a single password, or takes all away (`requirepass`).
    pub(super) fn set_password(&mut self, password: &[u8]) {
        self.nopass = password.is_empty();
        self.passwords = if password.is_empty() { Vec::new() } else { vec![sha256::hexadecimal(password)] };
    }

    /// Applies one rule.
    pub(super) fn apply(&mut self, rule: &[u8], commands: Commands) -> Result<(), Fault> {
        match (&*rule.to_ascii_lowercase(), rule) {
            (b"on", _) => self.on = true,
            (b"off", _) => self.on = false,
            (b"nopass", _) => (self.nopass, self.passwords) = (true, Vec::new()),
            (b"resetpass", _) => (self.nopass, self.passwords) = (false, Vec::new()),
            (b"skip-sanitize-payload", _) => self.sanitize = Some(false),
            (b"sanitize-payload", _) => self.sanitize = Some(true),
            (b"clearselectors", _) => self.selectors.clear(),
            (b"reset", _) => {
                *self = User { sanitize: Some(true), ..User::new(self.all_channels_by_default) };
            }
            (_, []) => {}
            (_, [b'>', password @ ..]) => self.add_password(sha256::hexadecimal(password)),
            (_, [b'#', hash @ ..]) => self.add_password(checked_hash(hash)?),
            (_, [b'<', password @ ..]) => self.remove_password(&sha256::hexadecimal(password))?,
            (_, [b'!', hash @ ..]) => self.remove_password(&checked_hash(hash)?)?,
            (_, [b'(', inner @ .., b')']) => {
                let mut selector = Selector { all_channels: self.all_channels_by_default, ..Selector::default() };
                for rule in split::words(inner, 1).unwrap_or_default() {
                    selector.apply(&rule.bytes, commands)?;
                }
                self.selectors.push(selector);
            }
            _ => self.root.apply(rule, commands)?,
        }
        Ok(())
    }

    fn add_password(&mut self, hash: String) {
        self.nopass = false;
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
    }

    fn remove_password(&mut self, hash: &str) -> Result<(), Fault> {
        let at = self.passwords.iter().position(|known| known == hash).ok_or(Fault::NoSuchPassword)?;
        self.passwords.remove(at);
        Ok(())
    }
}

fn checked_hash(hash: &[u8]) -> Result<String, Fault> {
    let good = hash.len() == 64 && hash.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if good { Ok(String::from_utf8_lossy(hash).into_owned()) } else { Err(Fault::BadHash) }
}

impl Selector {
    fn allow_all(&mut self, commands: Commands) {
        self.all_commands = true;
        self.allowed = (0..commands.0.len()).collect();
        self.first_args.clear();
    }

    fn apply(&mut self, rule: &[u8], commands: Commands) -> Result<(), Fault> {
        match (&*rule.to_ascii_lowercase(), rule) {
            (b"allkeys" | b"~*", _) => (self.all_keys, self.keys) = (true, Vec::new()),
            (b"resetkeys", _) => (self.all_keys, self.keys) = (false, Vec::new()),
            (b"allchannels" | b"&*", _) => (self.all_channels, self.channels) = (true, Vec::new()),
            (b"resetchannels", _) => (self.all_channels, self.channels) = (false, Vec::new()),
            (b"allcommands" | b"+@all", _) => self.allow_all(commands),
            (b"nocommands" | b"-@all", _) => {
                self.all_commands = false;
                self.allowed.clear();
                self.first_args.clear();
            }
            (_, [b'~' | b'%', ..]) => self.add_key(rule)?,
            (_, [b'&', pattern @ ..]) => {
                if self.all_channels {
                    return Err(Fault::AfterAllChannels);
                }
                if has_spaces(pattern) {
                    return Err(Fault::Syntax);
                }
                if !self.channels.iter().any(|known| known == pattern) {
                    self.channels.push(pattern.to_vec());
                }
            }
            (_, [sign @ (b'+' | b'-'), b'@', name @ ..]) => self.category(*sign == b'+', name, commands)?,
            (_, [b'+', name @ ..]) => self.allow(name, commands)?,
            (_, [b'-', name @ ..]) => {
                let at = commands.find(name).ok_or(Fault::Unknown)?;
                self.set(commands.family(at), false);
            }
            _ => return Err(Fault::Syntax),
        }
        Ok(())
    }

    /// `~pattern`, `%R~pattern`, `%W~pattern`, `%RW~pattern`
    fn add_key(&mut self, rule: &[u8]) -> Result<(), Fault> {
        if self.all_keys {
            return Err(Fault::AfterAllKeys);
        }
        let (access, pattern) = match rule {
            [b'%', rest @ ..] => {
                let end = rest.iter().position(|byte| *byte == b'~').unwrap_or(rest.len());
                let mut access = 0;
                for letter in &rest[..end] {
                    let bit = match letter.to_ascii_uppercase() {
                        b'R' => READ,
                        b'W' => WRITE,
                        _ => return Err(Fault::Syntax),
                    };
                    if access & bit != 0 {
                        return Err(Fault::Syntax);
                    }
                    access |= bit;
                }
                (access, rest.get(end + 1..).unwrap_or_default())
            }
            _ => (READ | WRITE, &rule[1..]),
        };
        if access == 0 || has_spaces(pattern) {
            return Err(Fault::Syntax);
        }
        match self.keys.iter_mut().find(|(_, known)| known == pattern) {
            Some((known, _)) => *known |= access,
            None => self.keys.push((access, pattern.to_vec())),
        }
        Ok(())
    }

    fn set(&mut self, commands: impl Iterator<Item = usize>, allowed: bool) {
        for command in commands {
            if allowed {
                self.allowed.insert(command);
            } else {
                self.allowed.remove(&command);
            }
            self.first_args.retain(|(known, _)| *known != command);
        }
    }

    fn category(&mut self, allowed: bool, name: &[u8], commands: Commands) -> Result<(), Fault> {
        let lower = name.to_ascii_lowercase();
        let place = commands::CATEGORIES.iter().position(|known| known.as_bytes() == lower).ok_or(Fault::Unknown)?;
        self.set(commands.category(place), allowed);
        Ok(())
    }

    /// `+command`, `+command|subcommand` or `+command|argument`
    fn allow(&mut self, name: &[u8], commands: Commands) -> Result<(), Fault> {
        let Some(bar) = name.iter().rposition(|byte| *byte == b'|') else {
            let at = commands.find(name).ok_or(Fault::Unknown)?;
            self.set(commands.family(at), true);
            return Ok(());
        };
        let (command, argument) = (&name[..bar], &name[bar + 1..]);
        let at = commands.find(command).ok_or(Fault::Unknown)?;
        if command.contains(&b'|') {
            return Err(Fault::ArgOfSubcommand);
        }
        if argument.is_empty() {
            return Err(Fault::Syntax);
        }
        if commands.family(at).count() > 1 {
            let at = commands.find(name).ok_or(Fault::Unknown)?;
            self.set([at].into_iter(), true);
        } else if !self.allowed.contains(&at) {
            let entry = (at, argument.to_vec());
            if !self.first_args.contains(&entry) {
                self.first_args.push(entry);
            }
        }
        Ok(())
    }
}

/// `ACLStringHasSpaces`: NUL counts.
pub(super) fn has_spaces(text: &[u8]) -> bool {
    text.iter().any(|byte| is_space(*byte) || *byte == 0)
}

/// Words in parentheses are one rule (`ACLMergeSelectorArguments`); if one does not end, the place of its start.
pub(super) fn merge_selectors(words: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, usize> {
    let mut merged: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<(usize, Vec<u8>)> = None;
    for (at, word) in words.iter().enumerate() {
        match open.take() {
            Some((start, mut selector)) => {
                selector.push(b' ');
                selector.extend(word);
                match word.last() {
                    Some(b')') => merged.push(selector),
                    _ => open = Some((start, selector)),
                }
            }
            None if word.first() == Some(&b'(') && word.last() != Some(&b')') => open = Some((at, word.clone())),
            None => merged.push(word.clone()),
        }
    }
    match open {
        Some((start, _)) => Err(start),
        None => Ok(merged),
    }
}

/// Checks the words of a line `user NAME RULE…` while the file is read: unknown commands may yet come from a module.
/// Gives the merged rules, or the word that Redis blames (counted in the line, though it counts in the rules) and why.
pub(super) fn check_line(
    words: &[Vec<u8>],
    commands: Commands,
    all_channels: bool,
) -> Result<Vec<Vec<u8>>, (usize, Fault)> {
    let rules = merge_selectors(words.get(2..).unwrap_or_default()).map_err(|at| (at, Fault::Unknown))?;
    let mut user = User::new(all_channels);
    for (at, rule) in rules.iter().enumerate() {
        match user.apply(rule, commands) {
            Ok(()) | Err(Fault::Unknown) => {}
            Err(fault) => return Err((at, fault)),
        }
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<(), (usize, Fault)> {
        let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        check_line(&words, Commands::of(Mode::Redis), false).map(|_| ())
    }

    #[test]
    fn rules_are_refused_as_the_real_server_refuses_them() {
        for (line, verdict) in [
            ("user alice +nosuch", Ok(())),
            ("user alice on badrule", Err((1, Fault::Syntax))),
            ("user alice (+@all ~*", Err((0, Fault::Unknown))),
            ("user alice (+@all badsel) on", Err((0, Fault::Syntax))),
            ("user alice on #abc", Err((1, Fault::BadHash))),
            ("user alice on <nopass", Err((1, Fault::NoSuchPassword))),
            ("user alice %R~x %Z~x", Err((1, Fault::Syntax))),
            ("user alice allkeys ~foo", Err((1, Fault::AfterAllKeys))),
            ("user alice allchannels &foo", Err((1, Fault::AfterAllChannels))),
            ("user alice +client|id|x", Err((0, Fault::ArgOfSubcommand))),
            ("user alice %~foo", Err((0, Fault::Syntax))),
            ("user alice )", Err((0, Fault::Syntax))),
            ("user alice ()", Ok(())),
            ("user alice +get|x +select|0 +config|get +@all|x", Ok(())),
            ("user alice >a <a >b !zz", Err((3, Fault::BadHash))),
        ] {
            assert_eq!(check(line), verdict, "{line}");
        }
    }
}
