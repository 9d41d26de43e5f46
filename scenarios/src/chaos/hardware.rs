//! Random faults of clocks, disks, hosts and single directions. Each ends in a state from which the node can recover: a
//! server whose disk failed is restarted by its supervisor, since it may have ended itself or refuse writes for good.

use super::{Family, Plan};
use crate::environment::Dist;
use crate::resolved::{Action, FsyncFault, Target};
use splitbrain_model::{Millis, Nanos};

/// A Sentinel that saw its clock jump is in TILT for so long.
const TILT: i64 = 30_000;
/// Between the end of a disk's trouble and the restart of its process, and how long that takes.
const REPAIR: (i64, i64) = (500, 1_000);

impl Plan<'_> {
    /// Draws a target for this fault and puts it into the schedule, unless the budget forbids it.
    pub(super) fn place_hardware(&mut self, family: Family, at: Millis, until: Millis) -> bool {
        match family {
            Family::Drift => {
                let size = 1_000 * (1 + self.below(200)) as i32;
                let ppm = if self.below(2) == 0 { size } else { -size };
                self.on_process(at, until, |process| Action::ClockDrift(process, ppm))
            }
            Family::Freeze => self.on_process_for(at, until, TILT, Action::ClockFreeze).is_some(),
            Family::Fsync => {
                let most = Nanos::from_millis(10 << self.below(9));
                let fault = FsyncFault::Takes(Dist::Uniform(Nanos::from_millis(5), most));
                self.on_process_for(at, until, TILT, |process| Action::Fsync(process, fault)).is_some()
            }
            Family::Broken => self.repaired(at, until, |process| Action::Fsync(process, FsyncFault::Fails)),
            Family::Full => self.repaired(at, until, Action::DiskFull),
            Family::Lies => self.on_process(at, until, |process| Action::Fsync(process, FsyncFault::Lies)),
            Family::Lopsided => {
                let latency = Some(Dist::Fixed(Nanos::from_millis(1 + self.below(400))));
                self.shaped(at, until, false, latency, None)
            }
            Family::Narrow => {
                let rate = Some(16_000 << self.below(6));
                self.shaped(at, until, true, None, rate)
            }
            _ => self.stalled(at, until),
        }
    }

    /// A fault of one process after which it needs some time more than usual; which one.
    fn on_process_for(
        &mut self,
        at: Millis,
        until: Millis,
        more: i64,
        action: impl FnOnce(Vec<Target>) -> Action,
    ) -> Option<Target> {
        let process = self.draw_process(|_| true)?;
        let name = self.name(process);
        let fits = self.disturb(&[process], at, Millis(until.0 + more));
        (fits && self.put(at, action(vec![name.clone()]), Some(until))).then_some(name)
    }

    fn repaired(&mut self, at: Millis, until: Millis, action: impl FnOnce(Vec<Target>) -> Action) -> bool {
        let (wait, takes) = REPAIR;
        let Some(name) = self.on_process_for(at, until, wait + takes, action) else { return false };
        let from = Millis(until.0 + wait);
        self.put(from, Action::Kill(vec![name]), Some(Millis(from.0 + takes)))
    }

    fn stalled(&mut self, at: Millis, until: Millis) -> bool {
        let Some(process) = self.draw_process(|_| true) else { return false };
        let host = self.ground.processes[process].host;
        let on_it = self.on_hosts(&[host]);
        let host = vec![self.host(host)];
        self.disturb(&on_it, at, Millis(until.0 + TILT)) && self.put(at, Action::Stall(host), Some(until))
    }

    fn shaped(&mut self, at: Millis, until: Millis, both: bool, latency: Option<Dist>, rate: Option<u64>) -> bool {
        self.on_host(at, until, |from, _| Action::Shape { from, to: Vec::new(), both, latency, loss_ppm: None, rate })
    }
}
