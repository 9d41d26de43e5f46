//! Judged histories as a page: a table of the files, of each with something to tell its anomalies, drawn.

use super::{svg, text};
use crate::html::{Head, Kind, Section, Tone, render};
use serde::Serialize;
use splitbrain_checker::history::{Answer, Judged, LISTED, Told};

const PAGE: Kind = Kind { template: include_str!("page.html"), script: "", charts: false };

/// So many files are shown with their anomalies; the table has all.
const DETAILED: usize = 50;

/// What the template shows.
#[derive(Serialize)]
struct Shown {
    /// Name, model, operations, verdict, and what was expected if it is not that.
    table: Vec<[String; 5]>,
    files: Vec<File>,
    /// What is not shown.
    left: Vec<String>,
}

#[derive(Serialize)]
struct File {
    name: String,
    tone: Tone,
    verdict: &'static str,
    size: String,
    anomalies: Vec<Anomaly>,
    more: Option<String>,
    weaker: Vec<(bool, &'static str, String)>,
    open: Vec<(String, String)>,
    /// A heading and operations, which are opened on demand.
    folds: Vec<(String, Vec<String>)>,
}

#[derive(Serialize)]
struct Anomaly {
    kind: &'static str,
    object: String,
    sentence: String,
    steps: Vec<String>,
    /// An `svg` element.
    drawing: String,
}

/// The page.
pub fn page(version: &str, all: &[Judged]) -> String {
    let (told, quiet): (Vec<&Judged>, Vec<&Judged>) = all.iter().partition(|judged| is_told(judged) || all.len() == 1);
    let files: Vec<File> = told.iter().take(DETAILED).map(|judged| file(judged)).collect();
    let unseen = told.len() - files.len();
    let mut left = Vec::new();
    if unseen > 0 {
        left.push(format!("and {unseen} more files; judge them alone to see their anomalies"));
    }
    if !quiet.is_empty() && !told.is_empty() {
        left.push(format!("nothing is wrong with the other {}", quiet.len()));
    }
    let head = head(all, &files);
    let table = if all.len() > 1 { all.iter().map(row).collect() } else { Vec::new() };
    render(&PAGE, version, &head, &Shown { table, files, left }, &())
}

fn head(all: &[Judged], files: &[File]) -> Head {
    let closing = text::closing(all, crate::Style::PLAIN);
    let is_all = |answer: fn(&Judged) -> bool| all.iter().all(answer);
    let (tone, verdict) = if is_all(|judged| judged.expected.is_some()) {
        let met = is_all(Judged::is_met);
        if met { (Tone::Good, "AS EXPECTED") } else { (Tone::Bad, "NOT AS EXPECTED") }
    } else {
        let worst = [Answer::NotLinearizable, Answer::Unknown].into_iter();
        match worst.into_iter().find(|answer| all.iter().any(|judged| judged.answer == *answer)) {
            Some(Answer::NotLinearizable) => (Tone::Bad, "NOT LINEARIZABLE"),
            Some(_) => (Tone::Open, "UNKNOWN"),
            None => (Tone::Good, "LINEARIZABLE"),
        }
    };
    let table = (all.len() > 1).then(|| Section::new("files", "Files"));
    let sections = files
        .iter()
        .enumerate()
        .map(|(n, file)| Section { tone: Some(file.tone), ..Section::new(format!("file-{n}"), file.name.as_str()) });
    Head {
        title: if let [one] = all { one.file.clone() } else { "Histories".to_owned() },
        tone,
        verdict: verdict.to_owned(),
        sentence: closing.trim_end().to_owned(),
        about: Vec::new(),
        sections: table.into_iter().chain(sections).collect(),
    }
}

/// Whether there is more to tell of a file than its verdict.
fn is_told(judged: &Judged) -> bool {
    judged.answer != Answer::Linearizable || !judged.is_met() || judged.witness.is_some()
}

fn row(judged: &Judged) -> [String; 5] {
    let expected = judged.expected.filter(|expected| *expected != judged.answer);
    [
        judged.file.clone(),
        judged.model.to_string(),
        judged.operations.to_string(),
        judged.answer.name().to_owned(),
        expected.map_or(String::new(), |expected| format!("expected {}", expected.name())),
    ]
}

fn file(judged: &Judged) -> File {
    let order = judged.witness.iter();
    let orders = order.map(|order| fold("an order that explains all operations", order, order.len()));
    File {
        name: judged.file.clone(),
        tone: match judged.answer {
            Answer::Linearizable => Tone::Good,
            Answer::NotLinearizable => Tone::Bad,
            Answer::Unknown => Tone::Open,
        },
        verdict: judged.answer.name(),
        size: text::size(judged),
        anomalies: judged.anomalies.iter().map(anomaly).collect(),
        more: text::more(judged),
        weaker: judged.weaker.iter().map(|its| (its.holds, its.name, its.sentence.clone())).collect(),
        open: judged.open.clone(),
        folds: orders.chain([fold("the whole history", &judged.listed, judged.operations)]).collect(),
    }
}

fn anomaly(shown: &splitbrain_checker::history::Shown) -> Anomaly {
    let story = &shown.story;
    Anomaly {
        kind: story.kind,
        object: story.object.clone(),
        sentence: story.sentence.clone(),
        steps: story.steps.iter().map(|(_, told)| told.sentence()).collect(),
        drawing: svg::drawing(shown),
    }
}

fn fold(what: &str, operations: &[Told], all: usize) -> (String, Vec<String>) {
    let shown = &operations[..operations.len().min(LISTED)];
    let part =
        if shown.len() < all { format!(", the first {} of {all} operations", shown.len()) } else { String::new() };
    (format!("{what}{part}"), shown.iter().map(Told::sentence).collect())
}
