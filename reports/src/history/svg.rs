//! An anomaly as a drawing: a lane per process, a bar per operation from its call to its return, in their order.

use super::axis::axis;
use crate::junit::escaped;
use splitbrain_checker::history::{Drawn, Shown};
use splitbrain_checker::linear::{Fate, NEVER};
use std::collections::BTreeMap;
use std::fmt::Write;

const LANE: u32 = 34;
const BAR: u32 = 22;
const MARGIN: u32 = 12;
/// Width of a character of the fixed-width font, rounded up, in tenths.
const CHARACTER: u32 = 74;
/// Characters of a label.
const LONGEST: usize = 36;
const STEP: u32 = 14;
/// A drawing up to this width is made smaller where there is less room; a wider one is scrolled.
const FITS: u32 = 1_800;

/// The drawing as an `svg` element.
pub(super) fn drawing(shown: &Shown) -> String {
    let lanes = lanes(&shown.around);
    let axis = axis(&shown.around, STEP, |drawn| width(&label(drawn)) + 16);
    let left = MARGIN + lanes.iter().map(|(who, _)| width(who)).max().unwrap_or(0) + 14;
    let (wide, high) = (left + axis.length + MARGIN, MARGIN * 2 + lanes.len() as u32 * LANE);
    let mut svg = format!(
        "<svg{} width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" role=\"img\" aria-label=\"{} on {}\">\n",
        if wide <= FITS { " class=\"fits\"" } else { "" },
        escaped(shown.story.kind),
        escaped(&shown.story.object)
    );
    for (n, (who, _)) in (0u32..).zip(&lanes) {
        let middle = MARGIN + n * LANE + LANE / 2;
        let _ = writeln!(svg, "<text class=\"who\" x=\"{MARGIN}\" y=\"{}\">{}</text>", middle + 4, escaped(who));
        let _ = writeln!(svg, "<path class=\"lane\" d=\"M{left} {middle}H{}\"/>", wide - MARGIN);
    }
    let mut marked = 0;
    for (i, (drawn, bar)) in shown.around.iter().zip(&axis.bars).enumerate() {
        let lane = lanes.iter().position(|(_, its)| its.contains(&i)).unwrap_or(0) as u32;
        let top = MARGIN + lane * LANE + (LANE - BAR) / 2;
        let mut classes = Vec::new();
        marked += u32::from(drawn.marked);
        classes.extend(drawn.marked.then_some("marked"));
        classes.extend((drawn.span.1 == NEVER).then_some("open"));
        classes.extend((drawn.told.fate == Fate::Failed).then_some("failed"));
        let (x, long) = (left + bar.0, bar.1 - bar.0);
        let number = if drawn.marked { format!("<tspan class=\"number\">{marked} </tspan>") } else { String::new() };
        let _ = writeln!(
            svg,
            "<g class=\"{}\"><title>{}</title><rect x=\"{x}\" y=\"{top}\" width=\"{long}\" height=\"{BAR}\" rx=\"4\"/>\
             <text x=\"{}\" y=\"{}\">{number}{}</text></g>",
            classes.join(" "),
            escaped(&drawn.told.sentence()),
            x + 6,
            top + 15,
            escaped(&label(drawn)),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// What stands in a bar. The key is the same for all.
fn label(drawn: &Drawn) -> String {
    let key = &drawn.told.key;
    let asked =
        if key.is_empty() { drawn.told.asked.clone() } else { drawn.told.asked.replacen(&format!(" {key}"), "", 1) };
    let text = format!("{asked} {}", drawn.told.answer);
    let text = text.trim_end();
    if text.chars().nth(LONGEST).is_some() {
        text.chars().take(LONGEST - 1).chain(['…']).collect()
    } else {
        text.to_owned()
    }
}

/// Room for a label, with its number.
fn width(text: &str) -> u32 {
    (text.chars().count() as u32 + 2) * CHARACTER / 10
}

/// Processes in order of their numbers, with the operations of each.
fn lanes(around: &[Drawn]) -> Vec<(String, Vec<usize>)> {
    let mut lanes: BTreeMap<Option<u64>, Vec<usize>> = BTreeMap::new();
    for (i, drawn) in around.iter().enumerate() {
        lanes.entry(drawn.told.process).or_default().push(i);
    }
    lanes.into_values().map(|mine| (around[mine[0]].told.who(), mine)).collect()
}
