//! Presets of network, disk and scheduling.

use super::{Entry, entry};

pub const ENTRIES: &[Entry] = &[
    entry(
        "recorder",
        "The machine on which real failovers were recorded. A round trip of about 0.05 ms, and its disk's fsync.",
    ),
    entry("recorder-tmpfs", "As `recorder`, with configuration files on tmpfs: an fsync costs next to nothing."),
    entry("lan", "One data centre, dedicated machines. Round trips of 0.2 to 0.4 ms. The default."),
    entry("cross-az", "Several zones of one region. Round trips of about 1.2 ms with a thin tail, little loss."),
    entry("wan", "Regions far apart. Round trips of about 80 ms, and one packet in two thousand lost."),
    entry(
        "noisy-cloud",
        "Shared machines with noisy neighbours. Now and then a packet, an fsync or a process waits for a good part of a \
         second.",
    ),
];
