//! The client of the recordings of real failovers: discovery before an operation that finds no connection, a ROLE
//! check, no retry, no subscription. Any error or timeout drops the connection, except NOREPLICAS.

use crate::client::profile::{Backoff, CloseOn, Greeting, OnNewAddress, Profile, Promote, Retry, SentinelQuery};
use crate::{CloseHow, ErrorWord, Millis};

/// The recorder's client.
pub fn profile() -> Profile {
    Profile {
        name: "recorder",
        sentinel_query: SentinelQuery::GetMasterAddr,
        promote_answering: Promote::MoveToFront,
        reject_down_flags: false,
        min_other_sentinels: 0,
        next_on_bad_answer: true,
        next_on_error_reply: true,
        keep_sentinel_connections: false,
        sentinel_connect_timeout: Some(Millis(250)),
        sentinel_cmd_timeout: Some(Millis(250)),
        sentinel_greeting: &[],
        sentinel_attempts: 1,
        sentinel_backoff: Backoff::NONE,
        greeting: &[Greeting::Role],
        connect_timeout: Some(Millis(500)),
        read_timeout: Some(Millis(1000)),
        greeting_timeout: Some(Millis(500)),
        check_idle_eof: false,
        on_new_address: OnNewAddress::Nothing,
        pool_max: u32::MAX,
        pool_keeps_closed: false,
        close: CloseHow::Now,
        close_on_error: CloseOn::AllBut(&[ErrorWord::NoReplicas]),
        op_retry: Retry::NEVER,
        resolve_in_op: true,
        ..Profile::PLAIN
    }
}
