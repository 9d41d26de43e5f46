//! `[chaos]` and its families of random faults.

use super::{Entry, entry};

/// The section itself.
pub const CHAOS: &[Entry] = &[entry(
    "chaos",
    "Random faults, drawn for each seed and written out as a schedule like any other. `[chaos]` has `families` with \
     their weights (all but what operators type, once each, if left out), `intensity` (how many faults, \"2..8\"), `spacing` \
     between their beginnings (\"0s..15s\"), how long each `lasts` (\"50ms..20s\"), `swarm` (true: each seed switches about half \
     of the families off, so that the others meet more often) and a `budget`: `survivable` keeps, at every moment, a majority \
     of the Sentinels and of every master one server in peace that has caught up, all of them connected, so that nothing \
     should be violated but known hazards of Sentinel; `unbounded` keeps nothing.",
)];

/// Families, by their names in `families`.
pub const ENTRIES: &[Entry] = &[
    entry("crash", "A process is killed with SIGKILL, and restarted after a while with what is on its disk."),
    entry("stop", "A process is told to end with SIGTERM, and restarted after a while."),
    entry("power", "A host loses power and boots again. What was not synced is gone, and peers get silence."),
    entry("pause", "A process is stopped with SIGSTOP and woken. Its kernel goes on accepting and buffering."),
    entry("isolate", "One host is cut off from everything, in both directions, until the fault ends."),
    entry("partition", "The hosts are split in two parts that do not hear each other."),
    entry("deaf", "What one host sends is lost. It still receives, so that it and the others differ in what they see."),
    entry(
        "flap",
        "One host is cut off again and again, for less than a second each time. Connections survive that with \
         retransmissions; patience of about a second does not.",
    ),
    entry("slow", "Links of one host get slow, by up to 400 ms each way."),
    entry(
        "loss",
        "Links of one host lose up to half of their packets. TCP repeats them, and each repetition takes at least 200 ms.",
    ),
    entry("clock", "The wall clock of one process jumps. A Sentinel whose clock does enters TILT for half a minute."),
    entry("sleep", "A server is blocked with DEBUG SLEEP and answers nobody."),
    entry(
        "unwritable",
        "Configuration files of one process cannot be replaced: what it decides is forgotten by a restart.",
    ),
    entry(
        "failover",
        "An operator types SENTINEL FAILOVER at some Sentinel. It takes part only where a weight is given: real Sentinel \
         has known hazards there.",
    ),
    entry(
        "reset",
        "An operator types SENTINEL RESET at some Sentinel, which forgets replicas and peers for a while. It takes part only \
         where a weight is given.",
    ),
    entry("drift", "The clocks of one process run too fast or too slow. It takes part only where a weight is given."),
    entry("freeze", "The wall clock of one process stands still, and jumps on to the right time when the fault ends."),
    entry("stall", "A host stands still with its kernel, as a suspended virtual machine: no packet is acknowledged."),
    entry("fsync", "The disk of one process is slow: whoever has to wait for an fsync does nothing else."),
    entry("broken", "The disk of one process fails, and the process is killed and restarted when it works again."),
    entry("full", "The disk of one process is full, and the process is killed and restarted when there is room again."),
    entry(
        "lies",
        "The disk of one process reports success and loses everything that was not really written on power loss.",
    ),
    entry("lopsided", "Links from one host get slow while the way back does not."),
    entry("narrow", "Links of one host let few bytes pass in a second, so that big transfers take long."),
];
