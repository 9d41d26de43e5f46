//! Look-up tables over the observations of one run, built once and shared by all properties. Nothing is judged here.

use crate::execution::Executions;
use crate::failovers::{Attempt, attempts};
use crate::observations::{MasterSettings, NodeIx, NodeKind, Observations, PathAt, Presence};
use splitbrain_model::{Name, Nanos, SentinelId, TrueTime};

/// A time during which a Redis server was a master and its process was not dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reign {
    /// Which server.
    pub node: NodeIx,
    /// Beginning.
    pub from: TrueTime,
    /// The role change or death that ended it, or the end of the run.
    pub until: TrueTime,
}

/// A write was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// When the server executed and acknowledged it. Where no execution was recorded: when the client learned of it.
    pub at: TrueTime,
    /// The server.
    pub node: NodeIx,
    /// The operation, as an index into [`Observations::operations`].
    pub operation: u32,
}

/// Tables over one run.
#[derive(Debug)]
pub struct Index<'a> {
    /// The run.
    pub obs: &'a Observations,
    /// Which server executed which operation.
    pub executions: Executions,
    /// Reigns in order of their beginning.
    pub reigns: Vec<Reign>,
    /// Acknowledged writes in order of `at`.
    pub acks: Vec<Ack>,
    /// Attempts at a failover in order of their beginning.
    pub attempts: Vec<Attempt>,
    /// For each process the index of its master's settings.
    master_of: Vec<Option<u16>>,
}

impl<'a> Index<'a> {
    /// Builds the tables.
    pub fn new(obs: &'a Observations) -> Index<'a> {
        let master_of = master_of(obs);
        let executions = Executions::new(obs);
        Index { reigns: reigns(obs), acks: acks(obs, &executions), attempts: attempts(obs), executions, obs, master_of }
    }

    /// Which master a server belongs to or a client uses, as an index into [`Observations::masters`]. A client's is
    /// the one whose servers answered it.
    pub fn master_of(&self, node: NodeIx) -> Option<usize> {
        self.master_of[usize::from(node.0)].map(usize::from)
    }

    /// Acknowledged writes of one master.
    pub fn acks_of(&self, master: usize) -> impl Iterator<Item = &Ack> + '_ {
        self.acks.iter().filter(move |ack| self.master_of(ack.node) == Some(master))
    }

    /// Whether a process ran, neither paused nor dead, from `from` to `until`.
    pub fn ran_throughout(&self, node: NodeIx, from: TrueTime, until: TrueTime) -> bool {
        let mut state = Presence::Dead;
        for change in self.obs.presence.iter().filter(|c| c.node == node) {
            if change.at > until {
                break;
            }
            if change.at > from && state != Presence::Running {
                return false;
            }
            state = change.state;
        }
        state == Presence::Running
    }

    /// How long a process ran, neither paused nor dead, from `from` to `until`.
    pub fn ran_for(&self, node: NodeIx, from: TrueTime, until: TrueTime) -> Nanos {
        let (mut ran, mut since) = (0, None);
        for change in self.obs.presence.iter().filter(|c| c.node == node && c.at < until) {
            let at = change.at.max(from);
            if let Some(since) = since.take() {
                ran += at.since(since).0;
            }
            since = (change.state == Presence::Running).then_some(at);
        }
        Nanos(ran + since.map_or(0, |since| until.since(since).0))
    }

    /// Whether a process served from `from` to `until`: it ran, and if it is a Redis server, did not answer LOADING.
    pub fn served_throughout(&self, node: NodeIx, from: TrueTime, until: TrueTime) -> bool {
        let mut loading: Option<TrueTime> = None;
        for change in self.obs.loading.iter().filter(|change| change.node == node && change.at <= until) {
            if loading.is_some() && change.at > from {
                return false;
            }
            loading = change.loading.then_some(change.at);
        }
        // A process that dies while it loads does not say so, and its next life begins anew.
        let loads = loading.is_some_and(|since| !self.deaths(node).any(|death| since <= death && death <= from));
        !loads && self.ran_throughout(node, from, until)
    }

    /// Whether the path between two processes was open in both directions from `from` to `until`.
    pub fn open_throughout(&self, a: NodeIx, b: NodeIx, from: TrueTime, until: TrueTime) -> bool {
        let mut open = true;
        for change in &self.obs.paths {
            if (change.a, change.b) != (a, b) && (change.a, change.b) != (b, a) {
                continue;
            }
            if change.at > until {
                break;
            }
            if change.at > from && !open {
                return false;
            }
            open = change.open;
        }
        open
    }

    /// Whether a process ran, neither paused nor dead, at any moment from `from` to `until`.
    pub fn ran_at_all(&self, node: NodeIx, from: TrueTime, until: TrueTime) -> bool {
        let mut state = Presence::Dead;
        for change in self.obs.presence.iter().filter(|c| c.node == node && c.at <= until) {
            if change.at > from && state == Presence::Running {
                return true;
            }
            state = change.state;
        }
        state == Presence::Running
    }

    /// Whether the path between two processes was open in both directions at any moment from `from` to `until`.
    pub fn open_at_all(&self, a: NodeIx, b: NodeIx, from: TrueTime, until: TrueTime) -> bool {
        let mut open = true;
        let mine = |change: &&PathAt| (change.a, change.b) == (a, b) || (change.a, change.b) == (b, a);
        for change in self.obs.paths.iter().filter(mine).filter(|change| change.at <= until) {
            if change.at > from && open {
                return true;
            }
            open = change.open;
        }
        open
    }

    /// Times at which a process died, ascending.
    pub fn deaths(&self, node: NodeIx) -> impl Iterator<Item = TrueTime> + '_ {
        self.obs
            .presence
            .iter()
            .filter(move |change| change.node == node && change.state == Presence::Dead)
            .map(|change| change.at)
    }
}

/// The settings of a master by name. Events that name none belong to the only master, if there is only one.
pub fn master_named(obs: &Observations, name: &Name) -> Option<usize> {
    match &obs.masters[..] {
        [_] if name.is_empty() => Some(0),
        masters => masters.iter().position(|master| master.name == *name),
    }
}

/// The Sentinel that has, or once had, this identity.
pub fn sentinel_with(obs: &Observations, id: SentinelId) -> Option<NodeIx> {
    let found = obs.sentinel_ids.iter().find(|(_, its)| *its == id);
    found.map(|(node, _)| *node)
}

/// The majority of a master's Sentinels.
pub fn majority(settings: &MasterSettings) -> usize {
    settings.sentinels.len() / 2 + 1
}

fn master_of(obs: &Observations) -> Vec<Option<u16>> {
    let mut table = vec![None; obs.nodes.len()];
    for (i, master) in obs.masters.iter().enumerate() {
        for server in &master.redis {
            table[usize::from(server.0)] = Some(i as u16);
        }
    }
    for operation in &obs.operations {
        let client = usize::from(operation.client.0);
        if table[client].is_none() {
            table[client] = match operation.server {
                Some(server) => table[usize::from(server.0)],
                None if obs.masters.len() == 1 => Some(0),
                None => None,
            };
        }
    }
    table
}

fn reigns(obs: &Observations) -> Vec<Reign> {
    let mut open: Vec<Option<TrueTime>> = vec![None; obs.nodes.len()];
    let mut reigns = Vec::new();
    let mut end = |open: &mut Vec<Option<TrueTime>>, node: NodeIx, until: TrueTime| {
        if let Some(from) = open[usize::from(node.0)].take() {
            reigns.push(Reign { node, from, until });
        }
    };
    let mut deaths = obs
        .presence
        .iter()
        .filter(|change| change.state == Presence::Dead && obs.node(change.node).kind == NodeKind::Redis);
    let mut death = deaths.next();
    for role in &obs.roles {
        // A server takes its first role after its process starts, so that a death at the same time came first.
        while let Some(change) = death.filter(|change| change.at <= role.at) {
            end(&mut open, change.node, change.at);
            death = deaths.next();
        }
        match role.replica_of {
            Some(_) => end(&mut open, role.node, role.at),
            None => {
                open[usize::from(role.node.0)].get_or_insert(role.at);
            }
        }
    }
    while let Some(change) = death {
        end(&mut open, change.node, change.at);
        death = deaths.next();
    }
    for node in 0..obs.nodes.len() {
        end(&mut open, NodeIx(node as u16), obs.end);
    }
    reigns.sort_by_key(|reign| (reign.from, reign.node));
    reigns
}

fn acks(obs: &Observations, executions: &Executions) -> Vec<Ack> {
    let mut acks: Vec<Ack> = (0u32..)
        .zip(&obs.operations)
        .filter(|(_, operation)| operation.is_acked_write())
        .filter_map(|(i, operation)| {
            let executed = executions.of(i).map(|applied| obs.applied[applied].at);
            Some(Ack { at: executed.or(operation.completed)?, node: operation.server?, operation: i })
        })
        .collect();
    acks.sort_by_key(|ack| (ack.at, ack.operation));
    acks
}
