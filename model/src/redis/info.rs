//! INFO and ROLE as the server answers them (Redis spec 7).

use super::Redis;
use super::link::Phase;
use super::master::SyncState;
use crate::ids::ReplOffset;
use crate::message::{Info, ReplicaLine, RoleReply, SlaveInfo};

impl Redis {
    /// genRedisInfoString, the fields that Sentinel and clients read.
    pub(super) fn info(&self) -> Info {
        let now = self.clock.secs();
        let line = |replica: &super::master::Attached| ReplicaLine {
            addr: replica.addr,
            state: replica.info_state(),
            offset: ReplOffset(replica.ack_off),
            lag_secs: match replica.state {
                SyncState::Online => now - replica.ack_time,
                _ => 0,
            },
        };
        Info {
            run_id: self.run_id,
            loading: self.loading.is_some(),
            slave: self.slave_info(),
            replicas: self.replicas.iter().map(line).collect(),
            replid: self.history.replid,
            repl_offset: ReplOffset(self.history.offset),
        }
    }

    fn slave_info(&self) -> Option<SlaveInfo> {
        let master = self.master_addr?;
        let now = self.clock.secs();
        let up = self.link_up();
        Some(SlaveInfo {
            master,
            link_up: up,
            down_since_secs: (!up).then(|| self.link.down_since.map_or(-1, |since| now - since)),
            // Live, else cached, else 1.
            offset: match (up, self.link.cached) {
                (true, _) => ReplOffset(self.history.offset),
                (false, Some((_, offset))) => ReplOffset(offset),
                (false, None) => ReplOffset(1),
            },
            priority: self.conf.replica_priority,
            announced: self.conf.replica_announced,
            last_io_secs: if up { now - self.link.last_interaction } else { -1 },
            syncing: self.link.phase == Phase::Transfer,
        })
    }

    /// roleCommand: unlike INFO it does not fall back to the cached master's offset.
    pub(super) fn role(&self) -> RoleReply {
        match self.master_addr {
            None => RoleReply::Master(
                ReplOffset(self.history.offset),
                self.replicas
                    .iter()
                    .filter(|replica| replica.state == SyncState::Online)
                    .map(|replica| (replica.addr, ReplOffset(replica.ack_off)))
                    .collect(),
            ),
            Some(master) => RoleReply::Slave(
                master,
                self.link.role_state(),
                self.link_up().then_some(ReplOffset(self.history.offset)),
            ),
        }
    }
}
