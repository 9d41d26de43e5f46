//! The cluster as a test sees it: where everybody is, what to do to them, what to wait for.

use crate::Event;
use crate::door::{Core, Door};
use madsim::runtime::Handle;
use splitbrain::checker::observations::{EventAt, NodeIx};
use splitbrain::scenarios::{Action, ProcessKind};
use std::future::{Future, poll_fn};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// How long [`Cluster::until`] waits at most.
const PATIENCE: Duration = Duration::from_secs(600);

/// A simulated cluster with the test in it. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    door: Arc<Door>,
    seed: u64,
}

/// A fault that was begun, and can be ended.
#[must_use = "a fault lasts until `heal` is called; `let _ =` if it is to last"]
pub struct Fault {
    door: Arc<Door>,
    step: usize,
    /// What was done, with roles resolved: `kill redis-1`.
    pub what: String,
}

impl Fault {
    /// Ends it: what was killed starts again, what was paused goes on, what was cut off is reached again.
    pub fn heal(self) {
        self.door.with(|core| core.inject(Action::Undo(self.step)));
    }
}

impl Cluster {
    pub(crate) fn new(door: Arc<Door>, seed: u64) -> Cluster {
        Cluster { door, seed }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Core) -> T) -> T {
        self.door.with(act).expect("the cluster is there as long as the test runs")
    }

    /// The seed of this run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Virtual time since the test began.
    pub fn elapsed(&self) -> Duration {
        self.with(|core| core.elapsed())
    }

    /// Where the master that most running Sentinels name listens.
    pub fn master(&self) -> SocketAddr {
        self.with(|core| {
            core.session.master(None).and_then(|node| address(core, node)).expect("a scenario has a master")
        })
    }

    /// Where a process listens at present, by its name in the scenario.
    pub fn addr(&self, name: &str) -> Option<SocketAddr> {
        self.with(|core| {
            let at = core.session.scenario().processes.iter().position(|process| process.name == name)?;
            address(core, NodeIx(at as u16))
        })
    }

    /// Where all Sentinels listen, whether they run or not.
    pub fn sentinels(&self) -> Vec<SocketAddr> {
        self.with(|core| {
            let processes = core.session.scenario().processes.iter().enumerate();
            let sentinels = processes.filter(|(_, p)| matches!(p.kind, ProcessKind::Sentinel(_)));
            sentinels.filter_map(|(at, _)| address(core, NodeIx(at as u16))).collect()
        })
    }

    /// The name that the first master is monitored under.
    pub fn master_name(&self) -> String {
        self.with(|core| core.session.scenario().masters[0].0.to_string())
    }

    /// Does anything that a scenario file can do.
    pub fn inject(&self, action: Action) -> Fault {
        let (step, what) = self.with(|core| core.inject(action));
        Fault { door: self.door.clone(), step, what }
    }

    /// Waits for an event of any Sentinel that is told from now on.
    ///
    /// # Panics
    /// If none comes within ten minutes of virtual time.
    pub async fn until(&self, event: Event) -> EventAt {
        match self.until_within(event, PATIENCE).await {
            Some(event) => event,
            None => panic!("no Sentinel said {} within {PATIENCE:?} of virtual time", event.name()),
        }
    }

    /// Waits for an event of any Sentinel that is told from now on, so long at most.
    pub async fn until_within(&self, event: Event, patience: Duration) -> Option<EventAt> {
        let from = self.with(|core| core.session.events().len());
        let told = poll_fn(|cx| {
            let poll = self.door.with(|core| core.poll_event(from, |told| told.event.kind == event, cx));
            poll.unwrap_or(Poll::Ready(None))
        });
        madsim::time::timeout(patience, told).await.ok().flatten()
    }

    /// Waits until most running Sentinels name another master than this one, and returns where it listens. (The first Sentinel
    /// that says `+switch-master` is alone with that for a while.)
    ///
    /// # Panics
    /// If that takes more than ten minutes of virtual time.
    pub async fn master_after(&self, old: SocketAddr) -> SocketAddr {
        loop {
            let master = self.master();
            if master != old {
                return master;
            }
            self.until(Event::SwitchMaster).await;
        }
    }

    /// Starts an application of the scenario (`apps`): its code runs on its own host, and starts anew when the scenario or
    /// the test restarts it.
    ///
    /// # Panics
    /// If the scenario has no application of this name.
    pub fn start<F>(&self, name: &str, code: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        let app = self.with(|core| {
            let apps = core.session.scenario().processes.iter();
            let mut apps = apps.enumerate().filter(|(_, p)| matches!(p.kind, ProcessKind::App));
            apps.find(|(_, process)| process.name == name).map(|(at, _)| at as u16)
        });
        let app = app.unwrap_or_else(|| panic!("the scenario has no application `{name}` (`apps = [\"{name}\"]`)"));
        let node = Handle::current().create_node().name(name).init(code).build();
        self.with(|core| core.host(node.id(), NodeIx(app)));
    }

    /// Commands that were sent to servers or Sentinels and that the simulation does not know; they were answered with an
    /// error.
    pub fn unknown_commands(&self) -> Vec<String> {
        self.with(|core| core.session.unknown_commands().to_vec())
    }
}

fn address(core: &Core, node: NodeIx) -> Option<SocketAddr> {
    let addr = core.session.addr(node)?;
    Some(SocketAddr::from((Ipv4Addr::from_bits(addr.ip.0), addr.port)))
}
