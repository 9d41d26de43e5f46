//! Speed of the general search on the histories that the exact checks cannot decide, beside a plain pass over the same
//! operations: `cargo bench -p splitbrain-checker --bench search`. Processor time, minimum of five.
//!
//! Histories are those of a closed loop of clients on one register: think time exponential with mean 100, the moment at
//! which an operation acts exponential with mean 500 behind its call, its return as much behind that. An operation of
//! unknown outcome acts in one of two cases, mean 5000 behind its call; its client goes on after 3000.
#![allow(clippy::disallowed_methods)] // a benchmark reads the real clock

use splitbrain_checker::linear::{Action, Entry, Fate, NEVER, Swap};
use splitbrain_checker::search::{Budget, Model, Objects, evidence, search};
use std::hint::black_box;

const ROUNDS: usize = 5;

/// What a history is like.
#[derive(Clone, Copy)]
struct Load {
    operations: usize,
    clients: usize,
    /// Written values are drawn from this many; 0: all differ.
    values: u64,
    /// Percent of operations that compare and set.
    swaps: u64,
    /// Compare-and-sets ask for the value that is there, in percent.
    hits: u64,
    /// So many operations never return.
    pending: usize,
    /// A read past the middle returns a value that had been replaced for good before it began.
    stale: bool,
}

const REPEATED: Load =
    Load { operations: 10_000, clients: 5, values: 5, swaps: 20, hits: 20, pending: 0, stale: false };
const UNIQUE: Load = Load { values: 0, swaps: 0, ..REPEATED };
const REFUSED: Load = Load { values: 0, swaps: 30, hits: 5, ..REPEATED };

fn main() {
    println!("{:<44} {:>10} {:>10} {:>9}  verdict", "history", "ms", "choices", "pass, ms");
    let cases = [
        ("repeated values, 5 clients", REPEATED),
        ("repeated values, 20 clients", Load { clients: 20, ..REPEATED }),
        ("refused swaps, 50 pending, 5 clients", Load { pending: 50, ..REFUSED }),
        ("refused swaps, 20 clients", Load { clients: 20, ..REFUSED }),
        ("refused swaps, 50 pending, 20 clients", Load { clients: 20, pending: 50, ..REFUSED }),
        ("unique values, 20 clients", Load { clients: 20, ..UNIQUE }),
        ("unique values, 50 clients", Load { clients: 50, ..UNIQUE }),
        (
            "unique values, 1000 operations, 50 clients, stale",
            Load { operations: 1000, clients: 50, stale: true, ..UNIQUE },
        ),
        ("repeated values, 5 clients, stale", Load { stale: true, ..REPEATED }),
        ("repeated values, 20 clients, stale", Load { stale: true, clients: 20, ..REPEATED }),
        ("repeated values, 5 clients, 10^5, stale", Load { operations: 100_000, stale: true, ..REPEATED }),
        ("repeated values, 5 clients, 10^6", Load { operations: 1_000_000, ..REPEATED }),
        ("repeated values, 5 clients, 10^6, stale", Load { operations: 1_000_000, stale: true, ..REPEATED }),
    ];
    let only = std::env::args().nth(1).filter(|only| only != "--bench").unwrap_or_default();
    for (name, load) in cases.into_iter().filter(|case| case.0.starts_with(&only)) {
        let entries = history(load);
        let objects = Objects::of(Model::Register);
        let mut found = None;
        let pass = best_of(|| {
            black_box(black_box(&entries).iter().map(|entry| u64::from(entry.ret ^ entry.call)).sum::<u64>());
        });
        let best = best_of(|| found = Some(search(black_box(&entries), &[], &objects, None, Budget::default())));
        let found = found.expect("it ran");
        let proof = found.violations.first().map(|violation| {
            let start = processor_ns();
            let evidence = evidence(&entries, &[], &objects, violation);
            (processor_ns() - start, evidence)
        });
        let verdict = match (found.violations.len(), found.undecided.len()) {
            (0, 0) => "linearizable",
            (0, _) => "unknown",
            _ => "not linearizable",
        };
        let proof = proof.map_or_else(String::new, |(spent, evidence)| {
            let judged = if evidence.judged { "judged" } else { "not judged" };
            let (kind, ops) = (evidence.anomaly.kind, evidence.proof.len());
            format!(": {kind}, {ops} operations, {judged}, {:.0} ms", spent as f64 / 1e6)
        });
        println!("{name:<44} {:>10.3} {:>10} {:>9.3}  {verdict}{proof}", best, found.nodes, pass);
    }
}

/// Milliseconds that something takes, the minimum of all rounds. The system tells processor time in ticks of some
/// milliseconds, so that short things are done many times over.
fn best_of(mut act: impl FnMut()) -> f64 {
    const LONG: u64 = 60_000_000;
    let mut times = 1;
    let mut best = f64::MAX;
    let mut rounds = 0;
    while rounds < ROUNDS {
        let start = processor_ns();
        (0..times).for_each(|_| act());
        let spent = processor_ns() - start;
        if spent < LONG {
            times *= if spent < LONG / 8 { 8 } else { 2 };
            continue;
        }
        best = best.min(spent as f64 / f64::from(times) / 1e6);
        rounds += if spent > 2_000_000_000 { ROUNDS } else { 1 };
    }
    best
}

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn exponential(&mut self, mean: f64) -> u64 {
        let uniform = ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64;
        (-uniform.ln() * mean) as u64 + 1
    }
}

/// An operation with the times of its call, its effect, if any, and its return.
struct Planned {
    times: (u64, Option<u64>, Option<u64>),
    action: Action,
}

fn history(load: Load) -> Vec<Entry> {
    let mut noise = Noise(load.operations as u64 ^ (load.clients as u64) << 32);
    let mut free: Vec<u64> = vec![0; load.clients];
    let mut planned: Vec<Planned> = Vec::new();
    for i in 0..load.operations {
        let client = (0..load.clients).min_by_key(|&client| free[client]).expect("there are clients");
        let call = free[client] + noise.exponential(100.0);
        let at = call + noise.exponential(500.0);
        let every = load.operations.checked_div(load.pending).unwrap_or(usize::MAX);
        let pick = noise.below(100);
        let written = if load.values == 0 { i as u64 + 1 } else { noise.below(load.values) };
        let mut action = match pick {
            _ if pick < load.swaps => Action::Cas(None, written, Swap::Refused),
            _ if pick < load.swaps + (100 - load.swaps) / 2 => Action::Write(written),
            _ => Action::Read(None),
        };
        let times = if i % every == every / 2 {
            if matches!(action, Action::Read(_)) {
                action = Action::Write(written);
            }
            free[client] = call + 3000;
            (call, (noise.below(2) == 0).then_some(call + noise.exponential(5000.0)), None)
        } else {
            let ret = at + noise.exponential(500.0);
            free[client] = ret;
            (call, Some(at), Some(ret))
        };
        planned.push(Planned { times, action });
    }
    act(&mut planned, load, &mut noise);
    let mut entries = number(&planned);
    if load.stale && load.values > 0 {
        spoil(&mut entries, load.values);
    }
    entries
}

/// Lets the register act on the operations in order of their effects.
fn act(planned: &mut [Planned], load: Load, noise: &mut Noise) {
    let mut order: Vec<(u64, usize)> =
        planned.iter().enumerate().filter_map(|(i, its)| Some((its.times.1?, i))).collect();
    order.sort_unstable();
    let mut held = None;
    let mut recent = vec![None];
    // When each value that was there was replaced by a write that had returned.
    let mut replaced: Vec<(u64, Option<u64>)> = Vec::new();
    let mut stale = load.stale && load.values == 0;
    for (n, &(_, i)) in order.iter().enumerate() {
        let (call, _, ret) = planned[i].times;
        match planned[i].action {
            Action::Read(_) => {
                let mut value = held;
                let mut old = replaced.iter().rev().filter(|(at, old)| *at < call && *old != held);
                if let Some((_, old)) = old.next().filter(|_| stale && n > order.len() / 2) {
                    (value, stale) = (*old, false);
                }
                planned[i].action = Action::Read(value);
            }
            Action::Write(value) => {
                if let Some(ret) = ret {
                    replaced.push((ret, held));
                }
                held = Some(value);
                recent.push(held);
            }
            Action::Cas(_, to, _) => {
                let known = recent.len().min(8) as u64;
                let other = recent[recent.len() - 1 - noise.below(known) as usize];
                let from = if noise.below(100) < load.hits { held } else { other };
                let swap = if from == held { Swap::Swapped } else { Swap::Refused };
                planned[i].action = Action::Cas(from, to, swap);
                if from == held {
                    held = Some(to);
                    recent.push(held);
                }
            }
            _ => {}
        }
    }
}

/// Numbers the events.
fn number(planned: &[Planned]) -> Vec<Entry> {
    let mut events: Vec<(u64, bool, usize)> = Vec::new();
    for (i, its) in planned.iter().enumerate() {
        events.push((its.times.0, false, i));
        events.extend(its.times.2.map(|ret| (ret, true, i)));
    }
    events.sort_unstable();
    let mut entries: Vec<Entry> = planned
        .iter()
        .map(|its| Entry {
            call: 0,
            ret: NEVER,
            object: 0,
            repeats: 0,
            fate: if its.times.2.is_some() { Fate::Done } else { Fate::Unknown },
            action: its.action,
        })
        .collect();
    for ((_, end, i), number) in events.into_iter().zip(1..) {
        *(if end { &mut entries[i].ret } else { &mut entries[i].call }) = number;
    }
    entries.sort_by_key(|entry| entry.call);
    entries
}

/// Lets a read past the middle return a value all of whose writes had returned when a write of another was called that
/// had returned in its turn when the read was called.
fn spoil(entries: &mut [Entry], values: u64) {
    let written = |entry: &Entry| match entry.action {
        Action::Write(value) | Action::Cas(_, value, Swap::Swapped) => Some(value),
        _ => None,
    };
    for i in entries.len() / 2..entries.len() {
        let read = entries[i];
        if !matches!(read.action, Action::Read(_)) {
            continue;
        }
        let begun = entries.partition_point(|entry| entry.call < read.ret);
        for value in 0..values {
            let of = |entry: &&Entry| written(entry) == Some(value);
            let gone = entries[..begun].iter().filter(of).map(|entry| entry.ret).max().unwrap_or(0);
            let mut others = entries[i.saturating_sub(100)..i].iter().filter(|entry| written(entry).is_some());
            if others.any(|other| other.call > gone && other.ret < read.call) {
                entries[i].action = Action::Read(Some(value));
                return;
            }
        }
    }
}
fn processor_ns() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|text| text.split(' ').next()?.parse().ok());
    spent.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |time| time.as_nanos() as u64)
    })
}
