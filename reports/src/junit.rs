//! The document of `run --junit`, as CI systems read it: one suite per run, one case per scenario. What was not met is a
//! failure, what is undecided an error, so that neither is ever counted as a pass. Knows nothing of files.

use crate::{quoted, repeat};
use splitbrain_checker::Verdict;
use splitbrain_checker::sentence::counted;
use splitbrain_checker::summary::ScenarioSummary;
use std::fmt::Write as _;

/// All scenarios as one JUnit document. There are no times in it: the same run gives the same bytes.
pub fn document(version: &str, scenarios: &[ScenarioSummary]) -> String {
    let count = |verdict| scenarios.iter().filter(|scenario| scenario.verdict == verdict).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        scenarios.len(),
        count(Verdict::Fail),
        count(Verdict::Undecided)
    );
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    line(&mut text, 0, &format!("<testsuites name=\"splitbrain\" {counts}>"));
    line(&mut text, 1, &format!("<testsuite name=\"splitbrain run\" {counts} skipped=\"0\">"));
    line(&mut text, 2, "<properties>");
    line(&mut text, 3, &format!("<property name=\"splitbrain\" value=\"{}\"/>", escaped(version)));
    line(&mut text, 2, "</properties>");
    for scenario in scenarios {
        case(&mut text, scenario);
    }
    line(&mut text, 1, "</testsuite>");
    line(&mut text, 0, "</testsuites>");
    text
}

fn line(text: &mut String, depth: usize, content: &str) {
    text.push_str(&"  ".repeat(depth));
    text.push_str(content);
    text.push('\n');
}

fn case(text: &mut String, summary: &ScenarioSummary) {
    // Readers show a class and a name in it; folders of the catalogue are the classes.
    let (class, name) = summary.scenario.rsplit_once('/').unwrap_or(("scenarios", &summary.scenario));
    let (class, name, file) = (escaped(class), escaped(name), escaped(&summary.file));
    line(text, 2, &format!("<testcase classname=\"{class}\" name=\"{name}\" file=\"{file}\">"));
    if summary.verdict != Verdict::Pass {
        trouble(text, summary);
    }
    let end = summary.first_seed + summary.count;
    let out = format!(
        "{}\nseeds {}..{end}, environment {}, digest {:032x}\n",
        summary.title, summary.first_seed, summary.environment, summary.digest
    );
    line(text, 3, &format!("<system-out>{}</system-out>", lines(&out)));
    line(text, 2, "</testcase>");
}

/// One element per case, because many readers take only the first: everything that was not met and everything that is
/// open is in its text.
fn trouble(text: &mut String, summary: &ScenarioSummary) {
    let end = summary.first_seed + summary.count;
    let all = || format!("splitbrain run {} --seeds {}..{end}", quoted(&summary.file), summary.first_seed);
    let mut body = String::new();
    for unmet in &summary.unmet {
        let _ = writeln!(body, "not met: {} in {}", unmet.property, counted(u64::from(unmet.runs), "run"));
        let _ = writeln!(body, "  {}", unmet.sentence);
        match unmet.seed {
            Some(seed) => {
                let _ = writeln!(body, "  seed:   {seed}\n  repeat: {}", repeat(&summary.file, seed));
                if let Some(saved) = summary.saved.get(&seed) {
                    let _ = writeln!(body, "  saved:  {saved}");
                }
            }
            None => {
                let _ = writeln!(body, "  repeat: {}", all());
            }
        }
    }
    for (property, why, runs, seed) in &summary.open {
        let _ = writeln!(body, "undecided: {property} in {}", counted(u64::from(*runs), "run"));
        let again = if *runs > 0 { repeat(&summary.file, *seed) } else { all() };
        let _ = writeln!(body, "  {why}\n  seed:   {seed}\n  repeat: {again}");
    }
    let (element, kind, message) = match (summary.unmet.first(), summary.open.first()) {
        (Some(unmet), _) => ("failure", unmet.property.name(), unmet.sentence.as_str()),
        (None, Some((property, why, ..))) => ("error", property.name(), why.as_str()),
        (None, None) => ("error", "undecided", summary.verdict.name()),
    };
    // The counts of the suite follow the verdict, and so must the element.
    let element = if summary.verdict == Verdict::Fail { "failure" } else { element };
    let (message, body) = (escaped(message), lines(&body));
    line(text, 3, &format!("<{element} type=\"{kind}\" message=\"{message}\">{body}</{element}>"));
}

/// A text between tags, with line ends to look at.
fn lines(text: &str) -> String {
    escaped(text).replace("&#10;", "\n")
}

/// A text as it stands in an attribute or between tags. What XML 1.0 cannot hold at all becomes U+FFFD; line ends and
/// tabs are written as references, because parsers make blanks of them in attributes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
