//! The configuration file: what a start takes from it and what a flush writes (Sentinel spec 9). When it is flushed
//! is decided where the state changes.

use super::consts::{COMPILED_DOWN_AFTER, COMPILED_FAILOVER_TIMEOUT, FIRST_TICK, Tunables};
use super::instance::{Instance, Master, Role, Who, credentials};
use super::names::InstanceAddr;
use super::{Conns, Cx, Links, Sentinel};
use crate::conf::UNRESOLVED;
use crate::event::{EventKind, Extra};
use crate::files::{MasterConf, SentinelConf};
use crate::message::Credentials;
use crate::note::Note;
use crate::planted::Planted;
use crate::{Addr, Millis, Name, Purpose, SentinelId};
use std::sync::Arc;

impl Sentinel {
    /// `initSentinel`, `loadSentinelConfigFromQueue`, `sentinelIsRunning`.
    pub(super) fn load(mut conf: SentinelConf, addr: Addr, cx: &mut Cx<'_, '_>) -> Sentinel {
        let masters = std::mem::take(&mut conf.masters);
        let now = cx.now();
        let peer_credentials = peer_credentials(&conf);
        let mut sentinel = Sentinel {
            myid: conf.myid.unwrap_or_default(),
            announce: conf.announce.unwrap_or(addr),
            current_epoch: conf.current_epoch,
            tilt: false,
            tilt_start: Millis(0),
            previous_time: now,
            next_tick: cx.env.mono() + FIRST_TICK.nanos(),
            masters: Vec::new(),
            file_order: Vec::new(),
            links: Links::default(),
            conns: Conns::default(),
            next_obj: 0,
            peer_credentials,
            client_names: [Name::from(""), Name::from("")],
            tunables: Tunables::default(),
            scripts: Default::default(),
            crash_points: Vec::new(),
            exited: false,
            conf,
        };
        for master in &masters {
            if !loads(master) || !sentinel.create_master(cx, master) {
                // "Can't resolve instance hostname.", or a line with a word too few: the file cannot be loaded.
                sentinel.exited = true;
                let at = cx.at();
                cx.out.exit(at, 1);
                return sentinel;
            }
        }
        // In a second pass, so that links are shared whichever master comes first.
        for master in &masters {
            sentinel.load_known(cx, master);
        }
        sentinel.identify(cx);
        for m in 0..sentinel.masters.len() {
            let quorum = Extra::Quorum(sentinel.masters[m].quorum);
            sentinel.event_with(cx, EventKind::Monitor, Who::Master(m), quorum);
        }
        sentinel
    }

    /// Creates a master at its place in the table, last in the file, unless there is one of this name. Whether its
    /// address was accepted: without `resolve-hostnames` a name is not; with it, one that does not resolve is.
    pub(super) fn create_master(&mut self, cx: &mut Cx<'_, '_>, conf: &MasterConf) -> bool {
        let Some(addr) = self.create_addr(cx, conf.addr, true) else {
            return false;
        };
        if self.lookup_master(&conf.name).is_some() {
            return true;
        }
        let identity = self.new_object(cx);
        let now = cx.now();
        let link = self.links.create(now);
        let inst = Instance::new(identity, addr, Role::Master, conf.down_after, link, now);
        let place = self.masters.partition_point(|m| m.inst.table_key <= identity.1);
        self.masters.insert(place, Master::new(inst, conf));
        self.file_order.iter_mut().filter(|other| **other >= place).for_each(|other| *other += 1);
        self.file_order.push(place);
        self.current_epoch = self.current_epoch.max(conf.config_epoch);
        true
    }

    fn load_known(&mut self, cx: &mut Cx<'_, '_>, conf: &MasterConf) {
        let Some(m) = self.lookup_master(&conf.name) else {
            return;
        };
        for addr in &conf.known_replicas {
            self.create_replica(cx, m, *addr);
        }
        for (addr, id) in &conf.known_sentinels {
            if let Some(peer) = self.create_peer(cx, m, *addr, *id) {
                self.try_connection_sharing(cx, peer);
            }
        }
    }

    /// Takes an id at the first start and saves it, so that it is this Sentinel's for ever.
    fn identify(&mut self, cx: &mut Cx<'_, '_>) {
        if self.conf.myid.is_none() {
            self.myid = SentinelId(cx.env.draws.hex40(Purpose::Identity));
            self.conf.myid = Some(self.myid);
            self.flush_config(cx);
        }
        let short = &self.myid.to_string()[..8];
        self.client_names = ["cmd", "pubsub"].map(|what| format!("sentinel-{short}-{what}").into());
    }

    /// Rewrites the configuration file, blocking (`sentinelFlushConfig`); whether it was saved. A failure changes nothing
    /// but the log.
    pub(super) fn flush_config(&self, cx: &mut Cx<'_, '_>) -> bool {
        let conf = self.config();
        let saved = cx.env.save_sentinel_conf(&conf).is_ok();
        if !saved {
            let at = cx.at();
            cx.out.note(at, Note::SaveFailed);
        }
        saved
    }

    /// What the file holds after a flush (`rewriteConfigSentinelOption`, spec 9.2).
    fn config(&self) -> SentinelConf {
        let mut conf = self.conf.clone();
        conf.current_epoch = self.current_epoch;
        let masters = self.file_order.iter().map(|m| &self.masters[*m]);
        conf.masters = masters.map(|master| self.master_conf(master)).collect();
        conf
    }

    fn master_conf(&self, master: &Master) -> MasterConf {
        let tunables = &self.tunables;
        let addr = master.current_addr();
        // Once the promoted replica stands in the monitor line, the old master takes its place among the replicas.
        let known_replica =
            |replica: InstanceAddr| self.announced(if replica.same_as(addr) { master.inst.addr } else { replica });
        MasterConf {
            name: master.name.clone(),
            addr: self.announced(addr),
            quorum: master.quorum,
            down_after: written(master.inst.down_after, tunables.default_down_after, COMPILED_DOWN_AFTER),
            failover_timeout: written(
                master.failover_timeout,
                tunables.default_failover_timeout,
                COMPILED_FAILOVER_TIMEOUT,
            ),
            parallel_syncs: master.parallel_syncs,
            master_reboot_down_after: master.reboot_down_after,
            auth_user: master.auth_user.clone(),
            auth_pass: master.auth_pass.clone(),
            config_epoch: master.config_epoch,
            leader_epoch: master.leader_epoch,
            known_replicas: match self.conf.planted.has(Planted::ReplicasNotSaved) {
                true => Vec::new(),
                false => (master.replicas.iter()).map(|r| known_replica(r.inst.addr)).collect(),
            },
            known_sentinels: master.peers.iter().map(|p| (self.announced(p.inst.addr), p.id)).collect(),
            notification_script: master.notification_script.clone(),
            client_reconfig_script: master.client_reconfig_script.clone(),
            renamed: master.renamed.clone(),
        }
    }
}

/// Whether a master's lines can be read again. Without names, an instance that never resolved was written with an empty
/// address, and its line lacks a word (measured on 7.0.15: "Unrecognized sentinel configuration statement.").
fn loads(master: &MasterConf) -> bool {
    let sentinels = master.known_sentinels.iter().map(|(addr, _)| addr);
    let addrs = master.known_replicas.iter().chain(sentinels).chain([&master.addr]);
    addrs.into_iter().all(|addr| addr.ip != UNRESOLVED)
}

/// What is sent to other Sentinels. Without a password of their own they are believed to share ours (spec 11.3).
pub(super) fn peer_credentials(conf: &SentinelConf) -> Option<Arc<Credentials>> {
    match &conf.sentinel_pass {
        Some(pass) => credentials(conf.sentinel_user.as_deref(), Some(pass)),
        None => credentials(None, conf.requirepass.as_deref()),
    }
}

/// What a file holds for a period: one that equals the default *of this moment* is not written, and a start without it
/// takes the compiled default (`rewriteConfigSentinelOption`, spec 0.1).
fn written(value: Millis, default: Millis, compiled: Millis) -> Millis {
    if value == default { compiled } else { value }
}
