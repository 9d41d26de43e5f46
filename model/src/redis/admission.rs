//! Whether a client's command may run: the checks of `processCommand` in their order, first match wins (Redis
//! spec 9.1). Looks at the server's state and changes nothing.

use super::Redis;
use super::clients::{Client, Kind, Multi};
use super::link::Phase;
use crate::error::ErrorWord;
use crate::message::Request;
use crate::planted::Planted;
use crate::value::Command;

/// Properties of a command, as flags of the command table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// The server has it.
    pub const KNOWN: Flags = Flags(1);
    /// Changes data.
    pub const WRITE: Flags = Flags(2);
    /// Allowed while loading.
    pub const LOADING: Flags = Flags(4);
    /// Allowed on a replica without its master when stale data is not served.
    pub const STALE: Flags = Flags(8);
    /// May put something into the stream: postponed while writes are paused.
    pub const REPLICATES: Flags = Flags(16);
    /// Allowed before authentication.
    pub const NO_AUTH: Flags = Flags(32);
    /// Allowed on a RESP2 connection with subscriptions.
    pub const SUBSCRIBER: Flags = Flags(64);

    const ADMIN: Flags = Flags::KNOWN.and(Flags::LOADING).and(Flags::STALE);
    const SET_OF_WRITE: Flags = Flags::KNOWN.and(Flags::WRITE).and(Flags::REPLICATES);

    const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether all of `other` is set.
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags of a command by itself.
    pub fn of(request: &Request) -> Flags {
        match request {
            Request::Data(command) if command.is_write() => Flags::SET_OF_WRITE,
            Request::Data(_) | Request::Psync(_) | Request::Wait(..) | Request::ScriptKill => Flags::KNOWN,
            Request::Ping => Flags::KNOWN.and(Flags::SUBSCRIBER),
            Request::Subscribe(_) => Flags::ADMIN.and(Flags::SUBSCRIBER),
            Request::Publish(_) => Flags::ADMIN.and(Flags::REPLICATES),
            Request::Auth(_) | Request::HelloProto(_) => Flags::ADMIN.and(Flags::NO_AUTH),
            Request::SlaveOf(_) => Flags::KNOWN.and(Flags::STALE),
            Request::ClientSetName(_)
            | Request::ClientKill(_)
            | Request::Info
            | Request::Role
            | Request::Multi
            | Request::Exec
            | Request::ConfigRewrite
            | Request::ReplconfPort(_)
            | Request::ReplconfIp(_)
            | Request::ReplconfCapa
            | Request::ReplconfAck(_) => Flags::ADMIN,
            // CLIENT SETINFO came with 7.2; the rest are commands of Sentinel.
            Request::ClientSetInfo(_)
            | Request::GetMasterAddr(_)
            | Request::Masters
            | Request::Replicas(_)
            | Request::Sentinels(_)
            | Request::IsMasterDown(_)
            | Request::Failover(_)
            | Request::Sentinel(_)
            | Request::Renamed(..) => Flags(0),
        }
    }

    /// EXEC is checked as the union of what it would write and the intersection of when it may run (cmd_flags and
    /// cmd_inv_flags of the transaction).
    fn of_transaction(multi: &Multi) -> Flags {
        multi.queue.iter().fold(Flags::ADMIN, |all, request| {
            let one = Flags::of(request);
            let writes = (all.0 | one.0) & (Flags::WRITE.0 | Flags::REPLICATES.0);
            let allowed = all.0 & one.0 & (Flags::LOADING.0 | Flags::STALE.0);
            Flags(Flags::KNOWN.0 | writes | allowed)
        })
    }
}

/// `CMD_DENYOOM`
fn grows_memory(request: &Request) -> bool {
    matches!(request, Request::Data(command) if command.is_write() && !matches!(command, Command::Srem(..) | Command::Del(_)))
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It runs, or is queued in a transaction.
    Run,
    /// It waits for the end of a pause.
    Postpone,
    /// It is refused.
    Refuse(ErrorWord),
}

impl Redis {
    /// processCommand up to the call, spec 9.1. The numbers are those of the table there.
    pub(super) fn admit(&self, client: &Client, request: &Request) -> Admission {
        let flags = match (request, &client.multi) {
            (Request::Exec, Some(multi)) => Flags::of_transaction(multi),
            _ => Flags::of(request),
        };
        match self.refusal(client, request, flags) {
            Some(word) => Admission::Refuse(word),
            // 10. paused
            None if self.shutdown.paused() && flags.has(Flags::REPLICATES) => Admission::Postpone,
            None => Admission::Run,
        }
    }

    fn refusal(&self, client: &Client, request: &Request, flags: Flags) -> Option<ErrorWord> {
        // 1. unknown command
        if !flags.has(Flags::KNOWN) {
            return Some(ErrorWord::Err);
        }
        // 2. authentication
        let open = client.authenticated || self.conf.acl.lets_in(self.conf.requirepass.as_deref());
        if !open && !flags.has(Flags::NO_AUTH) {
            return Some(ErrorWord::NoAuth);
        }
        if !self.conf.acl.permits(client.user, request) {
            return Some(ErrorWord::NoPerm);
        }
        let write = flags.has(Flags::WRITE);
        let replica = self.master_addr.is_some();
        // 3. memory limit; a replica leaves it to its master (replica-ignore-maxmemory)
        let grows = match (request, &client.multi) {
            (Request::Exec, Some(multi)) => multi.queue.iter().any(grows_memory),
            // Whatever is queued takes memory: a transaction that would make this server a replica is refused too.
            (_, Some(_)) => true,
            (request, None) => grows_memory(request),
        };
        if grows && !replica && self.conf.maxmemory > 0 && self.data.memory_bytes() > self.conf.maxmemory {
            return Some(ErrorWord::Oom);
        }
        // 4. disk failure
        if (write || matches!(request, Request::Ping)) && self.persist.refuses_writes(&self.conf) {
            return Some(ErrorWord::Misconf);
        }
        if write {
            // 5. min-replicas, against the cached count (spec 10)
            if !replica && self.min_replicas_on() && self.good_replicas < self.conf.min_replicas_to_write {
                return Some(ErrorWord::NoReplicas);
            }
            // 6. read-only replica
            let promoted = self.history.second.is_some() && self.conf.planted.has(Planted::PromotedStaysReadonly);
            let protected = replica && !self.conf.planted.has(Planted::ReadonlyMissing) || promoted;
            if protected && self.conf.replica_read_only {
                return Some(ErrorWord::ReadOnly);
            }
        }
        if client.kind == Kind::Pubsub && !client.resp3 && !flags.has(Flags::SUBSCRIBER) {
            return Some(ErrorWord::Err);
        }
        // 7. stale data
        if replica
            && self.link.phase != Phase::Connected
            && !self.conf.replica_serve_stale_data
            && !flags.has(Flags::STALE)
        {
            return Some(ErrorWord::MasterDown);
        }
        // 8. loading
        if self.loading.is_some() && !flags.has(Flags::LOADING) {
            return Some(ErrorWord::Loading);
        }
        // 9. busy script: not modelled
        None
    }

    /// Whether both min-replicas options are non-zero.
    pub(super) fn min_replicas_on(&self) -> bool {
        self.conf.min_replicas_to_write > 0 && self.conf.min_replicas_max_lag > 0
    }
}
