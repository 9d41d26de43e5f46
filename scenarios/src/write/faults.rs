//! A schedule as `[[faults]]`: the inverse of reading them.

use crate::environment::Dist;
use crate::quantity;
use crate::resolved::{Action, Found, FsyncFault, Link, NameAnswers, Step, Target, Trigger};
use crate::schedule::{canonical, faults, undo_of};
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::{Millis, Nanos};
use std::fmt;
use toml::{Table, Value};

/// Something in a schedule for which scenario files have no words: only recordings that are repeated have it, or
/// schedules edited by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable(String);

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scenario files have no words for {}", self.0)
    }
}

impl std::error::Error for Unwritable {}

fn unwritable<T>(what: impl fmt::Debug) -> Result<T, Unwritable> {
    Err(Unwritable(format!("{what:?}")))
}

/// The tables of `[[faults]]`, in their order.
pub fn tables(schedule: &[Step]) -> Result<Vec<Table>, Unwritable> {
    let Some(schedule) = canonical(schedule) else { return unwritable("the order of this schedule") };
    let mut tables = Vec::new();
    for i in faults(&schedule) {
        let mut table = Table::new();
        when(&schedule[i].trigger, &mut table)?;
        what(&schedule[i].action, &mut table)?;
        if let Some(Trigger::AfterStep(_, lasts)) = undo_of(&schedule, i).map(|end| &schedule[end].trigger) {
            table.insert("for".to_owned(), millis(*lasts)?);
        }
        if schedule[i].origin {
            table.insert("origin".to_owned(), Value::Boolean(true));
        }
        tables.push(table);
    }
    Ok(tables)
}

fn when(trigger: &Trigger, table: &mut Table) -> Result<(), Unwritable> {
    let mut put = |key: &str, value: Value| table.insert(key.to_owned(), value);
    match trigger {
        Trigger::At(at) => put("at", millis(*at)?),
        Trigger::AfterStep(_, after) => put("then-after", millis(*after)?),
        Trigger::On { event, after, cap } => {
            put("when", text(event.name()));
            put("after", millis(*after)?);
            put("cap", millis(*cap)?)
        }
        other => return unwritable(other),
    };
    Ok(())
}

fn what(action: &Action, table: &mut Table) -> Result<(), Unwritable> {
    let (key, value) = match action {
        Action::Kill(of) => ("kill", targets(of)?),
        Action::Stop(of) => ("stop", targets(of)?),
        Action::Restart(of) => ("restart", targets(of)?),
        Action::PowerLoss(of) => ("power-loss", targets(of)?),
        Action::PowerOn(of) => ("power-on", targets(of)?),
        Action::Pause(of) => ("pause", targets(of)?),
        Action::Resume(of) => ("resume", targets(of)?),
        Action::Partition(groups) => {
            ("partition", Value::Array(groups.iter().map(|group| targets(group)).collect::<Result<_, _>>()?))
        }
        Action::Drop(from, to) => ("drop", inline([("from", targets(from)?), ("to", targets(to)?)])),
        Action::Isolate(of) => ("isolate", targets(of)?),
        Action::Heal => ("heal", Value::Boolean(true)),
        Action::Link(changed) => ("link", link(changed)?),
        Action::Dns { at, of, answers } => ("dns", dns(at, of, answers)?),
        Action::ClockStep(of, by) => ("clock-step", inline([("of", targets(of)?), ("by", signed(*by)?)])),
        Action::SentinelFailover(sentinel, master) => {
            table.insert("master".to_owned(), text(master));
            ("sentinel-failover", target(sentinel)?)
        }
        Action::ConfigReadOnly(of) => ("config-read-only", targets(of)?),
        Action::SnapshotsFail(of) => ("snapshots-fail", targets(of)?),
        Action::Command(at, command) => command_at(at, command)?,
        Action::Start(of) => ("start", targets(of)?),
        Action::Stall(of) => ("stall", targets(of)?),
        Action::ClockDrift(of, ppm) => {
            ("clock-drift", inline([("of", targets(of)?), ("ppm", Value::Integer(i64::from(*ppm)))]))
        }
        Action::ClockFreeze(of) => ("clock-freeze", inline([("of", targets(of)?)])),
        Action::Fsync(of, fault) => ("fsync", fsync(of, fault)?),
        Action::DiskFull(of) => ("disk-full", targets(of)?),
        Action::RestartWith(of, found) => ("restart", restart(of, found)?),
        Action::Replace(..) | Action::Undo(_) => return unwritable(action),
    };
    table.insert(key.to_owned(), value);
    Ok(())
}

fn link(link: &Link) -> Result<Value, Unwritable> {
    let (near, far) = if link.both { ("a", "b") } else { ("from", "to") };
    let mut table = vec![(near, targets(&link.from)?)];
    if !link.to.is_empty() {
        table.push((far, targets(&link.to)?));
    }
    table.extend(link.latency.as_ref().map(spread).transpose()?.map(|latency| ("latency", latency)));
    table.extend(link.loss_ppm.map(|ppm| ("loss", text(&percent(ppm)))));
    table.extend(link.rate.map(|rate| ("bandwidth", Value::Integer(rate as i64))));
    Ok(inline(table))
}

fn fsync(of: &[Target], fault: &FsyncFault) -> Result<Value, Unwritable> {
    let how = match fault {
        FsyncFault::Takes(dist) => ("takes", spread(dist)?),
        FsyncFault::Fails => ("outcome", text("fails")),
        FsyncFault::Lies => ("outcome", text("lies")),
    };
    Ok(inline([("of", targets(of)?), how]))
}

fn restart(of: &[Target], found: &[Found]) -> Result<Value, Unwritable> {
    let files = found.iter().map(|found| match found {
        Found::OldConfig => ("config", text("old")),
        Found::FirstConfig => ("config", text("deleted")),
        Found::NewIdentity => ("identity", text("new")),
        Found::NoData => ("data", text("deleted")),
        Found::NewAddress => ("address", text("new")),
    });
    Ok(inline([("of", targets(of)?)].into_iter().chain(files)))
}

fn dns(at: &[Target], of: &[Target], answers: &NameAnswers) -> Result<Value, Unwritable> {
    let mut table = vec![("at", targets(at)?)];
    if !of.is_empty() {
        table.push(("of", targets(of)?));
    }
    table.push(match answers {
        NameAnswers::Never => ("answers", text("never")),
        NameAnswers::Fails => ("answers", text("fails")),
        NameAnswers::Slow(_) => ("answers", text("slow")),
    });
    if let NameAnswers::Slow(after) = answers {
        table.push(("after", millis(*after)?));
    }
    Ok(inline(table))
}

fn command_at(at: &[Target], command: &OperatorCommand) -> Result<(&'static str, Value), Unwritable> {
    let typed = |command: String| Ok(inline([("at", targets(at)?), ("command", Value::String(command))]));
    Ok(match command {
        OperatorCommand::Sentinel(command) => {
            let typed_words = command.to_string();
            let bare = typed_words.strip_prefix("SENTINEL ").unwrap_or(&typed_words);
            ("sentinel-command", typed(bare.to_owned())?)
        }
        OperatorCommand::Redis(command) => ("redis-command", typed(command.to_string())?),
        OperatorCommand::DebugSleep(lasts) => ("debug-sleep", inline([("of", targets(at)?), ("for", millis(*lasts)?)])),
        other => return unwritable(other),
    })
}

/// One target as a text, several as a list.
fn targets(targets: &[Target]) -> Result<Value, Unwritable> {
    match targets {
        [one] => target(one),
        [] => unwritable("a fault of nobody"),
        several => Ok(Value::Array(several.iter().map(target).collect::<Result<_, _>>()?)),
    }
}

fn target(target: &Target) -> Result<Value, Unwritable> {
    Ok(Value::String(match target {
        Target::Named(name) => name.clone(),
        Target::Master(None) => "master".to_owned(),
        Target::Master(Some(name)) => format!("master:{name}"),
        Target::OldMaster => "old-master".to_owned(),
        Target::Replica(None) => "replicas".to_owned(),
        Target::Replica(Some(0)) => "replica".to_owned(),
        Target::Replica(Some(n)) => format!("replica-{}", u64::from(*n) + 1),
        Target::Sentinel(None) => "sentinels".to_owned(),
        Target::Sentinel(Some(0)) => "sentinel".to_owned(),
        Target::Leader => "leader".to_owned(),
        Target::OldLeader => "old-leader".to_owned(),
        Target::Clients => "clients".to_owned(),
        Target::Rest => "rest".to_owned(),
        Target::Sentinel(Some(_)) => return unwritable(target),
    }))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn inline(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A duration in milliseconds.
pub fn millis(d: Millis) -> Result<Value, Unwritable> {
    if d.0 < 0 { unwritable(d) } else { Ok(Value::String(quantity::show(d.nanos()))) }
}

fn signed(d: Millis) -> Result<Value, Unwritable> {
    let size = quantity::show(Millis(d.0.saturating_abs()).nanos());
    Ok(Value::String(if d.0 < 0 { format!("-{size}") } else { size }))
}

fn spread(dist: &Dist) -> Result<Value, Unwritable> {
    let whole = |d: &Nanos| d.0.is_multiple_of(1_000);
    match dist {
        Dist::Fixed(d) if whole(d) => Ok(Value::String(quantity::show(*d))),
        Dist::Uniform(low, high) if whole(low) && whole(high) => {
            Ok(Value::String(format!("{}..{}", quantity::show(*low), quantity::show(*high))))
        }
        Dist::Quantiles(points) if points.iter().all(|(_, d)| whole(d)) => {
            let pair = |(share, d): &(u32, Nanos)| {
                Value::Array(vec![Value::String(percent(share * 100)), Value::String(quantity::show(*d))])
            };
            Ok(inline([("quantiles", Value::Array(points.iter().map(pair).collect()))]))
        }
        other => unwritable(other),
    }
}

/// Millionths as a percentage.
fn percent(ppm: u32) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
