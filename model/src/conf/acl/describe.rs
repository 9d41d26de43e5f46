//! How a user reads when Redis writes it down (`ACLDescribeUser`). Redis does not keep rules as they were given: it looks
//! for the categories that come nearest to the commands that are allowed, and adds single commands.

use super::commands::CATEGORIES;
use super::{Commands, READ, Selector, User, WRITE};
use std::collections::BTreeSet;

impl User {
    /// The rules of the user in one line.
    pub(in crate::conf) fn describe(&self, commands: Commands) -> Vec<u8> {
        let mut words: Vec<Vec<u8>> = vec![if self.on { b"on".to_vec() } else { b"off".to_vec() }];
        if self.nopass {
            words.push(b"nopass".to_vec());
        }
        match self.sanitize {
            Some(false) => words.push(b"skip-sanitize-payload".to_vec()),
            Some(true) => words.push(b"sanitize-payload".to_vec()),
            None => {}
        }
        words.extend(self.passwords.iter().map(|hash| format!("#{hash}").into_bytes()));
        words.extend(self.root.describe(commands));
        for selector in &self.selectors {
            let inner = selector.describe(commands).join(&b' ');
            words.push([b"(", &inner[..], b")"].concat());
        }
        words.join(&b' ')
    }
}

impl Selector {
    fn describe(&self, commands: Commands) -> Vec<Vec<u8>> {
        let mut words = Vec::new();
        if self.all_keys {
            words.push(b"~*".to_vec());
        }
        for (access, pattern) in &self.keys {
            let sign: &[u8] = match *access {
                READ => b"%R~",
                WRITE => b"%W~",
                _ => b"~",
            };
            words.push([sign, pattern].concat());
        }
        words.push(if self.all_channels { b"&*".to_vec() } else { b"resetchannels".to_vec() });
        words.extend(self.channels.iter().map(|pattern| [b"&", &pattern[..]].concat()));
        words.extend(self.commands(commands));
        words
    }

    /// From all or nothing, the best category again and again, then what still differs.
    fn commands(&self, commands: Commands) -> Vec<Vec<u8>> {
        let additive = !self.all_commands;
        let (mut words, mut fake) = match additive {
            true => (vec![b"-@all".to_vec()], BTreeSet::new()),
            false => (vec![b"+@all".to_vec()], (0..commands.0.len()).collect::<BTreeSet<usize>>()),
        };
        let sign = |allow: bool| if allow { '+' } else { '-' };
        // What no category has told yet.
        let mut left = self.allowed.clone();
        let mut applied = BTreeSet::new();
        while let Some(place) = best_category(&left, additive, &applied, commands) {
            for at in commands.category(place) {
                let (told, rest) = if additive { (&mut fake, &mut left) } else { (&mut left, &mut fake) };
                told.insert(at);
                rest.remove(&at);
            }
            words.push(format!("{}@{}", sign(additive), CATEGORIES[place]).into_bytes());
            applied.insert(place);
        }
        for at in 0..commands.0.len() {
            let allow = self.allowed.contains(&at);
            if allow == fake.contains(&at) {
                continue;
            }
            let name = commands.0[at].0;
            if !name.contains('|') {
                // Subcommands follow their command.
                let family: Vec<usize> = commands.family(at).collect();
                for member in family {
                    if allow {
                        fake.insert(member)
                    } else {
                        fake.remove(&member)
                    };
                }
            } else if allow {
                fake.insert(at);
            } else {
                fake.remove(&at);
            }
            words.push(format!("{}{name}", sign(allow)).into_bytes());
        }
        for (at, argument) in &self.first_args {
            words.push([b"+", commands.0[*at].0.as_bytes(), b"|", argument].concat());
        }
        words
    }
}

/// The category with the fewest commands that do not fit, of several the largest.
fn best_category(
    left: &BTreeSet<usize>,
    additive: bool,
    applied: &BTreeSet<usize>,
    commands: Commands,
) -> Option<usize> {
    let mut best: Option<(usize, usize, usize)> = None;
    for place in (0..CATEGORIES.len()).filter(|place| !applied.contains(place)) {
        let same = commands.members(place).filter(|at| left.contains(at) == additive).count();
        let differ = commands.members(place).count() - same;
        let better = best.is_none_or(|(_, least, most)| differ < least || differ == least && same > most);
        if same > differ && better {
            best = Some((place, differ, same));
        }
    }
    best.map(|(place, ..)| place)
}
