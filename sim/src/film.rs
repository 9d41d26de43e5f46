//! What only pictures of a run need: every message with the time at which it was written and the time at which the other process
//! read it, and what clocks showed when something was logged. Made only when asked for; nothing depends on it, and the digest
//! does not know of it.
//!
//! A connection gives messages in order, or not at all from some message on. So of each direction it is enough to know which
//! messages were not read yet: what a process reads is the first of them.

use crate::tcp::{EndIx, State, Tcp};
use splitbrain_checker::observations::NodeIx;
use splitbrain_model::{Addr, Message, TrueTime, WallTime};
use std::collections::{BTreeMap, VecDeque};

/// A message of an application protocol, as it was written to a socket.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Who wrote it.
    pub from: NodeIx,
    /// Who would read it; `None` if nothing listens there.
    pub to: Option<NodeIx>,
    /// The direction of a connection it belongs to: even from who connected, and the way back is the next number.
    pub direction: u32,
    /// When it was written, which is the end of an iteration of the event loop.
    pub at: TrueTime,
    /// Its length in bytes.
    pub bytes: u32,
    /// What became of it.
    pub fate: Fate,
    /// What it says.
    pub message: Message,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The other process read it, in an iteration of its event loop that began then.
    Read(TrueTime),
    /// The run ended before.
    UnderWay,
    /// Its connection ended before it was read.
    Lost,
}

/// The film of a run.
#[derive(Debug, Default)]
pub struct Film {
    sent: Vec<Sent>,
    /// By direction: what was not read yet.
    unread: BTreeMap<EndIx, VecDeque<usize>>,
    stamps: BTreeMap<(NodeIx, TrueTime), WallTime>,
}

/// A film that is complete.
#[derive(Clone, Debug, Default)]
pub struct Filmed {
    /// Messages in the order in which they were written.
    pub sent: Vec<Sent>,
    /// What a process's clock showed when it told something.
    pub stamps: BTreeMap<(NodeIx, TrueTime), WallTime>,
}

impl Film {
    /// A process writes to its end of a connection.
    pub(crate) fn written(&mut self, end: EndIx, from: u16, at: TrueTime, message: &Message) {
        self.unread.entry(end).or_default().push_back(self.sent.len());
        let (bytes, message) = (message.wire_len(), message.clone());
        self.sent.push(Sent { from: NodeIx(from), to: None, direction: end, at, bytes, fate: Fate::Lost, message });
    }

    /// A process reads the next message from its end of a connection.
    pub(crate) fn read(&mut self, end: EndIx, at: TrueTime) {
        let first = self.unread.get_mut(&(end ^ 1)).and_then(VecDeque::pop_front);
        if let Some(message) = first {
            self.sent[message].fate = Fate::Read(at);
        }
    }

    /// A process tells something that a log would have with a stamp.
    pub(crate) fn told(&mut self, node: NodeIx, at: TrueTime, wall: WallTime) {
        self.stamps.insert((node, at), wall);
    }

    /// Closes the film. `listening` says who listens at an address.
    pub(crate) fn finish(mut self, tcp: &Tcp, listening: impl Fn(Addr) -> Option<NodeIx>) -> Filmed {
        for (&end, unread) in &self.unread {
            for &message in unread.iter().take(tcp.on_their_way(end)) {
                self.sent[message].fate = Fate::UnderWay;
            }
        }
        for sent in &mut self.sent {
            let other = tcp.end(sent.direction ^ 1);
            // A server's end belongs to a process once a SYN has found it.
            let known = (other.proc != u16::MAX).then_some(NodeIx(other.proc));
            sent.to = known.or_else(|| listening(other.local));
        }
        Filmed { sent: self.sent, stamps: self.stamps }
    }
}

impl Tcp {
    /// How many of the messages written to this end, and not read, the other process may still read: those in its buffer, and
    /// what the connection carries if it is there.
    fn on_their_way(&self, end: EndIx) -> usize {
        let (sender, receiver) = (self.end(end), self.end(end ^ 1));
        let reads = matches!(receiver.state, State::Unborn | State::Connecting | State::Waiting | State::Open);
        let sends = !matches!(sender.state, State::Gone | State::Silent) && receiver.eof.is_none();
        match (reads, sends) {
            (false, _) => 0,
            (true, false) => receiver.rx.len(),
            (true, true) => receiver.rx.len() + sender.unsent(),
        }
    }
}
