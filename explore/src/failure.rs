//! A failure of a sweep: what happens, and how often in a year.

use crate::sweep::Read;
use serde::{Deserialize, Serialize};
use splitbrain_scenarios::reader::Reader;

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
}

/// What a table of `[[failures]]` says but for the faults in it, which are left for whoever knows the cluster: the table
/// itself with one fault, or those under `faults`.
pub(crate) fn read<'a>(table: &mut Reader<'a>) -> Read<(Failure, Vec<Reader<'a>>)> {
    let (name, rate) = (table.get("name"), table.get("per-year"));
    let (passes, several) = (table.get("passes"), table.get("faults"));
    let Some(name) = name else { return Err(table.error("what is this failure called?").expected("`name`")) };
    let Some(rate) = rate else {
        return Err(table.error("how often does this failure come in a year?").expected("`per-year`"));
    };
    let per_year_milli = i64::from(rate.rate().map_err(|_| rate.wrong(RATE))?);
    if per_year_milli == 0 || per_year_milli > MOST * 1_000 {
        return Err(rate.wrong(RATE));
    }
    let passes = passes.map_or(Ok(false), |field| field.boolean())?;
    let failure = Failure { name: name.text()?.to_owned(), per_year_milli, passes };
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

const RATE: &str = "a number above zero and up to 100000, with at most three decimals";
