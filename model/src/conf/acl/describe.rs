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
        let additive = !self.all_commands && self.allowed.len() < commands.0.len();
        let (mut words, mut fake) = if self.starts_from_all(commands) {
            (vec![b"+@all".to_vec()], (0..commands.0.len()).collect::<BTreeSet<usize>>())
        } else {
            (vec![b"-@all".to_vec()], BTreeSet::new())
        };
        let additive = additive && fake.is_empty();
        let sign = |allow: bool| if allow { '+' } else { '-' };
        let members = |place: usize| (0..commands.0.len()).filter(move |at| commands.0[*at].1 >> place & 1 != 0);
        let mut applied = BTreeSet::new();
        while let Some(place) = self.best_category(additive, &applied, &members) {
            for at in members(place) {
                if additive {
                    fake.insert(at)
                } else {
                    fake.remove(&at)
                };
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

    fn starts_from_all(&self, commands: Commands) -> bool {
        self.all_commands || self.allowed.len() * 2 > commands.0.len()
    }

    /// The category with the fewest commands that do not fit, of several the largest.
    fn best_category<I: Iterator<Item = usize>>(
        &self,
        additive: bool,
        applied: &BTreeSet<usize>,
        members: &impl Fn(usize) -> I,
    ) -> Option<usize> {
        let mut best: Option<(usize, usize, usize)> = None;
        for place in (0..CATEGORIES.len()).filter(|place| !applied.contains(place)) {
            let (fits, not): (Vec<usize>, Vec<usize>) =
                members(place).partition(|at| self.allowed.contains(at) == additive);
            let (same, differ) = (fits.len(), not.len());
            let better = best.is_none_or(|(_, least, most)| differ < least || differ == least && same > most);
            if same > differ && better {
                best = Some((place, differ, same));
            }
        }
        best.map(|(place, ..)| place)
    }
}
