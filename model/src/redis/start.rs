//! Starting a process from its files: what survives a restart, and what it is worth for replication (Redis spec 12.2).

use super::history::History;
use super::link::{LOADING_EVENTS_BYTES, LOADING_EVENTS_TIME, Link};
use super::persist::Persist;
use super::{Loading, Redis};
use crate::effects::Effects;
use crate::env::{Env, Purpose};
use crate::files::{AofFile, Lineage, RedisFiles, Snapshot};
use crate::ids::{Addr, ReplId, RunId};
use crate::note::Note;
use crate::planted::Planted;
use crate::redis::dataset::Dataset;
use crate::time::Nanos;

/// When serverCron is first due; a load that takes longer only delays it.
const FIRST_CRON: Nanos = Nanos(1_000_000);

impl Redis {
    /// Starts the process with what is on its disk. `addr` is the address under which peers reach it.
    pub fn start(files: RedisFiles, addr: Addr, env: &mut Env<'_>, out: &mut Effects) -> Redis {
        let run_id = RunId(env.draws.hex40(Purpose::Identity));
        let replid = ReplId(env.draws.hex40(Purpose::Identity));
        let RedisFiles { conf, rdb, aof } = files;
        let now = env.wall().secs();
        let mut redis = Redis {
            persist: Persist::new(&conf, now),
            master_addr: conf.replicaof,
            conf,
            addr,
            run_id,
            clock: env.wall(),
            data: Dataset::default(),
            evictor: Default::default(),
            history: History::new(replid, 0, Lineage { id: replid, writes: 0 }),
            link: Link::default(),
            clients: Default::default(),
            subscribers: Vec::new(),
            replicas: Vec::new(),
            good_replicas: 0,
            no_replicas_since: 0,
            waiting_acks: Vec::new(),
            unblocked: Vec::new(),
            closing: Vec::new(),
            over_soft: Vec::new(),
            get_ack_due: false,
            batch: None,
            loading: None,
            shutdown: Default::default(),
            cron: Default::default(),
            cron_at: env.mono() + FIRST_CRON,
        };
        if redis.master_addr.is_some() {
            redis.link.phase = super::link::Phase::Connect;
        }
        let bytes = match (redis.conf.appendonly, aof, rdb) {
            (true, Some(aof), _) => redis.restore_aof(env, out, &aof),
            (false, _, Some(rdb)) => redis.restore_rdb(env, out, &rdb),
            _ => {
                out.note(env.elapsed(), Note::Branch { id: replid, parent: None });
                0
            }
        };
        redis.note_role(env, out);
        redis.load_for(env, out, bytes);
        redis
    }

    /// Lets the time of loading pass: in one stop, or in a phase in which LOADING is answered.
    fn load_for(&mut self, env: &mut Env<'_>, out: &mut Effects, bytes: u64) {
        let time = if bytes > 0 { env.load_time(bytes) } else { Nanos::ZERO };
        if bytes < LOADING_EVENTS_BYTES || time < LOADING_EVENTS_TIME {
            env.block(time);
            self.files_loaded(env, out);
        } else {
            out.note(env.elapsed(), Note::Loading);
            self.loading = Some(Loading::files(env.mono() + time, env.mono()));
        }
    }

    /// The server is ready.
    pub(super) fn files_loaded(&mut self, env: &Env<'_>, out: &mut Effects) {
        self.clock = env.wall();
        let lineage = self.history.lineage;
        out.note(env.elapsed(), Note::Loaded { lineage });
    }

    /// The append-only file knows nothing of replication: fresh id, offset 0.
    fn restore_aof(&mut self, env: &Env<'_>, out: &mut Effects, aof: &AofFile) -> u64 {
        let mut lineage = None;
        let mut bytes = 0;
        if let Some(base) = &aof.base {
            self.data = base.data.clone();
            lineage = Some(base.lineage);
            bytes = base.bytes;
        }
        let dropped = usize::from(self.conf.planted.has(Planted::AofTailDropped)).min(aof.entries.len());
        for entry in &aof.entries[..aof.entries.len() - dropped] {
            self.data.execute(entry.command);
            lineage = Some(entry.lineage);
            bytes += entry.command.wire_len();
        }
        self.branch_at_start(env, out, lineage);
        bytes
    }

    fn branch_at_start(&self, env: &Env<'_>, out: &mut Effects, parent: Option<Lineage>) {
        let id = self.history.replid;
        out.note(env.elapsed(), Note::Branch { id, parent });
    }

    /// loadDataFromDisk from `dump.rdb`: with replication fields a replica may continue where it was, and a master lets
    /// those continue that are exactly there.
    fn restore_rdb(&mut self, env: &Env<'_>, out: &mut Effects, rdb: &Snapshot) -> u64 {
        self.data = rdb.data.clone();
        match (rdb.repl, self.master_addr) {
            (None, _) => self.branch_at_start(env, out, Some(rdb.lineage)),
            (Some((id, offset)), Some(_)) => {
                self.history = History::new(id, offset.0, rdb.lineage);
                self.link.cached = Some((id, offset.0));
            }
            (Some((id, offset)), None) => {
                let new = self.history.replid;
                self.history = History::new(id, offset.0, rdb.lineage);
                self.history.shift(new);
                self.history.create_backlog(self.conf.repl_backlog_size);
                self.no_replicas_since = env.wall().secs();
                self.branch_at_start(env, out, Some(rdb.lineage));
            }
        }
        rdb.bytes
    }
}
