//! The page of one run: who did what when, as a space–time diagram, and what the judges say of it. Whoever has the record fills
//! [`Picture`]; times in it are microseconds after the first fault.

use super::{Head, Kind, Section, Tone, render};
use crate::text;
use crate::{quoted, repeat};
use serde::Serialize;
use splitbrain_checker::finding::Evidence;
use splitbrain_checker::metrics::Metric;
use splitbrain_checker::sentence::{answered, asked, seconds};
use splitbrain_checker::summary::{Reported, RunSummary, ScenarioSummary};

const KIND: Kind =
    Kind { template: include_str!("templates/run.html"), script: include_str!("../../assets/run.js"), charts: false };

/// A process, which has a lane of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// `redis`, `sentinel` or `client`.
    pub kind: &'static str,
    /// Name of its host.
    pub host: String,
}

/// A time in which something about a process stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Which lane.
    pub lane: u16,
    /// Its beginning.
    pub from: i64,
    /// Its end.
    pub until: i64,
    /// `master`, `replica`; `epoch`, `leads`, `tilt`; `dead`, `paused`, `loading`.
    pub what: &'static str,
    /// What is written on it.
    pub text: String,
    /// More, for whoever points at it.
    pub more: String,
}

/// A step of the fault schedule as it happened.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// When.
    pub from: i64,
    /// When it was undone, if it was.
    pub until: Option<i64>,
    /// What: `kill redis-1`.
    pub text: String,
}

/// An event of a Sentinel.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    /// Which lane.
    pub lane: u16,
    /// When.
    pub at: i64,
    /// Its name.
    pub name: &'static str,
    /// Its payload.
    pub text: String,
}

/// An operation of a client.
#[derive(Clone, Debug, Serialize)]
pub struct Operation {
    /// Which lane.
    pub lane: u16,
    /// When it was invoked.
    pub from: i64,
    /// When it ended, or the run.
    pub until: i64,
    /// `ok`, `failed` (certainly not executed), `unknown`, or `lost`: acknowledged, and gone in the end.
    pub fate: &'static str,
    /// What was asked, of whom, and the answer.
    pub text: String,
}

/// A finding in the diagram.
#[derive(Clone, Debug, Serialize)]
pub struct Flag {
    /// When.
    pub at: i64,
    /// Name of the property.
    pub text: String,
    /// The finding in a sentence.
    pub more: String,
}

/// Messages, by columns: there are many of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Messages {
    /// Kinds by which they are filtered, each with whether it is shown at first.
    pub kinds: Vec<(&'static str, bool)>,
    /// What messages say, each text once.
    pub texts: Vec<String>,
    /// Lane of the sender.
    pub from: Vec<u16>,
    /// Lane of the receiver.
    pub to: Vec<u16>,
    /// When they were written.
    pub at: Vec<i64>,
    /// How long until the receiver read them; [`Messages::LOST`] and [`Messages::UNDER_WAY`] for never.
    pub took: Vec<i64>,
    /// Index of the kind.
    pub kind: Vec<u8>,
    /// Index of the text.
    pub text: Vec<u32>,
    /// Bytes.
    pub bytes: Vec<u32>,
}

impl Messages {
    /// The connection ended before the message was read.
    pub const LOST: i64 = -1;
    /// The run ended before.
    pub const UNDER_WAY: i64 = -2;
}

/// All that the diagram shows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Picture {
    /// The beginning of the run.
    pub from: i64,
    /// Its end.
    pub until: i64,
    /// What is in the window at first.
    pub window: (i64, i64),
    /// Lanes from top to bottom.
    pub lanes: Vec<Lane>,
    /// Roles, epochs, and processes that do not run.
    pub bars: Vec<Bar>,
    /// Faults.
    pub faults: Vec<Fault>,
    /// Events of Sentinels.
    pub marks: Vec<Mark>,
    /// Operations of clients.
    pub operations: Vec<Operation>,
    /// Findings.
    pub flags: Vec<Flag>,
    /// Messages.
    pub messages: Messages,
}

/// The log of a Sentinel.
#[derive(Clone, Debug, Serialize)]
pub struct Log {
    /// Its name.
    pub name: String,
    /// Its lines.
    pub text: String,
    /// How many there are.
    pub lines: usize,
}

/// All that the page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Version of splitbrain.
    pub version: &'a str,
    /// The scenario with this run alone.
    pub summary: &'a ScenarioSummary,
    /// The command that plays the run again, if it is not that of its scenario and seed.
    pub repeat: Option<&'a str>,
    /// The diagram.
    pub picture: &'a Picture,
    /// The messages that the diagram does not have, in a sentence, if there are any.
    pub left_out: Option<&'a str>,
    /// What Sentinels logged.
    pub logs: &'a [Log],
}

#[derive(Serialize)]
struct Shown<'a> {
    repeat: String,
    digest: String,
    left_out: Option<&'a str>,
    findings: Vec<Finding>,
    unmet: Vec<&'a str>,
    open: Vec<String>,
    schedule: Vec<[String; 3]>,
    events: Vec<[String; 4]>,
    metrics: Vec<[String; 2]>,
    settings: Vec<[String; 5]>,
    logs: &'a [Log],
}

#[derive(Serialize)]
struct Finding {
    property: &'static str,
    tone: Tone,
    at: String,
    at_us: i64,
    sentence: String,
    operations: Vec<[String; 6]>,
    context: Vec<[String; 2]>,
}

/// The page of a run.
///
/// # Panics
/// If there is not exactly one run.
pub fn page(of: &Page<'_>) -> String {
    let [run] = &of.summary.runs[..] else { panic!("{} runs on the page of one", of.summary.runs.len()) };
    let summary = of.summary;
    let command = match of.repeat {
        Some(file) => format!("splitbrain replay {}", quoted(file)),
        None => repeat(&summary.file, &summary.flags, run.seed),
    };
    let shown = Shown {
        repeat: command,
        digest: format!("{:032x}", run.digest),
        left_out: of.left_out,
        findings: run.findings.iter().map(|found| finding(summary, found)).collect(),
        unmet: summary.unmet.iter().map(|unmet| unmet.sentence.as_str()).collect(),
        open: summary.open.iter().map(|(property, why, ..)| format!("{property}: {why}")).collect(),
        schedule: summary.course.schedule.iter().map(step).collect(),
        events: of.picture.marks.iter().map(|mark| event(of.picture, mark)).collect(),
        metrics: metrics(run),
        settings: text::settings_rows(&summary.settings),
        logs: of.logs,
    };
    render(&KIND, of.version, &head(of, run), &shown, of.picture)
}

fn head(of: &Page<'_>, run: &RunSummary) -> Head {
    let summary = of.summary;
    let title = if summary.title.is_empty() { &summary.scenario } else { &summary.title };
    let sentence = match (&summary.unmet[..], &summary.open[..]) {
        ([], []) => "every expectation is met".to_owned(),
        ([], [(property, why, ..), ..]) => format!("{property} is undecided: {why}"),
        ([one], _) => one.sentence.clone(),
        ([one, more @ ..], _) => format!("{}; and {} more expectations are not met", one.sentence, more.len()),
    };
    let mut sections = vec![Section::new("diagram", "What happened")];
    if !run.findings.is_empty() {
        sections.push(Section::new("findings", "Findings"));
    }
    sections.extend([Section::new("numbers", "Numbers"), Section::new("again", "This run again")]);
    if !of.logs.is_empty() {
        sections.insert(sections.len() - 1, Section::new("logs", "Logs of the Sentinels"));
    }
    Head {
        title: title.clone(),
        tone: summary.verdict.into(),
        verdict: summary.verdict.name().to_uppercase(),
        sentence,
        about: vec![summary.file.clone(), format!("seed {}", run.seed), format!("environment {}", summary.environment)],
        sections,
    }
}

fn finding(summary: &ScenarioSummary, found: &Reported) -> Finding {
    let unmet = summary.unmet.iter().any(|unmet| unmet.property == found.property);
    Finding {
        property: found.property.name(),
        tone: if unmet { Tone::Bad } else { Tone::Plain },
        at: seconds(found.at_ms),
        at_us: found.at_ms * 1_000,
        sentence: found.sentence.clone(),
        operations: found.detail.evidence().into_iter().map(operation).collect(),
        context: found.context.iter().map(|context| [seconds(context.at_ms), context.what.clone()]).collect(),
    }
}

fn operation(evidence: &Evidence<String>) -> [String; 6] {
    [
        evidence.client.clone(),
        asked(evidence.command),
        answered(evidence.command, evidence.outcome),
        evidence.server.clone().unwrap_or_default(),
        seconds(evidence.invoked_ms),
        evidence.completed_ms.map_or("never".to_owned(), seconds),
    ]
}

fn step(happened: &splitbrain_checker::course::Happened) -> [String; 3] {
    let lasted = happened.lasted_ms.map_or("to the end".to_owned(), |ms| format!("for {}", seconds(ms)));
    [seconds(happened.at_ms), happened.what.clone(), lasted]
}

fn metrics(run: &RunSummary) -> Vec<[String; 2]> {
    run.metrics.iter().map(|(metric, value)| [metric.name().to_owned(), amount(metric, value)]).collect()
}

fn event(picture: &Picture, mark: &Mark) -> [String; 4] {
    let who = picture.lanes[usize::from(mark.lane)].name.clone();
    [seconds(mark.at.div_euclid(1_000)), who, mark.name.to_owned(), mark.text.clone()]
}

/// A metric with its unit.
pub(super) fn amount(metric: Metric, value: i64) -> String {
    if metric.is_time() { seconds(value) } else { value.to_string() }
}
