//! `conform`: recordings in, table or JSON and exit code out.

use crate::args::{Arguments, Conform};
use crate::exit::Exit;
use crate::output::{diagnose, diagnose_at, print, unwritable};
use crate::progress::Progress;
use splitbrain_conform::{Options, recording, report};
use splitbrain_reports::html::conform as page;
use std::fs;
use std::io;
use std::path::Path;
use std::thread;

/// Compares and reports.
pub fn conform(arguments: &Arguments, given: &Conform) -> io::Result<Exit> {
    let recordings = match recording::read(&given.folders) {
        Ok(recordings) => recordings,
        Err(error) => {
            diagnose_at(&error.to_string());
            return Ok(Exit::Input);
        }
    };
    let jobs = given.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    let (seeds, order_seeds, threshold) = (given.seeds, given.order_seeds, given.threshold);
    let options = Options { seeds, order_seeds, threshold, jobs, ..Options::default() };
    let all = recordings.len() as u64 * options.seeds;
    let progress = Progress::new("conform", all, arguments.quiet);
    let names: Vec<&String> = recordings.keys().collect();
    let place = |scenario: &str| names.iter().position(|name| *name == scenario).unwrap_or(0) as u64;
    let result = splitbrain_conform::conform(&recordings, &options, &|scenario, done, _| {
        progress.update(place(scenario) * options.seeds + done.min(options.seeds));
    });
    drop(progress);
    let result = match result {
        Ok(result) => result,
        Err(error) => {
            diagnose(&error);
            return Ok(Exit::Input);
        }
    };
    for (scenario, why) in &result.unplayable {
        diagnose(&format!("{scenario} cannot be played: {why}"));
    }
    let to_stdout = given.json.as_deref() == Some(Path::new("-"));
    if !to_stdout {
        print(&report::text(&result, given.all))?;
    }
    let document = || report::json(env!("CARGO_PKG_VERSION"), &result);
    if let Some(file) = &given.json {
        let text = format!("{}\n", document());
        if to_stdout {
            print(&text)?;
        } else if let Err(error) = fs::write(file, text) {
            return Ok(unwritable(file, &error));
        }
    }
    if let Err(exit) = given.page.write(|| page::page(&document())) {
        return Ok(exit);
    }
    Ok(if result.passes() { Exit::Met } else { Exit::NotMet })
}
