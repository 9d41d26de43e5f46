//! Recordings of real Redis as files: the schema, as far as a comparison reads it, and folders of them. Knows nothing
//! of the simulation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lateness of the recorder beyond which a run says nothing about times and orders, ms.
pub const MAX_JITTER_MS: f64 = 60.0;

/// One recorded run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recording {
    /// Which scenario.
    pub scenario: String,
    /// Number of the run.
    pub run: u64,
    /// `stable` or `timeout`.
    pub outcome: String,
    /// Cluster, clients, settings.
    pub config: Config,
    /// The fault script as executed: ms after the origin, step.
    pub steps: Vec<(f64, Map<String, Value>)>,
    /// End of observation, ms after the origin.
    pub end_ms: f64,
    /// How well it was recorded.
    pub quality: Quality,
    /// Numbers the recorder derived.
    pub derived: Derived,
    /// The final reading.
    #[serde(rename = "final")]
    pub reading: Reading,
    /// Sentinels' events: ms, Sentinel, event, text, source.
    pub events: Vec<(f64, String, String, String, String)>,
    /// Sentinels' views: ms, Sentinel, master it names, and more.
    #[serde(default)]
    pub sentinel_views: Vec<Vec<Value>>,
}

/// Cluster, clients, settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Config {
    /// Settings of the monitored master.
    pub sentinel: SentinelSettings,
    /// Directives of all servers.
    #[serde(default)]
    pub redis: Map<String, Value>,
    /// Directives of single servers.
    #[serde(default)]
    pub redis_each: BTreeMap<String, Map<String, Value>>,
    /// How many servers, late ones included.
    pub n_redis: usize,
    /// How many Sentinels, late ones included.
    pub n_sentinel: usize,
    /// Process or client host to the host it shares.
    #[serde(default)]
    pub colocate: BTreeMap<String, String>,
    /// Clients.
    pub clients: Vec<ClientSpec>,
    /// Idle time before the script, s.
    pub prefault_s: f64,
    /// Servers that a step starts.
    #[serde(default)]
    pub late_redis: Vec<String>,
    /// Sentinels that a step starts.
    #[serde(default)]
    pub late_sentinels: Vec<String>,
    /// Dataset made before the replicas existed.
    #[serde(default)]
    pub preload: Option<Map<String, Value>>,
}

/// `sentinel monitor` and what belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SentinelSettings {
    /// Sentinels that must agree.
    pub quorum: u32,
    /// `down-after-milliseconds`
    pub down_after_ms: i64,
    /// `failover-timeout`
    pub failover_timeout_ms: i64,
    /// `parallel-syncs`
    pub parallel_syncs: i32,
}

/// A client of the recorder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientSpec {
    /// Its host.
    pub host: String,
    /// `set`, `reg` or `push`.
    pub kind: String,
    /// Operations per second at most.
    pub rate: f64,
    /// Time for a reply, ms; 1000 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<i64>,
    /// Order in which it asks Sentinels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentinels: Option<Vec<String>>,
    /// Skips the ROLE check.
    #[serde(default)]
    pub norole: bool,
    /// Attempts of a push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tries: Option<u32>,
}

/// How well it was recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quality {
    /// Lateness of a 10 ms sleep in the recorder.
    pub loop_jitter_ms: Jitter,
    /// `disk` or `tmpfs`.
    #[serde(default)]
    pub scratch: Option<String>,
}

/// Lateness of the recorder, ms.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Jitter {
    /// The largest.
    pub max: f64,
}

/// Numbers the recorder derived from what is not read here, above all the clients' histories.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Derived {
    /// Master when the step at the origin ran.
    #[serde(default)]
    pub master_before: Option<String>,
    /// Longest gap between acknowledged writes.
    #[serde(default)]
    pub write_unavail_any: Option<Gap>,
    /// The same, of acknowledged SADDs that survived.
    #[serde(default)]
    pub write_unavail_surviving: Option<Gap>,
    /// SADDs.
    pub writes: Writes,
}

/// A gap.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gap {
    /// Its length.
    pub gap_ms: f64,
}

/// SADDs of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Writes {
    /// Acknowledged.
    pub set_adds_acked: u64,
    /// Of these, missing at the final master; `None` if it could not be read.
    pub lost: Option<u64>,
}

/// The final reading.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reading {
    /// The master most Sentinels named.
    pub master: Option<String>,
}

impl Recording {
    /// Whether its times and orders are good enough to be compared.
    pub fn is_precise(&self) -> bool {
        self.quality.loop_jitter_ms.max <= MAX_JITTER_MS
    }

    /// The master most Sentinels named at this time, ms; the first server before any of them did.
    pub fn master_at(&self, ms: f64) -> String {
        let mut named: BTreeMap<&str, &str> = BTreeMap::new();
        for view in &self.sentinel_views {
            if let (Some(at), Some(sentinel), Some(master)) =
                (view.first().and_then(Value::as_f64), text(view, 1), text(view, 2))
                && at <= ms
            {
                named.insert(sentinel, master);
            }
        }
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        named.values().for_each(|master| *votes.entry(master).or_default() += 1);
        votes.iter().max_by_key(|(_, count)| **count).map_or("r1", |(master, _)| master).to_owned()
    }
}

fn text(row: &[Value], at: usize) -> Option<&str> {
    row.get(at).and_then(Value::as_str)
}

/// A file that could not be read, and why.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The file.
    pub file: PathBuf,
    /// Why.
    pub why: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.why)
    }
}

impl std::error::Error for Unreadable {}

/// Reads all recordings (`*.json` whose top level has the schema's keys) below these folders or files, by scenario and
/// in the order of their numbers.
///
/// # Errors
/// The first file or folder that cannot be read, or a place without recordings.
pub fn read(paths: &[PathBuf]) -> Result<BTreeMap<String, Vec<Recording>>, Unreadable> {
    let mut found: BTreeMap<String, Vec<Recording>> = BTreeMap::new();
    for path in paths {
        let mut files = Vec::new();
        walk(path, &mut files)?;
        let mut any = false;
        for file in files {
            if let Some(recording) = load(&file)? {
                any = true;
                found.entry(recording.scenario.clone()).or_default().push(recording);
            }
        }
        if !any {
            return Err(Unreadable { file: path.clone(), why: "there are no recordings here".to_owned() });
        }
    }
    for runs in found.values_mut() {
        runs.sort_by_key(|recording| recording.run);
    }
    Ok(found)
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Unreadable> {
    let broken = |why: std::io::Error| Unreadable { file: path.to_owned(), why: why.to_string() };
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(broken)?.collect();
    let mut paths: Vec<PathBuf> = entries.map_err(broken)?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "json") {
            walk(&path, files)?;
        }
    }
    Ok(())
}

/// A recording, or `None` for other JSON: what a folder of recordings also holds (summaries, scripts).
fn load(file: &Path) -> Result<Option<Recording>, Unreadable> {
    let broken = |why: String| Unreadable { file: file.to_owned(), why };
    let text = fs::read_to_string(file).map_err(|error| broken(error.to_string()))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
    if value.get("scenario").is_none() || value.get("steps").is_none() || value.get("events").is_none() {
        return Ok(None);
    }
    serde_json::from_value(value).map(Some).map_err(|error| broken(error.to_string()))
}
