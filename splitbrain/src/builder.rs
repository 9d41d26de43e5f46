//! Scenarios in Rust, in the words of scenario files. What is built *is* the text of a file: whatever a file can say can be
//! said here, and what is wrong is told as for a file, with the line of the text.

use splitbrain_scenarios::{Scenario, ScenarioError, Source};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// A value as TOML writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toml(String);

impl fmt::Display for Toml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Toml {
    /// A value that is TOML already, as a table: `Toml::raw("{ within = \"auto\", exactly = 1 }")`.
    pub fn raw(text: &str) -> Toml {
        Toml(text.to_owned())
    }
}

impl From<&str> for Toml {
    fn from(text: &str) -> Toml {
        let mut quoted = String::from("\"");
        for c in text.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        Toml(quoted)
    }
}

impl From<u32> for Toml {
    fn from(n: u32) -> Toml {
        Toml(n.to_string())
    }
}

impl From<bool> for Toml {
    fn from(yes: bool) -> Toml {
        Toml(yes.to_string())
    }
}

impl From<std::time::Duration> for Toml {
    fn from(time: std::time::Duration) -> Toml {
        match time.subsec_nanos() % 1_000_000 {
            0 => Toml(format!("\"{}ms\"", time.as_millis())),
            _ => Toml(format!("\"{}us\"", time.as_micros())),
        }
    }
}

impl From<&[&str]> for Toml {
    fn from(texts: &[&str]) -> Toml {
        let texts: Vec<String> = texts.iter().map(|text| Toml::from(*text).0).collect();
        Toml(format!("[{}]", texts.join(", ")))
    }
}

impl<const N: usize> From<[&str; N]> for Toml {
    fn from(texts: [&str; N]) -> Toml {
        Toml::from(&texts[..])
    }
}

/// Builds a [`Scenario`].
///
/// ```
/// use splitbrain::{RunOptions, ScenarioBuilder, assert_that, run_scenario};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scenario = ScenarioBuilder::new("the master's host dies")
///     .cluster("replicas", 2)
///     .sentinel("down-after-milliseconds", 2_000)
///     .redis("min-replicas-to-write", 1)
///     .clients("jedis", 3)
///     .fault("0s", "power-loss", "master")
///     .expect("lost-write", "any")
///     .build()?;
/// let summary = run_scenario(&scenario, &RunOptions::seeds(0..5), &|_| ())?;
/// assert_that(&summary).meets_its_expectations().completes_a_failover();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ScenarioBuilder {
    title: String,
    apps: Vec<String>,
    sections: BTreeMap<&'static str, Vec<(String, Toml)>>,
    clients: Vec<Vec<(String, Toml)>>,
    faults: Vec<Vec<(String, Toml)>>,
}

impl ScenarioBuilder {
    /// A scenario with the usual cluster (a master, two replicas, three Sentinels) and nothing in it yet.
    pub fn new(title: &str) -> ScenarioBuilder {
        ScenarioBuilder { title: title.to_owned(), ..ScenarioBuilder::default() }
    }

    fn set(mut self, section: &'static str, key: &str, value: impl Into<Toml>) -> ScenarioBuilder {
        let keys = self.sections.entry(section).or_default();
        keys.retain(|(known, _)| known != key);
        keys.push((key.to_owned(), value.into()));
        self
    }

    /// A key of `[cluster]`: `replicas`, `sentinels`, …
    #[must_use]
    pub fn cluster(self, key: &str, value: impl Into<Toml>) -> ScenarioBuilder {
        self.set("cluster", key, value)
    }

    /// A setting of all Sentinels, as sentinel.conf spells it.
    #[must_use]
    pub fn sentinel(self, key: &str, value: impl Into<Toml>) -> ScenarioBuilder {
        self.set("sentinel", key, value)
    }

    /// A setting of all Redis servers, as redis.conf spells it.
    #[must_use]
    pub fn redis(self, key: &str, value: impl Into<Toml>) -> ScenarioBuilder {
        self.set("redis", key, value)
    }

    /// A key of `[network]`: `environment`, `latency`, `loss`, …
    #[must_use]
    pub fn network(self, key: &str, value: impl Into<Toml>) -> ScenarioBuilder {
        self.set("network", key, value)
    }

    /// A key of `[disk]`.
    #[must_use]
    pub fn disk(self, key: &str, value: impl Into<Toml>) -> ScenarioBuilder {
        self.set("disk", key, value)
    }

    /// A key of `[run]`: `phase`, `heal`, …
    #[must_use]
    pub fn run(self, key: &str, value: impl Into<Toml>) -> ScenarioBuilder {
        self.set("run", key, value)
    }

    /// A key of `[chaos]`: random faults.
    #[must_use]
    pub fn chaos(self, key: &str, value: impl Into<Toml>) -> ScenarioBuilder {
        self.set("chaos", key, value)
    }

    /// So many processes with this client library, reading and writing.
    #[must_use]
    pub fn clients(self, profile: &str, count: u32) -> ScenarioBuilder {
        self.clients_with(&[("profile", profile.into()), ("count", count.into())])
    }

    /// An entry of `[[clients]]` with these keys.
    #[must_use]
    pub fn clients_with(mut self, keys: &[(&str, Toml)]) -> ScenarioBuilder {
        self.clients.push(keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect());
        self
    }

    /// An application whose code is outside, for a hosted test.
    #[must_use]
    pub fn app(mut self, name: &str) -> ScenarioBuilder {
        self.apps.push(name.to_owned());
        self
    }

    /// A fault at a time after the cluster has settled: `fault("0s", "kill", "master")`.
    #[must_use]
    pub fn fault(self, at: &str, kind: &str, target: impl Into<Toml>) -> ScenarioBuilder {
        self.fault_with(&[("at", at.into()), (kind, target.into())])
    }

    /// A fault that is over after some time.
    #[must_use]
    pub fn fault_for(self, at: &str, kind: &str, target: impl Into<Toml>, lasts: &str) -> ScenarioBuilder {
        self.fault_with(&[("at", at.into()), (kind, target.into()), ("for", lasts.into())])
    }

    /// An entry of `[[faults]]` with these keys.
    #[must_use]
    pub fn fault_with(mut self, keys: &[(&str, Toml)]) -> ScenarioBuilder {
        self.faults.push(keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect());
        self
    }

    /// An expectation: `expect("lost-write", "any")`, `expect("available", Toml::raw("{ at-most = \"9s\" }"))`.
    #[must_use]
    pub fn expect(self, property: &str, demand: impl Into<Toml>) -> ScenarioBuilder {
        self.set("expect", property, demand)
    }

    /// The text of the file that says the same.
    pub fn text(&self) -> String {
        let mut text = format!("title = {}\n", Toml::from(&*self.title));
        if !self.apps.is_empty() {
            let apps: Vec<&str> = self.apps.iter().map(String::as_str).collect();
            let _ = writeln!(text, "apps = {}", Toml::from(&apps[..]));
        }
        let keys = |text: &mut String, heading: &str, keys: &[(String, Toml)]| {
            let _ = writeln!(text, "\n{heading}");
            for (key, value) in keys {
                let _ = writeln!(text, "{key} = {value}");
            }
        };
        let section = |name: &str| self.sections.get(name).map(Vec::as_slice).unwrap_or_default();
        keys(&mut text, "[cluster]", section("cluster"));
        for name in ["sentinel", "redis", "network", "disk"] {
            if !section(name).is_empty() {
                keys(&mut text, &format!("[{name}]"), section(name));
            }
        }
        self.clients.iter().for_each(|client| keys(&mut text, "[[clients]]", client));
        self.faults.iter().for_each(|fault| keys(&mut text, "[[faults]]", fault));
        for name in ["chaos", "run", "expect"] {
            if !section(name).is_empty() {
                keys(&mut text, &format!("[{name}]"), section(name));
            }
        }
        text
    }

    /// The scenario.
    ///
    /// # Errors
    /// If something is not as scenario files have it; the message shows the line of [`ScenarioBuilder::text`].
    pub fn build(&self) -> Result<Scenario, Box<ScenarioError>> {
        Scenario::parse(&Source::new("built-in-rust.toml", self.text()))
    }
}
