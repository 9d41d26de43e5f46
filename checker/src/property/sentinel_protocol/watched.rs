//! What a Sentinel must know of one instance, from what it read and wrote alone. Knows no rule about what it should do.

use splitbrain_model::message::Info;
use splitbrain_model::{Addr, Conn, Epoch, Millis, RunId, SentinelId};
use std::cmp::Reverse;

/// What an instance is to the Sentinel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Master,
    Replica,
    Peer(SentinelId),
}

/// What another Sentinel said of the master.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) at: Millis,
    pub(super) down: bool,
    /// The last tick at which reports aged before it came.
    pub(super) after: Option<Millis>,
}

/// An instance. Times are those of the Sentinel's wall clock.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) addr: Addr,
    pub(super) kind: Kind,
    pub(super) created: Millis,
    /// Connection of commands and, to servers, of hellos.
    pub(super) cc: Option<Conn>,
    pub(super) pc: Option<Conn>,
    /// When a connection to it was last opened.
    pub(super) tried: Option<Millis>,
    /// Replies that count as outstanding though nobody waits for them any more, until `cc` is opened anew.
    pub(super) leaked: usize,
    /// Oldest PING that no valid reply has followed.
    pub(super) act_ping: Option<Millis>,
    pub(super) last_ping: Option<Millis>,
    /// Last reply to PING, whatever it said, and last valid one.
    pub(super) last_pong: Millis,
    pub(super) last_valid: Millis,
    /// Last hello that was taken.
    pub(super) last_pub: Millis,
    pub(super) info_at: Option<Millis>,
    pub(super) down: bool,
    /// Beginning of the last down state, also of one that is over.
    pub(super) down_since: Option<Millis>,
    /// Role that INFO says, and since when.
    pub(super) says_slave: bool,
    pub(super) role_since: Millis,
    pub(super) follows: Option<Addr>,
    pub(super) conf_since: Millis,
    pub(super) link_up: bool,
    pub(super) link_down_ms: i64,
    pub(super) priority: u32,
    /// Listed for clients.
    pub(super) announced: bool,
    pub(super) offset: u64,
    pub(super) runid: Option<RunId>,
    /// The last INFO was of another process than the one before.
    pub(super) rebooted: bool,
    /// Pointed to the new master, or not waited for any longer; a reconfiguration that took too long is sent again, and
    /// does not take this away (sentinelFailoverReconfNextSlave).
    pub(super) reconfigured: bool,
    /// When it was pointed to the new master, if it has not said that it follows that one.
    pub(super) sent: Option<Millis>,
    /// It follows the new master, and is not in sync.
    pub(super) in_progress: bool,
    /// The vote that another Sentinel told of last, and whether its last reply told of one.
    pub(super) vote: Option<(SentinelId, Epoch)>,
    pub(super) votes: bool,
    /// Of another Sentinel, and when any reply to the question last came.
    pub(super) report: Option<Report>,
    pub(super) asked: Millis,
}

impl Watched {
    pub(super) fn new(addr: Addr, kind: Kind, now: Millis) -> Watched {
        Watched {
            addr,
            kind,
            created: now,
            cc: None,
            pc: None,
            tried: None,
            leaked: 0,
            act_ping: Some(now),
            last_ping: None,
            last_pong: now,
            last_valid: now,
            last_pub: now,
            info_at: None,
            down: false,
            down_since: None,
            says_slave: kind == Kind::Replica,
            role_since: now,
            follows: None,
            conf_since: now,
            link_up: false,
            link_down_ms: 0,
            priority: 100,
            announced: true,
            offset: 0,
            runid: None,
            rebooted: false,
            reconfigured: false,
            sent: None,
            in_progress: false,
            vote: None,
            votes: false,
            report: None,
            asked: now,
        }
    }

    pub(super) fn is_peer(&self) -> bool {
        matches!(self.kind, Kind::Peer(_))
    }

    /// Both connections are there, or being opened: periodic commands are due.
    pub(super) fn connected(&self) -> bool {
        self.cc.is_some() && (self.is_peer() || self.pc.is_some())
    }

    /// `sentinelRefreshInstanceInfo` as far as it takes note.
    pub(super) fn note(&mut self, info: &Info, now: Millis) {
        self.rebooted = self.runid.is_some_and(|known| known != info.run_id);
        self.runid = Some(info.run_id);
        self.link_down_ms = 0;
        if let Some(slave) = &info.slave {
            self.link_down_ms = slave.down_since_secs.map_or(0, |seconds| seconds.saturating_mul(1000));
            if self.follows != Some(slave.master) {
                (self.follows, self.conf_since) = (Some(slave.master), now);
            }
            self.link_up = slave.link_up;
            self.priority = slave.priority;
            self.announced = slave.announced;
            self.offset = slave.offset.0;
        }
        self.info_at = Some(now);
        if info.slave.is_some() != self.says_slave {
            (self.says_slave, self.role_since) = (info.slave.is_some(), now);
            if self.says_slave && self.kind == Kind::Replica {
                self.conf_since = now;
            }
        }
    }

    /// `sentinelRedisInstanceNoDownFor`
    pub(super) fn no_down_for(&self, period: i64, now: Millis) -> bool {
        self.down_since.is_none_or(|since| now.0 - since.0 > period)
    }

    /// `compareSlavesForPromotion`
    pub(super) fn rank(&self) -> (u32, Reverse<u64>, bool, Option<RunId>) {
        (self.priority, Reverse(self.offset), self.runid.is_none(), self.runid)
    }
}

/// What a Sentinel's file must hold.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    pub(super) me: Option<SentinelId>,
    pub(super) master: Addr,
    pub(super) epoch: Epoch,
    pub(super) config_epoch: Epoch,
    pub(super) leader_epoch: Epoch,
    pub(super) servers: Vec<Addr>,
    pub(super) sentinels: Vec<SentinelId>,
}
