//! redis-py 8 with `redis.sentinel` (client spec 3). Addresses are looked up whenever a connection of the pool has to
//! be opened; there is no subscription. Each Sentinel is asked through a plain client, which repeats its attempts.

use crate::client::profile::{
    Backoff, CloseOn, ErrClass, Greeting, OnNewAddress, Profile, Promote, Reaches, ReplicaChoice, ReplicaOrder, Retry,
    SentinelQuery,
};
use crate::{CloseHow, ErrorWord, Millis};

const HANDSHAKE: &[Greeting] = &[Greeting::Hello, Greeting::LibName, Greeting::LibVersion];

/// Exponential with full jitter, as the plain client has it (client spec 3.1).
const BACKOFF: Backoff = Backoff { base: Millis(10), cap: Millis(1000), jitter: true, ..Backoff::NONE };

/// redis-py as it comes.
pub fn profile() -> Profile {
    Profile {
        name: "redis-py",
        sentinel_query: SentinelQuery::Masters,
        promote_answering: Promote::SwapWithFirst,
        reject_down_flags: true,
        min_other_sentinels: 0,
        next_on_bad_answer: true,
        next_on_error_reply: false,
        keep_sentinel_connections: true,
        sentinel_connect_timeout: Some(Millis(5000)),
        sentinel_cmd_timeout: Some(Millis(5000)),
        // `sentinel_kwargs` are the `socket_*` arguments unless the application gives others.
        timeouts_reach: Reaches { sentinel_replies: true, sentinel_connects: true, connects: false },
        sentinel_greeting: HANDSHAKE,
        sentinel_attempts: 11,
        sentinel_backoff: BACKOFF,
        greeting: HANDSHAKE,
        connect_timeout: Some(Millis(5000)),
        read_timeout: Some(Millis(5000)),
        greeting_timeout: None,
        check_idle_eof: true,
        on_new_address: OnNewAddress::CloseIdleAndLazyInUse,
        pool_max: 1 << 31,
        pool_keeps_closed: true,
        close: CloseHow::Now,
        // Errors that redis-py raises as connection errors, and READONLY, which its Sentinel connection turns into one.
        close_on_error: CloseOn::Only(&[
            ErrorWord::ReadOnly,
            ErrorWord::Loading,
            ErrorWord::NoAuth,
            ErrorWord::WrongPass,
        ]),
        op_retry: Retry::NEVER,
        resolve_in_op: false,
        replica_choice: Some(ReplicaChoice {
            reject_disconnected: false,
            order: ReplicaOrder::Rotating,
            tries_all: true,
            falls_back_to_master: true,
        }),
        ..Profile::PLAIN
    }
}

/// redis-py with `retry=Retry(…, 5)` given by the application: since 6.0 such a retry goes to the same host again
/// (client spec 3.3).
pub fn with_retries() -> Profile {
    Profile {
        name: "redis-py-retry",
        op_retry: Retry {
            attempts: 6,
            backoff: BACKOFF,
            budget: None,
            on: &[ErrClass::ConnFail, ErrClass::Closed, ErrClass::ReadTimeout, ErrClass::ReadOnly, ErrClass::Loading],
        },
        ..profile()
    }
}

/// redis-py 5: waits for ever, and its plain client repeats nothing (client spec 3.1).
pub fn five() -> Profile {
    Profile {
        name: "redis-py-5",
        sentinel_connect_timeout: None,
        sentinel_cmd_timeout: None,
        sentinel_greeting: &[Greeting::LibName, Greeting::LibVersion],
        sentinel_attempts: 1,
        greeting: &[Greeting::LibName, Greeting::LibVersion],
        connect_timeout: None,
        read_timeout: None,
        // Without `socket_connect_timeout`, `socket_timeout` holds for connecting too (client spec 3.1).
        timeouts_reach: Reaches { sentinel_replies: true, sentinel_connects: true, connects: true },
        resolve_in_op: true,
        ..profile()
    }
}
