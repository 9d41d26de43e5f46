//! Bugs that can be planted in the model, to see whether the checkers notice. A build without the feature `planted` knows
//! their names and nothing else: every question for one of them is answered by the compiler. The controls of the
//! comparison with recordings are there in every build. Must not know who plants them or who should notice how.

use std::fmt;

macro_rules! planted {
    ($($variant:ident = $name:literal, $property:literal, $what:literal;)*) => {
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

            /// The property that is expected to catch it; `conformance` for the controls.
            pub const fn property(self) -> &'static str {
                match self { $(Planted::$variant => $property,)* }
            }
        }
    };
}

planted! {
    DoubleVote = "double-vote", "epoch-monotonic", "A Sentinel votes for every candidate that asks within an epoch.";
    VoteNotPersisted = "vote-not-persisted", "epoch-monotonic", "A vote is given without being saved first.";
    EpochNotBumped = "epoch-not-bumped", "epoch-monotonic", "A failover is tried in the epoch of the one before.";
    EpochNotAdopted = "epoch-not-adopted", "one-leader-per-epoch", "A newer epoch in a hello is not taken over.";
    MajorityRoundedDown = "majority-rounded-down", "one-leader-per-epoch", "Half of the Sentinels, rounded down, elect a leader.";
    QuorumAloneElects = "quorum-alone-elects", "one-leader-per-epoch", "A leader needs the quorum and no majority.";
    VotesOfAnyEpoch = "votes-of-any-epoch", "one-leader-per-epoch", "Votes of former epochs are counted.";
    OwnVoteCountedTwice = "own-vote-counted-twice", "one-leader-per-epoch", "A candidate counts its own vote twice.";
    LeaderWithoutVotes = "leader-without-votes", "one-leader-per-epoch", "Whoever tries a failover leads it.";
    StaleReportsCounted = "stale-reports-counted", "no-false-failover", "A report that the master is down never expires.";
    QuorumIgnored = "quorum-ignored", "no-false-failover", "One Sentinel's opinion makes a master objectively down.";
    ReplicasDownCount = "any-reply-agrees", "no-false-failover", "Whatever another Sentinel answers counts as agreement.";
    SdownNotLeft = "sdown-not-left", "converges-after-heal", "An instance that answers again stays subjectively down.";
    OdownNotLeft = "odown-not-left", "no-false-failover", "A master that answers again stays objectively down.";
    EmbargoIgnored = "embargo-ignored", "one-leader-per-epoch", "The next attempt does not wait for twice the failover-timeout.";
    SelectionOrderWrong = "selection-order-wrong", "lost-write", "The replica with the smallest offset is promoted.";
    PriorityZeroPromoted = "priority-zero-promoted", "events", "A replica of priority 0 may be promoted.";
    DownReplicaPromoted = "down-replica-promoted", "failover-completes", "A replica that does not answer may be promoted.";
    PromotionNotAwaited = "promotion-not-awaited", "config-agreement", "A replica counts as promoted when it was told, not when it says so.";
    PromotionTimeoutIgnored = "promotion-timeout-ignored", "converges-after-heal", "A promotion that does not come is waited for without end.";
    ParallelSyncsIgnored = "parallel-syncs-ignored", "events", "All replicas are pointed to the new master at once.";
    ReplicasNotReconfigured = "replicas-not-reconfigured", "converges-after-heal", "Nobody tells the other replicas of the new master.";
    OldMasterNotDemoted = "old-master-not-demoted", "converges-after-heal", "An old master that returns is left a master.";
    WrongMasterNotFixed = "wrong-master-not-fixed", "converges-after-heal", "A replica of another master is left alone.";
    OldMasterForgotten = "old-master-forgotten", "converges-after-heal", "The old master does not join the replicas after a switch.";
    ReplicasForgottenAtSwitch = "replicas-forgotten-at-switch", "converges-after-heal", "A switch forgets all replicas.";
    ConfigEpochNotSet = "config-epoch-not-set", "converges-after-heal", "A promotion does not raise the configuration epoch.";
    ConfigEpochNotCompared = "config-epoch-not-compared", "converges-after-heal", "The last hello heard decides on the master.";
    EqualConfigEpochAccepted = "equal-config-epoch-accepted", "converges-after-heal", "A hello of the same configuration epoch decides on the master.";
    OlderHelloAccepted = "older-hello-accepted", "converges-after-heal", "A hello of an older configuration epoch decides on the master.";
    HelloOfOldAddress = "hello-of-old-address", "converges-after-heal", "Hellos name the old master while a failover is being finished.";
    HellosIgnored = "hellos-ignored", "converges-after-heal", "Configurations in hellos are not taken over.";
    SwitchNotPersisted = "switch-not-persisted", "converges-after-heal", "A switch to another master is not saved.";
    TiltNotLeft = "tilt-not-left", "converges-after-heal", "TILT, once entered, is never left.";
    TiltActsOnInfo = "tilt-acts-on-info", "no-false-failover", "A jump of the clock does not lead to TILT.";
    DivergentDataKept = "divergent-data-kept", "lost-write", "A replica keeps what it has when it receives its master's dataset.";
    PsyncBeyondBacklog = "psync-of-foreign-history", "lost-write", "A master continues any history whose offset its backlog covers.";
    BacklogGapIgnored = "backlog-gap-ignored", "replicas-agree", "A master continues a history of which its backlog has only the end.";
    SyncTailLost = "sync-tail-lost", "replicas-agree", "What was written during a full sync is not sent after it.";
    PromotedStaysReadonly = "promoted-stays-readonly", "clients-recover", "A promoted replica goes on refusing writes.";
    SecondOffsetIgnored = "second-offset-ignored", "lost-write", "The former replication id is valid beyond the promotion.";
    MinReplicasMiscounted = "min-replicas-miscounted", "lost-write", "Replicas that stopped acknowledging count as good.";
    ReadonlyMissing = "readonly-missing", "lost-write", "A replica takes writes of clients.";
    ReplyBeforeExecution = "reply-before-execution", "lost-write", "Every sixteenth write is acknowledged and not executed.";
    WriteNotReplicated = "write-not-replicated", "lost-write", "Every sixteenth write does not reach the replication stream.";
    StreamAppliedTwice = "stream-applied-twice", "replicas-agree", "A replica executes every sixteenth write of the stream twice.";
    AofOrder = "aof-order", "lost-write", "Writes of one iteration go into the append-only file in reverse.";
    AofNotSynced = "aof-not-synced", "lost-write", "With `appendfsync always` nothing is synced.";
    AofLastWriteSkipped = "aof-every-sixteenth-skipped", "lost-write", "Every sixteenth write does not reach the append-only file.";
    AofTailDropped = "aof-tail-dropped", "durable", "The last entry of the append-only file is not read back.";
    RoleNotPersisted = "role-not-persisted", "converges-after-heal", "CONFIG REWRITE does not save whose replica a server is.";
    ClientsNotKilled = "clients-not-killed", "lost-write", "CLIENT KILL closes nothing.";
    StaleAddressAnswered = "stale-address-answered", "clients-recover", "A Sentinel tells clients the address that its file had at start.";
    SwitchNotPublished = "switch-not-published", "clients-recover", "+switch-master is not published.";
    DiscoveryCached = "discovery-cached", "clients-recover", "A client asks Sentinels once and never again.";
    StaleConnectionKept = "stale-connection-kept", "clients-recover", "A client keeps its connections when the master changes or refuses writes.";
    NonIdempotentRetry = "non-idempotent-retry", "lost-write", "A client reports a write as done whose reply never came.";
    ErrorTakenForSuccess = "error-taken-for-success", "lost-write", "A client takes an error reply to a write for success.";
    FixedHz = "fixed-hz", "conformance", "The timer of Sentinel runs at 10 Hz instead of at a new frequency after every tick.";
    EagerInfo = "eager-info", "conformance", "INFO is due every 500 ms.";
    EagerReconnect = "eager-reconnect", "conformance", "Reconnections are not held back.";
    PingsInPhase = "pings-in-phase", "conformance", "PINGs of all Sentinels go out as the wall clock begins a second.";
    EagerConversion = "eager-conversion", "conformance", "An old master is turned back when the wait is over, not at the next INFO.";
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
