//! Scenarios back to text. A [`Document`] is a scenario file as a tree that can be edited; its text reads back as the
//! same scenario. Comments of the file it came from are gone.

mod cluster;
mod faults;

pub use faults::Unwritable;

use crate::resolved::Step;
use crate::scenario::Scenario;
use crate::source::Source;
use std::fmt::Write as _;
use toml::{Table, Value};

/// Sections and keys in the order in which people write them; others follow in alphabetical order.
const ORDER: &[&str] = &[
    "title",
    "why",
    "claim",
    "planted",
    "cluster",
    "sentinel",
    "redis",
    "masters",
    "network",
    "disk",
    "clients",
    "faults",
    "chaos",
    "run",
    "expect", // keys
    "name",
    "count",
    "host",
    "profile",
    "replicas",
    "sentinels",
    "quorum",
    "at",
    "when",
    "then-after",
    "after",
    "cap",
    "of",
    "a",
    "b",
    "from",
    "to",
];
/// Keys that come last.
const LAST: &[&str] = &["for", "origin", "command"];

/// A scenario file as a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    root: Table,
}

impl Document {
    /// The file of a scenario, with the environment it is played in.
    ///
    /// # Errors
    /// If its text is no TOML, which a scenario that was read never is.
    pub fn of(scenario: &Scenario) -> Result<Document, toml::de::Error> {
        let mut document = Document { root: scenario.source.parse()? };
        document.put("network", "environment", Value::String(scenario.network.environment.clone()));
        Ok(document)
    }

    /// A file that is a tree already.
    pub fn of_table(root: Table) -> Document {
        Document { root }
    }

    /// The text of a file with the faults and random faults of another.
    pub(crate) fn grafted(onto: &Source, from: &Source) -> Result<String, toml::de::Error> {
        let (mut document, other): (Document, Table) = (Document { root: onto.text.parse()? }, from.text.parse()?);
        document.forget_faults();
        let faults = other.into_iter().filter(|(key, _)| matches!(&**key, "faults" | "chaos"));
        document.root.extend(faults);
        Ok(document.text())
    }

    /// A schedule and nothing else.
    ///
    /// # Errors
    /// If scenario files have no words for it.
    pub fn of_faults(schedule: &[Step]) -> Result<Document, Unwritable> {
        let mut document = Document { root: Table::new() };
        document.set_schedule(schedule)?;
        Ok(document)
    }

    /// Replaces faults and random faults by a schedule.
    ///
    /// # Errors
    /// If scenario files have no words for it.
    pub fn set_schedule(&mut self, schedule: &[Step]) -> Result<(), Unwritable> {
        let tables = faults::tables(schedule)?;
        self.forget_faults();
        if !tables.is_empty() {
            self.root.insert("faults".to_owned(), Value::Array(tables.into_iter().map(Value::Table).collect()));
        }
        Ok(())
    }

    /// Leaves out all faults.
    pub fn forget_faults(&mut self) {
        self.root.remove("chaos");
        self.root.remove("faults");
    }

    /// Leaves out `[claim]`: what another schedule shows says nothing about it.
    pub fn forget_claim(&mut self) {
        self.root.remove("claim");
    }

    /// Sets a text at the top: `title`, `why`.
    pub fn set_text(&mut self, key: &str, text: &str) {
        self.root.insert(key.to_owned(), Value::String(text.to_owned()));
    }

    /// Sets a key of a section; a text that is a number becomes one.
    pub fn set(&mut self, section: &str, key: &str, value: &str) {
        let value = value.parse::<i64>().map_or_else(|_| Value::String(value.to_owned()), Value::Integer);
        self.put(section, key, value);
    }

    /// Replaces `[expect]` by properties with what is demanded of them, as TOML: `"shows"`, `{ shows = true }`.
    ///
    /// # Errors
    /// If a demand is no TOML.
    pub fn set_expect(&mut self, demands: &[(String, String)]) -> Result<(), toml::de::Error> {
        let text: String = demands.iter().map(|(property, demand)| format!("{property} = {demand}\n")).collect();
        self.root.insert("expect".to_owned(), Value::Table(text.parse()?));
        Ok(())
    }

    /// Whether it names files that have to stand beside it.
    pub fn needs_files(&self) -> bool {
        let cluster = self.root.get("cluster").and_then(Value::as_table);
        cluster.is_some_and(|cluster| cluster.contains_key("sentinel-conf") || cluster.contains_key("redis-conf"))
    }

    fn put(&mut self, section: &str, key: &str, value: Value) {
        let section = self.root.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(key.to_owned(), value);
        }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (key, value) in ordered(&self.root) {
            if !is_section(value) {
                let _ = writeln!(text, "{} = {}", written_key(key), inline(value));
            }
        }
        for (key, value) in ordered(&self.root) {
            match value {
                Value::Table(table) => section(&mut text, &format!("[{}]", written_key(key)), table),
                Value::Array(tables) if is_section(value) => {
                    for table in tables.iter().filter_map(Value::as_table) {
                        section(&mut text, &format!("[[{}]]", written_key(key)), table);
                    }
                }
                _ => {}
            }
        }
        text.trim_start().to_owned()
    }
}

fn is_section(value: &Value) -> bool {
    match value {
        Value::Table(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_table),
        _ => false,
    }
}

fn section(text: &mut String, title: &str, table: &Table) {
    let _ = writeln!(text, "\n{title}");
    for (key, value) in ordered(table) {
        let _ = writeln!(text, "{} = {}", written_key(key), inline(value));
    }
}

fn ordered(table: &Table) -> Vec<(&str, &Value)> {
    let mut entries: Vec<(&str, &Value)> = table.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let rank = |key: &str| match (ORDER.iter().position(|known| *known == key), LAST.contains(&key)) {
        (_, true) => usize::MAX,
        (at, _) => at.unwrap_or(ORDER.len()),
    };
    entries.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
    entries
}

fn written_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { key.to_owned() } else { Value::String(key.to_owned()).to_string() }
}

/// A value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let entry = |(key, value): (&str, &Value)| format!("{} = {}", written_key(key), inline(value));
            format!("{{ {} }}", ordered(table).into_iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
