//! redis-rs 1.6 with its `sentinel` module and asynchronous connections (client spec 8.1). A connection is bound to one
//! server; the application asks for another when it is broken. An operation without a reply is given up and the
//! connection is kept.

use crate::Millis;
use crate::client::profile::{Greeting, Profile, Reach, ReplicaChoice, ReplicaOrder, SentinelQuery, Shared};

/// redis-rs as it comes, in an application that asks for a new connection when its own has broken.
pub fn profile() -> Profile {
    Profile {
        name: "redis-rs",
        sentinel_query: SentinelQuery::Masters,
        reject_down_flags: true,
        keep_sentinel_connections: true,
        sentinel_connect_timeout: Some(Millis(1000)),
        sentinel_cmd_timeout: Some(Millis(500)),
        sentinel_greeting: &[Greeting::LibName, Greeting::LibVersion, Greeting::Role],
        sentinel_attempts: 2,
        greeting: &[Greeting::LibName, Greeting::LibVersion, Greeting::Role],
        connect_timeout: Some(Millis(1000)),
        read_timeout: Some(Millis(500)),
        shared: Some(Shared {
            reach: Reach::Sentinels,
            reconnect: None,
            resend_inflight: false,
            resend_on: &[],
            op_timeout: None,
            give_up_every: None,
        }),
        replica_choice: Some(ReplicaChoice {
            reject_disconnected: false,
            order: ReplicaOrder::Rotating,
            tries_all: true,
            falls_back_to_master: false,
        }),
        ..Profile::PLAIN
    }
}
