//! The tape: what one Sentinel read, wrote and said, item by item in the order in which it happened, with the time on its
//! own clock. It is taken between process and kernel, so that it does not depend on what the process says of itself.
//! Knows nothing of rules.

use splitbrain_model::event::Event;
use splitbrain_model::files::SentinelConf;
use splitbrain_model::{Addr, Conn, Message, Millis, Nanos, TrueTime};

use crate::observations::NodeIx;

/// An item of the tape.
#[derive(Clone, Debug)]
pub struct Taped {
    /// When its event-loop iteration began.
    pub at: TrueTime,
    /// Which Sentinel.
    pub node: NodeIx,
    /// What its wall clock showed.
    pub wall: Millis,
    /// What happened.
    pub what: What,
}

/// What happened between a Sentinel and its kernel. [`What::Tick`], [`What::Read`], [`What::Lost`] and
/// [`What::Commanded`] begin a step; what follows is what the process did in it.
#[derive(Clone, Debug)]
pub enum What {
    /// A new process read this file.
    Began(Box<SentinelConf>),
    /// Its timer ran.
    Tick,
    /// It read a message.
    Read(Conn, Message),
    /// A connection broke or could not be opened.
    Lost(Conn),
    /// An operator typed a command, here whether it was SENTINEL FAILOVER.
    Commanded(bool),
    /// It waited for the disk or for a name for so long in this step.
    Waited(Nanos),
    /// It opens a connection.
    Opened(Conn, Addr),
    /// It closes a connection.
    Closed(Conn),
    /// It said something.
    Event(Event),
    /// It wrote a message.
    Wrote(Conn, Message),
}
