//! The values of all directives, as CONFIG GET shows them.

use super::check::Checked;
use super::directives::{self, Directive, HIDDEN, Kind};
use super::number::{memory, strtol};
use super::split::{Arg, shown};
use std::collections::{BTreeMap, BTreeSet};

/// Classes of clients with limits of their output buffers, and the other name of one of them.
const CLASSES: [&str; 3] = ["normal", "slave", "pubsub"];

/// Values that were set, by the name under which Redis writes a directive; all others have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    values: BTreeMap<&'static str, Vec<u8>>,
    /// Names that were used, in lower case.
    named: BTreeSet<&'static str>,
    /// The first `save` line replaces the default save points, later ones add to it.
    saved: bool,
}

impl Settings {
    /// The value of a directive.
    pub(super) fn get(&self, name: &str) -> Vec<u8> {
        let Some(directive) = directives::find(name) else { return Vec::new() };
        self.values.get(directive.written).cloned().unwrap_or_else(|| directive.default.into())
    }

    /// The value of a directive that is a number.
    pub(super) fn number(&self, name: &str) -> i64 {
        strtol(&String::from_utf8_lossy(&self.get(name))).0
    }

    /// Whether a directive says yes.
    pub(super) fn is_yes(&self, name: &str) -> bool {
        self.get(name) == b"yes"
    }

    /// Whether a directive has another value than by default.
    pub(super) fn is_changed(&self, directive: &Directive) -> bool {
        self.get(directive.name) != directive.default.as_bytes()
    }

    /// Sets a value in the form in which it is shown.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        if let Some(directive) = directives::find(name) {
            self.values.insert(directive.written, value.into());
        }
    }

    /// Takes a directive of the file over.
    pub(super) fn take(&mut self, directive: &Directive, value: &Checked) {
        self.named.insert(directive.name);
        let shown = match (directive.kind, value) {
            (Kind::Save, Checked::Words(words)) => self.save(words),
            (Kind::OutputBuffers, Checked::Words(words)) => self.output_buffers(words),
            // Where Redis goes is told by the machine.
            (Kind::Dir, _) => return,
            (kind, value) => value.shown(kind),
        };
        self.values.insert(directive.written, shown);
    }

    fn save(&mut self, words: &[Arg]) -> Vec<u8> {
        let cleared = matches!(words, [only] if only.bytes.is_empty());
        let mut points = if cleared || !self.saved { Vec::new() } else { self.get("save") };
        self.saved = true;
        for word in words.iter().filter(|word| !word.bytes.is_empty()) {
            if !points.is_empty() {
                points.push(b' ');
            }
            points.extend(strtol(&word.text).0.to_string().bytes());
        }
        points
    }

    fn output_buffers(&mut self, words: &[Arg]) -> Vec<u8> {
        let mut limits = self.output_limits();
        for group in words.chunks_exact(4) {
            let class = group[0].text.to_ascii_lowercase();
            let class = if class == "replica" { "slave" } else { &class };
            let bytes = |arg: &Arg| memory(&arg.text).unwrap_or(0).to_string();
            // The seconds are kept in 32 bits.
            let seconds = (strtol(&group[3].text).0 as i32).to_string();
            if let Some(at) = CLASSES.iter().position(|known| *known == class) {
                limits[at] = [bytes(&group[1]), bytes(&group[2]), seconds];
            }
        }
        let groups = CLASSES.iter().zip(limits).map(|(class, limits)| format!("{class} {}", limits.join(" ")));
        groups.collect::<Vec<_>>().join(" ").into_bytes()
    }

    fn output_limits(&self) -> [[String; 3]; 3] {
        let shown = String::from_utf8_lossy(&self.get("client-output-buffer-limit")).into_owned();
        let words: Vec<&str> = shown.split(' ').collect();
        std::array::from_fn(|class| std::array::from_fn(|at| words.get(class * 4 + 1 + at).unwrap_or(&"0").to_string()))
    }

    /// What CONFIG GET shows and what is not as by default, or named in the file.
    pub(super) fn effective(&self) -> BTreeMap<String, String> {
        let counts = |directive: &Directive| self.is_changed(directive) || self.named.contains(directive.name);
        let listed = directives::all().filter(|directive| !directive.is(HIDDEN) && counts(directive));
        let value = |name| shown(&self.get(name));
        listed.map(|directive| (directive.name.to_owned(), value(directive.name))).collect()
    }
}
