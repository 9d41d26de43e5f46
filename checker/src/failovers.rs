//! Attempts at a failover, put together from the events of the Sentinels: who tried, in which epoch, how far it came.

use crate::index::master_named;
use crate::observations::{EventAt, ForcedAt, NodeIx, Observations, Presence};
use splitbrain_model::event::{EventKind, Extra, Subject};
use splitbrain_model::{Addr, Epoch, Nanos, TrueTime};

/// What happens in one step of a process and blocks nowhere in between.
pub const ONE_STEP: Nanos = Nanos::from_millis(1);

/// One attempt of one Sentinel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which master, as an index into [`Observations::masters`].
    pub master: usize,
    /// The Sentinel.
    pub leader: NodeIx,
    /// Epoch of the failover: the +new-epoch just before its +try-failover.
    pub epoch: Option<Epoch>,
    /// +try-failover
    pub tried: TrueTime,
    /// Address of the master to be replaced.
    pub old: Addr,
    /// An operator's SENTINEL FAILOVER began it.
    pub forced: bool,
    /// Since when as many Sentinels as the quorum had the master as down, taking the latest +sdown if they never were
    /// that many; `None` if no +sdown stood.
    pub down_since: Option<TrueTime>,
    /// How many Sentinels had the master as down when the attempt began.
    pub opinions: u32,
    /// +elected-leader
    pub elected: Option<TrueTime>,
    /// +promoted-slave, and of which replica
    pub promoted: Option<(TrueTime, Addr)>,
    /// First +switch-master of any Sentinel to the promoted replica.
    pub switched: Option<TrueTime>,
    /// The leader's own +switch-master, its abort, or its reset.
    pub ended: Option<TrueTime>,
}

impl Attempt {
    /// Whether it completed: a replica was promoted and somebody switched to it.
    pub fn completed(&self) -> bool {
        self.switched.is_some()
    }
}

/// What is known of one Sentinel while the events go by.
#[derive(Clone, Default)]
struct View {
    epoch: Option<Epoch>,
    /// Standing +sdown and +odown per master.
    down: Vec<(Option<(TrueTime, Addr)>, bool)>,
}

/// All attempts of a run in order of their beginning.
pub fn attempts(obs: &Observations) -> Vec<Attempt> {
    let blank = View { epoch: None, down: vec![(None, false); obs.masters.len()] };
    let mut views = vec![blank.clone(); obs.nodes.len()];
    let mut attempts = Vec::new();
    let mut deaths = obs.presence.iter().filter(|change| change.state == Presence::Dead);
    let mut death = deaths.next();
    for event in &obs.events {
        while let Some(change) = death.filter(|change| change.at <= event.at) {
            views[usize::from(change.node.0)] = blank.clone();
            death = deaths.next();
        }
        apply(obs, &mut views, &mut attempts, event);
    }
    attempts
}

fn apply(obs: &Observations, views: &mut [View], attempts: &mut Vec<Attempt>, at: &EventAt) {
    let view = &mut views[usize::from(at.node.0)];
    if let (EventKind::NewEpoch, Extra::Epoch(epoch)) = (at.event.kind, &at.event.extra) {
        view.epoch = Some(*epoch);
        return;
    }
    let Some(master) = master_named(obs, &at.event.master) else {
        return;
    };
    let about_master = at.event.subject == Subject::Master;
    match at.event.kind {
        EventKind::SdownEnter if about_master => {
            view.down[master].0 = Some((at.at, at.event.master_addr));
        }
        EventKind::SdownLeave if about_master => view.down[master].0 = None,
        EventKind::OdownEnter if about_master => view.down[master].1 = true,
        EventKind::OdownLeave if about_master => view.down[master].1 = false,
        // A reset ends the failover as well, without a word.
        EventKind::ResetMaster => {
            view.down[master] = (None, false);
            if let Some(attempt) = latest(attempts, at.node, master) {
                attempt.ended.get_or_insert(at.at);
            }
        }
        EventKind::TryFailover => {
            let epoch = view.epoch;
            let forced = is_forced(obs, at);
            let since = down_since(views, master, at.event.master_addr);
            attempts.push(Attempt {
                master,
                leader: at.node,
                epoch,
                tried: at.at,
                old: at.event.master_addr,
                forced,
                opinions: since.len() as u32,
                down_since: since.get(obs.masters[master].quorum.max(1) as usize - 1).or(since.last()).copied(),
                elected: None,
                promoted: None,
                switched: None,
                ended: None,
            });
        }
        EventKind::ElectedLeader => {
            if let Some(attempt) = latest(attempts, at.node, master) {
                attempt.elected.get_or_insert(at.at);
            }
        }
        EventKind::PromotedSlave => {
            if let (Subject::Slave(replica), Some(attempt)) = (at.event.subject, latest(attempts, at.node, master)) {
                attempt.promoted.get_or_insert((at.at, replica));
            }
        }
        EventKind::AbortNotElected | EventKind::AbortNoGoodSlave | EventKind::AbortSlaveTimeout => {
            if let Some(attempt) = latest(attempts, at.node, master) {
                attempt.ended.get_or_insert(at.at);
            }
        }
        EventKind::SwitchMaster => {
            view.down[master] = (None, false);
            if let Some(attempt) = latest(attempts, at.node, master) {
                attempt.ended.get_or_insert(at.at);
            }
            if let Extra::Switch(_, new) = at.event.extra {
                switched(attempts, master, new, at.at);
            }
        }
        _ => {}
    }
}

/// Whether this +try-failover is what an operator asked for: it begins in the step that obeys.
fn is_forced(obs: &Observations, tried: &EventAt) -> bool {
    let same = |forced: &ForcedAt| (forced.node, &forced.master) == (tried.node, &tried.event.master);
    obs.forced.iter().any(|forced| same(forced) && forced.at <= tried.at && tried.at.since(forced.at) <= ONE_STEP)
}

fn latest(attempts: &mut [Attempt], leader: NodeIx, master: usize) -> Option<&mut Attempt> {
    attempts.iter_mut().rev().find(|attempt| attempt.leader == leader && attempt.master == master)
}

/// A switch belongs to the last promotion of that replica.
fn switched(attempts: &mut [Attempt], master: usize, new: Addr, at: TrueTime) {
    let promotion = attempts
        .iter_mut()
        .filter(|attempt| attempt.master == master)
        .filter_map(|attempt| match attempt.promoted {
            Some((promoted, addr)) if addr == new => Some((promoted, attempt)),
            _ => None,
        })
        .max_by_key(|(promoted, _)| *promoted);
    if let Some((_, attempt)) = promotion {
        attempt.switched.get_or_insert(at);
    }
}

/// Since when Sentinels have had a master as down, in order.
fn down_since(views: &[View], master: usize, old: Addr) -> Vec<TrueTime> {
    let mut since: Vec<TrueTime> = views
        .iter()
        .filter_map(|view| view.down[master].0)
        .filter(|(_, addr)| *addr == old)
        .map(|(at, _)| at)
        .collect();
    since.sort_unstable();
    since
}
