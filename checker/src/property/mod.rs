//! The properties, one per file. Each begins with its formal statement, where it comes from, and what it cannot see.

pub mod available;
pub mod client_protocol;
pub mod clients_recover;
pub mod config_agreement;
pub mod converges_after_heal;
pub mod durable;
pub mod epoch_monotonic;
pub mod events;
pub mod failover_completes;
pub mod linearizable;
pub mod lost_write;
pub mod no_eviction;
pub mod no_false_failover;
pub mod one_leader_per_epoch;
pub mod one_promotion_per_epoch;
pub mod replicas_agree;
pub mod sentinel_protocol;
pub mod server_protocol;
pub mod split_brain;
pub mod stale_read;

use crate::finding::Span;
use crate::observations::Observations;
use splitbrain_model::TrueTime;

/// A time as a finding tells it.
fn span(obs: &Observations, from: TrueTime, until: TrueTime) -> Span {
    Span { from_ms: obs.ms(from), until_ms: obs.ms(until) }
}
