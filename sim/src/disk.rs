//! The files of one process and what writing them costs. A save takes effect when its fsync and rename are done: a
//! process killed before leaves the old file. Of the append-only file, a process death leaves everything written and a
//! power loss what had been synced.

use crate::chance::Stream;
use splitbrain_model::files::{AofEntry, AofFile, RedisConf, RedisFiles, SentinelConf, Snapshot};
use splitbrain_model::{Disk, Nanos, SaveError, Saved, TrueTime};
use splitbrain_scenarios::Environment;
use std::sync::Arc;

#[derive(Debug)]
enum Staged {
    Sentinel(Box<SentinelConf>),
    Redis(Box<RedisConf>),
    Rdb(Arc<Snapshot>),
    Aof(Arc<Snapshot>, usize),
}

/// The files of one process.
#[derive(Debug)]
pub struct ProcessDisk {
    /// `sentinel.conf`, on a Sentinel.
    pub sentinel: Option<SentinelConf>,
    /// A Redis server's files.
    pub redis: RedisFiles,
    /// Configuration files cannot be replaced: the directory is read-only.
    pub config_read_only: bool,
    /// RDB files cannot be written.
    pub snapshots_fail: bool,
    /// Entries of the append-only file that are on the medium.
    synced: usize,
    /// A background fsync: up to which entry, and when it will be done.
    syncing: Option<(usize, TrueTime)>,
    staged: Vec<(TrueTime, Staged)>,
    stream: Stream,
}

impl ProcessDisk {
    /// The disk of the process `name`, empty but for configuration files.
    pub fn new(seed: u64, name: &str, sentinel: Option<SentinelConf>, redis: Option<RedisConf>) -> ProcessDisk {
        ProcessDisk {
            sentinel,
            redis: RedisFiles { conf: redis.unwrap_or_default(), ..RedisFiles::default() },
            config_read_only: false,
            snapshots_fail: false,
            synced: 0,
            syncing: None,
            staged: Vec::new(),
            stream: Stream::new(seed, "disk", name, "cost"),
        }
    }

    /// Lets everything that is complete by `now` take effect.
    pub fn settle(&mut self, now: TrueTime) {
        if let Some((upto, done)) = self.syncing
            && done <= now
        {
            self.synced = self.synced.max(upto);
            self.syncing = None;
        }
        if self.staged.first().is_none_or(|(at, _)| *at > now) {
            return;
        }
        let complete = self.staged.iter().take_while(|(at, _)| *at <= now).count();
        for (_, file) in self.staged.drain(..complete) {
            match file {
                Staged::Sentinel(conf) => self.sentinel = Some(*conf),
                Staged::Redis(conf) => self.redis.conf = *conf,
                Staged::Rdb(snapshot) => self.redis.rdb = Some(snapshot),
                Staged::Aof(base, from) => {
                    let entries = self.redis.aof.take().map_or_else(Vec::new, |file| file.entries);
                    let entries: Vec<_> = entries.into_iter().skip(from).collect();
                    self.synced = entries.len();
                    self.syncing = None;
                    self.redis.aof = Some(AofFile { base: Some(base), entries });
                }
            }
        }
    }

    /// The process is gone at `now`: what was not complete is not there.
    pub fn process_death(&mut self, now: TrueTime) {
        self.settle(now);
        self.staged.clear();
    }

    /// The host loses power at `now`.
    pub fn power_loss(&mut self, now: TrueTime) {
        self.process_death(now);
        self.syncing = None;
        if let Some(file) = &mut self.redis.aof {
            file.entries.truncate(self.synced);
        }
    }

    /// The disk as a process sees it during one iteration that begins at `now`.
    pub fn at<'a>(&'a mut self, now: TrueTime, environment: &'a Environment) -> DiskView<'a> {
        DiskView { disk: self, now, environment }
    }

    fn stage(&mut self, at: TrueTime, file: Staged) {
        self.settle_before_staging(at);
        self.staged.push((at, file));
    }

    fn settle_before_staging(&mut self, at: TrueTime) {
        debug_assert!(self.staged.last().is_none_or(|(last, _)| *last <= at), "saves of one process are sequential");
    }
}

/// A disk with the time and the costs that hold during one iteration.
#[derive(Debug)]
pub struct DiskView<'a> {
    disk: &'a mut ProcessDisk,
    now: TrueTime,
    environment: &'a Environment,
}

impl DiskView<'_> {
    fn save(&mut self, at: Nanos, file: Staged) -> Saved {
        if self.disk.config_read_only {
            // The temporary file cannot be created: nothing is written, nothing waited for.
            return Saved { cost: Nanos::ZERO, result: Err(SaveError::NotWritable) };
        }
        let cost = self.disk.stream.duration(&self.environment.config_save);
        self.disk.settle(self.now);
        self.disk.stage(self.now + at + cost, file);
        Saved { cost, result: Ok(()) }
    }
}

fn time_for(bytes: u64, rate: u64) -> Nanos {
    Nanos((u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1))) as u64)
}

impl Disk for DiskView<'_> {
    fn save_sentinel_conf(&mut self, at: Nanos, conf: &SentinelConf) -> Saved {
        self.save(at, Staged::Sentinel(Box::new(conf.clone())))
    }

    fn save_redis_conf(&mut self, at: Nanos, conf: &RedisConf) -> Saved {
        self.save(at, Staged::Redis(Box::new(conf.clone())))
    }

    fn append_aof(&mut self, entry: AofEntry) {
        self.disk.redis.aof.get_or_insert_default().entries.push(entry);
    }

    fn fsync_aof(&mut self, at: Nanos) -> Nanos {
        self.disk.settle(self.now + at);
        let cost = self.disk.stream.duration(&self.environment.fsync);
        let written = self.disk.redis.aof.as_ref().map_or(0, |file| file.entries.len());
        self.disk.syncing = Some((written, self.now + at + cost));
        cost
    }

    fn fsync_aof_in_background(&mut self, at: Nanos) {
        self.disk.settle(self.now + at);
        if self.disk.syncing.is_none() {
            self.fsync_aof(at);
        }
    }

    fn replace_aof(&mut self, at: Nanos, base: Arc<Snapshot>) {
        let from = self.disk.redis.aof.as_ref().map_or(0, |file| file.entries.len());
        self.disk.settle(self.now);
        self.disk.stage(self.now + at, Staged::Aof(base, from));
    }

    fn save_rdb(&mut self, at: Nanos, snapshot: Arc<Snapshot>) {
        self.disk.settle(self.now);
        self.disk.stage(self.now + at, Staged::Rdb(snapshot));
    }

    fn rdb_save_fails(&mut self) -> bool {
        self.disk.snapshots_fail
    }

    fn fork_pause(&mut self, bytes: u64) -> Nanos {
        Nanos(((u128::from(self.environment.fork_per_gib.0) * u128::from(bytes)) >> 30) as u64)
    }

    fn save_time(&mut self, bytes: u64) -> Nanos {
        time_for(bytes, self.environment.save_rate)
    }

    fn load_time(&mut self, bytes: u64) -> Nanos {
        time_for(bytes, self.environment.load_rate)
    }
}
