//! From what a Sentinel knows to what the model starts it with.

use super::Queue;
use super::state::{Address, Master};
use crate::conf::number::ipv4;
use crate::files::{MasterConf, Script, SentinelConf};
use crate::ids::Hex40;
use crate::{Addr, Epoch, Ip, Millis, SentinelId};

impl Queue<'_, '_> {
    /// The file as the model takes it; what it has no use for is noted.
    pub(super) fn convert(mut self, port: u16, requirepass: Option<String>) -> SentinelConf {
        let ip = filled(&self.state.announce_ip).and_then(|host| model_ip(&host));
        // The model announces a whole address or none.
        for line in [self.announce_ip.take(), self.announce_port.take()].into_iter().flatten() {
            if ip.is_none() {
                self.ignore(&line);
            }
        }
        let state = self.state;
        // Redis keeps any number; outside of 16 bits nobody can connect to it.
        let announced = match state.announce_port as u16 {
            0 => port,
            port => port,
        };
        SentinelConf {
            port,
            myid: state.myid.as_deref().map(sentinel_id),
            announce: ip.map(|ip| Addr { ip, port: announced }),
            current_epoch: Epoch(state.current_epoch),
            requirepass,
            sentinel_user: filled(&state.sentinel_user),
            sentinel_pass: filled(&state.sentinel_pass),
            deny_scripts_reconfig: state.deny_scripts_reconfig,
            resolve_hostnames: state.resolve_hostnames,
            announce_hostnames: state.announce_hostnames,
            masters: state.masters.iter().map(master).collect(),
            ..SentinelConf::default()
        }
    }
}

fn model_ip(host: &str) -> Option<Ip> {
    ipv4(host).map(Ip::in_numbers).or_else(|| Ip::named(host))
}

fn master(master: &Master) -> MasterConf {
    let addr = |address: &Address| Addr { ip: address.known, port: address.port };
    let millis = |time: i32| Millis(time.into());
    MasterConf {
        down_after: millis(master.down_after),
        failover_timeout: millis(master.failover_timeout),
        parallel_syncs: master.parallel_syncs,
        master_reboot_down_after: millis(master.master_reboot_down_after),
        auth_user: master.auth_user.as_deref().map(text),
        auth_pass: master.auth_pass.as_deref().map(text),
        config_epoch: Epoch(master.config_epoch),
        leader_epoch: Epoch(master.leader_epoch),
        known_replicas: master.replicas.iter().map(addr).collect(),
        known_sentinels: master.sentinels.iter().map(|(address, id)| (addr(address), sentinel_id(id))).collect(),
        notification_script: master.notification_script.as_deref().map(|path| Script::new(text(path))),
        client_reconfig_script: master.client_reconfig_script.as_deref().map(|path| Script::new(text(path))),
        renamed: master
            .renamed
            .iter()
            .map(|(old, new)| (text(old).to_ascii_lowercase(), (&*text(new)).into()))
            .collect(),
        ..MasterConf::new((&*text(&master.name)).into(), addr(&master.addr), master.quorum)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn filled(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| text(bytes))
}

/// An id. Real Sentinels take any characters; those that are no hexadecimal digits count by their low four bits.
fn sentinel_id(id: &[u8]) -> SentinelId {
    let mut words = [0; 3];
    for (index, byte) in id.iter().take(40).enumerate() {
        let digit = char::from(*byte).to_digit(16);
        let digit = digit.map_or_else(|| u64::from(byte & 15), u64::from);
        words[index / 16] |= digit << (60 - 4 * (index % 16));
    }
    SentinelId(Hex40::from_words(words))
}
