//! A failure of a sweep: what happens, and how often in a year.

use crate::preset::{self, Preset};
use crate::sweep::{Read, reason};
use serde::{Deserialize, Serialize};
use splitbrain_scenarios::reader::{Field, Reader};
use splitbrain_scenarios::{Document, Scenario, Source};
use toml::{Table, Value};

/// Most failures in a year: one every other second.
const MOST: i64 = 15_000_000;

/// One failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its name.
    pub name: String,
    /// How often it happens in a year, in thousandths.
    pub per_year_milli: i64,
    /// It passes by itself, and nobody wants a failover for it: every one counts as false.
    pub passes: bool,
    /// The environment that it comes in; `None` for all.
    pub environment: Option<usize>,
}

/// Reads `[[failures]]`: each with its `faults` as a scenario file has them.
pub(crate) fn read(
    field: Option<&Field<'_>>,
    source: &Source,
    base: &Source,
    base_table: &Table,
    raw: &Table,
) -> Read<Vec<(Failure, Value)>> {
    let Some(field) = field else {
        return Err(source.error(0..0, "against which failures?").expected("at least one [[failures]]"));
    };
    let of_preset = |preset: &Preset, field: &Field<'_>| {
        let faults = preset.faults();
        check(base_table, &faults).map_err(|why| field.error(why))?;
        let (name, passes) = (preset.name.to_owned(), preset.passes);
        Ok((Failure { name, per_year_milli: preset.per_year * 1_000, passes, environment: None }, faults))
    };
    if field.as_text() == Some(preset::ALL) {
        return preset::PRESETS.iter().map(|preset| of_preset(preset, field)).collect();
    }
    let none = Vec::new();
    let raw = raw.get("failures").and_then(Value::as_array).unwrap_or(&none);
    let mut all: Vec<(Failure, Value)> = Vec::new();
    for (mut table, raw) in field.tables("[[failures]], or \"battery\"")?.into_iter().zip(raw) {
        let (failure, faults) = match table.get("preset") {
            Some(field) => {
                let names: Vec<(&str, &Preset)> = preset::PRESETS.iter().map(|it| (it.name, it)).collect();
                let (mut failure, faults) = of_preset(field.word(&names)?, &field)?;
                if let Some(rate) = table.get("per-year") {
                    failure.per_year_milli = self::rate(&table, Some(&rate))?;
                }
                table.finish(&[])?;
                (failure, faults)
            }
            None => {
                let (failure, faults) = one(&mut table)?;
                // Here what is wrong has a place in the file.
                Scenario::parse_with(base, faults)?;
                (failure, as_faults(raw))
            }
        };
        if all.iter().any(|(known, _)| known.name == failure.name) {
            return Err(table.error(format!("the failure `{}` is there twice", failure.name)));
        }
        all.push((failure, faults));
    }
    if all.is_empty() { Err(field.wrong("at least one failure")) } else { Ok(all) }
}

/// Whether a scenario may have these faults; why not.
pub(crate) fn check(base: &Table, faults: &Value) -> Result<(), String> {
    let mut root = base.clone();
    root.insert("faults".to_owned(), faults.clone());
    match Scenario::parse(&Source::new("", Document::of_table(root).text())) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("this scenario cannot have it: {}", reason(&error))),
    }
}

/// How often in a year, in thousandths.
pub(crate) fn rate(table: &Reader<'_>, field: Option<&Field<'_>>) -> Read<i64> {
    let Some(field) = field else {
        return Err(table.error("how often does this failure come in a year?").expected("`per-year`"));
    };
    match field.rate().map(i64::from) {
        Ok(rate) if (1..=MOST * 1_000).contains(&rate) => Ok(rate),
        _ => Err(field.wrong(RATE)),
    }
}

/// What a table of `[[failures]]` says but for the faults in it, which are left for whoever knows the cluster: the table
/// itself with one fault, or those under `faults`.
fn one<'a>(table: &mut Reader<'a>) -> Read<(Failure, Vec<Reader<'a>>)> {
    let (name, rate) = (table.get("name"), table.get("per-year"));
    let (passes, several) = (table.get("passes"), table.get("faults"));
    let Some(name) = name else {
        return Err(table.error("what is this failure called?").expected("`name` or `preset`"));
    };
    let per_year_milli = self::rate(table, rate.as_ref())?;
    let passes = passes.map_or(Ok(false), |field| field.boolean())?;
    let failure = Failure { name: name.text()?.to_owned(), per_year_milli, passes, environment: None };
    let faults = match several {
        Some(field) => {
            table.finish(&[])?;
            let tables = field.tables("`faults`")?;
            if tables.is_empty() {
                return Err(field.wrong("at least one fault"));
            }
            tables
        }
        None => vec![table.clone()],
    };
    Ok((failure, faults))
}

/// The `faults` of a scenario file.
fn as_faults(failure: &Value) -> Value {
    let mut faults: Vec<Table> = match failure.get("faults").and_then(Value::as_array) {
        Some(faults) => faults.iter().filter_map(Value::as_table).cloned().collect(),
        None => failure.as_table().cloned().into_iter().collect(),
    };
    if let Some(first) = faults.first_mut() {
        ["name", "per-year", "passes"].iter().for_each(|key| drop(first.remove(*key)));
        if !["at", "when", "then-after"].iter().any(|key| first.contains_key(*key)) {
            first.insert("at".to_owned(), Value::String("0s".to_owned()));
        }
    }
    Value::Array(faults.into_iter().map(Value::Table).collect())
}

const RATE: &str = "a number above zero and up to 100000, with at most three decimals";
