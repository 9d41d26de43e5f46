//! `[expect.events]`: how often events of Sentinel happen.

use super::faults::event_kind;
use super::names::Names;
use crate::quantity;
use crate::reader::{Field, Read};
use splitbrain_checker::{Demand, Expectation, Limit, Occurrence, Property};
use splitbrain_model::event::EventKind;

/// Most that can be asked for.
const MOST: u32 = 1_000_000;

#[derive(Clone, Copy)]
enum Word {
    Happens,
    Never,
    Shows,
}

const WORDS: &[(&str, Word)] = &[("happens", Word::Happens), ("never", Word::Never), ("shows", Word::Shows)];

/// Reads the section: each key is an event; its value a word, a table, or an array of those.
pub fn read(field: &Field<'_>, names: &Names) -> Read<Expectation> {
    let mut limits = Vec::new();
    for entry in field.table("[expect.events]")?.rest() {
        let event = event_kind(entry.key, &|message| entry.key_error(message))?;
        let statements = if entry.is_array() { entry.list()? } else { vec![entry.clone()] };
        if statements.is_empty() {
            return Err(entry.wrong("at least one statement"));
        }
        for statement in statements {
            limits.push(Limit::Occurs(occurrence(event, &statement, names)?));
        }
    }
    if limits.is_empty() {
        return Err(field.error("nothing is demanded of any event").expected("a line like \"+tilt\" = \"never\""));
    }
    Ok(Expectation { property: Property::Events, demand: Demand::Holds, limits })
}

fn occurrence(event: EventKind, field: &Field<'_>, names: &Names) -> Read<Occurrence> {
    let mut wanted = Occurrence { event, by: None, of: None, at_least: 1, at_most: None, share: None };
    if !field.is_table() {
        match field.word(WORDS)? {
            Word::Happens => {}
            Word::Never => (wanted.at_least, wanted.at_most) = (0, Some(0)),
            Word::Shows => wanted.share = Some(0),
        }
        return Ok(wanted);
    }
    let mut table = field.table(format!("`{event}`"))?;
    if let Some(by) = table.get("by") {
        wanted.by = Some(names.sentinel(by.text()?, &by)? as u16);
    }
    if let Some(of) = table.get("of") {
        wanted.of = Some(names.server(of.text()?, &of)? as u16);
    }
    let (least, most, exactly) = (table.get("at-least"), table.get("at-most"), table.get("exactly"));
    wanted.share = table.get("shows").map(|field| share(&field)).transpose()?.flatten();
    table.finish(&[])?;
    if let Some(exactly) = exactly {
        if let Some(other) = least.or(most) {
            return Err(other.key_error(format!("`{}` has no meaning beside `exactly`", other.key)));
        }
        let count = exactly.count(0, MOST)?;
        (wanted.at_least, wanted.at_most) = (count, Some(count));
        return Ok(wanted);
    }
    // Who only gives an upper limit does not say that it happens at all.
    let otherwise = u32::from(most.is_none());
    wanted.at_least = least.map_or(Ok(otherwise), |field| field.count(0, MOST))?;
    let at_least = i64::from(wanted.at_least);
    wanted.at_most = most.map(|field| field.integer(at_least..=i64::from(MOST))).transpose()?.map(|most| most as u32);
    Ok(wanted)
}

/// In how many runs: `true` is at least one, a percentage at least so many; every run otherwise.
pub fn share(field: &Field<'_>) -> Read<Option<u32>> {
    match (field.as_bool(), field.as_text()) {
        (Some(true), _) => Ok(Some(0)),
        (_, Some("in-every-seed")) => Ok(None),
        (_, Some(text)) if text.trim_end().ends_with('%') => match quantity::percent_ppm(text) {
            Ok(ppm) if ppm % 1_000 == 0 => Ok(Some(ppm / 1_000)),
            Ok(_) => Err(field.wrong("a share in steps of 0.1%")),
            Err(expected) => Err(field.wrong(expected)),
        },
        _ => Err(field.wrong("true, \"in-every-seed\" or a share of the runs like \"30%\"")),
    }
}
