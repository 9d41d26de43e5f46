//! Stalls of hosts: a host stands still with its kernel. Packets lie in the ring of its network card, timers of its kernel
//! do not expire, its processes do not run, nothing is acknowledged. When it goes on, everything that has come meanwhile
//! comes at once, in its order. Its clocks have gone on (a guest that is not scheduled; a kernel that hangs).

use super::{Event, World};
use crate::link::HostIx;
use crate::process::Life;
use crate::tcp::NetEvent;

impl World {
    /// Stops a host with all on it.
    pub fn stall(&mut self, host: HostIx) {
        if self.is_stalled(host) || !self.tcp.links.is_up(host) {
            return;
        }
        self.chain.words([self.now.0, 0x810 | u64::from(host) << 32]);
        for p in self.procs_on(host) {
            if self.procs[usize::from(p)].life == Life::Running {
                self.pause(p);
                self.hosts[usize::from(host)].asleep.push(p);
            }
        }
        self.hosts[usize::from(host)].stalled = true;
        self.stalls += 1;
    }

    /// Lets a stalled host go on.
    pub fn unstall(&mut self, host: HostIx) {
        if !self.is_stalled(host) {
            return;
        }
        self.chain.words([self.now.0, 0x811 | u64::from(host) << 32]);
        self.release(host);
        for p in std::mem::take(&mut self.hosts[usize::from(host)].asleep) {
            self.resume(p);
            // No signal interrupts its poll.
            self.procs[usize::from(p)].timers_first = false;
        }
    }

    /// Whether a host stands still.
    pub(super) fn is_stalled(&self, host: HostIx) -> bool {
        self.hosts[usize::from(host)].stalled
    }

    /// Whether a signal to a process of a stalled host waits until the host goes on; notes for then whether it is to run.
    pub(super) fn runs_after_stall(&mut self, p: u16, runs: bool) -> bool {
        let host = self.procs[usize::from(p)].host;
        if !self.is_stalled(host) {
            return false;
        }
        let asleep = &mut self.hosts[usize::from(host)].asleep;
        asleep.retain(|other| *other != p);
        if runs && self.procs[usize::from(p)].life == Life::Paused {
            asleep.push(p);
        }
        true
    }

    /// Ends the stall of a host that loses power: what lay in its card is lost like everything that comes later.
    pub(super) fn release(&mut self, host: HostIx) {
        let state = &mut self.hosts[usize::from(host)];
        if std::mem::take(&mut state.stalled) {
            self.stalls -= 1;
            for event in std::mem::take(&mut state.held) {
                self.queue.push(self.now, event);
            }
        }
    }

    /// Whether this event is one of a stalled host, which is kept for it.
    pub(super) fn hold(&mut self, event: Event) -> bool {
        let host = match event {
            Event::Start(p, _) | Event::Exit(p, _) => self.procs[usize::from(p)].host,
            Event::Close(end) => self.tcp.links.source(self.tcp.end(end).link),
            Event::Net(event) => {
                let end = match event {
                    NetEvent::Arrive(end) | NetEvent::Syn(end) => end ^ 1,
                    NetEvent::Retransmit(end, _) | NetEvent::SynRetry(end, _) => end,
                    NetEvent::Established(end) | NetEvent::Refused(end) | NetEvent::Reset(end) => end,
                };
                self.tcp.links.source(self.tcp.end(end).link)
            }
            Event::Run(_) | Event::Acts(..) | Event::IterationEnd(..) | Event::Call(_) => return false,
        };
        let stalled = self.is_stalled(host);
        if stalled {
            self.hosts[usize::from(host)].held.push(event);
        }
        stalled
    }

    fn procs_on(&self, host: HostIx) -> Vec<u16> {
        (0..self.procs.len() as u16).filter(|&p| self.procs[usize::from(p)].host == host).collect()
    }
}
