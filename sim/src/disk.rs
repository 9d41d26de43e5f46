//! The files of one process and what writing them costs. Everything happens in its time, which in an iteration that blocks lies
//! ahead: a process killed before leaves the file as it was. A save takes effect when its fsync and rename are done. Of the
//! append-only file, a process death leaves everything written and a power loss what had been synced.

use crate::chance::Stream;
use splitbrain_model::files::{AofEntry, AofFile, RedisConf, RedisFiles, SentinelConf, Snapshot};
use splitbrain_model::{Disk, Nanos, SaveError, Saved, TrueTime};
use splitbrain_scenarios::{Dist, Environment};
use std::sync::Arc;

/// What happens to the files at a moment.
#[derive(Debug)]
enum Change {
    Sentinel(Box<SentinelConf>),
    Redis(Box<RedisConf>),
    Rdb(Arc<Snapshot>),
    Aof(AofFile),
    Append(AofEntry),
    /// An fsync of the append-only file begins that takes so long.
    Fsync(Nanos),
    /// The same, unless one is running.
    FsyncInBackground(Nanos),
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
    /// What is still ahead, in the order of its times.
    staged: Vec<(TrueTime, Change)>,
    /// The process has stood still since then, and with it what is ahead.
    held: Option<TrueTime>,
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
            held: None,
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
        if !self.staged.is_empty() {
            let upto = self.held.map_or(now, |since| since.min(now));
            let complete = self.staged.iter().take_while(|(at, _)| *at <= upto).count();
            for (at, change) in self.staged.drain(..complete).collect::<Vec<_>>() {
                self.make(at, change);
            }
        }
        self.synced_by(now);
    }

    fn synced_by(&mut self, now: TrueTime) {
        if let Some((upto, done)) = self.syncing
            && done <= now
        {
            self.synced = self.synced.max(upto);
            self.syncing = None;
        }
    }

    fn make(&mut self, at: TrueTime, change: Change) {
        match change {
            Change::Sentinel(conf) => self.sentinel = Some(*conf),
            Change::Redis(conf) => self.redis.conf = *conf,
            Change::Rdb(snapshot) => self.redis.rdb = Some(snapshot),
            Change::Aof(file) => {
                (self.synced, self.syncing) = (file.entries.len(), None);
                self.redis.aof = Some(file);
            }
            Change::Append(entry) => self.redis.aof.get_or_insert_default().entries.push(entry),
            Change::Fsync(cost) => self.sync(at, cost),
            Change::FsyncInBackground(cost) => {
                self.synced_by(at);
                if self.syncing.is_none() {
                    self.sync(at, cost);
                }
            }
        }
    }

    fn sync(&mut self, at: TrueTime, cost: Nanos) {
        self.synced_by(at);
        let written = self.redis.aof.as_ref().map_or(0, |file| file.entries.len());
        self.syncing = Some((written, at + cost));
    }

    /// The process stands still from `now` on: what is ahead does not come.
    pub fn hold(&mut self, now: TrueTime) {
        self.held.get_or_insert(now);
    }

    /// It goes on.
    pub fn release(&mut self) {
        self.held = None;
    }

    /// The process is gone at `now`: what was not complete is not there.
    pub fn process_death(&mut self, now: TrueTime) {
        self.settle(now);
        self.staged.clear();
        self.held = None;
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
}

/// A disk with the time and the costs that hold during one iteration.
#[derive(Debug)]
pub struct DiskView<'a> {
    disk: &'a mut ProcessDisk,
    now: TrueTime,
    environment: &'a Environment,
}

impl DiskView<'_> {
    /// Something happens so long after the beginning of the iteration.
    fn change(&mut self, at: Nanos, change: Change) {
        let at = self.now + at;
        self.disk.settle(self.now);
        if at <= self.now && self.disk.staged.is_empty() {
            return self.disk.make(at, change);
        }
        debug_assert!(
            self.disk.staged.last().is_none_or(|(last, _)| *last <= at),
            "a process does one thing at a time"
        );
        self.disk.staged.push((at, change));
    }

    fn fsync_cost(&mut self) -> Nanos {
        let slow = self.disk.trouble.fsync_takes();
        slow.unwrap_or_else(|| self.disk.stream.duration(&self.environment.fsync))
    }

    fn save(&mut self, at: Nanos, file: Change) -> Saved {
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
        self.change(at + cost, file);
        Saved { cost, result: Ok(()) }
    }
}

fn time_for(bytes: u64, rate: u64) -> Nanos {
    Nanos((u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1))) as u64)
}

impl Disk for DiskView<'_> {
    fn save_sentinel_conf(&mut self, at: Nanos, conf: &SentinelConf) -> Saved {
        self.save(at, Change::Sentinel(Box::new(conf.clone())))
    }

    fn save_redis_conf(&mut self, at: Nanos, conf: &RedisConf) -> Saved {
        self.save(at, Change::Redis(Box::new(conf.clone())))
    }

    fn append_aof(&mut self, at: Nanos, entry: AofEntry) {
        self.change(at, Change::Append(entry));
    }

    fn fsync_aof(&mut self, at: Nanos) -> Nanos {
        if self.disk.trouble.fails {
            return Nanos::ZERO;
        }
        let cost = self.fsync_cost();
        self.change(at, Change::Fsync(cost));
        cost
    }

    fn fsync_aof_in_background(&mut self, at: Nanos) {
        if self.disk.trouble.fails || self.disk.syncing.is_some_and(|(_, done)| done > self.now + at) {
            return;
        }
        let cost = self.fsync_cost();
        self.change(at, Change::FsyncInBackground(cost));
    }

    fn replace_aof(&mut self, at: Nanos, base: Arc<Snapshot>, entries: Vec<AofEntry>) {
        self.change(at, Change::Aof(AofFile { base: Some(base), entries }));
    }

    fn save_rdb(&mut self, at: Nanos, snapshot: Arc<Snapshot>) {
        self.change(at, Change::Rdb(snapshot));
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

#[cfg(test)]
mod tests {
    use super::*;
    use splitbrain_model::files::Lineage;
    use splitbrain_model::{Command, Key, Space, Value};

    const SECOND: Nanos = Nanos::from_secs(1);
    const KILLED: TrueTime = TrueTime(10_500_000_000);
    const START: TrueTime = TrueTime(10_000_000_000);

    fn entry(n: u64) -> AofEntry {
        let key = Key { space: Space::List, index: 0 };
        AofEntry { command: Command::Rpush(key, Value(n)), lineage: Lineage::default() }
    }

    /// A disk with one entry in its append-only file, after an iteration that does this.
    fn after(iteration: impl FnOnce(&mut DiskView<'_>)) -> ProcessDisk {
        let environment = Environment::named("lan").unwrap();
        let mut disk = ProcessDisk::new(1, "redis-1", None, Some(RedisConf::default()));
        disk.at(START, &environment).append_aof(Nanos::ZERO, entry(1));
        iteration(&mut disk.at(START, &environment));
        disk
    }

    fn written(disk: &ProcessDisk) -> (bool, usize) {
        let file = disk.redis.aof.as_ref().unwrap();
        (file.base.is_some(), file.entries.len())
    }

    #[test]
    fn what_a_killed_process_would_have_written_later_is_not_in_its_file() {
        let mut disk = after(|view| {
            view.append_aof(Nanos::ZERO, entry(2));
            view.append_aof(SECOND, entry(3));
        });
        disk.process_death(KILLED);
        assert_eq!(written(&disk), (false, 2));
        disk.settle(KILLED + SECOND);
        assert_eq!(written(&disk), (false, 2), "nor does it come later");
    }

    #[test]
    fn a_process_that_is_killed_before_its_rewrite_is_in_place_leaves_the_old_file() {
        let rewrite = |view: &mut DiskView<'_>| {
            let base = Snapshot { data: Default::default(), repl: None, lineage: Lineage::default(), bytes: 0 };
            view.replace_aof(SECOND, Arc::new(base), vec![entry(2)]);
            view.fsync_aof(SECOND);
        };
        let mut disk = after(rewrite);
        disk.process_death(KILLED);
        assert_eq!(written(&disk), (false, 1));
        let mut disk = after(rewrite);
        disk.process_death(KILLED + SECOND);
        assert_eq!(written(&disk), (true, 1));
    }

    #[test]
    fn a_process_that_stands_still_writes_nothing_until_it_goes_on() {
        let mut disk = after(|view| view.append_aof(SECOND, entry(2)));
        disk.hold(KILLED);
        disk.settle(KILLED + SECOND);
        assert_eq!(written(&disk), (false, 1));
        disk.release();
        disk.settle(KILLED + SECOND);
        assert_eq!(written(&disk), (false, 2));
    }

    #[test]
    fn a_power_loss_leaves_what_was_synced_by_then() {
        let mut disk = after(|view| {
            let cost = view.fsync_aof(Nanos::ZERO);
            view.append_aof(cost, entry(2));
            view.fsync_aof(SECOND);
        });
        disk.power_loss(KILLED);
        assert_eq!(written(&disk), (false, 1));
    }
}
