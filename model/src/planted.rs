//! Bugs that can be planted in the model, to see whether the checkers notice. A build without the feature `planted` knows
//! their names and nothing else: every question for one of them is answered by the compiler. The controls of the
//! comparison with recordings are there in every build. Must not know who plants them or who should notice how.

use std::fmt;

macro_rules! planted {
    ($($variant:ident = $name:literal, $what:literal;)*) => {
        /// A bug that can be planted, one per run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Planted {
            $(#[doc = $what] $variant,)*
        }

        impl Planted {
            /// All of them, the controls of the comparison with recordings last.
            pub const ALL: &'static [Planted] = &[$(Planted::$variant),*];

            /// Its name in scenario files.
            pub const fn name(self) -> &'static str {
                match self { $(Planted::$variant => $name,)* }
            }

            /// What it does, in a sentence.
            pub const fn what(self) -> &'static str {
                match self { $(Planted::$variant => $what,)* }
            }
        }
    };
}

planted! {
    DoubleVote = "double-vote", "A Sentinel votes for every candidate that asks within an epoch.";
    VoteNotPersisted = "vote-not-persisted", "A vote is given without being saved first.";
    EpochNotBumped = "epoch-not-bumped", "A failover is tried in the epoch of the one before.";
    MajorityRoundedDown = "majority-rounded-down", "Half of the Sentinels, rounded down, elect a leader.";
    QuorumAloneElects = "quorum-alone-elects", "A leader needs the quorum and no majority.";
    MajorityOfTheUp = "majority-of-the-up", "A leader needs a majority of those Sentinels that answer.";
    VotesOfAnyEpoch = "votes-of-any-epoch", "Votes of former epochs are counted.";
    OwnVoteCountedTwice = "own-vote-counted-twice", "A candidate counts its own vote twice.";
    LeaderWithoutVotes = "leader-without-votes", "Whoever tries a failover leads it.";
    QuorumIgnored = "quorum-ignored", "One Sentinel's opinion makes a master objectively down.";
    ReplicasDownCount = "any-reply-agrees", "Whatever another Sentinel answers counts as agreement.";
    SdownNotLeft = "sdown-not-left", "An instance that answers again stays subjectively down.";
    OdownNotLeft = "odown-not-left", "A master that answers again stays objectively down.";
    EmbargoIgnored = "embargo-ignored", "The next attempt does not wait for twice the failover-timeout.";
    SelectionOrderWrong = "selection-order-wrong", "The replica with the smallest offset is promoted.";
    PriorityZeroPromoted = "priority-zero-promoted", "A replica of priority 0 may be promoted.";
    DownReplicaPromoted = "down-replica-promoted", "A replica that does not answer may be promoted.";
    PromotionNotAwaited = "promotion-not-awaited", "A replica counts as promoted when it was told, not when it says so.";
    PromotionTimeoutIgnored = "promotion-timeout-ignored", "A promotion that does not come is waited for without end.";
    ParallelSyncsIgnored = "parallel-syncs-ignored", "All replicas are pointed to the new master at once.";
    ReplicasNotReconfigured = "replicas-not-reconfigured", "Nobody tells the other replicas of the new master.";
    OldMasterNotDemoted = "old-master-not-demoted", "An old master that returns is left a master.";
    WrongMasterNotFixed = "wrong-master-not-fixed", "A replica of another master is left alone.";
    OldMasterForgotten = "old-master-forgotten", "The old master does not join the replicas after a switch.";
    ReplicasForgottenAtSwitch = "replicas-forgotten-at-switch", "A switch forgets all replicas.";
    ConfigEpochNotSet = "config-epoch-not-set", "A promotion does not raise the configuration epoch.";
    ConfigEpochNotCompared = "config-epoch-not-compared", "The last hello heard decides on the master.";
    OlderHelloAccepted = "older-hello-accepted", "A hello of an older configuration epoch decides on the master.";
    HelloOfOldAddress = "hello-of-old-address", "Hellos name the old master while a failover is being finished.";
    HellosIgnored = "hellos-ignored", "Configurations in hellos are not taken over.";
    TiltNotLeft = "tilt-not-left", "TILT, once entered, is never left.";
    TiltNotEntered = "tilt-not-entered", "A jump of the clock does not lead to TILT.";
    DivergentDataKept = "divergent-data-kept", "A replica keeps what it has when it receives its master's dataset.";
    PsyncBeyondBacklog = "psync-of-foreign-history", "A master continues any history whose offset its backlog covers.";
    BacklogGapIgnored = "backlog-gap-ignored", "A master continues a history of which its backlog has only the end.";
    SyncTailLost = "sync-tail-lost", "What was written during a full sync is not sent after it.";
    PromotedStaysReadonly = "promoted-stays-readonly", "A promoted replica goes on refusing writes.";
    SecondOffsetIgnored = "second-offset-ignored", "The former replication id is valid beyond the promotion.";
    MinReplicasMiscounted = "min-replicas-miscounted", "Replicas that stopped acknowledging count as good.";
    ReadonlyMissing = "readonly-missing", "A replica takes writes of clients.";
    ReplyBeforeExecution = "reply-before-execution", "Every sixteenth write is acknowledged and not executed.";
    WriteNotReplicated = "write-not-replicated", "Every sixteenth write does not reach the replication stream.";
    StreamAppliedTwice = "stream-applied-twice", "A replica executes every sixteenth write of the stream twice.";
    AofOrder = "aof-order", "Writes of one iteration go into the append-only file in reverse.";
    AofNotSynced = "aof-not-synced", "With `appendfsync always` nothing is synced.";
    SyncErrorIgnored = "sync-error-ignored", "With `appendfsync always` a failed fsync is taken for a good one.";
    EverysecEveryOther = "everysec-every-other", "With `appendfsync everysec` the file is synced every other second.";
    ReplicaChangesUncounted = "replica-changes-uncounted", "What its master sends does not count for a replica's save points.";
    SavePointLate = "save-point-late", "A save point takes twice its seconds.";
    LastSaveSkipped = "last-save-skipped", "A server with save points ends without saving.";
    SaveErrorForgotten = "save-error-forgotten", "Writes go on though the last save failed.";
    AofLastWriteSkipped = "aof-every-sixteenth-skipped", "Every sixteenth write does not reach the append-only file.";
    AofTailDropped = "aof-tail-dropped", "The last entry of the append-only file is not read back.";
    RoleNotPersisted = "role-not-persisted", "CONFIG REWRITE does not save whose replica a server is.";
    SwitchNotPublished = "switch-not-published", "+switch-master is not published.";
    DiscoveryCached = "discovery-cached", "A client asks Sentinels once and never again.";
    StaleConnectionKept = "stale-connection-kept", "A client keeps its connections when the master changes or refuses writes.";
    NonIdempotentRetry = "non-idempotent-retry", "A client reports a write as done whose reply never came.";
    ErrorTakenForSuccess = "error-taken-for-success", "A client takes an error reply to a write for success.";
    WaitRestarted = "ping-restarts-wait", "Every PING restarts the wait for an answer.";
    OdownAnswered = "odown-answered", "Other Sentinels are told whether the master is objectively down.";
    InfoNotFaster = "info-not-faster", "INFO is not sent more often while a master is down.";
    HellosToMasters = "hellos-to-masters-only", "Hellos are published on masters only.";
    ReplicasNotSaved = "known-replicas-not-saved", "The replicas of a master are not in the configuration file.";
    ClientsNotKilled = "clients-not-killed", "SLAVEOF is sent without CLIENT KILL.";
    OffsetIgnored = "offset-ignored", "The replication offset does not count when a replica is selected.";
    AofNotRestarted = "aof-not-restarted", "The append-only file is not begun again after a full sync.";
    SecondOffsetShort = "second-offset-short", "The former replication id is not valid for the byte after the promotion.";
    AckTooHigh = "ack-too-high", "A replica acknowledges more than it has applied.";
    NoPositionOffered = "no-position-offered", "A demoted master asks its new master for everything.";
    GoodReplicasNotRecounted = "good-replicas-not-recounted", "The timer does not count the good replicas anew.";
    ReplicasNotPinged = "replicas-not-pinged", "A master sends its replicas no PING.";
    DeadLinkKept = "dead-link-kept", "A replica does not notice that its master is silent.";
    SilentReplicaKept = "silent-replica-kept", "A master keeps replicas that do not acknowledge any more.";
    WaitCountsAll = "wait-counts-all", "WAIT counts replicas that have not acknowledged.";
    ShutdownWaitsOn = "shutdown-waits-on", "A server that is told to end waits for its time to be over, though its replicas have everything.";
    HelloNotRelayed = "hello-not-relayed", "A replica does not pass the hellos of its master's stream on to its subscribers.";
    ShutdownDoesNotWait = "shutdown-does-not-wait", "A server that is told to end does not wait for its replicas.";
    PeerPortListed = "peer-port-listed", "INFO lists replicas with the port of their connection.";
    GreetingIgnored = "greeting-ignored", "A client does not look at what ROLE or INFO of a new connection says.";
    TimedOutReused = "timed-out-connection-reused", "A connection on which an answer did not come in time goes back to the pool.";
    SwitchIgnored = "switch-ignored", "A client does nothing about +switch-master.";
    SubscriptionNotRenewed = "subscription-not-renewed", "A lost subscription at a Sentinel is not opened again.";
    FirstSentinelOnly = "first-sentinel-only", "A client asks the first Sentinel and no other.";
    RetryUncounted = "retry-uncounted", "A write without an answer does not count as possibly executed.";
    DownFlagsIgnored = "down-flags-ignored", "A client takes a master that its Sentinel holds for down.";
    PoolPlaceLeaked = "pool-place-leaked", "An operation whose connection broke keeps its place in the pool.";
    FixedHz = "fixed-hz", "The timer of Sentinel runs at 10 Hz instead of at a new frequency after every tick.";
    EagerInfo = "eager-info", "INFO is due every 500 ms.";
    EagerReconnect = "eager-reconnect", "Reconnections are not held back.";
    PingsInPhase = "pings-in-phase", "PINGs of all Sentinels go out as the wall clock begins a second.";
    EagerConversion = "eager-conversion", "An old master is turned back when the wait is over, not at the next INFO.";
}

impl Planted {
    /// The command that runs scenarios with a planted bug.
    pub const COMMAND: &'static str = "cargo run --release --features planted -- run …";

    /// The bug of this name, but for the controls of the comparison with recordings.
    pub fn from_name(name: &str) -> Option<Planted> {
        Planted::bugs().find(|planted| planted.name() == name)
    }

    /// All but the controls.
    pub fn bugs() -> impl Iterator<Item = Planted> {
        Planted::ALL.iter().copied().filter(|planted| !planted.is_control())
    }

    /// Whether it is a control of the comparison with recordings, which every build has.
    pub const fn is_control(self) -> bool {
        self as u8 >= Planted::FixedHz as u8
    }

    /// Whether this build has the bugs.
    pub const fn available() -> bool {
        cfg!(feature = "planted")
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is planted in a process: nothing, or one bug.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plant(Option<Planted>);

impl Plant {
    /// Nothing.
    pub const NONE: Plant = Plant(None);

    /// This one.
    pub const fn one(planted: Planted) -> Plant {
        Plant(Some(planted))
    }

    /// Whether it is this one.
    #[inline(always)]
    pub const fn has(self, planted: Planted) -> bool {
        if !(cfg!(feature = "planted") || planted.is_control()) {
            return false;
        }
        match self.0 {
            Some(mine) => mine as u8 == planted as u8,
            None => false,
        }
    }
}
