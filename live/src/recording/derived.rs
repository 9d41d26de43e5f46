//! Numbers that are derived from the rest of a recording: those of the checkers, by their names, and what a comparison
//! reads of the clients' history.

use super::Origin;
use super::names::Names;
use crate::play::Played;
use serde_json::{Value, json};
use splitbrain::checker::observations::{EventAt, NodeIx, Observations, Operation};
use splitbrain::checker::{Metric, judge};
use splitbrain::model::event::{EventKind, Extra, Subject};
use splitbrain::model::note::Outcome;
use splitbrain::model::{Command, TrueTime, Value as Written};
use std::collections::BTreeSet;

/// Metrics that recordings have too.
const METRICS: &[Metric] = &[
    Metric::FirstSdown,
    Metric::LastSdown,
    Metric::FirstOdown,
    Metric::LastOdown,
    Metric::FirstTryFailover,
    Metric::Elected,
    Metric::SelectedSlave,
    Metric::Promoted,
    Metric::FirstSwitchMaster,
    Metric::LastSwitchMaster,
    Metric::FailoverEnd,
    Metric::ConvertToSlave,
    Metric::ElectionRounds,
    Metric::SplitVoteRounds,
];

/// The master most Sentinels name at the end.
pub fn final_master(seen: &Observations) -> Option<NodeIx> {
    let named: Vec<NodeIx> = seen.final_views.iter().filter_map(|view| seen.node_at(view.addr)).collect();
    let count = |node: &NodeIx| named.iter().filter(|other| *other == node).count();
    named.iter().rev().max_by_key(|node| count(node)).copied()
}

/// The section `derived`.
pub fn derived(played: &Played, names: &Names, origin: Origin) -> Value {
    let seen = &played.record.observations;
    let name = |node: NodeIx| names.process(usize::from(node.0)).to_owned();
    let metrics = judge(seen, &[]).metrics;
    let mut told = json!({});
    for metric in METRICS {
        told[metric.name()] = json!(metrics.get(*metric));
    }
    let after = || seen.events.iter().filter(|event| event.at >= seen.t0);
    let of = |kind: EventKind| after().filter(move |event| event.event.kind == kind);
    let row = |event: &EventAt| json!([origin.ms(event.at), name(event.node), names.in_text(&event.event.payload())]);
    let before = master_before(seen);
    let last = final_master(seen);
    told["leader"] = json!(of(EventKind::ElectedLeader).next_back().map(|event| name(event.node)));
    told["tries"] = of(EventKind::TryFailover).map(row).collect();
    told["switches"] = of(EventKind::SwitchMaster).map(row).collect();
    let aborts = after().filter(|event| event.event.kind.name().starts_with("-failover-abort"));
    told["aborts"] =
        aborts.map(|event| json!([origin.ms(event.at), name(event.node), event.event.kind.name()])).collect();
    told["master_before"] = json!(before.map(name));
    told["new_master"] = json!(last.filter(|node| Some(*node) != before).map(name));
    told["per_sentinel"] = per_sentinel(seen, names, origin);
    let (writes, any, surviving) = writes(seen, last, origin);
    told["writes"] = writes;
    told["write_unavail_any"] = any;
    told["write_unavail_surviving"] = surviving;
    told
}

fn per_sentinel(seen: &Observations, names: &Names, origin: Origin) -> Value {
    const KINDS: [(&str, EventKind); 12] = [
        ("sdown", EventKind::SdownEnter),
        ("odown", EventKind::OdownEnter),
        ("try_failover", EventKind::TryFailover),
        ("vote", EventKind::VoteForLeader),
        ("elected", EventKind::ElectedLeader),
        ("selected_slave", EventKind::SelectedSlave),
        ("promoted", EventKind::PromotedSlave),
        ("switch_master", EventKind::SwitchMaster),
        ("failover_end", EventKind::FailoverEnd),
        ("config_update", EventKind::ConfigUpdateFrom),
        ("convert_to_slave", EventKind::ConvertToSlave),
        ("tilt", EventKind::TiltEnter),
    ];
    let mut told = json!({});
    for node in seen.masters.iter().flat_map(|master| &master.sentinels) {
        let mut mine = json!({});
        for (key, kind) in KINDS {
            let opinion = matches!(kind, EventKind::SdownEnter | EventKind::OdownEnter);
            let first = seen.events.iter().find(|event| {
                event.node == *node
                    && event.at >= seen.t0
                    && event.event.kind == kind
                    && (!opinion || event.event.subject == Subject::Master)
            });
            mine[key] = json!(first.map(|event| origin.ms(event.at)));
        }
        told[names.process(usize::from(node.0))] = mine;
    }
    told
}

/// The target of the last switch before the origin; the initial master if there was none.
fn master_before(seen: &Observations) -> Option<NodeIx> {
    let mut switched =
        seen.events.iter().filter(|event| event.at < seen.t0).filter_map(|event| match event.event.extra {
            Extra::Switch(_, new) => seen.node_at(new),
            _ => None,
        });
    switched.next_back().or(seen.masters.first().map(|master| master.initial))
}

/// What became of writes; the longest gap between acknowledged ones, and between those that survived.
fn writes(seen: &Observations, master: Option<NodeIx>, origin: Origin) -> (Value, Value, Value) {
    let reading = master.and_then(|node| seen.final_redis.iter().find(|redis| redis.node == node && redis.running));
    let held: Option<BTreeSet<Written>> = reading.map(|redis| {
        let key = splitbrain::model::Key { space: splitbrain::model::Space::Set, index: 0 };
        redis.data.set(key).map(|members| members.iter().collect()).unwrap_or_default()
    });
    let added = |operation: &Operation| match operation.command {
        Command::Sadd(_, value) => Some(value),
        _ => None,
    };
    let is_there = |value: &Written| held.as_ref().is_some_and(|held| held.contains(value));
    let acked: Vec<&Operation> = seen.operations.iter().filter(|operation| operation.is_acked_write()).collect();
    let adds: Vec<(TrueTime, Written)> =
        acked.iter().filter_map(|operation| Some((operation.completed?, added(operation)?))).collect();
    let lost: Vec<&(TrueTime, Written)> = adds.iter().filter(|(_, value)| !is_there(value)).collect();
    let of_fate = |is: fn(&Option<Outcome>) -> bool| -> Vec<Written> {
        seen.operations.iter().filter(|operation| is(&operation.outcome)).filter_map(added).collect()
    };
    let unknown = of_fate(|outcome| matches!(outcome, Some(Outcome::Info(_)) | None));
    let failed = of_fate(|outcome| matches!(outcome, Some(Outcome::Fail(_))));
    let lost_count = held.as_ref().map(|_| lost.len());
    let told = json!({
        "set_adds_acked": adds.len(),
        "set_adds_acked_after_t0": adds.iter().filter(|(at, _)| *at >= seen.t0).count(),
        "lost": lost_count,
        "lost_fraction": lost_count.filter(|_| !adds.is_empty()).map(|lost| lost as f64 / adds.len() as f64),
        "lost_ack_window_ms": lost.first().zip(lost.last()).map(|(a, b)| json!([origin.ms(a.0), origin.ms(b.0)])),
        "indeterminate": unknown.len(),
        "indeterminate_present": unknown.iter().filter(|value| is_there(value)).count(),
        "failed": failed.len(),
        "failed_present": failed.iter().filter(|value| is_there(value)).count(),
    });
    let any = gap(seen, acked.iter().filter_map(|operation| operation.completed), origin);
    let survived = adds.iter().filter(|(_, value)| is_there(value)).map(|(at, _)| *at);
    (told, any, gap(seen, survived, origin))
}

fn gap(seen: &Observations, moments: impl Iterator<Item = TrueTime>, origin: Origin) -> Value {
    let Some((from, until, ended)) = splitbrain::checker::measure::longest_gap(seen, moments) else {
        return Value::Null;
    };
    let gap = super::tenths(until.since(from).0 as f64 / 1e6);
    json!({ "gap_ms": gap, "from": origin.ms(from), "to": origin.ms(until), "ended": ended })
}
