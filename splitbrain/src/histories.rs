//! The operations of a run as files that any checker can judge: a history per kind of object, and a manifest.

use crate::runner::resolve;
use crate::saved::{self, ReplayError};
use splitbrain_checker::export::histories;
use splitbrain_checker::history::write;
use splitbrain_scenarios::{Resolved, Scenario};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Plays a seed and writes its histories into a folder, which is made if there is none.
///
/// # Errors
/// If a file cannot be written.
pub fn write_histories(scenario: &Scenario, seed: u64, folder: &Path) -> io::Result<()> {
    write_all(&resolve(scenario, seed), folder)
}

/// Plays a saved run and writes its histories.
///
/// # Errors
/// If the saved run cannot be read. The inner error: if a file cannot be written.
pub fn write_histories_of(saved: &Path, folder: &Path) -> Result<io::Result<()>, ReplayError> {
    Ok(write_all(&saved::resolved(saved)?, folder))
}

fn write_all(resolved: &Resolved, folder: &Path) -> io::Result<()> {
    let record = splitbrain_sim::run(resolved);
    fs::create_dir_all(folder)?;
    let mut manifest = BufWriter::new(File::create(folder.join("manifest.jsonl"))?);
    for recorded in histories(&record.observations) {
        let model = recorded.model.name();
        write(&recorded, BufWriter::new(File::create(folder.join(format!("{model}.jsonl")))?))?;
        let init = &recorded.initial;
        writeln!(manifest, r#"{{"file":"{model}.jsonl","model":"{model}","init":{init}}}"#)?;
    }
    manifest.flush()
}
