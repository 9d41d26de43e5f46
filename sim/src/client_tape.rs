//! Takes the tape of a client (`splitbrain_checker::client_tape`): wraps the process and notes what goes in and what comes
//! out. Changes nothing of either, and knows nothing of rules.

use crate::tape::Sends;
use splitbrain_checker::client_tape::{Completion, Declared, Exchange, Taped, What};
use splitbrain_model::client::{Client, ClientConf};
use splitbrain_model::note::Note;
use splitbrain_model::{Act, Command, Conn, Effects, Env, Input, Message, MonoTime, Nanos, Node, Request, TrueTime};
use splitbrain_scenarios::{ProcessKind, Resolved};

/// A client with its tape.
#[derive(Debug)]
pub struct TapedClient {
    /// The client.
    pub node: Client,
    /// `None` if no tape is wanted.
    tape: Option<Recording>,
}

/// What was taken and not collected yet.
#[derive(Debug, Default)]
struct Recording {
    /// Without a time: of the present iteration.
    items: Vec<(Option<TrueTime>, MonoTime, What)>,
    sends: Sends,
    /// An operation that was invoked on waking and written, and nothing has happened since.
    fresh: Option<Fresh>,
}

#[derive(Clone, Copy, Debug)]
struct Fresh {
    /// When its iteration began, once that is over.
    at: Option<TrueTime>,
    mono: MonoTime,
    op: u32,
    command: Command,
    conn: Conn,
}

impl TapedClient {
    /// Wraps a client.
    pub fn new(node: Client, wanted: bool) -> TapedClient {
        TapedClient { node, tape: wanted.then(Recording::default) }
    }

    /// Puts what was taken in the iteration that began at `now` behind the rest of the tape.
    #[inline]
    pub fn collect(&mut self, now: TrueTime, tape: &mut Vec<Taped>) {
        let Some(recording) = &mut self.tape else { return };
        tape.extend(recording.items.drain(..).map(|(at, mono, what)| Taped { at: at.unwrap_or(now), mono, what }));
        if let Some(fresh) = &mut recording.fresh {
            fresh.at.get_or_insert(now);
        }
    }
}

impl Recording {
    /// Writes the operation that was held back, for its exchange does not go smoothly.
    fn spell_out(&mut self) {
        if let Some(Fresh { at, mono, op, command, conn }) = self.fresh.take() {
            let items = [What::Woke, What::Invoked(op, command), What::Wrote(conn, Request::Data(command))];
            self.items.extend(items.map(|what| (at, mono, what)));
        }
    }

    /// What a step did. A step that only begins an operation is held back, for the next may be that it ends.
    fn note(&mut self, mono: MonoTime, begins: What, acts: &[(Nanos, Act)], sends: &[(Conn, Message)]) {
        if let (Some(fresh), What::Read(conn, Message::Reply(reply)), [(_, Act::Note(note)), ..]) =
            (self.fresh, &begins, acts)
            && let (Some(told), 1, [], true) = (completion(note), acts.len(), sends, fresh.at.is_some())
            && (fresh.conn, fresh.op) == (*conn, told.op)
        {
            let Fresh { at, mono: before, command, conn, .. } = fresh;
            let took = mono.since(before);
            let exchange = Exchange { conn, command, reply: reply.clone(), told, took };
            self.items.push((at, before, What::Exchanged(exchange)));
            self.fresh = None;
            return;
        }
        self.spell_out();
        if let (
            What::Woke,
            [(_, Act::Note(Note::Invoke { op, command }))],
            [(conn, Message::Request(Request::Data(_)))],
        ) = (&begins, acts, sends)
        {
            self.fresh = Some(Fresh { at: None, mono, op: *op, command: *command, conn: *conn });
            return;
        }
        let told = acts.iter().filter_map(|(_, act)| match act {
            Act::Open(conn, addr) => Some(What::Opened(*conn, *addr)),
            Act::Close(conn, how) => Some(What::Closed(*conn, *how)),
            Act::Note(Note::Invoke { op, command }) => Some(What::Invoked(*op, *command)),
            Act::Note(note) => completion(note).map(What::Completed),
            Act::TellSent(_) | Act::Event(_) | Act::Exit(_) => None,
        });
        let wrote = sends.iter().filter_map(|(conn, message)| match message {
            Message::Request(request) => Some(What::Wrote(*conn, request.clone())),
            _ => None,
        });
        self.items.push((None, mono, begins));
        self.items.extend(told.chain(wrote).map(|what| (None, mono, what)));
    }
}

fn completion(note: &Note) -> Option<Completion> {
    match note {
        &Note::Complete { op, outcome, server, attempts, attempts_indeterminate: indeterminate } => {
            Some(Completion { op, outcome, server, attempts, indeterminate })
        }
        _ => None,
    }
}

impl Node for TapedClient {
    fn step(&mut self, env: &mut Env<'_>, input: Input, out: &mut Effects) {
        let Some(tape) = &mut self.tape else {
            return self.node.step(env, input, out);
        };
        let (mono, acts) = (env.mono(), out.acts.len());
        tape.sends.begin(out);
        let begins = match &input {
            Input::Wake => What::Woke,
            Input::Connected(conn) => What::Connected(*conn),
            Input::Message(conn, message) => What::Read(*conn, message.clone()),
            Input::Closed(conn, _) | Input::ConnectFailed(conn, _) => What::Lost(*conn),
            Input::Operator(_) | Input::Accepted(..) | Input::Sent(_) | Input::Terminate => What::Stopped,
        };
        self.node.step(env, input, out);
        tape.sends.forget_closed(&out.acts[acts..]);
        let sends = tape.sends.new_ones(out);
        tape.note(mono, begins, &out.acts[acts..], sends);
        tape.sends.remember(out);
    }

    fn end_iteration(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        self.node.end_iteration(env, out);
    }

    fn next_wakeup(&self) -> Option<MonoTime> {
        self.node.next_wakeup()
    }
}

/// What a client declares of itself when it starts.
pub fn began(conf: &ClientConf) -> What {
    What::Began(Box::new(Declared {
        profile: conf.profile.clone(),
        sentinels: conf.sentinels.clone(),
        master: conf.master.clone(),
        passwords: (conf.password.is_some(), conf.sentinel_password.is_some()),
        in_flight: conf.workload.in_flight.max(1),
    }))
}

/// Whether tapes of a run can be judged: everybody is known by a number.
pub fn wanted(scenario: &Resolved) -> bool {
    !scenario.processes.iter().any(
        |process| matches!(&process.kind, ProcessKind::Sentinel(conf) if conf.resolve_hostnames || conf.announce_hostnames),
    )
}
