//! What a node is given to look at: its clocks, its chance and its disk. The world implements the traits.

use crate::files::{AofEntry, RedisConf, SentinelConf, Snapshot};
use crate::ids::{Conn, Ip};
use crate::time::{Millis, MonoTime, Nanos, WallTime};
use std::sync::Arc;

/// Why a node draws a random number. Every purpose has a stream of its own, so that one more draw in one place changes
/// no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// Identifiers made at start or later: run ids, replication ids, Sentinel ids.
    Identity,
    /// Sentinel's timer frequency, redrawn at each tick (`sentinelTimer`).
    TimerHz,
    /// Sentinel's desynchronisation of failover attempts (`rand() % 1000`).
    Desync,
    /// The order of hash tables, seeded per process.
    TableOrder,
    /// Which operation and key a client uses next.
    Workload,
    /// When a client starts, think times.
    Pacing,
    /// Retry back-off and connection choice of client libraries.
    Backoff,
    /// Random fault schedules.
    Chaos,
    /// Which keys a server looks at when it has to evict one.
    Eviction,
    /// Which replica a client reads from.
    ReadFrom,
}

impl Purpose {
    /// Number of purposes.
    pub const COUNT: usize = 10;
    /// All purposes with the label that keys their stream.
    pub const LABELS: [&'static str; Purpose::COUNT] = [
        "identity",
        "timer-hz",
        "desync",
        "table-order",
        "workload",
        "pacing",
        "backoff",
        "chaos",
        "eviction",
        "read-from",
    ];
}

/// Chance. Raw words only; ranges and shuffles are made here, so that no dependency can change what a seed means.
pub trait Draws {
    /// The next word of the stream for `purpose`.
    fn word(&mut self, purpose: Purpose) -> u64;

    /// A number below `bound`, uniformly (Lemire's multiplication method with rejection).
    ///
    /// # Panics
    /// If `bound` is 0.
    fn below(&mut self, purpose: Purpose, bound: u64) -> u64 {
        assert!(bound > 0, "an empty range has no elements");
        loop {
            let product = u128::from(self.word(purpose)) * u128::from(bound);
            let low = product as u64;
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    /// Three words for a 40-digit identifier.
    fn hex40(&mut self, purpose: Purpose) -> crate::ids::Hex40 {
        crate::ids::Hex40::from_words([self.word(purpose), self.word(purpose), self.word(purpose)])
    }
}

/// Why a file could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveError {
    /// No permission, or read-only.
    NotWritable,
    /// No space left.
    Full,
    /// The medium reports an error (EIO).
    Broken,
    /// The process was started without a configuration file.
    NoFile,
}

/// Outcome of a blocking save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// How long the caller was blocked.
    pub cost: Nanos,
    /// Whether the new content is in place.
    pub result: Result<(), SaveError>,
}

/// The process's files. Writing costs time, which the node must let pass with [`Env::block`]; the methods of [`Env`]
/// with the same names do both.
pub trait Disk {
    /// Replaces `sentinel.conf`: temporary file, fsync, rename, fsync of the directory (`sentinelFlushConfig`).
    fn save_sentinel_conf(&mut self, at: Nanos, conf: &SentinelConf) -> Saved;
    /// Replaces `redis.conf` the same way (CONFIG REWRITE).
    fn save_redis_conf(&mut self, at: Nanos, conf: &RedisConf) -> Saved;
    /// Appends to the append-only file; the operating system holds the bytes.
    fn append_aof(&mut self, at: Nanos, entry: AofEntry);
    /// Waits until everything appended is on the medium (`appendfsync always`, shutdown).
    fn fsync_aof(&mut self, at: Nanos) -> Nanos;
    /// Starts an fsync in the background; no effect if one is running.
    fn fsync_aof_in_background(&mut self, at: Nanos);
    /// Replaces the append-only file by one that starts from `base`, the writes since then behind it (end of a rewrite).
    fn replace_aof(&mut self, at: Nanos, base: Arc<Snapshot>, tail: Vec<AofEntry>);
    /// Puts a complete, fsynced RDB file in place of the old one.
    fn save_rdb(&mut self, at: Nanos, snapshot: Arc<Snapshot>);
    /// Whether an RDB file cannot be written just now (disk full or failing): asked when a child that saves ends. Unless
    /// a world overrides it, saving always succeeds.
    fn rdb_save_fails(&mut self) -> bool {
        false
    }
    /// How long a background fsync of the append-only file still takes, if it keeps a `write` to the file waiting. Unless a
    /// world overrides it, none does.
    fn aof_sync_left(&mut self, at: Nanos) -> Nanos {
        let _ = at;
        Nanos::ZERO
    }
    /// Whether appending to a file fails just now: no space is left. Unless a world overrides it, there is.
    fn is_full(&mut self) -> bool {
        false
    }
    /// Whether an fsync of the append-only file fails just now. Unless a world overrides it, none does.
    fn fsync_fails(&mut self) -> bool {
        false
    }
    /// How long the main thread stops for `fork` with a dataset of this many bytes.
    fn fork_pause(&mut self, bytes: u64) -> Nanos;
    /// How long a child takes to write a snapshot of this many bytes to disk.
    fn save_time(&mut self, bytes: u64) -> Nanos;
    /// How long loading a snapshot of this many bytes takes.
    fn load_time(&mut self, bytes: u64) -> Nanos;
}

/// What a process asked of its disk and how that went, for whoever records it. What costs nothing to record as often as it
/// happens: of entries of the append-only file only the first since the last call of [`Env::take_calls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskCall {
    /// The append-only file was appended to.
    Appended,
    /// An fsync of the append-only file began in the background.
    SyncBegun,
    /// An fsync of the append-only file was waited for.
    Synced,
    /// An fsync of the append-only file failed.
    SyncFailed,
    /// A `write` would wait for an fsync that goes on.
    Busy,
    /// No space is left.
    Full,
    /// The append-only file was replaced by a rewritten one.
    AofReplaced,
    /// `fork`.
    Forked,
    /// A file is being written that takes so long, by a child or by a process that ends.
    Writing(Nanos),
    /// An RDB file is in place; what the wall clock showed.
    RdbSaved(Millis),
    /// An RDB file could not be written.
    RdbFailed,
}

/// What looking up a name came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// How long the caller was blocked.
    pub cost: Nanos,
    /// The address, or `None` if the name does not resolve.
    pub ip: Option<Ip>,
}

/// The resolver of the process's host (`getaddrinfo`). Asking costs time, which the node must let pass: [`Env::resolve`]
/// does both.
pub trait Resolver {
    /// Looks a name up; `at` is how long the iteration has been blocked already.
    fn look_up(&mut self, at: Nanos, name: &str) -> Answered;
}

/// Everything a node may look at during one input.
pub struct Env<'a> {
    wall: WallTime,
    mono: MonoTime,
    elapsed: Nanos,
    /// The process's streams of chance.
    pub draws: &'a mut dyn Draws,
    disk: &'a mut dyn Disk,
    resolver: Option<&'a mut dyn Resolver>,
    refused: &'a [(Conn, u64)],
    /// What wall and monotonic clock gain on the time that passes, in parts per million.
    rates: (i64, i64),
    appended: bool,
    calls: Vec<DiskCall>,
}

impl<'a> Env<'a> {
    /// An environment at these local times, in which no name resolves.
    pub fn new(wall: WallTime, mono: MonoTime, draws: &'a mut dyn Draws, disk: &'a mut dyn Disk) -> Env<'a> {
        let (appended, calls) = (false, Vec::new());
        Env {
            wall,
            mono,
            elapsed: Nanos::ZERO,
            draws,
            disk,
            resolver: None,
            refused: &[],
            rates: (0, 0),
            appended,
            calls,
        }
    }

    /// What was asked of the disk since the last call, in this order.
    pub fn take_calls(&mut self) -> impl Iterator<Item = DiskCall> + use<> {
        let appended = std::mem::take(&mut self.appended).then_some(DiskCall::Appended);
        appended.into_iter().chain(std::mem::take(&mut self.calls))
    }

    fn noted(&mut self, yes: bool, call: DiskCall) -> bool {
        if yes {
            self.calls.push(call);
        }
        yes
    }

    /// The same with clocks that run too fast by so many parts per million, or too slow: the wall and the monotonic one.
    pub fn with_rates(self, rates: (i64, i64)) -> Env<'a> {
        Env { rates, ..self }
    }

    /// The same with a resolver.
    pub fn with_resolver(self, resolver: &'a mut dyn Resolver) -> Env<'a> {
        Env { resolver: Some(resolver), ..self }
    }

    /// The address of a host, blocking if it is given by name (`anetResolve`). `None` if the name does not resolve; time
    /// has passed all the same.
    pub fn resolve(&mut self, host: Ip) -> Option<Ip> {
        let Some(name) = host.name() else { return Some(host) };
        let answered = self.resolver.as_mut()?.look_up(self.elapsed, name);
        self.block(answered.cost);
        answered.ip
    }

    /// The same with sockets that did not take everything written to them before this iteration: their connections, and how
    /// many bytes stay with the process. Bytes of a dataset do not count: they come from a file or a child.
    pub fn with_refused(mut self, refused: &'a [(Conn, u64)]) -> Env<'a> {
        self.refused = refused;
        self
    }

    /// Connections whose sockets are full, with the bytes they have not taken.
    pub fn refused(&self) -> &'a [(Conn, u64)] {
        self.refused
    }

    /// The wall clock now.
    pub fn wall(&self) -> WallTime {
        self.wall
    }

    /// `mstime()`: the wall clock in milliseconds.
    pub fn now(&self) -> Millis {
        Millis(self.wall.millis())
    }

    /// The monotonic clock now.
    pub fn mono(&self) -> MonoTime {
        self.mono
    }

    /// How long this event-loop iteration has been blocked so far.
    pub fn elapsed(&self) -> Nanos {
        self.elapsed
    }

    /// Lets time pass: the process does nothing else meanwhile.
    pub fn block(&mut self, cost: Nanos) {
        self.wall = self.wall + at_rate(cost, self.rates.0);
        self.mono = self.mono + at_rate(cost, self.rates.1);
        self.elapsed = self.elapsed + cost;
    }

    /// Saves `sentinel.conf`, blocking.
    ///
    /// # Errors
    /// If the file cannot be written; time has passed all the same.
    pub fn save_sentinel_conf(&mut self, conf: &SentinelConf) -> Result<(), SaveError> {
        let saved = self.disk.save_sentinel_conf(self.elapsed, conf);
        self.block(saved.cost);
        saved.result
    }

    /// Saves `redis.conf`, blocking.
    ///
    /// # Errors
    /// If the file cannot be written; time has passed all the same.
    pub fn save_redis_conf(&mut self, conf: &RedisConf) -> Result<(), SaveError> {
        let saved = self.disk.save_redis_conf(self.elapsed, conf);
        self.block(saved.cost);
        saved.result
    }

    /// Appends to the append-only file. Costs nothing.
    pub fn append_aof(&mut self, entry: AofEntry) {
        self.appended = true;
        self.disk.append_aof(self.elapsed, entry);
    }

    /// Waits for the append-only file to be on the medium.
    pub fn fsync_aof(&mut self) {
        self.calls.push(DiskCall::Synced);
        let cost = self.disk.fsync_aof(self.elapsed);
        self.block(cost);
    }

    /// Starts a background fsync of the append-only file.
    pub fn fsync_aof_in_background(&mut self) {
        self.calls.push(DiskCall::SyncBegun);
        self.disk.fsync_aof_in_background(self.elapsed);
    }

    /// Replaces the append-only file by `base` with `tail` behind it.
    pub fn replace_aof(&mut self, base: Arc<Snapshot>, tail: Vec<AofEntry>) {
        self.calls.push(DiskCall::AofReplaced);
        self.disk.replace_aof(self.elapsed, base, tail);
    }

    /// Puts an RDB file in place.
    pub fn save_rdb(&mut self, snapshot: Arc<Snapshot>) {
        self.calls.push(DiskCall::RdbSaved(self.now()));
        self.disk.save_rdb(self.elapsed, snapshot);
    }

    /// Whether a save of an RDB file fails now.
    pub fn rdb_save_fails(&mut self) -> bool {
        let fails = self.disk.rdb_save_fails();
        self.noted(fails, DiskCall::RdbFailed)
    }

    /// How long a background fsync still keeps a `write` waiting.
    pub fn aof_sync_left(&mut self) -> Nanos {
        let left = self.disk.aof_sync_left(self.elapsed);
        self.noted(left > Nanos::ZERO, DiskCall::Busy);
        left
    }

    /// Whether no space is left.
    pub fn disk_is_full(&mut self) -> bool {
        let full = self.disk.is_full();
        self.noted(full, DiskCall::Full)
    }

    /// Whether an fsync of the append-only file fails now.
    pub fn fsync_fails(&mut self) -> bool {
        let fails = self.disk.fsync_fails();
        self.noted(fails, DiskCall::SyncFailed)
    }

    /// Stops for `fork`.
    pub fn fork(&mut self, bytes: u64) {
        self.calls.push(DiskCall::Forked);
        let cost = self.disk.fork_pause(bytes);
        self.block(cost);
    }

    /// How long a child takes to write this many bytes; does not block.
    pub fn save_time(&mut self, bytes: u64) -> Nanos {
        let time = self.disk.save_time(bytes);
        self.calls.push(DiskCall::Writing(time));
        time
    }

    /// How long loading this many bytes takes; does not block.
    pub fn load_time(&mut self, bytes: u64) -> Nanos {
        self.disk.load_time(bytes)
    }
}

/// What a clock shows of a time that passes.
fn at_rate(cost: Nanos, ppm: i64) -> Nanos {
    match ppm {
        0 => cost,
        _ => Nanos((i128::from(cost.0) * i128::from(1_000_000 + ppm) / 1_000_000).max(0) as u64),
    }
}
