//! The `splitbrain` command: arguments in, exit code out. Everything else is in the library.

mod args;
mod check;
mod commands;
mod conform;
mod exit;
mod explain;
mod explore;
mod history;
mod html;
mod interrupt;
mod live;
mod output;
mod pace;
mod progress;
mod replay;
mod schedule;
mod shrink;

use clap::Parser;
use exit::Exit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    // The message of the panic itself has been printed by then; the runner catches those of single runs and names
    // scenario and seed.
    let exit = catch_unwind(AssertUnwindSafe(|| commands::execute(&arguments))).unwrap_or_else(|_| {
        output::diagnose(&format!("bug: splitbrain {} panicked. {}", env!("CARGO_PKG_VERSION"), exit::PLEASE_REPORT));
        Exit::Bug
    });
    exit.into()
}
