//! Numbers of a run. Times are milliseconds after the first fault; absent where the thing did not happen.

use super::{Entry, entry};

pub const ENTRIES: &[Entry] = &[
    entry("first_sdown", "When the first Sentinel held the master for down (+sdown)."),
    entry("last_sdown", "When the last Sentinel held the master for down."),
    entry("first_odown", "When the first Sentinel knew that a quorum agrees (+odown)."),
    entry("last_odown", "When the last Sentinel knew that a quorum agrees."),
    entry("elected", "When a Sentinel was elected to lead the failover (+elected-leader)."),
    entry("selected_slave", "When the leader chose the replica to promote (+selected-slave)."),
    entry("promoted", "When the chosen replica said that it is a master (+promoted-slave)."),
    entry("first_switch_master", "When the first Sentinel announced the new address (+switch-master)."),
    entry("last_switch_master", "When the last Sentinel announced the new address."),
    entry("failover_end", "When the leader had told all replicas to follow, or gave up waiting (+failover-end)."),
    entry("convert_to_slave", "When a Sentinel told the returned old master to become a replica (+convert-to-slave)."),
    entry(
        "write_unavailable",
        "The longest gap without an acknowledged write, on whichever node. A split brain hides in it.",
    ),
    entry("write_unavailable_surviving", "The longest gap without an acknowledged write that survived."),
    entry("split_brain", "For how long two nodes acknowledged writes as master."),
    entry("failovers", "How many failovers were completed."),
    entry("false_failovers", "How many of them replaced a master that was well."),
    entry("election_rounds", "In how many epochs Sentinels voted."),
    entry("writes_acked", "Writes that were acknowledged."),
    entry("writes_lost", "Acknowledged writes that are gone after everybody agrees again."),
    entry("writes_indeterminate", "Writes whose client cannot know whether they were executed."),
    entry("operations_failed", "Operations that ended for the application with an error or without an answer."),
    entry("stale_reads", "Reads of a value older than a write acknowledged before."),
    entry("keys_evicted", "Keys that a server gave up because its data took more than maxmemory."),
    entry("writes_evicted", "Acknowledged writes that were the content of these keys."),
    entry("tilts", "How often a Sentinel entered TILT because its clock or its process jumped."),
    entry("sentinel_traffic", "Payload bytes per second that a Sentinel sends and receives, of the busiest one."),
    entry("sim_ms", "How much time was simulated."),
    entry("events", "How many events the simulation processed."),
];
