//! Eviction: which keys a master gives up when its data takes more than `maxmemory` (evict.c). Before every command a
//! master frees what is too much and tells its replicas with a DEL per key; a replica leaves it to its master
//! (`replica-ignore-maxmemory`), whatever its own limit is. So a replica with less memory takes a dataset that is too large
//! for it, and gives up the difference with the first command after its promotion.
//!
//! LRU is approximated as the real one does it: a few keys are looked at, the best of them and of earlier looks are kept in
//! a pool, and the one not used for longest goes. Use is stamped in whole seconds. The sample is a draw of independent
//! keys; the real server reads neighbours in its hash table. Preloaded bytes that belong to no key of a client are never
//! evicted. The work costs no time here; the real server does it in slices of half a millisecond.

use super::Redis;
use crate::effects::Effects;
use crate::env::{Env, Purpose};
use crate::files::MaxmemoryPolicy;
use crate::message::StreamItem;
use crate::value::{Command, Key};
use std::collections::BTreeMap;

/// Keys looked at per round (`maxmemory-samples`).
const SAMPLES: u32 = 5;
/// Candidates kept between rounds (EVPOOL_SIZE).
const POOL_SIZE: usize = 16;

/// When keys were used, and candidates for eviction.
#[derive(Debug, Default)]
pub struct Evictor {
    /// Second of the last use; a key that is missing came with a dataset and was not used since.
    used: BTreeMap<Key, i64>,
    /// Candidates, the most idle one last: since when it is unused, and the key.
    pool: Vec<(i64, Key)>,
}

impl Evictor {
    /// evictionPoolPopulate of one key: kept if there is room, or if it is idle for longer than the least idle one kept.
    fn offer(&mut self, key: Key) {
        if self.pool.iter().any(|(_, kept)| *kept == key) {
            return;
        }
        let used = self.used.get(&key).copied().unwrap_or(i64::MIN);
        let at = self.pool.partition_point(|(other, _)| *other > used);
        if self.pool.len() == POOL_SIZE {
            if at == 0 {
                return;
            }
            self.pool.remove(0);
            self.pool.insert(at - 1, (used, key));
        } else {
            self.pool.insert(at, (used, key));
        }
    }
}

impl Redis {
    /// lookupKey notes the use of a key. Only where it will be asked for.
    pub(super) fn touch(&mut self, key: Key) {
        if self.conf.maxmemory > 0 && self.conf.maxmemory_policy == MaxmemoryPolicy::AllkeysLru {
            self.evictor.used.insert(key, self.clock.secs());
        }
    }

    /// performEvictions: frees keys until the data fits, or nothing is left to evict. Does nothing on a replica, while
    /// loading, and while writes are paused.
    pub(super) fn perform_evictions(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        let policy = self.conf.maxmemory_policy;
        if policy == MaxmemoryPolicy::NoEviction
            || self.master_addr.is_some()
            || self.loading.is_some()
            || self.shutdown.paused()
            || self.data.memory_bytes() <= self.conf.maxmemory
        {
            return;
        }
        let mut keys = self.data.keys();
        while self.data.memory_bytes() > self.conf.maxmemory && !keys.is_empty() {
            let at = match policy {
                MaxmemoryPolicy::AllkeysLru => self.least_recently_used(env, &keys),
                _ => env.draws.below(Purpose::Eviction, keys.len() as u64) as usize,
            };
            let key = keys.remove(at);
            self.evict(env, out, key);
        }
    }

    /// The next candidate of the pool that still exists, as an index into all keys.
    fn least_recently_used(&mut self, env: &mut Env<'_>, keys: &[Key]) -> usize {
        loop {
            for _ in 0..SAMPLES {
                let key = keys[env.draws.below(Purpose::Eviction, keys.len() as u64) as usize];
                self.evictor.offer(key);
            }
            while let Some((_, key)) = self.evictor.pool.pop() {
                if let Ok(at) = keys.binary_search(&key) {
                    return at;
                }
            }
        }
    }

    /// propagateDeletion: to the append-only file and the replicas, outside of any transaction.
    fn evict(&mut self, env: &Env<'_>, out: &mut Effects, key: Key) {
        let command = Command::Del(key);
        self.data.execute(command);
        self.evictor.used.remove(&key);
        self.persist.dirty += 1;
        self.history.lineage.writes += 1;
        let lineage = self.history.lineage;
        self.persist.feed_aof(command, lineage);
        self.propagate_now(env, out, StreamItem::Write(command), lineage);
    }
}
