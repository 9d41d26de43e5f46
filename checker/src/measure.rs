//! Metrics that are read off the Sentinels' events and the operations. The definitions are those of the recordings of
//! real Redis, so that both can be compared: a time is first taken per Sentinel, then over Sentinels.

use crate::index::{Index, master_named};
use crate::metrics::{Metric, Metrics};
use crate::observations::{EventAt, NodeIx, Observations, Presence};
use crate::tenure::{Overlap, total_ms, union};
use splitbrain_model::TrueTime;
use splitbrain_model::event::{EventKind, Extra, Subject};
use splitbrain_model::note::Outcome;
use splitbrain_model::{Command, Epoch, SentinelId};

/// Which of the Sentinels' first times is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pick {
    First,
    Last,
}

/// Fills the metrics that need no property.
pub fn events(obs: &Observations, index: &Index<'_>, metrics: &mut Metrics) {
    use EventKind as E;
    use Pick::{First, Last};
    for (metric, kind, pick) in [
        (Metric::FirstSdown, E::SdownEnter, First),
        (Metric::LastSdown, E::SdownEnter, Last),
        (Metric::FirstOdown, E::OdownEnter, First),
        (Metric::LastOdown, E::OdownEnter, Last),
        (Metric::FirstTryFailover, E::TryFailover, First),
        (Metric::SelectedSlave, E::SelectedSlave, Last),
        (Metric::Promoted, E::PromotedSlave, Last),
        (Metric::FirstSwitchMaster, E::SwitchMaster, First),
        (Metric::LastSwitchMaster, E::SwitchMaster, Last),
        (Metric::FailoverEnd, E::FailoverEnd, Last),
        (Metric::ConvertToSlave, E::ConvertToSlave, First),
    ] {
        metrics.set(metric, over_sentinels(obs, kind, pick));
    }
    // The last election of all, not the last Sentinel's first.
    let elected = after_fault(obs).filter(|event| event.event.kind == E::ElectedLeader);
    metrics.set(Metric::Elected, elected.last().map(|event| obs.ms(event.at)));
    metrics.set(Metric::Converged, obs.converged.map(|at| obs.ms(at).max(0)));
    let count = |kind| after_fault(obs).filter(|event| event.event.kind == kind).count() as i64;
    metrics.set(Metric::TryFailovers, count(E::TryFailover));
    metrics.set(Metric::Tilts, count(E::TiltEnter));
    let completed = index.attempts.iter().filter(|attempt| attempt.completed());
    metrics.set(Metric::Failovers, completed.count() as i64);
    votes(obs, metrics);
    operations(obs, metrics);
    metrics.set(Metric::DualMaster, dual_master(obs, index));
}

/// Events from the first fault on.
fn after_fault(obs: &Observations) -> impl Iterator<Item = &EventAt> {
    obs.events.iter().filter(|event| event.at >= obs.t0)
}

/// The first time of an event at each Sentinel, and of these the first or the last. Events about instances that are
/// not masters do not count for +sdown and +odown.
fn over_sentinels(obs: &Observations, kind: EventKind, pick: Pick) -> Option<i64> {
    let mut seen: Vec<NodeIx> = Vec::new();
    let mut picked = None;
    for event in after_fault(obs).filter(|event| event.event.kind == kind) {
        let opinion = matches!(kind, EventKind::SdownEnter | EventKind::OdownEnter);
        if (opinion && event.event.subject != Subject::Master) || seen.contains(&event.node) {
            continue;
        }
        seen.push(event.node);
        if picked.is_none() || pick == Pick::Last {
            picked = Some(obs.ms(event.at));
        }
    }
    picked
}

fn votes(obs: &Observations, metrics: &mut Metrics) {
    let mut rounds: Vec<(Option<usize>, Epoch, SentinelId, bool)> = Vec::new();
    for event in after_fault(obs) {
        if let (EventKind::VoteForLeader, Extra::Vote(id, epoch)) = (event.event.kind, &event.event.extra) {
            let master = master_named(obs, &event.event.master);
            let round = rounds.iter_mut().find(|r| (r.0, r.1) == (master, *epoch));
            match round {
                Some(round) => round.3 |= round.2 != *id,
                None => rounds.push((master, *epoch, *id, false)),
            }
        }
    }
    metrics.set(Metric::ElectionRounds, rounds.len() as i64);
    let split = rounds.iter().filter(|round| round.3).count();
    metrics.set(Metric::SplitVoteRounds, split as i64);
}

fn operations(obs: &Observations, metrics: &mut Metrics) {
    let (mut acked, mut adds, mut unknown, mut reads, mut failed) = (0, 0, 0, 0, 0);
    for operation in &obs.operations {
        let write = operation.command.is_write();
        failed += i64::from(matches!(operation.outcome, Some(Outcome::Fail(_) | Outcome::Info(_))));
        match operation.outcome {
            Some(Outcome::Ok(_)) if write => {
                acked += 1;
                adds += i64::from(matches!(operation.command, Command::Sadd(..)));
            }
            Some(Outcome::Ok(_)) => reads += 1,
            Some(Outcome::Info(_)) | None if write => unknown += 1,
            _ => {}
        }
    }
    metrics.set(Metric::WritesAcked, acked);
    metrics.set(Metric::SetAddsAcked, adds);
    metrics.set(Metric::WritesIndeterminate, unknown);
    metrics.set(Metric::ReadsAcked, reads);
    metrics.set(Metric::OperationsFailed, failed);
}

/// Time during which two running servers of one master both had the role of master, summed over masters.
fn dual_master(obs: &Observations, index: &Index<'_>) -> i64 {
    let mut total = 0;
    for master in 0..obs.masters.len() {
        let mine = || index.reigns.iter().filter(move |reign| index.master_of(reign.node) == Some(master));
        let mut spans = Vec::new();
        for (i, a) in mine().enumerate() {
            for b in mine().skip(i + 1).filter(|b| b.node != a.node) {
                let (from, until) = (a.from.max(b.from), a.until.min(b.until));
                spans.extend(running(obs, a.node, b.node, from, until));
            }
        }
        total += total_ms(&union(spans));
    }
    total
}

/// The parts of a time in which both processes were running (not paused).
fn running(obs: &Observations, a: NodeIx, b: NodeIx, from: TrueTime, until: TrueTime) -> Vec<Overlap> {
    if from >= until {
        return Vec::new();
    }
    let mut spans = Vec::new();
    let mut state = (Presence::Dead, Presence::Dead);
    let mut since = None;
    let changes = obs.presence.iter().filter(|c| c.node == a || c.node == b);
    for change in changes.filter(|change| change.at < until) {
        if change.node == a {
            state.0 = change.state;
        } else {
            state.1 = change.state;
        }
        let both = state == (Presence::Running, Presence::Running);
        match (since, both) {
            (None, true) => since = Some(change.at.max(from)),
            (Some(begun), false) => {
                spans.extend((begun < change.at).then_some(Overlap { from: begun, until: change.at }));
                since = None;
            }
            _ => {}
        }
    }
    spans.extend(since.map(|from| Overlap { from, until }));
    spans
}

/// The longest gap between moments that ends after the first fault, the end of the run included: its beginning, its
/// end, and whether anything came after it. `None` without any moment.
pub fn longest_gap(obs: &Observations, moments: impl Iterator<Item = TrueTime>) -> Option<(TrueTime, TrueTime, bool)> {
    let mut moments: Vec<TrueTime> = moments.collect();
    moments.sort_unstable();
    let ends = moments.iter().skip(1).map(|&at| (at, true));
    moments
        .iter()
        .zip(ends.chain([(obs.end, false)]))
        .map(|(&from, (until, ended))| (from, until, ended))
        .filter(|(_, until, _)| *until >= obs.t0)
        // The first of equally long ones, as `max_by_key` would take the last.
        .reduce(|longest, gap| if gap.1.since(gap.0) > longest.1.since(longest.0) { gap } else { longest })
}
