//! Properties a run is judged by.

use super::{Entry, entry};

pub const ENTRIES: &[Entry] = &[
    entry(
        "split-brain",
        "Two nodes acknowledge writes as master at the same time. A node's tenure reaches from its first to its last \
         acknowledged write between two changes of its role; the property is violated when tenures of different nodes of one \
         master overlap, and measured by how long they do. Two nodes that both call themselves master while clients \
         write to one of them are a dual master, not a split brain.",
    ),
    entry(
        "lost-write",
        "A write was acknowledged and is gone after everybody agrees again. A write belongs to a position in the history \
         of a replication id; it is lost if that position is not in the lineage of the final master. A value that a \
         later write replaced is not lost. Without a converged cluster the question is undecided. A finding says why: not \
         replicated before the promotion, executed by a master that had been replaced, gone with a restart from older data \
         or from none; and what became of them: wiped by a full resync, or gone with a process that died. Keys that a server \
         gave up for lack of memory are not lost but evicted (`no-eviction`).",
    ),
    entry(
        "linearizable",
        "Every register's operations have one order that respects real time. Each GET returns the value of the latest \
         SET before it in that order. Values are unique, so the check is exact; an operation without an answer may have \
         happened at any time after its call, or never.",
    ),
    entry(
        "stale-read",
        "A read returned a value older than a write acknowledged before the read began. It happens wherever clients \
         still read from a master that has been replaced.",
    ),
    entry(
        "no-eviction",
        "A server that held more than `maxmemory` gave up a key with acknowledged writes. It is what an `allkeys` policy \
         asks for, and it surprises after a failover to a replica with less memory: a replica ignores its own limit until \
         it is promoted. The writes are not lost in the sense of `lost-write`, for the eviction is a DEL in the history \
         that they are in; keys that were evicted are left out of `linearizable` and `stale-read`.",
    ),
    entry(
        "durable",
        "No restart takes back a write that the restarted server had acknowledged. A master that dies and comes back as a \
         master still has every write of its last reign. `appendfsync always` promises that, other settings do not, so \
         it is demanded only where a scenario asks for it.",
    ),
    entry(
        "replicas-agree",
        "What a replica holds is what its history gives, and no replica takes a client's write. Once everybody agrees, \
         replaying the recorded writes up to a replica's position has to give its data, and that position has to lie in \
         the history of its master.",
    ),
    entry(
        "one-leader-per-epoch",
        "At most one Sentinel is elected per master and epoch. Sentinel promises this; a violation is a bug of the \
         protocol or of its simulation.",
    ),
    entry(
        "one-promotion-per-epoch",
        "At most one replica is promoted per master and epoch. Sentinel promises this as well.",
    ),
    entry(
        "epoch-monotonic",
        "No epoch of a Sentinel ever goes back. Not even over a restart, because votes are on disk before they are given.",
    ),
    entry(
        "config-agreement",
        "One configuration epoch names one address. Two Sentinels that hold the same version of a master's configuration \
         hold the same address.",
    ),
    entry(
        "sentinel-protocol",
        "No Sentinel does what its protocol forbids at that moment. A +odown without a quorum of opinions, a decision in \
         TILT, TILT without an end, an attempt too soon after another attempt or vote, a selected replica that did not \
         run or could not be reached, a promotion that the replica did not confirm, more replicas under way than \
         parallel-syncs, and a switch to a server that nobody promoted. With one master, everything a Sentinel reads and \
         writes is looked at too: by its own clock it has to call down, ask, answer, select, save and send what the \
         specification says, in time and not before.",
    ),
    entry(
        "server-protocol",
        "No Redis server does what its protocol forbids at that moment. Everything that a server reads and writes about \
         replication and roles is looked at: by its own clock it has to offer, accept, acknowledge, drop, refuse and say \
         in INFO what the specification says, in time and not before. Commands of clients count: nothing is done as a \
         replica, while a dataset is loaded, or without enough good replicas, and nothing is refused without a ground.",
    ),
    entry(
        "client-protocol",
        "No client does what its library does not do. Everything an application's library reads and writes is held against its \
         profile: it goes only where a Sentinel or its own rules send it, greets a server and believes the answer, closes what an \
         error, a timeout or a new address ends, gives up when its limits are over and not before, repeats what it repeats, so \
         often and after such pauses, renews its subscriptions, and tells the application what was answered and how often \
         nobody can know. Which of its rules a client broke, and where, is in the finding.",
    ),
    entry(
        "failover-completes",
        "A failover that had to happen was completed in time. `within = \"auto\"` takes the bound that down-after, \
         failover-timeout and the timers of Sentinel imply; `exactly` counts completed failovers. It is demanded only \
         where a scenario asks for it.",
    ),
    entry(
        "no-false-failover",
        "No failover of a master that was well. A failover is false if the old master's process ran, was not loading, and \
         was reachable from a majority of the Sentinels during the whole down-after before it.",
    ),
    entry(
        "converges-after-heal",
        "After the last repair everybody agrees again. All running Sentinels name the same master, it says that it is \
         one, and all other running servers replicate from it.",
    ),
    entry(
        "available",
        "The longest time without an acknowledged write stays within a limit. It is demanded only where a scenario gives \
         the limit.",
    ),
    entry(
        "clients-recover",
        "Every client is served again once everybody agrees. One of its writes is acknowledged within the limit, if it \
         writes, and one of its reads answered, if it reads. It is demanded only where a scenario gives the limit.",
    ),
    entry(
        "events",
        "Events of Sentinel happen as often as a scenario demands. `[expect.events]` has a line for each: `\"+convert-to-slave\" \
         = \"happens\"`, `\"+tilt\" = \"never\"`, or a table with `at-least`, `at-most` or `exactly`, with `by` (a Sentinel) and \
         `of` (the server it is about; of a +switch-master the new master), and with `shows = true` or `shows = \"30%\"` if \
         not every run has to obey. Counted is from the moment from which the times of a report count.",
    ),
    entry(
        "metrics",
        "Numbers of a run stay within limits. `[expect.metrics]` has a line for each: `operations_failed = { at-most = 3 }`, \
         with `at-least`, `at-most`, and `shows = true` or `shows = \"30%\"` if not every run has to obey. A number that was \
         not measured in a run meets no limit.",
    ),
];
