//! The report on a terminal: the verdict, the three worst things with what to change, then the rest.

use super::MODELLED;
use super::versions::versions;
use crate::finding::{Change, Finding, Severity};
use crate::reading::Reading;
use std::fmt::Write;

/// Things that are told in full.
const WORST: usize = 3;
/// Places of one rule that are named.
const PLACES: usize = 6;
/// Columns of the text.
const WIDTH: usize = 100;

/// Colours: how a severity, and what matters, is painted.
pub struct Paint<'p> {
    /// For a severity's name.
    pub severity: &'p dyn Fn(Severity, &str) -> String,
    /// For what matters.
    pub strong: &'p dyn Fn(&str) -> String,
    /// For what is beside the point.
    pub weak: &'p dyn Fn(&str) -> String,
}

/// Findings of one rule.
struct Group<'f> {
    findings: Vec<&'f Finding>,
}

impl<'f> Group<'f> {
    fn all(findings: &'f [Finding]) -> Vec<Group<'f>> {
        let mut groups: Vec<Group<'f>> = Vec::new();
        for finding in findings {
            let same = |group: &&mut Group<'_>| {
                let first = group.first();
                first.id == finding.id && first.severity == finding.severity
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.findings.push(finding),
                None => groups.push(Group { findings: vec![finding] }),
            }
        }
        // Rules stand in the order of their table within a severity.
        let rank = |group: &Group<'_>| {
            let rules = crate::lint::RULES.iter().position(|rule| rule.id == group.first().id);
            (group.first().severity, rules)
        };
        groups.sort_by_key(rank);
        groups
    }

    fn first(&self) -> &'f Finding {
        self.findings[0]
    }

    fn places(&self) -> String {
        let mut places = String::new();
        let mut last: Option<&str> = None;
        for finding in self.findings.iter().take(PLACES) {
            let place = &finding.place;
            let _ = match last {
                Some(file) if file == &*place.file => write!(places, ",{}", place.line),
                Some(_) => write!(places, " {}:{}", place.file, place.line),
                None => write!(places, "{}:{}", place.file, place.line),
            };
            last = Some(&place.file);
        }
        match self.findings.len().saturating_sub(PLACES) {
            0 => places,
            more => format!("{places} and {more} more"),
        }
    }
}

/// The report.
pub fn text(reading: &Reading, findings: &[Finding], paint: &Paint<'_>) -> String {
    let mut out = String::new();
    let groups = Group::all(findings);
    let _ = writeln!(out, "{}", (paint.strong)(&verdict(reading, findings)));
    for deployment in &reading.deployments {
        let _ = writeln!(out, "{}", (paint.weak)(&what(deployment)));
        for place in &deployment.unclear {
            let text = format!("  {place}: this start is not understood; what it runs is not judged");
            let _ = writeln!(out, "{}", (paint.weak)(&text));
        }
    }
    let worst = groups.iter().filter(|group| group.first().severity != Severity::Advice).take(WORST).count();
    for (number, group) in groups[..worst].iter().enumerate() {
        let first = group.first();
        let name = (paint.severity)(first.severity, first.severity.name());
        let _ = writeln!(out, "\n{}. {name} {}  {}", number + 1, (paint.strong)(first.id), group.places());
        out.push_str(&wrapped(&first.why, "   "));
        out.push_str(&wrapped(&format!("Change: {}", first.fix), "   "));
        for edit in &first.edits {
            out.push_str(&(paint.weak)(&shown(edit)));
        }
    }
    if groups.len() > worst {
        let _ = writeln!(out, "\n{}", (paint.strong)(if worst > 0 { "Also" } else { "Advice" }));
        for group in &groups[worst..] {
            let first = group.first();
            let name = (paint.severity)(first.severity, &format!("{:<6}", first.severity.name()));
            let _ = writeln!(out, "  {name} {}  {}", (paint.strong)(first.id), group.places());
            out.push_str(&wrapped(&first.why, "         "));
        }
    }
    let versions = versions(reading);
    out.push('\n');
    let _ = writeln!(out, "Modelled is Redis {MODELLED}.");
    for version in versions {
        let _ = writeln!(out, "  {version}");
    }
    out
}

fn verdict(reading: &Reading, findings: &[Finding]) -> String {
    let count = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let many = |count: usize, one: &str, more: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {more}")),
    };
    let (errors, dangers, advice) = (count(Severity::Error), count(Severity::Danger), count(Severity::Advice));
    if reading.deployments.is_empty() && findings.is_empty() {
        return "Nothing here is a deployment of Redis with Sentinel.".to_owned();
    }
    let counts: Vec<String> = [
        many(errors, "error", "errors"),
        many(dangers, "danger", "dangers"),
        many(advice, "piece of advice", "pieces of advice"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let verdict = match (errors, dangers) {
        (0, 0) => "No error and no danger is found in the files",
        (0, _) => "It works until something fails",
        _ => "It does not work as it is",
    };
    if counts.is_empty() { format!("{verdict}.") } else { format!("{verdict}: {}.", counts.join(", ")) }
}

fn what(deployment: &crate::deployment::Deployment) -> String {
    use crate::deployment::{Completeness, Form};
    let form = match deployment.form {
        Form::Hosts => "configuration files",
        Form::Compose => "Docker Compose",
        Form::Kubernetes => "Kubernetes",
        Form::ChartValues => "values of the Redis chart",
    };
    let sentinels = deployment.nodes.iter().filter(|node| node.is_sentinel()).count();
    let servers = deployment.nodes.len() - sentinels;
    let part = if deployment.complete == Completeness::Part { ", a part of a deployment" } else { "" };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "{} ({form}{part}): {servers} server{}, {sentinels} Sentinel{}",
        deployment.source,
        plural(servers),
        plural(sentinels)
    )
}

fn shown(edit: &crate::finding::Edit) -> String {
    match &edit.change {
        Change::Replace(text) => format!("   - {}\n   + {text}\n", edit.before),
        Change::Add(text) => format!("     {}\n   + {text}\n", edit.before),
        Change::Delete => format!("   - {}\n", edit.before),
    }
}

fn wrapped(text: &str, indentation: &str) -> String {
    let mut out = String::new();
    let mut line = String::from(indentation);
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH && line.trim() != "" {
            out.push_str(line.trim_end());
            out.push('\n');
            line = String::from(indentation);
        }
        line.push_str(word);
        line.push(' ');
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
