//! The Redis server.
pub mod dataset;

use crate::files::{Lineage, RedisFiles};
use crate::{Addr, Effects, Env, Input, MonoTime, Node};

/// One redis-server process.
#[derive(Debug)]
pub struct Redis {}

impl Redis {
    /// Starts the process with what is on its disk. `addr` is the address under which peers reach it.
    pub fn start(_files: RedisFiles, _addr: Addr, _env: &mut Env<'_>, _out: &mut Effects) -> Redis {
        Redis {}
    }
    /// Its master, or `None` if it is one itself.
    pub fn replica_of(&self) -> Option<Addr> {
        None
    }
    /// Whether its link to its master is up (`master_link_status`); false on a master.
    pub fn link_up(&self) -> bool {
        false
    }
    /// Whether it is loading and answers nothing but LOADING.
    pub fn loading(&self) -> bool {
        false
    }
    /// The keys, for the audit at the end of a run.
    pub fn dataset(&self) -> &dataset::Dataset {
        unimplemented!()
    }
    /// Which writes the dataset descends from.
    pub fn lineage(&self) -> Lineage {
        Lineage::default()
    }
}

impl Node for Redis {
    fn step(&mut self, _env: &mut Env<'_>, _input: Input, _out: &mut Effects) {}
    fn next_wakeup(&self) -> Option<MonoTime> {
        None
    }
}
