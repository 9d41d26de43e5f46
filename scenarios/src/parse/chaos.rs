//! `[chaos]`: what random schedules are made of.

use super::HOMES;
use crate::chaos::{Budget, Chaos, Family};
use crate::reader::{Field, Read, Span};
use splitbrain_model::Millis;

/// Most faults of a random schedule.
const MOST: u32 = 1_000;
/// Largest weight of a family.
const HEAVIEST: u32 = 1_000_000;

/// Reads `[chaos]`.
pub fn read(field: Option<&Field<'_>>) -> Read<Option<Chaos>> {
    let Some(field) = field else { return Ok(None) };
    let mut table = field.table("[chaos]")?;
    let (families, intensity) = (table.get("families"), table.get("intensity"));
    let (spacing, lasts) = (table.get("spacing"), table.get("lasts"));
    let (budget, swarm) = (table.get("budget"), table.get("swarm"));
    table.finish(HOMES)?;
    let span = |field: Option<Field<'_>>, low, high| {
        field.map_or(Ok(Span { low: Millis(low), high: Millis(high) }), |field| field.span())
    };
    Ok(Some(Chaos {
        families: families.map_or_else(|| Ok(by_default()), |field| weights(&field))?,
        intensity: intensity.map_or(Ok((2, 8)), |field| counts(&field))?,
        spacing: span(spacing, 0, 15_000)?,
        lasts: span(lasts, 50, 20_000)?,
        budget: budget.map_or(Ok(Budget::Survivable), |field| {
            field.word(&[("survivable", Budget::Survivable), ("unbounded", Budget::Unbounded)])
        })?,
        swarm: swarm.map_or(Ok(true), |field| field.boolean())?,
    }))
}

fn by_default() -> Vec<(Family, u32)> {
    Family::ALL.iter().filter(|(.., by_default)| *by_default).map(|(_, family, _)| (*family, 1)).collect()
}

/// `{ crash = 3, pause = 1 }`, or `"all"`
fn weights(field: &Field<'_>) -> Read<Vec<(Family, u32)>> {
    if field.as_text().is_some() {
        field.word(&[("all", ())])?;
        let common = Family::ALL.iter().filter(|(_, family, _)| family.is_common());
        return Ok(common.map(|(_, family, _)| (*family, 1)).collect());
    }
    let mut table = field.table("`families`")?;
    let mut weights = Vec::new();
    for (name, family, _) in Family::ALL {
        if let Some(field) = table.get(name) {
            weights.push((*family, field.count(0, HEAVIEST)?));
        }
    }
    table.finish(&[])?;
    weights.retain(|(_, weight)| *weight > 0);
    if weights.is_empty() {
        return Err(field.error("no family is left").expected("at least one weight above 0"));
    }
    Ok(weights)
}

/// A number, or `"3..8"`.
fn counts(field: &Field<'_>) -> Read<(u32, u32)> {
    let expected = || field.wrong(format!("a number of faults from 1 to {MOST}, or a range like \"3..8\""));
    if let Some(number) = field.as_integer() {
        let number = u32::try_from(number).ok().filter(|n| (1..=MOST).contains(n)).ok_or_else(expected)?;
        return Ok((number, number));
    }
    let (low, high) = field.as_text().and_then(|text| text.split_once("..")).ok_or_else(expected)?;
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|n| (1..=MOST).contains(n));
    match (number(low), number(high)) {
        (Some(low), Some(high)) if low <= high => Ok((low, high)),
        _ => Err(expected()),
    }
}
