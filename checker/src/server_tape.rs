//! The tape of a Redis server: what it read, wrote, opened and closed as far as replication and roles go, item by item,
//! with the time on its own clock. Data commands, the stream of replication and runs of the timer are only counted. It is
//! taken between process and kernel, so that it does not depend on what the process says of itself. Knows nothing of rules.

use splitbrain_model::files::RedisConf;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::{Addr, Conn, DiskCall, ErrorWord, Message, Millis, ReplId, ReplOffset, TrueTime};

use crate::observations::NodeIx;

/// An item of the tape.
#[derive(Clone, Debug)]
pub struct Taped {
    /// When its event-loop iteration began.
    pub at: TrueTime,
    /// Which server.
    pub node: NodeIx,
    /// What its wall clock showed.
    pub wall: Millis,
    /// What its wall clock showed when its timer last ran.
    pub timer: Millis,
    /// What was counted so far: in an item that begins a step without that step, in others with it.
    pub counts: Counts,
    /// What happened.
    pub what: What,
}

/// What is only counted, each from the beginning of the process's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs of its timer.
    pub ticks: u32,
    /// How many there had been when something was last read from the master.
    pub heard: u32,
    /// What its wall clock had shown at the last of those.
    pub heard_at: Millis,
    /// Writes of clients that were done.
    pub writes: u32,
    /// Writes of clients that were put off: they may have been done since.
    pub postponed: u32,
    /// Hellos that were put off likewise.
    pub held: u32,
    /// Writes, of clients or its master, that surely changed something.
    pub changes: u32,
    /// Writes that were read from the master.
    pub applied: u32,
    /// Reads of clients that were answered, PINGs included.
    pub reads: u32,
    /// Hellos of Sentinels that were published.
    pub hellos: u32,
    /// Hellos that were read in the master's stream.
    pub relayed: u32,
    /// Hellos that were written to subscribers.
    pub delivered: u32,
    /// Bytes of the stream: those read from the master, a transaction at its end; else those produced while a replica got
    /// them.
    pub stream: u64,
}

/// What a command is to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It changes data.
    Write,
    /// It reads data, or is PING.
    Read,
}

/// What happened between a server and its kernel. The first group begins a step; what follows is what the process did
/// in it.
#[derive(Clone, Debug)]
pub enum What {
    /// A new process read its files.
    Began(Box<Found>),
    /// Its timer ran, and something came of it.
    Tick,
    /// The end of an iteration, of which something came.
    Rest,
    /// A connection was accepted; whose it is.
    Accepted(Conn, Addr),
    /// A connection that it had opened is there.
    Connected(Conn),
    /// It read a command, a reply, GETACK or the newline of a replica.
    Read(Conn, Message),
    /// It read WAIT with this timeout on a connection on which its last command had ended when so much of the stream was
    /// counted; no command yet if `None`.
    Waits(Conn, Option<u64>, Millis),
    /// It read a dataset from its master.
    Loads(Conn),
    /// It refused a client's command.
    Refused(Kind, ErrorWord),
    /// A connection ended or could not be opened.
    Lost(Conn),
    /// A dataset has left through this connection.
    Sent(Conn),
    /// An operator typed a command; whether it was obeyed.
    Commanded(OperatorCommand, bool),
    /// SIGTERM.
    Terminated,
    /// Wall and monotonic clock do not go together: the wall clock was set, or stood.
    Jumped,

    /// It opens a connection.
    Opened(Conn, Addr),
    /// It closes a connection.
    Closed(Conn),
    /// It wrote a command or a reply.
    Wrote(Conn, Message),
    /// It wrote a dataset.
    Gave(Conn),
    /// It wrote so many bytes of the stream to the connection of this step.
    Streamed(Conn, u64),
    /// It put a PING into the stream.
    Pinged,
    /// It put GETACK into the stream.
    AskedAcks,
    /// It put SELECT into the stream, for a client's command.
    Selected,
    /// It had its disk do something, or heard how that went. What it appends to a file that it syncs each time is left out.
    Disk(DiskCall),
    /// It ended with this status.
    Exited(u8),
}

/// What a new process found on its disk.
#[derive(Clone, Debug)]
pub struct Found {
    /// `redis.conf`
    pub conf: RedisConf,
    /// Whether there is an RDB file, and the position in it.
    pub rdb: Option<Option<(ReplId, ReplOffset)>>,
    /// Whether there is an append-only file.
    pub aof: bool,
}
