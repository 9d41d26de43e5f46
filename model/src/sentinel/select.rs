//! Which replica is promoted (`sentinelSelectSlave`, Sentinel spec 8.3).

use super::Sentinel;
use super::instance::{Flags, Master, Replica, elapsed};
use crate::Millis;
use crate::planted::Planted;
use std::cmp::{Ordering, Reverse};

impl Sentinel {
    /// The best replica that qualifies; the first in table order among equals.
    pub(super) fn select_slave(&self, m: usize, now: Millis) -> Option<usize> {
        let master = &self.masters[m];
        (master.replicas.iter().enumerate())
            .filter(|(_, replica)| self.qualifies(master, replica, now))
            .min_by(|(_, a), (_, b)| match self.conf.planted.has(Planted::SelectionOrderWrong) {
                true => compare_slaves_for_promotion(b, a, true),
                false => compare_slaves_for_promotion(a, b, !self.conf.planted.has(Planted::OffsetIgnored)),
            })
            .map(|(r, _)| r)
    }

    fn qualifies(&self, master: &Master, replica: &Replica, now: Millis) -> bool {
        let master_down = master.inst.flags.any(Flags::S_DOWN);
        // While the master is down its replicas are asked every second, otherwise every ten.
        let (down_since, info_validity) = if master_down {
            let since = elapsed(master.inst.s_down_since, now);
            (since, Millis(5 * self.tunables.ping_period.0))
        } else {
            (Millis(0), Millis(3 * self.tunables.info_period.0))
        };
        let max_link_down = Millis(down_since.0 + 10 * master.inst.down_after.0);
        let link = &self.links[replica.inst.link];
        let planted = self.conf.planted;
        let answers = !replica.inst.flags.any(Flags::S_DOWN.or(Flags::O_DOWN))
            && !link.disconnected
            && elapsed(link.last_avail_time, now) <= Millis(5 * self.tunables.ping_period.0)
            && elapsed(replica.inst.info_refresh, now) <= info_validity;
        (answers || planted.has(Planted::DownReplicaPromoted))
            && (replica.slave_priority != 0 || planted.has(Planted::PriorityZeroPromoted))
            && replica.master_link_down_time <= max_link_down
    }
}

/// Lower priority number, then higher offset, then smaller run id; without run id last.
fn compare_slaves_for_promotion(a: &Replica, b: &Replica, by_offset: bool) -> Ordering {
    let offset = |r: &Replica| Reverse(by_offset.then_some(r.slave_repl_offset));
    let rank = |r: &Replica| (r.slave_priority, offset(r), r.inst.runid.is_none(), r.inst.runid);
    rank(a).cmp(&rank(b))
}
