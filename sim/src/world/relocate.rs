//! Hosts that come back at another address, as a rescheduled pod or a container that is created anew. Where a host is in the
//! network stays as it is: its paths, and the faults on them, are those it had.

use super::World;
use crate::process::Life;
use splitbrain_model::{Addr, Ip};

/// New addresses follow this one, which no host has from the beginning: 10.78.0.1 and so on, in the order of the moves.
const MOVED: u32 = 0x0a4e_0000;

impl World {
    /// Gives the host of a process that is about to start the new address it is to get. A host on which something lives keeps
    /// its address.
    pub(super) fn move_host_of(&mut self, p: u16) {
        let host = self.procs[usize::from(p)].host;
        if !std::mem::take(&mut self.hosts[usize::from(host)].moves) {
            return;
        }
        let here: Vec<u16> = self.procs_on(host);
        if here.iter().any(|&p| self.procs[usize::from(p)].life != Life::Dead) {
            return;
        }
        self.moved += 1;
        let (old, ip) = (self.hosts[usize::from(host)].ip, Ip(MOVED + self.moved));
        self.chain.words([self.now.0, 0x820 | u64::from(host) << 32, u64::from(ip.0)]);
        self.hosts[usize::from(host)].ip = ip;
        self.by_ip.remove(&old);
        self.by_ip.insert(ip, host);
        self.dns.set_address(host, ip);
        self.tcp.silence_host(host);
        for p in here {
            let addr = &mut self.procs[usize::from(p)].addr;
            let listener = self.listeners.remove(addr);
            *addr = Addr { ip, ..*addr };
            self.listeners.extend(listener.map(|p| (*addr, p)));
            self.recorder.moved(self.now, p, *addr);
        }
    }
}
