//! An anomaly as a drawing of characters: a row per operation, a bar from its call to its return.

use super::axis::axis;
use crate::Style;
use splitbrain_checker::history::{Judged, Shown};
use splitbrain_checker::linear::NEVER;
use std::fmt::Write;

/// Columns of the bars.
const WIDTH: u32 = 56;
/// Columns of the words before them.
const WORDS: usize = 40;

/// Drawings of all anomalies that are told of a history.
pub fn drawings(judged: &Judged, style: Style) -> String {
    judged.anomalies.iter().map(|shown| drawing(shown, style)).collect()
}

fn drawing(shown: &Shown, style: Style) -> String {
    let mut text = String::new();
    let axis = axis(&shown.around, 1, |_| 1);
    let scale = |at: u32| (u64::from(at) * u64::from(WIDTH) / u64::from(axis.length.max(1))) as usize;
    let _ = writeln!(text, "  {} on {}", style.bold(shown.story.kind), shown.story.object);
    for (drawn, bar) in shown.around.iter().zip(&axis.bars) {
        let words = [drawn.told.who(), drawn.told.asked.clone(), drawn.told.answer.clone()].join(" ");
        let words: String = words.trim_end().chars().take(WORDS).collect();
        let (from, until) = (scale(bar.0), scale(bar.1).max(scale(bar.0) + 1));
        let end = if drawn.span.1 == NEVER { '▶' } else { '┤' };
        let line = format!("{}├{}{end}", " ".repeat(from), "─".repeat(until - from - 1));
        let mark = if drawn.marked { '*' } else { ' ' };
        let row = format!("  {mark} {words:<WORDS$}  {line}");
        let _ = writeln!(text, "{}", if drawn.marked { style.bold(&row) } else { style.dim(&row) });
    }
    text
}
