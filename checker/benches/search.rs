//! Speed of the general search on the histories that the exact checks cannot decide, beside a plain pass over the same
//! operations: `cargo bench -p splitbrain-checker --bench search`. Processor time, minimum of five.
//!
//! Histories are [synthetic](splitbrain_checker::linear::synthetic), on one register unless something else is said.
#![allow(clippy::disallowed_methods)] // a benchmark reads the real clock

use splitbrain_checker::linear::synthetic::{self, Load};
use splitbrain_checker::search::{Budget, Model, Objects, evidence, search};
use std::hint::black_box;

const ROUNDS: usize = 5;

const REPEATED: Load = Load {
    operations: 10_000,
    keys: 1,
    clients: 5,
    reads: 500,
    swaps: 0,
    hits: 200,
    finds: false,
    unknown: 0,
    values: 5,
    stale: false,
    counters: false,
    seed: 0,
};
const SWAPPED: Load = Load { swaps: 400, ..REPEATED };
const UNIQUE: Load = Load { values: 0, ..REPEATED };
const REFUSED: Load = Load { values: 0, swaps: 600, hits: 50, ..REPEATED };
/// Among 5000 operations other than reads, 50.
const PENDING: u64 = 10;

fn main() {
    println!("{:<44} {:>10} {:>10} {:>9}  verdict", "history", "ms", "choices", "pass, ms");
    let cases = [
        ("repeated values, 5 clients", REPEATED),
        ("repeated values, 20 clients", Load { clients: 20, ..REPEATED }),
        ("repeated values, 50 clients", Load { clients: 50, ..REPEATED }),
        ("100 values, 20 clients", Load { clients: 20, values: 100, ..REPEATED }),
        ("repeated values, swaps, 5 clients", SWAPPED),
        ("repeated values, swaps, 20 clients", Load { clients: 20, ..SWAPPED }),
        ("repeated values, 20 clients, 1 % unknown", Load { clients: 20, unknown: 20, ..REPEATED }),
        ("refused swaps, 50 pending, 5 clients", Load { unknown: PENDING, ..REFUSED }),
        ("refused swaps, 20 clients", Load { clients: 20, ..REFUSED }),
        ("refused swaps, 50 pending, 20 clients", Load { clients: 20, unknown: PENDING, ..REFUSED }),
        ("unique values, 20 clients", Load { clients: 20, ..UNIQUE }),
        ("unique values, 50 clients", Load { clients: 50, ..UNIQUE }),
        (
            "unique values, 1000 operations, 50 clients, stale",
            Load { operations: 1000, clients: 50, stale: true, ..UNIQUE },
        ),
        ("repeated values, 5 clients, stale", Load { stale: true, ..REPEATED }),
        ("repeated values, 20 clients, stale", Load { stale: true, clients: 20, ..REPEATED }),
        ("10 values, 20 clients, stale", Load { stale: true, clients: 20, values: 10, ..REPEATED }),
        ("100 values, 20 clients, stale", Load { stale: true, clients: 20, values: 100, ..REPEATED }),
        ("repeated values, 20 clients, 100 keys, stale", Load { stale: true, clients: 20, keys: 100, ..REPEATED }),
        ("repeated values, 5 clients, 10^5, stale", Load { operations: 100_000, stale: true, ..REPEATED }),
        ("repeated values, 5 clients, 10^6", Load { operations: 1_000_000, ..REPEATED }),
        ("repeated values, 5 clients, 10^6, stale", Load { operations: 1_000_000, stale: true, ..REPEATED }),
    ];
    let only = std::env::args().nth(1).filter(|only| only != "--bench").unwrap_or_default();
    for (name, load) in cases.into_iter().filter(|case| case.0.starts_with(&only)) {
        let entries = synthetic::history(load).entries;
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

fn processor_ns() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|text| text.split(' ').next()?.parse().ok());
    spent.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |time| time.as_nanos() as u64)
    })
}
