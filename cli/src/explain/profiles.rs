//! Client libraries.

use super::{Entry, entry};

pub const ENTRIES: &[Entry] = &[
    entry(
        "recorder",
        "The client of the recordings of real failovers. One operation at a time; without a connection it asks the \
         Sentinels in order (250 ms each), connects, and the server must say in ROLE that it is a master. Errors and \
         timeouts (1 s) drop the connection, except NOREPLICAS. Nothing is repeated.",
    ),
    entry(
        "redis-py",
        "redis-py with `redis.sentinel`, as it comes. The master's address is looked up when a connection is opened; a \
         READONLY answer closes the connection; a failed operation is reported and not repeated.",
    ),
    entry(
        "redis-py-retry",
        "redis-py with `redis.sentinel` and retries switched on. An operation whose answer was lost may be executed twice.",
    ),
];
