//! Lettuce 7.7 (client spec 6): the plain connection to a Sentinel URI, and `MasterReplica`. Both write unanswered and
//! waiting commands again after a reconnect, until their 60 s are over.

use crate::Millis;
use crate::client::profile::{
    Backoff, Greeting, Growth, OnNewAddress, Profile, Reach, Reaches, SentinelQuery, Shared, Subscribe, Subscription,
    Trigger,
};
use crate::event::EventKind;

const GREETING: &[Greeting] = &[Greeting::Hello, Greeting::LibName, Greeting::LibVersion];
const COMMAND_TIMEOUT: Option<Millis> = Some(Millis(60_000));

/// Which events of its master start a look at the topology; `MasterReplica` listens on the pattern `*`.
const REFRESH_ON: &[EventKind] = &[
    EventKind::SwitchMaster,
    EventKind::ElectedLeader,
    EventKind::ResetMaster,
    EventKind::Slave,
    EventKind::SdownEnter,
    EventKind::SdownLeave,
    EventKind::ConvertToSlave,
    EventKind::RoleChangeToConfigured,
];

/// Delay before the n-th reconnect: `min(2^(n − 1) ms, 30 s)`.
const RECONNECT: Backoff =
    Backoff { base: Millis(1), growth: Growth::DoublingFromBase, cap: Millis(30_000), ..Backoff::NONE };

/// A plain connection: asks at every reconnect, and goes back to where it was if no Sentinel answers.
pub fn profile() -> Profile {
    Profile {
        name: "lettuce",
        sentinel_connect_timeout: Some(Millis(10_000)),
        sentinel_cmd_timeout: COMMAND_TIMEOUT,
        // `SocketOptions` belong to the client with all its connections (client spec 6).
        timeouts_reach: Reaches { sentinel_replies: false, sentinel_connects: true, connects: false },
        sentinel_greeting: GREETING,
        greeting: GREETING,
        connect_timeout: Some(Millis(10_000)),
        greeting_timeout: COMMAND_TIMEOUT,
        shared: Some(Shared {
            reach: Reach::SentinelsOrLast,
            reconnect: Some(RECONNECT),
            resend_inflight: true,
            resend_on: &[],
            op_timeout: COMMAND_TIMEOUT,
            give_up_every: None,
        }),
        ..Profile::PLAIN
    }
}

/// `MasterReplica.connect`: a connection per server, which leads to that server for ever. The servers are looked up at
/// the start and 5 s after a Sentinel's message.
pub fn master_replica() -> Profile {
    let plain = profile();
    Profile {
        name: "lettuce-mr",
        sentinel_query: SentinelQuery::MasterAndReplicas,
        subscription: Some(Subscription {
            to: Subscribe::All,
            trigger: Trigger::Refresh(Millis(5000)),
            redial: RECONNECT,
            refresh_on_resubscribe: false,
            health: None,
            broad_events: REFRESH_ON,
            renew: false,
        }),
        resolve_once: true,
        on_new_address: OnNewAddress::CloseUnlisted,
        shared: plain.shared.map(|shared| Shared { reach: Reach::SameServer, ..shared }),
        ..plain
    }
}
