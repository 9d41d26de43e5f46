//! Jedis with `JedisSentinelPool` or its successors (client spec 4). Sentinels are asked once; from then on a listener
//! per Sentinel moves the client, whatever that Sentinel says. Closing a connection resets it.

use crate::client::profile::{
    Backoff, ErrClass, Greeting, OnNewAddress, PoolWait, Profile, Retry, SentinelOrder, Subscribe, Subscription,
    Trigger,
};
use crate::{CloseHow, Millis};

const GREETING: &[Greeting] = &[Greeting::LibName, Greeting::LibVersion];
const TIMEOUT: Option<Millis> = Some(Millis(2000));

/// Jedis as it comes.
pub fn profile() -> Profile {
    Profile {
        name: "jedis",
        sentinel_order: SentinelOrder::FixedPermutation,
        next_on_bad_answer: true,
        next_on_error_reply: true,
        sentinel_connect_timeout: TIMEOUT,
        sentinel_cmd_timeout: TIMEOUT,
        sentinel_greeting: GREETING,
        subscription: Some(Subscription {
            to: Subscribe::All,
            trigger: Trigger::UsePayloadAddress,
            redial: Backoff::constant(Millis(5000)),
            refresh_on_resubscribe: true,
            health: None,
            broad_events: &[],
            renew: false,
        }),
        resolve_once: true,
        greeting: GREETING,
        connect_timeout: TIMEOUT,
        read_timeout: TIMEOUT,
        on_new_address: OnNewAddress::CloseIdleAndLazyInUse,
        pool_max: 8,
        pool_wait: PoolWait::Turn(None),
        close: CloseHow::Reset,
        ..Profile::PLAIN
    }
}

/// Jedis with its retry executor, five attempts within five read timeouts: it repeats after any connection error, a
/// read timeout included, whether or not the operation may be executed twice.
pub fn with_retries() -> Profile {
    Profile {
        name: "jedis-retry",
        op_retry: Retry {
            attempts: 5,
            backoff: Backoff::NONE,
            budget: Some(Millis(10_000)),
            on: &[ErrClass::ConnFail, ErrClass::Closed, ErrClass::ReadTimeout],
        },
        ..profile()
    }
}
