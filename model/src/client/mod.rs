//! Client libraries: an engine that finds the master through Sentinels, keeps connections to it and runs operations
//! (client spec 9), steered by a [`profile::Profile`]. It must not know which library it plays.
//!
//! A process has one or more *workers*; each runs one operation at a time. They share the list of Sentinels
//! (`discovery`), the connections to servers (`pool`, or `link` where operations share them), the subscriptions
//! (`listen`) and the pace of the application ([`workload`]). The life of an operation is in `op`.
//!
//! Whatever else takes several exchanges (opening a shared connection, a look at the topology, one of several parallel
//! questions) is a worker too, of another `Role`, so that all of them find the master in the same way.

#[cfg(test)]
mod application_tests;
pub mod backoff;
mod breaker;
mod discovery;
pub mod knobs;
mod link;
mod listen;
mod op;
mod pool;
pub mod profile;
pub mod profiles;
mod replicas;
#[cfg(test)]
mod replicas_tests;
#[cfg(test)]
mod testing;
mod topology;
pub mod workload;

use crate::message::{Credentials, OperatorCommand};
use crate::note::Note;
use crate::planted::Planted;
use crate::{Addr, Conn, Effects, Env, Input, Message, Millis, MonoTime, Name, Node, Reply, Request};
use breaker::Breaker;
use discovery::{Sentinels, Survey};
use link::Link;
use listen::Listener;
use op::Op;
use pool::Pool;
use profile::Greeting;
use std::collections::VecDeque;
use std::sync::Arc;
use topology::Topology;
use workload::Pacer;

/// Exit status of a process that SIGTERM ended.
const TERMINATED: u8 = 128 + 15;

/// What one simulated application process is given.
#[derive(Clone, Debug)]
pub struct ClientConf {
    /// Number of the client among all clients of the run: makes its values unique.
    pub number: u32,
    /// The library and how it is set.
    pub profile: profile::Profile,
    /// What it does.
    pub workload: workload::Workload,
    /// Sentinels in the order in which they are listed.
    pub sentinels: Vec<Addr>,
    /// The server that it works with whatever Sentinels say: it asks none.
    pub server: Option<Addr>,
    /// Which master it asks for.
    pub master: Name,
    /// Password of the Redis servers.
    pub password: Option<String>,
    /// Password of the Sentinels.
    pub sentinel_password: Option<String>,
}

/// One application process.
#[derive(Debug)]
pub struct Client {
    profile: profile::Profile,
    /// The only server it knows, if it asks no Sentinel.
    server: Option<Addr>,
    master: Name,
    /// What new connections to servers and to Sentinels exchange first.
    server_greeting: Salute,
    sentinel_greeting: Salute,
    sentinels: Sentinels,
    pool: Pool,
    /// Workers that wait for a connection of the pool, the longest waiting first.
    turns: VecDeque<usize>,
    /// Shared connections.
    links: Vec<Link>,
    topology: Topology,
    breaker: Breaker,
    /// Whose turn it is among replicas.
    rotation: Option<usize>,
    listeners: Vec<Listener>,
    pacer: Pacer,
    /// First those that run operations.
    workers: Vec<Worker>,
}

/// One operation at a time, from its start to its end; or another task (see `Role`).
#[derive(Debug)]
struct Worker {
    role: Role,
    stage: Stage,
    /// The connection of this stage: to a Sentinel or to a server.
    conn: Option<Conn>,
    /// When this stage is given up, or a pause ends.
    deadline: Option<MonoTime>,
    op: Op,
    /// What Sentinels said so far where the question has two parts.
    survey: Option<Survey>,
    /// It looks for a replica, not for the master.
    wants_replica: bool,
    /// Replicas to try if the present one is of no use, the next one last.
    candidates: Vec<Addr>,
    /// Rounds without a usable answer.
    rounds: u32,
    /// Sentinels to ask in this round.
    round: Vec<Addr>,
    /// Which of them is asked.
    place: usize,
    /// Failed attempts at that one.
    failures: u32,
    /// Some Sentinel has answered in this round.
    answered: bool,
}

/// What a worker is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Runs operations.
    Operations,
    /// Opens this shared connection and keeps it.
    Link(usize),
    /// Looks up all servers.
    Survey,
    /// Asks one Sentinel on behalf of this worker, which asks several at once.
    Probe(usize),
    /// Dials in the background until it succeeds.
    DialProbe,
    /// Nothing at the moment.
    Spare,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Free,
    /// Waits for a connection of the pool.
    PoolTurn,
    /// Waits for what [`Role::Probe`] workers find.
    Probing,
    /// Between two rounds through the Sentinels.
    RoundPause,
    SentinelConnect,
    SentinelGreeting(usize),
    SentinelReply,
    SentinelReplicas,
    SentinelPause,
    /// Between two dials.
    DialPause,
    /// Before the next dial in the background.
    DialProbePause,
    ServerConnect,
    ServerGreeting(usize),
    /// The server loads its data; this part of the greeting will be repeated.
    ServerLoading(usize),
    ServerReply,
    RetryPause,
    /// Waits for a shared connection.
    Queued,
    /// Written to a shared connection.
    Shared,
    /// The shared connection is there.
    LinkUp,
    /// Before it is opened again.
    LinkPause,
}

/// What a worker may be waiting for.
#[derive(Debug)]
enum Happened {
    Connected,
    Reply(Reply),
    Trouble(Trouble),
}

/// How waiting was in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Unreachable,
    Closed,
    Timeout,
}

/// The greeting of a profile with this application's password in it: in HELLO where the library sends one, in AUTH
/// before everything else where it does not.
#[derive(Debug)]
struct Salute {
    parts: Vec<Greeting>,
    credentials: Option<Arc<Credentials>>,
}

impl Salute {
    fn new(parts: &[Greeting], password: Option<String>) -> Salute {
        let mut parts = parts.to_vec();
        if password.is_some() && parts.first() != Some(&Greeting::Hello) {
            parts.insert(0, Greeting::Auth);
        }
        let in_hello = parts.contains(&Greeting::Hello);
        let user = in_hello.then(|| "default".to_owned());
        let credentials = password.map(|pass| Arc::new(Credentials { user, pass }));
        Salute { parts, credentials }
    }

    /// The request of one part, if there are so many.
    fn request(&self, step: usize) -> Option<Request> {
        Some(match (self.parts.get(step)?, &self.credentials) {
            (Greeting::Auth, Some(credentials)) => Request::Auth(credentials.clone()),
            (Greeting::Hello, credentials) => Request::HelloProto(credentials.clone()),
            (Greeting::Auth, None) | (Greeting::Role, _) => Request::Role,
            (Greeting::LibName, _) => Request::ClientSetInfo(true),
            (Greeting::LibVersion, _) => Request::ClientSetInfo(false),
            (Greeting::Info, _) => Request::Info,
        })
    }
}

/// The surroundings of one step.
struct Io<'a, 'e> {
    env: &'a mut Env<'e>,
    out: &'a mut Effects,
}

impl Io<'_, '_> {
    fn open(&mut self, to: Addr) -> Conn {
        self.out.open(self.env.elapsed(), to)
    }

    fn close(&mut self, conn: Conn, how: crate::CloseHow) {
        self.out.close(self.env.elapsed(), conn, how);
    }

    fn send(&mut self, conn: Conn, request: Request) {
        self.out.send(conn, request);
    }

    fn note(&mut self, note: Note) {
        self.out.note(self.env.elapsed(), note);
    }

    /// The moment at which patience ends; `None` has no end.
    fn after(&self, patience: Option<Millis>) -> Option<MonoTime> {
        patience.map(|time| self.env.mono() + time.nanos())
    }
}

impl Client {
    /// Starts the process. Nothing is connected before the first operation.
    pub fn start(conf: ClientConf, env: &mut Env<'_>, _out: &mut Effects) -> Client {
        let workers = conf.workload.in_flight.max(1);
        let pacer = Pacer::start(&conf.workload, conf.number, env.mono(), env.draws);
        let sentinels = Sentinels::new(conf.profile.sentinel_order, conf.sentinels, env.draws);
        Client {
            pacer,
            server_greeting: Salute::new(conf.profile.greeting, conf.password),
            sentinel_greeting: Salute::new(conf.profile.sentinel_greeting, conf.sentinel_password),
            profile: conf.profile,
            server: conf.server,
            master: conf.master,
            sentinels,
            pool: Pool::default(),
            turns: VecDeque::new(),
            links: Vec::new(),
            topology: Topology::default(),
            breaker: Breaker::default(),
            rotation: None,
            listeners: Vec::new(),
            workers: (0..workers).map(|_| Worker::new(Role::Operations)).collect(),
        }
    }

    /// A worker for something else than operations.
    fn task(&mut self, role: Role) -> usize {
        let spare = self.workers.iter().position(|worker| worker.role == Role::Spare);
        let w = spare.unwrap_or(self.workers.len());
        match spare {
            Some(w) => self.workers[w].role = role,
            None => self.workers.push(Worker::new(role)),
        }
        w
    }

    fn worker_on(&self, conn: Conn) -> Option<usize> {
        self.workers.iter().position(|worker| worker.conn == Some(conn))
    }

    /// Something came from a connection: to the worker that waits on it, or to whoever keeps it idle.
    fn on_connection(&mut self, conn: Conn, happened: Happened, io: &mut Io<'_, '_>) {
        let gone = matches!(happened, Happened::Trouble(_));
        if let Some(w) = self.worker_on(conn) {
            if gone {
                self.workers[w].conn = None;
            }
            self.advance(w, happened, io);
        } else if let Some(n) = self.listener_on(conn) {
            self.listener_advance(n, happened, io);
        } else if gone {
            self.pool.peer_closed(conn);
            self.sentinels.forget(conn);
        } else {
            self.pool.stray_input(conn);
        }
    }

    fn on_wake(&mut self, io: &mut Io<'_, '_>) {
        let now = io.env.mono();
        for w in 0..self.workers.len() {
            if self.workers[w].deadline.is_none_or(|due| due > now) {
                continue;
            }
            self.workers[w].deadline = None;
            match self.workers[w].stage {
                Stage::SentinelPause => self.ask_sentinel(w, io),
                Stage::RoundPause => self.start_round(w, io),
                Stage::DialProbePause => self.discover(w, io),
                Stage::DialPause => self.find_server(w, io),
                Stage::RetryPause => self.start_attempt(w, io),
                Stage::LinkPause => self.link_open(w, io),
                Stage::ServerLoading(step) => self.greet_server(w, step, io),
                stage => {
                    let reused = stage == Stage::ServerReply && self.profile.planted.has(Planted::TimedOutReused);
                    if let Some(conn) = self.workers[w].conn.take_if(|_| !reused) {
                        io.close(conn, self.profile.close);
                    }
                    self.advance(w, Happened::Trouble(Trouble::Timeout), io);
                }
            }
        }
        self.listeners_wake(io);
        self.refresh_if_due(io);
    }

    fn advance(&mut self, w: usize, happened: Happened, io: &mut Io<'_, '_>) {
        match (self.workers[w].stage, happened) {
            (Stage::SentinelConnect, Happened::Connected) => self.greet_sentinel(w, 0, io),
            (Stage::SentinelGreeting(step), Happened::Reply(reply)) => {
                self.sentinel_greeted(w, step, &reply, io);
            }
            (Stage::SentinelReply, Happened::Reply(reply)) => self.sentinel_replied(w, &reply, io),
            (Stage::SentinelReplicas, Happened::Reply(reply)) => self.replicas_replied(w, &reply, io),
            (
                Stage::SentinelConnect | Stage::SentinelGreeting(_) | Stage::SentinelReply | Stage::SentinelReplicas,
                Happened::Trouble(_),
            ) => self.sentinel_failed(w, io),
            (Stage::ServerConnect, Happened::Connected) => {
                self.dial_succeeded(w, io);
                if self.workers[w].role != Role::Spare {
                    self.greet_server(w, 0, io);
                }
            }
            (Stage::ServerGreeting(step), Happened::Reply(reply)) => {
                self.server_greeted(w, step, &reply, io);
            }
            (Stage::ServerReply, Happened::Reply(reply)) => self.server_replied(w, &reply, io),
            (Stage::ServerConnect | Stage::ServerGreeting(_) | Stage::ServerReply, Happened::Trouble(trouble)) => {
                self.server_failed(w, trouble, io)
            }
            (Stage::ServerLoading(_), Happened::Trouble(trouble)) => self.server_failed(w, trouble, io),
            (Stage::LinkUp, Happened::Reply(reply)) => self.link_replied(w, &reply, io),
            (Stage::LinkUp, Happened::Trouble(_)) => self.link_lost(w, io),
            (Stage::Queued | Stage::Shared, Happened::Trouble(Trouble::Timeout)) => self.out_of_patience(w, io),
            (Stage::PoolTurn, Happened::Trouble(Trouble::Timeout)) => self.out_of_turn(w, io),
            // Out of turn: a pause goes on even if the connection kept for the next attempt is lost.
            _ => {}
        }
    }

    /// Starts operations that are due, as long as a worker is free.
    fn start_due(&mut self, io: &mut Io<'_, '_>) {
        let now = io.env.mono();
        while self.pacer.due().is_some_and(|due| due <= now) {
            let Some(w) = self.workers.iter().position(Worker::is_free) else {
                return;
            };
            let Some((number, command)) = self.pacer.take(now, io.env.draws) else {
                return;
            };
            self.begin(w, number, command, io);
        }
    }
}

impl Worker {
    fn new(role: Role) -> Worker {
        Worker {
            role,
            stage: Stage::Free,
            conn: None,
            deadline: None,
            op: Op::default(),
            survey: None,
            wants_replica: false,
            candidates: Vec::new(),
            rounds: 0,
            round: Vec::new(),
            place: 0,
            failures: 0,
            answered: false,
        }
    }

    /// Whether it could start an operation.
    fn is_free(&self) -> bool {
        self.role == Role::Operations && self.stage == Stage::Free
    }

    fn wait(&mut self, stage: Stage, deadline: Option<MonoTime>) {
        self.stage = stage;
        self.deadline = deadline;
    }
}

impl Node for Client {
    fn step(&mut self, env: &mut Env<'_>, input: Input, out: &mut Effects) {
        let io = &mut Io { env, out };
        match input {
            Input::Wake => self.on_wake(io),
            Input::Connected(conn) => self.on_connection(conn, Happened::Connected, io),
            Input::ConnectFailed(conn, _) => {
                self.on_connection(conn, Happened::Trouble(Trouble::Unreachable), io);
            }
            Input::Message(conn, Message::Reply(reply)) => {
                self.on_connection(conn, Happened::Reply(reply), io);
            }
            Input::Message(conn, Message::SwitchMaster(message)) => self.switched(conn, &message, io),
            Input::Message(conn, Message::Published(message)) => self.heard(conn, &message.event, io),
            Input::Closed(conn, _) => {
                self.on_connection(conn, Happened::Trouble(Trouble::Closed), io);
            }
            Input::Operator(OperatorCommand::StopWorkload) => self.pacer.stop(),
            Input::Terminate => io.out.exit(io.env.elapsed(), TERMINATED),
            Input::Accepted(..) | Input::Message(..) | Input::Operator(_) | Input::Sent(_) => {}
        }
        self.start_due(io);
    }

    fn next_wakeup(&self) -> Option<MonoTime> {
        let deadlines = self.workers.iter().filter_map(|worker| worker.deadline);
        let free = self.workers.iter().any(Worker::is_free);
        let next_op = self.pacer.due().filter(|_| free);
        let listeners = self.listeners.iter().filter_map(Listener::deadline);
        deadlines.chain(next_op).chain(listeners).chain(self.topology.refresh_at()).min()
    }
}
