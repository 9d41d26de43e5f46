//! The configuration file: what a start takes from it and what a flush writes (Sentinel spec 9). When it is flushed
//! is decided where the state changes.

use super::consts::FIRST_TICK;
use super::instance::{Instance, Master, Role, Who, credentials};
use super::{Conns, Cx, Links, Sentinel};
use crate::event::{EventKind, Extra};
use crate::files::{MasterConf, SentinelConf};
use crate::note::Note;
use crate::{Addr, Name, Purpose, SentinelId};

impl Sentinel {
    /// `initSentinel`, `loadSentinelConfigFromQueue`, `sentinelIsRunning`.
    pub(super) fn load(mut conf: SentinelConf, addr: Addr, cx: &mut Cx<'_, '_>) -> Sentinel {
        let masters = std::mem::take(&mut conf.masters);
        let now = cx.now();
        // Without a password of their own, other Sentinels are believed to share ours (spec 11.3).
        let peer_credentials = match &conf.sentinel_pass {
            Some(pass) => credentials(conf.sentinel_user.as_deref(), Some(pass)),
            None => credentials(None, conf.requirepass.as_deref()),
        };
        let mut sentinel = Sentinel {
            myid: conf.myid.unwrap_or_default(),
            announce: conf.announce.unwrap_or(addr),
            current_epoch: conf.current_epoch,
            tilt: false,
            tilt_start: crate::Millis(0),
            previous_time: now,
            next_tick: cx.env.mono() + FIRST_TICK.nanos(),
            masters: Vec::new(),
            file_order: Vec::new(),
            links: Links::default(),
            conns: Conns::default(),
            next_obj: 0,
            peer_credentials,
            client_names: [Name::from(""), Name::from("")],
            conf,
        };
        for master in &masters {
            sentinel.create_master(cx, master);
        }
        // In a second pass, so that links are shared whichever master comes first.
        for master in &masters {
            sentinel.load_known(cx, master);
        }
        let place = |name: &Name| sentinel.lookup_master(name);
        sentinel.file_order = masters.iter().filter_map(|m| place(&m.name)).collect();
        sentinel.identify(cx);
        for m in 0..sentinel.masters.len() {
            let quorum = Extra::Quorum(sentinel.masters[m].quorum);
            sentinel.event_with(cx, EventKind::Monitor, Who::Master(m), quorum);
        }
        sentinel
    }

    fn create_master(&mut self, cx: &mut Cx<'_, '_>, conf: &MasterConf) {
        if self.lookup_master(&conf.name).is_some() {
            return;
        }
        let identity = self.new_object(cx);
        let now = cx.now();
        let link = self.links.create(now);
        let inst = Instance::new(identity, conf.addr, Role::Master, conf.down_after, link, now);
        let place = self.masters.partition_point(|m| m.inst.table_key <= identity.1);
        self.masters.insert(place, Master::new(inst, conf));
        self.current_epoch = self.current_epoch.max(conf.config_epoch);
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

    /// Rewrites the configuration file, blocking (`sentinelFlushConfig`). A failure changes nothing but the log.
    pub(super) fn flush_config(&self, cx: &mut Cx<'_, '_>) {
        let conf = self.config();
        if cx.env.save_sentinel_conf(&conf).is_err() {
            let at = cx.at();
            cx.out.note(at, Note::SaveFailed);
        }
    }

    /// What the file holds after a flush (`rewriteConfigSentinelOption`, spec 9.2).
    fn config(&self) -> SentinelConf {
        let mut conf = self.conf.clone();
        conf.current_epoch = self.current_epoch;
        let masters = self.file_order.iter().map(|m| &self.masters[*m]);
        conf.masters = masters.map(master_conf).collect();
        conf
    }
}

fn master_conf(master: &Master) -> MasterConf {
    let addr = master.current_addr();
    // Once the promoted replica stands in the monitor line, the old master takes its place among the replicas.
    let known_replica = |replica: Addr| {
        if replica == addr { master.inst.addr } else { replica }
    };
    MasterConf {
        name: master.name.clone(),
        addr,
        quorum: master.quorum,
        down_after: master.inst.down_after,
        failover_timeout: master.failover_timeout,
        parallel_syncs: master.parallel_syncs,
        master_reboot_down_after: master.reboot_down_after,
        auth_user: master.auth_user.clone(),
        auth_pass: master.auth_pass.clone(),
        config_epoch: master.config_epoch,
        leader_epoch: master.leader_epoch,
        known_replicas: (master.replicas.iter()).map(|r| known_replica(r.inst.addr)).collect(),
        known_sentinels: master.peers.iter().map(|p| (p.inst.addr, p.id)).collect(),
    }
}
