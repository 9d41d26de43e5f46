//! One iteration of a process's event loop: which inputs it gets in which order, when its effects happen, and its output.

use super::{Event, World};
use crate::digest::Chain;
use crate::film::{Film, Filmed};
use crate::process::{AnyNode, LISTENER, Life};
use crate::tcp::{EndIx, State, Tcp};
use crate::world::Stop;
use splitbrain_checker::observations::NodeIx;
use splitbrain_model::{Act, CloseHow, Conn, Effects, Env, Input, Nanos, Node, TrueTime};
use std::collections::VecDeque;

/// Bytes one connection is read per pass (`PROTO_IOBUF_LEN`).
const READ_LIMIT: u32 = 16 << 10;
/// Connections accepted per pass (`MAX_ACCEPTS_PER_CALL`).
const ACCEPT_LIMIT: usize = 1_000;

impl World {
    /// One iteration of a process's event loop: sockets in readiness order, then timers, then output.
    pub(super) fn iterate(&mut self, p: u16, mut due: bool) {
        let now = self.now;
        let World { procs, hosts, tcp, environment, chain, out, dns, film, .. } = self;
        let proc = &mut procs[usize::from(p)];
        let Some(mut node) = proc.node.take() else {
            return;
        };
        let clock = hosts[usize::from(proc.host)].clock;
        chain.words([now.0, 0x100 | u64::from(p) << 32]);
        let mut disk = proc.disk.at(now, environment);
        let refused = still_refused(tcp, &mut proc.clogged);
        let mut names = dns.at(proc.host, now);
        let (wall, mono) = (proc.clock.wall(&clock, now), proc.clock.mono(&clock, now));
        let env = Env::new(wall, mono, &mut proc.draws, &mut disk).with_rates(proc.clock.rates());
        let mut env = env.with_resolver(&mut names).with_refused(&refused);
        out.next_conn = proc.next_conn;
        if due && std::mem::take(&mut proc.timers_first) {
            chain.word(0x200);
            node.step(&mut env, Input::Wake, out);
            due = false;
        }
        proc.timers_first = false;
        while let Some(input) = proc.signals.pop_front() {
            chain.word(0x300);
            node.step(&mut env, input, out);
        }
        let sockets = Sockets {
            tcp,
            ready: &mut proc.ready,
            listener_ready: &mut proc.listener_ready,
            accept_queue: &mut proc.accept_queue,
            conns: &mut proc.conns,
            film: film.as_mut(),
        };
        if !exited(out) {
            serve_sockets(sockets, &mut node, &mut env, out, chain, now);
        }
        if due {
            chain.word(0x201);
            node.step(&mut env, Input::Wake, out);
        }
        node.end_iteration(&mut env, out);
        let elapsed = env.elapsed();
        if let AnyNode::App(mailbox) = &mut node {
            for input in mailbox.inputs.drain(..) {
                self.apps.heard((now, &mut self.recorder), p, input);
            }
        }
        if let AnyNode::Sentinel(sentinel) = &mut node {
            for (wall, what) in sentinel.collect().into_iter().flatten() {
                self.recorder.taped(now, NodeIx(p), wall, what);
            }
        }
        if let AnyNode::Redis(server) = &mut node {
            for item in server.collect().into_iter().flatten() {
                self.recorder.server_taped(now, NodeIx(p), item);
            }
        }
        if let AnyNode::Client(client) = &mut node {
            client.collect(now, self.recorder.client_tape(NodeIx(p)));
        }
        proc.node = Some(node);
        proc.next_conn = out.next_conn;
        if let Some(drawn) = proc.draws.take_drawn() {
            chain.word(drawn);
        }
        if let Some(trace) = &mut self.trace {
            trace.iteration(self.events, now, &self.procs[usize::from(p)].name, &self.out, self.chain.digest());
        }
        self.schedule_net();
        if elapsed == Nanos::ZERO {
            let mut out = std::mem::take(&mut self.out);
            self.apply_acts(p, now, Nanos::ZERO, &mut out);
            self.apply_output(p, &mut out);
            self.out = out;
            self.arm(p);
        } else {
            self.block(p, elapsed);
        }
    }

    /// Ends the tapes of all servers.
    pub fn end_tapes(&mut self) {
        for (p, proc) in (0u16..).zip(&self.procs) {
            if let Some(AnyNode::Redis(server)) = &proc.node {
                server.end().into_iter().for_each(|item| self.recorder.server_taped(self.now, NodeIx(p), item));
            }
        }
    }

    /// The film of the run, if there is one, complete.
    pub fn finish_film(&mut self) -> Option<Filmed> {
        let film = self.film.take()?;
        Some(film.finish(&self.tcp, |addr| self.recorder.node_at(addr)))
    }

    /// Keeps the effects of an iteration that was blocked: each happens in its time, output leaves at the end.
    pub(super) fn block(&mut self, p: u16, elapsed: Nanos) {
        let proc = &mut self.procs[usize::from(p)];
        std::mem::swap(&mut proc.pending, &mut self.out);
        proc.pending_from = self.now;
        proc.busy_until = Some(self.now + elapsed);
        let mut last = None;
        for &(at, _) in &proc.pending.acts {
            if last != Some(at) {
                last = Some(at);
                self.queue.push(self.now + at, Event::Acts(p, proc.incarnation));
            }
        }
        self.queue.push(self.now + elapsed, Event::IterationEnd(p, proc.incarnation));
    }

    pub(super) fn on_acts(&mut self, p: u16, life: u32) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.incarnation != life || proc.busy_until.is_none() || proc.life == Life::Paused {
            return;
        }
        let (from, upto) = (proc.pending_from, self.now.since(proc.pending_from));
        let mut pending = std::mem::take(&mut proc.pending);
        self.apply_acts(p, from, upto, &mut pending);
        self.procs[usize::from(p)].pending = pending;
    }

    pub(super) fn on_iteration_end(&mut self, p: u16, life: u32) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.incarnation != life || proc.busy_until.is_none() {
            return;
        }
        if proc.life == Life::Paused {
            proc.end_missed = true;
            return;
        }
        self.finish_iteration(p);
    }

    pub(super) fn finish_iteration(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        proc.busy_until = None;
        let from = proc.pending_from;
        let mut pending = std::mem::take(&mut proc.pending);
        self.apply_acts(p, from, Nanos(u64::MAX), &mut pending);
        self.apply_output(p, &mut pending);
        self.procs[usize::from(p)].pending = pending;
        self.arm(p);
    }

    /// Makes the acts happen whose offset is at most `upto`.
    fn apply_acts(&mut self, p: u16, from: TrueTime, upto: Nanos, out: &mut Effects) {
        if out.acts.is_empty() {
            return;
        }
        let count = out.acts.iter().take_while(|(at, _)| *at <= upto).count();
        let mut closes = Vec::new();
        for (at, act) in out.acts.drain(..count) {
            let when = (from + at).min(self.now);
            if let (Some(film), Act::Event(_) | Act::Note(_)) = (&mut self.film, &act) {
                let proc = &self.procs[usize::from(p)];
                film.told(NodeIx(p), when, proc.clock.wall(&self.hosts[usize::from(proc.host)].clock, when));
            }
            match act {
                Act::Open(conn, addr) => self.open(p, conn, addr),
                Act::Close(conn, CloseHow::AfterFlush) => closes.push((at, Act::Close(conn, CloseHow::AfterFlush))),
                Act::Close(conn, how) => self.close(p, conn, how == CloseHow::Reset),
                Act::TellSent(conn) => {
                    if let Some(end) = self.procs[usize::from(p)].end_of(conn) {
                        self.tcp.end_mut(end).tell_sent = true;
                    }
                }
                Act::Event(event) => {
                    self.chain.words([0x400 | event.kind as u64, from.0 + at.0]);
                    if self.watched.contains(&event.kind) {
                        self.stops.push(Stop::Event(event.kind, NodeIx(p)));
                    }
                    self.recorder.event(when, NodeIx(p), event);
                }
                Act::Note(note) => self.recorder.note(when, NodeIx(p), note),
                Act::Exit(status) => {
                    self.chain.word(0x500 | u64::from(status));
                    self.procs[usize::from(p)].signals.clear();
                    closes.push((at, Act::Exit(status)));
                }
            }
        }
        // Closing behind the output, and exits, wait for the output.
        out.acts.splice(0..0, closes);
    }

    /// Sends what the iteration wrote: the replication stream first, then the rest, then closes that waited for it.
    fn apply_output(&mut self, p: u16, out: &mut Effects) {
        let proc = &self.procs[usize::from(p)];
        for (conn, message) in out.stream.drain(..).chain(out.sends.drain(..)) {
            let Some(end) = proc.end_of(conn) else {
                continue;
            };
            let [kind, value] = message.digest_tag();
            self.chain.words([u64::from(end) << 32 | kind & 0xffff_ffff, value ^ kind >> 32]);
            let bytes = message.wire_len();
            if let Some(film) = &mut self.film {
                film.written(end, p, self.now, &message);
            }
            self.tcp.write(end, message, bytes);
            if self.flush.last() != Some(&end) && !self.flush.contains(&end) {
                self.flush.push(end);
            }
        }
        let now = self.now;
        for end in self.flush.drain(..) {
            self.tcp.transmit(end, now);
            let clogged = &mut self.procs[usize::from(p)].clogged;
            if self.tcp.refused_bytes(end) > 0 && !clogged.contains(&end) {
                clogged.push(end);
            }
        }
        let mut exit = false;
        for (_, act) in out.acts.drain(..) {
            match act {
                Act::Close(conn, _) => self.close(p, conn, false),
                Act::Exit(_) => exit = true,
                _ => {}
            }
        }
        self.schedule_net();
        if exit {
            self.die(p);
            // It may have ended because its disk did not keep what it wrote.
            self.procs[usize::from(p)].kept = None;
        }
    }
}

/// What full sockets of a process have not taken, by connection; forgets those that have.
fn still_refused(tcp: &Tcp, clogged: &mut Vec<EndIx>) -> Vec<(Conn, u64)> {
    clogged.retain(|&end| tcp.refused_bytes(end) > 0);
    clogged.iter().map(|&end| (tcp.end(end).conn, tcp.refused_bytes(end))).collect()
}

/// What one iteration needs of its process's sockets.
struct Sockets<'a> {
    tcp: &'a mut Tcp,
    ready: &'a mut Vec<EndIx>,
    listener_ready: &'a mut bool,
    accept_queue: &'a mut VecDeque<EndIx>,
    conns: &'a mut Vec<EndIx>,
    film: Option<&'a mut Film>,
}

/// Serves the sockets that are ready, in the order in which they became so. What is left over stays ready.
fn serve_sockets(
    sockets: Sockets<'_>,
    node: &mut AnyNode,
    env: &mut Env<'_>,
    out: &mut Effects,
    chain: &mut Chain,
    now: TrueTime,
) {
    let Sockets { tcp, ready, listener_ready, accept_queue, conns, mut film } = sockets;
    let count = ready.len();
    for at in 0..count {
        let end = ready[at];
        if end == LISTENER {
            *listener_ready = false;
            for _ in 0..ACCEPT_LIMIT.min(accept_queue.len()) {
                let Some(end) = accept_queue.pop_front() else {
                    break;
                };
                let conn = Conn(out.next_conn);
                out.next_conn += 1;
                if conns.len() <= conn.0 as usize {
                    conns.resize(conn.0 as usize + 1, EndIx::MAX);
                }
                conns[conn.0 as usize] = end;
                let peer = tcp.accept(end, conn);
                chain.words([0x10, u64::from(conn.0)]);
                node.step(env, Input::Accepted(conn, peer), out);
                if !tcp.end(end).rx.is_empty() || tcp.end(end).eof.is_some() {
                    tcp.end_mut(end).ready = true;
                    ready.push(end);
                }
            }
            if !accept_queue.is_empty() {
                *listener_ready = true;
                ready.push(LISTENER);
            }
            continue;
        }
        tcp.end_mut(end).ready = false;
        let acts = out.acts.len();
        if serve_end((tcp, end, conns), node, env, out, chain, film.as_deref_mut(), now) {
            tcp.end_mut(end).ready = true;
            ready.push(end);
        }
        tcp.drained(end, now);
        if out.acts.len() > acts && exited(out) {
            break;
        }
    }
    ready.drain(..count);
}

/// Reads one connection; returns whether something is left.
fn serve_end(
    (tcp, end, conns): (&mut Tcp, EndIx, &mut [EndIx]),
    node: &mut AnyNode,
    env: &mut Env<'_>,
    out: &mut Effects,
    chain: &mut Chain,
    mut film: Option<&mut Film>,
    now: TrueTime,
) -> bool {
    let conn = tcp.end(end).conn;
    if matches!(tcp.end(end).state, State::Closed | State::Gone) || conns.get(conn.0 as usize) != Some(&end) {
        return false;
    }
    if let Some(result) = tcp.end_mut(end).connected.take() {
        chain.words([0x11, u64::from(conn.0)]);
        match result {
            Ok(()) => node.step(env, Input::Connected(conn), out),
            Err(why) => {
                conns[conn.0 as usize] = EndIx::MAX;
                tcp.abandon(end);
                node.step(env, Input::ConnectFailed(conn, why), out);
                return false;
            }
        }
    }
    let mut read = 0;
    let mut acts = out.acts.len();
    while let Some(message) = tcp.end_mut(end).rx.pop_front() {
        if !tcp.end(end).rx.is_empty() {
            let bytes = message.wire_len();
            read += bytes;
            let side = tcp.end_mut(end);
            side.rx_bytes = side.rx_bytes.saturating_sub(u64::from(bytes));
        } else {
            tcp.end_mut(end).rx_bytes = 0;
        }
        chain.words([0x12, u64::from(conn.0)]);
        if let Some(film) = &mut film {
            film.read(end, now);
        }
        node.step(env, Input::Message(conn, message), out);
        if closed_since(out, acts, conn) {
            return false;
        }
        acts = out.acts.len();
        if read >= READ_LIMIT {
            return true;
        }
    }
    if let Some(reason) = tcp.end(end).eof {
        chain.words([0x13, u64::from(conn.0)]);
        conns[conn.0 as usize] = EndIx::MAX;
        tcp.finish(end);
        node.step(env, Input::Closed(conn, reason), out);
    }
    false
}

/// Whether the node closed this connection in one of its latest acts, or ended: what is still unread is not read any more.
fn closed_since(out: &Effects, from: usize, conn: Conn) -> bool {
    out.acts[from..].iter().any(|(_, act)| match act {
        Act::Close(closed, _) => *closed == conn,
        Act::Exit(_) => true,
        _ => false,
    })
}

/// Whether the process has ended in this iteration: what else is ready finds nobody, and what is unread makes the kernel
/// reset its connections.
fn exited(out: &Effects) -> bool {
    out.acts.iter().any(|(_, act)| matches!(act, Act::Exit(_)))
}
