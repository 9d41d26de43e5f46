//! INFO of masters and replicas (`sentinelRefreshInstanceInfo`, Sentinel spec 4): what is noted always, and what is
//! done about it unless TILT is on.

use super::instance::{FailoverState, Flags, Role, Who, elapsed};
use super::{Cx, Sentinel};
use crate::event::{EventKind, Extra};
use crate::message::{Info, SlaveInfo};
use crate::planted::Planted;
use crate::{Millis, RunId};

impl Sentinel {
    /// Takes note of everything INFO says and acts on it.
    pub(super) fn refresh_instance_info(&mut self, cx: &mut Cx<'_, '_>, who: Who, info: &Info) {
        let role = match info.slave {
            None => Role::Master,
            Some(_) => Role::Slave,
        };
        self.note_run_id(cx, who, info.run_id);
        if let Who::Replica(m, r) = who {
            self.note_replica_fields(cx, m, r, info.slave.as_ref());
        }
        if let Who::Master(m) = who {
            self.discover_replicas(cx, m, info);
        }
        self.inst_mut(who).info_refresh = cx.now();
        self.note_role(cx, who, role);
        if self.tilt {
            return;
        }
        // A master that reports to be a replica is acted on nowhere but in the check for SDOWN (spec 4.3, rule 1).
        match (who, role) {
            (Who::Replica(m, r), Role::Master) => self.replica_reports_master(cx, m, r),
            (Who::Replica(m, r), Role::Slave) => {
                self.fix_slave_config(cx, m, r);
                self.note_reconfiguration_progress(cx, m, r);
            }
            (Who::Master(_) | Who::Peer(..), _) => {}
        }
    }

    /// A new run id is a reboot (spec 3.6).
    fn note_run_id(&mut self, cx: &mut Cx<'_, '_>, who: Who, run_id: RunId) {
        let known = self.inst(who).runid;
        if known == Some(run_id) {
            return;
        }
        if known.is_some() {
            self.event(cx, EventKind::Reboot, who);
            if let Who::Master(m) = who {
                let now = cx.now();
                let master = &mut self.masters[m];
                if master.reboot_down_after != Millis(0) {
                    master.inst.flags.set(Flags::MASTER_REBOOT);
                    master.reboot_since = now;
                }
            }
        }
        self.inst_mut(who).runid = Some(run_id);
    }

    fn note_replica_fields(&mut self, cx: &mut Cx<'_, '_>, m: usize, r: usize, slave: Option<&SlaveInfo>) {
        let now = cx.now();
        let replica = &mut self.masters[m].replicas[r];
        replica.master_link_down_time = Millis(0);
        // Other fields keep what they had while the instance claims to be a master.
        let Some(slave) = slave else { return };
        if let Some(seconds) = slave.down_since_secs {
            replica.master_link_down_time = Millis(seconds.saturating_mul(1000));
        }
        if replica.slave_master != Some(slave.master) {
            replica.slave_master = Some(slave.master);
            replica.slave_conf_change_time = now;
        }
        replica.link_up = slave.link_up;
        replica.slave_priority = slave.priority;
        replica.slave_repl_offset = slave.offset;
        replica.replica_announced = slave.announced;
    }

    /// Replicas are learned from what is configured as master, whatever role it reports, and never forgotten here.
    fn discover_replicas(&mut self, cx: &mut Cx<'_, '_>, m: usize, info: &Info) {
        for line in &info.replicas {
            if self.lookup_replica(cx, m, line.addr).is_some() {
                continue;
            }
            if let Some(replica) = self.create_replica(cx, m, line.addr) {
                self.event(cx, EventKind::Slave, replica);
                self.flush_config(cx);
            }
        }
    }

    /// Spec 4.2.
    fn note_role(&mut self, cx: &mut Cx<'_, '_>, who: Who, role: Role) {
        if self.inst(who).role_reported == role {
            return;
        }
        let now = cx.now();
        let inst = self.inst_mut(who);
        inst.role_reported_time = now;
        inst.role_reported = role;
        let configured = match who {
            Who::Master(_) => Role::Master,
            Who::Replica(m, r) => {
                if role == Role::Slave {
                    self.masters[m].replicas[r].slave_conf_change_time = now;
                }
                Role::Slave
            }
            Who::Peer(..) => return,
        };
        let kind =
            if role == configured { EventKind::RoleChangeToConfigured } else { EventKind::RoleChangeFromConfigured };
        self.event_with(cx, kind, who, Extra::ReportedRole(role == Role::Master));
    }

    /// The promotion that was waited for, or a master that came back and must follow (spec 4.3, rule 2).
    pub(super) fn replica_reports_master(&mut self, cx: &mut Cx<'_, '_>, m: usize, r: usize) {
        let master = &self.masters[m];
        let promoted = master.replicas[r].inst.flags.any(Flags::PROMOTED);
        let in_progress = master.inst.flags.any(Flags::FAILOVER_IN_PROGRESS);
        if promoted && in_progress && master.failover_state == FailoverState::WaitPromotion {
            self.promotion_detected(cx, m, r);
            return;
        }
        let now = cx.now();
        let inst = &master.replicas[r].inst;
        let wait = self.tunables.convert_wait();
        if !promoted
            && !self.conf.planted.has(Planted::OldMasterNotDemoted)
            && master.looks_sane(now, self.tunables.info_period)
            && inst.no_down_for(wait, now)
            && elapsed(inst.role_reported_time, now) > wait
        {
            let addr = self.announced(master.inst.addr);
            self.send_slaveof(cx, Who::Replica(m, r), Some(addr));
            self.event(cx, EventKind::ConvertToSlave, Who::Replica(m, r));
        }
    }

    /// A replica of another master than the configured one (spec 4.3, rule 3). Repeats with every INFO while true.
    fn fix_slave_config(&mut self, cx: &mut Cx<'_, '_>, m: usize, r: usize) {
        let (reported, addr) = (self.masters[m].replicas[r].slave_master, self.masters[m].inst.addr);
        let follows = reported.is_some_and(|to| to.port == addr.port && self.equals_host(cx, addr, to.ip));
        let now = cx.now();
        let master = &self.masters[m];
        let replica = &master.replicas[r];
        let wait = master.failover_timeout;
        if !follows
            && !self.conf.planted.has(Planted::WrongMasterNotFixed)
            && master.looks_sane(now, self.tunables.info_period)
            && replica.inst.no_down_for(wait, now)
            && elapsed(replica.slave_conf_change_time, now) > wait
        {
            self.send_slaveof(cx, Who::Replica(m, r), Some(self.announced(addr)));
            self.event(cx, EventKind::FixSlaveConfig, Who::Replica(m, r));
        }
    }

    /// How far a replica is on its way to the promoted one (spec 4.3, rule 4); both steps may come with one INFO.
    fn note_reconfiguration_progress(&mut self, cx: &mut Cx<'_, '_>, m: usize, r: usize) {
        let who = Who::Replica(m, r);
        let master = &self.masters[m];
        let promoted = (master.promoted_replica()).map(|p| master.replicas[p].inst.addr);
        let replica = &master.replicas[r];
        let (flags, link_up) = (replica.inst.flags, replica.link_up);
        let follows = |cx: &mut Cx<'_, '_>| match (replica.slave_master, promoted) {
            (Some(to), Some(addr)) => self.equals_host(cx, addr, to.ip) && to.port == addr.port,
            _ => false,
        };
        if flags.any(Flags::RECONF_SENT) && follows(cx) {
            let flags = &mut self.inst_mut(who).flags;
            flags.clear(Flags::RECONF_SENT);
            flags.set(Flags::RECONF_INPROG);
            self.event(cx, EventKind::SlaveReconfInprog, who);
        }
        if self.inst(who).flags.any(Flags::RECONF_INPROG) && link_up {
            let flags = &mut self.inst_mut(who).flags;
            flags.clear(Flags::RECONF_INPROG);
            flags.set(Flags::RECONF_DONE);
            self.event(cx, EventKind::SlaveReconfDone, who);
        }
    }
}
