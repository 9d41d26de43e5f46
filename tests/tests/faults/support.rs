//! Small scenarios from text, played, and what to look up in their records.

use splitbrain::checker::observations::{Operation, Presence};
use splitbrain::model::event::{Event, EventKind, Subject};
use splitbrain::model::note::Outcome;
use splitbrain::model::{Command, TrueTime};
use splitbrain::run_seed;
use splitbrain::scenarios::{Scenario, Source};
use splitbrain::sim::Record;
use std::ops::Range;

/// Three Sentinels with a patience of 2 s around a master with two replicas, which look at it every 10 s.
pub const CLUSTER: &str = r#"
[cluster]
replicas = 2
sentinels = 3
[sentinel]
quorum = 2
down-after-milliseconds = 2000
failover-timeout = 6000
"#;

/// One application that adds 50 values per second, patient for half a second.
pub const WRITER: &str = r#"
[[clients]]
name = "writer"
profile = "recorder"
timeout = "500ms"
workload = { sadd = 50 }
"#;

/// One run with its times and names within reach.
pub struct Film {
    /// The record.
    pub record: Record,
}

/// A scenario from parts of a file.
pub fn scenario(parts: &[&str]) -> Scenario {
    let source = Source::new("test.toml", parts.concat());
    Scenario::parse(&source).unwrap_or_else(|error| panic!("{error}"))
}

/// Plays a scenario from parts of a file.
pub fn play(parts: &[&str], seeds: Range<u64>) -> Vec<Film> {
    let scenario = scenario(parts);
    seeds.map(|seed| Film { record: run_seed(&scenario, seed) }).collect()
}

impl Film {
    /// Milliseconds from the first fault to a moment.
    pub fn ms(&self, at: TrueTime) -> f64 {
        (at.0 as f64 - self.record.observations.t0.0 as f64) / 1e6
    }

    /// What to say when an assertion about this run fails.
    pub fn seed(&self) -> String {
        format!("seed {}; faults {:?}", self.record.seed, self.faults())
    }

    /// Faults with their times.
    pub fn faults(&self) -> Vec<(f64, &str)> {
        self.record.faults.iter().map(|fault| (self.ms(fault.at), fault.what.as_str())).collect()
    }

    /// Events of a kind: time, Sentinel, event.
    pub fn events(&self, kind: EventKind) -> Vec<(f64, &str, &Event)> {
        let seen = &self.record.observations;
        let wanted = seen.events.iter().filter(|event| event.event.kind == kind);
        wanted.map(|event| (self.ms(event.at), seen.node(event.node).name.as_str(), &event.event)).collect()
    }

    /// Times of the events of a kind after the first fault.
    pub fn times(&self, kind: EventKind) -> Vec<f64> {
        self.events(kind).into_iter().map(|(at, ..)| at).filter(|at| *at >= 0.0).collect()
    }

    /// Times of the events of a kind about a master itself, after the first fault.
    pub fn about_master(&self, kind: EventKind) -> Vec<f64> {
        let events = self.events(kind).into_iter();
        events.filter(|(at, _, event)| *at >= 0.0 && event.subject == Subject::Master).map(|(at, ..)| at).collect()
    }

    /// Times at which a process took a state, after the first fault.
    pub fn presence(&self, name: &str, state: Presence) -> Vec<f64> {
        let seen = &self.record.observations;
        let changes = seen.presence.iter().filter(|p| seen.node(p.node).name == name && p.state == state);
        changes.map(|p| self.ms(p.at)).filter(|at| *at >= 0.0).collect()
    }

    /// Operations of clients.
    pub fn operations(&self) -> &[Operation] {
        &self.record.observations.operations
    }

    /// Acknowledged writes: when they were invoked and acknowledged, on which server.
    pub fn acked(&self) -> Vec<(f64, f64, &str)> {
        let seen = &self.record.observations;
        let acked = seen.operations.iter().filter(|operation| operation.is_acked_write());
        acked
            .filter_map(|op| Some((self.ms(op.invoked), self.ms(op.completed?), seen.node(op.server?).name.as_str())))
            .collect()
    }

    /// Operations that did not succeed: time of the invocation, time of the end, outcome.
    pub fn unsuccessful(&self) -> Vec<(f64, f64, Outcome)> {
        let failed = self.operations().iter().filter(|op| !matches!(op.outcome, None | Some(Outcome::Ok(_))));
        failed.filter_map(|op| Some((self.ms(op.invoked), self.ms(op.completed?), op.outcome?))).collect()
    }

    /// Acknowledged values that a server does not hold at the end, in order of their acknowledgement.
    pub fn missing_on(&self, name: &str) -> Vec<f64> {
        let seen = &self.record.observations;
        let server = seen.final_redis.iter().find(|redis| seen.node(redis.node).name == name).expect("a server");
        let acked = seen.operations.iter().filter(|operation| operation.is_acked_write());
        let missing = acked.filter(|operation| match operation.command {
            Command::Sadd(key, value) => !server.data.set(key).is_some_and(|set| set.contains(value)),
            _ => false,
        });
        missing.filter_map(|operation| Some(self.ms(operation.completed?))).collect()
    }

    /// The server all Sentinels name at the end, for the master of this name.
    pub fn final_master(&self, master: &str) -> &str {
        let seen = &self.record.observations;
        let mut views = seen.final_views.iter().filter(|view| &*view.master == master);
        let addr = views.next().expect("a Sentinel runs").addr;
        assert!(views.all(|view| view.addr == addr), "the Sentinels disagree: {}", self.seed());
        &seen.node(seen.node_at(addr).expect("somebody listens there")).name
    }

    /// Whether everybody agreed at the end.
    pub fn converged(&self) -> bool {
        self.record.observations.settled && self.record.observations.converged.is_some()
    }
}

/// The largest and the smallest of some times.
pub fn extent(times: impl IntoIterator<Item = f64>) -> (f64, f64) {
    times.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)))
}
