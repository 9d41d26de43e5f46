//! Tenures: the time of one node between two role changes, from its first to its last acknowledged write; and where
//! tenures of different nodes overlap. A process's death ends its tenure like a role change.

use crate::index::Index;
use crate::observations::NodeIx;
use splitbrain_model::{Nanos, TrueTime};

/// One tenure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// Which node.
    pub node: NodeIx,
    /// Its first acknowledged write.
    pub first: TrueTime,
    /// Its last one.
    pub last: TrueTime,
}

/// Overlapping time, both ends included. A single write inside another's tenure is a span of no length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Beginning.
    pub from: TrueTime,
    /// End.
    pub until: TrueTime,
}

impl Overlap {
    /// Whether a moment is inside.
    pub fn contains(&self, at: TrueTime) -> bool {
        self.from <= at && at <= self.until
    }
}

/// Tenures at one master in order of their beginning.
pub fn tenures(index: &Index<'_>, master: usize) -> Vec<Tenure> {
    // A tenure is keyed by the reign it belongs to; a node whose role was not observed has one without a reign.
    let mut found: Vec<(Option<usize>, Tenure)> = Vec::new();
    for ack in index.acks_of(master) {
        // An acknowledgement may reach the client after the role has changed; masters only give them while they are.
        let reign = index.reigns.iter().rposition(|reign| reign.node == ack.node && reign.from <= ack.at);
        let known = found.iter_mut().find(|(its, tenure)| *its == reign && tenure.node == ack.node);
        match known {
            Some((_, tenure)) => tenure.last = tenure.last.max(ack.at),
            None => found.push((reign, Tenure { node: ack.node, first: ack.at, last: ack.at })),
        }
    }
    found.into_iter().map(|(_, tenure)| tenure).collect()
}

/// Where tenures of different nodes overlap: disjoint spans in order, and the nodes concerned.
pub fn overlaps(tenures: &[Tenure]) -> (Vec<Overlap>, Vec<NodeIx>) {
    let mut spans = Vec::new();
    let mut nodes = Vec::new();
    for (i, a) in tenures.iter().enumerate() {
        for b in tenures[i + 1..].iter().filter(|b| b.node != a.node) {
            let (from, until) = (a.first.max(b.first), a.last.min(b.last));
            if from <= until {
                spans.push(Overlap { from, until });
                nodes.extend([a.node, b.node]);
            }
        }
    }
    nodes.sort_unstable();
    nodes.dedup();
    (union(spans), nodes)
}

/// The same time as disjoint spans in order.
pub fn union(mut spans: Vec<Overlap>) -> Vec<Overlap> {
    spans.sort_unstable_by_key(|span| (span.from, span.until));
    let mut disjoint: Vec<Overlap> = Vec::new();
    for span in spans {
        match disjoint.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => disjoint.push(span),
        }
    }
    disjoint
}

/// Length of disjoint spans in whole milliseconds, rounded down.
pub fn total_ms(spans: &[Overlap]) -> i64 {
    let total: u64 = spans.iter().map(|s| s.until.since(s.from).0).sum();
    Nanos(total).millis() as i64
}
