//! Sentinel's fixed periods (Sentinel spec 0.1). They are tunable at run time only through SENTINEL DEBUG, which no
//! deployment uses; what a configuration file sets is not here.

use crate::Millis;

/// Cadence of INFO.
pub(super) const INFO_PERIOD: Millis = Millis(10_000);
/// Cadence of INFO to the replicas of a master in trouble, and to replicas without their master.
pub(super) const INFO_PERIOD_FAST: Millis = Millis(1_000);
/// Longest cadence of PING; also the throttle of reconnections.
pub(super) const PING_PERIOD: Millis = Millis(1_000);
/// Cadence of is-master-down-by-addr, counted from the last reply.
pub(super) const ASK_PERIOD: Millis = Millis(1_000);
/// How long a peer's report of a down master, and its vote, stay valid.
pub(super) const ASK_VALIDITY: Millis = Millis(5 * ASK_PERIOD.0);
/// Cadence of hellos.
pub(super) const PUBLISH_PERIOD: Millis = Millis(2_000);
/// Silence after which a pub/sub connection is rebuilt.
pub(super) const PUBSUB_SILENCE: Millis = Millis(3 * PUBLISH_PERIOD.0);
/// How long a replica must claim to be a master before it is turned back.
pub(super) const CONVERT_WAIT: Millis = Millis(4 * PUBLISH_PERIOD.0);
/// Gap between two ticks beyond which TILT is entered.
pub(super) const TILT_TRIGGER: Millis = Millis(2_000);
/// Duration of TILT.
pub(super) const TILT_PERIOD: Millis = Millis(30_000);
/// When a replica that was sent SLAVEOF is given up.
pub(super) const SLAVE_RECONF_TIMEOUT: Millis = Millis(10_000);
/// Age a connection must have before the watchdogs close it.
pub(super) const MIN_LINK_RECONNECT: Millis = Millis(15_000);
/// Cap of the wait for an election.
pub(super) const ELECTION_TIMEOUT: Millis = Millis(10_000);
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
