//! What Sentinel keeps about each monitored object: masters, their replicas, the other Sentinels of each master
//! (Sentinel spec 3.1). Data and its initial values; no rule lives here.

use super::consts::DEFAULT_PRIORITY;
use super::link::LinkId;
use super::names::InstanceAddr;
use crate::files::{MasterConf, Script};
use crate::message::Credentials;
use crate::{Addr, Epoch, Millis, Name, ReplOffset, RunId, SentinelId};
use std::sync::Arc;

/// Identity of an object, never used twice in a process: a reply that arrives for a destroyed object finds nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ObjId(pub(super) u32);

/// Where an object stands in the tables right now. Valid until a table changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A master.
    Master(usize),
    /// A replica of a master.
    Replica(usize, usize),
    /// Another Sentinel of a master.
    Peer(usize, usize),
}

impl Who {
    /// The master it belongs to, or is.
    pub(super) fn master(self) -> usize {
        match self {
            Who::Master(m) | Who::Replica(m, _) | Who::Peer(m, _) => m,
        }
    }
}

/// Set of an object's flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u16);

impl Flags {
    pub(super) const NONE: Flags = Flags(0);
    pub(super) const S_DOWN: Flags = Flags(1);
    pub(super) const O_DOWN: Flags = Flags(1 << 1);
    /// Of a peer: it told us that it holds the master for down.
    pub(super) const MASTER_DOWN: Flags = Flags(1 << 2);
    pub(super) const FAILOVER_IN_PROGRESS: Flags = Flags(1 << 3);
    pub(super) const PROMOTED: Flags = Flags(1 << 4);
    pub(super) const RECONF_SENT: Flags = Flags(1 << 5);
    pub(super) const RECONF_INPROG: Flags = Flags(1 << 6);
    pub(super) const RECONF_DONE: Flags = Flags(1 << 7);
    pub(super) const FORCE_FAILOVER: Flags = Flags(1 << 8);
    pub(super) const SCRIPT_KILL_SENT: Flags = Flags(1 << 9);
    pub(super) const MASTER_REBOOT: Flags = Flags(1 << 10);

    /// Both sets together.
    pub(super) const fn or(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
    /// Whether any flag of `other` is set.
    pub(super) const fn any(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }
    /// Adds flags.
    pub(super) fn set(&mut self, other: Flags) {
        self.0 |= other.0;
    }
    /// Removes flags.
    pub(super) fn clear(&mut self, other: Flags) {
        self.0 &= !other.0;
    }
}

/// A role as INFO reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Master,
    Slave,
}

/// What all three kinds have. A time of 0 means never, as upstream: wall clocks are far from 1970.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) obj: ObjId,
    /// Position in its hash table: tables are kept sorted by it.
    pub(super) table_key: u64,
    pub(super) addr: InstanceAddr,
    pub(super) flags: Flags,
    pub(super) link: LinkId,
    pub(super) runid: Option<RunId>,
    pub(super) down_after: Millis,
    /// Last hello that was accepted by the instance.
    pub(super) last_pub_time: Millis,
    /// Start of the last SDOWN; not cleared when it ends.
    pub(super) s_down_since: Millis,
    pub(super) o_down_since: Millis,
    /// Last INFO that was parsed.
    pub(super) info_refresh: Millis,
    pub(super) role_reported: Role,
    pub(super) role_reported_time: Millis,
}

impl Instance {
    /// A fresh object (`createSentinelRedisInstance`).
    pub(super) fn new(
        (obj, table_key): (ObjId, u64),
        addr: InstanceAddr,
        role: Role,
        down_after: Millis,
        link: LinkId,
        now: Millis,
    ) -> Instance {
        Instance {
            obj,
            table_key,
            addr,
            flags: Flags::NONE,
            link,
            runid: None,
            down_after,
            last_pub_time: now,
            s_down_since: Millis(0),
            o_down_since: Millis(0),
            info_refresh: Millis(0),
            role_reported: role,
            role_reported_time: now,
        }
    }

    /// Not down for longer than `period`: counted from the start of the last down state, so that an instance which was
    /// down longer than that passes as soon as it is back (`sentinelRedisInstanceNoDownFor`, spec 4.2).
    pub(super) fn no_down_for(&self, period: Millis, now: Millis) -> bool {
        let most_recent = self.s_down_since.max(self.o_down_since);
        most_recent == Millis(0) || elapsed(most_recent, now) > period
    }
}

/// A replica.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) inst: Instance,
    /// Its key in the table, which is its name: the address as it was announced when the object was made.
    pub(super) key: Addr,
    /// Last change of the master it reports.
    pub(super) slave_conf_change_time: Millis,
    /// How long its link is down as it says; −1000 if it never was up.
    pub(super) master_link_down_time: Millis,
    pub(super) slave_priority: u32,
    pub(super) replica_announced: bool,
    pub(super) slave_reconf_sent_time: Millis,
    /// The master it reports.
    pub(super) slave_master: Option<Addr>,
    pub(super) link_up: bool,
    pub(super) slave_repl_offset: ReplOffset,
}

impl Replica {
    pub(super) fn new(inst: Instance, key: Addr, now: Millis) -> Replica {
        Replica {
            inst,
            key,
            slave_conf_change_time: now,
            master_link_down_time: Millis(0),
            slave_priority: DEFAULT_PRIORITY,
            replica_announced: true,
            slave_reconf_sent_time: Millis(0),
            slave_master: None,
            link_up: false,
            slave_repl_offset: ReplOffset(0),
        }
    }
}

/// Another Sentinel, as one master knows it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) inst: Instance,
    /// Its id, which is also its name.
    pub(super) id: SentinelId,
    /// Shown to operators only.
    pub(super) last_hello_time: Millis,
    pub(super) last_master_down_reply_time: Millis,
    /// Whom it told us it voted for.
    pub(super) leader: Option<SentinelId>,
    pub(super) leader_epoch: Epoch,
}

impl Peer {
    pub(super) fn new(inst: Instance, id: SentinelId, now: Millis) -> Peer {
        Peer { inst, id, last_hello_time: now, last_master_down_reply_time: now, leader: None, leader_epoch: Epoch(0) }
    }
}

/// Step of a failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FailoverState {
    None,
    WaitStart,
    SelectSlave,
    SendSlaveofNoone,
    WaitPromotion,
    ReconfSlaves,
    UpdateConfig,
}

/// A master.
#[derive(Debug)]
pub(super) struct Master {
    pub(super) inst: Instance,
    pub(super) name: Name,
    pub(super) quorum: u32,
    pub(super) parallel_syncs: i32,
    pub(super) failover_timeout: Millis,
    pub(super) reboot_down_after: Millis,
    pub(super) reboot_since: Millis,
    pub(super) auth_user: Option<String>,
    pub(super) auth_pass: Option<String>,
    /// What is sent to the master and its replicas.
    pub(super) credentials: Option<Arc<Credentials>>,
    pub(super) notification_script: Option<Script>,
    pub(super) client_reconfig_script: Option<Script>,
    /// Commands in lower case with what they are called at the master, its replicas and its Sentinels.
    pub(super) renamed: Vec<(String, Name)>,
    pub(super) replicas: Vec<Replica>,
    pub(super) peers: Vec<Peer>,
    pub(super) config_epoch: Epoch,
    /// Our vote.
    pub(super) leader: Option<SentinelId>,
    pub(super) leader_epoch: Epoch,
    pub(super) failover_epoch: Epoch,
    pub(super) failover_state: FailoverState,
    pub(super) failover_state_change_time: Millis,
    pub(super) failover_start_time: Millis,
    pub(super) failover_delay_logged: Millis,
    pub(super) promoted: Option<ObjId>,
}

impl Master {
    pub(super) fn new(inst: Instance, conf: &MasterConf) -> Master {
        Master {
            inst,
            name: conf.name.clone(),
            quorum: conf.quorum,
            parallel_syncs: conf.parallel_syncs,
            failover_timeout: conf.failover_timeout,
            reboot_down_after: conf.master_reboot_down_after,
            reboot_since: Millis(0),
            auth_user: conf.auth_user.clone(),
            auth_pass: conf.auth_pass.clone(),
            credentials: credentials(conf.auth_user.as_deref(), conf.auth_pass.as_deref()),
            notification_script: conf.notification_script.clone(),
            client_reconfig_script: conf.client_reconfig_script.clone(),
            renamed: conf.renamed.clone(),
            replicas: Vec::new(),
            peers: Vec::new(),
            config_epoch: conf.config_epoch,
            leader: None,
            leader_epoch: conf.leader_epoch,
            failover_epoch: Epoch(0),
            failover_state: FailoverState::None,
            failover_state_change_time: Millis(0),
            failover_start_time: Millis(0),
            failover_delay_logged: Millis(0),
            promoted: None,
        }
    }

    /// The promoted replica, if there is one.
    pub(super) fn promoted_replica(&self) -> Option<usize> {
        let promoted = self.promoted?;
        self.replicas.iter().position(|r| r.inst.obj == promoted)
    }

    /// The address to tell others: the promoted replica's once its promotion was seen, else the configured one
    /// (`sentinelGetCurrentMasterAddress`, spec 5.1).
    pub(super) fn current_addr(&self) -> InstanceAddr {
        let announced =
            self.inst.flags.any(Flags::FAILOVER_IN_PROGRESS) && self.failover_state >= FailoverState::ReconfSlaves;
        match self.promoted_replica() {
            Some(r) if announced => self.replicas[r].inst.addr,
            _ => self.inst.addr,
        }
    }

    /// Whether the configured master can be trusted to be one (`sentinelMasterLooksSane`, spec 4.2). `info_refresh`
    /// may stem from the previous address: a just-switched master looks sane before anyone has talked to it.
    pub(super) fn looks_sane(&self, now: Millis, info_period: Millis) -> bool {
        self.inst.role_reported == Role::Master
            && !self.inst.flags.any(Flags::S_DOWN.or(Flags::O_DOWN))
            && elapsed(self.inst.info_refresh, now) < Millis(2 * info_period.0)
    }
}

/// What AUTH is sent with; a user without a password sends nothing (spec 11.3).
pub(super) fn credentials(user: Option<&str>, pass: Option<&str>) -> Option<Arc<Credentials>> {
    Some(Arc::new(Credentials { user: user.map(str::to_owned), pass: pass?.to_owned() }))
}

/// Wall time from `since` to `now`; negative after the clock was stepped back.
pub(super) fn elapsed(since: Millis, now: Millis) -> Millis {
    Millis(now.0 - since.0)
}
