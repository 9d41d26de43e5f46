//! Applications that are not simulated: code outside that opens connections into the world, writes bytes and reads bytes.
//! Here bytes become typed messages and typed messages bytes, and what the application asks of servers becomes operations
//! of the history, one for each data command. How such a process lives, what its sockets do and how packets travel is as
//! for every other process. Knows nothing of who drives the world.

mod commands;
mod names;
mod replies;

use crate::recorder::Recorder;
use commands::{Parsed, parse};
use names::Names;
use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::OwnedFrame;
use serde::{Deserialize, Serialize};
use splitbrain_checker::observations::NodeIx;
use splitbrain_model::message::{CloseReason, ConnectError, Reply, Request};
use splitbrain_model::note::{FailReason, Note, Outcome};
use splitbrain_model::value::{Command, Value};
use splitbrain_model::{Addr, Conn, Effects, Env, Input, Message, MonoTime, Node, TrueTime};
use std::collections::{BTreeMap, VecDeque};

/// What an application hears of its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppHears {
    /// The connection is there.
    Established,
    /// Nobody listens there.
    Refused,
    /// Nobody answered the SYNs (about 127 s).
    ConnectTimedOut,
    /// Bytes to read.
    Data(Vec<u8>),
    /// The peer has closed its side, and everything it wrote was read.
    Eof,
    /// The peer has reset the connection.
    Reset,
    /// What was written was not acknowledged for so long that the kernel gave up (about 15 minutes).
    TimedOut,
    /// The socket takes bytes again.
    Writable,
}

/// Something that happened to a connection of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppEvent {
    /// When.
    pub at: TrueTime,
    /// Which process.
    pub app: NodeIx,
    /// Which of its connections.
    pub conn: Conn,
    /// What.
    pub what: AppHears,
}

/// How an application closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppCloses {
    /// `close`: what was written still leaves, then FIN.
    Fin,
    /// `close` with SO_LINGER 0: RST at once.
    Rst,
}

/// The node in the process of an application: keeps what the kernel says until the world hands it on.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// What came in since the last look.
    pub inputs: Vec<Input>,
}

impl Node for Mailbox {
    fn step(&mut self, _env: &mut Env<'_>, input: Input, _out: &mut Effects) {
        self.inputs.push(input);
    }

    fn end_iteration(&mut self, _env: &mut Env<'_>, _out: &mut Effects) {}

    fn next_wakeup(&self) -> Option<MonoTime> {
        None
    }
}

/// What the next reply on a connection answers.
#[derive(Debug)]
enum Awaited {
    /// A data command: this operation.
    Operation(u32, Command),
    /// EXEC: these operations in their order.
    Exec,
    /// HELLO 3: from its reply on the connection speaks RESP3.
    Hello,
    /// Something that the servers of the world do not know, asked as PING: the answer that stands for PONG.
    Instead(Vec<u8>),
    /// Anything else.
    Other,
}

/// One connection of an application.
#[derive(Debug)]
struct Socket {
    /// Where it goes.
    to: Addr,
    /// Bytes of a command that is not complete yet.
    partial: Vec<u8>,
    awaited: VecDeque<Awaited>,
    /// Operations of an open transaction, once QUEUED.
    queued: Vec<(u32, Command)>,
    /// It speaks RESP3.
    resp3: bool,
    /// What was written is no Redis protocol: nothing more is read of it.
    broken: bool,
}

/// All applications outside.
#[derive(Debug, Default)]
pub struct Apps {
    names: Names,
    sockets: BTreeMap<(u16, Conn), Socket>,
    /// Operations of each process's present life.
    operations: BTreeMap<u16, u32>,
    /// What was not handed out yet.
    pub(crate) events: VecDeque<AppEvent>,
    /// Commands that no server of the world knows, each once, in the order of their first use.
    pub unknown: Vec<String>,
}

impl Apps {
    /// An application has opened a connection.
    pub(crate) fn opened(&mut self, p: u16, conn: Conn, to: Addr) {
        let socket = Socket {
            to,
            partial: Vec::new(),
            awaited: VecDeque::new(),
            queued: Vec::new(),
            resp3: false,
            broken: false,
        };
        self.sockets.insert((p, conn), socket);
    }

    /// An application writes bytes: the messages that are complete now.
    pub(crate) fn written(
        &mut self,
        (now, recorder): (TrueTime, &mut Recorder),
        p: u16,
        conn: Conn,
        bytes: &[u8],
    ) -> Vec<Message> {
        let Some(socket) = self.sockets.get_mut(&(p, conn)) else { return Vec::new() };
        socket.partial.extend_from_slice(bytes);
        let mut messages = Vec::new();
        let mut begin = 0;
        while !socket.broken {
            let words = match decode(&socket.partial[begin..]) {
                Ok(Some((OwnedFrame::Array(frames), length))) => {
                    begin += length;
                    frames.into_iter().map(word_of).collect::<Option<Vec<Vec<u8>>>>()
                }
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => None,
            };
            let Some(words) = words else {
                // The server answers and closes; here it is enough that it does not go on.
                socket.broken = true;
                socket.awaited.push_back(Awaited::Instead(b"-ERR Protocol error\r\n".to_vec()));
                messages.push(Request::Ping.into());
                break;
            };
            match parse(&words, &mut self.names) {
                Parsed::Empty => {}
                Parsed::Requests(requests) => {
                    for request in requests {
                        socket.awaited.push_back(match &request {
                            Request::Data(command) => {
                                let op = self.operations.entry(p).or_default();
                                recorder.note(now, NodeIx(p), Note::Invoke { op: *op, command: *command });
                                *op += 1;
                                Awaited::Operation(*op - 1, *command)
                            }
                            Request::Exec => Awaited::Exec,
                            Request::HelloProto(_) => Awaited::Hello,
                            _ => Awaited::Other,
                        });
                        messages.push(request.into());
                    }
                }
                Parsed::Instead(reply) => {
                    socket.awaited.push_back(Awaited::Instead(reply));
                    messages.push(Request::Ping.into());
                }
                Parsed::Unknown(name) => {
                    let reply = format!("-ERR unknown command '{name}' (splitbrain does not model it)\r\n");
                    if !self.unknown.contains(&name) {
                        self.unknown.push(name);
                    }
                    socket.awaited.push_back(Awaited::Instead(reply.into_bytes()));
                    messages.push(Request::Ping.into());
                }
            }
        }
        socket.partial.drain(..begin);
        messages
    }

    /// The kernel told an application something.
    pub(crate) fn heard(&mut self, (now, recorder): (TrueTime, &mut Recorder), p: u16, input: Input) {
        let (conn, what) = match input {
            Input::Connected(conn) => (conn, AppHears::Established),
            Input::ConnectFailed(conn, why) => {
                self.ended((now, recorder), p, conn);
                let what = match why {
                    ConnectError::Refused => AppHears::Refused,
                    ConnectError::TimedOut => AppHears::ConnectTimedOut,
                };
                (conn, what)
            }
            Input::Message(conn, message) => {
                let Some(bytes) = self.answered((now, recorder), p, conn, &message) else { return };
                if let Some(AppEvent { app, conn: last, what: AppHears::Data(data), at }) = self.events.back_mut()
                    && (*app, *last, *at) == (NodeIx(p), conn, now)
                {
                    data.extend_from_slice(&bytes);
                    return;
                }
                (conn, AppHears::Data(bytes))
            }
            Input::Closed(conn, reason) => {
                self.ended((now, recorder), p, conn);
                let what = match reason {
                    CloseReason::Eof => AppHears::Eof,
                    CloseReason::Reset => AppHears::Reset,
                    CloseReason::TimedOut => AppHears::TimedOut,
                };
                (conn, what)
            }
            _ => return,
        };
        self.events.push_back(AppEvent { at: now, app: NodeIx(p), conn, what });
    }

    /// A message has come: its bytes, after what it means to the operations under way.
    fn answered(
        &mut self,
        (now, recorder): (TrueTime, &mut Recorder),
        p: u16,
        conn: Conn,
        message: &Message,
    ) -> Option<Vec<u8>> {
        let socket = self.sockets.get_mut(&(p, conn))?;
        let Message::Reply(reply) = message else {
            return Some(replies::encode(message, socket.resp3, false, &self.names));
        };
        let server = Some(socket.to);
        let mut complete = |op: u32, outcome: Outcome| {
            let attempts_indeterminate = u16::from(matches!(outcome, Outcome::Info(_)));
            recorder.note(now, NodeIx(p), Note::Complete { op, outcome, server, attempts: 1, attempts_indeterminate });
        };
        let mut set = false;
        match socket.awaited.pop_front() {
            Some(Awaited::Operation(op, command)) => match reply {
                Reply::Queued => socket.queued.push((op, command)),
                reply => {
                    set = matches!(command, Command::Smembers(_));
                    complete(op, outcome_of(command, reply));
                }
            },
            Some(Awaited::Exec) => {
                let queued = std::mem::take(&mut socket.queued);
                match reply {
                    Reply::Exec(replies) if replies.len() >= queued.len() => {
                        for ((op, command), reply) in queued.into_iter().zip(replies) {
                            complete(op, outcome_of(command, reply));
                        }
                    }
                    reply => {
                        let word = match reply {
                            Reply::Error(word) => *word,
                            _ => splitbrain_model::ErrorWord::ExecAbort,
                        };
                        queued.into_iter().for_each(|(op, _)| complete(op, Outcome::Fail(FailReason::Error(word))));
                    }
                }
            }
            Some(Awaited::Hello) => socket.resp3 |= *reply == Reply::Server,
            Some(Awaited::Instead(bytes)) if *reply == Reply::Pong => return Some(bytes),
            Some(Awaited::Instead(_) | Awaited::Other) | None => {}
        }
        Some(replies::encode(message, socket.resp3, set, &self.names))
    }

    /// A connection is gone: what was not answered may have been executed.
    pub(crate) fn ended(&mut self, (now, recorder): (TrueTime, &mut Recorder), p: u16, conn: Conn) {
        let Some(socket) = self.sockets.remove(&(p, conn)) else { return };
        let open = socket.awaited.iter().filter_map(|awaited| match awaited {
            Awaited::Operation(op, _) => Some(*op),
            _ => None,
        });
        // Of a transaction nothing happens before EXEC is read.
        let exec = socket.awaited.iter().any(|awaited| matches!(awaited, Awaited::Exec));
        for op in socket.queued.iter().map(|(op, _)| *op).chain(open).collect::<std::collections::BTreeSet<u32>>() {
            let certain = !exec && socket.queued.iter().any(|(queued, _)| *queued == op);
            let outcome = match certain {
                true => Outcome::Fail(FailReason::Closed),
                false => Outcome::Info(FailReason::Closed),
            };
            let note = Note::Complete {
                op,
                outcome,
                server: Some(socket.to),
                attempts: 1,
                attempts_indeterminate: u16::from(!certain),
            };
            recorder.note(now, NodeIx(p), note);
        }
    }

    /// A process has died: its connections are gone, and a new life counts its operations anew.
    pub(crate) fn died(&mut self, (now, recorder): (TrueTime, &mut Recorder), p: u16) {
        let conns: Vec<Conn> =
            self.sockets.range((p, Conn(0))..=(p, Conn(u32::MAX))).map(|((_, conn), _)| *conn).collect();
        for conn in conns {
            self.ended((now, recorder), p, conn);
        }
        self.operations.remove(&p);
        self.events.retain(|event| event.app != NodeIx(p));
    }
}

/// A word of a command.
fn word_of(frame: OwnedFrame) -> Option<Vec<u8>> {
    match frame {
        OwnedFrame::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

/// What a reply says of an operation. An error reply says that it was not executed.
fn outcome_of(command: Command, reply: &Reply) -> Outcome {
    match (command, reply) {
        (_, Reply::Error(word)) => Outcome::Fail(FailReason::Error(*word)),
        (Command::Get(_), Reply::Value(value)) => Outcome::Ok(*value),
        (Command::Incr(_) | Command::Sismember(..), Reply::Int(n)) => Outcome::Ok(Some(Value(*n as u64))),
        _ => Outcome::Ok(None),
    }
}
