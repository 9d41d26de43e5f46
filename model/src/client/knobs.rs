//! The larger alternatives of a [`super::profile::Profile`]: orders of Sentinels, subscriptions, shared connections.

use super::backoff::Backoff;
use crate::event::EventKind;
use crate::{ErrorWord, Millis};

/// In which order Sentinels are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentinelOrder {
    /// As listed.
    Listed,
    /// In an arbitrary order that depends on the addresses alone, as a hash table gives it.
    FixedPermutation,
    /// As listed, but every question goes on where the last one ended; after the last Sentinel the round is over,
    /// however it began.
    RotateEachUse,
    /// Shuffled when the process starts.
    ShuffleOnce,
}

/// On which Sentinels a client listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribe {
    /// On all of them.
    All,
    /// On the one that answered last.
    CurrentOnly,
}

/// What `+switch-master` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The new address is the one of the message. Nothing compares epochs: any Sentinel is believed.
    UsePayloadAddress,
    /// Sentinels are asked again this long after the first message; others until then change nothing.
    Refresh(Millis),
    /// The connection to the server is given up.
    DropConnection,
}

/// PING on a silent subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// After so much silence.
    pub silence: Millis,
    /// How long the answer may take.
    pub patience: Millis,
}

/// Connections on which Sentinels tell of new masters. They are opened once the first address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// On which Sentinels.
    pub to: Subscribe,
    /// What a message does.
    pub trigger: Trigger,
    /// Pauses before a lost one is opened again.
    pub redial: Backoff,
    /// Ask for the master's address on every new subscription before listening.
    pub refresh_on_resubscribe: bool,
    /// Detection of subscriptions whose other end has vanished.
    pub health: Option<Health>,
    /// Listen on every channel (pattern `*`) and take these events of the master for the trigger; without any, listen on
    /// `+switch-master` alone.
    pub broad_events: &'static [EventKind],
    /// All are opened anew whenever the client has found a master.
    pub renew: bool,
}

/// Where a lost shared connection leads when it is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Where Sentinels say.
    Sentinels,
    /// Where Sentinels say, or where it led before if none answers.
    SentinelsOrLast,
    /// To the same server for ever. Operations go to the connection of the present master.
    SameServer,
}

/// Connections that all operations share. Replies come in the order of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Where it leads when it is opened again.
    pub reach: Reach,
    /// Pauses before that. Without it nothing is opened until the next operation, and the operations that waited fail.
    pub reconnect: Option<Backoff>,
    /// Operations written and not answered are written again on the next connection, before all others.
    pub resend_inflight: bool,
    /// Error replies after which the connection is opened anew and the same operation written again.
    pub resend_on: &'static [ErrorWord],
    /// Time for a whole operation, waiting for a connection included; `None` waits for ever.
    pub op_timeout: Option<Millis>,
    /// After every so many failures in a row all waiting operations fail.
    pub give_up_every: Option<u32>,
}

/// In which order replicas are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaOrder {
    /// At random each time.
    Random,
    /// In turn, from a random one on.
    Rotating,
}

/// How a client that only reads chooses a replica: one that its Sentinel does not hold for down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaChoice {
    /// Refuse those that the Sentinel has no connection to.
    pub reject_disconnected: bool,
    /// In which order.
    pub order: ReplicaOrder,
    /// Try the others on the list if one cannot be used.
    pub tries_all: bool,
    /// Go to the master if there is none.
    pub falls_back_to_master: bool,
}

/// For what else than the replies and connections of servers the application's timeouts hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reaches {
    /// That for replies also for replies of Sentinels.
    pub sentinel_replies: bool,
    /// That for connecting also for connections to Sentinels.
    pub sentinel_connects: bool,
    /// That for replies also for connecting, to whomever, where there is no limit of its own.
    pub connects: bool,
}
