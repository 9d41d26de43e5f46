//! Whole deployments: what they are, and what is wrong with them.

use super::args::Check;
use super::battery::{self, Outcome};
use crate::args::Arguments;
use crate::exit::Exit;
use crate::output::{colour, diagnose, diagnose_at, print, unwritable};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use splitbrain::battery::report as told;
use splitbrain_deploy::report::{self, Paint};
use splitbrain_deploy::{Disk, Finding, Severity, findings, read};
use splitbrain_reports::{Style, html};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How a deployment is judged.
#[derive(Debug, Args)]
pub struct Given {
    /// Exit with 1 if there is something as bad as this.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    pub fail_on: FailOn,

    /// Write the findings as SARIF, for code scanning.
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,

    /// Write the changes that findings propose as one unified patch, for `patch -p0`.
    #[arg(long, value_name = "FILE")]
    pub patch: Option<PathBuf>,
}

/// What makes `check` fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Something that will not work.
    Error,
    /// Also what loses data or availability under a plausible fault.
    Danger,
}

/// Reads files and folders, and tells what is wrong.
pub fn check(arguments: &Arguments, asked: &Check) -> io::Result<Exit> {
    let Check { files, deployment: given, battery: played, page, .. } = asked;
    let json = asked.json.as_deref();
    let roots: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let reading = read(&Disk, &roots);
    let found = findings(&reading);
    for trouble in &reading.troubles {
        diagnose_at(&trouble.to_string());
    }
    if reading.is_nothing() && reading.troubles.is_empty() {
        for elsewhere in &reading.elsewhere {
            diagnose_at(&elsewhere.to_string());
        }
        diagnose(&format!("{}: there is no deployment of Redis with Sentinel here", roots.join(", ")));
        return Ok(Exit::Input);
    }
    let outcomes = if played.no_battery {
        Vec::new()
    } else {
        match battery::play(&reading, &found, played, arguments.quiet) {
            Ok(outcomes) => outcomes,
            Err(exit) => return Ok(exit),
        }
    };
    let version = env!("CARGO_PKG_VERSION");
    let to_stdout = json == Some(Path::new("-"));
    let is_quiet = arguments.quiet && found.is_empty();
    if !(to_stdout || is_quiet || reading.is_nothing()) {
        let style = Style { colour: colour(arguments) };
        let severity = |severity: Severity, text: &str| match severity {
            Severity::Error => style.bad(text),
            Severity::Danger => style.warn(text),
            Severity::Advice => style.dim(text),
        };
        let paint = Paint { severity: &severity, strong: &|text| style.bold(text), weak: &|text| style.dim(text) };
        print(&report::text(&reading, &found, &paint))?;
        for outcome in &outcomes {
            let (strong, bad) = (&|text: &str| style.bold(text), &|text: &str| style.bad(text));
            let several = if outcomes.len() > 1 { format!("{}\n", style.bold(&outcome.source)) } else { String::new() };
            let table = told::table(&outcome.cluster, &outcome.rows, strong, bad);
            let why_not = |rule: &str| outcome.why_not(rule);
            let shown = told::shown(&battery::rules(&found), &outcome.shown, &why_not, strong);
            let shown = if shown.is_empty() { shown } else { format!("\n{shown}") };
            let changes = told::changes(&outcome.tried, strong);
            print(&format!("\n{several}{table}{shown}\n{changes}"))?;
        }
    }
    let document = |value: &dyn std::fmt::Display| format!("{value:#}\n");
    let mut outputs: Vec<(&Path, String)> = Vec::new();
    let whole = || {
        let mut all = report::document(version, &Disk, &reading, &found);
        with_battery(&mut all, &found, &outcomes);
        all
    };
    if let Some(file) = json {
        let text = document(&whole());
        if to_stdout { print(&text)? } else { outputs.push((file, text)) }
    }
    outputs.extend(given.sarif.as_deref().map(|file| (file, document(&report::sarif(version, &found)))));
    outputs.extend(given.patch.as_deref().map(|file| (file, report::patches(&Disk, &found))));
    for (file, text) in outputs {
        if let Err(error) = fs::write(file, text) {
            return Ok(unwritable(file, &error));
        }
    }
    let broken: Vec<&String> = outcomes.iter().flat_map(|outcome| &outcome.broken).collect();
    for goal in &broken {
        diagnose(&format!("not kept {goal}"));
    }
    let worst = match given.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Danger => Severity::Danger,
    };
    let exit = match () {
        () if !reading.troubles.is_empty() => Exit::Input,
        () if !broken.is_empty() => Exit::NotMet,
        () if found.iter().any(|finding| finding.severity <= worst) => Exit::NotMet,
        () => Exit::Met,
    };
    Ok(page.write(|| html::check::page(&whole(), exit == Exit::Met)).err().unwrap_or(exit))
}

/// What the failures did, into the document; and which of them shows a finding.
fn with_battery(document: &mut Value, found: &[Finding], outcomes: &[Outcome]) {
    let list = |of: &dyn Fn(&Outcome) -> Vec<Value>| Value::Array(outcomes.iter().flat_map(of).collect());
    document["battery"] = list(&|outcome| {
        let mut all = told::battery(&outcome.source, &outcome.rows, false);
        all.extend(told::battery(&outcome.source, &outcome.drills, true));
        all
    });
    document["changes"] = list(&|outcome| told::tried(&outcome.source, &outcome.tried));
    document["assumed"] = json!(outcomes.iter().flat_map(|outcome| &outcome.cluster.assumed).collect::<Vec<_>>());
    let Some(all) = document["findings"].as_array_mut() else { return };
    for (told_of, finding) in all.iter_mut().zip(found) {
        let mine = outcomes.iter().flat_map(|outcome| &outcome.shown).find(|shown| shown.rule == finding.id);
        told_of["demonstrated_by"] = mine.map_or(Value::Null, told::demonstrated);
        let is_grave = finding.severity != Severity::Advice && mine.is_none();
        let why = outcomes.first().filter(|_| is_grave).and_then(|outcome| outcome.why_not(finding.id));
        told_of["not_demonstrated"] = json!(why);
    }
}
