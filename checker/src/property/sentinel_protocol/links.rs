//! Connections of a Sentinel (spec 3.3, 6.1): opened anew a second after the last attempt, given up when they are silent for
//! too long, and at a tick for no other reason.

use super::duties::{PING_PERIOD, PUBLISH_PERIOD, WAITS};
use super::shadow::Shadow;
use super::watched::Watched;
use crate::law::Law;
use splitbrain_model::{Addr, Conn, Millis};
use std::collections::VecDeque;

/// A connection is at least so old before it is given up (`SENTINEL_MIN_LINK_RECONNECT_PERIOD`).
const LEAST_AGE: i64 = 15_000;
/// How long a connection of hellos may be silent.
const SILENCE: i64 = 3 * PUBLISH_PERIOD;

/// What a reply on a connection of the Sentinel's own answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Ping,
    Info,
    Publish,
    Ask,
    Other,
}

/// A connection that the Sentinel opened.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) conn: Conn,
    pub(super) addr: Addr,
    /// When it was opened, and when something was last read on it.
    pub(super) opened: Millis,
    pub(super) heard: Millis,
    pub(super) awaited: VecDeque<Awaited>,
}

impl Shadow<'_> {
    pub(super) fn links_due(&self, it: &Watched, now: Millis, due: &mut Vec<(Law, Addr)>) {
        let mut lines = 0;
        for line in self.lines.iter().filter(|line| line.addr == it.addr) {
            lines += 1;
            if self.is_stale(line, it, now, WAITS) == Some(true) {
                due.push((Law::DeadLinkKept, it.addr));
            }
        }
        let needed = if it.is_peer() { 1 } else { 2 };
        let nowhere = it.addr.port == 0 || it.addr.ip.is_name();
        let rested = it.tried.is_none_or(|tried| now.0 - tried.0 > PING_PERIOD + WAITS);
        if lines < needed && rested && !nowhere {
            due.push((Law::LinkMissed, it.addr));
        }
    }

    /// Whether a connection has to be given up, with so many milliseconds to spare; `None` if it is not known what it is for.
    fn is_stale(&self, line: &Line, it: &Watched, now: Millis, spare: i64) -> Option<bool> {
        let passed = |since: Millis, period: i64| now.0 - since.0 > period + spare;
        let half = self.settings.down_after.0 / 2;
        let silent = match Some(line.conn) {
            conn if conn == it.pc => passed(line.heard, SILENCE),
            conn if conn == it.cc => it.act_ping.is_some_and(|since| passed(since, half)) && passed(it.last_pong, half),
            _ => return None,
        };
        Some(passed(line.opened, LEAST_AGE) && silent)
    }

    /// A connection is closed by the Sentinel.
    pub(super) fn closes(&mut self, conn: Conn) {
        if !self.ticking {
            return;
        }
        let now = self.now;
        let Some(line) = self.lines.iter().find(|line| line.conn == conn) else { return };
        let Some(it) = self.of(line.addr) else { return };
        if self.is_stale(line, it, now, -WAITS) == Some(false) {
            self.dropped = Some(it.addr);
        }
    }
}
