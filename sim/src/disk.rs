//! The files of one process and what writing them costs. A save takes effect when its fsync and rename are done: a
//! process killed before leaves the old file. Of the append-only file, a process death leaves everything written and a
//! power loss what had been synced.

use crate::chance::Stream;
use splitbrain_model::files::{AofEntry, AofFile, RedisConf, RedisFiles, SentinelConf, Snapshot};
use splitbrain_model::{Disk, Nanos, SaveError, Saved, TrueTime};
use splitbrain_scenarios::{Dist, Environment};
use std::sync::Arc;

#[derive(Debug)]
enum Staged {
    Sentinel(Box<SentinelConf>),
    Redis(Box<RedisConf>),
    Rdb(Arc<Snapshot>),
    Aof(Arc<Snapshot>, usize),
}

/// What is wrong with a medium.
#[derive(Debug)]
pub struct DiskTrouble {
    /// What one fsync takes instead of what the environment says.
    pub takes: Option<Dist>,
    /// Every fsync reports an error.
    pub fails: bool,
    /// No space is left.
    pub full: bool,
    /// Fsyncs report success and do nothing; this is on the medium.
    pub lying: Option<Box<(Option<SentinelConf>, RedisFiles)>>,
    stream: Stream,
}

impl DiskTrouble {
    fn new(seed: u64, name: &str) -> DiskTrouble {
        let stream = Stream::new(seed, "disk", name, "trouble");
        DiskTrouble { takes: None, fails: false, full: false, lying: None, stream }
    }

    fn fsync_takes(&mut self) -> Option<Nanos> {
        self.takes.as_ref().map(|takes| self.stream.duration(takes))
    }
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
    /// What is wrong with the medium.
    pub trouble: DiskTrouble,
    /// Configuration files as somebody has kept them: what a restart with the old ones finds.
    kept: Option<(Option<SentinelConf>, RedisConf)>,
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
            trouble: DiskTrouble::new(seed, name),
            kept: None,
            synced: 0,
            syncing: None,
            staged: Vec::new(),
            stream: Stream::new(seed, "disk", name, "cost"),
        }
    }

    /// What it costs from now on is drawn otherwise.
    pub fn reseed(&mut self, again: u64) {
        self.stream.reseed(again);
        self.trouble.stream.reseed(again);
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
        if let Some(medium) = &self.trouble.lying {
            (self.sentinel, self.redis) = (medium.0.clone(), medium.1.clone());
            self.synced = self.redis.aof.as_ref().map_or(0, |file| file.entries.len());
        }
    }

    /// From now on fsyncs report success, and nothing reaches the medium.
    pub fn begin_lying(&mut self, now: TrueTime) {
        self.settle(now);
        let mut medium = (self.sentinel.clone(), self.redis.clone());
        if let Some(file) = &mut medium.1.aof {
            file.entries.truncate(self.synced);
        }
        self.trouble.lying.get_or_insert(Box::new(medium));
    }

    /// Keeps the configuration files as they are now.
    pub fn keep_configs(&mut self, now: TrueTime) {
        self.settle(now);
        self.kept = Some((self.sentinel.clone(), self.redis.conf.clone()));
    }

    /// Puts the kept configuration files in place of those that are there.
    pub fn roll_back_configs(&mut self) {
        if let Some((sentinel, redis)) = &self.kept {
            (self.sentinel, self.redis.conf) = (sentinel.clone(), redis.clone());
        }
    }

    /// Deletes the dataset files.
    pub fn lose_data(&mut self) {
        (self.redis.rdb, self.redis.aof) = (None, None);
        (self.synced, self.syncing) = (0, None);
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
        if self.disk.trouble.full {
            return Saved { cost: Nanos::ZERO, result: Err(SaveError::Full) };
        }
        let cost = match self.disk.trouble.fsync_takes() {
            // The file's fsync, and that of its directory after the rename (rewriteConfigOverwriteFile).
            Some(first) => first + self.disk.trouble.fsync_takes().unwrap_or(Nanos::ZERO),
            None => self.disk.stream.duration(&self.environment.config_save),
        };
        if self.disk.trouble.fails {
            return Saved { cost, result: Err(SaveError::Broken) };
        }
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
        if self.disk.trouble.fails {
            return Nanos::ZERO;
        }
        let slow = self.disk.trouble.fsync_takes();
        let cost = slow.unwrap_or_else(|| self.disk.stream.duration(&self.environment.fsync));
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
        self.disk.snapshots_fail || self.disk.trouble.full || self.disk.trouble.fails
    }

    fn aof_sync_left(&mut self, at: Nanos) -> Nanos {
        match self.disk.syncing {
            Some((_, done)) if self.disk.trouble.takes.is_some() => done.since(self.now + at),
            _ => Nanos::ZERO,
        }
    }

    fn is_full(&mut self) -> bool {
        self.disk.trouble.full
    }

    fn fsync_fails(&mut self) -> bool {
        self.disk.trouble.fails
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
