//! Coverage: what was reached over all seeds of a scenario, and how often. Read off finished runs, so it costs the model
//! nothing; in ordered maps, so it is the same on every machine. Here is what observations tell; whoever has the complete
//! record adds the faults.

use crate::observations::Observations;
use serde::{Deserialize, Serialize};
use splitbrain_model::event::{Event, EventKind, Extra};
use splitbrain_model::note::{FailReason, Outcome};
use splitbrain_model::{Epoch, Name, SentinelId};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What kind of thing is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// An event of Sentinel, by its name.
    Event,
    /// A state of a failover, as `sentinel.c` names it.
    State,
    /// A way in which a failover ended early.
    Abort,
    /// How a round of an election ended.
    Election,
    /// What Sentinels remarked that is no event.
    Sentinel,
    /// What servers did for replication.
    Replication,
    /// How operations of clients ended.
    Client,
    /// A fault that was applied to somebody.
    Fault,
    /// A property that was violated.
    Finding,
}

impl Family {
    /// All families, in the order of reports.
    pub const ALL: [Family; 9] = [
        Family::Event,
        Family::State,
        Family::Abort,
        Family::Election,
        Family::Sentinel,
        Family::Replication,
        Family::Client,
        Family::Fault,
        Family::Finding,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Event => "event",
            Family::State => "state",
            Family::Abort => "abort",
            Family::Election => "election",
            Family::Sentinel => "sentinel",
            Family::Replication => "replication",
            Family::Client => "client",
            Family::Fault => "fault",
            Family::Finding => "finding",
        }
    }
}

/// States of a failover with the event that shows each.
const STATES: [(&str, EventKind); 6] = [
    ("wait-start", EventKind::TryFailover),
    ("select-slave", EventKind::StateSelectSlave),
    ("send-slaveof-noone", EventKind::StateSendSlaveofNoone),
    ("wait-promotion", EventKind::StateWaitPromotion),
    ("reconf-slaves", EventKind::StateReconfSlaves),
    ("update-config", EventKind::FailoverEnd),
];
/// Early ends with the event that shows each.
const ABORTS: [(&str, EventKind); 4] = [
    ("not-elected", EventKind::AbortNotElected),
    ("no-good-slave", EventKind::AbortNoGoodSlave),
    ("slave-timeout", EventKind::AbortSlaveTimeout),
    ("reconf-timeout", EventKind::FailoverEndForTimeout),
];
/// All voters agreed; they did not; nobody won a divided round; nobody won an undivided one; a leader without a round.
const ELECTIONS: [&str; 5] = ["won", "won-divided", "split-vote", "too-few-votes", "without-votes"];
const SENTINEL: [&str; 3] = ["save-failed", "failover-delayed", "script"];
const REPLICATION: [&str; 8] = [
    "full-sync",
    "partial-sync",
    "link-lost",
    "loading",
    "became-master",
    "became-replica",
    "output-limit-hard",
    "output-limit-soft",
];
const REASONS: [FailReason; 8] = [
    FailReason::NoSentinel,
    FailReason::NoMaster,
    FailReason::Connect,
    FailReason::NotMaster,
    FailReason::Handshake,
    FailReason::Timeout,
    FailReason::Closed,
    FailReason::PoolExhausted,
];

type Key = (Family, Cow<'static, str>);

/// What one run reached, and how often. A count of 0: it was possible and did not happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Key, u64>);

impl Tally {
    /// Adds to a count.
    pub fn add(&mut self, family: Family, name: impl Into<Cow<'static, str>>, times: u64) {
        *self.0.entry((family, name.into())).or_default() += times;
    }

    /// What observations tell of a run.
    pub fn of(obs: &Observations) -> Tally {
        let mut tally = Tally::default();
        events(obs, &mut tally);
        elections(obs, &mut tally);
        clients(obs, &mut tally);
        servers(obs, &mut tally);
        tally
    }
}

fn events(obs: &Observations, tally: &mut Tally) {
    let mut counts = [0u64; EventKind::ALL.len()];
    for event in &obs.events {
        counts[event.event.kind as usize] += 1;
    }
    for &kind in EventKind::ALL.iter().filter(|kind| counts[**kind as usize] > 0) {
        tally.add(Family::Event, kind.name(), counts[kind as usize]);
    }
    let mut shown = |family, list: &[(&'static str, EventKind)]| {
        for (name, kind) in list.iter().filter(|(_, kind)| counts[*kind as usize] > 0) {
            tally.add(family, *name, counts[*kind as usize]);
        }
    };
    shown(Family::State, &STATES);
    shown(Family::Abort, &ABORTS);
}

/// One epoch in which somebody voted.
struct Round {
    votes: Vec<SentinelId>,
    won: bool,
}

/// The rounds of all elections. A leader belongs to the round in which it last voted for itself.
fn elections(obs: &Observations, tally: &mut Tally) {
    let mut rounds: BTreeMap<(&Name, Epoch), Round> = BTreeMap::new();
    // Per Sentinel and master: the epoch of its last own candidacy.
    let mut candidacies: BTreeMap<(u16, &Name), Epoch> = BTreeMap::new();
    for seen in &obs.events {
        let (node, Event { kind, master, extra, .. }) = (seen.node.0, &seen.event);
        match (kind, extra) {
            (EventKind::VoteForLeader, Extra::Vote(leader, epoch)) => {
                let round = rounds.entry((master, *epoch)).or_insert(Round { votes: Vec::new(), won: false });
                if !round.votes.contains(leader) {
                    round.votes.push(*leader);
                }
                if obs.sentinel_ids.iter().any(|(who, id)| who.0 == node && id == leader) {
                    candidacies.insert((node, master), *epoch);
                }
            }
            (EventKind::ElectedLeader, _) => {
                let epoch = candidacies.remove(&(node, master));
                match epoch.and_then(|epoch| rounds.get_mut(&(master, epoch))) {
                    Some(round) => round.won = true,
                    None => tally.add(Family::Election, "without-votes", 1),
                }
            }
            _ => {}
        }
    }
    for round in rounds.values() {
        let name = match (round.won, round.votes.len() > 1) {
            (true, false) => "won",
            (true, true) => "won-divided",
            (false, true) => "split-vote",
            (false, false) => "too-few-votes",
        };
        tally.add(Family::Election, name, 1);
    }
}

fn clients(obs: &Observations, tally: &mut Tally) {
    let mut outcomes: BTreeMap<Option<(bool, FailReason)>, u64> = BTreeMap::new();
    let (mut unanswered, mut retried) = (0, 0);
    for operation in &obs.operations {
        retried += u64::from(operation.attempts > 1);
        match operation.outcome {
            None => unanswered += 1,
            Some(Outcome::Ok(_)) => *outcomes.entry(None).or_default() += 1,
            Some(Outcome::Fail(why)) => *outcomes.entry(Some((true, why))).or_default() += 1,
            Some(Outcome::Info(why)) => *outcomes.entry(Some((false, why))).or_default() += 1,
        }
    }
    for (outcome, times) in outcomes {
        let name = outcome.map_or(Cow::Borrowed("ok"), |(certain, why)| named(certain, why).into());
        tally.add(Family::Client, name, times);
    }
    for (name, times) in [("unanswered", unanswered), ("retried", retried)] {
        if times > 0 {
            tally.add(Family::Client, name, times);
        }
    }
}

fn named(certain: bool, why: FailReason) -> String {
    let class = if certain { "fail" } else { "info" };
    match why {
        FailReason::NoSentinel => format!("{class} no-sentinel"),
        FailReason::NoMaster => format!("{class} no-master"),
        FailReason::Connect => format!("{class} connect"),
        FailReason::NotMaster => format!("{class} not-master"),
        FailReason::Handshake => format!("{class} handshake"),
        FailReason::Timeout => format!("{class} timeout"),
        FailReason::Closed => format!("{class} closed"),
        FailReason::PoolExhausted => format!("{class} pool-exhausted"),
        FailReason::Unreplicated => format!("{class} unreplicated"),
        FailReason::Error(word) => format!("{class} {}", word.word()),
    }
}

fn servers(obs: &Observations, tally: &mut Tally) {
    let mut roles: BTreeMap<u16, bool> = BTreeMap::new();
    let (mut masters, mut replicas) = (0, 0);
    for role in &obs.roles {
        let is_master = role.replica_of.is_none();
        match roles.insert(role.node.0, is_master) {
            Some(false) if is_master => masters += 1,
            Some(true) if !is_master => replicas += 1,
            _ => {}
        }
    }
    let loading = obs.loading.iter().filter(|change| change.loading).count() as u64;
    let syncs = obs.full_syncs.len() as u64;
    let counts = [("became-master", masters), ("became-replica", replicas), ("loading", loading), ("full-sync", syncs)];
    for (name, times) in counts.into_iter().filter(|(_, times)| *times > 0) {
        tally.add(Family::Replication, name, times);
    }
}

/// How often something was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// In how many runs.
    pub runs: u64,
    /// How often in all of them.
    pub times: u64,
    /// The first of these runs; `None`: never reached.
    pub first_seed: Option<u64>,
}

/// What was reached over seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<Key, Reached>);

impl Coverage {
    /// Everything there is to reach, none of it reached. Faults are added as runs plan them, findings as they are made.
    pub fn unreached() -> Coverage {
        let mut all = Coverage::default();
        let mut list = |family, names: &mut dyn Iterator<Item = Cow<'static, str>>| {
            all.0.extend(names.map(|name| ((family, name), Reached::default())));
        };
        list(Family::Event, &mut EventKind::ALL.iter().map(|kind| kind.name().into()));
        list(Family::State, &mut STATES.iter().map(|(name, _)| (*name).into()));
        list(Family::Abort, &mut ABORTS.iter().map(|(name, _)| (*name).into()));
        list(Family::Election, &mut ELECTIONS.iter().map(|name| (*name).into()));
        list(Family::Sentinel, &mut SENTINEL.iter().map(|name| (*name).into()));
        list(Family::Replication, &mut REPLICATION.iter().map(|name| (*name).into()));
        list(Family::Client, &mut ["ok", "retried", "unanswered"].iter().map(|name| (*name).into()));
        for certain in [true, false] {
            list(Family::Client, &mut REASONS.iter().map(|why| named(certain, *why).into()));
        }
        all
    }

    /// Adds a run.
    pub fn add(&mut self, seed: u64, run: &Tally) {
        for (key, times) in &run.0 {
            let run = Reached { runs: u64::from(*times > 0), times: *times, first_seed: (*times > 0).then_some(seed) };
            self.put(key.clone(), run);
        }
    }

    /// Adds what other seeds reached.
    pub fn put(&mut self, key: (Family, Cow<'static, str>), more: Reached) {
        let reached = self.0.entry(key).or_default();
        reached.runs += more.runs;
        reached.times += more.times;
        reached.first_seed = match (reached.first_seed, more.first_seed) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    /// The last seed that reached something no seed before it had.
    pub fn last_new(&self) -> Option<u64> {
        self.0.values().filter_map(|reached| reached.first_seed).max()
    }

    /// Everything in the order of reports, with what was never reached.
    pub fn iter(&self) -> impl Iterator<Item = (Family, &str, &Reached)> {
        self.0.iter().map(|((family, name), reached)| (*family, name.as_ref(), reached))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::{EventAt, NodeIx};
    use splitbrain_model::event::Subject;
    use splitbrain_model::{Addr, Ip, TrueTime};

    fn id(n: u8) -> SentinelId {
        SentinelId(splitbrain_model::ids::Hex40::from_words([n.into(); 3]))
    }

    fn event(node: u16, kind: EventKind, extra: Extra) -> EventAt {
        let master_addr = Addr { ip: Ip(1), port: 6379 };
        let event = Event { kind, master: "mymaster".into(), master_addr, subject: Subject::Master, extra };
        EventAt { at: TrueTime(0), node: NodeIx(node), event }
    }

    fn elected(votes: &[(u16, u8, u64)], leaders: &[u16]) -> Vec<String> {
        let vote = |(node, leader, epoch): &(u16, u8, u64)| {
            event(*node, EventKind::VoteForLeader, Extra::Vote(id(*leader), Epoch(*epoch)))
        };
        let events = votes.iter().map(vote);
        let leaders = leaders.iter().map(|node| event(*node, EventKind::ElectedLeader, Extra::None));
        let sentinel_ids = (0..3).map(|n| (NodeIx(n), id(n as u8))).collect();
        let obs = Observations { events: events.chain(leaders).collect(), sentinel_ids, ..Observations::default() };
        let mut coverage = Coverage::default();
        coverage.add(0, &Tally::of(&obs));
        let of = coverage.iter().filter(|(family, ..)| *family == Family::Election);
        of.map(|(_, name, reached)| format!("{name} {}", reached.times)).collect()
    }

    #[test]
    fn rounds_of_elections_are_told_apart() {
        assert_eq!(elected(&[(0, 0, 1), (1, 0, 1)], &[0]), ["won 1"]);
        assert_eq!(elected(&[(0, 0, 1), (1, 1, 1), (2, 0, 1)], &[0]), ["won-divided 1"]);
        assert_eq!(elected(&[(0, 0, 1), (1, 1, 1), (2, 2, 1)], &[]), ["split-vote 1"]);
        assert_eq!(elected(&[(0, 0, 1)], &[]), ["too-few-votes 1"]);
        assert_eq!(elected(&[], &[2]), ["without-votes 1"]);
        assert_eq!(elected(&[(0, 0, 1), (1, 1, 1), (0, 0, 2), (1, 0, 2)], &[0]), ["split-vote 1", "won 1"]);
    }

    #[test]
    fn a_seed_is_new_only_if_it_reaches_what_none_before_it_had() {
        let tally = |names: &[(&'static str, u64)]| {
            let mut tally = Tally::default();
            names.iter().for_each(|(name, times)| tally.add(Family::Fault, *name, *times));
            tally
        };
        let mut coverage = Coverage::unreached();
        assert_eq!(coverage.last_new(), None);
        coverage.add(0, &tally(&[("kill", 2), ("pause", 0)]));
        coverage.add(1, &tally(&[("kill", 1), ("pause", 0)]));
        assert_eq!(coverage.last_new(), Some(0), "to have planned a fault is nothing");
        coverage.add(2, &tally(&[("pause", 1)]));
        assert_eq!(coverage.last_new(), Some(2));
        let kill = coverage.iter().find(|(_, name, _)| *name == "kill").map(|(_, _, reached)| *reached);
        assert_eq!(kill, Some(Reached { runs: 2, times: 3, first_seed: Some(0) }));
    }
}
