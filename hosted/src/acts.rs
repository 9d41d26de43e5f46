//! What a test does to its cluster, whether that is simulated or real: shorthands for [`Cluster::inject`].

use crate::words::Role;
use crate::{Cluster, Fault};
use splitbrain::scenarios::{Action, Target};

impl Cluster {
    fn on(&self, role: Role, action: impl Fn(Vec<Target>) -> Action) -> Fault {
        self.inject(action(vec![role.target()]))
    }

    /// SIGKILL.
    pub fn kill(&self, role: Role) -> Fault {
        self.on(role, Action::Kill)
    }

    /// SIGTERM.
    pub fn stop(&self, role: Role) -> Fault {
        self.on(role, Action::Stop)
    }

    /// SIGSTOP.
    pub fn pause(&self, role: Role) -> Fault {
        self.on(role, Action::Pause)
    }

    /// The hosts lose power.
    pub fn power_loss(&self, role: Role) -> Fault {
        self.on(role, Action::PowerLoss)
    }

    /// The hosts are cut off from everybody else, the test included unless it is named.
    pub fn isolate(&self, role: Role) -> Fault {
        self.on(role, Action::Isolate)
    }

    /// Hosts of different groups do not reach each other.
    pub fn partition(&self, groups: &[&[Role]]) -> Fault {
        let groups = groups.iter().map(|group| group.iter().map(Role::target).collect());
        self.inject(Action::Partition(groups.collect()))
    }

    /// `SENTINEL FAILOVER` at a Sentinel, by an operator.
    pub fn failover(&self, sentinel: Role) -> Fault {
        let name = self.master_name().as_str().into();
        self.inject(Action::SentinelFailover(sentinel.target(), name))
    }
}
