//! What a server says of itself in INFO and ROLE (spec 7).

use super::link::Phase;
use super::shadow::Shadow;
use crate::server_law::ServerLaw;
use splitbrain_model::message::{Info, LinkState, RoleReply, SlaveInfo};
use splitbrain_model::{Addr, ReplOffset};

/// Seconds by which a time may be off: stamps are as old as the last run of the timer.
const SLACK: i64 = 1;

impl Shadow<'_> {
    /// It answers INFO.
    pub(super) fn tells_info(&mut self, info: &Info) {
        let same = self.run_id.is_none_or(|known| known == info.run_id);
        if !same || self.run_id_before == Some(info.run_id) {
            self.broke(ServerLaw::RunIdWrong, None);
        }
        self.run_id = Some(info.run_id);
        if info.slave.as_ref().map(|slave| slave.master) != self.master {
            self.broke(ServerLaw::InfoRole, None);
        }
        if self.loading() && self.link.newlines != u32::MAX && !info.loading {
            self.broke(ServerLaw::InfoLoading, None);
        }
        if let Some(slave) = &info.slave {
            self.tells_of_link(slave);
        }
        if !self.loading() {
            self.claims(info.replid);
            self.tells_offset(info.repl_offset);
        }
        self.tells_of_replicas(info);
    }

    fn tells_offset(&mut self, offset: ReplOffset) {
        if !(self.history.low..=self.history.high).contains(&offset.0) {
            self.broke(ServerLaw::InfoOffset, None);
        }
    }

    fn tells_of_link(&mut self, slave: &SlaveInfo) {
        let up = self.link_up();
        let syncing = matches!(self.link.phase, Phase::Transfer | Phase::Loading);
        let heard = slave.last_io_secs != -1;
        if slave.link_up != up || slave.syncing != syncing || heard && !up {
            self.broke(ServerLaw::InfoLink, None);
        }
        let age = |at: splitbrain_model::Millis| self.now.secs() - at.0.div_euclid(1000);
        let fits = match (slave.down_since_secs, self.link.down_since) {
            (None, _) => up,
            (Some(said), None) => said == -1,
            (Some(said), Some((from, until))) => {
                let (most, least) = (age(from).max(age(until)), age(from).min(age(until)));
                (least - SLACK..=most + SLACK).contains(&said)
            }
        };
        if !fits {
            self.broke(ServerLaw::InfoDownTime, None);
        }
        let said = slave.offset.0;
        let fits = match (up, self.link.cached) {
            (true, _) => (self.history.low..=self.history.high).contains(&said),
            (false, Some((_, low, high))) => (low..=high).contains(&said),
            (false, None) => said == 1,
        };
        if !fits {
            self.broke(ServerLaw::InfoOffset, None);
        }
        if slave.priority != self.conf.replica_priority || slave.announced != self.conf.replica_announced {
            self.broke(ServerLaw::InfoSettings, None);
        }
    }

    fn tells_of_replicas(&mut self, info: &Info) {
        let secs = self.now.secs();
        let mine = self.replicas.iter();
        let agrees = info.replicas.len() == self.replicas.len()
            && mine.zip(&info.replicas).all(|(replica, line)| {
                let late =
                    replica.lag(secs).is_none_or(|lag| !replica.online() || (line.lag_secs - lag).abs() <= SLACK);
                let said = (line.addr, line.state, line.offset.0);
                late && said == (replica.addr, replica.state(), replica.acked)
            });
        if !agrees {
            self.broke(ServerLaw::InfoReplicas, None);
        }
    }

    /// It answers ROLE.
    pub(super) fn tells_role(&mut self, role: &RoleReply) {
        match role {
            RoleReply::Master(offset, replicas) => {
                if self.master.is_some() {
                    return self.broke(ServerLaw::InfoRole, None);
                }
                self.tells_offset(*offset);
                let online = self.replicas.iter().filter(|replica| replica.online());
                let online: Vec<(Addr, ReplOffset)> =
                    online.map(|replica| (replica.addr, ReplOffset(replica.acked))).collect();
                if *replicas != online {
                    self.broke(ServerLaw::InfoReplicas, None);
                }
            }
            RoleReply::Slave(master, state, offset) => {
                if self.master != Some(*master) {
                    return self.broke(ServerLaw::InfoRole, None);
                }
                let (up, connected) = (self.link_up(), *state == LinkState::Connected);
                if up != connected || up != offset.is_some() {
                    self.broke(ServerLaw::InfoLink, None);
                }
                if let Some(offset) = offset {
                    self.tells_offset(*offset);
                }
            }
            RoleReply::Sentinel => self.broke(ServerLaw::InfoRole, None),
        }
    }
}
