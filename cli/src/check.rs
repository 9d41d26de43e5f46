//! `check`: deployments in, findings out; or single configuration files as Redis would judge them.

pub mod args;
mod battery;
mod deployment;
mod kind;
mod machine;

use crate::args::Arguments;
use crate::exit::Exit;
use args::Check;
use std::io;

/// Checks files.
pub fn check(arguments: &Arguments, given: &Check) -> io::Result<Exit> {
    match given.kind {
        Some(kind) => kind::check(arguments, given, kind),
        None => deployment::check(arguments, given),
    }
}
