//! What a Sentinel knows after it has read its file: everything that it shows and writes, byte for byte.

use crate::Ip;
use crate::conf::split::shown;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the lines `sentinel …` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::conf) struct State {
    pub(in crate::conf) myid: Option<Vec<u8>>,
    pub(in crate::conf) current_epoch: u64,
    /// Nothing is as good as empty, for this and the next three texts.
    pub(in crate::conf) announce_ip: Vec<u8>,
    pub(in crate::conf) announce_port: i32,
    pub(in crate::conf) sentinel_user: Vec<u8>,
    pub(in crate::conf) sentinel_pass: Vec<u8>,
    pub(in crate::conf) deny_scripts_reconfig: bool,
    pub(in crate::conf) resolve_hostnames: bool,
    pub(in crate::conf) announce_hostnames: bool,
    /// In the order of the file; Redis keeps them in none.
    pub(in crate::conf) masters: Vec<Master>,
}

impl Default for State {
    fn default() -> State {
        State {
            myid: None,
            current_epoch: 0,
            announce_ip: Vec::new(),
            announce_port: 0,
            sentinel_user: Vec::new(),
            sentinel_pass: Vec::new(),
            deny_scripts_reconfig: true,
            resolve_hostnames: false,
            announce_hostnames: false,
            masters: Vec::new(),
        }
    }
}

/// The address of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::conf) struct Address {
    /// As it was given.
    pub(in crate::conf) host: Vec<u8>,
    /// In numbers; empty if nobody knows the name.
    pub(in crate::conf) ip: Vec<u8>,
    pub(in crate::conf) port: u16,
    /// As the model knows it.
    pub(in crate::conf) known: Ip,
}

impl Address {
    /// What is told of it (`announceSentinelAddr`).
    pub(in crate::conf) fn told(&self, names: bool) -> &[u8] {
        if names { &self.host } else { &self.ip }
    }
}

/// A monitored master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::conf) struct Master {
    pub(in crate::conf) name: Vec<u8>,
    pub(in crate::conf) addr: Address,
    pub(in crate::conf) quorum: u32,
    pub(in crate::conf) down_after: i32,
    pub(in crate::conf) failover_timeout: i32,
    pub(in crate::conf) parallel_syncs: i32,
    pub(in crate::conf) master_reboot_down_after: i32,
    pub(in crate::conf) auth_user: Option<Vec<u8>>,
    pub(in crate::conf) auth_pass: Option<Vec<u8>>,
    pub(in crate::conf) config_epoch: u64,
    pub(in crate::conf) leader_epoch: u64,
    pub(in crate::conf) replicas: Vec<Address>,
    pub(in crate::conf) sentinels: Vec<(Address, Vec<u8>)>,
    pub(in crate::conf) notification_script: Option<Vec<u8>>,
    pub(in crate::conf) client_reconfig_script: Option<Vec<u8>>,
    pub(in crate::conf) renamed: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Defaults of a master, ms and replicas at a time.
pub(in crate::conf) const DOWN_AFTER: i32 = 30_000;
pub(in crate::conf) const FAILOVER_TIMEOUT: i32 = 180_000;
pub(in crate::conf) const PARALLEL_SYNCS: i32 = 1;

impl Master {
    pub(in crate::conf) fn new(name: Vec<u8>, addr: Address, quorum: u32) -> Master {
        Master {
            name,
            addr,
            quorum,
            down_after: DOWN_AFTER,
            failover_timeout: FAILOVER_TIMEOUT,
            parallel_syncs: PARALLEL_SYNCS,
            master_reboot_down_after: 0,
            auth_user: None,
            auth_pass: None,
            config_epoch: 0,
            leader_epoch: 0,
            replicas: Vec::new(),
            sentinels: Vec::new(),
            notification_script: None,
            client_reconfig_script: None,
            renamed: Vec::new(),
        }
    }
}

/// What a started Sentinel says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// SENTINEL MASTERS, by name.
    pub masters: Vec<ShownMaster>,
    /// SENTINEL CONFIG GET *
    pub config: BTreeMap<String, String>,
    /// `port`
    pub tcp_port: u16,
}

/// A master as SENTINEL MASTERS, REPLICAS, SENTINELS and GET-MASTER-ADDR-BY-NAME show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are those of SENTINEL MASTERS")]
pub struct ShownMaster {
    pub name: String,
    pub ip: String,
    pub port: String,
    pub quorum: String,
    pub down_after_milliseconds: String,
    pub failover_timeout: String,
    pub parallel_syncs: String,
    pub num_slaves: String,
    pub num_other_sentinels: String,
    pub config_epoch: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_script: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_reconfig_script: Option<String>,
    /// `ip:port`
    pub replicas: Vec<String>,
    /// `ip:port id`
    pub sentinels: Vec<String>,
    pub addr: [String; 2],
}

impl State {
    /// What is shown of it.
    pub(in crate::conf) fn shown(&self, tcp_port: u16) -> Shown {
        let text = shown;
        let yes = |yes| if yes { "yes" } else { "no" }.to_owned();
        let config = [
            ("resolve-hostnames", yes(self.resolve_hostnames)),
            ("announce-hostnames", yes(self.announce_hostnames)),
            ("announce-ip", text(&self.announce_ip)),
            ("announce-port", self.announce_port.to_string()),
            ("sentinel-user", text(&self.sentinel_user)),
            ("sentinel-pass", text(&self.sentinel_pass)),
        ];
        let config = config.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut masters: Vec<ShownMaster> = self.masters.iter().map(|master| self.shown_master(master)).collect();
        masters.sort_by(|a, b| a.name.cmp(&b.name));
        Shown { masters, config, tcp_port }
    }

    fn shown_master(&self, master: &Master) -> ShownMaster {
        let text = shown;
        let told = |addr: &Address| text(addr.told(self.announce_hostnames));
        let place = |addr: &Address| format!("{}:{}", told(addr), addr.port);
        let mut replicas: Vec<String> = master.replicas.iter().map(place).collect();
        let mut sentinels: Vec<String> =
            master.sentinels.iter().map(|(addr, id)| format!("{} {}", place(addr), text(id))).collect();
        replicas.sort();
        sentinels.sort();
        ShownMaster {
            name: text(&master.name),
            ip: told(&master.addr),
            port: master.addr.port.to_string(),
            quorum: master.quorum.to_string(),
            down_after_milliseconds: master.down_after.to_string(),
            failover_timeout: master.failover_timeout.to_string(),
            parallel_syncs: master.parallel_syncs.to_string(),
            num_slaves: replicas.len().to_string(),
            num_other_sentinels: sentinels.len().to_string(),
            // It is shown as a signed number, and written as one without sign.
            config_epoch: (master.config_epoch as i64).to_string(),
            notification_script: master.notification_script.as_deref().map(text),
            client_reconfig_script: master.client_reconfig_script.as_deref().map(text),
            replicas,
            sentinels,
            addr: [told(&master.addr), master.addr.port.to_string()],
        }
    }
}
