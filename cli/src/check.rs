//! `check`: deployments in, findings out.

pub mod args;
mod battery;
mod deployment;

use crate::args::Arguments;
use crate::exit::Exit;
use args::Check;
use std::io;

/// Checks files.
pub fn check(arguments: &Arguments, given: &Check) -> io::Result<Exit> {
    deployment::check(arguments, &given.files, given.json.as_deref(), &given.deployment, &given.battery)
}
