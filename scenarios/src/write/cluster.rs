//! A smaller cluster: the file without one of its servers, Sentinels or clients. Those behind it move up, since names
//! are numbers.

use super::Document;
use crate::scenario::Scenario;
use toml::{Table, Value};

/// Who has which name afterwards; `None` for whoever is gone.
pub type Names = Box<dyn Fn(&str) -> Option<String>>;

impl Document {
    /// Without the Sentinel of this number, counted from 1.
    pub fn without_sentinel(&mut self, scenario: &Scenario, number: u32) -> Option<Names> {
        let left = scenario.sentinels.checked_sub(1).filter(|left| *left >= 1)?;
        self.set("cluster", "sentinels", &left.to_string());
        let names = moved_up("sentinel-", number);
        self.rename(&names);
        Some(names)
    }

    /// Without the server of this number, which is no master at the beginning. Only where there is one master: otherwise
    /// numbers run over all of them.
    pub fn without_server(&mut self, scenario: &Scenario, number: u32) -> Option<Names> {
        let [master] = &scenario.masters[..] else { return None };
        let replicas = (master.servers.len() as u32).checked_sub(1)?;
        if number < 2 || number > replicas + 1 || self.root.contains_key("masters") {
            return None;
        }
        self.set("cluster", "replicas", &(replicas - 1).to_string());
        let names = moved_up("redis-", number);
        self.rename(&names);
        Some(names)
    }

    /// How many `[[clients]]` there are.
    pub fn client_groups(&self) -> usize {
        self.root.get("clients").and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// Without this entry of `[[clients]]`, or with only so many of its processes. Entries without a name are given the
    /// one they had, so that the others stay who they are.
    pub fn with_fewer_clients(&mut self, scenario: &Scenario, group: usize, left: usize) -> Option<Names> {
        let spec = scenario.clients.get(group)?;
        if left >= spec.members.len() {
            return None;
        }
        let Some(Value::Array(entries)) = self.root.get_mut("clients") else { return None };
        let mut names: Vec<(String, Option<String>)> = Vec::new();
        for (entry, spec) in entries.iter_mut().zip(&scenario.clients) {
            let Value::Table(entry) = entry else { continue };
            if !entry.contains_key("name") {
                entry.insert("name".to_owned(), Value::String(spec.name.clone()));
                let several = spec.members.len() > 1;
                let numbered = |(n, old): (usize, &String)| (old.clone(), Some(format!("{}-{}", spec.name, n + 1)));
                names.extend(spec.members.iter().enumerate().filter(|_| several).map(numbered));
            }
        }
        names.retain(|(old, _)| !spec.members.contains(old));
        if left == 0 {
            entries.remove(group);
            if entries.is_empty() {
                self.root.remove("clients");
            }
            names.extend(spec.members.iter().map(|member| (member.clone(), None)));
            names.push((spec.name.clone(), None));
        } else if let Some(Value::Table(entry)) = entries.get_mut(group) {
            let of_one = |n: usize| if left == 1 { spec.name.clone() } else { format!("{}-{}", spec.name, n + 1) };
            for (n, member) in spec.members.iter().enumerate() {
                names.push((member.clone(), (n < left).then(|| of_one(n))));
            }
            entry.remove("count");
            if left > 1 {
                entry.insert("count".to_owned(), Value::Integer(left as i64));
            }
        }
        let names: Names = Box::new(move |name| match names.iter().find(|(old, _)| old == name) {
            Some((_, new)) => new.clone(),
            None => Some(name.to_owned()),
        });
        if let Some(Value::Table(cluster)) = self.root.get_mut("cluster")
            && let Some(hosts) = cluster.get_mut("hosts")
        {
            renamed(hosts, &names);
        }
        Some(names)
    }

    /// Gives everybody the name they have now.
    fn rename(&mut self, names: &Names) {
        for section in ["cluster", "clients", "expect"] {
            if let Some(value) = self.root.get_mut(section) {
                renamed(value, names);
            }
        }
        if let Some(Value::Table(redis)) = self.root.get_mut("redis") {
            let old = std::mem::take(redis);
            *redis = old.into_iter().filter_map(|(key, value)| Some((names(&key)?, value))).collect::<Table>();
        }
    }
}

/// Without `prefix-number`; higher numbers move down by one.
fn moved_up(prefix: &'static str, gone: u32) -> Names {
    Box::new(move |name| {
        let number = name.strip_prefix(prefix).and_then(|number| number.parse::<u32>().ok());
        match number {
            Some(number) if number == gone => None,
            Some(number) if number > gone => Some(format!("{prefix}{}", number - 1)),
            _ => Some(name.to_owned()),
        }
    })
}

/// Renames texts wherever they stand; what has no name any more is left out.
fn renamed(value: &mut Value, names: &Names) -> bool {
    match value {
        Value::String(text) => match names(text) {
            Some(new) => *text = new,
            None => return false,
        },
        Value::Array(items) => items.retain_mut(|item| renamed(item, names)),
        Value::Table(table) => {
            let gone: Vec<String> =
                table.iter_mut().filter_map(|(key, value)| (!renamed(value, names)).then(|| key.clone())).collect();
            for key in gone {
                table.remove(&key);
            }
        }
        _ => {}
    }
    true
}
