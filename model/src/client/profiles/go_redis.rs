//! go-redis 9.22 with `NewFailoverClient` (client spec 7). Every dial asks the present Sentinel, or all at once; a new
//! address closes all connections to the old one; failed attempts are repeated, whatever the command.

use crate::client::profile::{
    Backoff, CloseOn, ErrClass, Greeting, Health, OnNewAddress, PoolWait, Profile, Reaches, ReplicaChoice,
    ReplicaOrder, Retry, SentinelOrder, Subscribe, Subscription, Trigger,
};
use crate::{ErrorWord, Millis};

const GREETING: &[Greeting] = &[Greeting::Hello, Greeting::LibName, Greeting::LibVersion];
const TIMEOUT: Option<Millis> = Some(Millis(5000));

/// Before attempt i: `min(10 ms + rand[0, 10 ms × 2^i), 1 s)`.
const BACKOFF: Backoff =
    Backoff { base: Millis(10), jitter: true, floor: Millis(10), cap: Millis(1000), ..Backoff::NONE };

/// go-redis as it comes, on a machine with eight processors.
pub fn profile() -> Profile {
    Profile {
        name: "go-redis",
        sentinel_order: SentinelOrder::ShuffleOnce,
        sticky_sentinel: true,
        query_parallel: true,
        keep_sentinel_connections: true,
        sentinel_connect_timeout: TIMEOUT,
        sentinel_cmd_timeout: TIMEOUT,
        // The options of its clients of Sentinels are made from those of the application.
        timeouts_reach: Reaches { sentinel_replies: true, sentinel_connects: true, connects: false },
        sentinel_greeting: GREETING,
        sentinel_attempts: 4,
        sentinel_backoff: BACKOFF,
        subscription: Some(Subscription {
            to: Subscribe::CurrentOnly,
            trigger: Trigger::UsePayloadAddress,
            redial: Backoff::constant(Millis(100)),
            refresh_on_resubscribe: false,
            health: Some(Health { silence: Millis(3000), patience: Millis(5000) }),
            broad_events: &[],
            renew: false,
        }),
        greeting: GREETING,
        connect_timeout: TIMEOUT,
        read_timeout: TIMEOUT,
        dials: 5,
        dial_pause: Millis(100),
        check_idle_eof: true,
        dial_breaker: Some(Millis(1000)),
        on_new_address: OnNewAddress::CloseAll,
        pool_max: 80,
        pool_wait: PoolWait::Turn(Some(Millis(6000))),
        close_on_error: CloseOn::Only(&[ErrorWord::ReadOnly]),
        op_retry: Retry {
            attempts: 4,
            backoff: BACKOFF,
            budget: None,
            on: &[
                ErrClass::ConnFail,
                ErrClass::Closed,
                ErrClass::ReadTimeout,
                ErrClass::NoMaster,
                ErrClass::ReadOnly,
                ErrClass::Loading,
                ErrClass::MasterDown,
                ErrClass::NoReplicas,
                ErrClass::PoolWait,
            ],
        },
        replica_choice: Some(ReplicaChoice {
            reject_disconnected: true,
            order: ReplicaOrder::Random,
            tries_all: false,
            falls_back_to_master: true,
        }),
        ..Profile::PLAIN
    }
}

/// go-redis with `MaxRetries: -1`, which its clients of Sentinels take over.
pub fn without_retries() -> Profile {
    Profile { name: "go-redis-noretry", sentinel_attempts: 1, op_retry: Retry::NEVER, ..profile() }
}
