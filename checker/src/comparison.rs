//! Numbers of runs before and after a change, side by side. How they are compared is not known here.

/// One number of one scenario, before and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The scenario.
    pub scenario: String,
    /// What was measured.
    pub measure: &'static str,
    /// How many seeds were played both times.
    pub seeds: u64,
    /// Mean before and now, in thousandths.
    pub before: i64,
    /// As `before`.
    pub now: i64,
    /// 95 % of the resampled mean differences lie between these, in thousandths.
    pub interval: (i64, i64),
}

impl Difference {
    /// Whether it has become worse, and chance is a poor explanation.
    pub fn is_worse(&self) -> bool {
        self.interval.0 > 0
    }

    /// Whether it has become better, and chance is a poor explanation.
    pub fn is_better(&self) -> bool {
        self.interval.1 < 0
    }
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Numbers that were measured both times.
    pub differences: Vec<Difference>,
    /// Scenarios of which one side has no runs of the same seeds.
    pub missing: Vec<String>,
}

impl Comparison {
    /// Whether any number has become worse.
    pub fn has_regressions(&self) -> bool {
        self.differences.iter().any(Difference::is_worse)
    }
}
