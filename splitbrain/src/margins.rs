//! Margins: how far a setting may be moved before the verdict of a scenario flips. Each setting is moved alone, step by
//! step in both directions, over the same seeds.

use crate::runner::{RunError, RunOptions, run_scenario};
use splitbrain_checker::summary::{MarginReport, Turn};
use splitbrain_checker::{ScenarioSummary, Verdict};
use splitbrain_model::Millis;
use splitbrain_scenarios::Scenario;

/// Steps in one direction before it is given up.
const MOST_STEPS: u32 = 14;

/// A setting that is moved.
#[derive(Clone, Copy)]
enum Setting {
    Quorum,
    DownAfter,
    FailoverTimeout,
}

impl Setting {
    const ALL: [Setting; 3] = [Setting::Quorum, Setting::DownAfter, Setting::FailoverTimeout];

    const fn name(self) -> &'static str {
        match self {
            Setting::Quorum => "quorum",
            Setting::DownAfter => "down-after-milliseconds",
            Setting::FailoverTimeout => "failover-timeout",
        }
    }

    fn get(self, scenario: &Scenario) -> i64 {
        let conf = &scenario.masters[0].conf;
        match self {
            Setting::Quorum => i64::from(conf.quorum),
            Setting::DownAfter => conf.down_after.0,
            Setting::FailoverTimeout => conf.failover_timeout.0,
        }
    }

    fn set(self, scenario: &mut Scenario, value: i64) {
        for master in &mut scenario.masters {
            match self {
                Setting::Quorum => master.conf.quorum = value as u32,
                Setting::DownAfter => master.conf.down_after = Millis(value),
                Setting::FailoverTimeout => master.conf.failover_timeout = Millis(value),
            }
        }
    }

    /// The next value upwards or downwards, if it makes sense: one Sentinel, or a quarter of the time in round numbers.
    fn step(self, scenario: &Scenario, value: i64, up: bool) -> Option<i64> {
        let next = match self {
            Setting::Quorum => value + if up { 1 } else { -1 },
            _ if up => rounded(value * 5 / 4).max(value + 1),
            _ => rounded(value * 4 / 5).min(value - 1),
        };
        let most = match self {
            Setting::Quorum => i64::from(scenario.sentinels) + 1,
            _ => 10 * 60 * 1000,
        };
        (1..=most).contains(&next).then_some(next)
    }
}

/// Two leading digits.
fn rounded(value: i64) -> i64 {
    let mut unit = 1;
    while value / unit >= 100 {
        unit *= 10;
    }
    value / unit * unit
}

/// Moves quorum, down-after and failover-timeout until the verdict flips.
///
/// # Errors
/// If a run fails; see [`run_scenario`].
pub fn margins(
    scenario: &Scenario,
    summary: &ScenarioSummary,
    options: &RunOptions,
) -> Result<Vec<MarginReport>, RunError> {
    let options = RunOptions { save_failures_to: None, ..options.clone() };
    let mut reports = Vec::new();
    for setting in Setting::ALL {
        let value = setting.get(scenario);
        let report = MarginReport {
            name: setting.name(),
            value,
            verdict: summary.verdict,
            down: flip(scenario, setting, summary.verdict, false, &options)?,
            up: flip(scenario, setting, summary.verdict, true, &options)?,
        };
        reports.push(report);
    }
    Ok(reports)
}

/// Where the verdict flips in one direction.
fn flip(scenario: &Scenario, setting: Setting, now: Verdict, up: bool, options: &RunOptions) -> Result<Turn, RunError> {
    let mut moved = scenario.clone();
    let mut last = setting.get(scenario);
    for _ in 0..MOST_STEPS {
        let Some(next) = setting.step(scenario, last, up) else { break };
        setting.set(&mut moved, next);
        let summary = run_scenario(&moved, options, &|_| ())?;
        if summary.verdict != now {
            let why = summary.unmet.first().map(|unmet| unmet.sentence.clone());
            let open = summary.open.first().map(|(_, why, ..)| why.clone());
            let why = why.or(open).unwrap_or_else(|| "every expectation is met".to_owned());
            return Ok(Turn { same_until: last, flips_at: Some(next), why: Some(why) });
        }
        last = next;
    }
    Ok(Turn { same_until: last, flips_at: None, why: None })
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn steps_are_round_numbers() {
        let all: Vec<i64> = [7, 62, 99, 101, 1_250, 6_249, 12_499].into_iter().map(rounded).collect();
        assert_eq!(all, [7, 62, 99, 100, 1_200, 6_200, 12_000]);
    }
}
