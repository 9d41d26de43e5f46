//! The final reading: what every server holds, and what every Sentinel says, once clients have ended.

use crate::cluster::Cluster;
use crate::resp::{Connection, Frame};
use crate::shared::Life;
use splitbrain::checker::observations::{FinalRedis, FinalView, NodeIx};
use splitbrain::model::files::Lineage;
use splitbrain::model::redis::dataset::Dataset;
use splitbrain::model::{Addr, Command, Epoch, Key, Space, Value};
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was read.
pub struct Reading {
    /// Servers.
    pub servers: Vec<FinalRedis>,
    /// Sentinels' views.
    pub views: Vec<FinalView>,
}

/// Reads everybody who runs.
pub fn read(cluster: &Cluster) -> Reading {
    let shared = cluster.shared();
    let keys: BTreeSet<Key> =
        shared.recorder().seen.operations.iter().map(|operation| operation.command.key()).collect();
    let servers = shared.servers().into_iter().map(|p| server(cluster, p, &keys)).collect();
    let views = shared.sentinels().into_iter().flat_map(|p| views(cluster, p)).collect();
    Reading { servers, views }
}

fn server(cluster: &Cluster, p: usize, keys: &BTreeSet<Key>) -> FinalRedis {
    let node = NodeIx(p as u16);
    let gone = FinalRedis {
        node,
        running: false,
        replica_of: None,
        link_up: false,
        lineage: Lineage::default(),
        data: Dataset::default(),
    };
    if cluster.shared().life(p) != Life::Up {
        return gone;
    }
    let read = cluster.shared().on_host(p, |shared| {
        let mut connection = shared.own_connection(p, PATIENCE)?;
        let role = connection.ask(&[shared.word(p, "ROLE")])?;
        let data = dataset(&mut connection, keys)?;
        Ok((role, data))
    });
    let Ok((role, data)) = read else { return gone };
    let (replica_of, link_up) = match role.elements() {
        Some([kind, ip, port, state, _]) if kind.text() == Some("slave") => {
            let ip = ip.text().and_then(|ip| ip.parse().ok()).unwrap_or_default();
            let port = port.number().and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
            (Some(Addr { ip, port }), state.text() == Some("connected"))
        }
        _ => (None, false),
    };
    FinalRedis { running: true, replica_of, link_up, data, ..gone }
}

fn dataset(connection: &mut Connection, keys: &BTreeSet<Key>) -> io::Result<Dataset> {
    let mut data = Dataset::default();
    let value = |frame: &Frame| frame.number().and_then(|n| u64::try_from(n).ok()).map(Value);
    for &key in keys {
        let name = key.name();
        let answer = match key.space {
            Space::Set => connection.ask(&["SMEMBERS", &name])?,
            Space::List => connection.ask(&["LRANGE", &name, "0", "-1"])?,
            Space::Register | Space::Counter => connection.ask(&["GET", &name])?,
        };
        let values: Vec<Value> = match &answer {
            Frame::Array(elements) => elements.iter().filter_map(value).collect(),
            frame => value(frame).into_iter().collect(),
        };
        for value in values {
            match key.space {
                Space::Set => drop(data.execute(Command::Sadd(key, value))),
                Space::List => drop(data.execute(Command::Rpush(key, value))),
                Space::Register => drop(data.execute(Command::Set(key, value))),
                Space::Counter => (0..value.0).for_each(|_| drop(data.execute(Command::Incr(key)))),
            }
        }
    }
    Ok(data)
}

fn views(cluster: &Cluster, p: usize) -> Vec<FinalView> {
    if cluster.shared().life(p) != Life::Up {
        return Vec::new();
    }
    let current_epoch = current_epoch(&std::fs::read_to_string(cluster.config(p, None)).unwrap_or_default());
    let looks = cluster.shared().looks();
    let views = looks.views.get(&p).into_iter().flatten();
    let view = |view: &crate::shared::ViewSeen| FinalView {
        node: NodeIx(p as u16),
        master: view.name.clone(),
        addr: view.addr,
        config_epoch: Epoch(view.config_epoch),
        current_epoch,
        plain: view.flags == "master",
    };
    views.map(view).collect()
}

/// What a Sentinel has saved of its current epoch.
fn current_epoch(conf: &str) -> Epoch {
    let line = conf.lines().find_map(|line| line.strip_prefix("sentinel current-epoch "));
    Epoch(line.and_then(|number| number.trim().parse().ok()).unwrap_or(0))
}
