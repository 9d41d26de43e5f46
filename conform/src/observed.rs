//! A run as both sides tell it: a recording, or a record of the simulation in the recordings' terms. What is compared is
//! computed from this alone, so that it means the same on both sides.

use crate::recording::Recording;
use crate::script::MASTER;
use splitbrain::checker::Observations;
use splitbrain::checker::observations::{NodeIx, NodeKind};
use splitbrain::model::event::{Event, EventKind, Extra, Subject};
use splitbrain::model::note::Outcome;
use splitbrain::model::{Addr, Command, SentinelId, TrueTime};
use splitbrain::sim::Record;

/// Events so shortly before the origin count: clocks and logs have that resolution, ms.
const BEFORE_ORIGIN_MS: f64 = -5.0;

/// One event of one Sentinel.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Time after the origin; whole milliseconds of the clock, as logs have them.
    pub ms: f64,
    /// Which Sentinel.
    pub sentinel: String,
    /// Which event.
    pub kind: EventKind,
    /// Its text, names in place of addresses and ids.
    pub text: String,
}

impl Seen {
    /// Whether it is about a master.
    pub fn about_master(&self) -> bool {
        self.text.starts_with("master ")
    }

    /// Its name; with what it is about, where one name stands for opinions about different things.
    pub fn label(&self) -> String {
        match self.kind {
            EventKind::SdownEnter | EventKind::SdownLeave => {
                format!("{} {}", self.kind.name(), self.text.split(' ').next().unwrap_or(""))
            }
            kind => kind.name().to_owned(),
        }
    }

    /// The `n`-th word of its text.
    pub fn word(&self, n: usize) -> Option<&str> {
        self.text.split(' ').nth(n)
    }
}

/// A run.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Events from the origin on; in order at each Sentinel.
    pub events: Vec<Seen>,
    /// Master at the origin.
    pub master_before: String,
    /// Master at the end, as most Sentinels name it.
    pub final_master: Option<String>,
    /// Longest gap between acknowledged writes, ms.
    pub write_gap: Option<f64>,
    /// The same, of acknowledged SADDs that survived.
    pub write_gap_surviving: Option<f64>,
    /// Acknowledged SADDs.
    pub acked: u64,
    /// Of these, missing at the final master.
    pub lost: Option<u64>,
}

impl Observed {
    /// What a recording tells. Events without a comparable time and lines that are no events are left out.
    pub fn recorded(recording: &Recording) -> Observed {
        let events = recording.events.iter().filter(|event| event.0 >= BEFORE_ORIGIN_MS && event.4 != "f");
        let seen = |(ms, sentinel, name, text, _): &(f64, String, String, String, String)| {
            let kind = EventKind::from_name(name)?;
            Some(Seen { ms: *ms, sentinel: sentinel.clone(), kind, text: text.clone() })
        };
        let derived = &recording.derived;
        Observed {
            events: events.filter_map(seen).collect(),
            master_before: derived.master_before.clone().unwrap_or_else(|| "r1".to_owned()),
            final_master: recording.reading.master.clone(),
            write_gap: derived.write_unavail_any.as_ref().map(|gap| gap.gap_ms),
            write_gap_surviving: derived.write_unavail_surviving.as_ref().map(|gap| gap.gap_ms),
            acked: derived.writes.set_adds_acked,
            lost: derived.writes.lost,
        }
    }

    /// What a record of the simulation tells.
    pub fn simulated(record: &Record) -> Observed {
        let seen = &record.observations;
        let ms = |at: TrueTime| (at.0 / 1_000_000) as f64 - seen.t0.0 as f64 / 1e6;
        let events = seen.events.iter().map(|at| Seen {
            ms: ms(at.at),
            sentinel: seen.node(at.node).name.clone(),
            kind: at.event.kind,
            text: text(seen, &at.event),
        });
        let master = final_master(seen);
        let reading =
            master.and_then(|node| seen.final_redis.iter().find(|server| server.node == node && server.running));
        let mut acked = Vec::new();
        let mut surviving = Vec::new();
        let (mut adds, mut lost) = (0, 0);
        for operation in &seen.operations {
            let (Some(at), Some(Outcome::Ok(_))) = (operation.completed, operation.outcome) else { continue };
            match operation.command {
                Command::Set(..) => acked.push(at),
                Command::Sadd(key, value) => {
                    acked.push(at);
                    adds += 1;
                    match reading.and_then(|server| server.data.set(key)).is_some_and(|set| set.contains(value)) {
                        true => surviving.push(at),
                        false => lost += 1,
                    }
                }
                _ => {}
            }
        }
        Observed {
            events: events.filter(|event| event.ms >= BEFORE_ORIGIN_MS).collect(),
            master_before: master_at_origin(seen),
            final_master: master.map(|node| seen.node(node).name.clone()),
            write_gap: longest_gap(seen, acked),
            write_gap_surviving: longest_gap(seen, surviving),
            acked: adds,
            lost: reading.map(|_| lost),
        }
    }

    /// The last elected leader.
    pub fn leader(&self) -> Option<&str> {
        let elected = self.events.iter().filter(|event| event.kind == EventKind::ElectedLeader);
        elected
            .reduce(|last, event| if event.ms >= last.ms { event } else { last })
            .map(|event| event.sentinel.as_str())
    }

    /// Names of the Sentinels that had an event, ascending.
    pub fn sentinels(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.events.iter().map(|event| event.sentinel.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Events at one Sentinel, in order.
    pub fn at<'a>(&'a self, sentinel: &'a str) -> impl Iterator<Item = &'a Seen> + 'a {
        self.events.iter().filter(move |event| event.sentinel == sentinel)
    }
}

fn server_name(seen: &Observations, addr: Addr) -> String {
    seen.node_at(addr).map_or_else(|| addr.to_string(), |node| seen.node(node).name.clone())
}

fn sentinel_name(seen: &Observations, id: SentinelId) -> String {
    let node = seen.sentinel_ids.iter().find(|(_, known)| *known == id).map(|(node, _)| *node);
    node.map_or_else(|| id.to_string(), |node| seen.node(node).name.clone())
}

/// An event's text as recordings have it.
fn text(seen: &Observations, event: &Event) -> String {
    match &event.extra {
        Extra::Vote(id, epoch) => return format!("{} {epoch}", sentinel_name(seen, *id)),
        Extra::Switch(old, new) => return format!("{MASTER} {} {}", server_name(seen, *old), server_name(seen, *new)),
        Extra::Epoch(epoch) => return epoch.to_string(),
        _ => {}
    }
    let master = server_name(seen, event.master_addr);
    match event.subject {
        Subject::Master => format!("master {MASTER} {master}"),
        Subject::Slave(addr) => {
            let name = server_name(seen, addr);
            format!("slave {name} {name} @ {MASTER} {master}")
        }
        Subject::Sentinel(id, _) => {
            let name = sentinel_name(seen, id);
            format!("sentinel {name} {name} @ {MASTER} {master}")
        }
    }
}

/// The master most Sentinels name at the end.
fn final_master(seen: &Observations) -> Option<NodeIx> {
    let named: Vec<NodeIx> = seen.final_views.iter().filter_map(|view| seen.node_at(view.addr)).collect();
    let count = |node: &NodeIx| named.iter().filter(|other| *other == node).count();
    // The first of those named most often.
    named.iter().rev().max_by_key(|node| count(node)).copied()
}

/// The target of the last switch before the origin; the initial master if there was none.
fn master_at_origin(seen: &Observations) -> String {
    let before = seen.events.iter().filter(|at| at.at < seen.t0);
    let switched = before.filter_map(|at| match at.event.extra {
        Extra::Switch(_, new) => Some(new),
        _ => None,
    });
    let first = seen.nodes.iter().find(|node| node.kind == NodeKind::Redis);
    switched
        .reduce(|_, last| last)
        .map_or_else(|| first.map_or(String::new(), |n| n.name.clone()), |addr| server_name(seen, addr))
}

/// The longest span between two of these moments, or from the last to the end, that ends after the origin, ms.
fn longest_gap(seen: &Observations, mut moments: Vec<TrueTime>) -> Option<f64> {
    moments.sort_unstable();
    let ends = moments.iter().skip(1).copied().chain([seen.end]);
    let spans = moments.iter().zip(ends).filter(|(_, end)| *end >= seen.t0);
    spans.map(|(from, end)| end.since(*from).0 as f64 / 1e6).reduce(f64::max)
}
