//! `[promise]`: what settings have to keep. A limit on a figure of a cell, no more: whether it is kept, and by what margin.

use crate::figures::Cell;
use crate::sweep::Read;
use serde::{Deserialize, Serialize};
use splitbrain_scenarios::reader::{Field, Reader};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Time without an acknowledged write after one failure: the 99th percentile of the worst failure, in ms.
    WriteGap,
    /// Time without an acknowledged write in a year, in ms.
    Outage,
    /// Acknowledged writes lost in a year, in thousandths.
    Losses,
    /// Longest time in which two servers acknowledged writes as masters, in ms.
    SplitBrain,
    /// False failovers in a year, in thousandths.
    FalseFailovers,
    /// Failures in a year after which not everything is well again, in thousandths.
    Unrecovered,
}

impl Goal {
    /// All of them with their names in sweeps.
    pub const ALL: &'static [(&'static str, Goal)] = &[
        ("write-gap", Goal::WriteGap),
        ("outage", Goal::Outage),
        ("losses", Goal::Losses),
        ("split-brain", Goal::SplitBrain),
        ("false-failovers", Goal::FalseFailovers),
        ("unrecovered", Goal::Unrecovered),
    ];

    /// Its name in sweeps.
    pub fn name(self) -> &'static str {
        Goal::ALL.iter().find(|(_, goal)| *goal == self).map_or("", |(name, _)| name)
    }

    /// Whether it is a time in milliseconds; otherwise it is a number in thousandths.
    pub const fn is_time(self) -> bool {
        matches!(self, Goal::WriteGap | Goal::Outage | Goal::SplitBrain)
    }

    /// What a cell has of it.
    pub fn of(self, cell: &Cell) -> i64 {
        match self {
            Goal::WriteGap => cell.failures.iter().map(|failure| failure.gap.p99).max().unwrap_or(0),
            Goal::Outage => cell.outage_ms.estimate,
            Goal::Losses => cell.lost.estimate,
            Goal::SplitBrain => cell.failures.iter().map(|failure| failure.split_max).max().unwrap_or(0),
            Goal::FalseFailovers => cell.false_failovers.estimate,
            Goal::Unrecovered => cell.unrecovered.estimate,
        }
    }
}

/// Goals with their limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise(pub Vec<(Goal, i64)>);

impl Default for Promise {
    fn default() -> Promise {
        Promise(vec![(Goal::Unrecovered, 0)])
    }
}

/// Reads `[promise]`. That everything is well again after every failure is promised in any case.
pub(crate) fn read(field: Option<&Field<'_>>) -> Read<Promise> {
    let Some(field) = field else { return Ok(Promise::default()) };
    let mut table: Reader<'_> = field.table("[promise]")?;
    let mut goals = Vec::new();
    for (name, goal) in Goal::ALL {
        let limit = match table.get(name) {
            None if *goal == Goal::Unrecovered => 0,
            None => continue,
            Some(field) if goal.is_time() => field.millis()?.0,
            Some(field) => i64::from(field.rate().map_err(|_| field.wrong("a number a year, from 0 to 100000"))?),
        };
        goals.push((*goal, limit));
    }
    table.finish(&[])?;
    Ok(Promise(goals))
}

/// How a cell stands to a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What is not kept: goal, limit, what it is instead.
    pub broken: Vec<(Goal, i64, i64)>,
    /// Whether everything was decided; what was not is never a promise kept.
    pub decided: bool,
    /// What is left of the tightest limit, in millionths of it; `None` if no limit can have a margin.
    pub margin_ppm: Option<i64>,
}

impl Standing {
    /// Whether the promise is kept.
    pub fn is_kept(&self) -> bool {
        self.broken.is_empty() && self.decided
    }
}

impl Promise {
    /// How a cell stands to it.
    pub fn standing(&self, cell: &Cell) -> Standing {
        let values = self.0.iter().map(|(goal, limit)| (*goal, *limit, goal.of(cell)));
        let margin = |(_, limit, value): (Goal, i64, i64)| {
            (limit > 0).then(|| (i128::from(limit - value) * 1_000_000 / i128::from(limit)) as i64)
        };
        Standing {
            broken: values.clone().filter(|(_, limit, value)| value > limit).collect(),
            decided: cell.undecided == 0,
            margin_ppm: values.filter_map(margin).min(),
        }
    }
}
