//! `check --kind`: one file alone, as the real program would judge it at start.

use super::args::{Check, Kind};
use super::machine::ThisMachine;
use crate::args::Arguments;
use crate::exit::Exit;
use crate::output::{diagnose, print, unwritable};
use serde_json::{Value, json};
use splitbrain_model::conf::machine::Machine;
use splitbrain_model::conf::start::{Accepted, Program, Start, start};
use splitbrain_model::conf::{ConfError, LIMIT, shown};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What became of one file.
struct Judged {
    /// As it was named; empty for a start without a file.
    file: String,
    /// The file itself could be read, and was not too large.
    readable: bool,
    verdict: Result<Accepted, ConfError>,
    /// What is in the file after the start.
    after: Option<String>,
}

/// Judges all files.
pub(super) fn check(arguments: &Arguments, given: &Check, kind: Kind) -> io::Result<Exit> {
    let mut judged = Vec::new();
    let files: Vec<Option<&PathBuf>> = match &given.files[..] {
        [] => vec![None],
        files => files.iter().map(Some).collect(),
    };
    for file in files {
        match judge(given, kind, file.map(PathBuf::as_path)) {
            Ok(one) => judged.push(one),
            Err(error) => {
                diagnose(&format!("{}: {error}", file.map_or_else(|| "-".into(), |file| file.display().to_string())));
                return Ok(Exit::Input);
            }
        }
    }
    let to_stdout = given.json.as_deref() == Some(Path::new("-"));
    if !to_stdout {
        for one in &judged {
            if one.verdict.is_err() || !arguments.quiet {
                print(&text(one, kind))?;
            }
        }
    }
    if let Some(path) = &given.json {
        let files: Vec<Value> = judged.iter().map(|one| document(one, kind)).collect();
        let whole = json!({ "files": files, "findings": [], "battery": [], "changes": [] });
        let whole = format!("{whole:#}\n");
        if to_stdout {
            print(&whole)?;
        } else if let Err(error) = fs::write(path, whole) {
            return Ok(unwritable(path, &error));
        }
    }
    Ok(match &judged {
        judged if judged.iter().any(|one| !one.readable) => Exit::Input,
        judged if judged.iter().any(|one| one.verdict.is_err()) => Exit::NotMet,
        _ => Exit::Met,
    })
}

fn judge(given: &Check, kind: Kind, file: Option<&Path>) -> io::Result<Judged> {
    let beside = file.and_then(Path::parent).filter(|parent| !parent.as_os_str().is_empty());
    let directory = given.directory.as_deref().or(beside).unwrap_or(Path::new("."));
    let mut machine = ThisMachine::new(directory, &given.hosts)?;
    let stdin = file == Some(Path::new("-"));
    // Redis is started beside the file, or where it is told; the file is named from here.
    let named = match file {
        Some(file) if !stdin => Some(std::path::absolute(file)?),
        _ => None,
    };
    let word = if stdin { Some(&b"-"[..]) } else { named.as_deref().map(|path| path.as_os_str().as_bytes()) };
    let options = given.options.iter().map(|option| option.as_bytes());
    let mut input = Vec::new();
    if stdin {
        io::stdin().lock().take(LIMIT as u64 + 1).read_to_end(&mut input)?;
    }
    let given = Start {
        program: match kind {
            Kind::Sentinel => Program::Sentinel,
            Kind::Redis => Program::Redis,
        },
        words: word.into_iter().chain(options).map(<[u8]>::to_vec).collect(),
        stdin: input,
        myid: "<MYID>".to_owned(),
    };
    let readable = named.as_deref().is_none_or(|path| machine.read(path.as_os_str().as_bytes()).is_ok());
    let verdict = start(&given, &mut machine);
    let too_large = matches!(&verdict, Err(error) if error.is_too_large());
    let after = match (&verdict, kind, &named) {
        (Ok(accepted), Kind::Sentinel, Some(path)) => {
            let unchanged = || machine.read(path.as_os_str().as_bytes()).unwrap_or_default();
            let bytes = accepted.rewritten.clone().unwrap_or_else(unchanged);
            Some(shown(&bytes))
        }
        _ => None,
    };
    let file = file.map_or_else(String::new, |file| file.display().to_string());
    Ok(Judged { file, readable: readable && !too_large, verdict, after })
}

fn program(kind: Kind) -> &'static str {
    match kind {
        Kind::Sentinel => "redis-sentinel",
        Kind::Redis => "redis-server",
    }
}

fn text(one: &Judged, kind: Kind) -> String {
    let (file, program) = (&one.file, program(kind));
    match &one.verdict {
        Ok(accepted) => {
            let unsaved = accepted.unsaved.as_ref().map(|why| format!("; Sentinel cannot save this file: {why}"));
            format!("{file}: accepted by {program} 7.0.15{}\n", unsaved.unwrap_or_default())
        }
        Err(error) if error.is_too_large() => format!("{file}: {error}\n"),
        Err(error) => {
            let mut text = match error.line {
                0 => format!("{file}: refused by {program} 7.0.15: {}\n", error.message),
                line => format!("{file}:{line}:{}: refused by {program} 7.0.15: {}\n", error.column, error.message),
            };
            if let Some(quoted) = &error.quoted {
                text += &format!("  >>> '{}'\n", quoted.escape_debug());
            }
            if error.depends_on_machine {
                text += "  This depends on the machine and on the directory in which Redis is started.\n";
            }
            text
        }
    }
}

fn document(one: &Judged, kind: Kind) -> Value {
    let kind = match kind {
        Kind::Sentinel => "sentinel",
        Kind::Redis => "redis",
    };
    match &one.verdict {
        Ok(accepted) => json!({
            "file": one.file, "kind": kind, "accepted": true, "error": null,
            "effective": accepted.effective, "rewritten": one.after, "unsaved": accepted.unsaved,
        }),
        Err(error) => json!({
            "file": one.file, "kind": kind, "accepted": false,
            "error": {
                // Without a quoted line Redis names no line either.
                "line": error.quoted.as_ref().map(|_| error.line),
                "quoted": error.quoted,
                "message": error.message,
                "depends_on_machine": error.depends_on_machine,
            },
            "effective": null, "rewritten": null, "unsaved": null,
        }),
    }
}
