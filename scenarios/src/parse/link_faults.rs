//! Faults of links: `link`, and the patterns `flap`, `spikes`, `bridge`, `majorities-ring`, `isolate-one`, `swizzle`.

use super::names::Names;
use crate::reader::{Field, Read, Span};
use crate::resolved::Target;
use crate::scenario::{Pattern, What};

/// `{ a = …, b = …, latency = …, loss = …, bandwidth = "64kb" }`, or with `from` and `to` for one direction
pub fn link(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`link`")?;
    let (a, b) = (table.get("a"), table.get("b"));
    let (from, to) = (table.get("from"), table.get("to"));
    let latency = table.get("latency").map(|field| field.dist()).transpose()?;
    let loss_ppm = table.get("loss").map(|field| field.share_ppm()).transpose()?;
    let bandwidth = table.get("bandwidth");
    table.finish(&[])?;
    if let (Some(one_way), Some(other)) = (from.as_ref().or(to.as_ref()), a.as_ref().or(b.as_ref())) {
        let message = format!("`{}` is both ways and `{}` is one", other.key, one_way.key);
        return Err(other.key_error(message).expected("`a` and `b`, or `from` and `to`"));
    }
    let both = from.is_none() && to.is_none();
    let Some(one) = a.or(from) else {
        return Err(field.error("which links?").expected("`a`, and `b` if not all others"));
    };
    let rate = bandwidth.as_ref().map(|field| field.bytes()).transpose()?;
    if let Some(field) = bandwidth.filter(|_| rate == Some(0)) {
        return Err(field.wrong("bytes per second, like \"64kb\"").help("`drop` lets nothing pass"));
    }
    if latency.is_none() && loss_ppm.is_none() && rate.is_none() {
        return Err(field.error("this changes nothing").expected("`latency` or `loss`").help("or `bandwidth`"));
    }
    let other = b.or(to).map_or(Ok(Vec::new()), |field| names.targets(&field, false))?;
    let one = names.targets(&one, false)?;
    Ok(match (both, rate) {
        (true, None) => What::Link { a: one, b: other, latency, loss_ppm },
        _ => What::Shape { from: one, to: other, both, latency, loss_ppm, rate },
    })
}

/// A fault that is several steps.
pub fn pattern(field: &Field<'_>, names: &Names) -> Read<Pattern> {
    Ok(match field.key {
        "flap" => flap(field, names)?,
        "spikes" => spikes(field, names)?,
        "bridge" => {
            let mut middle = named(field, names, 1)?;
            match (middle.pop(), middle.is_empty()) {
                (Some(name), true) => Pattern::Bridge(name),
                _ => return Err(field.wrong("one process or host")),
            }
        }
        "majorities-ring" => Pattern::Ring(named(field, names, 4)?),
        "isolate-one" => Pattern::IsolateOne(named(field, names, 1)?),
        _ => swizzle(field, names)?,
    })
}

/// `{ of = …, up = "1s..3s", down = "500ms" }`
fn flap(field: &Field<'_>, names: &Names) -> Read<Pattern> {
    let mut table = field.table("`flap`")?;
    let (of, up, down) = (table.get("of"), table.get("up"), table.get("down"));
    table.finish(&[])?;
    let (Some(of), Some(up), Some(down)) = (of, up, down) else {
        return Err(field.error("who comes and goes, for how long each?").expected("`of`, `up` and `down`"));
    };
    let what = Box::new(What::Isolate(names.targets(&of, false)?));
    Ok(Pattern::Repeated { what, down: some_time(&down)?, up: some_time(&up)? })
}

/// `{ of = …, latency = "300ms", every = "1s..3s", lasts = "200ms" }`
fn spikes(field: &Field<'_>, names: &Names) -> Read<Pattern> {
    let mut table = field.table("`spikes`")?;
    let (of, latency) = (table.get("of"), table.get("latency"));
    let (every, lasts) = (table.get("every"), table.get("lasts"));
    table.finish(&[])?;
    let (Some(of), Some(latency), Some(every), Some(lasts)) = (of, latency, every, lasts) else {
        let error = field.error("whose links get how slow, how often and how long?");
        return Err(error.expected("`of`, `latency`, `every` and `lasts`"));
    };
    let (a, latency) = (names.targets(&of, false)?, Some(latency.dist()?));
    let what = Box::new(What::Link { a, b: Vec::new(), latency, loss_ppm: None });
    Ok(Pattern::Repeated { what, down: some_time(&lasts)?, up: some_time(&every)? })
}

/// `{ of = [ … ], every = "1s..2s" }`
fn swizzle(field: &Field<'_>, names: &Names) -> Read<Pattern> {
    let mut table = field.table("`swizzle`")?;
    let (of, every) = (table.get("of"), table.get("every"));
    table.finish(&[])?;
    let (Some(of), Some(every)) = (of, every) else {
        return Err(field.error("who is cut off, how long one after another?").expected("`of` and `every`"));
    };
    Ok(Pattern::Swizzle(named(&of, names, 2)?, some_time(&every)?))
}

fn some_time(field: &Field<'_>) -> Read<Span> {
    let span = field.span()?;
    if span.low.0 == 0 { Err(field.wrong("at least 1 ms")) } else { Ok(span) }
}

/// Names of processes and hosts, no roles: who is meant has to be known before the run.
fn named(field: &Field<'_>, names: &Names, least: usize) -> Read<Vec<String>> {
    let mut found = Vec::new();
    for target in names.targets(field, false)? {
        match target {
            Target::Named(name) => found.push(name),
            _ => return Err(field.wrong("names of processes or hosts, no roles")),
        }
    }
    if found.len() < least { Err(field.wrong(format!("at least {least} names"))) } else { Ok(found) }
}
