//! The tape of a client: what one application read, wrote, was asked for and answered, item by item in the order in which it
//! happened, with the time on its own monotonic clock. It is taken between process and kernel, so that it does not depend
//! on what the library believes. Knows nothing of rules.

use splitbrain_model::client::profile::Profile;
use splitbrain_model::note::Outcome;
use splitbrain_model::{Addr, CloseHow, Command, Conn, Message, MonoTime, Name, Nanos, Reply, Request, TrueTime};

/// An item of the tape.
#[derive(Clone, Debug)]
pub struct Taped {
    /// When its event-loop iteration began.
    pub at: TrueTime,
    /// What its monotonic clock showed.
    pub mono: MonoTime,
    /// What happened.
    pub what: What,
}

/// What happened between an application, its library and the kernel. [`What::Woke`], [`What::Connected`], [`What::Read`],
/// [`What::Lost`] and [`What::Stopped`] begin a step; what follows is what the process did in it, everything else before
/// what it wrote.
#[derive(Clone, Debug)]
pub enum What {
    /// A new process began.
    Began(Box<Declared>),
    /// A time it had waited for came.
    Woke,
    /// A connection is there.
    Connected(Conn),
    /// It read a message.
    Read(Conn, Message),
    /// A connection broke or could not be opened.
    Lost(Conn),
    /// The application was told to ask for nothing more.
    Stopped,
    /// It opens a connection.
    Opened(Conn, Addr),
    /// It closes a connection.
    Closed(Conn, CloseHow),
    /// The application asks for an operation.
    Invoked(u32, Command),
    /// The application is told how an operation ended.
    Completed(Completion),
    /// It wrote a request.
    Wrote(Conn, Request),
    /// An operation in one go: invoked on waking and written at once, answered and completed with the next thing read. Stands
    /// for `Woke`, `Invoked`, `Wrote`, and `Read`, `Completed`.
    Exchanged(Exchange),
}

/// How an operation ended, as the application is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Number of the operation within this client.
    pub op: u32,
    /// How.
    pub outcome: Outcome,
    /// The server it was last sent to.
    pub server: Option<Addr>,
    /// Times it was written to a connection.
    pub attempts: u16,
    /// Of these, how many may have been executed unseen.
    pub indeterminate: u16,
}

/// An operation that went smoothly.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// On which connection.
    pub conn: Conn,
    /// What was asked for.
    pub command: Command,
    /// The answer.
    pub reply: Reply,
    /// What the application was told.
    pub told: Completion,
    /// Time on its clock from the question, which is the time of the item, to the answer.
    pub took: Nanos,
}

/// What an application declares of itself.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The library and how it is set.
    pub profile: Profile,
    /// Sentinels in the order in which they are listed.
    pub sentinels: Vec<Addr>,
    /// Which master it asks for.
    pub master: Name,
    /// Whether it has a password for the servers, and for the Sentinels.
    pub passwords: (bool, bool),
    /// Operations that may be under way at once.
    pub in_flight: u32,
}
