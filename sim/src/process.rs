//! A process: an event loop around one node. Holds what the kernel and the C library hold for a real one: which
//! sockets are ready and in which order they became so, connections waiting to be accepted, pending wake-ups, clocks.

use crate::app::Mailbox;
use crate::chance::{ProcessDraws, Stream};
use crate::client_tape::TapedClient;
use crate::clock::ProcessClock;
use crate::disk::ProcessDisk;
use crate::link::HostIx;
use crate::server_tape::TapedRedis;
use crate::tape::TapedSentinel;
use crate::tcp::EndIx;
use splitbrain_model::files::{AppendFsync, Lineage};
use splitbrain_model::redis::Redis;
use splitbrain_model::sentinel::Sentinel;
use splitbrain_model::{Addr, Effects, Env, Input, MonoTime, Node, TrueTime};
use std::collections::VecDeque;

/// The node in a process.
#[derive(Debug)]
pub enum AnyNode {
    /// redis-server
    Redis(Box<TapedRedis>),
    /// redis-sentinel
    Sentinel(Box<TapedSentinel>),
    /// An application.
    Client(Box<TapedClient>),
    /// An application whose code is outside.
    App(Mailbox),
}

impl Node for AnyNode {
    #[inline]
    fn step(&mut self, env: &mut Env<'_>, input: Input, out: &mut Effects) {
        match self {
            AnyNode::Redis(node) => node.step(env, input, out),
            AnyNode::Sentinel(node) => node.step(env, input, out),
            AnyNode::Client(node) => node.step(env, input, out),
            AnyNode::App(node) => node.step(env, input, out),
        }
    }

    #[inline]
    fn end_iteration(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        match self {
            AnyNode::Redis(node) => node.end_iteration(env, out),
            AnyNode::Sentinel(node) => node.end_iteration(env, out),
            AnyNode::Client(node) => node.end_iteration(env, out),
            AnyNode::App(node) => node.end_iteration(env, out),
        }
    }

    #[inline]
    fn next_wakeup(&self) -> Option<MonoTime> {
        match self {
            AnyNode::Redis(node) => node.next_wakeup(),
            AnyNode::Sentinel(node) => node.next_wakeup(),
            AnyNode::Client(node) => node.next_wakeup(),
            AnyNode::App(node) => node.next_wakeup(),
        }
    }
}

/// What the scheduler does with a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Not running.
    Dead,
    /// Started, not yet listening.
    Starting,
    /// Runs.
    Running,
    /// Stopped by SIGSTOP.
    Paused,
    /// Killed, while the kernel frees its memory: it executes nothing any more, and its sockets are still open.
    Exiting,
}

impl Life {
    /// Whether the kernel holds sockets for it.
    pub fn has_sockets(self) -> bool {
        matches!(self, Life::Running | Life::Paused | Life::Exiting)
    }
}

/// An entry of the ready list.
pub const LISTENER: EndIx = EndIx::MAX;

/// A process.
#[derive(Debug)]
pub struct Proc {
    /// Its name.
    pub name: String,
    /// Its host.
    pub host: HostIx,
    /// Where it listens.
    pub addr: Addr,
    /// State.
    pub life: Life,
    /// Where the dataset of its last life was, if its disk promised to keep that.
    pub kept: Option<(TrueTime, Lineage)>,
    /// The node, while it lives.
    pub node: Option<AnyNode>,
    /// Counts starts; events for an earlier life are void.
    pub incarnation: u32,
    /// Its view of the wall clock.
    pub clock: ProcessClock,
    /// Its chance.
    pub draws: ProcessDraws,
    /// Its files.
    pub disk: ProcessDisk,
    /// Scheduling delays.
    pub wake: Stream,
    /// Ends that are readable, in the order in which they became so; [`LISTENER`] for the listening socket.
    pub ready: Vec<EndIx>,
    /// Whether [`LISTENER`] is in `ready`.
    pub listener_ready: bool,
    /// Established connections that were not accepted yet.
    pub accept_queue: VecDeque<EndIx>,
    /// Ends by connection number; `EndIx::MAX` once closed.
    pub conns: Vec<EndIx>,
    /// Ends whose sockets did not take everything written to them.
    pub clogged: Vec<EndIx>,
    /// The number the next connection gets.
    pub next_conn: u32,
    /// Inputs that come from outside the network: signals and operators' commands.
    pub signals: VecDeque<Input>,
    /// When iterations are scheduled, ascending; mostly one or two.
    pub runs: Vec<TrueTime>,
    /// The wake-up for which a run is scheduled: what the node asked for, and when that run is.
    pub armed: Option<(MonoTime, TrueTime)>,
    /// An iteration whose blocking effects still last: until when.
    pub busy_until: Option<TrueTime>,
    /// Effects of that iteration that have not happened yet.
    pub pending: Effects,
    /// True time at which the pending iteration began.
    pub pending_from: TrueTime,
    /// A SIGSTOP came while the iteration's effects were pending, and its end has passed meanwhile.
    pub end_missed: bool,
    /// Woken by SIGCONT from the poll: timers run before sockets are looked at (`epoll_wait` returns EINTR).
    pub timers_first: bool,
}

impl Proc {
    /// Puts an end on the ready list.
    #[inline]
    pub fn mark_ready(&mut self, end: EndIx) {
        self.ready.push(end);
    }

    /// The end of a connection number, if it is open.
    #[inline]
    pub fn end_of(&self, conn: splitbrain_model::Conn) -> Option<EndIx> {
        self.conns.get(conn.0 as usize).copied().filter(|&end| end != EndIx::MAX)
    }

    /// Registers an end under a connection number.
    pub fn register(&mut self, conn: splitbrain_model::Conn, end: EndIx) {
        let at = conn.0 as usize;
        if self.conns.len() <= at {
            self.conns.resize(at + 1, EndIx::MAX);
        }
        self.conns[at] = end;
    }

    /// Where the dataset is, if all of it is on the medium: nothing of an iteration that a death would cut short.
    pub fn keeps(&self) -> Option<Lineage> {
        let conf = &self.disk.redis.conf;
        let promised = conf.appendonly && conf.appendfsync == AppendFsync::Always && self.disk.trouble.lying.is_none();
        self.redis().filter(|_| promised && self.busy_until.is_none()).map(Redis::lineage)
    }

    /// The Redis server in it.
    pub fn redis(&self) -> Option<&Redis> {
        match &self.node {
            Some(AnyNode::Redis(taped)) => Some(&taped.node),
            _ => None,
        }
    }

    /// The Sentinel in it.
    pub fn sentinel(&self) -> Option<&Sentinel> {
        match &self.node {
            Some(AnyNode::Sentinel(taped)) => Some(&taped.node),
            _ => None,
        }
    }
}
