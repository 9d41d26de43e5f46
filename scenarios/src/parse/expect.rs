//! `[expect]`: what must and must not happen.

use super::names::Names;
use super::{measures, occurrences};
use crate::nearest::{nearest, one_of};
use crate::quantity;
use crate::reader::{Field, Read};
use splitbrain_checker::{Amount, Demand, Expectation, Limit, Property, Within};
use splitbrain_model::Millis;

const DEMANDS: &[(&str, Demand)] = &[
    ("holds", Demand::Holds),
    ("holds-beside-hazards", Demand::HoldsBesideHazards),
    ("shows", Demand::Shows),
    ("shows-in-every-seed", Demand::ShowsInEverySeed),
    ("any", Demand::Any),
];

/// Reads `[expect]`, in the order of the file.
pub fn read(field: Option<&Field<'_>>, names: &Names, clients: bool, stable_for: Millis) -> Read<Vec<Expectation>> {
    let Some(field) = field else { return Ok(Vec::new()) };
    let table = field.table("[expect]")?;
    let mut expectations = Vec::new();
    for entry in table.rest() {
        if entry.key == Property::Events.name() {
            expectations.push(occurrences::read(&entry, names)?);
            continue;
        }
        if entry.key == Property::Metrics.name() {
            expectations.push(measures::read(&entry)?);
            continue;
        }
        let names: Vec<&str> = Property::ALL.iter().map(|property| property.name()).collect();
        let Some(property) = Property::from_name(entry.key) else {
            let error = entry.key_error(format!("there is no property `{}`", entry.key));
            return Err(match nearest(entry.key, names.iter().copied()) {
                Some(word) => error.did_you_mean(Some(word)),
                None => error.expected(one_of(&names)),
            });
        };
        let expectation = expectation(property, &entry)?;
        if needs_clients(property) && !clients && expectation.demand != Demand::Any {
            let error = entry.key_error(format!("`{property}` says nothing in a scenario without clients"));
            return Err(error.expected("at least one [[clients]]"));
        }
        let patient = |limit: &Limit| matches!(limit, Limit::AtMost(Amount::Time(limit)) if *limit > stable_for);
        if property == Property::ClientsRecover && expectation.limits.iter().any(patient) {
            let error = entry.error("the runs of this scenario end before that can be seen");
            return Err(error.expected("a limit of at most `stable-for` in [run]"));
        }
        expectations.push(expectation);
    }
    Ok(expectations)
}

fn needs_clients(property: Property) -> bool {
    use Property as P;
    matches!(
        property,
        P::SplitBrain
            | P::LostWrite
            | P::Linearizable
            | P::StaleRead
            | P::NoEviction
            | P::Durable
            | P::Available
            | P::ClientsRecover
    )
}

fn expectation(property: Property, entry: &Field<'_>) -> Read<Expectation> {
    if !entry.is_table() {
        let demand = entry.word(DEMANDS)?;
        if matches!(property, Property::Available | Property::ClientsRecover) && demand != Demand::Any {
            let error = entry.error(format!("`{property}` needs a limit"));
            return Err(error.expected("a table like { at-most = \"8s\" }"));
        }
        return Ok(Expectation { property, demand, limits: Vec::new() });
    }
    let mut table = entry.table(format!("`{property}`"))?;
    let holds = table.get("holds").map(|field| holds(&field)).transpose()?;
    let shows = table.get("shows").map(|field| shows(&field)).transpose()?;
    let any = table.get("any").map(|field| flag(&field, Demand::Any)).transpose()?;
    let mut limits = Vec::new();
    if let Some(field) = table.get("at-most") {
        limits.push(Limit::AtMost(amount(property, &field)?));
    }
    if let Some(field) = table.get("at-least") {
        limits.push(Limit::AtLeast(amount(property, &field)?));
    }
    if let Some(field) = table.get("within") {
        limits.push(Limit::Within(within(property, &field)?));
    }
    if let Some(field) = table.get("exactly") {
        if property != Property::FailoverCompletes {
            return Err(field
                .key_error("only `failover-completes` has a count of failovers")
                .expected("`at-most` or `at-least`"));
        }
        limits.push(Limit::Exactly(field.count(0, 1_000_000)?));
    }
    table.finish(&[])?;
    let given = [holds, shows, any].into_iter().flatten().collect::<Vec<_>>();
    let demand = match given[..] {
        [demand] => demand,
        [] => implied(&limits, entry)?,
        _ => {
            return Err(entry
                .error(format!("`{property}` is demanded in two ways"))
                .expected("one of `holds`, `shows`, `any`"));
        }
    };
    Ok(Expectation { property, demand, limits })
}

fn flag(field: &Field<'_>, demand: Demand) -> Read<Demand> {
    if field.as_bool() == Some(true) { Ok(demand) } else { Err(field.wrong("true")) }
}

fn holds(field: &Field<'_>) -> Read<Demand> {
    match (field.as_bool(), field.as_text()) {
        (Some(true), _) => Ok(Demand::Holds),
        (_, Some("beside-hazards")) => Ok(Demand::HoldsBesideHazards),
        _ => Err(field.wrong("true or \"beside-hazards\"")),
    }
}

fn shows(field: &Field<'_>) -> Read<Demand> {
    match (field.as_bool(), field.as_text()) {
        (Some(true), _) => Ok(Demand::Shows),
        (_, Some("in-every-seed")) => Ok(Demand::ShowsInEverySeed),
        _ => Err(field.wrong("true or \"in-every-seed\"")),
    }
}

/// What a table demands that has only limits: what must happen in time has to hold; of a danger, or of a failover that
/// must not happen, only the limits are demanded.
fn implied(limits: &[Limit], entry: &Field<'_>) -> Read<Demand> {
    if limits.is_empty() {
        return Err(
            entry.wrong("a demand (`holds`, `shows`, `any`) or a limit (`at-most`, `at-least`, `within`, `exactly`)")
        );
    }
    let in_time = limits.iter().any(|limit| matches!(limit, Limit::Within(_)));
    let some = limits.iter().any(|limit| matches!(limit, Limit::Exactly(1..)));
    Ok(if in_time || some { Demand::Holds } else { Demand::Any })
}

/// The kinds of amounts that a property is measured in.
fn amounts(property: Property) -> (&'static [&'static str], &'static str) {
    use Property as P;
    match property {
        P::SplitBrain => (&["time", "count"], "a duration like \"2s\", or a number of writes"),
        P::LostWrite => (&["count", "share"], "a number of writes, or a share like \"45%\""),
        P::StaleRead => (&["count"], "a number of reads"),
        P::NoEviction => (&["count"], "a number of writes"),
        P::FailoverCompletes | P::NoFalseFailover => (&["count"], "a number of failovers"),
        P::Available | P::ClientsRecover => (&["time"], "a duration like \"8s\""),
        _ => (&[], ""),
    }
}

fn amount(property: Property, field: &Field<'_>) -> Read<Amount> {
    let (kinds, expected) = amounts(property);
    if kinds.is_empty() {
        return Err(field.key_error(format!("`{property}` holds or not; it has no amount to bound")));
    }
    if let Some(count) = field.as_integer().filter(|count| *count >= 0 && kinds.contains(&"count")) {
        return Ok(Amount::Count(count as u64));
    }
    let Some(text) = field.as_text() else { return Err(field.wrong(expected)) };
    if kinds.contains(&"share") && text.trim_end().ends_with('%') {
        return match quantity::percent_ppm(text) {
            Ok(ppm) if ppm % 1_000 == 0 => Ok(Amount::Permille(ppm / 1_000)),
            Ok(_) => Err(field.wrong("a share in steps of 0.1%")),
            Err(expected) => Err(field.wrong(expected)),
        };
    }
    if kinds.contains(&"time") {
        return Ok(Amount::Time(field.millis()?));
    }
    Err(field.wrong(expected))
}

fn within(property: Property, field: &Field<'_>) -> Read<Within> {
    if !matches!(property, Property::FailoverCompletes | Property::ConvergesAfterHeal) {
        return Err(field.key_error(format!("`{property}` has no time limit")).expected("`at-most` or `at-least`"));
    }
    if field.as_text() == Some("auto") {
        return Ok(Within::Auto);
    }
    match field.millis() {
        Ok(Millis(0)) => Err(field.wrong("\"auto\" or a duration above zero")),
        Ok(limit) => Ok(Within::Time(limit)),
        Err(error) => Err(error.expected("\"auto\" or a duration like \"10s\"")),
    }
}
