//! Measures which planted bug is noticed, by what, and after how many seeds: the table of docs/detection.md.
//!
//! `cargo run --release --features planted --example detection -p splitbrain-tests [BUG…]` prints its rows. A seed counts
//! if a property is violated that the same seed does not violate without the bug.

#[path = "../detection/mod.rs"]
mod detection;

use detection::{blame, scenario_of};
use splitbrain::checker::Scratch;
use splitbrain::model::planted::Planted;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds that are played at most.
const SEEDS: u64 = 2_000;
/// Seeds that notice the bug, after which its rate is known well enough.
const ENOUGH: usize = 40;

fn main() {
    assert!(Planted::available(), "this build has no bugs: `cargo run --release --features planted …`");
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for planted in Planted::bugs().filter(|bug| wanted.is_empty() || wanted.iter().any(|name| name == bug.name())) {
        println!("{}", row(planted));
    }
}

/// Plays seeds in ascending order until enough are known.
fn row(planted: Planted) -> String {
    let (file, scenario) = scenario_of(planted);
    let next = AtomicU64::new(0);
    let found: Mutex<BTreeMap<u64, Vec<&'static str>>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut scratch = Scratch::default();
                while found.lock().expect("no thread panics").len() < ENOUGH {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= SEEDS {
                        break;
                    }
                    let blamed = blame(&scenario, planted, seed, &mut scratch);
                    if !blamed.is_empty() {
                        found.lock().expect("no thread panics").insert(seed, blamed);
                    }
                }
            });
        }
    });
    // What a faster thread found beyond the last seed that counts is left out.
    let found: Vec<(u64, Vec<&str>)> = found.into_inner().expect("no thread panics").into_iter().take(ENOUGH).collect();
    let played = if found.len() < ENOUGH { SEEDS } else { found[ENOUGH - 1].0 + 1 };
    let mut properties: BTreeMap<&str, usize> = BTreeMap::new();
    found.iter().flat_map(|(_, blamed)| blamed).for_each(|property| *properties.entry(property).or_default() += 1);
    let mut properties: Vec<(&str, usize)> = properties.into_iter().collect();
    properties.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let properties: Vec<String> = properties.iter().map(|(name, _)| format!("`{name}`")).collect();
    // The waits between one seed that notices and the next are those of disjoint blocks.
    let mut before = None;
    let mut waits: Vec<u64> = Vec::new();
    for (seed, _) in &found {
        waits.push(seed - before.map_or(0, |before: u64| before + 1) + 1);
        before = Some(*seed);
    }
    waits.sort_unstable();
    let quantile =
        |q: usize| waits.get((waits.len() * q).div_ceil(100).max(1) - 1).map_or("–".to_owned(), u64::to_string);
    format!(
        "| `{}` | {} | `{file}` | {} | {} | {} | {} | {} of {played} |",
        planted.name(),
        planted.what(),
        properties.join(", "),
        found.first().map_or("–".to_owned(), |(seed, _)| seed.to_string()),
        quantile(50),
        quantile(90),
        found.len(),
    )
}
