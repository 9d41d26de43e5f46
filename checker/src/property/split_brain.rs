//! `split-brain`: tenures of different nodes of one master do not overlap.
//!
//! A tenure is the time of one node between two role changes (or deaths), from its first to its last acknowledged
//! write; an overlap is measured in milliseconds and in acknowledged writes inside it. A write counts when its server
//! acknowledged it: an answer that a client reads late (paused, or delivered after a heal) does not lengthen a tenure.
//! A clean failover has no overlap, because the old master's tenure ended with its last acknowledged write.
//!
//! Source: the definitions of ARCHITECTURE.md, "Words". Cannot see: two masters of which one had nothing to acknowledge
//! (metric `dual_master`), nor reads from a deposed master (`stale-read`).

use super::span;
use crate::expect::Property;
use crate::finding::{Detail, Finding, Interval, Share};
use crate::index::Index;
use crate::judge::Judgement;
use crate::metrics::Metric;
use crate::observations::{NodeIx, Observations};
use crate::tenure::{Overlap, overlaps, tenures, total_ms};
use std::collections::BTreeMap;

/// Checks every master.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    for (i, master) in obs.masters.iter().enumerate() {
        let tenures = tenures(index, i);
        if tenures.is_empty() {
            continue;
        }
        let (spans, nodes) = overlaps(&tenures);
        let total_ms = total_ms(&spans);
        let inside = index.acks_of(i).filter(|ack| spans.iter().any(|span| span.contains(ack.at)));
        let writes = inside.count() as u64;
        out.metrics.add(Metric::SplitBrain, total_ms);
        out.metrics.add(Metric::SplitBrainWrites, writes as i64);
        let Some(first) = spans.first() else {
            continue;
        };
        out.findings.push(Finding {
            property: Property::SplitBrain,
            at: first.from,
            master: master.name.clone(),
            detail: Detail::SplitBrain {
                nodes,
                spans: spans.iter().map(|s| span(obs, s.from, s.until)).collect(),
                total_ms,
                writes,
                intervals: spans.iter().map(|overlap| interval(obs, index, i, overlap)).collect(),
            },
        });
    }
}

/// Who acknowledged how many writes in an overlap.
fn interval(obs: &Observations, index: &Index<'_>, master: usize, overlap: &Overlap) -> Interval {
    let mut writes: BTreeMap<NodeIx, u64> = BTreeMap::new();
    for ack in index.acks_of(master).filter(|ack| overlap.contains(ack.at)) {
        *writes.entry(ack.node).or_default() += 1;
    }
    let by = writes.into_iter().map(|(node, writes)| Share { node, writes }).collect();
    Interval { span: span(obs, overlap.from, overlap.until), by }
}
