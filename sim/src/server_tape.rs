//! Takes the tape of a Redis server (`splitbrain_checker::server_tape`): wraps the process and notes what goes in and what
//! comes out. Changes nothing of either, and knows nothing of rules.

use splitbrain_checker::server_tape::{Counts, Found, Kind, What};
use splitbrain_model::files::{AppendFsync, RedisFiles};
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::note::Note;
use splitbrain_model::redis::Redis;
use splitbrain_model::{
    Act, CloseHow, Conn, DiskCall, Effects, Env, ErrorWord, Input, Message, Millis, MonoTime, Node, Reply, Request,
    StreamItem,
};
use splitbrain_scenarios::{ProcessKind, Resolved};

/// Wall and monotonic clock part by so much before it counts as a jump, in nanoseconds.
const JUMP: i64 = 200_000_000;

/// What one item needs but for process and true time.
pub type Item = (Millis, Millis, Counts, What);

/// A Redis server with its tape.
#[derive(Debug)]
pub struct TapedRedis {
    /// The server.
    pub node: Redis,
    /// The tape; `None` if none is wanted.
    tape: Option<Box<Tape>>,
}

/// The tape since it was last collected, and what has to be remembered to take it.
#[derive(Debug, Default)]
struct Tape {
    items: Vec<Item>,
    counts: Counts,
    /// What the wall clock showed when the timer last ran, and by how much it is ahead of the monotonic clock.
    timer: Millis,
    ahead: Option<i64>,
    /// Connections of the messages that wait to be sent: replies, and the stream.
    replies: Vec<Conn>,
    streamed: Vec<Conn>,
    /// The connection to the master.
    link: Option<Conn>,
    /// Bytes of a transaction of the master that has not ended.
    open: u64,
    /// The append-only file is synced each time; else whether something was appended since it was last.
    always: bool,
    unsynced: bool,
    /// By connection: how much of the stream was counted when its last command ended.
    last: Vec<Option<u64>>,
}

/// Whether tapes of a run can be judged: all commands have their usual names.
pub fn wanted(scenario: &Resolved) -> bool {
    scenario.processes.iter().all(|process| match &process.kind {
        ProcessKind::Redis(conf) => conf.renamed.is_empty(),
        _ => true,
    })
}

/// What the tape of a new process begins with.
pub fn began(files: &RedisFiles) -> What {
    let rdb = files.rdb.as_ref().map(|rdb| rdb.repl);
    What::Began(Box::new(Found { conf: files.conf.clone(), rdb, aof: files.aof.is_some() }))
}

impl TapedRedis {
    /// Wraps a server that has just been started.
    pub fn new(node: Redis, wanted: bool, appendfsync: AppendFsync) -> TapedRedis {
        let tape = || Box::new(Tape { always: appendfsync == AppendFsync::Always, ..Tape::default() });
        TapedRedis { node, tape: wanted.then(tape) }
    }

    /// A last item, for what was counted since the last one.
    pub fn end(&self) -> Option<Item> {
        self.tape.as_ref().map(|tape| (tape.timer, tape.timer, tape.counts, What::Rest))
    }

    /// What was taken since the last call.
    pub fn collect(&mut self) -> Option<std::vec::Drain<'_, Item>> {
        self.tape.as_mut().filter(|tape| !tape.items.is_empty()).map(|tape| tape.items.drain(..))
    }
}

/// What a step begins with: what is taped if anything comes of it, or in any case.
enum Begins {
    /// Always.
    With(What),
    /// If something came of it.
    Maybe(What),
    /// A data command or PING.
    Data(Conn, Kind),
    Hello(Conn),
    /// A part of the master's stream of this length.
    Stream(u64),
    /// Nothing is taped of it.
    Other,
}

impl Begins {
    fn of(input: &Input, tape: &Tape) -> Begins {
        match input {
            Input::Wake => Begins::Maybe(What::Tick),
            Input::Message(conn, message) => Begins::reading(*conn, message, tape),
            Input::Accepted(conn, peer) => Begins::With(What::Accepted(*conn, *peer)),
            Input::Connected(conn) => Begins::With(What::Connected(*conn)),
            Input::Closed(conn, _) | Input::ConnectFailed(conn, _) => Begins::With(What::Lost(*conn)),
            Input::Sent(conn) => Begins::With(What::Sent(*conn)),
            Input::Terminate => Begins::With(What::Terminated),
            Input::Operator(command) => match command {
                OperatorCommand::DebugSleep(_) => Begins::Other,
                command => Begins::With(What::Commanded(command.clone(), true)),
            },
        }
    }

    fn reading(conn: Conn, message: &Message, tape: &Tape) -> Begins {
        let of_master = tape.link == Some(conn);
        match message {
            // What was readable on a link that this iteration has closed comes to nobody.
            Message::Stream(_) | Message::Snapshot(_) | Message::Reply(_) if !of_master => Begins::Other,
            Message::Request(Request::Data(command)) => {
                Begins::Data(conn, if command.is_write() { Kind::Write } else { Kind::Read })
            }
            Message::Request(Request::Ping) => Begins::Data(conn, Kind::Read),
            Message::Request(Request::Publish(_)) => Begins::Hello(conn),
            Message::Request(Request::Wait(_, timeout)) => {
                let last = tape.last.get(conn.0 as usize).copied().flatten();
                Begins::With(What::Waits(conn, last, *timeout))
            }
            Message::Request(
                Request::Auth(_) | Request::HelloProto(_) | Request::ClientSetName(_) | Request::ClientSetInfo(_),
            ) => Begins::Other,
            Message::Request(_) | Message::Reply(_) => Begins::With(What::Read(conn, message.clone())),
            Message::Stream(StreamItem::GetAck) => Begins::With(What::Read(conn, message.clone())),
            Message::Stream(item) => Begins::Stream(item.wire_len()),
            Message::Newline if !of_master => Begins::With(What::Read(conn, Message::Newline)),
            Message::Snapshot(_) => Begins::With(What::Loads(conn)),
            _ => Begins::Other,
        }
    }
}

impl Tape {
    fn take(&mut self, wall: Millis, what: What) {
        self.items.push((wall, self.timer, self.counts, what));
    }

    /// The timer runs.
    fn tick(&mut self, env: &Env<'_>, wall: Millis) {
        self.counts.ticks += 1;
        self.timer = wall;
        let ahead = env.wall().0 - env.mono().0 as i64;
        if self.ahead.is_none_or(|before| (ahead - before).abs() > JUMP) {
            if self.ahead.is_some() {
                self.take(wall, What::Jumped);
            }
            self.ahead = Some(ahead);
        }
    }

    /// Something of the master's stream was read; what belongs to a transaction counts at its end.
    fn applied(&mut self, item: &StreamItem, len: u64) {
        match item {
            StreamItem::Multi => self.open = len,
            StreamItem::Exec => self.counts.stream += std::mem::take(&mut self.open) + len,
            _ if self.open > 0 => self.open += len,
            _ => self.counts.stream += len,
        }
        match item {
            StreamItem::Write(_) => {
                self.counts.applied += 1;
                self.counts.changes += 1;
            }
            StreamItem::Publish(_) => self.counts.relayed += 1,
            _ => {}
        }
    }

    /// What was asked of the disk.
    fn disk(&mut self, wall: Millis, env: &mut Env<'_>) {
        for call in env.take_calls() {
            match call {
                DiskCall::Appended if self.always || std::mem::replace(&mut self.unsynced, true) => continue,
                DiskCall::Synced if self.always => continue,
                DiskCall::Synced | DiskCall::SyncBegun | DiskCall::AofReplaced | DiskCall::Full => {
                    self.unsynced = false
                }
                _ => {}
            }
            self.take(wall, What::Disk(call));
        }
    }

    /// What waited for connections that a step closed is not sent any more.
    fn drop_closed(&mut self, out: &Effects, acts: usize) {
        for (_, act) in &out.acts[acts..] {
            if let Act::Close(conn, CloseHow::Now | CloseHow::Reset) = act {
                self.replies.retain(|queued| queued != conn);
                self.streamed.retain(|queued| queued != conn);
            }
        }
    }

    /// What a step of connection `own` brought: first what was written, then connections. A role comes with its reply, so
    /// that whoever reads the tape knows it before it sees what follows from it.
    fn done(&mut self, wall: Millis, env: &mut Env<'_>, out: &Effects, acts: usize, own: Option<Conn>) {
        self.disk(wall, env);
        self.drop_closed(out, acts);
        self.written(wall, out, own);
        self.acts(wall, out, acts);
    }

    fn acts(&mut self, wall: Millis, out: &Effects, acts: usize) {
        for (_, act) in &out.acts[acts..] {
            match act {
                Act::Open(conn, addr) => {
                    self.link = Some(*conn);
                    self.open = 0;
                    self.take(wall, What::Opened(*conn, *addr));
                }
                Act::Close(conn, _) => {
                    self.link = self.link.filter(|link| link != conn);
                    self.take(wall, What::Closed(*conn));
                }
                Act::Exit(status) => self.take(wall, What::Exited(*status)),
                Act::Note(_) | Act::Event(_) | Act::TellSent(_) => {}
            }
        }
    }

    fn written(&mut self, wall: Millis, out: &Effects, own: Option<Conn>) {
        let produces = own.is_none_or(|own| self.link != Some(own));
        let (mut first, mut to_own, mut pinged, mut asked) = (None, 0, false, false);
        for (conn, message) in out.stream.iter().skip(self.streamed.len()) {
            match message {
                Message::Stream(item) if Some(*conn) == own => to_own += item.wire_len(),
                Message::Stream(item) => {
                    if produces && *first.get_or_insert(*conn) == *conn {
                        self.counts.stream += item.wire_len();
                        pinged |= matches!(item, StreamItem::Ping);
                        asked |= matches!(item, StreamItem::GetAck);
                    }
                }
                Message::Snapshot(_) => self.take(wall, What::Gave(*conn)),
                message => self.take(wall, What::Wrote(*conn, message.clone())),
            }
        }
        for (conn, message) in out.sends.iter().skip(self.replies.len()) {
            match message {
                Message::Reply(Reply::Pong) | Message::Hello(_) => {}
                message => self.take(wall, What::Wrote(*conn, message.clone())),
            }
        }
        if let Some(own) = own.filter(|_| to_own > 0) {
            self.take(wall, What::Streamed(own, to_own));
        }
        if pinged && own.is_none() {
            self.take(wall, What::Pinged);
        }
        if asked && own.is_none() {
            self.take(wall, What::AskedAcks);
        }
    }

    /// Remembers what waits to be sent.
    fn remember(&mut self, out: &Effects) {
        self.streamed.extend(out.stream[self.streamed.len().min(out.stream.len())..].iter().map(|(conn, _)| *conn));
        for (conn, message) in out.sends.iter().skip(self.replies.len()) {
            self.counts.delivered += u32::from(matches!(message, Message::Hello(_)));
            self.replies.push(*conn);
        }
    }

    /// Bytes of the stream that a command of a client produced: to whoever comes first.
    fn produced(&self, out: &Effects) -> u64 {
        let mut new = out.stream.iter().skip(self.streamed.len());
        let Some((first, Message::Stream(item))) = new.next() else { return 0 };
        let more = new.filter(|(conn, _)| conn == first).map(|(_, message)| u64::from(message.wire_len()));
        item.wire_len() + more.sum::<u64>()
    }

    fn ended(&mut self, conn: Conn) {
        let at = conn.0 as usize;
        if self.last.len() <= at {
            self.last.resize(at + 1, None);
        }
        self.last[at] = Some(self.counts.stream);
    }

    /// A data command, PING or PUBLISH of a client was dealt with.
    fn data(&mut self, wall: Millis, out: &Effects, conn: Conn, kind: Option<Kind>) {
        let replied = out.sends.len() > self.replies.len();
        let reply = out.sends.last().filter(|(to, _)| replied && *to == conn).map(|(_, message)| message);
        if let Some((_, Message::Stream(StreamItem::Select))) = out.stream.get(self.streamed.len()) {
            self.take(wall, What::Selected);
        }
        self.counts.stream += self.produced(out);
        match (reply, kind) {
            (Some(Message::Reply(Reply::Error(word))), Some(kind)) if *word != ErrorWord::WrongType => {
                self.take(wall, What::Refused(kind, *word));
            }
            (None, Some(Kind::Write)) => self.counts.postponed += 1,
            (None, None) => self.counts.held += 1,
            (None, Some(Kind::Read)) | (Some(Message::Reply(Reply::Error(_) | Reply::Queued)), _) => {}
            (Some(reply), Some(Kind::Write)) => {
                self.counts.writes += 1;
                let same = matches!(reply, Message::Reply(Reply::Int(0)));
                self.counts.changes += u32::from(!same);
            }
            (Some(_), Some(Kind::Read)) => self.counts.reads += 1,
            (Some(_), None) => self.counts.hellos += 1,
        }
        self.ended(conn);
    }
}

impl Node for TapedRedis {
    fn step(&mut self, env: &mut Env<'_>, input: Input, out: &mut Effects) {
        let Some(tape) = &mut self.tape else {
            return self.node.step(env, input, out);
        };
        let (wall, acts) = (env.now(), out.acts.len());
        let begins = Begins::of(&input, tape);
        let own = match &input {
            Input::Message(conn, _) | Input::Sent(conn) => Some(*conn),
            _ => None,
        };
        if own.is_some() && tape.link == own {
            (tape.counts.heard, tape.counts.heard_at) = (tape.counts.ticks, tape.timer);
        }
        match begins {
            Begins::Data(conn, kind) => {
                self.node.step(env, input, out);
                tape.data(wall, out, conn, Some(kind));
                tape.acts(wall, out, acts);
            }
            Begins::Hello(conn) => {
                self.node.step(env, input, out);
                tape.data(wall, out, conn, None);
            }
            Begins::Stream(len) => {
                if let Input::Message(_, Message::Stream(item)) = &input {
                    tape.applied(item, len);
                }
                self.node.step(env, input, out);
                tape.acts(wall, out, acts);
            }
            Begins::Other => self.node.step(env, input, out),
            Begins::With(mut what) => {
                let len = match &what {
                    What::Read(_, Message::Stream(item)) => item.wire_len(),
                    _ => 0,
                };
                let begun = tape.items.len();
                tape.take(wall, What::Rest);
                self.node.step(env, input, out);
                if let What::Commanded(OperatorCommand::Redis(_), obeyed) = &mut what {
                    *obeyed = out.acts[acts..]
                        .iter()
                        .any(|(_, act)| matches!(act, Act::Note(Note::Answered(answer)) if answer.error.is_none()));
                }
                let request = matches!(what, What::Read(_, Message::Request(_)) | What::Waits(..));
                tape.items[begun].3 = what;
                tape.done(wall, env, out, acts, own);
                tape.counts.stream += len;
                if let Some(own) = own.filter(|_| request) {
                    tape.ended(own);
                }
            }
            Begins::Maybe(what) => {
                tape.tick(env, wall);
                let begun = tape.items.len();
                tape.take(wall, what);
                self.node.step(env, input, out);
                tape.done(wall, env, out, acts, None);
                if tape.items.len() == begun + 1 {
                    tape.items.pop();
                }
            }
        }
        tape.remember(out);
    }

    fn end_iteration(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        let Some(tape) = &mut self.tape else {
            return self.node.end_iteration(env, out);
        };
        let (wall, acts, begun) = (env.now(), out.acts.len(), tape.items.len());
        tape.take(wall, What::Rest);
        self.node.end_iteration(env, out);
        tape.done(wall, env, out, acts, None);
        if tape.items.len() == begun + 1 {
            tape.items.pop();
        }
        tape.replies.clear();
        tape.streamed.clear();
    }

    fn next_wakeup(&self) -> Option<MonoTime> {
        self.node.next_wakeup()
    }
}
