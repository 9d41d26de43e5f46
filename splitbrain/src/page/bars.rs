//! What stays as it is for a while: roles of servers with their replication histories, epochs of Sentinels and who leads a
//! failover, TILT; processes that are dead, stopped, or load their data.

use super::micros;
use splitbrain_checker::observations::{EventAt, NodeIx, Presence};
use splitbrain_checker::{NodeKind, Observations};
use splitbrain_model::event::{EventKind, Extra};
use splitbrain_model::{Addr, ReplId, TrueTime};
use splitbrain_reports::html::run::Bar;
use splitbrain_sim::Record;

/// All bars of a run.
pub(super) fn bars(record: &Record) -> Vec<Bar> {
    let seen = &record.observations;
    let mut bars = Vec::new();
    for (i, node) in seen.nodes.iter().enumerate() {
        let lane = Lane { seen, node: NodeIx(i as u16) };
        match node.kind {
            NodeKind::Redis => {
                bars.extend(lane.roles());
                bars.extend(lane.loading());
            }
            NodeKind::Sentinel => {
                bars.extend(lane.epochs());
                bars.extend(lane.between("leads", EventKind::ElectedLeader, &ENDS_OF_FAILOVERS));
                bars.extend(lane.between("tilt", EventKind::TiltEnter, &[EventKind::TiltLeave]));
            }
            NodeKind::Client => {}
        }
        bars.extend(lane.absence());
    }
    bars
}

const ENDS_OF_FAILOVERS: [EventKind; 4] = [
    EventKind::FailoverEnd,
    EventKind::FailoverEndForTimeout,
    EventKind::AbortNoGoodSlave,
    EventKind::AbortSlaveTimeout,
];

/// Whose replica a server is, if it is one, and its replication id.
type Role = (Option<Addr>, ReplId);

struct Lane<'a> {
    seen: &'a Observations,
    node: NodeIx,
}

impl Lane<'_> {
    fn bar(&self, from: TrueTime, until: TrueTime, what: &'static str, text: String, more: String) -> Bar {
        let (from, until) = (micros(self.seen, from), micros(self.seen, until));
        Bar { lane: self.node.0, from, until, what, text, more }
    }

    /// States that each last until the next, or to the end.
    fn lasting<T>(&self, changes: impl Iterator<Item = (TrueTime, T)>) -> Vec<(TrueTime, TrueTime, T)> {
        let mut lasting: Vec<(TrueTime, TrueTime, T)> = Vec::new();
        for (at, state) in changes {
            if let Some((_, until, _)) = lasting.last_mut() {
                *until = at;
            }
            lasting.push((at, self.seen.end, state));
        }
        lasting.retain(|(from, until, _)| from < until);
        lasting
    }

    /// Roles; one that is told again with the same master and history goes on. Death ends a role.
    fn roles(&self) -> Vec<Bar> {
        let roles = self.seen.roles.iter().filter(|role| role.node == self.node);
        let mut changes: Vec<(TrueTime, Option<Role>)> =
            roles.map(|role| (role.at, Some((role.replica_of, role.replid)))).collect();
        let deaths = self.seen.presence.iter().filter(|p| p.node == self.node && p.state == Presence::Dead);
        changes.extend(deaths.map(|death| (death.at, None)));
        changes.sort_by_key(|(at, _)| *at);
        changes.dedup_by(|next, before| next.1 == before.1);
        let bar = |(from, until, role): (TrueTime, TrueTime, Option<Role>)| {
            let (replica_of, replid) = role?;
            Some(match replica_of {
                None => {
                    let id: String = replid.to_string().chars().take(6).collect();
                    self.bar(from, until, "master", format!("master {id}"), format!("master, replication id {replid}"))
                }
                // Which history it follows is its master's matter.
                Some(addr) => {
                    let of = self.named(addr);
                    self.bar(from, until, "replica", format!("of {of}"), format!("replica of {of}"))
                }
            })
        };
        self.lasting(changes.into_iter()).into_iter().filter_map(bar).collect()
    }

    fn named(&self, addr: Addr) -> String {
        self.seen.node_at(addr).map_or_else(|| addr.to_string(), |node| self.seen.node(node).name.clone())
    }

    fn loading(&self) -> Vec<Bar> {
        let changes = self.seen.loading.iter().filter(|change| change.node == self.node);
        let lasting = self.lasting(changes.map(|change| (change.at, change.loading)));
        let loads = lasting.into_iter().filter(|(.., loading)| *loading);
        loads
            .map(|(from, until, _)| self.bar(from, until, "loading", "loading".into(), "loads its data".into()))
            .collect()
    }

    fn absence(&self) -> Vec<Bar> {
        let changes = self.seen.presence.iter().filter(|change| change.node == self.node);
        let first = (TrueTime(0), Presence::Dead);
        let states = std::iter::once(first).chain(changes.map(|change| (change.at, change.state)));
        let bar = |(from, until, state)| match state {
            Presence::Running => None,
            Presence::Paused => {
                Some(self.bar(from, until, "paused", "stopped".into(), "does not run (stopped)".into()))
            }
            Presence::Dead if from == TrueTime(0) => {
                Some(self.bar(from, until, "dead", "not started".into(), "was not started yet".into()))
            }
            Presence::Dead => Some(self.bar(from, until, "dead", "dead".into(), "does not run".into())),
        };
        self.lasting(states).into_iter().filter_map(bar).collect()
    }

    fn events(&self) -> impl Iterator<Item = &EventAt> {
        self.seen.events.iter().filter(|event| event.node == self.node)
    }

    /// Current epochs as the Sentinel announced them.
    fn epochs(&self) -> Vec<Bar> {
        let announced = self.events().filter_map(|event| match (event.event.kind, &event.event.extra) {
            (EventKind::NewEpoch, Extra::Epoch(epoch)) => Some((event.at, *epoch)),
            _ => None,
        });
        let bar = |(from, until, epoch)| {
            self.bar(from, until, "epoch", format!("epoch {epoch}"), format!("current epoch {epoch}"))
        };
        self.lasting(announced).into_iter().map(bar).collect()
    }

    /// From one event to the first of others, or to the end.
    fn between(&self, what: &'static str, begin: EventKind, ends: &[EventKind]) -> Vec<Bar> {
        let begins = self.events().filter(|event| event.event.kind == begin);
        let bar = |begin: &EventAt| {
            let end = self.events().find(|event| event.at >= begin.at && ends.contains(&event.event.kind));
            let until = end.map_or(self.seen.end, |end| end.at);
            let more = format!("{} until {}", begin.event.kind, end.map_or("the end", |end| end.event.kind.name()));
            self.bar(begin.at, until, what, what.to_owned(), more)
        };
        begins.map(bar).collect()
    }
}
