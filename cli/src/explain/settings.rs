//! Settings whose consequences are reported.

use super::{Entry, entry};

pub const ENTRIES: &[Entry] = &[
    entry(
        "quorum",
        "How many Sentinels must hold the master for down before one of them tries a failover. The election itself needs \
         the majority of all known Sentinels, or the quorum if that is larger.",
    ),
    entry(
        "down-after-milliseconds",
        "How long a Sentinel waits for a valid answer before it holds an instance for down. Detection takes up to about \
         a second longer if packets vanish, because pings have a period of one second.",
    ),
    entry(
        "failover-timeout",
        "How long each stage of a failover may take; twice that is the pause before the next attempt. An election that \
         nobody wins is given up after this time or ten seconds, whichever is shorter.",
    ),
    entry(
        "parallel-syncs",
        "How many replicas are told at once to follow the new master. While a replica does a full resync it serves old \
         data or none.",
    ),
    entry(
        "min-replicas-to-write",
        "A master refuses writes unless so many replicas have acknowledged within min-replicas-max-lag seconds. It \
         bounds what an isolated master can lose; it does not prevent the loss.",
    ),
    entry(
        "min-replicas-max-lag",
        "How many seconds ago a replica may have acknowledged and still count for min-replicas-to-write.",
    ),
];
