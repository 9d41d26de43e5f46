//! `replay`: a stored run again, and from when on it was bound to fail.

use crate::args::Replay as Arguments;
use crate::exit::{Exit, PLEASE_REPORT};
use crate::interrupt::Interrupt;
use crate::output::{diagnose, print, refused, unwritable};
use crate::shrink::failed;
use splitbrain::Replay;
use splitbrain::shrink::{Failure, NoReturnOptions, ShrinkError};
use std::fs;
use std::io;
use std::path::Path;

/// `replay`
pub fn replay(of: &Arguments) -> io::Result<Exit> {
    match of.history.as_deref().map(|folder| (folder, splitbrain::write_histories_of(&of.file, folder))) {
        Some((_, Err(error))) => return Ok(refused(&error)),
        Some((folder, Ok(Err(error)))) => return Ok(unwritable(folder, &error)),
        _ => {}
    }
    if of.page.html.is_some() {
        let page = match splitbrain::run_page_of(&of.file) {
            Ok(page) => page,
            Err(error) => return Ok(refused(&error)),
        };
        if let Err(exit) = of.page.write(|| page) {
            return Ok(exit);
        }
    }
    let replay = match splitbrain::replay(&of.file) {
        Ok(replay) => replay,
        Err(error) => return Ok(refused(&error)),
    };
    let exit = match &replay {
        Replay::Reproduced { .. } => Exit::NotMet,
        Replay::Edited { sentences } if sentences.is_empty() => Exit::Met,
        Replay::Edited { .. } => Exit::NotMet,
        Replay::Stale { .. } => Exit::Stale,
        Replay::Nondeterministic { .. } => {
            diagnose(&format!("bug: {replay}. {PLEASE_REPORT}"));
            return Ok(Exit::Bug);
        }
    };
    let to_stdout = of.json.as_deref() == Some(Path::new("-"));
    if !to_stdout {
        print(&format!("{replay}\n"))?;
    }
    if of.no_return.point_of_no_return && exit == Exit::NotMet { no_return(of, to_stdout) } else { Ok(exit) }
}

fn no_return(of: &Arguments, to_stdout: bool) -> io::Result<Exit> {
    let interrupt = Interrupt::listen();
    let stop = || interrupt.came();
    let jobs = of.jobs.map_or(0, usize::from);
    let options = NoReturnOptions { reseeds: of.no_return.reseeds, jobs, stop: &stop };
    let failure = match Failure::saved(&of.file) {
        Ok(failure) => failure,
        Err(error) => return Ok(refused(&error)),
    };
    let found = match failure.no_return(&options) {
        Ok(found) => found,
        Err(ShrinkError::Run(error)) => return Ok(failed(&error)),
        Err(ShrinkError::NotFailing(why)) => {
            diagnose(&format!("{}: there is no point of no return: {why}", of.file.display()));
            return Ok(Exit::Input);
        }
    };
    if let Some(json) = &of.json {
        let document = format!("{:#}\n", found.json());
        if to_stdout {
            print(&document)?;
        } else if let Err(error) = fs::write(json, document) {
            return Ok(unwritable(json, &error));
        }
    }
    if !to_stdout {
        print(&format!("\n{}", found.text()))?;
    }
    Ok(if found.finished { Exit::NotMet } else { Exit::Interrupted })
}
