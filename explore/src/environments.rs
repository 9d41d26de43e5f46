//! `[[environments]]` of a sweep: presets, what replaces parts of them, networks that were measured, and pauses that come by
//! themselves.

use crate::axis;
use crate::failure::Failure;
use crate::measured;
use crate::sweep::Read;
use splitbrain_scenarios::Source;
use splitbrain_scenarios::environment::Environment;
use splitbrain_scenarios::reader::{Field, Reader};
use toml::{Table, Value};

/// Keys of a scenario file with their values.
pub(crate) type Keys = Vec<(&'static str, Value)>;

/// One environment.
pub(crate) struct One {
    pub(crate) name: String,
    pub(crate) keys: Keys,
    /// What happens only here, with its `faults`.
    pub(crate) pauses: Vec<(Failure, Value)>,
}

const LATENCY: &str = "network.latency";
const LOSS: &str = "network.loss";

/// What each key is in a scenario file.
const PLACES: [(&str, &str); 5] = [
    ("environment", "network.environment"),
    ("latency", LATENCY),
    ("loss", LOSS),
    ("fsync", "disk.fsync"),
    ("config-save", "disk.config-save"),
];

/// Reads all of them; without any, that of the scenario.
pub(crate) fn read(
    field: Option<&Field<'_>>,
    raw: &Table,
    base: &Table,
    open: &dyn Fn(&str) -> Read<Source>,
) -> Read<Vec<One>> {
    let Some(field) = field else {
        let own = axis::get(base, "network.environment").map_or_else(|| Environment::DEFAULT.to_owned(), axis::show);
        return Ok(vec![One { name: own, keys: Vec::new(), pauses: Vec::new() }]);
    };
    let none = Vec::new();
    let raw = raw.get("environments").and_then(Value::as_array).unwrap_or(&none);
    let mut all: Vec<One> = Vec::new();
    for (mut table, raw) in field.tables("[[environments]]")?.into_iter().zip(raw) {
        let one = one(&mut table, raw, base, open)?;
        if all.iter().any(|known| known.name == one.name) {
            return Err(table.error(format!("the environment `{}` is there twice", one.name)));
        }
        all.push(one);
    }
    if all.is_empty() { Err(field.wrong("at least one environment")) } else { Ok(all) }
}

fn one(table: &mut Reader<'_>, raw: &Value, base: &Table, open: &dyn Fn(&str) -> Read<Source>) -> Read<One> {
    let (name, preset, file) = (table.get("name"), table.get("environment"), table.get("latency-file"));
    let (latency, loss, pauses) = (table.get("latency"), table.get("loss"), table.get("pauses"));
    let disks = [table.get("fsync"), table.get("config-save")];
    table.finish(&[])?;
    if let Some(field) = &preset {
        let presets: Vec<(&str, ())> = Environment::NAMES.iter().map(|name| (*name, ())).collect();
        field.word(&presets)?;
    }
    disks.iter().chain([&latency]).flatten().try_for_each(|field| field.dist().map(drop))?;
    loss.as_ref().map_or(Ok(0), Field::share_ppm)?;
    if let (Some(file), Some(_)) = (&file, &latency) {
        return Err(file.key_error("`latency` is there already: one of the two"));
    }
    let mut keys: Keys = PLACES.iter().filter_map(|(key, place)| Some((*place, raw.get(*key)?.clone()))).collect();
    let Some(named) = name.or(preset).or(file.clone()) else {
        return Err(table.error("which environment?").expected("`environment`, `name` or `latency-file`"));
    };
    if let Some(file) = &file {
        let given = keys.clone();
        keys = measured(&open(file.text()?)?, &[])?.keys;
        keys.retain(|(key, _)| given.iter().all(|(other, _)| other != key));
        keys.extend(given);
    }
    let raw = raw.get("pauses").and_then(Value::as_array);
    let pauses = pauses.map_or(Ok(Vec::new()), |field| self::pauses(&field, raw, base))?;
    Ok(One { name: named.text()?.to_owned(), keys, pauses })
}

/// An environment whose latency, and loss if it is told, are those of a file; all else stays.
pub(crate) fn measured(file: &Source, keys: &[(&'static str, Value)]) -> Read<One> {
    let measured = measured::read(file)?;
    let its = [(LATENCY, Some(measured.latency())), (LOSS, measured.loss())];
    let its: Keys = its.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let rest = keys.iter().filter(|(key, _)| its.iter().all(|(other, _)| other != key));
    let keys = rest.cloned().chain(its.clone()).collect();
    let name = file.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(One { name, keys, pauses: Vec::new() })
}

/// `pauses = [{ for = "2s", per-year = 365, of = "master" }]`: hosts that stand still and go on by themselves.
fn pauses(field: &Field<'_>, raw: Option<&Vec<Value>>, base: &Table) -> Read<Vec<(Failure, Value)>> {
    let mut all = Vec::new();
    for (mut table, raw) in field.tables("`pauses`")?.into_iter().zip(raw.into_iter().flatten()) {
        let (length, rate) = (table.get("for"), table.get("per-year"));
        // Targets, which the scenario judges.
        let _ = table.get("of");
        table.finish(&[])?;
        let Some(length) = length else { return Err(table.error("how long is this pause?").expected("`for`")) };
        length.span()?;
        let per_year_milli = crate::failure::rate(&table, rate.as_ref())?;
        let of = raw.get("of").cloned().unwrap_or_else(|| Value::String("master".to_owned()));
        let entries = [("at", Value::String("0s".to_owned())), ("stall", of.clone())];
        let mut fault = Table::from_iter(entries.map(|(key, value)| (key.to_owned(), value)));
        fault.insert("for".to_owned(), raw.get("for").cloned().unwrap_or(Value::Boolean(false)));
        let faults = Value::Array(vec![Value::Table(fault)]);
        crate::failure::check(base, &faults).map_err(|why| table.error(why))?;
        let name = format!("{} stands still for {}", axis::show(&of), length.text()?);
        all.push((Failure { name, per_year_milli, passes: true, environment: None }, faults));
    }
    Ok(all)
}
