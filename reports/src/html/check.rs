//! A deployment: what is wrong with its files, what failures do to it, and what helps.

use super::document::{list, number, text};
use super::{Head, Kind, Section, Tone, render};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

const PAGE: Kind = Kind {
    template: include_str!("templates/check.html"),
    script: include_str!("../../assets/check.js"),
    charts: true,
};

/// How bad findings are, the worst first.
const SEVERITIES: [(&str, &str); 3] = [("error", "bad"), ("danger", "open"), ("advice", "plain")];

#[derive(Serialize)]
struct Shown<'a> {
    findings: Vec<Finding<'a>>,
    troubles: Vec<String>,
    batteries: Vec<Battery<'a>>,
    assumed: Vec<&'a str>,
    files: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    tone: &'static str,
    severity: &'a str,
    id: &'a str,
    place: String,
    why: &'a str,
    fix: &'a str,
    patch: &'a str,
    /// What failures show of it, or why they do not.
    shown: &'a str,
}

/// What failures do to a deployment.
#[derive(Serialize)]
struct Battery<'a> {
    deployment: &'a str,
    rows: Vec<Vec<String>>,
    changes: Vec<Change<'a>>,
}

#[derive(Serialize)]
struct Change<'a> {
    name: &'a str,
    what: &'a str,
    price: &'a str,
    lines: String,
    scores: Vec<Vec<String>>,
}

/// What the script draws.
#[derive(Serialize)]
struct Bars<'a> {
    failures: Vec<&'a str>,
    /// Median and worst time without writes, in ms.
    median: Vec<i64>,
    worst: Vec<i64>,
}

/// The page of a document of `check --json`. `passes` says whether the check did, by what it was told to fail on.
pub fn page(document: &Value, passes: bool) -> String {
    let deployments = deployments(document);
    let batteries: Vec<Battery<'_>> = deployments.iter().map(|name| battery(document, name)).collect();
    let bars: Vec<Bars<'_>> = deployments.iter().map(|name| bars(document, name)).collect();
    let shown = Shown {
        findings: list(&document["findings"]).iter().map(finding).collect(),
        troubles: list(&document["troubles"]).iter().map(trouble).collect(),
        batteries,
        assumed: list(&document["assumed"]).iter().map(text).collect(),
        files: list(&document["files"]).iter().map(file).collect(),
    };
    render(&PAGE, text(&document["splitbrain"]), &head(document, passes, &deployments), &shown, &bars)
}

fn head(document: &Value, passes: bool, deployments: &[&str]) -> Head {
    let count = |severity: &str| list(&document["findings"]).iter().filter(|it| it["severity"] == severity).count();
    let [errors, dangers, advice] = SEVERITIES.map(|(severity, _)| count(severity));
    let rows: Vec<&Value> = list(&document["battery"]).iter().filter(|row| row["drill"] != true).collect();
    let stuck = rows.iter().filter(|row| row["recovers"] != true).count();
    let played = if rows.is_empty() {
        "No failures were played.".to_owned()
    } else {
        format!("Of {} failures it does not always recover from {stuck}.", rows.len())
    };
    let about = list(&document["deployments"]).iter().map(|its| text(&its["source"]).to_owned()).collect();
    let mut sections = vec![Section::new("findings", "In the files")];
    if !deployments.is_empty() {
        sections.push(Section::new("failures", "Under failures"));
        sections.push(Section::new("changes", "What helps"));
    }
    sections.push(Section::new("files", "Files"));
    Head {
        title: "A deployment of Redis with Sentinel".to_owned(),
        tone: if passes { Tone::Good } else { Tone::Bad },
        verdict: if passes { "PASS" } else { "FAIL" }.to_owned(),
        sentence: format!("{}, {}, {advice} × advice. {played}", many(errors, "error"), many(dangers, "danger")),
        about,
        sections,
    }
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The deployments that failures were played with, in their order.
fn deployments(document: &Value) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let names = list(&document["battery"]).iter().map(|row| text(&row["deployment"]));
    names.filter(|name| seen.insert(*name)).collect()
}

fn finding(it: &Value) -> Finding<'_> {
    let severity = text(&it["severity"]);
    Finding {
        tone: SEVERITIES.iter().find(|(name, _)| *name == severity).map_or("plain", |(_, tone)| tone),
        severity,
        id: text(&it["id"]),
        place: format!("{}:{}", text(&it["file"]), it["line"]),
        why: text(&it["why"]),
        fix: text(&it["fix"]),
        patch: text(&it["patch"]),
        shown: it["demonstrated_by"]["shows"].as_str().unwrap_or(text(&it["not_demonstrated"])),
    }
}

fn trouble(it: &Value) -> String {
    it.as_str().map_or_else(|| it.to_string(), str::to_owned)
}

fn of<'a>(document: &'a Value, key: &str, deployment: &'a str) -> impl Iterator<Item = &'a Value> {
    list(&document[key]).iter().filter(move |it| it["deployment"] == deployment)
}

fn battery<'a>(document: &'a Value, deployment: &'a str) -> Battery<'a> {
    Battery {
        deployment,
        rows: of(document, "battery", deployment).filter(|row| row["drill"] != true).map(row).collect(),
        changes: of(document, "changes", deployment).map(change).collect(),
    }
}

/// When, gap, lost, two masters, recovers, seen in.
fn row(row: &Value) -> Vec<String> {
    let both = |key: &str, told: &dyn Fn(i64) -> String| match [&row[key]["median"], &row[key]["worst"]].map(number) {
        [0, 0] => "-".to_owned(),
        [median, worst] => format!("{} / {}", told(median), told(worst)),
    };
    let recovers = match (number(&row["recovered_runs"]), number(&row["runs"])) {
        (0, _) => "no".to_owned(),
        (some, all) if some == all => "yes".to_owned(),
        (some, all) => format!("{some} of {all}"),
    };
    vec![
        text(&row["title"]).to_owned(),
        recovers,
        format!("{} {}", text(&row["failure"]), row["seed"]),
        both("write_gap_ms", &seconds),
        both("lost", &|count| count.to_string()),
        both("split_brain_ms", &seconds),
    ]
}

fn seconds(ms: i64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

fn change(it: &Value) -> Change<'_> {
    let scores = [
        ("runs that do not recover", "runs_not_recovered"),
        ("runs that lose writes or have two masters", "runs_unsafe"),
        ("writes lost, medians of all failures", "lost_median_sum"),
        ("seconds without writes, medians of all failures", "write_gap_median_sum_s"),
    ];
    let score =
        |(told, key): (&str, &str)| vec![told.to_owned(), it["before"][key].to_string(), it["after"][key].to_string()];
    Change {
        name: text(&it["change"]),
        what: text(&it["what"]),
        price: text(&it["price"]),
        lines: list(&it["lines"]).iter().map(text).collect::<Vec<_>>().join("\n"),
        scores: scores.into_iter().map(score).collect(),
    }
}

fn file(it: &Value) -> Vec<String> {
    let accepted = match &it["accepted"] {
        Value::Bool(true) => "starts".to_owned(),
        Value::Bool(false) => format!("is refused, line {}: {}", it["error"]["line"], text(&it["error"]["message"])),
        _ => String::new(),
    };
    vec![text(&it["file"]).to_owned(), text(&it["kind"]).to_owned(), accepted]
}

fn bars<'a>(document: &'a Value, deployment: &'a str) -> Bars<'a> {
    let rows: Vec<&Value> = of(document, "battery", deployment).filter(|row| row["drill"] != true).collect();
    let gap = |key: &str| rows.iter().map(|row| number(&row["write_gap_ms"][key])).collect();
    Bars { failures: rows.iter().map(|row| text(&row["title"])).collect(), median: gap("median"), worst: gap("worst") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Value {
        json!({
            "splitbrain": "0.0.0", "troubles": [], "assumed": ["nothing is <i>known</i>"],
            "deployments": [{"source": "a&b"}],
            "files": [{"file": "s.conf", "kind": "sentinel", "accepted": false, "error": {"line": 3, "message": "Bad <directive>"}}],
            "findings": [{"id": "quorum-one", "severity": "danger", "file": "s.conf", "line": 2, "why": "because", "fix": "two",
                          "patch": "-a\n+b", "demonstrated_by": {"shows": "it shows"}, "not_demonstrated": null}],
            "battery": [{"deployment": "a&b", "failure": "master-dies", "title": "the master dies", "runs": 5, "recovered_runs": 4,
                         "recovers": false, "seed": 2, "drill": false, "write_gap_ms": {"median": 1092, "worst": 61010},
                         "lost": {"median": 0, "worst": 0}, "split_brain_ms": {"median": 0, "worst": 150}}],
            "changes": [{"deployment": "a&b", "change": "three", "what": "run three", "price": "two processes", "lines": ["x 2"],
                         "before": {"runs_unsafe": 9}, "after": {"runs_unsafe": 1}}],
        })
    }

    #[test]
    fn findings_failures_and_changes_are_told_with_their_numbers() {
        let page = page(&document(), false).replace("&#x2f;", "/");
        assert!(page.contains("0 errors, 1 danger, 0 × advice. Of 1 failures it does not always recover from 1."));
        for told in
            ["s.conf:2", "it shows", "-a\n+b", "4 of 5", "1.0 s / 61.0 s", "0.0 s / 0.1 s", "x 2", "is refused, line 3"]
        {
            assert!(page.contains(told), "{told}");
        }
        assert!(page.contains("Bad &lt;directive&gt;") && !page.contains("<i>known"));
    }

    #[test]
    fn a_check_without_failures_says_so() {
        let mut document = document();
        document["battery"] = json!([]);
        let page = page(&document, true);
        assert!(page.contains("No failures were played.") && !page.contains("id=\"failures\""));
    }
}
