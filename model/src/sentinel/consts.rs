//! Sentinel's periods and limits (Sentinel spec 0.1): the fixed ones, and those that SENTINEL DEBUG changes at run time.
//! What a configuration file sets is not here.

use crate::Millis;
use crate::operator::Tunable;

/// Cadence of INFO to the replicas of a master in trouble, and to replicas without their master.
pub(super) const INFO_PERIOD_FAST: Millis = Millis(1_000);
/// Bound of the random part of a failover's start time (exclusive).
pub(super) const MAX_DESYNC: u64 = 1_000;
/// Outstanding commands at which a link falls silent, per object that shares it.
pub(super) const MAX_PENDING: i64 = 100;
/// Base of the timer frequency, and bound of what is added to it.
pub(super) const DEFAULT_HZ: u64 = 10;
/// Priority of a replica before its first INFO.
pub(super) const DEFAULT_PRIORITY: u32 = 100;
/// Delay of the first timer event after the start (`server.c`).
pub(super) const FIRST_TICK: Millis = Millis(1);
/// `down-after-milliseconds` of a master whose file says nothing, whatever SENTINEL DEBUG said before a restart.
pub(super) const COMPILED_DOWN_AFTER: Millis = Millis(30_000);
/// `failover-timeout`, likewise.
pub(super) const COMPILED_FAILOVER_TIMEOUT: Millis = Millis(180_000);

/// Periods that SENTINEL DEBUG sets. They are of the process: a restart forgets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tunables {
    /// Cadence of INFO.
    pub(super) info_period: Millis,
    /// Longest cadence of PING; also the throttle of reconnections.
    pub(super) ping_period: Millis,
    /// Cadence of is-master-down-by-addr, counted from the last reply.
    pub(super) ask_period: Millis,
    /// Cadence of hellos.
    pub(super) publish_period: Millis,
    /// `down-after-milliseconds` of a master that is added from now on.
    pub(super) default_down_after: Millis,
    /// `failover-timeout` of a master that is added from now on.
    pub(super) default_failover_timeout: Millis,
    /// Gap between two ticks beyond which TILT is entered.
    pub(super) tilt_trigger: Millis,
    /// Duration of TILT.
    pub(super) tilt_period: Millis,
    /// When a replica that was sent SLAVEOF is given up.
    pub(super) slave_reconf_timeout: Millis,
    /// Age a connection must have before the watchdogs close it.
    pub(super) min_link_reconnect: Millis,
    /// Cap of the wait for an election.
    pub(super) election_timeout: Millis,
    /// Age at which a running script is killed.
    pub(super) script_max_runtime: Millis,
    /// Wait before a script is tried a second time.
    pub(super) script_retry_delay: Millis,
}

impl Default for Tunables {
    fn default() -> Tunables {
        Tunables {
            info_period: Millis(10_000),
            ping_period: Millis(1_000),
            ask_period: Millis(1_000),
            publish_period: Millis(2_000),
            default_down_after: COMPILED_DOWN_AFTER,
            default_failover_timeout: COMPILED_FAILOVER_TIMEOUT,
            tilt_trigger: Millis(2_000),
            tilt_period: Millis(30_000),
            slave_reconf_timeout: Millis(10_000),
            min_link_reconnect: Millis(15_000),
            election_timeout: Millis(10_000),
            script_max_runtime: Millis(60_000),
            script_retry_delay: Millis(30_000),
        }
    }
}

impl Tunables {
    /// How long a peer's report of a down master, and its vote, stay valid.
    pub(super) fn ask_validity(&self) -> Millis {
        Millis(5 * self.ask_period.0)
    }

    /// Silence after which a pub/sub connection is rebuilt.
    pub(super) fn pubsub_silence(&self) -> Millis {
        Millis(3 * self.publish_period.0)
    }

    /// How long a replica must claim to be a master before it is turned back.
    pub(super) fn convert_wait(&self) -> Millis {
        Millis(4 * self.publish_period.0)
    }

    /// Sets one (`sentinelSetDebugConfigParameters`).
    pub(super) fn set(&mut self, which: Tunable, value: Millis) {
        let place = match which {
            Tunable::InfoPeriod => &mut self.info_period,
            Tunable::PingPeriod => &mut self.ping_period,
            Tunable::AskPeriod => &mut self.ask_period,
            Tunable::PublishPeriod => &mut self.publish_period,
            Tunable::DefaultDownAfter => &mut self.default_down_after,
            Tunable::DefaultFailoverTimeout => &mut self.default_failover_timeout,
            Tunable::TiltTrigger => &mut self.tilt_trigger,
            Tunable::TiltPeriod => &mut self.tilt_period,
            Tunable::SlaveReconfTimeout => &mut self.slave_reconf_timeout,
            Tunable::MinLinkReconnectPeriod => &mut self.min_link_reconnect,
            Tunable::ElectionTimeout => &mut self.election_timeout,
            Tunable::ScriptMaxRuntime => &mut self.script_max_runtime,
            Tunable::ScriptRetryDelay => &mut self.script_retry_delay,
        };
        *place = value;
    }
}
