//! `no-eviction`: no key with acknowledged writes is evicted.
//!
//! A server over its `maxmemory` gives keys up and writes a DEL of each into its history, as if a client had asked for it.
//! So an evicted write is still in the lineage and not lost (`lost-write`): it was taken away, by a setting. It counts as
//! evicted if its key was evicted, in the history of the final master, while the key's content was still this write's: for
//! a register its last SET, for sets, lists and counters every write since the key was there. Without a converged cluster
//! all recorded histories count.
//!
//! Other properties leave evicted keys alone: nobody invoked the DEL, so that `linearizable` and `stale-read` have nothing
//! to say of them.
//!
//! Source: evict.c; the metrics `keys_evicted` and `writes_evicted`. Cannot see: keys that no client wrote.

use super::span;
use crate::expect::Property;
use crate::finding::{Detail, Finding};
use crate::index::Index;
use crate::judge::Judgement;
use crate::lineage::Chain;
use crate::metrics::Metric;
use crate::observations::{AppliedAt, NodeIx, Observations};
use splitbrain_model::{Command, Key, Space};
use std::collections::{BTreeMap, BTreeSet};

/// Checks every master.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    if !obs.applied.iter().any(|applied| matches!(applied.command, Command::Del(_))) {
        return;
    }
    for (i, master) in obs.masters.iter().enumerate() {
        let Some(tally) = Tally::of(obs, index, i) else {
            continue;
        };
        out.metrics.add(Metric::KeysEvicted, tally.evictions.len() as i64);
        out.metrics.add(Metric::WritesEvicted, tally.writes as i64);
        let (Some(first), Some(last)) = (tally.evictions.first(), tally.evictions.last()) else {
            continue;
        };
        let servers: BTreeSet<NodeIx> = tally.evictions.iter().map(|applied| applied.node).collect();
        out.findings.push(Finding {
            property: Property::NoEviction,
            at: first.at,
            master: master.name.clone(),
            detail: Detail::Evicted {
                servers: servers.into_iter().collect(),
                keys: tally.evictions.len() as u64,
                writes: tally.writes,
                first: first.command.key(),
                span: span(obs, first.at, last.at),
            },
        });
    }
}

/// Keys that were evicted anywhere, whichever master they belonged to, per index of a master.
pub fn evicted_keys(obs: &Observations, index: &Index<'_>, master: usize) -> BTreeSet<Key> {
    let mine = obs.applied.iter().filter(|applied| index.master_of(applied.node) == Some(master));
    mine.filter(|applied| matches!(applied.command, Command::Del(_))).map(|applied| applied.command.key()).collect()
}

struct Tally<'a> {
    evictions: Vec<&'a AppliedAt>,
    writes: u64,
}

impl<'a> Tally<'a> {
    /// Follows the history of the final master, or all histories in order of time if there is none.
    fn of(obs: &'a Observations, index: &Index<'_>, master: usize) -> Option<Tally<'a>> {
        let acked: BTreeSet<usize> =
            index.acks_of(master).filter_map(|ack| index.executions.of(ack.operation)).collect();
        let view = obs.final_views.iter().find(|view| view.master == obs.masters[master].name);
        let node = view.filter(|_| obs.converged.is_some()).and_then(|view| obs.node_at(view.addr));
        let last = node.and_then(|node| obs.final_redis.iter().find(|redis| redis.node == node));
        let chain = last.map(|redis| Chain::new(obs, redis.lineage));
        let mut tally = Tally { evictions: Vec::new(), writes: 0 };
        // Acknowledged writes that the present content of each key consists of.
        let mut content: BTreeMap<Key, u64> = BTreeMap::new();
        for (i, applied) in obs.applied.iter().enumerate() {
            let inside = chain.as_ref().is_none_or(|chain| chain.contains(applied.lineage));
            if index.master_of(applied.node) != Some(master) || !inside {
                continue;
            }
            let key = applied.command.key();
            match applied.command {
                Command::Del(_) => {
                    tally.evictions.push(applied);
                    tally.writes += content.remove(&key).unwrap_or(0);
                }
                Command::Set(Key { space: Space::Register, .. }, _) => {
                    content.insert(key, acked.contains(&i).into());
                }
                _ => *content.entry(key).or_default() += u64::from(acked.contains(&i)),
            }
        }
        (!tally.evictions.is_empty()).then_some(tally)
    }
}
