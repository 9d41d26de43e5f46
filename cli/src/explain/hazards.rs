//! Documented hazards of real Sentinel that findings are put down to.

use super::{Entry, entry};

pub const ENTRIES: &[Entry] = &[
    entry(
        "H1",
        "A leader acts with the epoch it began with after being elected in a later one. Votes are asked for and counted with \
         the current epoch, while the promotion bears that of the attempt; if the current epoch rises in between, two leaders \
         share an epoch. A finding is put down to it if the leader announced a later epoch between its +try-failover and its \
         +elected-leader, and only its votes of that later epoch were enough.",
    ),
    entry(
        "H2",
        "A leader busy with an older failover takes a newer epoch for its own. A hello names the master it replaces, so it \
         adopts the epoch and keeps its own address, and both stand for ever. A finding is put down to it if a leader, between \
         +promoted-slave and its end, announced an epoch in which others had failed back to the master it replaces.",
    ),
    entry(
        "H3",
        "Opinions on the old master made the new one objectively down. They outlive a switch for up to five seconds. A finding \
         is put down to it if the leader had switched less than that before its +odown, and fewer Sentinels than the quorum \
         had the new master as down.",
    ),
    entry(
        "H4",
        "A failover forced by an operator shares its epoch: SENTINEL FAILOVER takes the next one without a vote. A finding is \
         put down to it if such a failover is among those of the epoch.",
    ),
    entry(
        "H8",
        "A Sentinel forgot its vote when its master was removed and added again. A finding is put down to it if -monitor and \
         +monitor stand between its two votes.",
    ),
    entry(
        "H10",
        "A leader was reset after its promotion, and equal epochs correct nothing. SENTINEL RESET forgets the promoted \
         address, while the others have it under the same epoch. A finding is put down to it if +reset-master of the leader \
         stands between its +promoted-slave and the end of its failover.",
    ),
    entry(
        "I6",
        "A Sentinel that had not heard of the promotion demoted the new master. What a replica says of itself for eight seconds \
         is corrected while the old master looks well; then a master is a replica until another failover, some thirty seconds \
         later. Disagreement at the end of a run is put down to it if that +convert-to-slave came after the last repair and all \
         Sentinels name one master by then.",
    ),
    entry(
        "lost-file",
        "A Sentinel was restarted with a file that lacked what it had announced. It votes, or announces an epoch, a second \
         time. A finding is put down to it if the save that belongs to the first time had failed, or if the file went back to an \
         older one in between: a disk that lies about fsync and loses power, or somebody who puts an old file in place.",
    ),
    entry(
        "stale-answer",
        "A Sentinel that had not heard of the failover sent the client back to the old master. Jedis asks each Sentinel that it \
         connects to and believes it, and subscribes afterwards: what is published in between, or while a cut connection looks \
         alive, it never hears. A client that is not served again is put down to it if the last address that any Sentinel named \
         to it is one that another had already left for the master of the end.",
    ),
    entry(
        "late-announcement",
        "A Sentinel published the failover, and a client that had subscribed never read it. Its connection was dead without \
         its notice, or the packet waits for a retransmission, which after a minute of silence comes minutes later. Jedis reads \
         from its subscriptions without a time limit. A client that is not served again is put down to it if a Sentinel wrote the \
         switch to the master of the end to a subscription that the client still holds, and it has not read it.",
    ),
];
