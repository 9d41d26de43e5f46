//! What a test calls the members of a cluster: roles, as in scenario files, so that a test survives a failover.

use splitbrain::scenarios::Target;

/// Members of a cluster, by what they are at the moment when they are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The master that most running Sentinels name.
    Master,
    /// What the last fault that named the master meant.
    OldMaster,
    /// The n-th running replica, counted from 0.
    Replica(u32),
    /// All running replicas.
    Replicas,
    /// The n-th running Sentinel, counted from 0.
    Sentinel(u32),
    /// All running Sentinels.
    Sentinels,
    /// The Sentinel that leads the failover under way, or led the last one.
    Leader,
    /// A process or host by its name in the scenario: `redis-2`, `sentinel-1`, an application.
    Named(String),
}

impl Role {
    /// A process or host by name.
    pub fn named(name: &str) -> Role {
        Role::Named(name.to_owned())
    }

    pub(crate) fn target(&self) -> Target {
        match self {
            Role::Master => Target::Master(None),
            Role::OldMaster => Target::OldMaster,
            Role::Replica(n) => Target::Replica(Some(*n)),
            Role::Replicas => Target::Replica(None),
            Role::Sentinel(n) => Target::Sentinel(Some(*n)),
            Role::Sentinels => Target::Sentinel(None),
            Role::Leader => Target::Leader,
            Role::Named(name) => Target::Named(name.clone()),
        }
    }
}
