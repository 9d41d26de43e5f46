//! What a node wants done. The world empties the lists at the end of the event-loop iteration.

use crate::event::Event;
use crate::ids::{Addr, Conn};
use crate::message::Message;
use crate::note::Note;
use crate::time::Nanos;

/// How a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseHow {
    /// Output of this iteration still leaves, then FIN (RST if unread input is queued, as the kernel does).
    AfterFlush,
    /// Output of this iteration is dropped, then FIN (RST if unread input is queued).
    Now,
    /// Output of this iteration and of the socket is dropped, then RST (linger 0).
    Reset,
}

/// One effect besides sending.
#[derive(Clone, Debug)]
pub enum Act {
    /// Opens a connection to an address; `Input::Connected` or `Input::ConnectFailed` follows. Messages may be sent on
    /// it at once: the socket keeps them until the connection is there.
    Open(Conn, Addr),
    /// Closes a connection. No further input comes from it.
    Close(Conn, CloseHow),
    /// Asks to be told with `Input::Sent` once the dataset about to be written to the connection has left.
    TellSent(Conn),
    /// A Sentinel event: log line and pub/sub message.
    Event(Event),
    /// Something only the record wants to know.
    Note(Note),
    /// The process ends with this status.
    Exit(u8),
}

/// Collector of effects, reused by the world.
#[derive(Debug, Default)]
pub struct Effects {
    /// Replication stream: leaves before replies.
    pub stream: Vec<(Conn, Message)>,
    /// Everything else that is sent, in order.
    pub sends: Vec<(Conn, Message)>,
    /// Other effects in order, each with how long the iteration had been blocked when it happened.
    pub acts: Vec<(Nanos, Act)>,
    /// The number the next opened or accepted connection gets.
    pub next_conn: u32,
}

impl Effects {
    /// Queues a message.
    pub fn send(&mut self, conn: Conn, message: impl Into<Message>) {
        self.sends.push((conn, message.into()));
    }

    /// Queues a message in the replication lane, which leaves first.
    pub fn send_stream(&mut self, conn: Conn, message: impl Into<Message>) {
        self.stream.push((conn, message.into()));
    }

    /// Opens a connection.
    pub fn open(&mut self, at: Nanos, to: Addr) -> Conn {
        let conn = Conn(self.next_conn);
        self.next_conn += 1;
        self.acts.push((at, Act::Open(conn, to)));
        conn
    }

    /// Closes a connection. With anything but [`CloseHow::AfterFlush`], messages queued for it in this iteration are
    /// dropped.
    pub fn close(&mut self, at: Nanos, conn: Conn, how: CloseHow) {
        if how != CloseHow::AfterFlush {
            self.sends.retain(|(to, _)| *to != conn);
            self.stream.retain(|(to, _)| *to != conn);
        }
        self.acts.push((at, Act::Close(conn, how)));
    }

    /// Emits a Sentinel event.
    pub fn event(&mut self, at: Nanos, event: Event) {
        self.acts.push((at, Act::Event(event)));
    }

    /// Tells the record something.
    pub fn note(&mut self, at: Nanos, note: Note) {
        self.acts.push((at, Act::Note(note)));
    }

    /// Ends the process.
    pub fn exit(&mut self, at: Nanos, status: u8) {
        self.acts.push((at, Act::Exit(status)));
    }

    /// Forgets everything but the connection counter.
    pub fn clear(&mut self) {
        self.stream.clear();
        self.sends.clear();
        self.acts.clear();
    }
}
