//! Verdicts on histories for a terminal: a line per file, a few lines per anomaly.

use crate::Style;
use splitbrain_checker::history::{Answer, Judged, Shown};
use splitbrain_checker::sentence::counted;
use std::fmt::Write;

/// One file: its verdict.
pub fn line(judged: &Judged, style: Style) -> String {
    let verdict = match judged.answer {
        Answer::Linearizable => style.good(judged.answer.name()),
        Answer::NotLinearizable => style.bad(judged.answer.name()),
        Answer::Unknown => style.warn(judged.answer.name()),
    };
    let expected = match judged.expected.filter(|expected| *expected != judged.answer) {
        Some(expected) => format!(", {}", style.bad(&format!("expected {}", expected.name()))),
        None => String::new(),
    };
    format!("{}: {verdict}{expected} {}\n", judged.file, style.dim(&format!("({})", size(judged))))
}

/// One file: its verdict, and what is wrong with it.
pub fn block(judged: &Judged, style: Style) -> String {
    let mut text = line(judged, style);
    for shown in &judged.anomalies {
        anomaly(&mut text, shown, style);
    }
    if let Some(more) = more(judged) {
        let _ = writeln!(text, "  {}", style.dim(&more));
    }
    for guarantee in &judged.weaker {
        let holds = if guarantee.holds { style.good("holds") } else { style.warn("fails") };
        let _ = writeln!(text, "  {holds} {}: {}", guarantee.name, guarantee.sentence);
    }
    for (object, why) in judged.open.iter().take(OPEN) {
        let _ = writeln!(text, "  {} {object}: {why}", style.warn("undecided"));
    }
    if judged.open.len() > OPEN {
        let _ = writeln!(text, "  {}", style.dim(&format!("and {} more undecided", judged.open.len() - OPEN)));
    }
    if let Some(order) = &judged.witness {
        let _ = writeln!(text, "  in this order:");
        for (n, told) in order.iter().enumerate() {
            let _ = writeln!(text, "    {:>4}  {}", n + 1, told.sentence());
        }
    }
    text
}

const OPEN: usize = 4;

/// `register, 12 operations on 3 keys, 1 of unknown outcome`
pub(super) fn size(judged: &Judged) -> String {
    let mut text = format!("{}, {}", judged.model, counted(judged.operations as u64, "operation"));
    if judged.objects > 1 {
        let _ = write!(text, " on {}", counted(judged.objects as u64, "key"));
    }
    if judged.unknown > 0 {
        let _ = write!(text, ", {} of unknown outcome", judged.unknown);
    }
    text
}

fn anomaly(text: &mut String, shown: &Shown, style: Style) {
    let story = &shown.story;
    let _ = writeln!(text, "  {} on {}: {}", style.bold(story.kind), story.object, story.sentence);
    for (_, told) in &story.steps {
        let _ = writeln!(text, "    {}", told.sentence());
    }
}

/// What is not told: `and 12 more anomalies (of the first 64: 60 stale-read, 4 lost-write)`.
pub(super) fn more(judged: &Judged) -> Option<String> {
    let more = judged.total.checked_sub(judged.anomalies.len() as u64).filter(|more| *more > 0)?;
    let of: Vec<String> = judged.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let looked_at: u64 = judged.kinds.values().sum();
    let anomalies = if more == 1 { "1 more anomaly".to_owned() } else { format!("{more} more anomalies") };
    let which = if looked_at < judged.total { format!("of the first {looked_at}: ") } else { "in all ".to_owned() };
    Some(format!("and {anomalies} ({which}{})", of.join(", ")))
}

/// One line on all files.
pub fn closing(all: &[Judged], style: Style) -> String {
    let files = counted(all.len() as u64, "history").replace("historys", "histories");
    let parts: Vec<String> = [Answer::Linearizable, Answer::NotLinearizable, Answer::Unknown]
        .into_iter()
        .map(|answer| (answer, all.iter().filter(|judged| judged.answer == answer).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(answer, count)| format!("{count} {}", answer.name()))
        .collect();
    let text = format!("{files}: {}", parts.join(", "));
    let against: Vec<&Judged> = all.iter().filter(|judged| judged.expected.is_some()).collect();
    if against.is_empty() {
        return format!("{}\n", style.bold(&text));
    }
    let open = against.iter().filter(|judged| judged.answer == Answer::Unknown).count();
    let met = against.iter().filter(|judged| judged.is_met()).count();
    let wrong = against.len() - met - open;
    format!("{}\n", style.bold(&format!("{text}; {met} as expected, {wrong} otherwise, {open} undecided")))
}
