//! A configuration text in Redis' syntax of which every line knows where it was written. What the lines mean to a running
//! node is the business of `splitbrain_model::conf`.

use crate::place::{Place, Traced};
use serde::Serialize;
use splitbrain_model::conf::running::typed_words;

/// A configuration.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Conf {
    /// All lines, comments and empty ones as well, included files in place of their `include`, options of the command
    /// line at the end.
    pub lines: Vec<Line>,
}

/// A line.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its text.
    pub text: String,
    /// Where it was written.
    pub place: Place,
    /// Its words, the first in lower case; empty for comments and where quotes do not balance.
    pub words: Vec<String>,
    /// Comes from the command line.
    pub option: bool,
}

impl Line {
    /// A line from its text.
    pub fn new(text: &str, place: Place) -> Line {
        let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
        let mut words = if trimmed.starts_with('#') { Vec::new() } else { typed_words(trimmed).unwrap_or_default() };
        if let Some(first) = words.first_mut() {
            first.make_ascii_lowercase();
        }
        Line { text: text.trim_end_matches('\r').to_owned(), place, words, option: false }
    }

    /// The words after the name.
    pub fn args(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The first word after the name, or nothing.
    pub fn value(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }
}

impl Conf {
    /// The lines of a text.
    pub fn of(text: &Traced, fallback: &Place) -> Conf {
        let mut lines: Vec<Line> = Vec::new();
        for line in text.lines() {
            let first = line.text().len() - line.text().trim_start().len();
            let place = line.place(first).or_else(|| line.start()).unwrap_or(fallback);
            lines.push(Line::new(line.text(), place.clone()));
        }
        Conf { lines }
    }

    /// The text as one string, as the program would read it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }

    /// The place of a line of [`Conf::text`], counted from 1.
    pub fn place(&self, line: u32) -> Option<&Place> {
        self.lines.get(usize::try_from(line).ok()?.checked_sub(1)?).map(|line| &line.place)
    }

    /// Lines that say something.
    pub fn directives(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.words.is_empty())
    }

    /// The last line with this name, which is the one that counts. `replica` in a name also finds `slave`.
    pub fn last(&self, name: &str) -> Option<&Line> {
        let old = name.replace("replica", "slave");
        self.lines.iter().rev().find(|line| line.words.first().is_some_and(|word| *word == name || *word == old))
    }

    /// The value of a directive with one argument.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.last(name).map(Line::value)
    }

    /// A directive that takes yes or no.
    pub fn is_yes(&self, name: &str) -> Option<bool> {
        match &*self.value(name)?.to_ascii_lowercase() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.value(name)?.parse().ok()
    }

    /// The port of the server in clear text, and of the one with TLS.
    pub fn ports(&self, default: u16) -> (u16, u16) {
        let port = |name: &str| self.value(name).and_then(|text| text.parse().ok());
        (port("port").unwrap_or(default), port("tls-port").unwrap_or(0))
    }

    /// The master it follows: the last `replicaof`; `no one` means none.
    pub fn replicaof(&self) -> Option<(&str, &str, &Line)> {
        let line = self.last("replicaof")?;
        let words: Vec<&str> = match line.args() {
            // One quoted word may hold both.
            [both] => both.split_whitespace().collect(),
            args => args.iter().map(String::as_str).collect(),
        };
        match words[..] {
            [host, port] if !(host.eq_ignore_ascii_case("no") && port.eq_ignore_ascii_case("one")) => {
                Some((host, port, line))
            }
            _ => None,
        }
    }

    /// `sentinel` lines with this second word.
    pub fn sentinel<'c>(&'c self, what: &'c str) -> impl Iterator<Item = &'c Line> {
        self.directives().filter(move |line| {
            line.words[0] == "sentinel" && line.words.get(1).is_some_and(|word| word.eq_ignore_ascii_case(what))
        })
    }

    /// The last `sentinel WHAT NAME …` line about a master.
    pub fn of_master<'c>(&'c self, what: &'c str, name: &str) -> Option<&'c Line> {
        self.sentinel(what).filter(|line| line.words.get(2).is_some_and(|word| word == name)).last()
    }

    /// A `sentinel OPTION yes|no` line.
    pub fn sentinel_yes(&self, option: &str) -> bool {
        self.sentinel(option)
            .last()
            .and_then(|line| line.words.get(2))
            .is_some_and(|word| word.eq_ignore_ascii_case("yes"))
    }

    /// The masters a Sentinel watches.
    pub fn monitors(&self) -> Vec<Monitor<'_>> {
        self.sentinel("monitor")
            .filter_map(|line| match &line.words[..] {
                [_, _, name, host, port, quorum, ..] => Some(Monitor { name, host, port, quorum, line }),
                _ => None,
            })
            .collect()
    }

    /// Whether the text is that of a Sentinel, of a Redis server, or of neither.
    pub fn is_about(&self) -> Option<crate::deployment::Kind> {
        use crate::deployment::Kind;
        if self.sentinel("monitor").next().is_some() || self.directives().any(|line| line.words[0] == "sentinel") {
            return Some(Kind::Sentinel);
        }
        let known = [
            "bind",
            "port",
            "dir",
            "save",
            "appendonly",
            "replicaof",
            "slaveof",
            "requirepass",
            "masterauth",
            "maxmemory",
            "protected-mode",
            "tls-port",
            "daemonize",
            "logfile",
        ];
        let hits =
            self.directives().filter(|line| known.contains(&&*line.words[0]) && !line.words[0].is_empty()).count();
        (hits >= 1).then_some(Kind::Redis)
    }
}

/// A `sentinel monitor` line.
#[derive(Clone, Copy, Debug)]
pub struct Monitor<'c> {
    /// The name of the master.
    pub name: &'c str,
    /// Its address.
    pub host: &'c str,
    /// Its port.
    pub port: &'c str,
    /// How many must agree.
    pub quorum: &'c str,
    /// The line.
    pub line: &'c Line,
}

impl Monitor<'_> {
    /// The quorum as a number.
    pub fn quorum(&self) -> Option<u32> {
        self.quorum.parse().ok()
    }
}
