//! What nodes tell the record and nobody else: facts of their inner state that judges need as evidence and people want
//! to read. No node reads them.

use crate::error::ErrorWord;
use crate::files::Lineage;
use crate::ids::{Addr, ReplId, ReplOffset};
use crate::operator::Answer;
use crate::value::{Command, Value};
use serde::{Deserialize, Serialize};

/// One remark of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// A Redis server took a role: at start, on REPLICAOF, on a restart.
    Role {
        /// Its master, or `None` if it is one itself.
        replica_of: Option<Addr>,
        /// Replication id from now on.
        replid: ReplId,
        /// Offset at this moment.
        offset: ReplOffset,
    },
    /// A replication history was born on this server.
    Branch {
        /// Its id.
        id: ReplId,
        /// What it continues, or `None` if it starts empty.
        parent: Option<Lineage>,
    },
    /// A master executed a client's write.
    Applied {
        /// The write.
        command: Command,
        /// Position after it.
        lineage: Lineage,
        /// Offset after it.
        offset: ReplOffset,
    },
    /// A replica's link to its master.
    Link {
        /// Now up or down.
        up: bool,
    },
    /// A replica continued with a partial sync.
    PartialSync {
        /// From where.
        offset: ReplOffset,
    },
    /// A server closes a client that takes its output too slowly (`scheduled to be closed ASAP for overcoming of output
    /// buffer limits`).
    OverOutputLimit {
        /// The client; a replica with its listening port.
        peer: Addr,
        /// Bytes that it had not taken.
        bytes: u64,
        /// Below the hard limit, but above the soft one for too long.
        soft: bool,
    },
    /// A full sync replaced the dataset.
    FullSync {
        /// What the dataset was before.
        before: Lineage,
        /// What it is now.
        after: Lineage,
    },
    /// A server loads a dataset, and answers LOADING until [`Note::Loaded`] or [`Note::FullSync`].
    Loading,
    /// A server loaded its files and answers from now on.
    Loaded {
        /// What it found.
        lineage: Lineage,
    },
    /// A client invoked an operation.
    Invoke {
        /// Number of the operation within this client, counted from 0.
        op: u32,
        /// What it asks for.
        command: Command,
    },
    /// An operation ended.
    Complete {
        /// Number of the operation within this client.
        op: u32,
        /// How.
        outcome: Outcome,
        /// The server it was last sent to, if it was sent at all.
        server: Option<Addr>,
        /// Times it was written to a connection.
        attempts: u16,
        /// Of these, how many may have been executed without the client knowing.
        attempts_indeterminate: u16,
    },
    /// Sentinel wrote a log line that is not an event: `<id> voted for <id> <epoch>`.
    VotedFor {
        /// Who answered.
        voter: crate::ids::SentinelId,
        /// For whom.
        leader: crate::ids::SentinelId,
        /// In which epoch.
        epoch: crate::ids::Epoch,
    },
    /// Sentinel logged `Next failover delay: …`.
    NextFailoverDelay,
    /// Sentinel logged `Executing user requested FAILOVER of '<name>'`.
    UserFailover(crate::Name),
    /// Sentinel could not save its configuration.
    SaveFailed,
    /// An operator's command to a Sentinel was answered.
    Answered(Answer),
    /// Sentinel started a script.
    Script {
        /// Its path.
        path: String,
        /// Its arguments.
        args: Vec<String>,
        /// The how-manieth attempt, counted from 1.
        attempt: u32,
    },
}

/// How an operation ended, as the application sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Acknowledged; a read carries what it saw (`None`: absent), INCR the new count.
    Ok(Option<Value>),
    /// Certainly not executed.
    Fail(FailReason),
    /// Unknown: sent, no answer.
    Info(FailReason),
}

/// What the client ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailReason {
    /// No Sentinel answered.
    NoSentinel,
    /// Sentinels answered, but none named a usable master.
    NoMaster,
    /// The server could not be reached.
    Connect,
    /// The server was reached and is no master.
    NotMaster,
    /// No reply to ROLE or to another part of the handshake.
    Handshake,
    /// No reply in time.
    Timeout,
    /// The connection broke.
    Closed,
    /// All connections of the pool are in use.
    PoolExhausted,
    /// An error reply.
    Error(ErrorWord),
    /// The server did it, and WAIT returned before enough replicas had it.
    Unreplicated,
}
