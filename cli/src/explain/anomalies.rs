//! Anomalies of histories: why no order explains what was seen.

use super::{Entry, entry};

pub const ENTRIES: &[Entry] = &[
    entry(
        "phantom",
        "Something was seen that the operations there are cannot explain. A value that nobody wrote, an element that nobody \
         added, a count that there are too few increments for.",
    ),
    entry(
        "aborted-read",
        "A value was seen whose write had failed. The client was told that nothing had happened, and another saw that it had.",
    ),
    entry(
        "future-read",
        "A value was seen before its write began. Clocks or the recording are wrong, or values are not unique.",
    ),
    entry(
        "stale-read",
        "An older value was seen once after a newer one had been acknowledged or seen. The newer one came back later: the \
         reader asked somebody who was behind.",
    ),
    entry(
        "lost-write",
        "A value that had been acknowledged or seen gave way to an older one for good. Nothing wrote the older one again.",
    ),
    entry(
        "split-brain",
        "Two values were seen by turns. Two nodes took writes as master, each with readers of its own; in a simulated run this \
         name is also given where the answers came from two nodes in overlapping tenures.",
    ),
    entry(
        "lost-update",
        "Two updates began from the same value. Two increments returned the same count, or two compare-and-sets found the same \
         value, though only one of them can have come first.",
    ),
    entry(
        "duplicate-effect",
        "A write took effect a second time. A client library sent it again without knowing that the first time had counted.",
    ),
];
