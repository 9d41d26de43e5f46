//! `[[faults]]`: the fault schedule.

use super::names::Names;
use super::{HOMES, clock_faults, disk_faults, link_faults};
use crate::error::ScenarioError;
use crate::nearest::{nearest, one_of};
use crate::reader::{Field, Read, Reader, Span};
use crate::resolved::{NameAnswers, Target};
use crate::scenario::{Fault, Pattern, What, When};
use splitbrain_model::Millis;
use splitbrain_model::event::EventKind;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::operator::SentinelCommand;
use splitbrain_model::operator::redis::RedisCommand;

/// Most steps of a schedule.
const MOST: usize = 10_000;

/// How long a step waits for its event where nothing is said.
const DEFAULT_CAP: Millis = Millis(60_000);

/// The keys that say what a fault does. One of them belongs in every `[[faults]]`.
pub const KINDS: &[&str] = &[
    "kill",
    "stop",
    "restart",
    "start",
    "power-loss",
    "power-on",
    "pause",
    "stall",
    "resume",
    "partition",
    "drop",
    "isolate",
    "heal",
    "link",
    "flap",
    "spikes",
    "bridge",
    "majorities-ring",
    "isolate-one",
    "swizzle",
    "dns",
    "clock-step",
    "clock-drift",
    "clock-freeze",
    "sentinel-failover",
    "sentinel-command",
    "redis-command",
    "debug-sleep",
    "config-read-only",
    "fsync",
    "disk-full",
    "snapshots-fail",
];

/// Reads all `[[faults]]`.
pub fn read(field: Option<&Field<'_>>, names: &Names) -> Read<Vec<Fault>> {
    let Some(field) = field else { return Ok(Vec::new()) };
    let tables = field.tables("[[faults]]")?;
    if tables.len() > MOST {
        return Err(field.error("too many faults").found(tables.len().to_string()).expected(format!("at most {MOST}")));
    }
    let faults = each(tables, false, names)?;
    let origins = faults.iter().filter(|fault| fault.origin).count();
    if origins > 1 {
        return Err(field.error("times count from one fault").found(format!("`origin = true` {origins} times")));
    }
    Ok(faults)
}

/// Reads faults that stand anywhere. Where `at_once`, the first of them needs no time.
pub fn each(tables: Vec<Reader<'_>>, at_once: bool, names: &Names) -> Read<Vec<Fault>> {
    let read = |(number, mut table)| fault(&mut table, number == 0, at_once && number == 0, names);
    tables.into_iter().enumerate().map(read).collect()
}

fn fault(table: &mut Reader<'_>, first: bool, at_once: bool, names: &Names) -> Read<Fault> {
    let kinds: Vec<Field<'_>> = KINDS.iter().filter_map(|kind| table.get(kind)).collect();
    let times = (table.get("at"), table.get("when"), table.get("then-after"));
    let (after, cap, lasts) = (table.get("after"), table.get("cap"), table.get("for"));
    let master = table.get("master");
    let origin = table.get("origin");
    table.finish(HOMES)?;

    let kind = match &kinds[..] {
        [kind] => kind,
        [] => return Err(table.error("this fault does nothing").expected(format!("one of {}", one_of(KINDS)))),
        [kind, .., last] => {
            let message = format!("a fault does one thing, and this one has `{}` and `{}`", kind.key, last.key);
            return Err(last.key_error(message).help("write two [[faults]]"));
        }
    };
    if let Some(field) = master.as_ref().filter(|_| kind.key != "sentinel-failover") {
        return Err(field
            .key_error("`master` belongs to `sentinel-failover`")
            .help("a target is written `master:name`"));
    }
    let timeless = times.0.is_none() && times.1.is_none() && times.2.is_none() && after.is_none() && cap.is_none();
    let when = match at_once && timeless {
        true => When::At(Span::exactly(Millis(0))),
        false => when(table, times, after, cap, first)?,
    };
    let what = what(kind, master.as_ref(), names)?;
    if let Some(field) = lasts.as_ref().filter(|_| !can_be_undone(&what)) {
        let message = format!("`{}` has no end, so `for` has no meaning here", kind.key);
        return Err(field.key_error(message));
    }
    if matches!(what, What::Pattern(Pattern::Repeated { .. })) && lasts.is_none() {
        return Err(kind.key_error("how long does it come and go?").expected("`for` too"));
    }
    let lasts = lasts.map(|field| field.span()).transpose()?;
    let origin = origin.map_or(Ok(false), |field| field.boolean())?;
    Ok(Fault { when, what, lasts, origin })
}

fn can_be_undone(what: &What) -> bool {
    use What as W;
    !matches!(
        what,
        W::Restart(_)
            | W::Start(_)
            | W::RestartWith(..)
            | W::Pattern(Pattern::Swizzle(..))
            | W::PowerOn(_)
            | W::Resume(_)
            | W::Heal
            | W::ClockStep(..)
            | W::SentinelFailover(..)
            | W::Command(..)
    )
}

fn when<'a>(
    table: &Reader<'a>,
    (at, event, then_after): (Option<Field<'a>>, Option<Field<'a>>, Option<Field<'a>>),
    after: Option<Field<'a>>,
    cap: Option<Field<'a>>,
    first: bool,
) -> Read<When> {
    if let Some(lone) = after.as_ref().or(cap.as_ref()).filter(|_| event.is_none()) {
        let error = lone.key_error(format!("`{}` belongs to `when`", lone.key));
        return Err(if lone.key == "after" { error.help("did you mean `then-after`?") } else { error });
    }
    match (at, event, then_after) {
        (Some(field), None, None) => Ok(When::At(field.span()?)),
        (None, Some(field), None) => Ok(When::On {
            event: event_kind(field.text()?, &|message| field.error(message))?,
            after: after.map_or(Ok(Span::exactly(Millis(0))), |field| field.span())?,
            cap: cap.map_or(Ok(DEFAULT_CAP), |field| field.millis())?,
        }),
        (None, None, Some(field)) if first => {
            Err(field.key_error("`then-after` counts from the fault before it, and this is the first").help("use `at`"))
        }
        (None, None, Some(field)) => Ok(When::ThenAfter(field.span()?)),
        (None, None, None) => Err(table.error("when does this fault happen?").expected("`at`, `when` or `then-after`")),
        (at, event, then_after) => {
            let last = [at, event, then_after].into_iter().flatten().max_by_key(|field| field.key_span.start);
            let last = last.expect("at least two of them are there");
            Err(last.key_error("a fault has one time").expected("only one of `at`, `when` and `then-after`"))
        }
    }
}

/// The event of this name. `error` makes an error where it stands.
pub fn event_kind(name: &str, error: &dyn Fn(String) -> Box<ScenarioError>) -> Read<EventKind> {
    EventKind::from_name(name).ok_or_else(|| {
        let names = EventKind::ALL.iter().map(|kind| kind.name());
        let error = error(format!("Sentinel has no event `{name}`"));
        match nearest(name, names) {
            Some(word) => error.did_you_mean(Some(word)),
            None => error.expected("an event's name like \"+switch-master\""),
        }
    })
}

fn what(field: &Field<'_>, master: Option<&Field<'_>>, names: &Names) -> Read<What> {
    let targets = || names.targets(field, false);
    Ok(match field.key {
        "kill" => What::Kill(targets()?),
        "stop" => What::Stop(targets()?),
        "restart" if field.is_table() => disk_faults::restart(field, names)?,
        "start" => What::Start(late(field, names)?),
        "restart" => What::Restart(targets()?),
        "power-loss" => What::PowerLoss(targets()?),
        "power-on" => What::PowerOn(targets()?),
        "pause" => What::Pause(targets()?),
        "stall" => What::Stall(targets()?),
        "resume" => What::Resume(targets()?),
        "isolate" => What::Isolate(targets()?),
        "partition" => What::Partition(partition(field, names)?),
        "drop" => drop(field, names)?,
        "link" => link_faults::link(field, names)?,
        "flap" | "spikes" | "bridge" | "majorities-ring" | "isolate-one" | "swizzle" => {
            What::Pattern(link_faults::pattern(field, names)?)
        }
        "dns" => dns(field, names)?,
        "clock-step" => clock_faults::step(field, names)?,
        "clock-drift" => clock_faults::drift(field, names)?,
        "clock-freeze" => clock_faults::freeze(field, names)?,
        "sentinel-failover" => sentinel_failover(field, master, names)?,
        "sentinel-command" => sentinel_command(field, names)?,
        "redis-command" => redis_command(field, names)?,
        "debug-sleep" => debug_sleep(field, names)?,
        "config-read-only" => What::ConfigReadOnly(targets()?),
        "fsync" => disk_faults::fsync(field, names)?,
        "disk-full" => What::DiskFull(targets()?),
        "snapshots-fail" => What::SnapshotsFail(servers(field, names)?),
        _ if field.as_bool() == Some(true) => What::Heal,
        _ => return Err(field.wrong("true")),
    })
}

fn partition(field: &Field<'_>, names: &Names) -> Read<Vec<Vec<Target>>> {
    let groups = field.list()?;
    if groups.len() < 2 {
        return Err(field.wrong("at least two groups, like [[\"master\", \"near\"], [\"rest\"]]"));
    }
    let mut seen: Vec<Target> = Vec::new();
    let mut partition = Vec::new();
    for group in &groups {
        let targets = names.targets(group, true)?;
        for target in &targets {
            if seen.contains(target) {
                return Err(group.error("the same target stands in two groups"));
            }
        }
        seen.extend(targets.iter().cloned());
        partition.push(targets);
    }
    Ok(partition)
}

/// `{ from = …, to = … }`
fn drop(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`drop`")?;
    let (from, to) = (table.get("from"), table.get("to"));
    table.finish(&[])?;
    let (Some(from), Some(to)) = (from, to) else {
        return Err(field.error("packets are dropped from somewhere to somewhere").expected("`from` and `to`"));
    };
    Ok(What::Drop(names.targets(&from, true)?, names.targets(&to, true)?))
}

/// `{ at = …, of = …, answers = "never" }`, or `answers = "slow", after = "3s"`
fn dns(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`dns`")?;
    let (at, of, answers, after) = (table.get("at"), table.get("of"), table.get("answers"), table.get("after"));
    table.finish(&[])?;
    let (Some(at), Some(answers)) = (at, answers) else {
        return Err(field.error("whose questions for names, and what becomes of them?").expected("`at` and `answers`"));
    };
    let kind = answers.word(&[("never", 0), ("fails", 1), ("slow", 2)])?;
    let answers = match (kind, after) {
        (0, None) => NameAnswers::Never,
        (1, None) => NameAnswers::Fails,
        (2, Some(after)) => NameAnswers::Slow(after.millis()?),
        (_, None) => return Err(answers.error("slow answers come after some time").expected("`after` too")),
        (_, Some(after)) => return Err(after.key_error("`after` belongs to `answers = \"slow\"`")),
    };
    let of = of.map_or(Ok(Vec::new()), |field| names.targets(&field, false))?;
    Ok(What::Dns { at: names.targets(&at, false)?, of, answers })
}

/// `{ at = …, command = "RESET *" }`
fn sentinel_command(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`sentinel-command`")?;
    let (at, command) = (table.get("at"), table.get("command"));
    table.finish(&[])?;
    let (Some(at), Some(command)) = (at, command) else {
        return Err(field.error("at which Sentinel is what typed?").expected("`at` and `command`"));
    };
    let targets = sentinels(&at, names)?;
    let parsed = SentinelCommand::parse(command.text()?);
    let parsed = parsed.map_err(|wrong| command.error(wrong.message).expected(wrong.expected))?;
    Ok(What::Command(targets, OperatorCommand::Sentinel(parsed)))
}

/// Targets that are Sentinels.
pub fn sentinels(field: &Field<'_>, names: &Names) -> Read<Vec<Target>> {
    let targets = names.targets(field, false)?;
    for target in &targets {
        match target {
            Target::Sentinel(_) | Target::Leader | Target::OldLeader => {}
            Target::Named(name) => {
                names.sentinel(name, field)?;
            }
            _ => return Err(field.wrong("Sentinels")),
        }
    }
    Ok(targets)
}

/// `{ at = …, command = "REPLICAOF NO ONE" }`
fn redis_command(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`redis-command`")?;
    let (at, command) = (table.get("at"), table.get("command"));
    table.finish(&[])?;
    let (Some(at), Some(command)) = (at, command) else {
        return Err(field.error("at which server is what typed?").expected("`at` and `command`"));
    };
    let targets = servers(&at, names)?;
    let parsed = RedisCommand::parse(command.text()?);
    let parsed = parsed.map_err(|wrong| command.error(wrong.message).expected(wrong.expected))?;
    Ok(What::Command(targets, OperatorCommand::Redis(parsed)))
}

/// Targets that are no part of the cluster at the beginning.
fn late(field: &Field<'_>, names: &Names) -> Read<Vec<Target>> {
    let targets = names.targets(field, false)?;
    let late = |target: &Target| matches!(target, Target::Named(name) if names.is_late(name));
    if targets.iter().all(late) { Ok(targets) } else { Err(field.wrong("processes that are `late` in [cluster]")) }
}

/// Targets that are Redis servers.
pub fn servers(field: &Field<'_>, names: &Names) -> Read<Vec<Target>> {
    let targets = names.targets(field, false)?;
    let server = |target: &Target| match target {
        Target::Master(_) | Target::OldMaster | Target::Replica(_) => true,
        Target::Named(name) => names.is_server(name),
        _ => false,
    };
    if targets.iter().all(server) { Ok(targets) } else { Err(field.wrong("Redis servers")) }
}

/// `{ of = …, for = "3s" }`
fn debug_sleep(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`debug-sleep`")?;
    let (of, lasts) = (table.get("of"), table.get("for"));
    table.finish(&[])?;
    let (Some(of), Some(lasts)) = (of, lasts) else {
        return Err(field.error("which server sleeps, and how long?").expected("`of` and `for`"));
    };
    let targets = servers(&of, names)?;
    Ok(What::Command(targets, OperatorCommand::DebugSleep(lasts.millis()?)))
}

fn sentinel_failover(field: &Field<'_>, master: Option<&Field<'_>>, names: &Names) -> Read<What> {
    let mut targets = names.targets(field, false)?;
    let sentinel = match (targets.pop(), targets.is_empty()) {
        (Some(target @ (Target::Sentinel(Some(_)) | Target::Leader | Target::OldLeader)), true) => target,
        (Some(Target::Named(name)), true) => {
            names.sentinel(&name, field)?;
            Target::Named(name)
        }
        _ => return Err(field.wrong("one Sentinel")),
    };
    let master = master.map_or(Ok(0), |field| names.master(field))?;
    Ok(What::SentinelFailover(sentinel, names.master_name(master).into()))
}
