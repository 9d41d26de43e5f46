//! A run that somebody outside drives and takes part in: time goes on as far as it is told to, applications open connections
//! into the world, faults can be added on the way. Everything from outside is kept with its time, so that [`replay`] plays
//! the same run without whoever drove it.

use crate::app::{AppCloses, AppEvent};
use crate::process::Life;
use crate::record::Record;
use crate::run::{Run, StepState};
use serde::{Deserialize, Serialize};
use splitbrain_checker::observations::{EventAt, NodeIx};
use splitbrain_model::{Addr, Conn, Ip, Millis, Nanos, TrueTime};
use splitbrain_scenarios::{Action, Resolved, Step, Trigger};
use std::borrow::Cow;

/// Something from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outside {
    /// When.
    pub at: TrueTime,
    /// What.
    pub what: OutsideDoes,
}

/// What can come from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutsideDoes {
    /// An application opens a connection.
    Connect(NodeIx, Addr),
    /// It writes bytes.
    Write(NodeIx, Conn, Vec<u8>),
    /// It closes the connection.
    Close(NodeIx, Conn, AppCloses),
    /// A fault or a command that is not in the schedule.
    Inject(Action),
    /// Nobody keeps the run from ending any more.
    Release,
}

/// A run in somebody's hands.
pub struct Session {
    run: Run<'static>,
    settled: bool,
    outside: Vec<Outside>,
}

impl Session {
    /// Plays a scenario until everything is settled and the schedule begins. With `held` it goes on until
    /// [`Session::release`]; without, it ends as a run that nobody drives.
    pub fn open(scenario: Resolved, held: bool) -> Session {
        let mut run = Run::new(Cow::Owned(scenario), false);
        run.held = held;
        let settled = run.settle();
        if settled {
            run.begin();
        }
        Session { run, settled, outside: Vec::new() }
    }

    /// The scenario, with what was added on the way.
    pub fn scenario(&self) -> &Resolved {
        &self.run.scenario
    }

    /// Whether everything settled at the beginning; if not, nothing more happens.
    pub fn settled(&self) -> bool {
        self.settled
    }

    /// Whether there is nothing left to see.
    pub fn is_over(&self) -> bool {
        !self.settled || self.run.is_over()
    }

    /// True time.
    pub fn now(&self) -> TrueTime {
        self.run.world.now()
    }

    /// When something happens next, unless somebody outside does something before.
    pub fn next_event_at(&self) -> Option<TrueTime> {
        if self.is_over() { None } else { self.run.world.next_event_at() }
    }

    /// Lets time go on to this moment, or to the first thing that an application hears before. Called until it returns
    /// `None`; then it is this moment.
    pub fn advance_to(&mut self, to: TrueTime) -> Option<AppEvent> {
        loop {
            if let Some(event) = self.run.world.app_event() {
                return Some(event);
            }
            if self.is_over() || self.run.step(to) {
                return None;
            }
        }
    }

    fn keep(&mut self, what: OutsideDoes) {
        let at = self.now();
        self.outside.push(Outside { at, what });
    }

    /// An application opens a connection now. `None` if its process does not run.
    pub fn connect(&mut self, app: NodeIx, to: Addr) -> Option<Conn> {
        self.keep(OutsideDoes::Connect(app, to));
        self.run.world.app_connect(app.0, to)
    }

    /// An application writes to a connection now; returns whether its socket takes more.
    pub fn write(&mut self, app: NodeIx, conn: Conn, bytes: &[u8]) -> bool {
        self.keep(OutsideDoes::Write(app, conn, bytes.to_vec()));
        self.run.world.app_write(app.0, conn, bytes)
    }

    /// An application closes a connection now.
    pub fn close(&mut self, app: NodeIx, conn: Conn, how: AppCloses) {
        self.keep(OutsideDoes::Close(app, conn, how));
        self.run.world.app_close(app.0, conn, how);
    }

    /// A fault or a command now. Returns the number of the step it has become, for [`Action::Undo`], and what was done with
    /// roles resolved: `kill redis-1`.
    pub fn inject(&mut self, action: Action) -> (usize, String) {
        self.keep(OutsideDoes::Inject(action.clone()));
        let i = self.run.scenario.schedule.len();
        let step = Step { trigger: Trigger::At(Millis(0)), action, origin: false };
        self.run.scenario.to_mut().schedule.push(step);
        self.run.steps.push(StepState::Waiting);
        self.run.bound.push(Vec::new());
        self.run.fire(i);
        (i, self.run.faults.last().map(|fault| fault.what.clone()).unwrap_or_default())
    }

    /// Nobody keeps the run from ending any more: it ends as soon as everybody agrees for long enough, or when the time to
    /// heal is over.
    pub fn release(&mut self) {
        self.keep(OutsideDoes::Release);
        self.run.held = false;
        self.run.observe_if_played();
    }

    /// Events of Sentinels so far, in the order in which they were told.
    pub fn events(&self) -> &[EventAt] {
        &self.run.world.recorder.seen.events
    }

    /// The process that most running Sentinels hold for the master of this name; of the first master if none is given.
    pub fn master(&self, name: Option<&str>) -> Option<NodeIx> {
        let masters = &self.run.scenario.masters;
        let (name, _) = masters.iter().find(|(master, _)| name.is_none_or(|name| **master == *name))?;
        self.run.current_master(name).map(NodeIx)
    }

    /// Where a process listens at present.
    pub fn addr(&self, node: NodeIx) -> Option<Addr> {
        self.run.world.procs().get(usize::from(node.0)).map(|proc| proc.addr)
    }

    /// Which of its lives a process is in, counted from 1; `None` if it is dead or not up yet.
    pub fn life(&self, node: NodeIx) -> Option<u32> {
        let proc = self.run.world.procs().get(usize::from(node.0))?;
        matches!(proc.life, Life::Running | Life::Paused).then_some(proc.incarnation)
    }

    /// Whether a process is stopped by SIGSTOP, or its host stands still.
    pub fn is_paused(&self, node: NodeIx) -> bool {
        self.run.world.procs().get(usize::from(node.0)).is_some_and(|proc| proc.life == Life::Paused)
    }

    /// The address behind a name as the resolver of an application's host has it now, and how long the answer takes.
    pub fn look_up(&self, app: NodeIx, name: &str) -> (Option<Ip>, Nanos) {
        self.run.world.app_look_up(app.0, name)
    }

    /// Commands of applications that no server here knows, in the order of their first use.
    pub fn unknown_commands(&self) -> &[String] {
        self.run.world.unknown_commands()
    }

    /// Ends the run, whether it is over or not: everything is read once more, and the record closed. With it comes all that
    /// came from outside.
    pub fn finish(mut self) -> (Record, Vec<Outside>) {
        while !self.is_over() && !self.run.held {
            self.run.step(TrueTime(u64::MAX));
        }
        (self.run.finish(self.settled), self.outside)
    }
}

/// Plays a run again from what came from outside. Same version, scenario and inputs, same digest.
pub fn replay(scenario: Resolved, held: bool, outside: &[Outside]) -> Record {
    let mut session = Session::open(scenario, held);
    for Outside { at, what } in outside {
        while session.advance_to(*at).is_some() {}
        match what {
            OutsideDoes::Connect(app, to) => {
                session.connect(*app, *to);
            }
            OutsideDoes::Write(app, conn, bytes) => {
                session.write(*app, *conn, bytes);
            }
            OutsideDoes::Close(app, conn, how) => session.close(*app, *conn, *how),
            OutsideDoes::Inject(action) => {
                session.inject(action.clone());
            }
            OutsideDoes::Release => session.release(),
        }
    }
    while !session.is_over() && session.advance_to(TrueTime(u64::MAX)).is_some() {}
    session.finish().0
}
