//! `check`: configuration files in, verdicts out.

pub mod args;
mod kind;
mod machine;

use crate::args::Arguments;
use crate::exit::Exit;
use crate::output::diagnose;
use args::Check;
use std::io;

/// Checks files.
pub fn check(arguments: &Arguments, given: &Check) -> io::Result<Exit> {
    match given.kind {
        Some(kind) => kind::check(arguments, given, kind),
        None => {
            diagnose("--kind sentinel or --kind redis has to say what the files are");
            Ok(Exit::Input)
        }
    }
}
