//! What each subcommand does: input, one call of the library, output, exit code.

use crate::args::{Arguments, Command, Run};
use crate::check;
use crate::conform;
use crate::exit::{Exit, PLEASE_REPORT};
use crate::explain;
use crate::explore;
use crate::history;
use crate::live;
use crate::output::{colour, diagnose, diagnose_at, print, refused, unwritable};
use crate::pace::Pace;
use crate::progress::Progress;
use crate::replay;
use crate::schedule;
use crate::shrink;
use splitbrain::RunOptions;
use splitbrain::compare::Baseline;
use splitbrain_checker::ScenarioSummary;
use splitbrain_reports::html::campaign;
use splitbrain_reports::junit::Broken;
use splitbrain_reports::{Style, compare, course, json, junit, text};
use splitbrain_scenarios::{Scenario, Source, scenario_files};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

/// Executes a command line.
pub fn execute(arguments: &Arguments) -> Exit {
    let result = match &arguments.command {
        Command::Run(run) => run_scenarios(arguments, run),
        Command::Check(arguments_of) => check::check(arguments, arguments_of),
        Command::History(arguments_of) => history::history(arguments, arguments_of),
        Command::Conform(arguments_of) => conform::conform(arguments, arguments_of),
        Command::Live(arguments_of) => live::live(arguments, arguments_of),
        Command::Explore(arguments_of) => explore::explore(arguments, arguments_of),
        Command::Merge(arguments_of) => explore::merge(arguments, arguments_of),
        Command::Replay(arguments_of) => replay::replay(arguments_of),
        Command::Shrink(arguments_of) => shrink::shrink(arguments, arguments_of),
        Command::Bisect { a, b } => bisect(a, b),
        Command::List { folder } => list(folder),
        Command::Explain { name } => explain(name),
    };
    result.unwrap_or_else(|error| {
        diagnose(&format!("cannot write to standard output: {error}"));
        Exit::Input
    })
}

fn run_scenarios(arguments: &Arguments, run: &Run) -> io::Result<Exit> {
    let Some(scenarios) = load(run) else { return Ok(Exit::Input) };
    let baseline = match run.compare.as_deref().map(Baseline::read).transpose() {
        Ok(baseline) => baseline,
        Err(error) => {
            diagnose_at(&error.to_string());
            return Ok(Exit::Input);
        }
    };
    let to_stdout = run.json.as_deref() == Some(Path::new("-"));
    let style = Style { colour: colour(arguments) };
    let jobs = run.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    let mut summaries = Vec::new();
    let mut pace = Pace::begin(run, scenarios.len(), arguments.quiet);
    for scenario in &scenarios {
        if pace.is_interrupted() {
            break;
        }
        let options = RunOptions {
            seeds: run.seeds().unwrap_or(0..scenario.run.seeds),
            jobs,
            save_failures_to: (!run.no_save).then(|| run.save.clone()),
        };
        let count = options.seeds.end - options.seeds.start;
        let progress = Progress::new(&scenario.name, count, arguments.quiet);
        let result = pace.play(scenario, &options, &|finished| progress.update(finished));
        drop(progress);
        let result = result.and_then(|mut summary| {
            if run.margins && !pace.is_interrupted() {
                let seeds = summary.first_seed..summary.first_seed + summary.count;
                summary.margins = splitbrain::margins(scenario, &summary, &RunOptions { seeds, ..options })?;
            }
            Ok(summary)
        });
        let summary = match result {
            Ok(summary) => summary,
            Err(error) => {
                let (message, exit) = match error.is_bug() {
                    true => (format!("bug: {error}. {PLEASE_REPORT}"), Exit::Bug),
                    false => (error.to_string(), Exit::Input),
                };
                diagnose(&message);
                let file = scenario.file.display().to_string();
                let broken = Broken { scenario: &scenario.name, file: &file, message: &message };
                write_junit(run, &summaries, Some(&broken));
                return Ok(exit);
            }
        };
        if let (Some(file), Some(seed)) = (&run.trace, run.seed)
            && let Err(error) = splitbrain::write_trace(scenario, seed, file)
        {
            diagnose(&format!("{}: cannot be written: {error}", file.display()));
            return Ok(Exit::Input);
        }
        if let (Some(folder), Some(seed)) = (&run.history, run.seed) {
            // Several scenarios have a folder each in it.
            let folder = if scenarios.len() > 1 { folder.join(&scenario.name) } else { folder.clone() };
            if let Err(error) = splitbrain::write_histories(scenario, seed, &folder) {
                return Ok(unwritable(&folder, &error));
            }
        }
        let worth_saying = !arguments.quiet || Exit::of([summary.verdict]) != Exit::Met;
        if worth_saying && !to_stdout {
            print(&text::block(&summary, style))?;
            if run.coverage {
                print(&course::coverage(&summary, style))?;
            }
        }
        if !arguments.quiet {
            for note in &scenario.notes {
                diagnose(&format!("note: {}: {note}", scenario.name));
            }
        }
        summaries.push(summary);
    }
    pace.end();
    if !to_stdout && !arguments.quiet {
        print(&text::closing(&summaries, style))?;
    }
    if !write_junit(run, &summaries, None) {
        return Ok(Exit::Input);
    }
    if let Err(exit) = run.page.write(|| page(&scenarios, &summaries)) {
        return Ok(exit);
    }
    if let Some(file) = &run.json {
        let document = json::document(env!("CARGO_PKG_VERSION"), &summaries, run.runs);
        if to_stdout {
            print(&document)?;
        } else if let Err(error) = fs::write(file, document) {
            diagnose(&format!("{}: cannot be written: {error}", file.display()));
            return Ok(Exit::Input);
        }
    }
    let worse = match (&baseline, &run.compare) {
        (Some(baseline), Some(file)) => {
            let comparison = splitbrain::compare::compare(baseline, &summaries);
            if comparison.differences.is_empty() && !pace.is_interrupted() {
                diagnose(&format!("{}: it has no run of these scenarios with these seeds", file.display()));
                return Ok(Exit::Input);
            }
            let table = compare::table(&file.display().to_string(), &baseline.version, &comparison);
            if to_stdout {
                diagnose(&table)
            } else {
                print(&table)?
            }
            comparison.has_regressions()
        }
        _ => false,
    };
    Ok(match Exit::of(summaries.iter().map(|summary| summary.verdict)) {
        _ if pace.is_interrupted() => Exit::Interrupted,
        _ if pace.has_unsaved() => Exit::Input,
        Exit::Met if worse => Exit::NotMet,
        exit => exit,
    })
}

/// The page of a single run, or of all of them.
fn page(scenarios: &[Scenario], summaries: &[ScenarioSummary]) -> String {
    match (scenarios, summaries) {
        ([scenario], [summary]) if summary.count == 1 => splitbrain::run_page(scenario, summary.first_seed),
        _ => campaign::page(env!("CARGO_PKG_VERSION"), summaries),
    }
}

/// Writes the JUnit document, if it was asked for; false after saying why it could not be written.
fn write_junit(run: &Run, summaries: &[ScenarioSummary], broken: Option<&Broken<'_>>) -> bool {
    let Some(file) = &run.junit else { return true };
    let written = fs::write(file, junit::document(env!("CARGO_PKG_VERSION"), summaries, broken));
    if let Err(error) = &written {
        diagnose(&format!("{}: cannot be written: {error}", file.display()));
    }
    written.is_ok()
}

/// All scenarios asked for, or `None` after saying what is wrong with any of them. Nothing runs before everything has
/// been read.
fn load(run: &Run) -> Option<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    let mut sound = true;
    let schedule = run.schedule.as_deref().map(schedule::read).transpose().map_err(|error| diagnose_at(&error)).ok()?;
    for file in files(&run.scenarios)? {
        let loaded = match &schedule {
            None => Scenario::load(&file),
            Some(schedule) => Source::read(&file).and_then(|source| Scenario::parse_under(&source, schedule)),
        };
        match loaded {
            Ok(scenario) if !scenario.apps.is_empty() => {
                diagnose_at(&format!(
                    "{}: its applications ({}) have their code outside: only a hosted test can play it",
                    file.display(),
                    scenario.apps.join(", ")
                ));
                sound = false;
            }
            Ok(scenario) => scenarios.push(scenario),
            Err(error) => {
                diagnose_at(&error.to_string());
                sound = false;
            }
        }
    }
    if let Some(name) = &run.environment {
        for scenario in &mut scenarios {
            if let Err(message) = scenario.set_environment(name) {
                diagnose(&format!("--environment: {message}"));
                return None;
            }
        }
    }
    for scenario in &mut scenarios {
        scenario.flags = flags(run);
    }
    sound.then_some(scenarios)
}

/// What on the command line changes a run beside its seed.
fn flags(run: &Run) -> Vec<String> {
    let environment = run.environment.clone();
    let schedule = run.schedule.as_ref().map(|file| file.display().to_string());
    let given = [("--environment", environment), ("--schedule", schedule)];
    given.into_iter().filter_map(|(flag, value)| Some([flag.to_owned(), value?])).flatten().collect()
}

/// The files behind the paths on the command line, each once.
fn files(paths: &[PathBuf]) -> Option<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        match scenario_files(path) {
            Ok(found) if found.is_empty() => {
                diagnose_at(&format!("{}: there are no scenario files in this folder", path.display()));
                return None;
            }
            Ok(found) => files.extend(found),
            Err(error) => {
                diagnose_at(&format!("{}: cannot be read: {error}", path.display()));
                return None;
            }
        }
    }
    let mut seen = Vec::new();
    files.retain(|file| {
        let same = fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        let new = !seen.contains(&same);
        if new {
            seen.push(same);
        }
        new
    });
    Some(files)
}

fn bisect(a: &Path, b: &Path) -> io::Result<Exit> {
    match splitbrain::bisect(a, b) {
        Ok(Some(text)) => print(&format!("{text}\n")).map(|()| Exit::NotMet),
        Ok(None) => print("the runs do not differ\n").map(|()| Exit::Met),
        Err(error) => Ok(refused(&error)),
    }
}

fn list(folder: &Path) -> io::Result<Exit> {
    let mut text = String::new();
    let mut exit = Exit::Met;
    let files = if folder.exists() { files(&[folder.to_owned()]) } else { Some(Vec::new()) };
    let Some(files) = files else { return Ok(Exit::Input) };
    if !files.is_empty() {
        text.push_str("scenarios\n");
    }
    for file in files {
        match Scenario::load(&file) {
            Ok(scenario) => text.push_str(&format!("  {:<38} {}\n", scenario.name, scenario.title)),
            Err(error) => {
                diagnose_at(&error.to_string());
                exit = Exit::Input;
            }
        }
    }
    text.push_str(&explain::list());
    print(&text)?;
    Ok(exit)
}

fn explain(name: &str) -> io::Result<Exit> {
    let explained = explain::explain(name);
    // A scenario may bear the name of a fault; then both are told.
    let scenarios: Vec<Scenario> = catalogue_of(name).iter().filter_map(|file| Scenario::load(file).ok()).collect();
    match (explained, scenarios.is_empty()) {
        (Err(message), true) => {
            diagnose(&message);
            Ok(Exit::Input)
        }
        (explained, _) => {
            let mut text = explained.unwrap_or_default();
            scenarios.iter().for_each(|scenario| text.push_str(&explain::scenario(scenario)));
            print(&text).map(|()| Exit::Met)
        }
    }
}

/// Scenario files of this name: those of the catalogue, if there is one here, by their place in it or by their own name
/// alone; or the file itself.
fn catalogue_of(name: &str) -> Vec<PathBuf> {
    if name.ends_with(".toml") {
        return scenario_files(Path::new(name)).unwrap_or_default();
    }
    let Ok(mut files) = scenario_files(Path::new("scenarios")) else { return Vec::new() };
    files.retain(|file| {
        let path = file.with_extension("");
        path.ends_with(name) && !name.is_empty()
    });
    files
}
