//! explore
use splitbrain::checker::{Expectation, RunSummary, Scratch, evaluate, judge_with};
use splitbrain::model::planted::Planted;
use splitbrain::run_seed;
use splitbrain::scenarios::Scenario;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn caught(scenario: &Scenario, seed: u64, scratch: &mut Scratch) -> Vec<String> {
    let record = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run_seed(scenario, seed))) {
        Ok(r) => r,
        Err(_) => return vec!["PANIC".into()],
    };
    let seen = &record.observations;
    let judgement = judge_with(seen, &scenario.expect, scratch);
    let run = RunSummary::new(seed, record.digest.0, seen, &judgement, &scenario.expect);
    let expect = Expectation::complete(&scenario.expect);
    let e = evaluate::scenario(&expect, &[run]);
    let mut props: Vec<String> = e
        .unmet
        .iter()
        .filter(|u| u.seed.is_some())
        .map(|u| {
            if std::env::var("SENT").is_ok() {
                format!("{}: {}", u.property, u.sentence)
            } else {
                u.property.to_string()
            }
        })
        .collect();
    if std::env::var("OPEN").is_ok() {
        props.extend(e.open.iter().map(|o| format!("open-{}", o.0)));
    }
    props.dedup();
    props
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let seeds: u64 = args[0].parse().unwrap();
    let enough: usize = args[1].parse().unwrap();
    let which: Vec<&str> = if args[2] == "all" {
        std::iter::once("none").chain(Planted::bugs().map(|b| b.name())).collect()
    } else {
        args[2].split(',').collect()
    };
    std::panic::set_hook(Box::new(|_| {}));
    for file in &args[3..] {
        let base = match Scenario::load(Path::new(file)) {
            Ok(s) => s,
            Err(e) => {
                println!("{file}: {}", e.one_line());
                continue;
            }
        };
        for name in &which {
            let mut scenario = base.clone();
            if *name != "none" {
                scenario.planted = Some(Planted::from_name(name).unwrap());
            }
            let next = AtomicU64::new(0);
            let found: Mutex<BTreeMap<u64, Vec<String>>> = Mutex::default();
            let began = std::time::Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        let mut scratch = Scratch::default();
                        loop {
                            let seed = next.fetch_add(1, Ordering::Relaxed);
                            if seed >= seeds || found.lock().unwrap().len() >= enough {
                                break;
                            }
                            let props = caught(&scenario, seed, &mut scratch);
                            if !props.is_empty() {
                                found.lock().unwrap().insert(seed, props);
                            }
                        }
                    });
                }
            });
            let found = found.into_inner().unwrap();
            let played = next.into_inner().min(seeds);
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for p in found.values().flatten() {
                *counts.entry(p).or_default() += 1;
            }
            let first: Vec<u64> = found.keys().copied().take(4).collect();
            println!(
                "{:<28} {}/{} {:.1}s {:?} {:?} {}",
                name,
                found.len(),
                played,
                began.elapsed().as_secs_f32(),
                counts,
                first,
                if args.len() > 4 { file } else { "" }
            );
        }
    }
}
