//! What SENTINEL MASTER, REPLICAS and SENTINELS show an operator (`addReplySentinelRedisInstance`, Sentinel spec 12.1):
//! of each entry the fields that tests and people look at, `name=value` between spaces.

use super::Sentinel;
use super::instance::{Flags, Instance};
use crate::operator::Shown;

/// Flags in the order in which they are shown, behind the kind.
const FLAGS: [(Flags, &str); 8] = [
    (Flags::MASTER_DOWN, "master_down"),
    (Flags::FAILOVER_IN_PROGRESS, "failover_in_progress"),
    (Flags::PROMOTED, "promoted"),
    (Flags::RECONF_SENT, "reconf_sent"),
    (Flags::RECONF_INPROG, "reconf_inprog"),
    (Flags::RECONF_DONE, "reconf_done"),
    (Flags::FORCE_FAILOVER, "force_failover"),
    (Flags::SCRIPT_KILL_SENT, "script_kill_sent"),
];

impl Sentinel {
    /// The entries, one a line; `None` for an unknown master.
    pub(super) fn show(&self, what: Shown, name: &str) -> Option<Vec<String>> {
        let master = &self.masters[self.lookup_master(name)?];
        Some(match what {
            Shown::Master => {
                let down_after = master.inst.down_after.0;
                vec![format!(
                    "name={} {} down-after-milliseconds={down_after} config-epoch={} num-slaves={} \
                     num-other-sentinels={} quorum={} failover-timeout={} parallel-syncs={}",
                    master.name,
                    self.common(&master.inst, "master"),
                    master.config_epoch.0,
                    master.replicas.len(),
                    master.peers.len(),
                    master.quorum,
                    master.failover_timeout.0,
                    master.parallel_syncs,
                )]
            }
            Shown::Replicas => {
                let announced = master.replicas.iter().filter(|replica| replica.replica_announced);
                let entry = |replica: &super::instance::Replica| {
                    let link = if replica.link_up { "ok" } else { "err" };
                    let priority = replica.slave_priority;
                    let common = self.common(&replica.inst, "slave");
                    format!(
                        "name={} {common} master-link-status={link} slave-priority={priority}",
                        self.announced(replica.inst.addr)
                    )
                };
                announced.map(entry).collect()
            }
            Shown::Sentinels => {
                let entry =
                    |peer: &super::instance::Peer| format!("name={} {}", peer.id, self.common(&peer.inst, "sentinel"));
                master.peers.iter().map(entry).collect()
            }
        })
    }

    fn common(&self, inst: &Instance, kind: &str) -> String {
        let mut flags: Vec<&str> = Vec::new();
        flags.extend(inst.flags.any(Flags::S_DOWN).then_some("s_down"));
        flags.extend(inst.flags.any(Flags::O_DOWN).then_some("o_down"));
        flags.push(kind);
        flags.extend(self.links[inst.link].disconnected.then_some("disconnected"));
        flags.extend(FLAGS.into_iter().filter(|(flag, _)| inst.flags.any(*flag)).map(|(_, name)| name));
        let addr = self.announced(inst.addr);
        format!("ip={} port={} flags={}", addr.ip, addr.port, flags.join(","))
    }
}
