//! ioredis 6 with the `sentinels` option (client spec 5). One connection; commands without a reply are sent again on the
//! next one. Nothing but the loss of the connection makes it ask the Sentinels.

use crate::client::profile::{
    Backoff, Greeting, Growth, Profile, Promote, Reach, Reaches, ReplicaChoice, ReplicaOrder, SentinelOrder, Shared,
    Subscribe, Subscription, Trigger,
};
use crate::{ErrorWord, Millis};

/// ioredis as it comes.
pub fn profile() -> Profile {
    Profile {
        name: "ioredis",
        sentinel_order: SentinelOrder::RotateEachUse,
        next_on_bad_answer: true,
        next_on_error_reply: true,
        sentinel_connect_timeout: Some(Millis(10_000)),
        // `connectTimeout` is for the master and Sentinels (client spec 5).
        timeouts_reach: Reaches { sentinel_replies: false, sentinel_connects: true, connects: false },
        round_retry: Some(Backoff { base: Millis(10), growth: Growth::Linear, cap: Millis(1000), ..Backoff::NONE }),
        greeting: &[Greeting::LibName, Greeting::LibVersion, Greeting::Info],
        connect_timeout: Some(Millis(10_000)),
        shared: Some(Shared {
            reach: Reach::Sentinels,
            reconnect: Some(Backoff {
                base: Millis(50),
                growth: Growth::DoublingFromBase,
                cap: Millis(5000),
                spread: Millis(200),
                ..Backoff::NONE
            }),
            resend_inflight: true,
            resend_on: &[],
            op_timeout: None,
            give_up_every: Some(21),
        }),
        replica_choice: Some(ReplicaChoice {
            reject_disconnected: true,
            order: ReplicaOrder::Random,
            tries_all: false,
            falls_back_to_master: false,
        }),
        ..Profile::PLAIN
    }
}

/// ioredis with `failoverDetector`: drops its connection on any `+switch-master`.
pub fn with_detector() -> Profile {
    Profile {
        name: "ioredis-detector",
        promote_answering: Promote::TurnToFront,
        subscription: Some(Subscription {
            to: Subscribe::All,
            trigger: Trigger::DropConnection,
            redial: Backoff::constant(Millis(60_000)),
            refresh_on_resubscribe: false,
            health: None,
            broad_events: &[],
            renew: true,
        }),
        ..profile()
    }
}

/// ioredis with a `reconnectOnError` that answers 2 to READONLY: it reconnects and sends the command again.
pub fn with_reconnect() -> Profile {
    let plain = profile();
    Profile {
        name: "ioredis-reconnect2",
        shared: plain.shared.map(|shared| Shared { resend_on: &[ErrorWord::ReadOnly], ..shared }),
        ..plain
    }
}
