//! The cluster as a test sees it, of real processes: the same calls as in the simulation.

use crate::Event;
use splitbrain::checker::observations::{EventAt, NodeIx};
use splitbrain::scenarios::{Action, ProcessKind};
use splitbrain_live::Session;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long [`Cluster::until`] waits at most.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often it is looked for what is waited for.
const LOOK: Duration = Duration::from_millis(5);

/// A cluster of real processes with the test in it. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    session: Arc<Session>,
    seed: u64,
}

/// A fault that was begun, and can be ended.
#[must_use = "a fault lasts until `heal` is called; `let _ =` if it is to last"]
pub struct Fault {
    session: Arc<Session>,
    step: usize,
    /// What was done, with roles resolved: `kill redis-1`.
    pub what: String,
}

impl Fault {
    /// Ends it: what was killed starts again, what was paused goes on, what was cut off is reached again.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn heal(self) {
        if let Err(error) = self.session.inject(Action::Undo(self.step)) {
            panic!("{} cannot be ended: {error}", self.what);
        }
    }
}

impl Cluster {
    pub(super) fn new(session: Arc<Session>, seed: u64) -> Cluster {
        Cluster { session, seed }
    }

    /// The seed of this run: it decides the scenario's schedule, and nothing of what real processes do.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Real time since the test began.
    pub fn elapsed(&self) -> Duration {
        self.session.elapsed()
    }

    /// Where the master that most running Sentinels name listens; they are asked.
    ///
    /// # Panics
    /// If the scenario has no master.
    pub fn master(&self) -> SocketAddr {
        self.session.master().and_then(|node| self.address(node)).expect("a scenario has a master")
    }

    /// Where a process listens, by its name in the scenario.
    pub fn addr(&self, name: &str) -> Option<SocketAddr> {
        let at = self.session.scenario().processes.iter().position(|process| process.name == name)?;
        self.address(NodeIx(at as u16))
    }

    /// Where all Sentinels listen, whether they run or not.
    pub fn sentinels(&self) -> Vec<SocketAddr> {
        let processes = self.session.scenario().processes.iter().enumerate();
        let sentinels = processes.filter(|(_, process)| matches!(process.kind, ProcessKind::Sentinel(_)));
        sentinels.filter_map(|(at, _)| self.address(NodeIx(at as u16))).collect()
    }

    /// The name that the first master is monitored under.
    pub fn master_name(&self) -> String {
        self.session.scenario().masters[0].0.to_string()
    }

    /// Does anything that a scenario file can do and that can be done to real processes.
    ///
    /// # Panics
    /// If it cannot be done to real processes here; the message says why.
    pub fn inject(&self, action: Action) -> Fault {
        match self.session.inject(action) {
            Ok((step, what)) => Fault { session: self.session.clone(), step, what },
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for an event of any Sentinel that is told from now on.
    ///
    /// # Panics
    /// If none comes within ten minutes.
    pub async fn until(&self, event: Event) -> EventAt {
        match self.until_within(event, PATIENCE).await {
            Some(event) => event,
            None => panic!("no Sentinel said {} within {PATIENCE:?}", event.name()),
        }
    }

    /// Waits for an event of any Sentinel that is told from now on, so long at most.
    pub async fn until_within(&self, event: Event, patience: Duration) -> Option<EventAt> {
        let from = self.session.told();
        let told = async {
            loop {
                if let Some(told) = self.session.event(from, |told| told.event.kind == event) {
                    return told;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(patience, told).await.ok()
    }

    /// Waits until most running Sentinels name another master than this one, and returns where it listens. (The first
    /// Sentinel that says `+switch-master` is alone with that for a while.)
    ///
    /// # Panics
    /// If that takes more than ten minutes.
    pub async fn master_after(&self, old: SocketAddr) -> SocketAddr {
        let named = async {
            loop {
                let master = self.master();
                if master != old {
                    return master;
                }
                // Sentinels are asked again when one has news, and now and then.
                let _ = self.until_within(Event::SwitchMaster, Duration::from_millis(200)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, named).await {
            Ok(master) => master,
            Err(_) => panic!("Sentinels named no other master than {old} within {PATIENCE:?}"),
        }
    }

    /// Starts an application of the scenario (`apps`): its code runs on its own host until the test program ends. It is a
    /// thread and no process, so that nothing can be done to it.
    ///
    /// # Panics
    /// If the scenario has no application of this name.
    pub fn start<F>(&self, name: &str, code: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        let apps = self.session.scenario().processes.iter().enumerate();
        let mut apps = apps.filter(|(_, process)| matches!(process.kind, ProcessKind::App));
        let app = apps.find(|(_, process)| process.name == name).map(|(at, _)| NodeIx(at as u16));
        let app = app.unwrap_or_else(|| panic!("the scenario has no application `{name}` (`apps = [\"{name}\"]`)"));
        let session = Arc::downgrade(&self.session);
        std::thread::spawn(move || {
            let entered = session.upgrade().is_some_and(|session| session.enter(app).is_ok());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let (true, Ok(runtime)) = (entered, runtime) {
                tokio::task::LocalSet::new().block_on(&runtime, code());
            }
        });
    }

    /// Commands that are not known: none, real servers know all of theirs.
    pub fn unknown_commands(&self) -> Vec<String> {
        Vec::new()
    }

    fn address(&self, node: NodeIx) -> Option<SocketAddr> {
        let addr = self.session.addr(node)?;
        Some(SocketAddr::from((Ipv4Addr::from_bits(addr.ip.0), addr.port)))
    }
}
