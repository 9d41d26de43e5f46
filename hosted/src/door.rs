//! The door between madsim and the world: a madsim simulator that owns a run ([`Session`]). Everybody who acts on the world
//! comes through here, and finds it at madsim's present.

use madsim::plugin::Simulator;
use madsim::rand::GlobalRng;
use madsim::task::NodeId;
use madsim::time::TimeHandle;
use splitbrain::checker::observations::{EventAt, NodeIx};
use splitbrain::model::{Addr, Conn, Ip, TrueTime};
use splitbrain::scenarios::Action;
use splitbrain::sim::Session;
use splitbrain::sim::app::{AppCloses, AppEvent, AppHears};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The simulator that madsim knows.
pub(crate) struct Door {
    time: TimeHandle,
    core: Mutex<Option<Core>>,
}

impl Simulator for Door {
    fn new(_rand: &GlobalRng, time: &TimeHandle, _config: &madsim::Config) -> Door {
        Door { time: time.clone(), core: Mutex::new(None) }
    }

    /// The node's tasks are gone: the process of its application is dead.
    fn reset_node(&self, id: NodeId) {
        self.with(|core| {
            let Some(app) = core.app_of(id).filter(|app| core.session.life(*app).is_some()) else { return };
            let name = core.session.scenario().processes[usize::from(app.0)].name.clone();
            core.inject(Action::Kill(vec![splitbrain::scenarios::Target::Named(name)]));
        });
    }
}

impl Door {
    /// Opens the door to a run; its present is madsim's.
    pub fn install(&self, session: Session) {
        let core = Core {
            begun: session.now(),
            origin: self.time.elapsed(),
            present: session.now(),
            session,
            sockets: BTreeMap::new(),
            apps: BTreeMap::new(),
            pump: None,
            watchers: Vec::new(),
            told: 0,
        };
        *self.lock() = Some(core);
    }

    /// Shuts the door, and gives the run back.
    pub fn take(&self) -> Option<Session> {
        self.lock().take().map(|core| core.session)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Core>> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the world at madsim's present; `None` once the run is over.
    pub fn with<T>(&self, act: impl FnOnce(&mut Core) -> T) -> Option<T> {
        let mut core = self.lock();
        let core = core.as_mut()?;
        core.present = core.begun + splitbrain::model::Nanos(nanos(self.time.elapsed().saturating_sub(core.origin)));
        core.sync();
        let done = act(core);
        // What was done may have brought the next event nearer.
        if let Some(pump) = core.pump.take() {
            pump.wake();
        }
        Some(done)
    }

    /// Lets the world go on to the present. The time of its next event, as madsim counts, `None` if there is none; and what
    /// became of applications whose code runs here.
    pub fn pump(&self, cx: &Context<'_>) -> (Option<Duration>, Vec<(NodeId, Change)>) {
        let mut core = self.lock();
        let Some(core) = core.as_mut() else { return (None, Vec::new()) };
        core.present = core.begun + splitbrain::model::Nanos(nanos(self.time.elapsed().saturating_sub(core.origin)));
        core.sync();
        core.pump = Some(cx.waker().clone());
        let next = core.session.next_event_at();
        let next = next.map(|next| core.origin + Duration::from_nanos(next.since(core.begun).0));
        (next, core.changes())
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One end of a connection, as its owner sees it.
#[derive(Default)]
struct Socket {
    established: bool,
    received: VecDeque<u8>,
    /// Nothing more comes: the end of the stream, or why.
    ended: Option<Option<io::ErrorKind>>,
    full: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Socket {
    fn wake(&mut self) {
        self.reader.take().into_iter().chain(self.writer.take()).for_each(Waker::wake);
    }

    fn end(&mut self, why: Option<io::ErrorKind>) {
        self.ended.get_or_insert(why);
        self.full = false;
        self.wake();
    }
}

/// A connection: of which application, in which of its lives, which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketId {
    pub app: NodeIx,
    life: u32,
    conn: Conn,
}

/// An application whose code runs on a node of madsim, and how it was when that was last looked at.
struct Hosted {
    app: NodeIx,
    life: Option<u32>,
    paused: bool,
}

/// What became of an application's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Died,
    Started,
    Paused,
    GoesOn,
}

/// What is behind the door.
pub(crate) struct Core {
    pub session: Session,
    /// The world's time when the door was opened, and madsim's.
    begun: TrueTime,
    origin: Duration,
    /// Now.
    present: TrueTime,
    sockets: BTreeMap<SocketId, Socket>,
    /// Nodes of madsim whose tasks are an application's code.
    apps: BTreeMap<NodeId, Hosted>,
    pump: Option<Waker>,
    watchers: Vec<Waker>,
    told: usize,
}

impl Core {
    /// Lets the world go on to the present and hands out what applications were told.
    fn sync(&mut self) {
        while let Some(event) = self.session.advance_to(self.present) {
            self.notice_deaths();
            self.hand_out(event);
        }
        self.notice_deaths();
        if self.session.events().len() != self.told || self.session.is_over() {
            self.told = self.session.events().len();
            self.watchers.drain(..).for_each(Waker::wake);
        }
    }

    /// Sockets of an application that has died, or lives anew, are gone.
    fn notice_deaths(&mut self) {
        for (socket, state) in &mut self.sockets {
            if self.session.life(socket.app) != Some(socket.life) {
                state.end(Some(io::ErrorKind::ConnectionReset));
            }
        }
    }

    fn hand_out(&mut self, event: AppEvent) {
        let Some(life) = self.session.life(event.app) else { return };
        let Some(socket) = self.sockets.get_mut(&SocketId { app: event.app, life, conn: event.conn }) else { return };
        match event.what {
            AppHears::Established => socket.established = true,
            AppHears::Refused => return socket.end(Some(io::ErrorKind::ConnectionRefused)),
            AppHears::ConnectTimedOut | AppHears::TimedOut => return socket.end(Some(io::ErrorKind::TimedOut)),
            AppHears::Data(bytes) => socket.received.extend(bytes),
            AppHears::Eof => return socket.end(None),
            AppHears::Reset => return socket.end(Some(io::ErrorKind::ConnectionReset)),
            AppHears::Writable => socket.full = false,
        }
        socket.wake();
    }

    /// The application whose code runs on this node of madsim; the first one for the test itself.
    pub fn app_of(&self, node: NodeId) -> Option<NodeIx> {
        self.apps.get(&node).map(|hosted| hosted.app)
    }

    /// The tasks of this node are the code of this application from now on.
    pub fn host(&mut self, node: NodeId, app: NodeIx) {
        let life = self.session.life(app);
        self.apps.insert(node, Hosted { app, life, paused: false });
    }

    /// What became of applications whose code runs here since the last call.
    fn changes(&mut self) -> Vec<(NodeId, Change)> {
        let mut changes = Vec::new();
        for (node, hosted) in &mut self.apps {
            let (life, paused) = (self.session.life(hosted.app), self.session.is_paused(hosted.app));
            if hosted.life.is_some() && life != hosted.life {
                changes.push((*node, Change::Died));
            }
            if life.is_some() && life != hosted.life {
                changes.push((*node, Change::Started));
            }
            if paused != hosted.paused {
                changes.push((*node, if paused { Change::Paused } else { Change::GoesOn }));
            }
            (hosted.life, hosted.paused) = (life, paused);
        }
        changes
    }

    /// Opens a connection.
    pub fn connect(&mut self, app: NodeIx, to: Addr) -> io::Result<SocketId> {
        let dead = || io::Error::new(io::ErrorKind::NotConnected, "the process of this application does not run");
        let life = self.session.life(app).ok_or_else(dead)?;
        let conn = self.session.connect(app, to).ok_or_else(dead)?;
        let id = SocketId { app, life, conn };
        self.sockets.insert(id, Socket::default());
        Ok(id)
    }

    /// Whether a connection is there.
    pub fn poll_established(&mut self, id: SocketId, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        match socket.ended {
            _ if socket.established => Poll::Ready(Ok(())),
            Some(why) => Poll::Ready(Err(why.unwrap_or(io::ErrorKind::ConnectionReset).into())),
            None => {
                socket.writer = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Bytes that were received, at most so many; none at the end of the stream.
    pub fn poll_read(&mut self, id: SocketId, most: usize, cx: &Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        if !socket.received.is_empty() || most == 0 {
            let count = most.min(socket.received.len());
            return Poll::Ready(Ok(socket.received.drain(..count).collect()));
        }
        match socket.ended {
            Some(None) => Poll::Ready(Ok(Vec::new())),
            Some(Some(why)) => Poll::Ready(Err(why.into())),
            None => {
                socket.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Writes bytes; all of them, unless the socket is full.
    pub fn poll_write(&mut self, id: SocketId, bytes: &[u8], cx: &Context<'_>) -> Poll<io::Result<usize>> {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        if let Some(Some(why)) = socket.ended {
            let why = if why == io::ErrorKind::ConnectionReset { io::ErrorKind::BrokenPipe } else { why };
            return Poll::Ready(Err(why.into()));
        }
        if socket.full {
            socket.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        socket.full = !self.session.write(id.app, id.conn, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    /// Closes a connection and forgets it.
    pub fn close(&mut self, id: SocketId, how: AppCloses) {
        if let Some(socket) = self.sockets.remove(&id)
            && socket.ended.is_none()
            && self.session.life(id.app) == Some(id.life)
        {
            self.session.close(id.app, id.conn, how);
        }
    }

    /// Adds a fault.
    pub fn inject(&mut self, action: Action) -> (usize, String) {
        let injected = self.session.inject(action);
        self.notice_deaths();
        injected
    }

    /// The first event of Sentinels of this kind from the n-th on; else the waker is told of more.
    pub fn poll_event(
        &mut self,
        from: usize,
        wanted: impl Fn(&EventAt) -> bool,
        cx: &Context<'_>,
    ) -> Poll<Option<EventAt>> {
        if let Some(event) = self.session.events().iter().skip(from).find(|event| wanted(event)) {
            return Poll::Ready(Some(event.clone()));
        }
        if self.session.is_over() {
            return Poll::Ready(None);
        }
        self.watchers.push(cx.waker().clone());
        Poll::Pending
    }

    /// The address behind a name, and how long the answer takes.
    pub fn look_up(&self, app: NodeIx, name: &str) -> (Option<Ip>, Duration) {
        let (ip, cost) = self.session.look_up(app, name);
        (ip, Duration::from_nanos(cost.0))
    }

    /// Time since the door was opened.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.present.since(self.begun).0)
    }
}
