//! What becomes of the connections of a host that is gone: its kernel lost power, or it left its address.

use super::{EMPTY, EndIx, State, Tcp};
use crate::link::HostIx;

impl Tcp {
    fn vanish(&mut self, ix: EndIx) {
        let end = self.end_mut(ix);
        end.state = State::Gone;
        end.rx.clear();
        end.wire.clear();
        end.flight.clear();
        end.waiting = EMPTY;
        end.timer += 1;
    }

    /// The kernel of a host is gone, and with it all its sockets.
    pub fn vanish_host(&mut self, host: HostIx) {
        for ix in 0..self.ends.len() as EndIx {
            let end = self.end(ix);
            // A SYN that was answered is known to the kernel that is gone; one that was not is none of its business.
            let unknown = end.state == State::Unborn && end.proc == u16::MAX;
            if self.links.source(end.link) == host && !unknown && end.state != State::Silent {
                self.vanish(ix);
            }
        }
    }

    /// A host without living processes gets another address: what has left arrives, and nothing of its old connections is
    /// ever sent again, or answered.
    pub fn silence_host(&mut self, host: HostIx) {
        for end in &mut self.ends {
            if self.links.source(end.link) == host {
                let in_flight: usize = end.flight.iter().map(|segment| segment.messages as usize).sum();
                end.wire.truncate(in_flight);
                end.waiting = EMPTY;
                end.state = State::Silent;
                end.timer += 1;
            }
        }
    }
}
