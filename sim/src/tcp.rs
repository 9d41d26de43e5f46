//! Connections as TCP gives them: bytes in order, exactly once or not at all; SYN and data retransmission; refused,
//! reset, half-open; accept queue and bounded receive buffers. Messages are typed; a segment is what one event-loop
//! iteration wrote to one socket.
//!
//! SYNs are retried after 1, 3, 7, 15, 31 and 63 s and given up after 127 s; kernels since 6.5 put some retries one second
//! apart before that ([`Kernel`]).
//!
//! Retransmission (Redis spec 15.1): a lost segment stalls its direction; everything written meanwhile waits behind it
//! and leaves at the next retry that gets through, first 200 ms later, then doubling up to 120 s, given up near 15
//! minutes. Acknowledgements are not packets of their own: at arrival it is looked up whether the way back is open, and
//! if not, the sender's timer runs although the data has arrived.

use crate::kernel::expiry;
use crate::link::{LinkIx, Links};
use splitbrain_model::message::{CloseReason, ConnectError};
use splitbrain_model::{Addr, Conn, Message, Nanos, TrueTime};
use splitbrain_scenarios::environment::Kernel;
use std::collections::VecDeque;

/// One end of a connection, as an index; the other end is `end ^ 1`.
pub type EndIx = u32;

/// First pause between two SYNs.
pub const SYN_TIMEOUT: Nanos = Nanos::from_secs(1);
/// SYNs sent after the first, the linear ones not counted (`tcp_syn_retries`).
pub const SYN_RETRIES: u8 = 6;
/// First retransmission timeout.
pub const RTO_FIRST: Nanos = Nanos::from_millis(200);
/// Largest retransmission timeout.
pub const RTO_MAX: Nanos = Nanos::from_secs(120);
/// Retransmission is given up after this (`tcp_retries2` = 15).
pub const RETRANSMIT_GIVE_UP: Nanos = Nanos::from_secs(924);
/// Unread bytes a receiver takes before its window closes.
pub const RECEIVE_BUFFER: u64 = 4 << 20;
/// Connections waiting to be accepted (`tcp-backlog`).
pub const ACCEPT_QUEUE: usize = 511;

/// State of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The other side of a connect that has not got through.
    Unborn,
    /// SYN sent.
    Connecting,
    /// Established, but the process has not accepted it yet.
    Waiting,
    /// In use.
    Open,
    /// Closed by this side; what was written may still be on its way.
    Closed,
    /// The kernel that held it lost power.
    Gone,
    /// Its host has another address now: nobody is where it was.
    Silent,
}

/// What an event of the network means. The world schedules them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetEvent {
    /// A SYN arrives at the server.
    Syn(EndIx),
    /// The client sends its next SYN.
    SynRetry(EndIx, u8),
    /// The SYN-ACK arrives.
    Established(EndIx),
    /// The RST to a SYN arrives.
    Refused(EndIx),
    /// A segment sent by this end arrives.
    Arrive(EndIx),
    /// The retransmission timer of this end, with its generation.
    Retransmit(EndIx, u32),
    /// A reset arrives at this end.
    Reset(EndIx),
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    messages: u32,
    bytes: u32,
    /// Of these, bytes of datasets, which are in no buffer of the process.
    bulk: u32,
    /// Completes the handshake.
    accept: bool,
    fin: bool,
}

/// One end of a connection.
#[derive(Debug)]
pub struct End {
    /// Process that holds it.
    pub proc: u16,
    /// Its number within the process.
    pub conn: Conn,
    /// State.
    pub state: State,
    /// Its own address.
    pub local: Addr,
    /// Link its segments take.
    pub link: LinkIx,
    /// Listed as readable.
    pub ready: bool,
    /// Outcome of connecting that the process has not seen yet.
    pub connected: Option<Result<(), ConnectError>>,
    /// Readable messages.
    pub rx: VecDeque<Message>,
    /// Their bytes.
    pub rx_bytes: u64,
    /// After them, the connection ends like this.
    pub eof: Option<CloseReason>,
    /// Messages in flight, then those that wait.
    wire: VecDeque<Message>,
    flight: VecDeque<Segment>,
    /// Messages, bytes and marks behind those in flight.
    waiting: Segment,
    last_arrival: TrueTime,
    /// Nothing new leaves until a retransmission gets through.
    stalled: bool,
    /// The receiver's buffer is full.
    window_closed: bool,
    timer: u32,
    timer_armed: bool,
    rto: Nanos,
    unacked_since: TrueTime,
    /// The process wants to know when a dataset has left.
    pub tell_sent: bool,
}

impl End {
    /// How many messages were written to it and have not arrived.
    pub fn unsent(&self) -> usize {
        self.wire.len()
    }
}

/// What the world has to do after a network event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing.
    Nothing,
    /// This end has become readable.
    Readable(EndIx),
    /// This end waits in its server's accept queue.
    Acceptable(EndIx),
}

/// All connections.
#[derive(Debug)]
pub struct Tcp {
    ends: Vec<End>,
    /// Hosts and paths.
    pub links: Links,
    kernel: Kernel,
    /// Events to schedule; emptied by the world.
    pub schedule: Vec<(TrueTime, NetEvent)>,
    /// An end whose process waits to hear that its dataset has left; taken by the world after each event.
    pub sent: Option<EndIx>,
}

const EMPTY: Segment = Segment { messages: 0, bytes: 0, bulk: 0, accept: false, fin: false };

impl Tcp {
    /// No connections yet.
    pub fn new(links: Links) -> Tcp {
        let kernel = links.kernel();
        Tcp { ends: Vec::with_capacity(256), links, kernel, schedule: Vec::with_capacity(16), sent: None }
    }

    /// An end.
    #[inline]
    pub fn end(&self, ix: EndIx) -> &End {
        &self.ends[ix as usize]
    }

    /// An end.
    #[inline]
    pub fn end_mut(&mut self, ix: EndIx) -> &mut End {
        &mut self.ends[ix as usize]
    }

    /// Opens a connection from `proc` on the host where `link` begins; `back` is the link in the other direction.
    /// `addrs` are the addresses of both ends.
    pub fn connect(
        &mut self,
        proc: u16,
        conn: Conn,
        addrs: (Addr, Addr),
        link: LinkIx,
        back: LinkIx,
        now: TrueTime,
    ) -> EndIx {
        let ix = self.pair(proc, conn, addrs, link, back, now);
        self.syn(ix, 0, now);
        ix
    }

    /// Opens a connection to an address at which there is no host: no SYN is ever answered.
    pub fn connect_to_nowhere(
        &mut self,
        proc: u16,
        conn: Conn,
        addrs: (Addr, Addr),
        link: LinkIx,
        now: TrueTime,
    ) -> EndIx {
        let ix = self.pair(proc, conn, addrs, link, link, now);
        let pauses = u64::from(self.kernel.syn_linear_timeouts) + (2 << SYN_RETRIES) - 1;
        self.schedule.push((now + Nanos(SYN_TIMEOUT.0 * pauses), NetEvent::SynRetry(ix, u8::MAX)));
        ix
    }

    fn pair(&mut self, proc: u16, conn: Conn, addrs: (Addr, Addr), link: LinkIx, back: LinkIx, now: TrueTime) -> EndIx {
        let ix = self.ends.len() as EndIx;
        for (state, local, link, conn, proc) in
            [(State::Connecting, addrs.0, link, conn, proc), (State::Unborn, addrs.1, back, Conn(u32::MAX), u16::MAX)]
        {
            self.ends.push(End {
                proc,
                conn,
                local,
                state,
                link,
                ready: false,
                connected: None,
                rx: VecDeque::new(),
                rx_bytes: 0,
                eof: None,
                wire: VecDeque::new(),
                flight: VecDeque::new(),
                waiting: EMPTY,
                last_arrival: TrueTime(0),
                stalled: false,
                window_closed: false,
                timer: 0,
                timer_armed: false,
                rto: RTO_FIRST,
                unacked_since: now,
                tell_sent: false,
            });
        }
        ix
    }

    /// The address a connecting end wants.
    pub fn target(&self, ix: EndIx) -> Addr {
        self.end(ix ^ 1).local
    }

    /// The process accepts a waiting end under this number; returns the peer's address.
    pub fn accept(&mut self, ix: EndIx, conn: Conn) -> Addr {
        let end = self.end_mut(ix);
        end.conn = conn;
        if end.state == State::Waiting {
            end.state = State::Open;
        }
        self.end(ix ^ 1).local
    }

    /// Forgets an end whose connecting failed.
    pub fn abandon(&mut self, ix: EndIx) {
        let end = self.end_mut(ix);
        end.state = State::Closed;
        end.wire = VecDeque::new();
        end.waiting = EMPTY;
    }

    /// The process has read the end of the stream and closes its side.
    pub fn finish(&mut self, ix: EndIx) {
        self.end_mut(ix).state = State::Closed;
    }

    fn syn(&mut self, ix: EndIx, attempt: u8, now: TrueTime) {
        let link = self.end(ix).link;
        if let Some(at) = self.links.send(link, 0, now) {
            self.schedule.push((at, NetEvent::Syn(ix)));
        }
        // The next SYN is sent if nothing has come by then.
        let linear = if self.kernel.backoff { self.kernel.syn_linear_timeouts } else { attempt };
        let doublings = attempt.saturating_sub(linear);
        let pause = Nanos(SYN_TIMEOUT.0 << doublings);
        self.schedule.push((expiry(now, pause, self.kernel.jiffy), NetEvent::SynRetry(ix, attempt + 1)));
    }

    /// The client's timer for its next SYN.
    pub fn syn_retry(&mut self, ix: EndIx, attempt: u8, now: TrueTime) -> Outcome {
        if self.end(ix).state != State::Connecting || self.end(ix).connected.is_some() {
            return Outcome::Nothing;
        }
        if attempt > SYN_RETRIES + self.kernel.syn_linear_timeouts {
            self.end_mut(ix).connected = Some(Err(ConnectError::TimedOut));
            return Outcome::Readable(ix);
        }
        self.syn(ix, attempt, now);
        Outcome::Nothing
    }

    /// A SYN has arrived at a host. `listener` is the process listening at the address and how many connections wait
    /// for it; `None` if the host is up and nobody listens.
    pub fn syn_arrived(&mut self, ix: EndIx, listener: Option<(u16, usize)>, now: TrueTime) {
        if self.end(ix).state != State::Connecting {
            return;
        }
        let back = self.end(ix ^ 1).link;
        match listener {
            None => {
                if let Some(at) = self.links.send(back, 0, now) {
                    self.schedule.push((at, NetEvent::Refused(ix)));
                }
            }
            Some((_, waiting)) if waiting >= ACCEPT_QUEUE => {}
            Some((proc, _)) => {
                if let Some(at) = self.links.send(back, 0, now) {
                    let server = self.end_mut(ix ^ 1);
                    server.proc = proc;
                    // An earlier SYN of this connection may have been answered by a kernel that is gone.
                    server.state = State::Unborn;
                    self.schedule.push((at, NetEvent::Established(ix)));
                }
            }
        }
    }

    /// The RST to a SYN has arrived.
    pub fn refused(&mut self, ix: EndIx) -> Outcome {
        let end = self.end_mut(ix);
        if end.state != State::Connecting || end.connected.is_some() {
            return Outcome::Nothing;
        }
        end.connected = Some(Err(ConnectError::Refused));
        Outcome::Readable(ix)
    }

    /// The SYN-ACK has arrived: the client side is established and what was written so far leaves.
    pub fn established(&mut self, ix: EndIx, now: TrueTime) -> Outcome {
        let end = self.end_mut(ix);
        if end.state != State::Connecting || end.connected.is_some() {
            return Outcome::Nothing;
        }
        end.connected = Some(Ok(()));
        end.state = State::Open;
        end.waiting.accept = true;
        self.transmit(ix, now);
        Outcome::Readable(ix)
    }

    /// Queues a message on an end; [`Tcp::transmit`] sends what is queued. Dropped if the end cannot send any more.
    #[inline]
    pub fn write(&mut self, ix: EndIx, message: Message, bytes: u32) {
        let end = self.end_mut(ix);
        if matches!(end.state, State::Open | State::Connecting) && end.eof != Some(CloseReason::Reset) {
            if let Message::Snapshot(_) = message {
                end.waiting.bulk += bytes;
            }
            end.wire.push_back(message);
            end.waiting.messages += 1;
            end.waiting.bytes += bytes;
        }
    }

    /// Sends what is queued, as one segment, unless the direction is stalled.
    pub fn transmit(&mut self, ix: EndIx, now: TrueTime) {
        let end = &mut self.ends[ix as usize];
        let idle = end.waiting.messages == 0 && !end.waiting.accept && !end.waiting.fin;
        if idle
            || end.stalled
            || end.window_closed
            || matches!(end.state, State::Connecting | State::Gone | State::Silent)
        {
            return;
        }
        let Some(at) = self.links.send(end.link, u64::from(end.waiting.bytes), now) else {
            self.stall(ix, now);
            return;
        };
        end.last_arrival = end.last_arrival.max(at);
        end.flight.push_back(std::mem::replace(&mut end.waiting, EMPTY));
        self.schedule.push((end.last_arrival, NetEvent::Arrive(ix)));
    }

    fn stall(&mut self, ix: EndIx, now: TrueTime) {
        self.end_mut(ix).stalled = true;
        self.arm(ix, now);
    }

    fn arm(&mut self, ix: EndIx, now: TrueTime) {
        let end = &mut self.ends[ix as usize];
        if end.timer_armed {
            return;
        }
        end.timer_armed = true;
        end.rto = RTO_FIRST;
        end.unacked_since = now;
        self.schedule.push((expiry(now, RTO_FIRST, self.kernel.jiffy), NetEvent::Retransmit(ix, end.timer)));
    }

    /// A segment sent by `ix` has arrived.
    pub fn arrive(&mut self, ix: EndIx, now: TrueTime) -> Outcome {
        let Some(segment) = self.ends[ix as usize].flight.pop_front() else {
            return Outcome::Nothing;
        };
        let back = self.end(ix ^ 1).link;
        let receiving_host = self.links_from(back);
        if !self.links.is_up(receiving_host) || self.end(ix ^ 1).state == State::Silent {
            self.put_back(ix, segment);
            self.stall(ix, now);
            return Outcome::Nothing;
        }
        match self.end(ix ^ 1).state {
            State::Gone | State::Closed => {
                self.drop_messages(ix, segment.messages);
                if (segment.messages > 0 || self.end(ix ^ 1).state == State::Gone)
                    && let Some(at) = self.links.send(back, 0, now)
                {
                    self.schedule.push((at, NetEvent::Reset(ix)));
                }
                return Outcome::Nothing;
            }
            _ => {}
        }
        if segment.messages > 0 && self.end(ix ^ 1).rx_bytes >= RECEIVE_BUFFER {
            self.put_back(ix, segment);
            self.end_mut(ix).window_closed = true;
            return Outcome::Nothing;
        }
        if self.links.is_blocked(back) {
            self.arm(ix, now);
        }
        self.deliver(ix, segment)
    }

    fn links_from(&self, link: LinkIx) -> u16 {
        self.links.source(link)
    }

    fn deliver(&mut self, ix: EndIx, segment: Segment) -> Outcome {
        let (low, high) = self.ends.split_at_mut((ix | 1) as usize);
        let (even, odd) = (&mut low[(ix & !1) as usize], &mut high[0]);
        let (sender, receiver) = if ix & 1 == 0 { (even, odd) } else { (odd, even) };
        if receiver.eof.is_none() {
            for _ in 0..segment.messages {
                receiver.rx.extend(sender.wire.pop_front());
            }
            receiver.rx_bytes += u64::from(segment.bytes);
            if segment.fin {
                receiver.eof = Some(CloseReason::Eof);
            }
        } else {
            sender.wire.drain(..(segment.messages as usize).min(sender.wire.len()));
        }
        if segment.bulk > 0 && std::mem::take(&mut sender.tell_sent) {
            self.sent = Some(ix);
        }
        if segment.accept && receiver.state == State::Unborn {
            receiver.state = State::Waiting;
            return Outcome::Acceptable(ix ^ 1);
        }
        if receiver.state == State::Open { Outcome::Readable(ix ^ 1) } else { Outcome::Nothing }
    }

    fn drop_messages(&mut self, ix: EndIx, messages: u32) {
        let wire = &mut self.end_mut(ix).wire;
        wire.drain(..(messages as usize).min(wire.len()));
    }

    fn put_back(&mut self, ix: EndIx, segment: Segment) {
        let end = self.end_mut(ix);
        end.waiting.messages += segment.messages;
        end.waiting.bytes += segment.bytes;
        end.waiting.bulk += segment.bulk;
        end.waiting.accept |= segment.accept;
        end.waiting.fin |= segment.fin;
    }

    /// The retransmission timer of `ix` has run out.
    pub fn retransmit(&mut self, ix: EndIx, generation: u32, now: TrueTime) -> Outcome {
        let end = &self.ends[ix as usize];
        if end.timer != generation || !end.timer_armed || matches!(end.state, State::Gone | State::Silent) {
            return Outcome::Nothing;
        }
        let back = self.end(ix ^ 1).link;
        let (there, again) = (self.end(ix).link, self.end(ix).rto);
        // Segments still in flight when the direction stalled have all arrived or come back by now.
        let arrival = self.links.send(there, u64::from(self.end(ix).waiting.bytes), now);
        let host_up = self.links.is_up(self.links_from(back)) && self.end(ix ^ 1).state != State::Silent;
        if let (Some(at), true) = (arrival, host_up) {
            let acknowledged = !self.links.is_blocked(back);
            let end = &mut self.ends[ix as usize];
            if end.stalled {
                end.last_arrival = end.last_arrival.max(at);
                end.flight.push_back(std::mem::replace(&mut end.waiting, EMPTY));
                self.schedule.push((end.last_arrival, NetEvent::Arrive(ix)));
            }
            let end = &mut self.ends[ix as usize];
            if acknowledged {
                end.timer += 1;
                end.timer_armed = false;
                end.stalled = false;
                // A peer that rebooted meanwhile answers the retransmission of what it once had with a reset.
                if self.end(ix ^ 1).state == State::Gone
                    && let Some(at) = self.links.send(back, 0, now)
                {
                    self.schedule.push((at, NetEvent::Reset(ix)));
                }
                return Outcome::Nothing;
            }
        }
        let end = &mut self.ends[ix as usize];
        end.stalled = true;
        if now.since(end.unacked_since) >= RETRANSMIT_GIVE_UP {
            end.timer_armed = false;
            end.timer += 1;
            end.wire.clear();
            end.waiting = EMPTY;
            end.eof.get_or_insert(CloseReason::TimedOut);
            return if end.state == State::Open { Outcome::Readable(ix) } else { Outcome::Nothing };
        }
        end.rto = if self.kernel.backoff { Nanos((again.0 * 2).min(RTO_MAX.0)) } else { again };
        let (next, timer) = (expiry(now, end.rto, self.kernel.jiffy), end.timer);
        self.schedule.push((next, NetEvent::Retransmit(ix, timer)));
        Outcome::Nothing
    }

    /// A reset has arrived at `ix`. What was received before stays readable.
    pub fn reset(&mut self, ix: EndIx) -> Outcome {
        let end = self.end_mut(ix);
        end.waiting = EMPTY;
        end.wire.truncate(end.flight.iter().map(|segment| segment.messages as usize).sum());
        end.timer += 1;
        end.timer_armed = false;
        match end.state {
            State::Open | State::Waiting | State::Unborn => {
                end.eof.get_or_insert(CloseReason::Reset);
                if end.state == State::Open { Outcome::Readable(ix) } else { Outcome::Nothing }
            }
            _ => Outcome::Nothing,
        }
    }

    /// The process has taken messages from the end; opens the window if it was closed.
    pub fn drained(&mut self, ix: EndIx, now: TrueTime) {
        if self.end(ix ^ 1).window_closed && self.end(ix).rx_bytes < RECEIVE_BUFFER / 2 {
            self.end_mut(ix ^ 1).window_closed = false;
            self.transmit(ix ^ 1, now);
        }
    }

    /// Closes an end: FIN behind what was written, or RST if `abort` or if unread data is queued (the kernel's rule).
    pub fn close(&mut self, ix: EndIx, abort: bool, now: TrueTime) {
        let end = self.end_mut(ix);
        let state = std::mem::replace(&mut end.state, State::Closed);
        let unread = !end.rx.is_empty();
        end.rx = VecDeque::new();
        end.rx_bytes = 0;
        let finished = end.eof == Some(CloseReason::Reset) || end.eof == Some(CloseReason::TimedOut);
        match state {
            State::Closed | State::Gone | State::Silent => end.state = state,
            State::Connecting | State::Unborn => {}
            State::Open | State::Waiting if finished => {}
            State::Open | State::Waiting if abort || unread || state == State::Waiting => self.send_reset(ix, now),
            State::Open | State::Waiting => {
                self.forget_refused(ix);
                let end = self.end_mut(ix);
                end.waiting.fin = true;
                self.transmit(ix, now);
            }
        }
    }

    /// Sends a reset behind what is in flight; what waits is discarded. A reset that is lost is lost.
    fn send_reset(&mut self, ix: EndIx, now: TrueTime) {
        let end = self.end_mut(ix);
        let in_flight: usize = end.flight.iter().map(|segment| segment.messages as usize).sum();
        end.wire.truncate(in_flight);
        end.waiting = EMPTY;
        end.timer += 1;
        end.timer_armed = false;
        let (link, last) = (end.link, end.last_arrival);
        if let Some(at) = self.links.send(link, 0, now) {
            self.schedule.push((at.max(last), NetEvent::Reset(ix ^ 1)));
        }
    }

    /// How many connections were ever opened.
    pub fn connections(&self) -> usize {
        self.ends.len() / 2
    }
}

mod buffers;
mod gone;
#[cfg(test)]
mod tests;
