//! `--html FILE` and `--open`, of every command that has a page.

use crate::exit::Exit;
use crate::output::{diagnose, unwritable};
use clap::Args;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The page of a command.
#[derive(Clone, Debug, Default, Args)]
pub struct Html {
    /// Write a page for browsers: one file that needs no other and no network.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Open the page of `--html`.
    #[arg(long = "open", requires = "html")]
    pub open_page: bool,
}

impl Html {
    /// Writes the page, if it was asked for, and opens it, if that was.
    ///
    /// # Errors
    /// How to exit, after it was said that the file cannot be written.
    pub fn write(&self, page: impl FnOnce() -> String) -> Result<(), Exit> {
        let Some(file) = &self.html else { return Ok(()) };
        replace(file, page().as_bytes()).map_err(|error| unwritable(file, &error))?;
        if self.open_page {
            open(file);
        }
        Ok(())
    }
}

/// Writes a file under a temporary name beside it and renames it, so that a full disk leaves no half page. What is no plain
/// file, like /dev/stdout, is written as it is.
fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    if fs::metadata(file).is_ok_and(|its| !its.is_file()) {
        return fs::write(file, content);
    }
    // A link stays one.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut unfinished = file.clone().into_os_string();
    unfinished.push(".tmp");
    let written = fs::write(&unfinished, content).and_then(|()| fs::rename(&unfinished, &file));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Has the desktop show a file. Without one that is said, and nothing else is wrong.
fn open(file: &Path) {
    let (opener, words): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(opener);
    command.args(words).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = command.spawn() {
        diagnose(&format!("{} was written and not opened: {opener}: {error}", file.display()));
    }
}
