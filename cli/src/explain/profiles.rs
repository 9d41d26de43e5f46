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
    entry(
        "redis-py-5",
        "redis-py 5 with `redis.sentinel`, as it comes. As redis-py, but without any timeout: a silent server holds an \
         operation until its connection breaks.",
    ),
    entry(
        "jedis",
        "Jedis with `JedisSentinelPool` or its successors, as it comes. Sentinels are asked once; from then on a listener \
         on every Sentinel moves the client to whatever address that Sentinel names, also back to an old one. Timeouts of \
         2 s; READONLY is handed to the application and changes nothing; nothing is repeated; connections are reset \
         instead of closed.",
    ),
    entry(
        "jedis-retry",
        "Jedis with its retry executor: five attempts within 10 s. It repeats after a read timeout too, so that an \
         operation may be executed several times.",
    ),
    entry(
        "ioredis",
        "ioredis with the `sentinels` option, as it comes. One connection, which is opened anew only when it breaks: \
         Sentinels are asked in turn, and INFO must say that the server is a master. Operations wait for the connection \
         without limit; those without a reply are sent again on the next one and may be executed twice.",
    ),
    entry(
        "ioredis-detector",
        "ioredis with `failoverDetector`. As ioredis, but it listens on all Sentinels and drops its connection on any \
         `+switch-master`.",
    ),
    entry(
        "ioredis-reconnect2",
        "ioredis with a `reconnectOnError` that returns 2 for READONLY. As ioredis, but on that answer it opens its \
         connection anew, asking the next Sentinel, and sends the operation again.",
    ),
    entry(
        "lettuce",
        "Lettuce's plain connection to a Sentinel URI, as it comes. One connection; the first Sentinel that answers is \
         asked at every reconnect, and without an answer it goes back to the old address. Operations last 60 s at most; \
         those without a reply are sent again and may be executed twice.",
    ),
    entry(
        "lettuce-mr",
        "Lettuce's `MasterReplica` with Sentinels, as it comes. A connection per server, which leads to that server for \
         ever; it listens to every event of all Sentinels, and 5 s after one that may mean a change (`+sdown`, \
         `+switch-master`, `+slave` and others) the servers are looked up again and later operations move. Operations of \
         before are sent again to the server they were meant for.",
    ),
    entry(
        "go-redis",
        "go-redis with `NewFailoverClient`, as it comes. Every dial asks the Sentinel that answered last, or all at once; \
         it listens on that one alone, and a new address closes all connections to the old one. An operation is tried \
         up to four times, also after a timeout, and may be executed as often. After as many failed dials in a row as the \
         pool has places, operations fail at once and one dial a second is tried.",
    ),
    entry("go-redis-noretry", "go-redis with `MaxRetries: -1`. As go-redis, but every operation is tried once."),
    entry(
        "redis-rs",
        "redis-rs with its `sentinel` module and asynchronous connections, as it comes. The application asks for a \
         connection when it has none; ROLE must say that the server is a master. An operation without a reply fails \
         after 0.5 s and leaves the connection as it is, so that a frozen master is never left.",
    ),
];
