//! A run that somebody drives: a test that asks where everybody is, does things to them, and waits for events. The run has
//! a thread of its own; this is the way to it.

use crate::error::LiveError;
use crate::play::{Options, Order, Played, drive};
use crate::shared::Shared;
use splitbrain::checker::observations::{EventAt, NodeIx};
use splitbrain::model::{Addr, TrueTime};
use splitbrain::scenarios::{Action, Resolved};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A run in the hands of somebody. Dropping it ends the run and everything that it started.
pub struct Session {
    shared: Arc<Shared>,
    begun: TrueTime,
    orders: Mutex<Sender<Order>>,
    stop: Arc<AtomicBool>,
    run: Mutex<Option<thread::JoinHandle<Result<Played, LiveError>>>>,
}

impl Session {
    /// Starts the processes of a scenario and waits until all of them know each other. Its schedule begins then.
    ///
    /// # Errors
    /// As [`crate::play()`]; also if they do not come to know each other in time.
    pub fn open(scenario: Resolved, options: Options) -> Result<Session, LiveError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (orders, taken) = channel();
        let (ready, settled) = channel();
        let stopped = stop.clone();
        let run = thread::spawn(move || {
            drive(scenario, &options, &stopped, Some(&taken), move |shared| drop(ready.send(shared.clone())))
        });
        match settled.recv() {
            Ok(shared) => Ok(Session {
                begun: shared.clock.now(),
                shared,
                orders: Mutex::new(orders),
                stop,
                run: Mutex::new(Some(run)),
            }),
            // It ended without being ready.
            Err(_) => Err(match run.join() {
                Ok(Err(error)) => error,
                Ok(Ok(_)) => LiveError::of("begin", "the cluster did not settle in time"),
                Err(_) => LiveError::of("begin", "its thread panicked"),
            }),
        }
    }

    /// The scenario at its real addresses.
    pub fn scenario(&self) -> &Resolved {
        &self.shared.scenario
    }

    /// How long ago it began.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.shared.clock.now().since(self.begun).0)
    }

    /// Where configurations, logs and data are.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Puts the calling thread, and all that it starts, on the host of a process.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn enter(&self, process: NodeIx) -> Result<(), LiveError> {
        self.shared.ground.enter(self.shared.scenario.processes[usize::from(process.0)].host)
    }

    /// The address of a process.
    pub fn addr(&self, process: NodeIx) -> Option<Addr> {
        self.shared.scenario.processes.get(usize::from(process.0)).map(|process| process.addr)
    }

    /// Asks all running Sentinels where the first master is: the one that most of them name.
    pub fn master(&self) -> Option<NodeIx> {
        let (name, _) = self.shared.scenario.masters.first()?;
        self.shared.master(name).map(|p| NodeIx(p as u16))
    }

    /// Does something now. The number of the step, for [`Action::Undo`], and what was done, with roles resolved.
    ///
    /// # Errors
    /// If it cannot be done to real processes here, or the system refuses.
    pub fn inject(&self, action: Action) -> Result<(usize, String), LiveError> {
        let (answer, answered) = channel();
        let over = || LiveError::of("inject a fault", "the run is over");
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.send(Order::Inject(action, answer)).map_err(|_| over())?;
        answered.recv().map_err(|_| over())?
    }

    /// How many messages of Sentinels have arrived.
    pub fn told(&self) -> usize {
        self.shared.told()
    }

    /// The first event, from the `from`-th message on, that fits; at once.
    pub fn event(&self, from: usize, fits: impl Fn(&EventAt) -> bool) -> Option<EventAt> {
        let news = self.shared.news(from, Duration::ZERO).into_iter();
        let mut events = news.filter_map(|news| {
            let node = NodeIx(news.node as u16);
            news.event.map(|event| EventAt { at: news.at, node, event })
        });
        events.find(fits)
    }

    /// Lets the schedule and the observation come to their end, and gives everything back.
    ///
    /// # Errors
    /// As [`crate::play()`].
    pub fn finish(&self) -> Result<Played, LiveError> {
        let _ = self.orders.lock().unwrap_or_else(PoisonError::into_inner).send(Order::Release);
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner).take();
        let over = || LiveError::of("end the run", "its thread panicked");
        run.ok_or_else(over)?.join().map_err(|_| over())?
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(run) = self.run.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = run.join();
        }
    }
}
