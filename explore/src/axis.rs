//! A setting with the values it may take: where it stands in a scenario file, and how configuration files spell it.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// Settings by their own names, and where they stand.
const PLACES: &[(&str, &str)] = &[
    ("quorum", "sentinel"),
    ("down-after-milliseconds", "sentinel"),
    ("failover-timeout", "sentinel"),
    ("parallel-syncs", "sentinel"),
    ("replicas", "cluster"),
    ("sentinels", "cluster"),
    ("hosts", "cluster"),
    ("min-replicas-to-write", "redis"),
    ("min-replicas-max-lag", "redis"),
    ("appendonly", "redis"),
    ("appendfsync", "redis"),
    ("repl-timeout", "redis"),
    ("repl-diskless-sync-delay", "redis"),
    ("profile", "clients"),
    ("timeout", "clients"),
    ("connect-timeout", "clients"),
    ("retry", "clients"),
    ("wait", "clients"),
];

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// As the sweep calls it.
    pub name: String,
    /// Section and keys below it, with dots between.
    pub key: String,
    /// Its values as they are shown, in the order of the sweep.
    pub values: Vec<String>,
    /// What the scenario itself says, as it is shown; `None` if nothing.
    pub own: Option<String>,
    /// What the values are in TOML.
    #[serde(skip)]
    pub(crate) raw: Vec<Value>,
}

impl Axis {
    /// The value at this place; without a place, what the scenario says.
    pub fn shown(&self, place: Option<u32>) -> &str {
        match place {
            Some(place) => &self.values[place as usize],
            None => self.own.as_deref().unwrap_or("(default)"),
        }
    }

    /// The line of a configuration file that sets it, or a comment that says it.
    pub fn line(&self, place: Option<u32>) -> String {
        let value = self.shown(place);
        match self.key.split_once('.') {
            Some(("sentinel", "quorum")) => format!("sentinel monitor <master> <address> <port> {value}"),
            Some(("sentinel", directive)) => format!("sentinel {directive} <master> {}", millis(value)),
            Some(("redis", directive)) => format!("{directive} {}", switch(value)),
            _ => format!("# {} = {value}", self.key),
        }
    }
}

/// Redis spells truth values so.
fn switch(value: &str) -> &str {
    match value {
        "true" => "yes",
        "false" => "no",
        other => other,
    }
}

/// Sentinel's times are milliseconds.
fn millis(value: &str) -> String {
    splitbrain_scenarios::quantity::duration(value).map_or_else(|_| value.to_owned(), |d| d.millis().to_string())
}

/// Where a setting of this name stands: one of the known names, or with its section before it.
pub(crate) fn place(name: &str) -> Option<String> {
    let known = PLACES.iter().find(|(key, _)| *key == name).map(|(key, section)| format!("{section}.{key}"));
    known.or_else(|| name.contains('.').then(|| name.to_owned()))
}

/// The names that need no section.
pub(crate) fn names() -> Vec<&'static str> {
    PLACES.iter().map(|(key, _)| *key).collect()
}

/// How a value is shown.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a scenario says of a setting; of several clients, the first.
pub(crate) fn get<'a>(root: &'a Table, key: &str) -> Option<&'a Value> {
    let mut parts = key.split('.');
    let mut value = root.get(parts.next()?)?;
    for part in parts {
        value = match value {
            Value::Array(items) => items.first()?,
            other => other,
        };
        value = value.get(part)?;
    }
    Some(value)
}

/// Sets a setting, in every table where there are several (`[[clients]]`). Does nothing where something else is in the way:
/// the scenario is read afterwards, and refused if it is wrong.
pub(crate) fn set(root: &mut Table, key: &str, value: &Value) {
    match key.split_once('.') {
        None => {
            root.insert(key.to_owned(), value.clone());
        }
        Some((first, rest)) => match root.entry(first).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(table) => set(table, rest, value),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_table_mut).for_each(|t| set(t, rest, value)),
            _ => {}
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_set_where_it_stands_and_in_every_client() {
        let mut root: Table =
            "[[clients]]\nname = \"a\"\n[[clients]]\ntimeout = \"1s\"\n[sentinel]\nquorum = 2".parse().unwrap();
        set(&mut root, "clients.timeout", &Value::String("5s".to_owned()));
        set(&mut root, "sentinel.quorum", &Value::Integer(3));
        set(&mut root, "redis.min-replicas-to-write", &Value::Integer(1));
        let expected = "[[clients]]\nname = \"a\"\ntimeout = \"5s\"\n[[clients]]\ntimeout = \"5s\"\n[sentinel]\nquorum = 3\n\
                        [redis]\nmin-replicas-to-write = 1";
        assert_eq!(root, expected.parse().unwrap());
        assert_eq!(get(&root, "clients.timeout").map(show).as_deref(), Some("5s"));
        assert_eq!(get(&root, "clients.retry"), None);
    }

    #[test]
    fn lines_are_those_of_redis() {
        let axis = |key: &str, value: &str| Axis {
            name: key.to_owned(),
            key: key.to_owned(),
            values: vec![value.to_owned()],
            own: None,
            raw: Vec::new(),
        };
        let line = |key, value| axis(key, value).line(Some(0));
        assert_eq!(line("sentinel.down-after-milliseconds", "5s"), "sentinel down-after-milliseconds <master> 5000");
        assert_eq!(line("sentinel.quorum", "2"), "sentinel monitor <master> <address> <port> 2");
        assert_eq!(line("redis.appendonly", "true"), "appendonly yes");
        assert_eq!(line("cluster.sentinels", "5"), "# cluster.sentinels = 5");
    }
}
