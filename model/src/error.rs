//! Error replies. Clients and Sentinels look at the first word only; the text behind it is ours.

use serde::{Deserialize, Serialize};

/// The first word of an error reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorWord {
    /// Generic error.
    Err,
    /// Authentication required.
    NoAuth,
    /// Wrong user name or password.
    WrongPass,
    /// Not permitted by ACL.
    NoPerm,
    /// Memory limit reached.
    Oom,
    /// Persistence fails and writes are stopped.
    Misconf,
    /// Fewer good replicas than min-replicas-to-write.
    NoReplicas,
    /// A write sent to a replica.
    ReadOnly,
    /// A replica without its master and with stale data serving off.
    MasterDown,
    /// The dataset is being loaded.
    Loading,
    /// A script runs for too long.
    Busy,
    /// The transaction was discarded.
    ExecAbort,
    /// A blocked command was ended by a role change.
    Unblocked,
    /// The server asked for a partial sync has no link to its own master.
    NoMasterLink,
    /// Operation against a key of another kind.
    WrongType,
    /// SENTINEL FAILOVER: no replica can be promoted.
    NoGoodSlave,
    /// SENTINEL FAILOVER: one is in progress.
    InProg,
    /// SENTINEL CKQUORUM: not enough usable Sentinels.
    NoQuorum,
}

impl ErrorWord {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            ErrorWord::Err => "ERR",
            ErrorWord::NoAuth => "NOAUTH",
            ErrorWord::WrongPass => "WRONGPASS",
            ErrorWord::NoPerm => "NOPERM",
            ErrorWord::Oom => "OOM",
            ErrorWord::Misconf => "MISCONF",
            ErrorWord::NoReplicas => "NOREPLICAS",
            ErrorWord::ReadOnly => "READONLY",
            ErrorWord::MasterDown => "MASTERDOWN",
            ErrorWord::Loading => "LOADING",
            ErrorWord::Busy => "BUSY",
            ErrorWord::ExecAbort => "EXECABORT",
            ErrorWord::Unblocked => "UNBLOCKED",
            ErrorWord::NoMasterLink => "NOMASTERLINK",
            ErrorWord::WrongType => "WRONGTYPE",
            ErrorWord::NoGoodSlave => "NOGOODSLAVE",
            ErrorWord::InProg => "INPROG",
            ErrorWord::NoQuorum => "NOQUORUM",
        }
    }
}
