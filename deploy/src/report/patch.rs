//! Changes of lines as unified patches, for `patch -p0` and `git apply -p0`.

use crate::files::Files;
use crate::finding::{Change, Edit, Finding};
use std::fmt::Write;

/// Lines around a change.
const AROUND: usize = 3;

/// The patch of one finding; empty if there is none.
pub fn patch(files: &dyn Files, finding: &Finding) -> String {
    of_edits(files, &finding.edits.iter().collect::<Vec<_>>())
}

/// The patch of several findings together. Where two would change one line, the first does.
pub fn patches<'f>(files: &dyn Files, findings: impl IntoIterator<Item = &'f Finding>) -> String {
    let edits: Vec<&Edit> = findings.into_iter().flat_map(|finding| &finding.edits).collect();
    of_edits(files, &edits)
}

fn of_edits(files: &dyn Files, edits: &[&Edit]) -> String {
    let mut names: Vec<&str> = edits.iter().map(|edit| &*edit.place.file).collect();
    names.sort_unstable();
    names.dedup();
    let mut text = String::new();
    for name in names {
        let Ok(source) = crate::files::text(files, name) else { continue };
        let mut of_file: Vec<&Edit> = edits.iter().copied().filter(|edit| &*edit.place.file == name).collect();
        of_file.sort_by_key(|edit| (edit.place.line, matches!(edit.change, Change::Add(_))));
        text.push_str(&of_one(name, &source, &of_file));
    }
    text
}

/// A line of the new file: kept, gone, or new.
enum Part<'s> {
    Kept(&'s str),
    Gone(&'s str),
    New(String),
}

fn of_one(name: &str, source: &str, edits: &[&Edit]) -> String {
    let mut parts = Vec::new();
    let mut changed = false;
    for (line, number) in source.split_inclusive('\n').zip(1u32..) {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let indentation = &line[..line.len() - line.trim_start().len()];
        let end = if line.ends_with('\r') { "\r" } else { "" };
        let mut gone = false;
        let mut new: Vec<String> = Vec::new();
        for edit in edits.iter().filter(|edit| edit.place.line == number && line.trim() == edit.before) {
            let text = match &edit.change {
                Change::Replace(_) | Change::Delete if gone => continue,
                Change::Replace(text) => {
                    gone = true;
                    text
                }
                Change::Delete => {
                    gone = true;
                    continue;
                }
                Change::Add(text) => text,
            };
            let text = format!("{indentation}{text}{end}");
            if !new.contains(&text) {
                new.push(text);
            }
        }
        changed |= gone || !new.is_empty();
        parts.push(if gone { Part::Gone(line) } else { Part::Kept(line) });
        parts.extend(new.into_iter().map(Part::New));
    }
    if changed { hunks(name, &parts) } else { String::new() }
}

fn hunks(name: &str, parts: &[Part<'_>]) -> String {
    let mut text = format!("--- {name}\n+++ {name}\n");
    let is_change = |part: &Part<'_>| !matches!(part, Part::Kept(_));
    let mut at = 0;
    let (mut old, mut new) = (1usize, 1usize);
    while at < parts.len() {
        let Some(first) = parts[at..].iter().position(is_change).map(|first| at + first) else { break };
        let start = first.saturating_sub(AROUND).max(at);
        // The end: the last change that is near the one before it.
        let mut last = first;
        for (index, part) in parts.iter().enumerate().skip(first) {
            if index - last > 2 * AROUND {
                break;
            }
            if is_change(part) {
                last = index;
            }
        }
        let end = (last + AROUND + 1).min(parts.len());
        for _ in &parts[at..start] {
            old += 1;
            new += 1;
        }
        let count = |kind: fn(&Part<'_>) -> bool| parts[start..end].iter().filter(|part| kind(part)).count();
        let (before, after) =
            (count(|part| !matches!(part, Part::New(_))), count(|part| !matches!(part, Part::Gone(_))));
        let _ = writeln!(text, "@@ -{old},{before} +{new},{after} @@");
        for part in &parts[start..end] {
            let _ = match part {
                Part::Kept(line) => writeln!(text, " {line}"),
                Part::Gone(line) => writeln!(text, "-{line}"),
                Part::New(line) => writeln!(text, "+{line}"),
            };
        }
        old += before;
        new += after;
        at = end;
    }
    text
}
