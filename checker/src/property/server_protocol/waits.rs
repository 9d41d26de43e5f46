//! WAIT: what it must answer, and that replicas are asked for what it waits for (spec 11, 2.4).

use super::shadow::Shadow;
use crate::server_law::ServerLaw;
use splitbrain_model::{Conn, Millis, Reply};

/// `REPLCONF GETACK *` in the stream.
const GETACK_BYTES: u64 = 37;

/// Runs of the timer by which the end of a WAIT may come late.
const LATE: u32 = 15;

/// A client in WAIT.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) conn: Conn,
    /// What replicas must have acknowledged to count, if that is known.
    target: Option<u64>,
    /// Since when, and how long at the most, in runs of the timer.
    since: u32,
    most: Option<u32>,
    /// When its time is over, on the wall clock, which may be set.
    until: Millis,
}

impl Shadow<'_> {
    /// A client waits for replicas (spec 11). `last`: what was counted of the stream when its last command ended.
    pub(super) fn waits(&mut self, conn: Conn, last: Option<u64>, timeout: Millis) {
        let target = match last {
            None => Some(0),
            Some(last) if last >= self.moved => {
                self.history.exact().map(|offset| offset.saturating_sub(self.counted.stream - last))
            }
            Some(_) => None,
        };
        self.asks_for_acks();
        if self.master.is_none() {
            let most = u32::try_from(timeout.0 / 100).ok().filter(|_| timeout.0 > 0);
            let until = Millis(self.now.wall.0 + timeout.0);
            self.waits.push(Waiting { conn, target, since: self.now.ticks, most, until });
            self.asking.push(conn);
        }
    }

    /// It will put GETACK into its stream, whether anybody sees that or not.
    pub(super) fn asks_for_acks(&mut self) {
        if !self.is_heard() {
            self.history.high += GETACK_BYTES;
        }
    }

    /// WAIT ends with this reply, or because the server became a replica.
    pub(super) fn waited(&mut self, conn: Conn, reply: Option<&Reply>) {
        let Some(place) = self.waits.iter().position(|waiting| waiting.conn == conn) else { return };
        let target = self.waits.remove(place).target;
        // Who was answered at once does not make it ask.
        self.asking.retain(|asking| *asking != conn);
        let (Some(Reply::Int(count)), Some(target)) = (reply, target) else { return };
        if *count != self.have(target) {
            self.broke(ServerLaw::WaitWrong, None);
        }
    }

    /// WAIT ends when its time is over.
    pub(super) fn waits_overdue(&mut self) {
        let over = |waiting: &Waiting| {
            let late = waiting.most.is_some_and(|most| self.ran(waiting.since) > most.saturating_add(LATE));
            // Where the clock was set meanwhile, the time is over when it says so.
            late && self.jumped <= waiting.since && self.now.wall.0 > waiting.until.0 + 100 * i64::from(LATE)
        };
        if self.waits.iter().any(over) {
            self.broke(ServerLaw::WaitOverdue, None);
        }
    }

    /// How many replicas have acknowledged so much.
    pub(super) fn have(&self, target: u64) -> i64 {
        self.replicas.iter().filter(|replica| replica.online() && replica.acked >= target).count() as i64
    }

    /// The iteration is over.
    pub(super) fn iteration_over(&mut self) {
        let waits = |conn: &Conn| self.waits.iter().any(|waiting| waiting.conn == *conn);
        let asks = self.asking.iter().any(waits) && self.master.is_none();
        self.asking.clear();
        let unblocked = std::mem::take(&mut self.unblocked);
        if self.clients.iter().any(|client| unblocked.contains(&client.conn)) {
            self.broke(ServerLaw::UnblockedKept, None);
        }
        if asks && self.is_heard() && self.terminated.is_none() {
            self.broke(ServerLaw::AcksNotAsked, None);
        }
    }
}
