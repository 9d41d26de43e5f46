//! `[expect.metrics]`: between which bounds numbers of a run lie.

use super::occurrences::share;
use crate::nearest::nearest;
use crate::reader::{Field, Read};
use splitbrain_checker::{Demand, Expectation, Limit, Measure, Metric, Property};

/// Largest bound.
const MOST: i64 = 1_000_000_000_000;

/// Reads the section: each key is a metric, its value a table with bounds.
pub fn read(field: &Field<'_>) -> Read<Expectation> {
    let mut limits = Vec::new();
    for entry in field.table("[expect.metrics]")?.rest() {
        let Some(metric) = Metric::from_name(entry.key) else {
            let error = entry.key_error(format!("there is no metric `{}`", entry.key));
            return Err(match nearest(entry.key, Metric::ALL.iter().map(|metric| metric.name())) {
                Some(word) => error.did_you_mean(Some(word)),
                None => error.help("`splitbrain list` shows all metrics"),
            });
        };
        limits.push(Limit::Measures(measure(metric, &entry)?));
    }
    if limits.is_empty() {
        let error = field.error("nothing is demanded of any metric");
        return Err(error.expected("a line like writes_lost = { at-most = 100 }"));
    }
    Ok(Expectation { property: Property::Metrics, demand: Demand::Holds, limits })
}

fn measure(metric: Metric, field: &Field<'_>) -> Read<Measure> {
    let mut table = field.table(format!("`{}`", metric.name()))?;
    let (least, most, shows) = (table.get("at-least"), table.get("at-most"), table.get("shows"));
    table.finish(&[])?;
    if least.is_none() && most.is_none() {
        return Err(field
            .error(format!("nothing is demanded of `{}`", metric.name()))
            .expected("`at-least` or `at-most`"));
    }
    let at_least = least.map(|field| field.integer(0..=MOST)).transpose()?;
    let at_most = most.map(|field| field.integer(at_least.unwrap_or(0)..=MOST)).transpose()?;
    let share = shows.map(|field| share(&field)).transpose()?.flatten();
    Ok(Measure { metric, at_least, at_most, share })
}
