//! How the seeds of a scenario were played, in words and in JSON: why no more were, what they reached and what they never
//! did, and the schedule of a single one.

use crate::Style;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use splitbrain_checker::course::{Course, Happened, Stopped};
use splitbrain_checker::coverage::{Coverage, Family, Reached};
use splitbrain_checker::sentence::{counted, seconds};
use splitbrain_checker::summary::ScenarioSummary;
use std::fmt::Write;

const INDENT: &str = "      ";
const WIDTH: usize = 100;

/// Lines on how a scenario was played: nothing where just the seeds asked for were.
pub(crate) fn lines(summary: &ScenarioSummary, style: Style) -> Vec<String> {
    let course = &summary.course;
    let mut lines = Vec::new();
    if let Some(why) = why_stopped(summary) {
        lines.push(format!("{INDENT}{}", style.dim(&why)));
    }
    lines.extend(course.missing.iter().map(|missing| format!("{INDENT}{}", style.warn(missing))));
    if course.checked > 0 {
        let twice = format!("{} played twice, the same both times", counted(course.checked, "run"));
        lines.push(format!("{INDENT}{}", style.dim(&twice)));
    }
    if !course.schedule.is_empty() {
        lines.push(String::new());
        lines.push(format!("{INDENT}{}", style.dim(&format!("{:>10}  {:>10}  fault", "at", "for"))));
        lines.extend(course.schedule.iter().map(step));
    }
    lines
}

fn step(step: &Happened) -> String {
    let lasted = step.lasted_ms.map(seconds).unwrap_or_default();
    format!("{INDENT}{:>10}  {lasted:>10}  {}", seconds(step.at_ms), step.what)
}

/// Why no more seeds were played, if there is something to say.
fn why_stopped(summary: &ScenarioSummary) -> Option<String> {
    let course = &summary.course;
    let seeds = counted(summary.count, "seed");
    let new = match course.coverage.last_new() {
        Some(seed) => format!("seed {seed} was the last to reach something new"),
        None => "none of them reached anything".to_owned(),
    };
    match course.stopped {
        Stopped::Seeds => None,
        Stopped::Time => Some(format!("stopped after {seeds}: the time is over; {new}")),
        Stopped::Stable(n) => {
            Some(format!("stopped after {seeds}: {n} in a row reached nothing new and no danger is missing; {new}"))
        }
        Stopped::Interrupted => Some(format!("stopped after {seeds}: interrupted; {new}")),
    }
}

/// The table of `--coverage`: everything reached with its runs and count, and what was never reached.
pub fn coverage(summary: &ScenarioSummary, style: Style) -> String {
    let mut text = String::new();
    let all = &summary.course.coverage;
    let title = format!("coverage of {}, {}", summary.scenario, counted(summary.count, "run"));
    let head = format!("{title:<52}{:>10}{:>12}{:>14}", "runs", "times", "first seed");
    let _ = writeln!(text, "{INDENT}{}", style.dim(&head));
    for family in Family::ALL {
        let mut never = Vec::new();
        for (name, reached) in of(all, family) {
            match reached.first_seed {
                Some(first) => {
                    let Reached { runs, times, .. } = reached;
                    let _ = writeln!(text, "{INDENT}{:<12}{name:<40}{runs:>10}{times:>12}{first:>14}", family.name());
                }
                None => never.push(name),
            }
        }
        wrapped(&mut text, family, &never, style);
    }
    text.push('\n');
    text
}

/// What a family never reached, in as many lines as it takes.
fn wrapped(text: &mut String, family: Family, never: &[&str], style: Style) {
    let mut row = String::new();
    for (i, name) in never.iter().enumerate() {
        let comma = if i + 1 < never.len() { ", " } else { "" };
        if !row.is_empty() && INDENT.len() + 19 + row.len() + name.len() + comma.len() > WIDTH {
            let _ = writeln!(text, "{INDENT}{:<12}{} {}", family.name(), style.warn("never:"), row.trim_end());
            row.clear();
        }
        row.push_str(name);
        row.push_str(comma);
    }
    if !row.is_empty() {
        let _ = writeln!(text, "{INDENT}{:<12}{} {row}", family.name(), style.warn("never:"));
    }
}

fn of(coverage: &Coverage, family: Family) -> impl Iterator<Item = (&str, &Reached)> {
    coverage.iter().filter(move |(its, ..)| *its == family).map(|(_, name, reached)| (name, reached))
}

/// The part of the JSON on how a scenario was played.
#[derive(Serialize)]
pub(crate) struct Played<'a> {
    stopped: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stable_for: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    missing: &'a [String],
    checked_twice: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Covered<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    faults: &'a [Happened],
}

impl<'a> Played<'a> {
    pub(crate) fn of(course: &'a Course) -> Played<'a> {
        let (stopped, stable_for) = match course.stopped {
            Stopped::Seeds => ("seeds", None),
            Stopped::Time => ("time", None),
            Stopped::Stable(n) => ("stable", Some(n)),
            Stopped::Interrupted => ("interrupted", None),
        };
        let coverage = (!course.coverage.is_empty()).then_some(Covered(&course.coverage));
        let Course { missing, checked, schedule, .. } = course;
        Played { stopped, stable_for, missing, checked_twice: *checked, coverage, faults: schedule }
    }
}

/// `{"event": {"reached": {"+sdown": {…}}, "never": ["-tilt"]}}`
struct Covered<'a>(&'a Coverage);

#[derive(Serialize)]
struct Part<'a> {
    reached: Names<'a>,
    never: Vec<&'a str>,
}

/// An object in the order of names.
struct Names<'a>(Vec<(&'a str, &'a Reached)>);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().copied())
    }
}

impl Serialize for Covered<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(Family::ALL.len()))?;
        for family in Family::ALL {
            let (reached, never): (Vec<_>, Vec<_>) = of(self.0, family).partition(|(_, it)| it.runs > 0);
            let never = never.into_iter().map(|(name, _)| name).collect();
            map.serialize_entry(family.name(), &Part { reached: Names(reached), never })?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitbrain_checker::coverage::Tally;
    use splitbrain_checker::{ScenarioHead, fold};

    fn summary() -> ScenarioSummary {
        let mut tally = Tally::default();
        tally.add(Family::Event, "+sdown", 3);
        tally.add(Family::Fault, "kill", 0);
        let mut summary = fold(ScenarioHead::default(), &[], &[], Vec::new(), 0);
        summary.course.coverage = Coverage::unreached();
        summary.course.coverage.add(4, &tally);
        summary
    }

    #[test]
    fn the_table_shows_what_was_reached_and_what_never_was() {
        let text = coverage(&summary(), Style { colour: false });
        let lines: Vec<&str> = text.lines().collect();
        let sdown = lines.iter().find(|line| line.contains("+sdown")).expect("it was reached");
        assert_eq!(sdown.split_whitespace().collect::<Vec<_>>(), ["event", "+sdown", "1", "3", "4"]);
        assert!(lines.contains(&"      fault       never: kill"), "{text}");
        assert!(lines.contains(&"      abort       never: no-good-slave, not-elected, reconf-timeout, slave-timeout"));
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn the_json_has_every_family_with_what_was_never_reached() {
        let summary = summary();
        let value = serde_json::to_value(Played::of(&summary.course)).expect("it is representable");
        assert_eq!(value["stopped"], "seeds");
        assert_eq!(value["coverage"]["event"]["reached"]["+sdown"]["times"], 3);
        assert_eq!(value["coverage"]["fault"]["never"], serde_json::json!(["kill"]));
        assert_eq!(value["coverage"]["election"]["reached"], serde_json::json!({}));
    }

    #[test]
    fn it_is_said_why_no_more_seeds_were_played() {
        let mut summary = summary();
        assert!(lines(&summary, Style { colour: false }).is_empty());
        summary.count = 9;
        summary.course.stopped = Stopped::Stable(4);
        let told = lines(&summary, Style { colour: false });
        assert_eq!(
            told,
            [
                "      stopped after 9 seeds: 4 in a row reached nothing new and no danger is missing; seed 4 was the last to \
              reach something new"
            ]
        );
    }

    #[test]
    fn a_single_seed_shows_its_schedule() {
        let mut summary = summary();
        summary.course.schedule = vec![Happened { at_ms: 0, what: "pause redis-1".to_owned(), lasted_ms: Some(1_500) }];
        let told = lines(&summary, Style { colour: false });
        assert_eq!(told[2], "         0.000 s     1.500 s  pause redis-1");
    }
}
