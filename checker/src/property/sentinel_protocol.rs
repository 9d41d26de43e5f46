//! `sentinel-protocol`: no Sentinel does what its protocol forbids at that moment.
//!
//! The rules ([`Rule`]) are those of Sentinel's own code that can be checked from events, states of processes and paths
//! alone, each with a margin that no delay, clock or stale report can use up:
//!
//! - +odown: as many Sentinels as the quorum have, or within the last minute had, that master as down (a report holds for
//!   5 s, and outlives a switch of the address: H3; in TILT it does not age, so that nothing is said right after one);
//! - in TILT no ±sdown, ±odown, no step of a failover, no +convert-to-slave, no +fix-slave-config;
//! - TILT does not last two minutes at a Sentinel that runs;
//! - between two attempts, or between a vote for another and an attempt, at least half of twice the failover-timeout
//!   passes, if the clock did not jump in between;
//! - +selected-slave: the replica ran, and could be reached, at some moment of the last half minute;
//! - +promoted-slave: the replica was a master at some moment of the last half minute;
//! - +slave-reconf-sent: fewer than parallel-syncs are under way;
//! - +switch-master leads to a server that was promoted, or that the Sentinels were told to monitor.
//!
//! Where a tape was taken ([`crate::tape`]), each Sentinel is also held against the laws of [`crate::law`]: by its own clock and
//! by what it read and wrote, it does in time what it has to and nothing without its grounds. What is due counts as
//! neglected if it was due at the tick before too, so that no delay matters; a Sentinel that broke a law, waited long for
//! its disk, or was given commands that change its settings is not looked at any further.
//!
//! Source: Sentinel spec, 2, 6, 7.5, 8.3, 8.6, 8.7, appendix C. Cannot see: Sentinels whose settings were changed while
//! they ran (after a +set nothing is said of that master), and clocks that stood still for more than half a minute.

mod duties;
mod election;
mod grounds;
mod links;
mod reconf;
mod shadow;
mod tapes;
mod watched;

use crate::expect::Property;
use crate::failovers::Attempt;
use crate::finding::{Detail, Finding, Place, Rule};
use crate::index::{Index, master_named, sentinel_with};
use crate::judge::Judgement;
use crate::observations::{EventAt, NodeIx, NodeKind, Observations, Presence, PresenceAt};
use splitbrain_model::event::{EventKind, Extra, Subject};
use splitbrain_model::{Addr, Name, TrueTime};

const MINUTE: u64 = 60_000_000_000;
const HALF_MINUTE: u64 = MINUTE / 2;
/// What other Sentinels reported is forgotten after five times SENTINEL_ASK_PERIOD, at the next tick.
const REPORTS_LAST: u64 = 5_200_000_000;
/// Longest TILT of a Sentinel that runs, after its last jump.
const TILT: u64 = 2 * MINUTE;

/// What is known of one Sentinel while the events go by.
#[derive(Clone, Default)]
struct State {
    tilt: Option<TrueTime>,
    tilt_left: Option<TrueTime>,
    masters: Vec<Known>,
}

/// What one Sentinel has said of one master.
#[derive(Clone, Default)]
struct Known {
    /// Its last attempt or vote for another.
    started: Option<TrueTime>,
    /// Replicas on their way to the new master.
    syncing: Vec<Addr>,
}

/// A time during which a Sentinel had a master as down, at whatever address.
struct Opinion {
    node: NodeIx,
    master: usize,
    until: Option<TrueTime>,
}

struct Watch<'a, 'b> {
    obs: &'a Observations,
    index: &'a Index<'a>,
    out: &'b mut Judgement,
    states: Vec<State>,
    opinions: Vec<Opinion>,
    /// Addresses that a master may have.
    legitimate: Vec<Vec<Addr>>,
    /// Masters whose settings were changed.
    changed: Vec<bool>,
}

/// Checks every Sentinel.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    let blank = State { tilt: None, tilt_left: None, masters: vec![Known::default(); obs.masters.len()] };
    let legitimate = obs.masters.iter().map(|master| vec![obs.node(master.initial).addr]).collect();
    let mut watch = Watch {
        obs,
        index,
        out,
        states: vec![blank.clone(); obs.nodes.len()],
        opinions: Vec::new(),
        legitimate,
        changed: vec![false; obs.masters.len()],
    };
    let mut lives = Lives { changes: obs.presence.iter().peekable(), dead: vec![true; obs.nodes.len()] };
    for event in &obs.events {
        while let Some((node, at)) = lives.next(event.at) {
            watch.states[usize::from(node.0)] = blank.clone();
            watch.calm(node, None, at);
        }
        watch.look(event);
    }
    while let Some((node, _)) = lives.next(obs.end) {
        watch.states[usize::from(node.0)] = blank.clone();
    }
    watch.tilts_at_the_end();
    tapes::check(obs, out);
}

/// Deaths and rebirths of processes. What a process says at the moment of its death comes before it.
struct Lives<'a> {
    changes: std::iter::Peekable<std::slice::Iter<'a, PresenceAt>>,
    dead: Vec<bool>,
}

impl Lives<'_> {
    /// The next process that died or came to life until `until`, and when.
    fn next(&mut self, until: TrueTime) -> Option<(NodeIx, TrueTime)> {
        while let Some(change) = self.changes.next_if(|change| change.at <= until) {
            let dead = &mut self.dead[usize::from(change.node.0)];
            let dies = change.state == Presence::Dead;
            if std::mem::replace(dead, dies) || dies {
                return Some((change.node, change.at));
            }
        }
        None
    }
}

impl Watch<'_, '_> {
    fn look(&mut self, at: &EventAt) {
        let event = &at.event;
        let node = usize::from(at.node.0);
        match event.kind {
            EventKind::TiltEnter => {
                self.states[node].tilt = Some(at.at);
                self.states[node].masters.iter_mut().for_each(|known| known.started = None);
            }
            EventKind::TiltLeave => {
                (self.states[node].tilt, self.states[node].tilt_left) = (None, Some(at.at));
            }
            kind if is_decision(kind) && self.states[node].tilt.is_some() => {
                self.report(at, Rule::ActedInTilt { event: kind }, None);
            }
            _ => {}
        }
        let Some(master) = master_named(self.obs, &event.master) else { return };
        let about_master = event.subject == Subject::Master;
        match event.kind {
            EventKind::SdownEnter if about_master => {
                self.opinions.push(Opinion { node: at.node, master, until: None });
            }
            EventKind::SdownLeave if about_master => self.calm(at.node, Some(master), at.at),
            EventKind::OdownEnter => self.objectively_down(at, master),
            EventKind::Set => self.changed[master] = true,
            EventKind::Monitor => self.legitimate[master].push(event.master_addr),
            EventKind::ResetMaster => self.states[node].masters[master] = Known::default(),
            EventKind::VoteForLeader => self.voted(at, master),
            EventKind::TryFailover => self.tried(at, master),
            EventKind::SelectedSlave => self.selected(at),
            EventKind::PromotedSlave => self.promoted(at, master),
            EventKind::SlaveReconfSent => self.sent(at, master),
            EventKind::SlaveReconfDone | EventKind::SlaveReconfSentTimeout => {
                if let Subject::Slave(replica) = event.subject {
                    self.states[node].masters[master].syncing.retain(|its| *its != replica);
                }
            }
            EventKind::SwitchMaster => self.switched(at, master),
            _ => {}
        }
    }

    /// A Sentinel does not have a master as down any more, or none at all.
    fn calm(&mut self, node: NodeIx, master: Option<usize>, at: TrueTime) {
        let mine =
            |o: &&mut Opinion| o.node == node && master.is_none_or(|master| o.master == master) && o.until.is_none();
        self.opinions.iter_mut().filter(mine).for_each(|opinion| opinion.until = Some(at));
    }

    fn objectively_down(&mut self, at: &EventAt, master: usize) {
        let left = self.states[usize::from(at.node.0)].tilt_left;
        if left.is_some_and(|left| at.at.0 - left.0 <= REPORTS_LAST) {
            return;
        }
        let recent = |until: TrueTime| at.at.0 - until.0 <= MINUTE;
        let had = |o: &&Opinion| o.master == master && o.until.is_none_or(recent);
        let mut who: Vec<NodeIx> = self.opinions.iter().filter(had).map(|opinion| opinion.node).collect();
        who.sort_unstable();
        who.dedup();
        let (said, quorum) = (who.len() as u32, self.obs.masters[master].quorum);
        if said < quorum && !self.changed[master] {
            self.report(at, Rule::DownWithoutQuorum { said, quorum }, None);
        }
    }

    fn voted(&mut self, at: &EventAt, master: usize) {
        if let Extra::Vote(id, _) = at.event.extra
            && sentinel_with(self.obs, id) != Some(at.node)
        {
            self.known(at, master).started = Some(at.at);
        }
    }

    fn tried(&mut self, at: &EventAt, master: usize) {
        let mine = |a: &&Attempt| (a.leader, a.tried, a.master) == (at.node, at.at, master);
        let forced = self.index.attempts.iter().find(mine).is_none_or(|attempt| attempt.forced);
        let since = self.known(at, master).started.replace(at.at);
        let timeout = self.obs.masters[master].failover_timeout.0;
        let Some(after_ms) = since.map(|since| at.at.since(since).millis() as i64) else { return };
        if after_ms < timeout && !forced && !self.changed[master] {
            self.report(at, Rule::TriedTooSoon { after_ms, needed_ms: 2 * timeout }, None);
        }
    }

    fn selected(&mut self, at: &EventAt) {
        let Subject::Slave(addr) = at.event.subject else { return };
        let Some(replica) = self.obs.node_at(addr) else { return };
        let from = TrueTime(at.at.0.saturating_sub(HALF_MINUTE));
        let index = self.index;
        let fine = index.ran_at_all(replica, from, at.at) && index.open_at_all(at.node, replica, from, at.at);
        if !fine && index.ran_throughout(at.node, from, at.at) {
            let rule = Rule::SelectedDead { for_ms: at.at.since(from).millis() as i64 };
            self.report(at, rule, Some(Place::Node(replica)));
        }
    }

    fn promoted(&mut self, at: &EventAt, master: usize) {
        let Subject::Slave(addr) = at.event.subject else { return };
        self.legitimate[master].push(addr);
        let Some(replica) = self.obs.node_at(addr) else { return };
        let from = at.at.0.saturating_sub(HALF_MINUTE);
        let reigned = |r: &crate::index::Reign| r.node == replica && r.from <= at.at && r.until.0 >= from;
        // Where no history's birth was recorded, not every role was either (the real thing).
        if !self.obs.branches.is_empty() && !self.index.reigns.iter().any(reigned) {
            self.report(at, Rule::PromotedUnconfirmed, Some(Place::Node(replica)));
        }
    }

    fn sent(&mut self, at: &EventAt, master: usize) {
        let Subject::Slave(replica) = at.event.subject else { return };
        let allowed = self.obs.masters[master].parallel_syncs.max(0) as u32;
        let syncing = &mut self.known(at, master).syncing;
        syncing.retain(|its| *its != replica);
        let under_way = syncing.len() as u32;
        syncing.push(replica);
        if under_way >= allowed && !self.changed[master] {
            let place = Place::of(self.obs, replica);
            self.report(at, Rule::TooManySyncs { under_way, allowed }, Some(place));
        }
    }

    fn switched(&mut self, at: &EventAt, master: usize) {
        *self.known(at, master) = Known::default();
        if let Extra::Switch(_, new) = at.event.extra
            && !self.legitimate[master].contains(&new)
        {
            let place = Place::of(self.obs, new);
            self.report(at, Rule::SwitchedToUnpromoted, Some(place));
        }
    }

    fn tilts_at_the_end(&mut self) {
        for (node, info) in (0u16..).zip(&self.obs.nodes) {
            let Some(since) = self.states[usize::from(node)].tilt.filter(|_| info.kind == NodeKind::Sentinel) else {
                continue;
            };
            let node = NodeIx(node);
            let for_ms = self.obs.end.since(since.min(self.obs.end)).millis() as i64;
            if for_ms as u64 * 1_000_000 > TILT && self.index.ran_throughout(node, since, self.obs.end) {
                let rule = Rule::TiltNotLeft { for_ms };
                self.push(self.obs.end, Name::from(""), node, rule, None);
            }
        }
    }

    fn known(&mut self, at: &EventAt, master: usize) -> &mut Known {
        &mut self.states[usize::from(at.node.0)].masters[master]
    }

    fn report(&mut self, at: &EventAt, rule: Rule, about: Option<Place>) {
        self.push(at.at, at.event.master.clone(), at.node, rule, about);
    }

    fn push(&mut self, at: TrueTime, master: Name, sentinel: NodeIx, rule: Rule, about: Option<Place>) {
        let detail = Detail::AgainstProtocol { sentinel, rule, about };
        self.out.findings.push(Finding { property: Property::SentinelProtocol, at, master, detail });
    }
}

/// What a Sentinel in TILT leaves undone. An attempt is not among it: an operator may ask for one.
fn is_decision(kind: EventKind) -> bool {
    use EventKind as E;
    matches!(
        kind,
        E::SdownEnter
            | E::SdownLeave
            | E::OdownEnter
            | E::OdownLeave
            | E::ElectedLeader
            | E::AbortNotElected
            | E::StateSelectSlave
            | E::AbortNoGoodSlave
            | E::SelectedSlave
            | E::StateSendSlaveofNoone
            | E::StateWaitPromotion
            | E::AbortSlaveTimeout
            | E::PromotedSlave
            | E::StateReconfSlaves
            | E::SlaveReconfSent
            | E::SlaveReconfInprog
            | E::SlaveReconfDone
            | E::FailoverEnd
            | E::ConvertToSlave
            | E::FixSlaveConfig
    )
}
