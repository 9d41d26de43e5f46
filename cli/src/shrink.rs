//! `shrink`: the failure from a file, one call of the library, files and story out.

use crate::args::{Arguments, Shrink};
use crate::exit::{Exit, PLEASE_REPORT};
use crate::output::{diagnose, diagnose_at, print};
use splitbrain::RunError;
use splitbrain::shrink::{Failure, PromoteError, Promoted, ShrinkError, ShrinkOptions, Shrunk};
use splitbrain_scenarios::Scenario;
use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The smallest so far is saved no more often.
const BETWEEN_SAVES: Duration = Duration::from_millis(100);

/// `shrink`
pub fn shrink(arguments: &Arguments, of: &Shrink) -> io::Result<Exit> {
    let Some((failure, stored)) = read(of) else { return Ok(Exit::Input) };
    let file = of.save.clone().unwrap_or_else(|| beside(of, &failure, stored));
    let jobs = of.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    let unwritable: RefCell<Option<io::Error>> = RefCell::new(None);
    let result = {
        let shown = Line::new(arguments.quiet);
        let started = now();
        let stop = || of.budget.is_some_and(|budget| started.elapsed() >= budget);
        let last: Cell<Option<Instant>> = Cell::new(None);
        let better = |shrunk: &Shrunk| {
            shown.show(shrunk);
            if last.get().is_none_or(|last| last.elapsed() >= BETWEEN_SAVES) {
                if let Err(error) = shrunk.save(&file) {
                    unwritable.borrow_mut().get_or_insert(error);
                }
                last.set(Some(now()));
            }
        };
        splitbrain::shrink::shrink(&failure, &ShrinkOptions { jobs, stop: &stop, better: &better })
    };
    let shrunk = match result {
        Ok(shrunk) => shrunk,
        Err(ShrinkError::Run(error)) => return Ok(failed(&error)),
        Err(error @ ShrinkError::NotFailing(_)) => {
            diagnose(&format!("{}: {error}", of.file.display()));
            return Ok(if stored { Exit::Stale } else { Exit::Input });
        }
    };
    let saved = unwritable.into_inner().map_or_else(|| shrunk.save(&file), Err);
    if let Err(error) = saved {
        diagnose(&format!("{}: cannot be written: {error}", file.display()));
        return Ok(Exit::Input);
    }
    let promoted = match of.promote.as_deref().map(|path| shrunk.promote(path, jobs).map(|done| (path, done))) {
        None => None,
        Some(Ok(promoted)) => Some(promoted),
        Some(Err(PromoteError::Run(error))) => return Ok(failed(&error)),
        Some(Err(error)) => {
            diagnose(&format!("--promote: {error}"));
            return Ok(Exit::Input);
        }
    };
    tell(arguments, of, &shrunk, &file, promoted.as_ref().map(|(path, done)| (*path, done)))
}

/// The failure, and whether it was stored; `None` after saying what is wrong.
fn read(of: &Shrink) -> Option<(Failure, bool)> {
    let stored = is_stored(&of.file);
    let failure = match (stored, of.seed) {
        (true, Some(_)) => {
            diagnose("--seed: a stored run has its seed; `--seed` belongs to a scenario file");
            return None;
        }
        (true, None) => Failure::saved(&of.file).map_err(|error| error.to_string()),
        (false, None) => {
            diagnose_at(&format!(
                "{}: which seed of this scenario fails? expected `--seed S`, or a run that `splitbrain run` saved",
                of.file.display()
            ));
            return None;
        }
        (false, Some(seed)) => {
            Scenario::load(&of.file).map(|scenario| Failure::of(&scenario, seed)).map_err(|error| error.to_string())
        }
    };
    match failure {
        Ok(failure) => Some((of.property.map_or(failure.clone(), |property| failure.violating(property)), stored)),
        Err(message) => {
            diagnose_at(&message);
            None
        }
    }
}

/// Whether a file is a stored run rather than a scenario. One that cannot be read is left to whoever reads it.
fn is_stored(file: &Path) -> bool {
    let json = file.extension().is_some_and(|extension| extension == "json");
    json || fs::read_to_string(file).is_ok_and(|text| text.trim_start().starts_with('{'))
}

/// Where the result is saved if nothing is said.
fn beside(of: &Shrink, failure: &Failure, stored: bool) -> PathBuf {
    if stored {
        let stem = of.file.file_stem().map_or_else(|| "run".into(), |stem| stem.to_string_lossy());
        return of.file.with_file_name(format!("{stem}-shrunk.json"));
    }
    let name = failure.scenario().replace(['/', '\\'], "-");
    Path::new("runs").join(format!("{name}-seed-{}-shrunk.json", failure.seed()))
}

fn failed(error: &RunError) -> Exit {
    match error {
        RunError::Bug { .. } => {
            diagnose(&format!("bug: {error}. {PLEASE_REPORT}"));
            Exit::Bug
        }
        _ => {
            diagnose(&error.to_string());
            Exit::Input
        }
    }
}

fn tell(
    arguments: &Arguments,
    of: &Shrink,
    shrunk: &Shrunk,
    file: &Path,
    promoted: Option<(&Path, &Promoted)>,
) -> io::Result<Exit> {
    let to_stdout = of.json.as_deref() == Some(Path::new("-"));
    if let Some(json) = &of.json {
        let document = shrunk.json(Some(file), promoted);
        if to_stdout {
            print(&document)?;
        } else if let Err(error) = fs::write(json, document) {
            diagnose(&format!("{}: cannot be written: {error}", json.display()));
            return Ok(Exit::Input);
        }
    }
    if !to_stdout && !arguments.quiet {
        print(&shrunk.text())?;
        print(&format!("\nsaved:    {0}\nrepeat:   splitbrain replay {0}\n", file.display()))?;
        if let Some((path, done)) = promoted {
            let how = match (done.passes, done.only_with) {
                (true, _) => "passes, because what goes wrong is documented in [expect]".to_owned(),
                (false, Some(seed)) => format!("shows it only with --seed {seed}"),
                (false, None) => "fails, with the expectations of the original".to_owned(),
            };
            print(&format!("promoted: {} ({} seeds; {how})\n", path.display(), done.seeds))?;
        }
    }
    Ok(Exit::NotMet)
}

#[allow(clippy::disallowed_methods)] // a person waits in real time
fn now() -> Instant {
    Instant::now()
}

/// One line on a terminal: how small it is by now.
struct Line {
    visible: bool,
}

impl Line {
    fn new(quiet: bool) -> Line {
        Line { visible: !quiet && io::stderr().is_terminal() }
    }

    fn show(&self, shrunk: &Shrunk) {
        if self.visible {
            let (before, after) = (shrunk.before.faults, shrunk.after.faults);
            let _ = write!(io::stderr(), "\r\u{1b}[Kshrinking: {after} of {before} faults, {} runs", shrunk.runs);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.visible {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}
