//! Faults that are several steps: what comes and goes, and the shapes of partitions known from Jepsen and FoundationDB.
//! They become steps like any others, so that a schedule stays something to look at, edit and shrink.

use crate::reader::Span;
use crate::resolve::action;
use crate::resolved::{Action, Host, Process, Target};
use crate::scenario::{Pattern, What};
use splitbrain_model::Millis;

/// Most steps of one pattern.
const MOST: usize = 1_000;

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// After the first.
    pub after: Millis,
    /// What it does.
    pub action: Action,
    /// Undone after so long.
    pub lasts: Option<Millis>,
}

/// The steps of a pattern that lasts so long; the first comes at once. `seed` is all of its chance.
pub fn parts(pattern: &Pattern, lasts: Option<Millis>, hosts: &[Host], processes: &[Process], seed: u64) -> Vec<Part> {
    let mut chance = Chance(seed);
    let host_of = |name: &String| {
        let process = processes.iter().find(|process| process.name == *name);
        process.map_or(name.clone(), |process| hosts[process.host].name.clone())
    };
    let at_once = |action| Part { after: Millis(0), action, lasts };
    match pattern {
        Pattern::Repeated { what, down, up } => repeated(what, *down, *up, lasts.unwrap_or(Millis(0)), &mut chance),
        Pattern::Bridge(middle) => {
            let middle = host_of(middle);
            let others = hosts.iter().map(|host| host.name.clone()).filter(|name| *name != middle);
            let mut others: Vec<String> = others.collect();
            chance.shuffle(&mut others);
            let far = others.split_off(others.len().div_ceil(2));
            vec![at_once(Action::Partition(vec![named(others), named(far)]))]
        }
        Pattern::Ring(names) => {
            let mut ring = distinct(names.iter().map(host_of));
            chance.shuffle(&mut ring);
            cuts(&ring).into_iter().map(|(a, b)| at_once(Action::Partition(vec![named([a]), named([b])]))).collect()
        }
        Pattern::IsolateOne(names) => {
            let names = distinct(names.iter().map(host_of));
            let one = names[chance.below(names.len() as u64) as usize].clone();
            vec![at_once(Action::Isolate(named([one])))]
        }
        Pattern::Swizzle(names, gap) => swizzle(distinct(names.iter().map(host_of)), *gap, &mut chance),
    }
}

/// From the second time on, a role means whom it meant the first time.
fn repeated(what: &What, down: Span, up: Span, lasts: Millis, chance: &mut Chance) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut after = Millis(0);
    while parts.is_empty() || (after.0 < lasts.0 && parts.len() < MOST) {
        let cut = chance.span(down);
        let mut action = action(what);
        if let (false, Action::Isolate(targets) | Action::Link { a: targets, .. }) = (parts.is_empty(), &mut action) {
            targets.iter_mut().for_each(again);
        }
        // The last one ends with the whole.
        let cut = if parts.is_empty() { cut } else { Millis(cut.0.min(lasts.0 - after.0)) };
        parts.push(Part { after, action, lasts: Some(cut) });
        after = Millis(after.0 + cut.0 + chance.span(up).0);
    }
    parts
}

fn again(target: &mut Target) {
    match target {
        Target::Master(_) => *target = Target::OldMaster,
        Target::Leader => *target = Target::OldLeader,
        _ => {}
    }
}

/// Pairs of a ring that do not see each other. Each sees as many neighbours on either side as make a majority with it.
fn cuts(ring: &[String]) -> Vec<(String, String)> {
    let size = ring.len();
    let reach = (size / 2).div_ceil(2);
    let mut cuts = Vec::new();
    for a in 0..size {
        for b in a + 1..size {
            if (b - a).min(size - (b - a)) > reach {
                cuts.push((ring[a].clone(), ring[b].clone()));
            }
        }
    }
    cuts
}

fn swizzle(mut names: Vec<String>, gap: Span, chance: &mut Chance) -> Vec<Part> {
    chance.shuffle(&mut names);
    let mut times = vec![Millis(0)];
    for _ in 1..names.len() * 2 {
        times.push(Millis(times[times.len() - 1].0 + chance.span(gap).0));
    }
    let mut back: Vec<usize> = (names.len()..names.len() * 2).collect();
    chance.shuffle(&mut back);
    let parts = names.into_iter().zip(back).enumerate();
    let part = |(i, (name, back)): (usize, (String, usize))| Part {
        after: times[i],
        action: Action::Isolate(named([name])),
        lasts: Some(Millis(times[back].0 - times[i].0)),
    };
    parts.map(part).collect()
}

fn named(names: impl IntoIterator<Item = String>) -> Vec<Target> {
    names.into_iter().map(Target::Named).collect()
}

fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    names.for_each(|name| {
        if !seen.contains(&name) {
            seen.push(name);
        }
    });
    seen
}

/// The chance of one pattern: SplitMix64 over the word it was given, so that patterns do not disturb each other.
struct Chance(u64);

impl Chance {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(bound)) >> 64) as u64
    }

    fn span(&mut self, span: Span) -> Millis {
        Millis(span.low.0 + self.below((span.high.0 - span.low.0) as u64 + 1) as i64)
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            all.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_in_a_ring_sees_a_majority_and_no_two_the_same() {
        for size in 3..12 {
            let ring: Vec<String> = (0..size).map(|n| n.to_string()).collect();
            let cuts = cuts(&ring);
            let sees = |a: &String| -> Vec<&String> {
                let cut = |b: &String| cuts.iter().any(|(x, y)| (x, y) == (a, b) || (y, x) == (a, b));
                ring.iter().filter(|b| !cut(b)).collect()
            };
            let views: Vec<_> = ring.iter().map(sees).collect();
            assert!(views.iter().all(|view| view.len() * 2 > size), "{size}: {views:?}");
            let same = (0..size).any(|a| (0..a).any(|b| views[a] == views[b]));
            assert!(!same || cuts.is_empty(), "{size}: {views:?}");
        }
    }

    #[test]
    fn a_swizzle_brings_everybody_back_after_all_were_cut_off() {
        let names: Vec<String> = (0..5).map(|n| n.to_string()).collect();
        let gap = Span { low: Millis(100), high: Millis(300) };
        let parts = swizzle(names, gap, &mut Chance(7));
        let ends: Vec<i64> = parts.iter().map(|part| part.after.0 + part.lasts.unwrap().0).collect();
        assert!(parts[0].after == Millis(0) && ends.iter().all(|end| *end >= parts[4].after.0 + 100), "{parts:?}");
        assert!(!ends.is_sorted(), "{ends:?}");
    }

    #[test]
    fn what_comes_and_goes_ends_with_the_whole_and_keeps_to_its_target() {
        let what = What::Isolate(vec![Target::Master(None)]);
        let second = Span::exactly(Millis(1_000));
        let parts = repeated(&what, second, second, Millis(4_500), &mut Chance(1));
        let times: Vec<_> = parts.iter().map(|part| (part.after.0, part.lasts.unwrap().0)).collect();
        assert_eq!(times, [(0, 1_000), (2_000, 1_000), (4_000, 500)]);
        assert_eq!(parts[0].action, Action::Isolate(vec![Target::Master(None)]));
        assert_eq!(parts[2].action, Action::Isolate(vec![Target::OldMaster]));
    }
}
