//! `stale-read`: no acknowledged read returns a value that was overwritten by a write acknowledged before the read
//! began.
//!
//! A read of value `v` is stale if there are writes `W(v)` and `w` of its key, with `W(v)` acknowledged before `w`
//! began and `w` acknowledged before the read began; a read that finds nothing is stale after any acknowledged write.
//! On counters a read is stale if a higher count was returned before it began.
//!
//! Source: a part of linearizability, counted read by read because users meet it so. Cannot see: values whose write
//! was never acknowledged (their place in time is open), and keys that a server evicted (`no-eviction`).

use crate::expect::Property;
use crate::finding::{Detail, Evidence, Finding};
use crate::index::Index;
use crate::judge::Judgement;
use crate::metrics::Metric;
use crate::observations::{Observations, Operation};
use crate::property::no_eviction::evicted_keys;
use splitbrain_model::note::Outcome;
use splitbrain_model::{Command, Key, Space, Value};
use std::collections::BTreeMap;

/// What is known of a key while the events go by.
#[derive(Default)]
struct Known {
    /// The acknowledged write with the latest call: its call and its operation.
    latest: Option<(u32, u32)>,
    /// The highest count returned and by which operation.
    highest: Option<(u64, u32)>,
    /// Return of the write of each value.
    written: BTreeMap<Value, u32>,
}

/// Checks every master.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    let mut total = 0;
    for (i, master) in obs.masters.iter().enumerate() {
        let (stale, reads) = stale_reads(obs, index, i);
        total += stale.len() as i64;
        let Some(&(read, missed)) = stale.iter().min_by_key(|(read, _)| completed(obs, *read)) else {
            continue;
        };
        out.findings.push(Finding {
            property: Property::StaleRead,
            at: obs.operations[read as usize].completed.unwrap_or(obs.end),
            master: master.name.clone(),
            detail: Detail::StaleReads {
                stale: stale.len() as u64,
                reads,
                read: Evidence::of(obs, &obs.operations[read as usize]),
                missed: Evidence::of(obs, &obs.operations[missed as usize]),
            },
        });
    }
    out.metrics.set(Metric::StaleReads, total);
}

fn completed(obs: &Observations, operation: u32) -> u32 {
    obs.operations[operation as usize].ret
}

/// Stale reads, each with a write it missed; and how many acknowledged reads there were.
fn stale_reads(obs: &Observations, index: &Index<'_>, master: usize) -> (Vec<(u32, u32)>, u64) {
    let mine = |operation: &Operation| {
        matches!(operation.outcome, Some(Outcome::Ok(_)))
            && operation.server.is_some_and(|server| index.master_of(server) == Some(master))
    };
    let mut returns: Vec<(u32, u32)> = (0u32..)
        .zip(&obs.operations)
        .filter(|(_, operation)| mine(operation) && operation.command.is_write())
        .map(|(i, operation)| (operation.ret, i))
        .collect();
    returns.sort_unstable();
    let evicted = evicted_keys(obs, index, master);
    let mut keys: BTreeMap<Key, Known> = BTreeMap::new();
    for &(ret, i) in &returns {
        if let Command::Set(key, value) = obs.operations[i as usize].command {
            keys.entry(key).or_default().written.insert(value, ret);
        }
    }
    let mut returns = returns.into_iter().peekable();
    let (mut stale, mut reads) = (Vec::new(), 0);
    // Operations are in order of invocation: all writes that returned before one began are known when it is looked at.
    for (i, operation) in (0u32..).zip(&obs.operations) {
        while let Some((_, write)) = returns.next_if(|(ret, _)| *ret < operation.call) {
            learn(&mut keys, write, &obs.operations[write as usize]);
        }
        if let (Command::Get(key), true) = (operation.command, mine(operation)) {
            reads += 1;
            let known = keys.get(&key).filter(|_| !evicted.contains(&key));
            let missed = known.and_then(|known| missed(known, key, operation));
            stale.extend(missed.map(|missed| (i, missed)));
        }
    }
    (stale, reads)
}

fn learn(keys: &mut BTreeMap<Key, Known>, number: u32, write: &Operation) {
    let known = keys.entry(write.command.key()).or_default();
    known.latest = known.latest.max(Some((write.call, number)));
    if let (Command::Incr(_), Some(Outcome::Ok(Some(count)))) = (write.command, write.outcome) {
        known.highest = known.highest.max(Some((count.0, number)));
    }
}

/// The write that a read should have seen.
fn missed(known: &Known, key: Key, read: &Operation) -> Option<u32> {
    let Some(Outcome::Ok(answer)) = read.outcome else {
        return None;
    };
    if key.space == Space::Counter {
        let (count, write) = known.highest?;
        return (answer.map_or(0, |value| value.0) < count).then_some(write);
    }
    let (call, write) = known.latest?;
    let overwritten = match answer {
        None => true,
        Some(value) => *known.written.get(&value)? < call,
    };
    overwritten.then_some(write)
}
