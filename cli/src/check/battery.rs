//! The failures that a deployment goes through, on the command line.

use crate::output::{diagnose, unwritable};
use crate::progress::Progress;
use clap::Args;
use splitbrain::battery::changes::{self, Tried};
use splitbrain::battery::cluster::Cluster;
use splitbrain::battery::demonstrate::{self, Demonstration};
use splitbrain::battery::failures::Failure;
use splitbrain::battery::{BatteryError, Player, Row, deployment};
use splitbrain_deploy::{Finding, Reading, Severity};
use std::cell::Cell;
use std::fs;
use std::num::{NonZeroU16, NonZeroU64};
use std::path::PathBuf;

use crate::exit::Exit;

/// How failures are played.
#[derive(Debug, Args)]
pub struct Played {
    /// Judge the files only, without failures.
    #[arg(long, conflicts_with_all = ["only", "slo", "scenarios", "seeds"])]
    pub no_battery: bool,

    /// Runs of each failure.
    #[arg(long, value_name = "N", default_value = "20")]
    pub seeds: NonZeroU64,

    /// Play this failure only; may be given several times.
    #[arg(long, value_name = "FAILURE", value_parser = clap::builder::PossibleValuesParser::new(Failure::names()))]
    pub only: Vec<String>,

    /// What has to be kept in every run of every failure: `write-gap=15s`, `loss=0`, `split-brain=0s`, with commas between.
    #[arg(long, value_name = "GOALS", value_parser = goals)]
    pub slo: Option<Goals>,

    /// Write the scenario file of each failure to this folder: `splitbrain run FOLDER/FAILURE.toml --seed SEED` shows a run.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,

    /// Threads (default: one per core).
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroU16>,
}

/// What has to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Goals {
    gap_ms: Option<i64>,
    lost: Option<i64>,
    split_ms: Option<i64>,
}

fn goals(text: &str) -> Result<Goals, String> {
    let mut goals = Goals::default();
    for part in text.split(',') {
        let (name, value) =
            part.split_once('=').ok_or_else(|| format!("`{part}` is no goal: expected write-gap=15s"))?;
        let goal = match name.trim() {
            "write-gap" => &mut goals.gap_ms,
            "loss" => &mut goals.lost,
            "split-brain" => &mut goals.split_ms,
            other => return Err(format!("`{other}`: expected write-gap, loss or split-brain")),
        };
        let number = if name.trim() == "loss" { value.trim().parse().ok() } else { duration(value.trim()) };
        let number = number.filter(|number: &i64| *number >= 0);
        *goal = Some(number.ok_or_else(|| format!("`{value}` is no limit of {}", name.trim()))?);
    }
    Ok(goals)
}

/// Milliseconds of `1500ms`, `15s`, `2m` or `0`.
fn duration(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..end].parse().ok()?;
    let unit = match &text[end..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "" if number == 0 => 1,
        _ => return None,
    };
    number.checked_mul(unit)
}

impl Goals {
    /// What a row does not keep, as a sentence without a full stop.
    fn broken(self, row: &Row) -> Option<String> {
        let of = |goal: Option<i64>, is: i64, told: &str, unit: &str| {
            goal.filter(|goal| is > *goal).map(|goal| format!("{told} {is}{unit}, {goal}{unit} are allowed"))
        };
        let parts: Vec<String> = [
            of(self.gap_ms, row.gap_ms.1, "nobody writes for", " ms"),
            of(self.lost, row.lost.1, "acknowledged writes lost:", ""),
            of(self.split_ms, row.split_ms.1, "two masters for", " ms"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| format!("when {}: {}", row.failure.title, parts.join("; ")))
    }
}

/// What came of a deployment.
pub struct Outcome {
    /// Where it was read from.
    pub source: String,
    /// What was played.
    pub cluster: Cluster,
    /// What the failures did.
    pub rows: Vec<Row>,
    /// And those that were played for what was found only.
    pub drills: Vec<Row>,
    /// Whether such others were played at all.
    pub has_drills: bool,
    /// What was found in the files, and where it shows.
    pub shown: Vec<Demonstration>,
    /// What helps.
    pub tried: Vec<Tried>,
    /// Goals that were not kept.
    pub broken: Vec<String>,
}

impl Outcome {
    /// Why a rule is not shown, as a sentence without a full stop.
    pub fn why_not(&self, rule: &str) -> Option<String> {
        demonstrate::why_not(rule, &self.cluster, &self.rows, self.has_drills)
    }
}

/// Changes that are told.
const TOLD: usize = 3;

/// Plays all deployments. Those that cannot be played are told of.
pub fn play(reading: &Reading, found: &[Finding], given: &Played, quiet: bool) -> Result<Vec<Outcome>, Exit> {
    let mut outcomes = Vec::new();
    for its in &reading.deployments {
        let clusters = match deployment::clusters(its) {
            Ok(clusters) => clusters,
            Err(why) => {
                diagnose(&format!("{}: no failures are played: {why}", its.source));
                continue;
            }
        };
        let several = clusters.len() > 1;
        for cluster in clusters {
            let source = if several { format!("{}, {}", its.source, cluster.master) } else { its.source.clone() };
            outcomes.push(one(source, cluster, found, given, quiet)?);
        }
    }
    Ok(outcomes)
}

/// Plays a cluster.
fn one(source: String, mut cluster: Cluster, found: &[Finding], given: &Played, quiet: bool) -> Result<Outcome, Exit> {
    let rules = rules(found);
    let mended: Vec<&str> = rules.iter().copied().filter(|rule| demonstrate::is_mended(rule)).collect();
    demonstrate::mend_errors(&mut cluster, &rules);
    if !mended.is_empty() {
        cluster.assumed.insert(0, format!("what does not work is mended first: {}", mended.join(", ")));
    }
    let mut failures = Failure::all(&cluster);
    failures.retain(|failure| given.only.is_empty() || given.only.iter().any(|name| name == failure.name));
    let total = failures.len() * (1 + changes::tries(&cluster) + TOLD);
    let progress = Progress::new("failures", total as u64, quiet);
    let done = Cell::new(0);
    let step = || {
        done.set(done.get() + 1);
        progress.update(done.get());
    };
    let jobs = given.jobs.map_or(0, |jobs| usize::from(jobs.get()));
    let player = Player::new(0..given.seeds.get(), jobs);
    let played = player.play(&cluster, &failures, &step).and_then(|rows| {
        let mut drills = Vec::new();
        let wanted = given.only.is_empty().then_some(&mut drills);
        let shown = demonstrate::demonstrate(&player, &cluster, &rules, &rows, wanted)?;
        let tried = changes::best(&player, &cluster, &rows, TOLD, &step)?;
        Ok((rows, drills, shown, tried))
    });
    let (rows, drills, shown, tried) = played.map_err(bug)?;
    let goals = given.slo.unwrap_or_default();
    let broken = rows.iter().filter_map(|row| goals.broken(row)).collect();
    if let Some(folder) = &given.scenarios {
        let standard = rows.iter().map(|row| (row.failure.name, row));
        let drills = shown.iter().filter(|its| its.drill).map(|its| (its.rule, &its.row));
        for (name, row) in standard.chain(drills) {
            let file = folder.join(format!("{name}.toml"));
            let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, &row.scenario));
            written.map_err(|error| unwritable(&file, &error))?;
        }
    }
    Ok(Outcome { has_drills: given.only.is_empty(), source, cluster, rows, drills, shown, tried, broken })
}

/// The rules that something breaks, worse than advice, each once.
pub fn rules(found: &[Finding]) -> Vec<&'static str> {
    let mut rules = Vec::new();
    for finding in found.iter().filter(|finding| finding.severity != Severity::Advice) {
        if !rules.contains(&finding.id) {
            rules.push(finding.id);
        }
    }
    rules
}

fn bug(error: BatteryError) -> Exit {
    diagnose(&format!("bug: {error}. {}", crate::exit::PLEASE_REPORT));
    Exit::Bug
}
