//! `run --schedule`: the faults of a scenario file, of a stored run, or of what comes from standard input.

use splitbrain::saved;
use splitbrain_scenarios::source::MAX_BYTES;
use splitbrain_scenarios::{Document, Source};
use std::io::{self, Read as _};
use std::path::Path;

/// The file that has the faults.
///
/// # Errors
/// What is wrong with it, with its position.
pub fn read(file: &Path) -> Result<Source, String> {
    let source = if file == Path::new("-") {
        standard_input()?
    } else {
        Source::read(file).map_err(|error| error.to_string())?
    };
    if !source.text.trim_start().starts_with('{') {
        return Ok(source);
    }
    let steps = saved::schedule(file, &source.text).map_err(|error| error.to_string())?;
    let text = Document::of_faults(&steps).map_err(|error| format!("{}: {error}", source.file.display()))?.text();
    Ok(Source { text, ..source })
}

fn standard_input() -> Result<Source, String> {
    let file = Path::new("<stdin>");
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("{}: cannot be read: {error}", file.display()))?;
    Source::from_bytes(file, bytes).map_err(|error| error.to_string())
}
