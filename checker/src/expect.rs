//! Expectations: what a scenario says must and must not happen.

use crate::metrics::Metric;
use serde::{Deserialize, Serialize};
use splitbrain_model::Millis;
use splitbrain_model::event::EventKind;
use std::fmt;

macro_rules! properties {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A property of a run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Property {
            $($(#[$doc])* $variant,)*
        }

        impl Property {
            /// All properties.
            pub const ALL: &'static [Property] = &[$(Property::$variant),*];

            /// Its name in files and reports.
            pub const fn name(self) -> &'static str {
                match self { $(Property::$variant => $name,)* }
            }
        }
    };
}

properties! {
    /// Tenures of two nodes do not overlap: never two nodes acknowledge writes at the same time.
    SplitBrain = "split-brain";
    /// Every acknowledged write is in the lineage of the master after convergence.
    LostWrite = "lost-write";
    /// Every register's history has an order that respects real time.
    Linearizable = "linearizable";
    /// No acknowledged read returns a value older than a write acknowledged before the read began.
    StaleRead = "stale-read";
    /// No server gives up a key with acknowledged writes for lack of memory.
    NoEviction = "no-eviction";
    /// No restart takes back a write that the restarted server had acknowledged.
    Durable = "durable";
    /// What a server holds is what its history gives, and no replica takes a client's write.
    ReplicasAgree = "replicas-agree";
    /// At most one Sentinel is elected per master and epoch.
    OneLeaderPerEpoch = "one-leader-per-epoch";
    /// At most one replica is promoted per master and epoch.
    OnePromotionPerEpoch = "one-promotion-per-epoch";
    /// No epoch of a Sentinel ever goes back.
    EpochMonotonic = "epoch-monotonic";
    /// One configuration epoch names one address.
    ConfigAgreement = "config-agreement";
    /// No Sentinel does what its protocol forbids at that moment.
    SentinelProtocol = "sentinel-protocol";
    /// No Redis server does what its protocol forbids at that moment.
    ServerProtocol = "server-protocol";
    /// No client does what its library does not do.
    ClientProtocol = "client-protocol";
    /// A failover that had to happen was completed in time.
    FailoverCompletes = "failover-completes";
    /// No failover of a master that ran and was reachable.
    NoFalseFailover = "no-false-failover";
    /// After the last repair everybody agrees again.
    ConvergesAfterHeal = "converges-after-heal";
    /// The longest time without an acknowledged write stays within a limit.
    Available = "available";
    /// Every client is served again once everybody agrees.
    ClientsRecover = "clients-recover";
    /// Events of Sentinel happen as often as a scenario demands.
    Events = "events";
    /// Numbers of a run stay within limits.
    Metrics = "metrics";
}

impl Property {
    /// The property of this name.
    pub fn from_name(name: &str) -> Option<Property> {
        Property::ALL.iter().copied().find(|property| property.name() == name)
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is demanded of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// No run violates it.
    Holds,
    /// No run violates it, documented hazards of Sentinel aside.
    HoldsBesideHazards,
    /// A documented danger: at least one run violates it.
    Shows,
    /// A documented danger: every run violates it.
    ShowsInEverySeed,
    /// It is reported and nothing is demanded beyond the limits.
    Any,
}

/// A bound on how much a property is violated, or on the count or time that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Not more in any run.
    AtMost(Amount),
    /// Not less in any run.
    AtLeast(Amount),
    /// Not later than this after the first fault.
    Within(Within),
    /// Exactly so many in every run (failovers).
    Exactly(u32),
    /// An event of Sentinel happens so often.
    Occurs(Occurrence),
    /// A number of the run lies between these.
    Measures(Measure),
}

/// How often an event of Sentinel happens after the first fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Which event.
    pub event: EventKind,
    /// Counted is only what this Sentinel emits; its number from 0.
    pub by: Option<u16>,
    /// Counted is only what is about this Redis server, its number from 0: the instance the event is about, and of a
    /// +switch-master the new master.
    pub of: Option<u16>,
    /// Not less often.
    pub at_least: u32,
    /// Not more often.
    pub at_most: Option<u32>,
    /// In how many of the runs, in 1/1000, and in at least one. `None`: in every run.
    pub share: Option<u32>,
}

impl Occurrence {
    /// Whether this count is as demanded.
    pub fn allows(&self, count: u32) -> bool {
        self.at_least <= count && self.at_most.is_none_or(|most| count <= most)
    }
}

/// Between which bounds a number of a run lies. A number that was not measured lies nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Which number.
    pub metric: Metric,
    /// Not less.
    pub at_least: Option<i64>,
    /// Not more.
    pub at_most: Option<i64>,
    /// In how many of the runs, in 1/1000, and in at least one. `None`: in every run.
    pub share: Option<u32>,
}

impl Measure {
    /// Whether this value is as demanded.
    pub fn allows(&self, value: Option<i64>) -> bool {
        let fits =
            |value| self.at_least.is_none_or(|least| least <= value) && self.at_most.is_none_or(|most| value <= most);
        value.is_some_and(fits)
    }
}

/// A quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// A number of things.
    Count(u64),
    /// A share in 1/1000.
    Permille(u32),
    /// A duration.
    Time(Millis),
}

/// A time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// The bound that the settings imply.
    Auto,
    /// This long.
    Time(Millis),
}

/// One line of `[expect]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// What it is about.
    pub property: Property,
    /// What is demanded.
    pub demand: Demand,
    /// Bounds.
    pub limits: Vec<Limit>,
}

impl Expectation {
    /// Expectations for all properties: those given, and for the others that they hold. `failover-completes`,
    /// `available` and `clients-recover` are demanded only where they are given, because they need to know what should
    /// happen, `no-eviction`, because a cache evicts by design, and `durable`, because not every setting promises it.
    pub fn complete(given: &[Expectation]) -> Vec<Expectation> {
        Property::ALL
            .iter()
            .map(|&property| {
                let mine = given.iter().find(|expectation| expectation.property == property);
                mine.cloned().unwrap_or(Expectation {
                    property,
                    demand: match property {
                        Property::FailoverCompletes
                        | Property::Available
                        | Property::ClientsRecover
                        | Property::NoEviction
                        | Property::Durable => Demand::Any,
                        _ => Demand::Holds,
                    },
                    limits: Vec::new(),
                })
            })
            .collect()
    }
}
