//! The laws a Redis server keeps that can be checked from its tape ([`crate::server_tape`]), each with how a breach is told.
//! Sections are those of the Redis specification.

use serde::{Deserialize, Serialize};

macro_rules! laws {
    ($($(#[doc = $doc:literal])* $law:ident = $told:literal;)*) => {
        /// Something that a Redis server has to do or must not do, as its own clock and what it read have it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum ServerLaw {
            $($(#[doc = $doc])* $law,)*
        }

        impl ServerLaw {
            /// What a server that breaks it did; `{}` stands for the other side.
            pub(crate) const fn told(self) -> &'static str {
                match self { $(ServerLaw::$law => $told,)* }
            }
        }
    };
}

laws! {
    /// 4.3.
    ContinueRefused = "did not let {} continue, though it had the id and all bytes that were asked for";
    /// 4.3.
    ContinueGroundless = "let {} continue a history that it is not in, or of which it should not have the bytes any more";
    /// 4.3, preconditions.
    SyncRefused = "sent {} away, though its own link was up or it was a master";
    /// 4.3, preconditions.
    SyncedWithoutMaster = "took {} as its replica while its own link was down";
    /// 3.2, 4.1.
    PositionWrong = "named another replication id or offset than it must have";
    /// 3.2.
    IdKept = "kept its replication id through a promotion";
    /// 5.
    StreamWrong = "sent {} another part of the stream than what followed its position";
    /// 5.2.
    SyncEarly = "began a full synchronisation of {} before repl-diskless-sync-delay had passed";
    /// 5.2.
    SyncLate = "let {} wait for its full synchronisation, though repl-diskless-sync-delay had passed and no child was at work";
    /// 8, step 8.
    WaitedSilently = "did not tell {} that it lives while that waits for its dataset";
    /// 3.1, 3.2, 4.4, 6.1.
    ReplicasKept = "kept its replicas when its history became another";
    /// 3.1.
    ReplicasDropped = "dropped its replicas when it became a replica itself";
    /// 8, step 9.
    SilentReplicaKept = "kept {}, which had been silent for longer than repl-timeout";
    /// 8, step 9.
    ReplicaDropped = "dropped {}, which had acknowledged within repl-timeout";
    /// 4.1.
    HelloNotFed = "did not pass hellos on to its replicas";
    /// 4.1.
    HelloWithheld = "did not pass a hello on to all its subscribers";
    /// 4.1, 5.3.
    SelectMissed = "did not begin the stream with SELECT after a snapshot or a promotion";
    /// 2.4, 4.1.
    AcksNotAsked = "did not ask its replicas for the acknowledgements that WAIT waits for";
    /// 8, step 7.
    PingMissed = "did not send its replicas a PING that was due";
    /// 10.
    TookUnreplicated = "did writes without enough good replicas";
    /// 10.
    RefusedReplicated = "refused a write for want of replicas, though there were enough good ones";
    /// 11.
    WaitWrong = "gave WAIT another number than that of the replicas which had acknowledged";
    /// Spec 11.
    WaitOverdue = "kept a client in WAIT when its time was over";
    /// 3.1.
    WaitersKept = "left clients blocked in WAIT when it became a replica";
    /// 3.1.
    UnblockedKept = "kept the connection of a client that it had unblocked when it became a replica";
    /// 9.1.
    ExecutedPoisoned = "executed a transaction of which it had refused a command";
    /// 9.1.
    TookAsReplica = "did writes of clients as a replica";
    /// 9.1.
    RefusedGroundless = "refused a command with an error for which there was no ground";
    /// 9.1.
    ServedLoading = "answered commands while it loaded its master's dataset";
    /// 9.1.
    ServedStale = "answered commands without its master, though replica-serve-stale-data is off";
    /// 13.1.
    KillWrong = "closed other clients on CLIENT KILL than it should have";
    /// 12.6.
    ShutdownEarly = "ended before {} had everything and before shutdown-timeout had passed";
    /// Spec 12.6.
    ShutdownUnasked = "waited for its replicas in a shutdown without asking them for their acknowledgements";
    /// 12.6.
    ShutdownMissed = "went on running when shutdown-timeout had passed or its replicas had everything";
    /// 12.6.
    TookInShutdown = "did writes of clients while it was shutting down";
    /// 3.1, 3.3, 6, 8, step 5.
    ConnectMissed = "did not try to reach its master";
    /// Spec 3.1, 3.2.
    FormerLinkKept = "kept its connection to the master that it had before";
    /// 3.1: the same address as now has no effect.
    LinkDropped = "dropped its link though it was told of the master that it had";
    /// 3.1.
    MasterWrong = "connected to {}, which is not its master";
    /// 6.
    HandshakeWrong = "greeted its master with something else than PING, AUTH, REPLCONF and PSYNC in this order";
    /// 3.1, 3.3, 4.4, 12.2.
    OfferWrong = "offered its master another position than its own";
    /// 7.
    AckWrong = "acknowledged another offset than it had applied";
    /// 8, step 6.
    AckMissed = "did not acknowledge for seconds, though its link was up";
    /// 8, steps 2 to 4.
    DeadLinkKept = "kept its link though its master had been silent for longer than repl-timeout";
    /// 8, step 4.
    LiveLinkDropped = "gave up its link, though its master had been heard within repl-timeout";
    /// 8, steps 2 and 3.
    AttemptCutShort = "gave up an attempt to reach its master before repl-timeout had passed";
    /// 6.1.
    LoadedSilently = "did not tell its master that it lives while it loaded";
    /// Spec 3.4.
    FileWrong = "came back with a file that names another master than it had when it was rewritten";
    /// Spec 2.6.
    InfoLoading = "did not say in INFO that it loads";
    /// Spec 12.1.
    SaveMissed = "did not save its dataset, though a save point was reached";
    /// Spec 12.1.
    SavedEarly = "saved its dataset before a save point was reached";
    /// Spec 12.6.
    LastSaveMissed = "ended without saving its dataset, though it has save points";
    /// Spec 12.6.
    LastSyncMissed = "ended without syncing what it had appended to its append-only file";
    /// Spec 12.1.
    SyncMissed = "did not begin to sync its append-only file within a second";
    /// Spec 12.1, 12.5.
    SyncErrorIgnored = "went on though it could not sync its append-only file before it answers";
    /// Spec 12.5.
    TookUnpersisted = "did writes though its files could not be written";
    /// 7.
    InfoRole = "said in INFO or ROLE another role or master than it had";
    /// 7.
    InfoLink = "said in INFO or ROLE that its link is in another state than it is";
    /// 7.
    InfoDownTime = "said in INFO another time since it lost its link";
    /// 7.
    InfoOffset = "said in INFO or ROLE another offset than its own";
    /// 7.
    InfoSettings = "said in INFO something else than its configuration";
    /// 7.
    InfoReplicas = "listed in INFO or ROLE other replicas than it had, or other states of them";
    /// 1.
    RunIdWrong = "changed its run id, or kept it through a restart";
}
