//! Redis Sentinel.
use crate::files::SentinelConf;
use crate::{Addr, Effects, Env, Epoch, Input, MonoTime, Name, Node, SentinelId};

/// One redis-sentinel process.
#[derive(Debug)]
pub struct Sentinel {}

/// What SENTINEL MASTER tells an operator, as far as convergence is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterView {
    /// Name of the master.
    pub name: Name,
    /// Configured address (`master->addr`), not the promoted one.
    pub addr: Addr,
    /// Flags are exactly `master`: not down, not disconnected, no failover.
    pub plain: bool,
    /// A failover is in progress here.
    pub failover_in_progress: bool,
    /// `config-epoch`
    pub config_epoch: Epoch,
    /// `num-slaves`
    pub slaves: u32,
    /// `num-other-sentinels`
    pub other_sentinels: u32,
}

impl Sentinel {
    /// Starts the process with its configuration file. `addr` is the address under which peers reach it.
    pub fn start(
        _conf: SentinelConf,
        _addr: Addr,
        _env: &mut Env<'_>,
        _out: &mut Effects,
    ) -> Sentinel {
        Sentinel {}
    }
    /// `myid`
    pub fn id(&self) -> SentinelId {
        SentinelId::default()
    }
    /// `current_epoch`
    pub fn current_epoch(&self) -> Epoch {
        Epoch(0)
    }
    /// How many masters it monitors.
    pub fn masters(&self) -> usize {
        0
    }
    /// Its view of its `index`-th master, in the order of the configuration file.
    pub fn view(&self, _index: usize) -> MasterView {
        unimplemented!()
    }
    /// Whether TILT mode is on.
    pub fn tilt(&self) -> bool {
        false
    }
}

impl Node for Sentinel {
    fn step(&mut self, _env: &mut Env<'_>, _input: Input, _out: &mut Effects) {}
    fn next_wakeup(&self) -> Option<MonoTime> {
        None
    }
}
