//! The numbers of a run that are compared, as the recorder derives them: times, durations of steps, and what happened
//! how often. The same functions serve recordings and simulations.

use crate::observed::{Observed, Seen};
use splitbrain::model::event::EventKind as E;
use std::collections::BTreeMap;

/// Times of a run, ms after the origin; absent where the event did not happen.
pub fn timings(run: &Observed) -> Vec<(&'static str, Option<f64>)> {
    let firsts = |kind: E| -> Vec<f64> {
        let opinion = matches!(kind, E::SdownEnter | E::OdownEnter);
        let counts = |event: &&Seen| event.kind == kind && (!opinion || event.about_master());
        let first = |sentinel| run.at(sentinel).find(counts).map(|event| event.ms);
        run.sentinels().into_iter().filter_map(first).collect()
    };
    let first = |kind| firsts(kind).into_iter().reduce(f64::min);
    let last = |kind| firsts(kind).into_iter().reduce(f64::max);
    let elected = run.events.iter().filter(|event| event.kind == E::ElectedLeader).map(|event| event.ms);
    vec![
        ("first_sdown", first(E::SdownEnter)),
        ("last_sdown", last(E::SdownEnter)),
        ("first_odown", first(E::OdownEnter)),
        ("last_odown", last(E::OdownEnter)),
        ("elected", elected.reduce(f64::max)),
        ("selected_slave", last(E::SelectedSlave)),
        ("promoted", last(E::PromotedSlave)),
        ("first_switch_master", first(E::SwitchMaster)),
        ("last_switch_master", last(E::SwitchMaster)),
        ("failover_end", last(E::FailoverEnd)),
        ("convert_to_slave", first(E::ConvertToSlave)),
        ("write_unavailable", run.write_gap),
        ("write_unavailable_surviving", run.write_gap_surviving),
    ]
}

/// Durations of steps, ms; of every occurrence at every Sentinel.
pub fn durations(run: &Observed) -> BTreeMap<&'static str, Vec<f64>> {
    let mut found: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    let mut add = |name, ms| found.entry(name).or_default().push(ms);
    for sentinel in run.sentinels() {
        let events: Vec<&Seen> = run.at(sentinel).collect();
        for (i, event) in events.iter().enumerate() {
            // The event that ends the step, if no other end of it comes first.
            let next = |ends: E, others: &[E]| {
                let end = events[i + 1..].iter().find(|later| later.kind == ends || others.contains(&later.kind))?;
                (end.kind == ends).then_some(end.ms - event.ms)
            };
            let again = |ends: E, word: usize, of: usize| {
                let same = |later: &&&Seen| later.kind == ends && later.word(word) == event.word(of);
                events[i + 1..].iter().find(same).map(|end| end.ms - event.ms)
            };
            let (name, lasted) = match event.kind {
                E::TryFailover => ("try-elected", next(E::ElectedLeader, &[E::AbortNotElected, E::TryFailover])),
                E::ElectedLeader => ("elected-selected", next(E::SelectedSlave, &[E::AbortNoGoodSlave])),
                E::SelectedSlave => ("selected-sent", next(E::StateWaitPromotion, &[E::AbortSlaveTimeout])),
                E::StateWaitPromotion => ("sent-promoted", next(E::PromotedSlave, &[E::AbortSlaveTimeout])),
                E::NewEpoch => ("new-epoch-vote", again(E::VoteForLeader, 1, 0)),
                E::RoleChangeFromConfigured => ("role-change-convert", again(E::ConvertToSlave, 1, 1)),
                E::PromotedSlave => {
                    let switches = run.events.iter().filter(|e| e.kind == E::SwitchMaster && e.ms >= event.ms);
                    ("promoted-switch", switches.map(|e| e.ms - event.ms).reduce(f64::min))
                }
                _ => continue,
            };
            if let Some(ms) = lasted {
                add(name, ms);
            }
        }
    }
    found
}

/// How often each event happened.
pub fn counts(run: &Observed) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for event in &run.events {
        *counts.entry(event.label()).or_default() += 1;
    }
    counts
}

/// Other outcomes, as numbers.
pub fn outcomes(run: &Observed) -> Vec<(&'static str, Option<f64>)> {
    let count = |holds: &dyn Fn(&Seen) -> bool| run.events.iter().filter(|event| holds(event)).count();
    let mut epochs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for vote in run.events.iter().filter(|event| event.kind == E::VoteForLeader) {
        if let (Some(leader), Some(epoch)) = (vote.word(0), vote.word(1)) {
            epochs.entry(epoch).or_default().push(leader);
        }
    }
    let split = epochs.values().filter(|votes| votes.iter().any(|vote| *vote != votes[0])).count();
    let mut switches: Vec<&str> =
        run.events.iter().filter(|event| event.kind == E::SwitchMaster).map(|event| event.text.as_str()).collect();
    switches.sort_unstable();
    switches.dedup();
    let old = format!(" {}", run.master_before);
    let spurious =
        |event: &Seen| event.kind == E::SdownEnter && event.about_master() && !event.text.ends_with(old.as_str());
    let aborts = |event: &Seen| event.kind.name().starts_with("-failover-abort");
    let number = |name: &String| name.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(0.0);
    vec![
        ("election rounds", Some(epochs.len() as f64)),
        ("split votes", Some(split as f64)),
        ("attempts", Some(count(&|event| event.kind == E::TryFailover) as f64)),
        ("aborts", Some(count(&aborts) as f64)),
        ("new master sdown", Some(f64::from(u8::from(count(&spurious) > 0)))),
        ("second failover", Some(f64::from(u8::from(switches.len() > 1)))),
        ("final master", run.final_master.as_ref().map(number)),
    ]
}
