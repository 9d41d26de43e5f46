//! Expectations against what was found: for one run, and for all runs of a scenario. A pure function of findings and
//! metrics.
//!
//! `holds`: no run violates the property, or, where a limit `at-most` is given, none beyond it. `holds-beside-hazards`:
//! the same, but findings that a documented hazard of Sentinel explains are tolerated. `shows`: at least one
//! run violates it (and none exceeds the limits); if none does, the scenario fails, because nothing may pass
//! vacuously. Limits hold in every run. A contradiction inside splitbrain is never excused.

use crate::expect::{Amount, Demand, Expectation, Limit, Measure, Occurrence, Property, Within};
use crate::finding::Detail;
use crate::metrics::Metric;
use crate::sentence::{counted, percent, seconds};
use crate::summary::{Reported, RunSummary, Unmet, Verdict};

/// The verdict on a scenario.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// The verdict.
    pub verdict: Verdict,
    /// Expectations that were not met.
    pub unmet: Vec<Unmet>,
    /// Expectations that are open: why, in how many runs, and the first seed.
    pub open: Vec<(Property, String, u32, u64)>,
}

/// One expectation against one run.
enum Outcome<'a> {
    Met,
    /// Not met: why, and the finding behind it.
    Unmet(String, Option<&'a Reported>),
    Open(&'a str),
}

/// The verdict on one run. That a danger does not show itself in one run is no failure, unless it must in every one.
pub fn run(expect: &[Expectation], run: &RunSummary) -> Verdict {
    let mut verdict = contradiction(run).map_or(Verdict::Pass, |_| Verdict::Fail);
    for expectation in expect {
        verdict = verdict.max(match outcome(expectation, run) {
            Outcome::Met => Verdict::Pass,
            Outcome::Unmet(..) => Verdict::Fail,
            Outcome::Open(_) => Verdict::Undecided,
        });
    }
    verdict
}

/// The verdict on all runs of a scenario.
pub fn scenario(expect: &[Expectation], runs: &[RunSummary]) -> Evaluated {
    let mut unmet: Vec<Unmet> = contradictions(runs).into_iter().collect();
    let mut open = Vec::new();
    for expectation in expect {
        across(expectation, runs, &mut unmet, &mut open);
        unmet.extend(expectation.limits.iter().filter_map(|limit| too_rare(limit, runs)));
    }
    if runs.is_empty() {
        open.push((Property::ConvergesAfterHeal, "there were no runs".to_owned(), 0, 0));
    }
    let verdict = match (unmet.is_empty(), open.is_empty()) {
        (false, _) => Verdict::Fail,
        (true, false) => Verdict::Undecided,
        (true, true) => Verdict::Pass,
    };
    Evaluated { verdict, unmet, open }
}

fn contradiction(run: &RunSummary) -> Option<&Reported> {
    run.findings.iter().find(|found| found.detail.is_model_bug())
}

fn contradictions(runs: &[RunSummary]) -> Option<Unmet> {
    let mut bad = runs.iter().filter_map(|run| contradiction(run).map(|found| (run.seed, found)));
    let (seed, found) = bad.next()?;
    Some(Unmet {
        property: found.property,
        sentence: found.sentence.clone(),
        runs: 1 + bad.count() as u32,
        seed: Some(seed),
        at_ms: Some(found.at_ms),
        finding: Some(found.clone()),
    })
}

fn across(
    expectation: &Expectation,
    runs: &[RunSummary],
    unmet: &mut Vec<Unmet>,
    open: &mut Vec<(Property, String, u32, u64)>,
) {
    let property = expectation.property;
    let mut failed: Option<Unmet> = None;
    let mut undecided: Option<(Property, String, u32, u64)> = None;
    for run in runs {
        match outcome(expectation, run) {
            Outcome::Met => {}
            Outcome::Unmet(sentence, finding) => match &mut failed {
                Some(failed) => failed.runs += 1,
                None => {
                    failed = Some(Unmet {
                        property,
                        sentence,
                        runs: 1,
                        seed: Some(run.seed),
                        at_ms: finding.map(|found| found.at_ms),
                        finding: finding.cloned(),
                    });
                }
            },
            Outcome::Open(why) => match &mut undecided {
                Some(undecided) => undecided.2 += 1,
                None => undecided = Some((property, why.to_owned(), 1, run.seed)),
            },
        }
    }
    let must_show = matches!(expectation.demand, Demand::Shows | Demand::ShowsInEverySeed);
    let shown = runs.iter().any(|run| run.found(property).next().is_some());
    if must_show && !shown && failed.is_none() && undecided.is_none() && !runs.is_empty() {
        failed = Some(Unmet {
            property,
            sentence: format!(
                "a documented danger, {property}, did not show itself in any of {}",
                counted(runs.len() as u64, "run")
            ),
            runs: runs.len() as u32,
            seed: None,
            at_ms: None,
            finding: None,
        });
    }
    // One run that shows it is enough: what the others could not decide does not matter.
    let settled = expectation.demand == Demand::Shows && shown && expectation.limits.is_empty();
    if failed.is_none() && !settled {
        open.extend(undecided);
    }
    unmet.extend(failed);
}

/// An event that was demanded of a share of the runs and happened in too few of them.
fn too_rare(limit: &Limit, runs: &[RunSummary]) -> Option<Unmet> {
    let wanted = match limit {
        Limit::Occurs(wanted) => wanted,
        Limit::Measures(wanted) => return too_seldom(wanted, runs),
        _ => return None,
    };
    let needed = (u64::from(wanted.share?) * runs.len() as u64).div_ceil(1_000).max(1);
    let shown = runs.iter().filter(|run| run.found(Property::Events).any(|found| is_about(found, wanted))).count();
    (!runs.is_empty() && (shown as u64) < needed).then(|| Unmet {
        property: Property::Events,
        sentence: format!(
            "{} happened as demanded in {shown} of {}, at least {needed} should have shown it",
            wanted.event,
            counted(runs.len() as u64, "run")
        ),
        runs: (runs.len() - shown) as u32,
        seed: None,
        at_ms: None,
        finding: None,
    })
}

/// A number that was demanded of a share of the runs and was measured in too few of them.
fn too_seldom(wanted: &Measure, runs: &[RunSummary]) -> Option<Unmet> {
    let needed = (u64::from(wanted.share?) * runs.len() as u64).div_ceil(1_000).max(1);
    let shown = runs.iter().filter(|run| wanted.allows(run.metrics.get(wanted.metric))).count();
    (!runs.is_empty() && (shown as u64) < needed).then(|| Unmet {
        property: Property::Metrics,
        sentence: format!(
            "{} was as demanded ({}) in {shown} of {}, at least {needed} should have shown it",
            wanted.metric.name(),
            bounds(wanted),
            counted(runs.len() as u64, "run")
        ),
        runs: (runs.len() - shown) as u32,
        seed: None,
        at_ms: None,
        finding: None,
    })
}

fn bounds(wanted: &Measure) -> String {
    match (wanted.at_least, wanted.at_most) {
        (Some(least), Some(most)) => format!("from {least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => "measured at all".to_owned(),
    }
}

/// Numbers that every run had to have, and that this one has not.
fn measures<'a>(expectation: &Expectation, run: &'a RunSummary) -> Outcome<'a> {
    if let Some((_, why)) = run.undecided.iter().find(|(its, _)| *its == Property::Metrics) {
        return Outcome::Open(why);
    }
    for limit in &expectation.limits {
        let Limit::Measures(wanted) = limit else { continue };
        let value = run.metrics.get(wanted.metric);
        if wanted.share.is_none() && !wanted.allows(value) {
            let value = value.map_or("was not measured".to_owned(), |value| format!("is {value}"));
            return Outcome::Unmet(format!("{} {value}, demanded: {}", wanted.metric.name(), bounds(wanted)), None);
        }
    }
    Outcome::Met
}

fn is_about(found: &Reported, occurrence: &Occurrence) -> bool {
    matches!(&found.detail, Detail::Occurred { wanted, .. } if wanted == occurrence)
}

/// How often events happened: a finding where every run had to obey, and that one did not.
fn occurrences(run: &RunSummary) -> Outcome<'_> {
    let broken = |found: &&Reported| matches!(&found.detail, Detail::Occurred { wanted, .. } if wanted.share.is_none());
    let open = run.undecided.iter().find(|(its, _)| *its == Property::Events);
    match (run.found(Property::Events).find(broken), open) {
        (Some(found), _) => Outcome::Unmet(found.sentence.clone(), Some(found)),
        (None, Some((_, why))) => Outcome::Open(why),
        (None, None) => Outcome::Met,
    }
}

fn outcome<'a>(expectation: &Expectation, run: &'a RunSummary) -> Outcome<'a> {
    let property = expectation.property;
    if property == Property::Events {
        return occurrences(run);
    }
    if property == Property::Metrics {
        return measures(expectation, run);
    }
    let first = run.found(property).next();
    let open = run.undecided.iter().find(|(its, _)| *its == property);
    for limit in &expectation.limits {
        if let Some(why) = exceeded(expectation, *limit, run) {
            return Outcome::Unmet(why, first);
        }
    }
    // A limit replaces "not at all". Findings of a failover that did not complete are made from the limits.
    let tolerated = property != Property::FailoverCompletes
        && expectation.limits.iter().any(|limit| matches!(limit, Limit::AtMost(_)));
    match (expectation.demand, first, open) {
        (Demand::Holds, Some(found), _) if !tolerated => Outcome::Unmet(found.sentence.clone(), Some(found)),
        (Demand::HoldsBesideHazards, Some(_), _) if !tolerated => {
            match run.found(property).find(|f| f.hazard.is_none()) {
                Some(found) => Outcome::Unmet(found.sentence.clone(), Some(found)),
                None => Outcome::Met,
            }
        }
        (Demand::ShowsInEverySeed, None, None) => {
            Outcome::Unmet(format!("a documented danger, {property}, did not show itself"), None)
        }
        (Demand::Shows | Demand::ShowsInEverySeed, Some(_), _) if expectation.limits.is_empty() => Outcome::Met,
        (Demand::Any, _, _) if expectation.limits.is_empty() => Outcome::Met,
        (_, _, Some((_, why))) => Outcome::Open(why),
        _ => Outcome::Met,
    }
}

/// Why a limit is exceeded.
fn exceeded(expectation: &Expectation, limit: Limit, run: &RunSummary) -> Option<String> {
    let property = expectation.property;
    let told = |what: &str, amount: Amount, allowed: Amount| {
        Some(format!("{}, {what} {}", measured(property, amount), rendered(allowed)))
    };
    match limit {
        Limit::AtMost(_) if property == Property::ClientsRecover => {
            let tolerant = expectation.demand == Demand::HoldsBesideHazards;
            let stuck = run.found(property).find(|found| !tolerant || found.hazard.is_none());
            stuck.map(|found| found.sentence.clone())
        }
        Limit::AtMost(allowed) => {
            let amount = amount_of(property, allowed, run)?;
            (size(amount) > size(allowed)).then_some(())?;
            told("allowed are at most", amount, allowed)
        }
        Limit::AtLeast(wanted) => {
            let amount = amount_of(property, wanted, run)?;
            (size(amount) < size(wanted)).then_some(())?;
            told("demanded are at least", amount, wanted)
        }
        // Judged as findings, because the limits make them (and `auto` needs the settings).
        Limit::Exactly(_) if property == Property::FailoverCompletes => run
            .found(property)
            .find(|found| matches!(found.detail, Detail::FailoverCount { .. }))
            .map(|found| found.sentence.clone()),
        Limit::Within(_) if property == Property::FailoverCompletes => run
            .found(property)
            .find(|found| matches!(found.detail, Detail::FailoverLate { .. }))
            .map(|found| found.sentence.clone()),
        Limit::Occurs(_) | Limit::Measures(_) => None,
        Limit::Exactly(wanted) => {
            let wanted = Amount::Count(u64::from(wanted));
            let amount = amount_of(property, wanted, run)?;
            (amount != wanted).then_some(())?;
            told("demanded are exactly", amount, wanted)
        }
        Limit::Within(within) => {
            let Within::Time(allowed) = within else {
                return None;
            };
            let took = run.metrics.get(time_of(property)?)?;
            (took > allowed.0).then(|| {
                format!(
                    "{property} took until {} after the first fault, {} are allowed",
                    seconds(took),
                    seconds(allowed.0)
                )
            })
        }
    }
}

/// How much a property was violated, in the unit of `like`. `None` if that has no meaning or was not measured.
fn amount_of(property: Property, like: Amount, run: &RunSummary) -> Option<Amount> {
    let get = |metric| run.metrics.get(metric).map(|value| value.max(0) as u64);
    let found = || run.found(property).count() as u64;
    Some(match like {
        Amount::Time(_) => {
            let value = run.metrics.get(time_of(property)?)?;
            Amount::Time(splitbrain_model::Millis(value))
        }
        Amount::Count(_) => Amount::Count(match property {
            Property::SplitBrain => get(Metric::SplitBrainWrites)?,
            Property::LostWrite => get(Metric::WritesLost)?,
            Property::Linearizable => get(Metric::Anomalies)?,
            Property::StaleRead => get(Metric::StaleReads)?,
            Property::NoEviction => get(Metric::WritesEvicted).unwrap_or(0),
            Property::FailoverCompletes => get(Metric::Failovers)?,
            Property::NoFalseFailover => get(Metric::FalseFailovers)?,
            _ => found(),
        }),
        Amount::Permille(_) => {
            let (part, whole) = match property {
                Property::SplitBrain => (Metric::SplitBrainWrites, Metric::WritesAcked),
                Property::LostWrite => (Metric::WritesLost, Metric::WritesAcked),
                Property::StaleRead => (Metric::StaleReads, Metric::ReadsAcked),
                _ => return None,
            };
            let (part, whole) = (get(part)?, get(whole)?);
            // Rounded up: a limit of 0 % allows nothing.
            Amount::Permille((part * 1_000).div_ceil(whole.max(1)) as u32)
        }
    })
}

/// The metric that a time limit of a property is about.
fn time_of(property: Property) -> Option<Metric> {
    match property {
        Property::SplitBrain => Some(Metric::SplitBrain),
        Property::FailoverCompletes => Some(Metric::FirstSwitchMaster),
        Property::ConvergesAfterHeal => Some(Metric::Converged),
        Property::Available => Some(Metric::WriteUnavailable),
        _ => None,
    }
}

fn size(amount: Amount) -> i64 {
    match amount {
        Amount::Count(n) => n as i64,
        Amount::Permille(n) => i64::from(n),
        Amount::Time(t) => t.0,
    }
}

fn rendered(amount: Amount) -> String {
    match amount {
        Amount::Count(n) => n.to_string(),
        Amount::Permille(n) => percent(n),
        Amount::Time(t) => seconds(t.0),
    }
}

fn measured(property: Property, amount: Amount) -> String {
    let what = match (property, amount) {
        (Property::SplitBrain, Amount::Time(_)) => "time with two acknowledging masters",
        (Property::SplitBrain, _) => "writes acknowledged during a split brain",
        (Property::LostWrite, _) => "acknowledged writes lost",
        (Property::Linearizable, _) => "anomalies",
        (Property::StaleRead, _) => "stale reads",
        (Property::NoEviction, _) => "evicted writes",
        (Property::FailoverCompletes, Amount::Time(_)) => "time until the new master was announced",
        (Property::FailoverCompletes, _) => "failovers completed",
        (Property::NoFalseFailover, _) => "false failovers",
        (Property::ConvergesAfterHeal, _) => "time until everybody agreed",
        (Property::Available, _) => "longest time without an acknowledged write",
        _ => "violations",
    };
    format!("{what}: {}", rendered(amount))
}
