//! Send buffers: how much of what a process writes its socket takes while the network takes nothing (Redis spec 15.1). What
//! it refuses stays in the process, counts towards limits there, and is gone if the process closes the socket. The queue
//! of an end holds both parts; here is where the line between them runs.

use super::{EndIx, State, Tcp};

/// Bytes a socket to another host takes beyond what the network takes at once: `sk_sndbuf` of a connection that never needed
/// more than its first congestion window. What it refuses stays in the process. It is a matter of kernels and of what the
/// connection did before: on Linux 6.18 over a veth pair, cut off by a packet filter, a new connection took 77 kB in writes
/// of 1 kB and more, one that had been busy 44 kB in writes of 60 bytes and up to 323 kB in writes of 16 kB. Limits of
/// output buffers are a thousand times that.
pub const SEND_BUFFER: u64 = 87_040;
/// The same on loopback, whose segments are larger.
pub const SEND_BUFFER_LOCAL: u64 = 2_626_560;

impl Tcp {
    fn send_buffer(&self, ix: EndIx) -> u64 {
        let local = self.links.source(self.end(ix).link) == self.links.source(self.end(ix ^ 1).link);
        if local { SEND_BUFFER_LOCAL } else { SEND_BUFFER }
    }

    /// Bytes written to an end that its socket has not taken, datasets not counted.
    #[inline]
    pub fn refused_bytes(&self, ix: EndIx) -> u64 {
        let end = self.end(ix);
        let waiting = u64::from(end.waiting.bytes);
        if waiting <= SEND_BUFFER || end.state != State::Open {
            return 0;
        }
        waiting.saturating_sub(self.send_buffer(ix)).min(waiting - u64::from(end.waiting.bulk))
    }

    /// What the socket has not taken goes with the buffers of the process.
    pub(super) fn forget_refused(&mut self, ix: EndIx) {
        let room = self.send_buffer(ix);
        let end = self.end_mut(ix);
        while u64::from(end.waiting.bytes) > room && end.waiting.messages > 0 {
            let Some(message) = end.wire.pop_back() else {
                return;
            };
            end.waiting.messages -= 1;
            end.waiting.bytes = end.waiting.bytes.saturating_sub(message.wire_len());
        }
    }
}
