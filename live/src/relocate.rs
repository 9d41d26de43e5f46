//! A scenario at the addresses that its hosts really have.

use splitbrain::model::{Addr, Ip};
use splitbrain::scenarios::{ProcessKind, Resolved};

/// The scenario with every address of a host replaced by what `ip` gives for the host's number.
pub fn relocated(mut scenario: Resolved, ip: impl Fn(usize) -> Ip) -> Resolved {
    let moved: Vec<(Ip, Ip)> = scenario.hosts.iter().enumerate().map(|(number, host)| (host.ip, ip(number))).collect();
    let to = |addr: &mut Addr| {
        if let Some((_, new)) = moved.iter().find(|(old, _)| *old == addr.ip) {
            addr.ip = *new;
        }
    };
    for (host, (_, new)) in scenario.hosts.iter_mut().zip(&moved) {
        host.ip = *new;
    }
    for process in &mut scenario.processes {
        to(&mut process.addr);
        match &mut process.kind {
            ProcessKind::Redis(conf) => {
                conf.replicaof.iter_mut().for_each(to);
                if let Some(announced) = &mut conf.replica_announce_ip {
                    let mut addr = Addr { ip: *announced, port: 0 };
                    to(&mut addr);
                    *announced = addr.ip;
                }
            }
            ProcessKind::Sentinel(conf) => {
                conf.announce.iter_mut().for_each(to);
                conf.masters.iter_mut().for_each(|master| to(&mut master.addr));
            }
            ProcessKind::Client(conf) => {
                conf.sentinels.iter_mut().for_each(to);
                conf.server.iter_mut().for_each(to);
            }
            ProcessKind::App => {}
        }
    }
    scenario
}
