//! What was seen of a run beside the record: looks, logs, news. Put into the record where it belongs there.

use crate::cluster::Cluster;
use crate::event;
use crate::logs::{self, Line};
use crate::play::Done;
use crate::shared::{Looks, News};
use splitbrain::checker::observations::NodeIx;
use splitbrain::model::note::Note;
use splitbrain::model::{Addr, ReplId, ReplOffset, SentinelId, TrueTime};
use splitbrain::scenarios::Action;
use splitbrain::sim::recorder::Recorder;

/// Everything that was seen and is no observation.
pub struct Trace {
    /// Looks.
    pub looks: Looks,
    /// What Sentinels published.
    pub news: Vec<News>,
    /// Lines of Sentinels' logs: when, whose, text.
    pub sentinel_log: Vec<(TrueTime, usize, String)>,
    /// Lines of servers' logs.
    pub server_log: Vec<(TrueTime, usize, String)>,
    /// Steps as they were done.
    pub done: Vec<Done>,
    /// Steps as they were meant.
    pub actions: Vec<Action>,
    /// The numbers of the processes that each was applied to.
    pub bound: Vec<Vec<usize>>,
    /// Of those that have groups: the hosts in each (of a replacement the processes).
    pub groups: Vec<Vec<Vec<usize>>>,
    /// `stable`, or `timeout` where nobody agreed in time.
    pub outcome: &'static str,
    /// Seconds since 1970 when the count of time began.
    pub clock: crate::clock::Clock,
    /// Load of the machine before and after.
    pub load: [f64; 2],
    /// The priority (`nice`) that everything ran with.
    pub nice: f64,
    /// Files lay in memory.
    pub tmpfs: bool,
    /// How far the wall clock was moved meanwhile, ms.
    pub wall_stepped_ms: f64,
}

impl Trace {
    /// Collects what is there, once everybody has ended.
    pub(crate) fn collect(cluster: &Cluster, done: Vec<Done>, [load, nice]: [f64; 2]) -> Trace {
        let shared = cluster.shared();
        let read = |p: usize, name: &str| -> Vec<(TrueTime, usize, String)> {
            let lines = logs::read(&cluster.slots[p].dir.join(name));
            lines.into_iter().map(|Line { wall_ms, text }| (shared.clock.of_wall_ms(wall_ms), p, text)).collect()
        };
        let all = |processes: Vec<usize>, name: &str| {
            let mut lines: Vec<_> = processes.into_iter().flat_map(|p| read(p, name)).collect();
            lines.sort_by_key(|(at, ..)| *at);
            lines
        };
        let load_now = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load_now = load_now.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
        const TMPFS_MAGIC: u64 = 0x0102_1994;
        Trace {
            looks: std::mem::take(&mut *shared.looks()),
            news: shared.news(0, std::time::Duration::ZERO),
            sentinel_log: all(shared.sentinels(), "sentinel.log"),
            server_log: all(shared.servers(), "redis.log"),
            done,
            actions: cluster.faults.actions.clone(),
            bound: cluster.faults.bound.clone(),
            groups: cluster.faults.groups.clone(),
            outcome: "timeout",
            clock: shared.clock,
            load: [load, load_now],
            nice,
            tmpfs: rustix::fs::statfs(cluster.folder()).is_ok_and(|found| found.f_type as u64 == TMPFS_MAGIC),
            wall_stepped_ms: shared.clock.wall_stepped_ms(),
        }
    }

    /// Puts events and roles into the record. Times are those of the logs, which have a resolution of 1 ms.
    pub(crate) fn note(&self, recorder: &mut Recorder) {
        for (at, p, text) in &self.sentinel_log {
            let (name, payload) = text.split_once(' ').unwrap_or((text, ""));
            if let Some(event) = event::parse(name, payload) {
                recorder.event(*at, NodeIx(*p as u16), event);
            } else if let Some(master) = forced(text) {
                recorder.note(*at, NodeIx(*p as u16), Note::UserFailover(master.into()));
            }
        }
        for (at, p, text) in &self.server_log {
            if let Some(replica_of) = role_taken(text) {
                let role = Note::Role { replica_of, replid: ReplId::default(), offset: ReplOffset(0) };
                recorder.note(*at, NodeIx(*p as u16), role);
            }
        }
    }

    /// Identities of Sentinels in the order in which they were learned.
    pub(crate) fn sentinel_ids(&self) -> Vec<(NodeIx, SentinelId)> {
        let is_sentinel = |p: usize| self.sentinel_log.iter().any(|(_, of, _)| *of == p);
        let ids = self.looks.ids.iter().filter(|(_, p, _)| is_sentinel(*p));
        ids.filter_map(|(_, p, id)| Some((NodeIx(*p as u16), id.parse().ok()?))).collect()
    }
}

/// The master that an operator wants to be replaced (`sentinelCommand`), if a line of a Sentinel's log says so.
fn forced(text: &str) -> Option<&str> {
    text.strip_prefix("Executing user requested FAILOVER of '")?.strip_suffix('\'')
}

/// The role that a line of a server's log says it takes (`replicaofCommand`): its master, or none.
fn role_taken(text: &str) -> Option<Option<Addr>> {
    if text.starts_with("MASTER MODE enabled") {
        return Some(None);
    }
    let (addr, _) = text.strip_prefix("REPLICAOF ")?.split_once(" enabled")?;
    let (ip, port) = addr.rsplit_once(':')?;
    Some(Some(Addr { ip: ip.parse().ok()?, port: port.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentinels_log_says_that_it_obeys_an_operator() {
        assert_eq!(forced("Executing user requested FAILOVER of 'mymaster'"), Some("mymaster"));
        assert_eq!(forced("+try-failover master mymaster 127.7.1.1 6379"), None);
    }

    #[test]
    fn a_servers_log_says_which_role_it_takes() {
        let at = Addr { ip: "127.7.1.2".parse().unwrap(), port: 6379 };
        let line = "REPLICAOF 127.7.1.2:6379 enabled (user request from 'id=9 addr=127.7.1.5:4 name=sentinel-1')";
        assert_eq!(role_taken(line), Some(Some(at)));
        assert_eq!(role_taken("MASTER MODE enabled (user request from 'id=9')"), Some(None));
        assert_eq!(role_taken("Connecting to MASTER 127.7.1.2:6379"), None);
    }
}
