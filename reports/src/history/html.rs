//! Judged histories as one page that needs nothing else: no script, no request, everything from the files escaped.

use super::css::STYLE;
use super::{svg, text};
use splitbrain_checker::history::{Answer, Judged, Shown, Told};
use std::fmt::Write;

/// So many files are shown with their anomalies; the table has all.
const DETAILED: usize = 50;

/// The page.
pub fn page(version: &str, all: &[Judged]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Histories</title>\n<style>{STYLE}</style></head><body>\n\
         <h1>{}</h1>\n<p class=\"faint\">splitbrain {}</p>\n",
        escaped(text::closing(all, crate::Style::PLAIN).trim_end()),
        escaped(version),
    );
    if all.len() > 1 {
        table(&mut page, all);
    }
    let (told, quiet): (Vec<&Judged>, Vec<&Judged>) = all.iter().partition(|judged| is_told(judged) || all.len() == 1);
    for judged in told.iter().take(DETAILED) {
        file(&mut page, judged);
    }
    let left_out = told.len().saturating_sub(DETAILED);
    if left_out > 0 {
        let _ =
            writeln!(page, "<p class=\"faint\">and {left_out} more files; judge them alone to see their anomalies</p>");
    }
    if !quiet.is_empty() && !told.is_empty() {
        let _ = writeln!(page, "<p class=\"faint\">nothing is wrong with the other {}</p>", quiet.len());
    }
    page.push_str("</body></html>\n");
    page
}

/// Whether there is more to tell of a file than its verdict.
fn is_told(judged: &Judged) -> bool {
    judged.answer != Answer::Linearizable || !judged.is_met() || judged.witness.is_some()
}

fn table(page: &mut String, all: &[Judged]) {
    let expected = all.iter().any(|judged| judged.expected.is_some());
    let head = if expected { "<th>expected</th>" } else { "" };
    let _ = writeln!(page, "<table><tr><th>file</th><th>model</th><th>operations</th><th>verdict</th>{head}</tr>");
    for judged in all {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td>{}</tr>",
            escaped(&judged.file),
            judged.model,
            judged.operations,
            verdict(judged.answer),
            match judged.expected {
                None => String::new(),
                Some(expected) if expected == judged.answer => "<td>the same</td>".to_owned(),
                Some(expected) => format!("<td>{}</td>", verdict(expected)),
            },
        );
    }
    page.push_str("</table>\n");
}

fn verdict(answer: Answer) -> String {
    let class = match answer {
        Answer::Linearizable => "good",
        Answer::NotLinearizable => "bad",
        Answer::Unknown => "warn",
    };
    format!("<b class=\"{class}\">{}</b>", answer.name())
}

fn file(page: &mut String, judged: &Judged) {
    let _ = writeln!(page, "<section><h2>{}: {}</h2>", escaped(&judged.file), verdict(judged.answer));
    let _ = writeln!(page, "<p class=\"faint\">{}</p>", escaped(&text::size(judged)));
    for shown in &judged.anomalies {
        anomaly(page, shown);
    }
    if let Some(more) = text::more(judged) {
        let _ = writeln!(page, "<p class=\"faint\">{}</p>", escaped(&more));
    }
    for guarantee in &judged.weaker {
        let (class, holds) = if guarantee.holds { ("good", "holds") } else { ("warn", "fails") };
        let sentence = escaped(&guarantee.sentence);
        let _ = writeln!(page, "<p><b class=\"{class}\">{holds} {}</b>: {sentence}</p>", guarantee.name);
    }
    for (object, why) in &judged.open {
        let _ = writeln!(page, "<p><b class=\"warn\">undecided</b> {}: {}</p>", escaped(object), escaped(why));
    }
    if let Some(order) = &judged.witness {
        fold(page, "an order that explains all operations", order, order.len());
    }
    fold(page, "the whole history", &judged.listed, judged.operations);
    page.push_str("</section>\n");
}

fn anomaly(page: &mut String, shown: &Shown) {
    let story = &shown.story;
    let (kind, object) = (escaped(story.kind), escaped(&story.object));
    let _ =
        writeln!(page, "<h3><span class=\"bad\">{kind}</span> on {object}</h3>\n<p>{}</p>", escaped(&story.sentence));
    page.push_str("<ol>");
    for (_, told) in &story.steps {
        let _ = writeln!(page, "<li><code>{}</code></li>", escaped(&told.sentence()));
    }
    let _ = write!(page, "</ol>\n<div class=\"drawing\">{}</div>\n", svg::drawing(shown));
}

/// Operations as a list that is opened on demand.
fn fold(page: &mut String, what: &str, operations: &[Told], all: usize) {
    let shown = &operations[..operations.len().min(splitbrain_checker::history::LISTED)];
    let part =
        if shown.len() < all { format!(", the first {} of {all} operations", shown.len()) } else { String::new() };
    let _ = write!(page, "<details><summary>{what}{part}</summary><ol>");
    for told in shown {
        let _ = writeln!(page, "<li><code>{}</code></li>", escaped(&told.sentence()));
    }
    page.push_str("</ol></details>\n");
}

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Characters that no document may hold.
            c if u32::from(c) < 0x20 && !matches!(c, '\n' | '\t') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
