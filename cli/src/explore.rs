//! `explore` and `merge`: a sweep in, rows in a folder, table or JSON and exit code out.

use crate::args::Arguments;
use crate::exit::{Exit, PLEASE_REPORT};
use crate::html::Html;
use crate::interrupt::Interrupt;
use crate::output::{diagnose, diagnose_at, print, refused, unwritable};
use crate::progress::Progress;
use clap::Args;
use splitbrain_explore::choose::{Findings, choose};
use splitbrain_explore::confirm::{Confirmation, confirm};
use splitbrain_explore::{Folder, Merged, Pace, Plan, Shard, Sweep, Trouble, play_shard, report};
use splitbrain_scenarios::{ScenarioError, Source};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// `explore`
#[derive(Debug, Args)]
pub struct Explore {
    /// The sweep. With `--network`, it may be left out: "what down-after for my network?"
    #[arg(value_name = "SWEEP", required_unless_present = "network")]
    pub sweep: Option<PathBuf>,

    /// A network that was measured, in place of the sweep's environments: output of `ping` or of `redis-cli --latency`, or a round
    /// trip in milliseconds on each line.
    #[arg(long, value_name = "FILE")]
    pub network: Option<PathBuf>,

    /// Seeds of each cell instead of those of the file: N from 0 on, or from A up to but not including B.
    #[arg(long, value_name = "N|A..B", value_parser = crate::args::seeds)]
    pub seeds: Option<Range<u64>>,

    /// Play only part I of N, counted from 0, and judge nothing: exits 0 whatever it found. `merge` gives the verdict.
    #[arg(long, value_name = "I/N", value_parser = shard, requires = "out")]
    pub shard: Option<Shard>,

    /// The round of a sweep with `halving` that the shard belongs to, counted from 1. All rows of the rounds before have to be in
    /// the folder.
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u8).range(1..), default_value_t = 1, requires = "shard")]
    pub round: u8,

    /// Folder for the rows, a file per piece. What is there already is not played again. runs/explore/NAME-PLAN if not given.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// Go on where an earlier command was interrupted. This is what happens in any case; with it, there has to be one.
    #[arg(long, conflicts_with = "fresh")]
    pub resume: bool,

    /// Begin anew: rows that are in the folder are removed.
    #[arg(long, conflicts_with = "shard")]
    pub fresh: bool,

    /// Runs at the same time; one per processor if not given. Has no influence on results.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Play what is recommended, and what there is now, with so many further seeds, and say whether they confirm it. Exits 1 if
    /// they do not.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "shard")]
    pub confirm: Option<u32>,

    /// Print the scenario file of a cell with a failure, and play nothing: `splitbrain run FILE --seed SEED` then shows a run,
    /// with the seed of its row.
    #[arg(long, value_name = "CELL/FAILURE", value_parser = pair, conflicts_with_all = ["shard", "out", "json", "fresh"])]
    pub scenario: Option<(usize, usize)>,

    /// Print as JSON what there is to play, in which files its rows will be, and which files it was read from; play nothing. With
    /// `--out`, the folder is made, or refused if it belongs to another sweep.
    #[arg(long, conflicts_with_all = ["shard", "resume", "json", "scenario"])]
    pub plan: bool,

    /// How it is shown.
    #[command(flatten)]
    pub shown: Shown,
}

/// `merge`
#[derive(Debug, Args)]
pub struct Merge {
    /// The folder that all shards have written to, or that their files were brought to.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// Also write all rows into one Parquet file, with their settings by name. Builds with the feature `parquet` can.
    #[arg(long, value_name = "FILE")]
    pub parquet: Option<PathBuf>,

    /// How it is shown.
    #[command(flatten)]
    pub shown: Shown,
}

/// How an outcome is shown.
#[derive(Debug, Args)]
pub struct Shown {
    /// Write one JSON document to a file, or to standard output in place of the text.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,

    /// Show every setting, not only the front and the best of the others.
    #[arg(long)]
    pub all: bool,

    /// The page: the recommendation, the front, maps of two settings, how long nobody can write.
    #[command(flatten)]
    pub page: Html,
}

fn two<T: std::str::FromStr>(text: &str) -> Option<(T, T)> {
    let (a, b) = text.split_once('/')?;
    Some((a.parse().ok()?, b.parse().ok()?))
}

fn shard(text: &str) -> Result<Shard, String> {
    let shard = two(text).filter(|(number, of): &(u64, u64)| number < of);
    shard
        .map(|(number, of)| Shard { number, of })
        .ok_or_else(|| format!("found `{text}`, expected I/N with I from 0 to N - 1, like 0/8"))
}

fn pair(text: &str) -> Result<(usize, usize), String> {
    two(text).ok_or_else(|| format!("found `{text}`, expected the numbers of a row's cell and failure, like 17/0"))
}

/// `explore`
pub fn explore(arguments: &Arguments, given: &Explore) -> io::Result<Exit> {
    let read = read(given).and_then(|sweep| Ok((Plan::new(&sweep, given.seeds.clone())?, sweep)));
    let (plan, sweep) = match read {
        Ok(read) => read,
        Err(error) => return Ok(refused(&error)),
    };
    if let Some((cell, failure)) = given.scenario {
        if cell >= plan.cells() || failure >= plan.failures.len() {
            diagnose(&format!(
                "there are cells 0 to {} and failures 0 to {}",
                plan.cells() - 1,
                plan.failures.len() - 1
            ));
            return Ok(Exit::Input);
        }
        let (environment, point) = plan.place(cell);
        print(&sweep.text(&plan.points[point], environment, failure))?;
        return Ok(Exit::Met);
    }
    if given.plan {
        if let Some(path) = &given.out
            && let Err(trouble) = Folder::open(path, &plan, given.fresh)
        {
            return Ok(told(&trouble));
        }
        print(&report::plan(&sweep, &plan))?;
        return Ok(Exit::Met);
    }
    let path = given.out.clone().unwrap_or_else(|| {
        let name = sweep.source.file.file_stem().unwrap_or_default().to_string_lossy();
        Path::new("runs/explore").join(format!("{name}-{:.8}", plan.hash.to_string()))
    });
    if given.resume && !path.join("plan.json").exists() {
        diagnose(&format!("{}: there is nothing to go on with", path.display()));
        return Ok(Exit::Input);
    }
    let interrupted = || {
        diagnose(&format!("interrupted; the same command goes on from {}", path.display()));
        Ok(Exit::Interrupted)
    };
    match play(arguments, given, &sweep, &plan, &path) {
        Err(trouble) => return Ok(not_played(&trouble)),
        Ok(None) => return interrupted(),
        Ok(Some(_)) if given.shard.is_some() => return Ok(Exit::Met),
        Ok(Some(())) => {}
    }
    let (merged, findings) = match read_all(&path) {
        Ok(read) => read,
        Err(trouble) => return Ok(told(&trouble)),
    };
    let again = match given.confirm.zip(findings.recommended) {
        None => None,
        Some((seeds, recommended)) => {
            let sweep = sweep.only(&[recommended.point]);
            let seeds = plan.seeds.end..plan.seeds.end + u64::from(seeds);
            let plan = match Plan::new(&sweep, Some(seeds)) {
                Ok(plan) => plan,
                Err(error) => return Ok(refused(&error)),
            };
            let path = path.join(format!("again-{:.8}", plan.hash.to_string()));
            match play(arguments, given, &sweep, &plan, &path).and_then(|played| Ok((played, merge_if(played, &path)?)))
            {
                Err(trouble) => return Ok(not_played(&trouble)),
                Ok((None, _)) => return interrupted(),
                Ok((_, again)) => again.and_then(|again| confirm(&merged, &findings, &again)),
            }
        }
    };
    show(arguments, &merged, &findings, again.as_ref(), &given.shown)
}

fn read_all(folder: &Path) -> Result<(Merged, Findings), Trouble> {
    let merged = splitbrain_explore::merge(folder)?;
    let findings = choose(&merged);
    Ok((merged, findings))
}

fn merge_if(played: Option<()>, folder: &Path) -> Result<Option<Merged>, Trouble> {
    played.map(|()| splitbrain_explore::merge(folder)).transpose()
}

fn read(given: &Explore) -> Result<Sweep, Box<ScenarioError>> {
    let sweep = given.sweep.as_ref().map_or_else(Sweep::of_my_network, |file| Sweep::load(file))?;
    match &given.network {
        Some(file) => sweep.with_network(&Source::read(file)?),
        None => Ok(sweep),
    }
}

/// Plays; `None` if somebody interrupted.
fn play(
    arguments: &Arguments,
    given: &Explore,
    sweep: &Sweep,
    plan: &Plan,
    path: &Path,
) -> Result<Option<()>, Trouble> {
    let folder = Folder::open(path, plan, given.fresh)?;
    let stop = Interrupt::listen();
    let progress = Progress::new("explore", 0, arguments.quiet);
    let pace = Pace {
        jobs: given.jobs.map_or(0, usize::from),
        stop: stop.flag(),
        progress: &|done, now, runs| progress.update_of(done, now, runs),
    };
    let played = match given.shard {
        None => splitbrain_explore::play(sweep, plan, &folder, &pace)?,
        Some(shard) => play_shard(sweep, plan, &folder, usize::from(given.round) - 1, shard, &pace)?,
    };
    drop(progress);
    if !arguments.quiet && played.found > 0 {
        diagnose(&format!("note: {} of {} runs were in {} already", played.found, played.runs, path.display()));
    }
    if let Some(shard) = given.shard.filter(|_| !arguments.quiet && !played.interrupted) {
        let round = if plan.rounds.len() == 1 { String::new() } else { format!(" of round {}", given.round) };
        diagnose(&format!(
            "shard {}/{}{round}: {} runs are in {}",
            shard.number,
            shard.of,
            played.runs,
            path.display()
        ));
    }
    Ok((!played.interrupted).then_some(()))
}

/// `merge`
pub fn merge(arguments: &Arguments, given: &Merge) -> io::Result<Exit> {
    match rows(&given.folder, given.parquet.as_deref()) {
        Ok(merged) => show(arguments, &merged, &choose(&merged), None, &given.shown),
        Err(trouble) => Ok(told(&trouble)),
    }
}

#[cfg(feature = "parquet")]
fn rows(folder: &Path, parquet: Option<&Path>) -> Result<Merged, Trouble> {
    match parquet {
        None => splitbrain_explore::merge(folder),
        Some(file) => splitbrain_explore::parquet::write(folder, file),
    }
}

#[cfg(not(feature = "parquet"))]
fn rows(folder: &Path, parquet: Option<&Path>) -> Result<Merged, Trouble> {
    match parquet {
        None => splitbrain_explore::merge(folder),
        Some(file) => {
            let how = "this build writes no Parquet: `cargo build --release --features parquet` makes one that does";
            Err(Trouble::Folder(file.to_owned(), how.to_owned()))
        }
    }
}

/// Shows what follows from all rows. Exits 1 if no settings keep the promise, or other seeds do not confirm it.
fn show(
    arguments: &Arguments,
    merged: &Merged,
    findings: &Findings,
    again: Option<&Confirmation>,
    shown: &Shown,
) -> io::Result<Exit> {
    let met = findings.recommended.is_some() && again.is_none_or(Confirmation::holds);
    let exit = if met { Exit::Met } else { Exit::NotMet };
    let to_stdout = shown.json.as_deref() == Some(Path::new("-"));
    let worth_saying = !arguments.quiet || exit != Exit::Met;
    if worth_saying && !to_stdout {
        print(&report::text(merged, findings, shown.all))?;
        again.map_or(Ok(()), |again| print(&report::again(again)))?;
    }
    if let Some(file) = &shown.json {
        let document = report::json(merged, findings, again);
        if to_stdout {
            print(&document)?;
        } else if let Err(error) = fs::write(file, document) {
            return Ok(unwritable(file, &error));
        }
    }
    Ok(shown.page.write(|| report::html(merged, findings, again)).err().unwrap_or(exit))
}

/// A full disk is no fault of the sweep: an engine may try again, perhaps elsewhere.
fn not_played(trouble: &Trouble) -> Exit {
    let exit = told(trouble);
    if matches!(trouble, Trouble::Io(..)) { Exit::Machine } else { exit }
}

fn told(trouble: &Trouble) -> Exit {
    if trouble.is_bug() {
        diagnose(&format!("bug: {trouble}. {PLEASE_REPORT}"));
        return Exit::Bug;
    }
    diagnose_at(&trouble.to_string());
    Exit::Input
}
