//! Speed of the linear-time checks on synthetic histories, beside a plain pass over the same arrays. Processor time,
//! minimum of five rounds: `cargo bench -p splitbrain-checker`.
#![allow(clippy::disallowed_methods)] // a benchmark reads the real clock

use splitbrain_checker::linear::arrays::{self, Op};
use splitbrain_checker::linear::synthetic::{Load, history};
use splitbrain_checker::linear::{Entry, Model, Report, Scratch, check, register};
use std::hint::black_box;

const ROUNDS: u32 = 5;
/// A round takes at least this long, so that the clock's own step does not matter.
const ROUND_NS: u64 = 60_000_000;

fn main() {
    println!("processor time in ms, minimum of {ROUNDS} rounds; a plain pass over the same memory beside");
    println!("{:44} {:>9} {:>9} {:>9} {:>9}  verdict", "history", "arrays", "pass", "entries", "pass");
    for clients in [5, 50] {
        for operations in [1_000, 10_000, 100_000, 1_000_000] {
            let load = Load { operations, clients, ..Load::default() };
            registers(&format!("{operations} operations, {clients} clients"), load);
        }
    }
    let million = Load { operations: 1_000_000, ..Load::default() };
    registers("1000000, 50 clients, 1000 keys", Load { clients: 50, keys: 1_000, ..million });
    registers("1000000, 5 clients, 1 % unknown", Load { unknown: 10, ..million });
    registers("1000000, 5 clients, a stale read", Load { stale: true, ..million });
    registers("1000000, 5 clients, 30 % swaps in chains", Load { swaps: 300, hits: 900, ..million });
    for clients in [5, 50] {
        let load = Load { counters: true, reads: 300, clients, ..million };
        row(&format!("1000000 on a counter, {clients} clients"), Model::Counter, load, None);
    }
}

fn registers(name: &str, load: Load) {
    let ops = arrays::of(&history(load));
    row(name, Model::Register, load, ops);
}

fn row(name: &str, model: Model, load: Load, ops: Option<Vec<Op>>) {
    let history = history(load);
    let mut scratch = Scratch::default();
    let (mut arrays, mut pass) = ("-".to_owned(), "-".to_owned());
    if let Some(ops) = &ops {
        let best = spent(|| {
            let mut report = Report::default();
            register::check_arrays(black_box(ops), &mut scratch, &mut report);
            black_box(report.total);
        });
        arrays = format!("{best:.4}");
        let best = spent(|| {
            black_box(ops.iter().fold(0, |sum, op: &Op| sum ^ op.call ^ op.ret ^ op.source));
        });
        pass = format!("{best:.4}");
    }
    let mut verdict = String::new();
    let entries = spent(|| {
        let mut report = Report::default();
        check(model, black_box(&history), &mut scratch, &mut report);
        verdict = match (report.is_linearizable(), report.anomalies.first()) {
            (true, _) => "linearizable".to_owned(),
            (false, Some(anomaly)) => anomaly.kind.to_string(),
            (false, None) => "undecided".to_owned(),
        };
    });
    let plain = spent(|| {
        black_box(history.entries.iter().fold(0, |sum, e: &Entry| sum ^ e.call ^ e.ret ^ e.object));
    });
    println!("{name:44} {arrays:>9} {pass:>9} {entries:>9.4} {plain:>9.4}  {verdict}");
}

/// Milliseconds for one call.
fn spent(mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let (start, mut times) = (processor_ns(), 0u32);
        while processor_ns() - start < ROUND_NS {
            // Looking at the clock costs a system call.
            for _ in 0..1 + times / 2 {
                work();
                times += 1;
            }
        }
        best = best.min((processor_ns() - start) as f64 / f64::from(times) / 1e6);
    }
    best
}

/// Processor time of this thread in nanoseconds; the clock on the wall where the system does not tell it.
fn processor_ns() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|text| text.split(' ').next()?.parse().ok());
    spent.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |time| time.as_nanos() as u64)
    })
}
