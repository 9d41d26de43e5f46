//! A claim: something that people are told about Redis Sentinel, and what its scenarios say about it. Data for
//! `docs/claims.md` and `explain`; it changes no run and no verdict of a run.

use splitbrain_checker::{Metric, Property};

/// `[claim]` of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose claim it is.
    pub part: ClaimPart,
    /// Which way the scenario speaks, if its expectations are met.
    pub speaks: Speaks,
    /// Numbers that decide, the most important first.
    pub figures: Vec<Figure>,
}

/// The claim itself, or one more scenario about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimPart {
    /// The scenario bears the claim; its file's name is the claim's.
    Whole(Statement),
    /// It is about the claim of this name, in the same folder.
    Of(String),
}

/// What is said, and what is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What people are told, in our own words.
    pub says: String,
    /// The kind of source.
    pub source: String,
    /// What is true of it.
    pub verdict: ClaimVerdict,
    /// What really happens, and why.
    pub because: String,
    /// What to do instead.
    pub instead: String,
    /// What recordings of real Redis have to say.
    pub recorded: Option<String>,
}

/// What is true of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimVerdict {
    /// It is so.
    Holds,
    /// It is so under a condition that is not told with it.
    HoldsOnlyIf,
    /// It is not so.
    Refuted,
}

impl ClaimVerdict {
    /// All of them, as files write them.
    pub const ALL: &'static [(&'static str, ClaimVerdict)] = &[
        ("holds", ClaimVerdict::Holds),
        ("holds-only-if", ClaimVerdict::HoldsOnlyIf),
        ("refuted", ClaimVerdict::Refuted),
    ];

    /// As a reader sees it.
    pub const fn title(self) -> &'static str {
        match self {
            ClaimVerdict::Holds => "holds",
            ClaimVerdict::HoldsOnlyIf => "holds only if …",
            ClaimVerdict::Refuted => "refuted",
        }
    }
}

/// Which way a scenario speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// What it demands is what the claim says.
    For,
    /// What it demands could not be, were the claim true.
    Against,
}

impl Speaks {
    /// Both, as files write them.
    pub const ALL: &'static [(&'static str, Speaks)] = &[("for", Speaks::For), ("against", Speaks::Against)];
}

/// A number that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The spread of a metric.
    Metric(Metric),
    /// In how many seeds a property is violated.
    Property(Property),
}

impl Figure {
    /// The figure of this name.
    pub fn from_name(name: &str) -> Option<Figure> {
        let metric = Metric::from_name(name).map(Figure::Metric);
        metric.or_else(|| Property::from_name(name).map(Figure::Property))
    }

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Figure::Metric(metric) => metric.name(),
            Figure::Property(property) => property.name(),
        }
    }
}
