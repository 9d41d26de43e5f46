//! Standard output and standard error. A reader that went away is no error: the exit code still has to be right.

use crate::args::{Arguments, Colour};
use crate::exit::Exit;
use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

/// Writes data to standard output. Once the reader has gone, nothing more is written.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a diagnostic to standard error. There is nowhere to report that this failed.
pub fn diagnose(message: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "splitbrain: {message}");
}

/// Writes an error with its position as it is, so that editors and CI recognise `file:line:column`.
pub fn diagnose_at(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Whether standard output gets colours.
pub fn colour(arguments: &Arguments) -> bool {
    match arguments.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            !unwanted && io::stdout().is_terminal()
        }
    }
}

/// Says that a file or folder cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Exit {
    diagnose(&format!("{}: cannot be written: {error}", path.display()));
    Exit::Input
}

/// Says what is wrong with the input.
pub fn refused(error: &dyn fmt::Display) -> Exit {
    diagnose_at(&error.to_string());
    Exit::Input
}
