//! Where the events of a few operations stand on an axis that keeps their order and forgets distances: every bar is wide
//! enough for its label.

use splitbrain_checker::history::Drawn;
use splitbrain_checker::linear::NEVER;

/// Beginning and end of each bar, and the length of the axis.
pub(super) struct Axis {
    pub bars: Vec<(u32, u32)>,
    pub length: u32,
}

/// Lays bars out; `label` is the least length of each, `step` the least distance of two events.
pub(super) fn axis(drawn: &[Drawn], step: u32, label: impl Fn(&Drawn) -> u32) -> Axis {
    let mut events: Vec<(u32, usize, bool)> = Vec::new();
    for (i, bar) in drawn.iter().enumerate() {
        events.push((bar.span.0, i, false));
        if bar.span.1 != NEVER {
            events.push((bar.span.1, i, true));
        }
    }
    events.sort_unstable();
    let mut bars = vec![(0, u32::MAX); drawn.len()];
    let mut at = 0;
    for (_, i, is_return) in events {
        if is_return {
            at = at.max(bars[i].0 + label(&drawn[i]));
            bars[i].1 = at;
        } else {
            bars[i].0 = at;
        }
        at += step;
    }
    // What never returned reaches to the end, which lies behind all labels.
    let open = bars.iter().zip(drawn).filter(|(bar, _)| bar.1 == u32::MAX);
    let length = open.map(|(bar, drawn)| bar.0 + label(drawn)).fold(at, u32::max);
    bars.iter_mut().filter(|bar| bar.1 == u32::MAX).for_each(|bar| bar.1 = length);
    Axis { bars, length }
}
