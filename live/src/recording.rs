//! A run as a file in the schema of recordings: what `splitbrain conform` reads. Processes have the names that
//! recordings give them (`r1`, `s1`, `c1`), and times count from the origin in ms.

mod config;
mod derived;
mod names;
mod rows;
mod steps;

pub use config::obstacles;

use crate::logs;
use crate::play::Played;
use names::Names;
use serde_json::{Value, json};
use splitbrain::model::TrueTime;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Milliseconds after the origin, with one digit behind the point.
#[derive(Clone, Copy)]
struct Origin(TrueTime);

impl Origin {
    fn ms(self, at: TrueTime) -> f64 {
        tenths((at.0 as f64 - self.0.0 as f64) / 1e6)
    }
}

fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

/// The document of one run.
pub fn document(played: &Played, run: u64) -> Value {
    let Played { resolved, record, trace, .. } = played;
    let seen = &record.observations;
    let (origin, names) = (Origin(seen.t0), Names::new(resolved, trace));
    let (events, pub_minus_log) = rows::events(trace, &names, origin);
    json!({
        "schema": 1,
        "scenario": resolved.scenario,
        "run": run,
        "outcome": trace.outcome,
        "recorded_utc": logs::date(trace.clock.wall_seconds(seen.t0)),
        "recorded_by": concat!("splitbrain live ", env!("CARGO_PKG_VERSION")),
        "config": config::config(resolved, trace, &names, seen.t0),
        "steps": steps::steps(resolved, trace, &names, origin),
        "end_ms": origin.ms(seen.end),
        "quality": rows::quality(trace, pub_minus_log),
        "derived": derived::derived(played, &names, origin),
        "final": rows::reading(played, &names),
        "notes": [],
        "events": events,
        "redis_log": rows::server_log(trace, &names, origin, seen),
        "info_samples": rows::server_looks(trace, &names, origin),
        "sentinel_views": rows::sentinel_looks(trace, &names, origin),
        "history": rows::history(seen, resolved, &names, origin),
    })
}

/// Writes a run into a folder under the next free number, and says where.
///
/// # Errors
/// If the folder cannot be made or written.
pub fn write(played: &Played, folder: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let taken = fs::read_dir(folder)?.filter_map(Result::ok);
    let numbers = taken.filter_map(|entry| entry.path().file_stem()?.to_str()?.parse::<u64>().ok());
    let run = numbers.max().map_or(1, |last| last + 1);
    let path = folder.join(format!("{run}.json"));
    fs::write(&path, format!("{}\n", document(played, run)))?;
    Ok(path)
}
