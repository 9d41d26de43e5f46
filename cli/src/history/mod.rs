//! `history`: files in, verdicts out.

pub mod args;
mod self_test;
mod sources;

use crate::args::Arguments;
use crate::exit::{Exit, PLEASE_REPORT};
use crate::output::{colour, diagnose, diagnose_at, print};
use crate::progress::Progress;
use args::History;
use sources::{Source, sources};
use splitbrain_checker::history::{Answer, Judged, Model, Options, Verdict, explain, infer, read};
use splitbrain_reports::Style;
use splitbrain_reports::history::{html, json, text, timeline};
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// `history`
pub fn history(arguments: &Arguments, of: &History) -> io::Result<Exit> {
    let jobs = of.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    if let Some(count) = of.self_test {
        return self_test::self_test(count, jobs, arguments.quiet);
    }
    let model = of.model.as_deref().and_then(Model::from_name);
    let sources = match sources(&of.files, model, of.init.as_deref()) {
        Ok(sources) => sources,
        Err(message) => {
            diagnose_at(&message);
            return Ok(Exit::Input);
        }
    };
    let started = now();
    let stop = || of.budget_time.is_some_and(|budget| started.elapsed() >= budget);
    let options = Options {
        nodes: of.budget_nodes,
        memory: usize::try_from(of.budget_memory).unwrap_or(usize::MAX),
        witness: of.witness,
        weaker: true,
        stop: of.budget_time.is_some().then_some(&stop),
    };
    let results = {
        let progress = Progress::new("history", sources.len() as u64, arguments.quiet);
        judge_all(&sources, &options, jobs, &|done| progress.update(done))
    };
    let mut all = Vec::new();
    let mut exit = Exit::Met;
    for result in results {
        match result {
            Ok(judged) => all.push(judged),
            Err(Failure::Input(message)) => {
                diagnose_at(&message);
                exit = Exit::Input;
            }
            Err(Failure::Bug(message)) => {
                diagnose(&format!("bug: {message}. {PLEASE_REPORT}"));
                return Ok(Exit::Bug);
            }
        }
    }
    let to_stdout = of.json.as_deref() == Some(Path::new("-"));
    if !to_stdout {
        tell(arguments, of, &all)?;
    }
    let version = env!("CARGO_PKG_VERSION");
    if let Err(exit) = of.page.write(|| html::page(version, &all)) {
        return Ok(exit);
    }
    if let Some(file) = &of.json {
        let document = json::document(version, &all);
        if to_stdout {
            print(&document)?;
        } else if let Err(error) = fs::write(file, document) {
            diagnose(&format!("{}: cannot be written: {error}", file.display()));
            return Ok(Exit::Input);
        }
    }
    Ok(if exit == Exit::Input { exit } else { verdict(&all) })
}

fn tell(arguments: &Arguments, of: &History, all: &[Judged]) -> io::Result<()> {
    let style = Style { colour: colour(arguments) };
    for judged in all {
        // With a manifest, an anomaly that is expected is no news.
        let worth_saying = !judged.is_met() || (judged.expected.is_none() && !arguments.quiet) || of.witness;
        if worth_saying {
            print(&text::block(judged, style))?;
            if of.text {
                print(&timeline::drawings(judged, style))?;
            }
        } else if !arguments.quiet {
            print(&text::line(judged, style))?;
        }
    }
    if all.len() > 1 && !arguments.quiet {
        print(&text::closing(all, style))?;
    }
    Ok(())
}

/// One that is not as it should be fails, and what is undecided is no pass.
fn verdict(all: &[Judged]) -> Exit {
    let is_open = |judged: &Judged| judged.answer == Answer::Unknown;
    if all.iter().any(|judged| !judged.is_met() && !is_open(judged)) {
        Exit::NotMet
    } else if all.iter().any(is_open) {
        Exit::Undecided
    } else {
        Exit::Met
    }
}

enum Failure {
    Input(String),
    Bug(String),
}

/// Judges all histories, several at a time; the results are in the order of the sources.
fn judge_all(
    sources: &[Source],
    options: &Options<'_>,
    jobs: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Vec<Result<Judged, Failure>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<Judged, Failure>)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.min(sources.len()) {
            scope.spawn(|| {
                while let Some((place, source)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    sources.get(place).map(|source| (place, source))
                } {
                    let judged = judge(source, options);
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.push((place, judged));
                    progress(results.len() as u64);
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

fn judge(source: &Source, options: &Options<'_>) -> Result<Judged, Failure> {
    let started = now();
    let name = source.file.display().to_string();
    let open = || {
        let file = File::open(&source.file);
        file.map(|file| BufReader::with_capacity(1 << 18, file))
            .map_err(|error| Failure::Input(format!("{name}: cannot be read: {error}")))
    };
    let wrong = |error| Failure::Input(format!("{name}:{error}"));
    let model = match source.model {
        Some(model) => model,
        None => infer(open()?).map_err(wrong)?,
    };
    let recorded = read(open()?, model, source.init.as_deref()).map_err(wrong)?;
    // Where it is known that there is no order, nobody wants to know more.
    let weaker = source.expected != Some(Answer::NotLinearizable);
    let begun = now();
    let verdict = Verdict::of(&recorded, options);
    let verdict_ns = begun.elapsed().as_nanos() as u64;
    let decision = explain(&recorded, verdict, &Options { weaker, ..*options });
    if let Some(message) = &decision.contradiction {
        return Err(Failure::Bug(format!("{name}: {message}")));
    }
    let mut judged = Judged::new(name, &recorded, &decision, source.expected);
    judged.ms = started.elapsed().as_millis() as u64;
    judged.verdict_ns = verdict_ns;
    Ok(judged)
}

#[allow(clippy::disallowed_methods)] // a person waits in real time
fn now() -> Instant {
    Instant::now()
}
