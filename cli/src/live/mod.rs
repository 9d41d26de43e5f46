//! `live`: a scenario on real processes; the verdict in the dress of `run`.

pub mod args;

use crate::args::Arguments;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::output::{colour, diagnose, diagnose_at, print, refused, unwritable};
use crate::progress::Progress;
use args::{Live, Network};
use splitbrain::{JudgedRun, fold_runs, judge_run, resolve};
use splitbrain_checker::Metric;
use splitbrain_checker::summary::ScenarioSummary;
use splitbrain_live::{LiveError, Options, Played, play, recording};
use splitbrain_reports::{Style, json, text};
use splitbrain_scenarios::Scenario;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// Numbers of the table of times.
const TIMES: &[Metric] = &[
    Metric::FirstSdown,
    Metric::LastSdown,
    Metric::FirstOdown,
    Metric::LastOdown,
    Metric::Elected,
    Metric::SelectedSlave,
    Metric::Promoted,
    Metric::FirstSwitchMaster,
    Metric::LastSwitchMaster,
    Metric::FailoverEnd,
    Metric::ConvertToSlave,
    Metric::WriteUnavailable,
    Metric::WriteUnavailableSurviving,
    Metric::SplitBrain,
    Metric::WritesAcked,
    Metric::WritesLost,
    Metric::ElectionRounds,
];

/// Plays and judges.
pub fn live(arguments: &Arguments, given: &Live) -> io::Result<Exit> {
    let scenario = match Scenario::load(&given.scenario) {
        Ok(scenario) => scenario,
        Err(error) => return Ok(refused(&error)),
    };
    if !scenario.apps.is_empty() {
        let apps = scenario.apps.join(", ");
        let file = given.scenario.display();
        diagnose_at(&format!(
            "{file}: its applications ({apps}) have their code outside: only a hosted test can play it"
        ));
        return Ok(Exit::Input);
    }
    if given.out.is_some() {
        let obstacles = recording::obstacles(&resolve(&scenario, given.seed));
        if !obstacles.is_empty() {
            diagnose(&format!("--out: this scenario cannot be recorded: {}", obstacles.join("; ")));
            return Ok(Exit::Input);
        }
    }
    let options = Options {
        network: match given.network {
            Network::Auto => splitbrain_live::Network::Auto,
            Network::Namespaces => splitbrain_live::Network::Namespaces,
            Network::Loopback => splitbrain_live::Network::Loopback,
        },
        keep: given.keep,
        scratch: given.scratch.clone(),
    };
    let interrupt = Interrupt::listen();
    let progress = Progress::new(&scenario.name, given.times, arguments.quiet);
    let mut judged: Vec<JudgedRun> = Vec::new();
    for seed in given.seed..given.seed + given.times {
        match play(resolve(&scenario, seed), &options, interrupt.flag()) {
            Ok(played) => {
                judged.push(judge_run(&scenario, &played.resolved, &played.record));
                progress.update(judged.len() as u64);
                if let Some(exit) = keep(arguments, given, &played) {
                    return Ok(exit);
                }
            }
            Err(LiveError::Interrupted) => break,
            Err(error) => {
                drop(progress);
                return Ok(failed(&given.scenario, &error));
            }
        }
    }
    drop(progress);
    if judged.is_empty() {
        return Ok(Exit::Interrupted);
    }
    let summary = fold_runs(&scenario, judged);
    tell(arguments, given, &scenario, &summary, interrupt.came())
}

fn failed(file: &Path, error: &LiveError) -> Exit {
    match error {
        LiveError::Unable(_) => diagnose_at(&format!("{}: {error}", file.display())),
        error => diagnose(&error.to_string()),
    }
    Exit::Input
}

/// Writes what is to be kept of a run; an exit code if that fails.
fn keep(arguments: &Arguments, given: &Live, played: &Played) -> Option<Exit> {
    if let Some(folder) = &given.out
        && let Err(error) = recording::write(played, folder)
    {
        return Some(unwritable(folder, &error));
    }
    if let Some(kept) = played.kept.as_ref().filter(|_| !arguments.quiet) {
        diagnose(&format!("kept: {}", kept.display()));
    }
    None
}

fn tell(
    arguments: &Arguments,
    given: &Live,
    scenario: &Scenario,
    summary: &ScenarioSummary,
    interrupted: bool,
) -> io::Result<Exit> {
    let style = Style { colour: colour(arguments) };
    let to_stdout = given.json.as_deref() == Some(Path::new("-"));
    let exit = if interrupted { Exit::Interrupted } else { Exit::of([summary.verdict]) };
    if !to_stdout && (!arguments.quiet || exit != Exit::Met) {
        print(&as_live(text::block(summary, style)))?;
        print(&times(summary, style))?;
    }
    if !arguments.quiet {
        if scenario.clients.iter().any(|client| client.workload.sadd.0 == 0 && writes(&client.workload)) {
            diagnose(
                "note: of writes, only SADD shows in the final reading whether it survived; SET, INCR and RPUSH count in no \
                 loss here",
            );
        }
        for note in &scenario.notes {
            diagnose(&format!("note: {}: {note}", scenario.name));
        }
    }
    if let Some(file) = &given.json {
        let document = as_live(json::document(env!("CARGO_PKG_VERSION"), std::slice::from_ref(summary), true));
        if to_stdout {
            print(&document)?;
        } else if let Err(error) = fs::write(file, document) {
            return Ok(unwritable(file, &error));
        }
    }
    Ok(exit)
}

fn writes(workload: &splitbrain_model::client::workload::Workload) -> bool {
    workload.set.0 + workload.incr.0 + workload.rpush.0 > 0
}

/// A report that names the command which played: reports know `run` only.
fn as_live(report: String) -> String {
    report.replace("splitbrain run ", "splitbrain live ")
}

/// Every number by the name that it has in the JSON.
fn times(summary: &ScenarioSummary, style: Style) -> String {
    let mut text = String::new();
    let head = format!("{:<30}{:>10}{:>10}{:>10}{:>8}", "ms after the first fault", "min", "median", "max", "runs");
    let _ = writeln!(text, "      {}", style.dim(&head));
    for metric in TIMES {
        let Some(stats) = summary.metric(*metric) else { continue };
        let (name, min, median, max, n) = (metric.name(), stats.min, stats.median, stats.max, stats.n);
        let _ = writeln!(text, "      {name:<30}{min:>10}{median:>10}{max:>10}{n:>8}");
    }
    text
}
