//! WAIT: what it must answer, and that replicas are asked for what it waits for (spec 11, 2.4).

use super::shadow::Shadow;
use crate::server_law::ServerLaw;
use splitbrain_model::{Conn, Reply};

/// `REPLCONF GETACK *` in the stream.
const GETACK_BYTES: u64 = 37;

impl Shadow<'_> {
    /// A client waits for replicas (spec 11). `last`: what was counted of the stream when its last command ended.
    pub(super) fn waits(&mut self, conn: Conn, last: Option<u64>) {
        let target = match last {
            None => Some(0),
            Some(last) if last >= self.moved => {
                self.history.exact().map(|offset| offset.saturating_sub(self.counted.stream - last))
            }
            Some(_) => None,
        };
        self.asks_for_acks();
        if self.master.is_none() {
            self.waits.push((conn, target));
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
        let Some(place) = self.waits.iter().position(|(waits, _)| *waits == conn) else { return };
        let (_, target) = self.waits.remove(place);
        // Who was answered at once does not make it ask.
        self.asking.retain(|asking| *asking != conn);
        let (Some(Reply::Int(count)), Some(target)) = (reply, target) else { return };
        if *count != self.have(target) {
            self.broke(ServerLaw::WaitWrong, None);
        }
    }

    /// How many replicas have acknowledged so much.
    pub(super) fn have(&self, target: u64) -> i64 {
        self.replicas.iter().filter(|replica| replica.online() && replica.acked >= target).count() as i64
    }

    /// The iteration is over.
    pub(super) fn iteration_over(&mut self) {
        let waits = |conn: &Conn| self.waits.iter().any(|(waits, _)| waits == conn);
        let asks = self.asking.iter().any(waits) && self.master.is_none();
        self.asking.clear();
        if asks && self.is_heard() && self.terminated.is_none() {
            self.broke(ServerLaw::AcksNotAsked, None);
        }
    }
}
