//! Findings in plain English, with the names of processes and times in seconds after the first fault. Nothing is
//! computed here.

use crate::expect::Occurrence;
use crate::finding::{Detail, Evidence, Finding, Interval, Kind, Losses, Place, Rule, Span};
use crate::linear::AnomalyKind;
use crate::observations::{NodeIx, Observations};
use splitbrain_model::note::Outcome;
use splitbrain_model::{Command, Value};

/// A time in seconds after the first fault: `12.345 s`.
pub fn seconds(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    format!("{sign}{}.{:03} s", ms / 1_000, ms % 1_000)
}

/// 1/1000 as percent: `33.4 %`.
pub fn percent(permille: u32) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

/// A number with its noun: `1 write`, `2 writes`.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

impl Finding {
    /// The finding as a sentence without a full stop.
    pub fn sentence(&self, obs: &Observations) -> String {
        let name = &mut |node: NodeIx| obs.node(node).name.clone();
        self.detail.clone().map(name).sentence(&self.master)
    }
}

fn during(span: Span) -> String {
    format!("from {} to {}", seconds(span.from_ms), seconds(span.until_ms))
}

fn place(place: &Place<String>) -> String {
    match place {
        Place::Node(name) => name.clone(),
        Place::Address(addr) => addr.to_string(),
    }
}

fn places(all: &[Place<String>]) -> String {
    listed(&all.iter().map(place).collect::<Vec<_>>())
}

/// A command as it is typed: `SET x 7`.
pub fn asked(command: Command) -> String {
    let key = command.key().name();
    match command {
        Command::Sadd(_, value) => format!("SADD {key} {}", value.0),
        Command::Srem(_, value) => format!("SREM {key} {}", value.0),
        Command::Sismember(_, value) => format!("SISMEMBER {key} {}", value.0),
        Command::Smembers(_) => format!("SMEMBERS {key}"),
        Command::Set(_, value) => format!("SET {key} {}", value.0),
        Command::Get(_) => format!("GET {key}"),
        Command::Incr(_) => format!("INCR {key}"),
        Command::Rpush(_, value) => format!("RPUSH {key} {}", value.0),
        Command::Lrange(_) => format!("LRANGE {key} 0 -1"),
        Command::Del(_) => format!("DEL {key}"),
    }
}

/// What became of it: `= 7`, `acknowledged`.
pub fn answered(command: Command, outcome: Option<Outcome>) -> String {
    match (outcome, command) {
        (Some(Outcome::Ok(Some(Value(value)))), _) => format!("= {value}"),
        (Some(Outcome::Ok(None)), Command::Get(_)) => "= nothing".to_owned(),
        (Some(Outcome::Ok(None)), _) => "acknowledged".to_owned(),
        (Some(Outcome::Fail(_)), _) => "failed".to_owned(),
        (Some(Outcome::Info(_)) | None, _) => "without an answer".to_owned(),
    }
}

/// `client-1: GET x0 = 7 at 12.345 s from redis-2`
fn operation(evidence: &Evidence<String>) -> String {
    let from = evidence.server.as_ref();
    format!(
        "{}: {} {} at {}{}",
        evidence.client,
        asked(evidence.command),
        answered(evidence.command, evidence.outcome),
        seconds(evidence.completed_ms.unwrap_or(evidence.invoked_ms)),
        from.map_or(String::new(), |server| format!(" from {server}")),
    )
}

fn causes(causes: &Losses) -> String {
    let reasons = [
        (causes.unreplicated, "not replicated before the promotion"),
        (causes.after_promotion, "executed by a master that had been replaced"),
        (causes.rolled_back, "gone with a restart from older data"),
        (causes.unexplained, "missing in the final data"),
    ];
    let ends = [
        (causes.began_empty, "because a server that started without data became the master"),
        (causes.wiped, "wiped by a full resync"),
        (causes.died, "gone with a process that died"),
    ];
    let told = |of: &[(u64, &str)]| {
        let told: Vec<String> = of.iter().filter(|(n, _)| *n > 0).map(|(n, reason)| format!("{n} {reason}")).collect();
        told.join(", ")
    };
    let parts: Vec<String> = [told(&reasons), told(&ends)].into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// ` (redis-1 122, redis-2 118)`
fn by_node(nodes: &[String], intervals: &[Interval<String>]) -> String {
    let all = || intervals.iter().flat_map(|interval| &interval.by);
    let of = |node: &String| all().filter(|by| by.node == *node).map(|by| by.writes).sum::<u64>();
    let told: Vec<String> = nodes.iter().map(|node| format!("{node} {}", of(node))).collect();
    if intervals.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) }
}

fn looks_like(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::Phantom => "a value was read that no write explains",
        AnomalyKind::AbortedRead => "a value was read whose write had failed",
        AnomalyKind::FutureRead => "a value was read before its write began",
        AnomalyKind::StaleRead => "an older value was read after a newer one",
        AnomalyKind::LostWrite => "a newer value gave way to an older one for good",
        AnomalyKind::SplitBrain => "two values were seen by turns",
        AnomalyKind::LostUpdate => "two increments returned the same count",
        AnomalyKind::DuplicateEffect => "a write that was sent twice took effect again",
    }
}

/// `sentinel-1 said +tilt 3 times, at most 2 are allowed`
fn occurred(wanted: &Occurrence, count: u32, by: Option<&str>, of: Option<&str>) -> String {
    let times = match count {
        0 => "never".to_owned(),
        n => counted(u64::from(n), "time"),
    };
    let said = format!(
        "{} said {}{} {times}",
        by.unwrap_or("the Sentinels"),
        wanted.event,
        of.map_or(String::new(), |server| format!(" of {server}")),
    );
    match (wanted.share, wanted.at_least, wanted.at_most) {
        (Some(_), ..) => said,
        (None, least, Some(most)) if least == most => format!("{said}, {least} were demanded"),
        (None, least, _) if count < least => format!("{said}, at least {least} were demanded"),
        (None, _, most) => format!("{said}, at most {} are allowed", most.unwrap_or(u32::MAX)),
    }
}

/// What a Sentinel did against a rule.
fn broken(rule: Rule, master: &str, about: Option<&Place<String>>) -> String {
    let unnamed = if matches!(rule, Rule::Law { .. }) { "somebody" } else { "a replica" };
    let about = about.map_or(unnamed.to_owned(), place);
    match rule {
        Rule::DownWithoutQuorum { said, quorum } => format!(
            "called {master} objectively down when {} had it as down; the quorum is {quorum}",
            counted(u64::from(said), "Sentinel"),
        ),
        Rule::ActedInTilt { event } => format!("said {event} in TILT, in which nothing is to be decided"),
        Rule::TiltNotLeft { for_ms } => format!("is in TILT for {}; it should last 30 s", seconds(for_ms)),
        Rule::TriedTooSoon { after_ms, needed_ms } => format!(
            "tried to fail over {master} {} after its last attempt or vote; {} have to pass",
            seconds(after_ms),
            seconds(needed_ms),
        ),
        Rule::SelectedDead { for_ms } => {
            format!("selected {about}, which did not run or could not be reached for {}", seconds(for_ms))
        }
        Rule::PromotedUnconfirmed => format!("called {about} promoted, which was no master"),
        Rule::TooManySyncs { under_way, allowed } => format!(
            "pointed {} to the new master while {} under way; parallel-syncs is {allowed}",
            about,
            if under_way == 1 { "another was".to_owned() } else { format!("{under_way} others were") },
        ),
        Rule::Law { law } => law.told().replace("{}", &about),
        Rule::SwitchedToUnpromoted => format!("switched {master} to {about}, which nobody had promoted"),
    }
}

impl Detail<String> {
    /// The detail of a finding about `master` as a sentence without a full stop.
    pub fn sentence(&self, master: &str) -> String {
        match self {
            Detail::SplitBrain { nodes, spans, total_ms, writes, intervals } => {
                let when = match &spans[..] {
                    [span] => during(*span),
                    [first, .., last] => format!(
                        "{} times between {} and {}",
                        spans.len(),
                        seconds(first.from_ms),
                        seconds(last.until_ms)
                    ),
                    [] => "never".to_owned(),
                };
                format!(
                    "{} acknowledged writes as {master} at the same time, {when}: {} and {} in all{}",
                    listed(nodes),
                    seconds(*total_ms),
                    counted(*writes, "write"),
                    by_node(nodes, intervals),
                )
            }
            Detail::LostWrites { survivor, servers, acked, lost, permille, span, causes: why } => format!(
                "{lost} of {} acknowledged by {} ({}) {} not on {survivor}, the final master; acknowledged {}: {}",
                counted(*acked, "write"),
                listed(servers),
                percent(*permille),
                if *lost == 1 { "is" } else { "are" },
                during(*span),
                causes(why),
            ),
            Detail::AuditDisagrees { node, key, expected, found, keys } => format!(
                "a bug of splitbrain: the data of {node} is not what its history gives ({}, first {}: {found} instead of {expected})",
                counted(u64::from(*keys), "key"),
                key.name(),
            ),
            Detail::NeverExecuted { writes, first } => format!(
                "a bug of splitbrain: {} acknowledged that no server executed, first {}",
                counted(*writes, "write"),
                operation(first),
            ),
            Detail::NotLinearizable { anomaly, key, count, operations } => {
                let proof: Vec<String> = operations.iter().map(operation).collect();
                format!(
                    "the history of {} has no legal order ({anomaly}, {}): {}; {}",
                    key.name(),
                    counted(*count, "time"),
                    looks_like(*anomaly),
                    proof.join("; "),
                )
            }
            Detail::Evicted { servers, keys, writes, first, span } => format!(
                "{} evicted {}, first {}, {}: {} with them, not lost but given up for lack of memory (maxmemory)",
                listed(servers),
                counted(*keys, "key"),
                first.name(),
                during(*span),
                counted(*writes, "acknowledged write"),
            ),
            Detail::StaleReads { stale, reads, read, missed } => format!(
                "{stale} of {} returned a value that had been overwritten before; first {}, after {}",
                counted(*reads, "read"),
                operation(read),
                operation(missed),
            ),
            Detail::RolledBack { node, writes, first } => format!(
                "the restart of {node} took back {} that it had acknowledged; first {}",
                counted(*writes, "write"),
                operation(first),
            ),
            Detail::ReplicaDiffers { node, key, expected, found, keys } => format!(
                "{node} does not hold what its history gives: {} is {found} instead of {expected}{}",
                key.name(),
                if *keys > 1 { format!(", and {} more", counted(u64::from(keys - 1), "key")) } else { String::new() },
            ),
            Detail::ReplicaAstray { node, master } => {
                format!("{node} replicates from {master} with its link up and holds writes of another history")
            }
            Detail::ReplicaTookWrites { node, writes, first } => format!(
                "{node} acknowledged {} while it was a replica; first {}",
                counted(*writes, "write"),
                operation(first),
            ),
            Detail::AgainstProtocol { sentinel, rule, about } => {
                format!("{sentinel} {}", broken(*rule, master, about.as_ref()))
            }
            Detail::ServerAgainstProtocol { server, law, about } => {
                let about = about.as_ref().map_or("another".to_owned(), place);
                format!("{server} {}", law.told().replace("{}", &about))
            }
            Detail::ClientAgainstProtocol { client, law, about } => {
                let about = about.as_ref().map_or("a server".to_owned(), place);
                format!("{client} {}", law.told().replace("{}", &about))
            }
            Detail::ClientStuck { client, what, waited_ms, limit_ms } => format!(
                "{} of {client} was done for {} although everybody agreed; {} are allowed",
                if *what == Kind::Reads { "no read" } else { "no write" },
                seconds(*waited_ms),
                seconds(*limit_ms),
            ),
            Detail::TwoLeaders { epoch, leaders, forced } => format!(
                "{} were both elected to fail over {master} in epoch {epoch}{}",
                listed(leaders),
                if *forced { " (forced by an operator)" } else { "" },
            ),
            Detail::TooFewVotes { epoch, leader, votes, needed } => format!(
                "{leader} was elected to fail over {master} in epoch {epoch} with {} in one epoch, {needed} are needed",
                counted(u64::from(*votes), "vote"),
            ),
            Detail::TwoPromotions { epoch, replicas, leaders } => {
                format!("{} were both promoted for {master} in epoch {epoch}, by {}", places(replicas), listed(leaders),)
            }
            Detail::EpochWentBack { sentinel, before, after, restarted } => format!(
                "{sentinel} announced epoch {after} after epoch {before}{}",
                if *restarted { ", with a restart in between" } else { "" },
            ),
            Detail::VotedAgain { sentinel, before, after } => format!(
                "{sentinel} voted for a leader of {master} in epoch {after} after it had voted in epoch {before}"
            ),
            Detail::EpochNamesTwo { epoch, places } => {
                let claims: Vec<String> =
                    places.iter().map(|(addr, by)| format!("{} according to {by}", place(addr))).collect();
                format!("configuration epoch {epoch} of {master} names {}", listed(&claims))
            }
            Detail::NotConverged { waited_ms, bound_ms, named, masters } => {
                let views: Vec<String> =
                    named.iter().map(|(addr, by)| format!("{} for {}", place(addr), listed(by))).collect();
                format!(
                    "{} after the last fault or repair there is still no agreement on {master} (the settings allow {}): the master is {}; running as masters: {}",
                    seconds(*waited_ms),
                    seconds(*bound_ms),
                    listed(&views),
                    listed(masters),
                )
            }
            Detail::FailoverCount { completed, wanted, attempts } => {
                let wanted = wanted.map_or("at least 1".to_owned(), |n| format!("exactly {n}"));
                format!(
                    "{} completed after {}, {wanted} should have",
                    counted(u64::from(*completed), "failover"),
                    counted(u64::from(*attempts), "attempt"),
                )
            }
            Detail::FailoverLate { took_ms, limit_ms } => format!(
                "the new {master} was announced {} after the first fault, {} are allowed",
                seconds(*took_ms),
                seconds(*limit_ms),
            ),
            Detail::FalseFailover { old, new, leader, epoch, reachable_from, sentinels, watched_ms } => format!(
                "{leader} replaced {} by {}{} although it had been running and reachable from {reachable_from} of {} for the last {}",
                place(old),
                place(new),
                epoch.map_or(String::new(), |epoch| format!(" in epoch {epoch}")),
                counted(u64::from(*sentinels), "Sentinel"),
                seconds(*watched_ms),
            ),
            Detail::Unavailable { gap_ms, span, limit_ms, ended } => format!(
                "no write was acknowledged for {}, {}{}; {} are allowed",
                seconds(*gap_ms),
                during(*span),
                if *ended { "" } else { ", the end of the run" },
                seconds(*limit_ms),
            ),
            Detail::Occurred { wanted, count, by, of } => occurred(wanted, *count, by.as_deref(), of.as_deref()),
        }
    }
}
