//! The laws a client keeps that can be checked from its tape ([`crate::client_tape`]) and what its library is declared to
//! be, each with how a breach is told. Sections are those of the client specification.

crate::law::laws! {
    /// Something that a client library has to do or must not do, as its own clock and what it read have it.
    ClientLaw:
    /// 3 to 8.
    SetUpOtherwise = "is not set up as its library is";
    /// 9.2: a connection that is closed takes nothing.
    WroteToClosed = "wrote to a connection to {} that was closed";
    /// 9.1 `handshake_waits`.
    GreetingSkipped = "used a connection to {} before its greeting was over";
    /// 9.1 `role_check`: a server that says it is no master, or refuses the greeting, or loads its data.
    RefusalIgnored = "went on with a connection to {}, which had said that it is no master, or had refused the greeting";
    /// 9.1 `readonly_reaction`; for redis-py 3.3.
    KeptAfterError = "kept a connection to {} after an error reply that ends it";
    /// 9.1 `readonly_reaction`.
    ClosedUnduly = "closed its connection to {} after an error reply that does not end it";
    /// 9.1 `timeout_closes_conn`.
    KeptUnanswered = "gave a connection to {} back while an answer was outstanding on it";
    /// 9.1 `conn_model`: a connection of a pool serves one operation at a time.
    TwoAtOnce = "wrote to a connection to {} while an answer was outstanding on it";
    /// 9.1 `check_idle_eof`.
    StrayIgnored = "used a connection to {} on which something had come that nobody asked for";
    /// 9.2: what is opened is used.
    LeftUnused = "had a connection to {} and did nothing with it";
    /// 9.2: a pool is there to be used.
    IdleNotUsed = "did not use the idle connection to {}";
    /// 9.1 `on_new_address`.
    StaleKept = "kept a connection to {} after a Sentinel had named another master";
    /// 9.1 `on_new_address`.
    StaleReturned = "put a connection to {} back into the pool after a Sentinel had named another master";
    /// 9.1 `resolve_when`, `reject_down_flags`.
    OpenedGroundless = "opened a connection to {}, which no Sentinel had named as a usable master";
    /// 9.2.
    AnswerIgnored = "was told of the usable master {} and did nothing about it";
    /// 9.1 `sub_trigger`.
    SwitchIgnored = "kept its connection to {} at a +switch-master";
    /// 9.1 `sentinel_order`, `promote_answering`, `sticky_sentinel`.
    AskedOutOfOrder = "asked {} out of the order of Sentinels";
    /// 9.1 `sentinel_query_retry`.
    AskedTooOften = "asked {} again though all its attempts had failed";
    /// 9.1 `sentinel_query_retry`.
    LeftTooSoon = "went on to {} before all attempts at the Sentinel before had failed";
    /// 9.1 `next_on_bad_answer`, `sentinel_order`.
    RoundCutShort = "found no master though it had not asked every Sentinel";
    /// 9.1: all timeouts.
    NotGivenUp = "went on waiting for {} when its time was over";
    /// 9.1: all timeouts.
    GivenUpEarly = "gave {} up before its time was over";
    /// 9.1 `on_new_address`.
    BrokenOff = "broke off an operation at {} without a reason";
    /// 9.1 `close_mode`.
    ClosedOtherwise = "closed its connection to {} in another way than its library does";
    /// 9.2.
    WroteUnasked = "wrote a command to {} that the application had not asked for";
    /// 2.1: an operation ends as the last answer says.
    OutcomeOther = "reported another outcome than {} had answered";
    /// 2.2: how often it was written.
    AttemptsMiscounted = "reported another number of attempts than it had made at {}";
    /// 2.2: what was written and not answered may have been executed.
    DoubtMiscounted = "reported another number of unanswered attempts at {} than there were";
    /// 2.5.
    ServerMisnamed = "reported another server than {}, to which it had written";
    /// 9.1 `op_retry`.
    NotRetried = "gave an operation up after {} had failed, with attempts left";
    /// 9.1 `op_retry`.
    RetriedTooOften = "wrote an operation to {} more often than it has attempts";
    /// 9.1 `op_retry`, `resend_inflight`.
    RetriedUnduly = "wrote an operation to {} again after a failure that its library does not repeat";
    /// 7: dial attempts.
    DialNotRepeated = "gave up dialling {} before all its dials had failed";
    /// 9.1: backoffs.
    PauseShort = "came back to {} before its pause was over";
    /// 9.1: backoffs.
    PauseLong = "did not come back to {} when its pause was over";
    /// 9.2: an operation always waits for something.
    Stuck = "left an operation alone that waited for nothing";
    /// 9.1 `conn_model`.
    PoolNotFull = "found its pool exhausted with fewer operations under way than it has places";
    /// 9.1 `sub_redial_delay`.
    SubscriptionNotRenewed = "did not renew its subscription at {}";
    /// 4.
    SubscribedUnasked = "subscribed at {} without asking it for the master first";
    /// 9.1 `sub_trigger` Refresh.
    RefreshMissed = "did not ask {} for the servers after a message that demands it";
    /// 9.1 `sub_half_open_detect`.
    PingMissed = "did not send PING to the silent {}";
    /// 9.1 `resend_inflight`: before everything else, in their order.
    ResentOutOfOrder = "wrote to {} before it had written what was left unanswered";
    /// 9.2 Multiplexed.
    LeftWaiting = "left an operation waiting though the connection to {} was there";
    /// 4: WAIT after every write, where the application sends it.
    WaitMissed = "did not send WAIT to {} after a write";
}
