//! Speed of the classic scenario (master killed, four clients at 25 operations per second), recorder and judges on,
//! beside a bare event queue with the same number of events and a calibration loop. Ratios of one run on one machine
//! are what counts: `cargo bench -p splitbrain`.
#![allow(clippy::disallowed_methods)] // a benchmark reads the real clock

use splitbrain::checker::property::linearizable;
use splitbrain::checker::{Index, Judgement, Scratch, judge_with};
use splitbrain::scenarios::Scenario;
use splitbrain::sim::queue::Queue;
use splitbrain::{model::TrueTime, run_seed};
use std::hint::black_box;
use std::path::Path;

const ROUNDS: usize = 5;
const SEEDS: u64 = 40;
/// Events that wait in the queue at a time, about as many as in the classic scenario.
const PENDING: u64 = 100;

fn main() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/classic.toml");
    let scenario = Scenario::load(&file).expect("the benchmark's scenario is sound");
    let (mut best, mut best_queue, mut best_loop) = (u64::MAX, u64::MAX, u64::MAX);
    let (mut simulated, mut events) = (0, 0);
    for _ in 0..ROUNDS {
        let start = processor_ns();
        (simulated, events) = simulate(&scenario);
        best = best.min(processor_ns() - start);
        let start = processor_ns();
        bare_queue(events);
        best_queue = best_queue.min(processor_ns() - start);
        let start = processor_ns();
        calibration();
        best_loop = best_loop.min(processor_ns() - start);
    }
    let (judged, linear) = judging(&scenario);
    println!("classic scenario, {SEEDS} seeds, minimum of {ROUNDS} rounds, processor time");
    println!("  simulated seconds per second   {:>10.0}", simulated as f64 / best as f64);
    println!("  events per simulated second    {:>10.0}", events as f64 * 1e9 / simulated as f64);
    println!("  ns per event, whole run        {:>10.1}", best as f64 / events as f64);
    println!("  ns per event, bare queue       {:>10.1}", best_queue as f64 / events as f64);
    println!("  ratio                          {:>10.2}", best as f64 / best_queue as f64);
    println!("  judging, % of a run            {:>10.1}", judged as f64 / best as f64 * 100.0);
    println!("  linearizability, % of a run    {:>10.1}", linear as f64 / best as f64 * 100.0);
    println!("  calibration loop, ms           {:>10.1}", best_loop as f64 / 1e6);
}

/// Simulates, records and judges; returns simulated nanoseconds and events.
fn simulate(scenario: &Scenario) -> (u64, u64) {
    let (mut simulated, mut events) = (0, 0);
    let mut scratch = Scratch::default();
    for seed in 0..SEEDS {
        let record = run_seed(scenario, seed);
        black_box(judge_with(&record.observations, &scenario.expect, &mut scratch));
        simulated += record.observations.end.0;
        events += record.events;
    }
    (simulated, events)
}

/// Nanoseconds for judging all seeds' runs once: all properties, and `linearizable` alone.
fn judging(scenario: &Scenario) -> (u64, u64) {
    const TIMES: u64 = 20;
    let runs: Vec<_> = (0..SEEDS).map(|seed| run_seed(scenario, seed).observations).collect();
    let mut scratch = Scratch::default();
    let (mut all, mut linear) = (u64::MAX, u64::MAX);
    for _ in 0..ROUNDS {
        let start = processor_ns();
        for obs in (0..TIMES).flat_map(|_| &runs) {
            black_box(judge_with(obs, &scenario.expect, &mut scratch));
        }
        all = all.min((processor_ns() - start) / TIMES);
        let start = processor_ns();
        for obs in (0..TIMES).flat_map(|_| &runs) {
            let mut judgement = Judgement::default();
            linearizable::check(obs, &Index::new(obs), &mut scratch, &mut judgement);
            black_box(judgement);
        }
        linear = linear.min((processor_ns() - start) / TIMES);
    }
    (all, linear)
}

/// Pushes and pops so many events, with as many waiting as the world has.
fn bare_queue(events: u64) {
    let mut queue: Queue<[u64; 2]> = Queue::default();
    let mut noise = 1u64;
    let mut next = |now: u64| {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        TrueTime(now + (noise >> 40))
    };
    for n in 0..PENDING {
        queue.push(next(0), [n, n]);
    }
    for _ in 0..events {
        if let Some((at, event)) = queue.pop() {
            queue.push(next(at.0), black_box(event));
        }
    }
}

/// A fixed amount of integer work, to compare machines and moments.
fn calibration() {
    let mut x = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..50_000_000u32 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x);
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
