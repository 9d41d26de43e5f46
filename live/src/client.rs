//! A client on the real wire. It is the model's own ([`splitbrain::model::client`]), which performs no I/O: here its
//! connections are sockets, its clock is the machine's, and what it sends is written as bytes. So every profile behaves
//! as in the simulation, and only servers, Sentinels and network differ.

use crate::net::socket_addr;
use crate::resp;
use crate::shared::Shared;
use crate::wire;
use splitbrain::checker::observations::NodeIx;
use splitbrain::model::client::{Client, ClientConf};
use splitbrain::model::files::{AofEntry, RedisConf, SentinelConf, Snapshot};
use splitbrain::model::message::{CloseReason, ConnectError, OperatorCommand};
use splitbrain::model::{Act, Conn, Disk, Effects, Env, Input, Message, Nanos, Node, Request, SaveError, Saved};
use splitbrain::sim::chance::ProcessDraws;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Longest that the system tries to connect; clients have their own limits.
const CONNECTING: Duration = Duration::from_secs(130);
/// Longest sleep of a client that waits for nothing.
const IDLE: Duration = Duration::from_millis(200);

/// What a client is told from outside of it.
enum Told {
    /// A connection is there.
    Up(Conn, TcpStream),
    /// Something that its model understands.
    Input(Input),
}

/// A client that runs.
pub struct Running {
    to: Sender<Told>,
    thread: thread::JoinHandle<()>,
}

impl Running {
    /// Starts a client on its host.
    pub fn start(shared: &Arc<Shared>, p: usize, conf: ClientConf) -> Running {
        let (to, from) = channel();
        let (shared, sender) = (shared.clone(), to.clone());
        let thread = thread::spawn(move || {
            if shared.ground.enter(shared.scenario.processes[p].host).is_ok() {
                Driver::new(&shared, p, conf, sender).run(&from);
            }
        });
        Running { to, thread }
    }

    /// Lets it start no further operation.
    pub fn wind_down(&self) {
        let _ = self.to.send(Told::Input(Input::Operator(OperatorCommand::StopWorkload)));
    }

    /// Waits until its thread has ended, which it does with [`Shared::end`].
    pub fn join(self) {
        drop(self.to);
        let _ = self.thread.join();
    }
}

/// A connection of a client.
struct Wire {
    stream: Option<TcpStream>,
    /// Written before the connection was there.
    early: Vec<u8>,
    /// Requests that wait for their replies.
    asked: Arc<Mutex<VecDeque<Request>>>,
}

/// Drives the model of one client.
struct Driver<'a> {
    shared: &'a Shared,
    node: NodeIx,
    client: Client,
    draws: ProcessDraws,
    effects: Effects,
    wires: BTreeMap<Conn, Wire>,
    to: Sender<Told>,
    over: bool,
}

impl<'a> Driver<'a> {
    fn new(shared: &'a Shared, p: usize, conf: ClientConf, to: Sender<Told>) -> Driver<'a> {
        let node = NodeIx(p as u16);
        shared.recorder().started(shared.clock.now(), node);
        let mut draws = ProcessDraws::new(shared.scenario.seed, "live-client", &shared.scenario.processes[p].name);
        let mut effects = Effects::default();
        let (mut disk, clock) = (NoDisk, &shared.clock);
        let mut env = Env::new(clock.wall(), clock.mono(), &mut draws, &mut disk);
        let client = Client::start(conf, &mut env, &mut effects);
        let mut driver = Driver { shared, node, client, draws, effects, wires: BTreeMap::new(), to, over: false };
        driver.carry_out();
        driver
    }

    fn run(mut self, from: &Receiver<Told>) {
        while !self.over && !self.shared.is_over() {
            let now = self.shared.clock.mono();
            let wait = self.client.next_wakeup().map_or(IDLE, |at| Duration::from_nanos(at.since(now).0));
            match from.recv_timeout(wait.min(IDLE)) {
                Ok(told) => self.hear(told),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Ok(told) = from.try_recv() {
                self.hear(told);
            }
            if self.client.next_wakeup().is_some_and(|at| at <= self.shared.clock.mono()) {
                self.step(Input::Wake);
            }
        }
        let conns: Vec<Conn> = self.wires.keys().copied().collect();
        conns.into_iter().for_each(|conn| self.close(conn));
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Up(conn, stream) => {
                let Some(wire) = self.wires.get_mut(&conn) else {
                    let _ = stream.shutdown(Shutdown::Both);
                    return;
                };
                let early = std::mem::take(&mut wire.early);
                let _ = wire.stream.insert(stream).write_all(&early);
                self.step(Input::Connected(conn));
            }
            Told::Input(input) => {
                let of = match &input {
                    Input::Message(conn, _) => Some(*conn),
                    Input::ConnectFailed(conn, _) | Input::Closed(conn, _) => {
                        // What was given up already says nothing more.
                        if self.wires.remove(conn).is_some() {
                            self.step(input);
                        }
                        return;
                    }
                    _ => None,
                };
                if of.is_none_or(|conn| self.wires.contains_key(&conn)) {
                    self.step(input);
                }
            }
        }
    }

    fn step(&mut self, input: Input) {
        let (mut disk, clock) = (NoDisk, &self.shared.clock);
        let mut env = Env::new(clock.wall(), clock.mono(), &mut self.draws, &mut disk);
        self.client.step(&mut env, input, &mut self.effects);
        self.client.end_iteration(&mut env, &mut self.effects);
        self.carry_out();
    }

    /// Does what the model wants done: what it opens and notes first, then what it sends, then what it closes.
    fn carry_out(&mut self) {
        let acts = std::mem::take(&mut self.effects.acts);
        let sends = std::mem::take(&mut self.effects.sends);
        self.effects.clear();
        let mut closing = Vec::new();
        for (_, act) in acts {
            match act {
                Act::Open(conn, addr) => self.open(conn, socket_addr(addr)),
                Act::Note(note) => self.shared.recorder().note(self.shared.clock.now(), self.node, note),
                Act::Close(conn, _) => closing.push(conn),
                Act::Exit(_) => self.over = true,
                Act::TellSent(_) | Act::Event(_) => {}
            }
        }
        for (conn, message) in sends {
            self.send(conn, &message);
        }
        closing.into_iter().for_each(|conn| self.close(conn));
    }

    fn open(&mut self, conn: Conn, to: SocketAddr) {
        let asked = Arc::new(Mutex::new(VecDeque::new()));
        self.wires.insert(conn, Wire { stream: None, early: Vec::new(), asked: asked.clone() });
        let tell = self.to.clone();
        thread::spawn(move || serve(conn, to, &asked, &tell));
    }

    fn send(&mut self, conn: Conn, message: &Message) {
        let Some(wire) = self.wires.get_mut(&conn) else { return };
        if let Message::Request(request) = message {
            wire.asked.lock().unwrap_or_else(PoisonError::into_inner).push_back(request.clone());
        }
        let bytes = message.encode();
        match &mut wire.stream {
            // What cannot be written shows when the connection is read.
            Some(stream) => drop(stream.write_all(&bytes)),
            None => wire.early.extend(bytes),
        }
    }

    fn close(&mut self, conn: Conn) {
        if let Some(stream) = self.wires.remove(&conn).and_then(|wire| wire.stream) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// The life of a connection, on a thread of its own: connects, reads, tells.
fn serve(conn: Conn, to: SocketAddr, asked: &Mutex<VecDeque<Request>>, tell: &Sender<Told>) {
    let input = |input| drop(tell.send(Told::Input(input)));
    let opened = TcpStream::connect_timeout(&to, CONNECTING).and_then(|stream| {
        stream.set_nodelay(true)?;
        Ok((stream.try_clone()?, BufReader::new(stream)))
    });
    let mut reader = match opened {
        Ok((stream, reader)) => {
            let _ = tell.send(Told::Up(conn, stream));
            reader
        }
        Err(error) => {
            let refused = error.kind() != io::ErrorKind::TimedOut;
            let why = if refused { ConnectError::Refused } else { ConnectError::TimedOut };
            return input(Input::ConnectFailed(conn, why));
        }
    };
    loop {
        let frame = match resp::read(&mut reader) {
            Ok(frame) => frame,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::ConnectionReset => CloseReason::Reset,
                    io::ErrorKind::TimedOut => CloseReason::TimedOut,
                    _ => CloseReason::Eof,
                };
                return input(Input::Closed(conn, why));
            }
        };
        if wire::is_unasked(&frame) {
            wire::push(&frame).into_iter().for_each(|message| input(Input::Message(conn, message)));
            continue;
        }
        let request = asked.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match request.and_then(|request| wire::reply(&request, &frame)) {
            Some(reply) => input(Input::Message(conn, Message::Reply(reply))),
            // Nothing that was asked for: the client cannot go on with this connection.
            None => return input(Input::Closed(conn, CloseReason::Eof)),
        }
    }
}

/// A client has no files.
struct NoDisk;

impl Disk for NoDisk {
    fn save_sentinel_conf(&mut self, _at: Nanos, _conf: &SentinelConf) -> Saved {
        Saved { cost: Nanos::ZERO, result: Err(SaveError::NoFile) }
    }
    fn save_redis_conf(&mut self, _at: Nanos, _conf: &RedisConf) -> Saved {
        Saved { cost: Nanos::ZERO, result: Err(SaveError::NoFile) }
    }
    fn append_aof(&mut self, _at: Nanos, _entry: AofEntry) {}
    fn fsync_aof(&mut self, _at: Nanos) -> Nanos {
        Nanos::ZERO
    }
    fn fsync_aof_in_background(&mut self, _at: Nanos) {}
    fn replace_aof(&mut self, _at: Nanos, _base: Arc<Snapshot>, _tail: Vec<AofEntry>) {}
    fn save_rdb(&mut self, _at: Nanos, _snapshot: Arc<Snapshot>) {}
    fn fork_pause(&mut self, _bytes: u64) -> Nanos {
        Nanos::ZERO
    }
    fn save_time(&mut self, _bytes: u64) -> Nanos {
        Nanos::ZERO
    }
    fn load_time(&mut self, _bytes: u64) -> Nanos {
        Nanos::ZERO
    }
}
