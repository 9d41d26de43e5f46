//! The document of `history --json`. Names and order of keys are part of what users rely on.

use serde::Serialize;
use splitbrain_checker::history::{Judged, Shown, Told};
use splitbrain_checker::linear::Fate;

/// All judged histories as one JSON document.
pub fn document(version: &str, all: &[Judged]) -> String {
    let document = Document { splitbrain: version, files: all.iter().map(File::of).collect() };
    let mut text =
        serde_json::to_string_pretty(&document).expect("strings, numbers and lists are always representable");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    splitbrain: &'a str,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    file: &'a str,
    model: &'a str,
    verdict: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    anomalies: Vec<Anomaly<'a>>,
    /// All there are; `anomalies` has the first.
    anomalies_in_all: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    weaker: Vec<Weaker<'a>>,
    undecided: Vec<Open<'a>>,
    operations: usize,
    unknown_outcomes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Vec<Operation<'a>>>,
    ms: u64,
    /// For the verdict alone.
    verdict_ms: f64,
}

#[derive(Serialize)]
struct Weaker<'a> {
    name: &'a str,
    holds: bool,
    sentence: &'a str,
}

#[derive(Serialize)]
struct Open<'a> {
    object: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct Anomaly<'a> {
    kind: &'a str,
    object: &'a str,
    sentence: &'a str,
    operations: Vec<Operation<'a>>,
}

#[derive(Serialize)]
struct Operation<'a> {
    process: Option<u64>,
    asked: &'a str,
    answer: &'a str,
    outcome: &'a str,
    line: u32,
    returned: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    returned_time: Option<i64>,
    sentence: String,
}

impl<'a> File<'a> {
    fn of(judged: &'a Judged) -> File<'a> {
        File {
            file: &judged.file,
            model: judged.model.name(),
            verdict: judged.answer.name(),
            expected: judged.expected.map(|expected| expected.name()),
            anomalies: judged.anomalies.iter().map(Anomaly::of).collect(),
            anomalies_in_all: judged.total,
            weaker: judged
                .weaker
                .iter()
                .map(|guarantee| Weaker { name: guarantee.name, holds: guarantee.holds, sentence: &guarantee.sentence })
                .collect(),
            undecided: judged.open.iter().map(|(object, why)| Open { object, why }).collect(),
            operations: judged.operations,
            unknown_outcomes: judged.unknown,
            order: judged.witness.as_ref().map(|order| order.iter().map(Operation::of).collect()),
            ms: judged.ms,
            verdict_ms: judged.verdict_ns as f64 / 1e6,
        }
    }
}

impl<'a> Anomaly<'a> {
    fn of(shown: &'a Shown) -> Anomaly<'a> {
        let story = &shown.story;
        Anomaly {
            kind: story.kind,
            object: &story.object,
            sentence: &story.sentence,
            operations: story.steps.iter().map(|(_, told)| Operation::of(told)).collect(),
        }
    }
}

impl<'a> Operation<'a> {
    fn of(told: &'a Told) -> Operation<'a> {
        Operation {
            process: told.process,
            asked: &told.asked,
            answer: &told.answer,
            outcome: match told.fate {
                Fate::Done => "ok",
                Fate::Failed => "fail",
                Fate::Unknown => "info",
            },
            line: told.lines.0,
            returned: told.lines.1,
            time: told.times.0,
            returned_time: told.times.1,
            sentence: told.sentence(),
        }
    }
}
