//! Orders: which of two kinds of event comes first at one Sentinel, of the leader and of an observer apart. Also orders
//! that were recorded and that no simulated run shows.

use crate::cells::{Cell, Kind, LEVEL, Runs};
use crate::observed::Observed;
use crate::stats::fisher;
use std::collections::{BTreeMap, BTreeSet};

/// Two recorded events closer than this have no order to speak of, ms.
const MARGIN_MS: f64 = 5.0;

/// Role of a Sentinel in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Last elected.
    Leader,
    /// Any other.
    Observer,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::Leader => "leader",
            Role::Observer => "observer",
        }
    }
}

/// First occurrences at one Sentinel, in order: label and time.
pub fn firsts(run: &Observed, sentinel: &str) -> Vec<(String, f64)> {
    let mut firsts: Vec<(String, f64)> = Vec::new();
    for event in run.at(sentinel) {
        let label = event.label();
        if firsts.iter().all(|(known, _)| *known != label) {
            firsts.push((label, event.ms));
        }
    }
    firsts
}

/// The Sentinels of a run whose orders are looked at: the leader, and the first of the others. Several observers of one
/// run are no independent witnesses, and a test that took them for such would find differences where there are none.
fn witnesses(run: &Observed) -> Vec<(Role, Vec<(String, f64)>)> {
    let leader = run.leader();
    let others = run.sentinels().into_iter().filter(|sentinel| Some(*sentinel) != leader);
    let leader = leader.map(|sentinel| (Role::Leader, firsts(run, sentinel)));
    leader.into_iter().chain(others.take(1).map(|sentinel| (Role::Observer, firsts(run, sentinel)))).collect()
}

type Pair = (Role, String, String);
/// In how many runs the first comes first, of how many that have both.
type Tally = BTreeMap<Pair, (u64, u64)>;

fn tally<'a>(runs: impl Iterator<Item = &'a Observed>) -> Tally {
    let mut tally = Tally::new();
    for (role, firsts) in runs.flat_map(witnesses) {
        for (i, (earlier, _)) in firsts.iter().enumerate() {
            for (later, _) in &firsts[i + 1..] {
                let swapped = later < earlier;
                let (a, b) = if swapped { (later, earlier) } else { (earlier, later) };
                let count = tally.entry((role, a.clone(), b.clone())).or_default();
                count.0 += u64::from(!swapped);
                count.1 += 1;
            }
        }
    }
    tally
}

/// Order cells of a scenario. `pass` is left to [`judge`], which knows how many there are.
pub fn cells(runs: &Runs) -> Vec<Cell> {
    let recorded = tally(runs.precise().map(|(_, run)| run));
    let simulated = tally(runs.simulated.iter());
    let both = recorded.into_iter().filter_map(|(pair, count)| Some((simulated.get(&pair).copied()?, pair, count)));
    both.map(|((b, m), (role, first, second), (a, n))| Cell {
        scenario: runs.scenario.clone(),
        cell: format!("{}: {first} before {second}", role.name()),
        kind: Kind::Order,
        recorded: vec![a as f64, n as f64],
        simulated: vec![b as f64, m as f64],
        p: fisher(a, n, b, m),
        distance: (a as f64 / n as f64 - b as f64 / m as f64).abs(),
        pass: true,
    })
    .collect()
}

/// Marks the cells that fail; whether the whole passes: 99 % with p of 0.01 at least, and none below 0.01 divided by
/// their number.
pub fn judge(cells: &mut [Cell]) -> bool {
    let floor = LEVEL / cells.len().max(1) as f64;
    cells.iter_mut().for_each(|cell| cell.pass = cell.p >= LEVEL);
    let failed = cells.iter().filter(|cell| !cell.pass).count();
    failed * 100 <= cells.len() && cells.iter().all(|cell| cell.p >= floor)
}

/// A recorded order that no simulated run shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Unseen {
    /// Scenario.
    pub scenario: String,
    /// Number of the recorded run.
    pub run: u64,
    /// Which Sentinel.
    pub sentinel: String,
    /// The event that came first.
    pub first: String,
    /// The other.
    pub second: String,
    /// So much later, ms.
    pub margin: f64,
}

/// All orders in runs, by role; of every Sentinel.
pub fn orders<'a>(runs: impl Iterator<Item = &'a Observed>) -> BTreeSet<(Role, String, String)> {
    let mut seen = BTreeSet::new();
    for run in runs {
        for (sentinel, role) in roles(run) {
            let firsts = firsts(run, sentinel);
            for (i, (first, _)) in firsts.iter().enumerate() {
                for (second, _) in &firsts[i + 1..] {
                    if !seen.contains(&(role, first.clone(), second.clone())) {
                        seen.insert((role, first.clone(), second.clone()));
                    }
                }
            }
        }
    }
    seen
}

fn roles(run: &Observed) -> impl Iterator<Item = (&str, Role)> {
    let leader = run.leader();
    let role = move |sentinel| if Some(sentinel) == leader { Role::Leader } else { Role::Observer };
    run.sentinels().into_iter().map(move |sentinel| (sentinel, role(sentinel)))
}

/// Recorded orders that are not among these.
pub fn unseen(runs: &Runs, seen: &BTreeSet<(Role, String, String)>) -> Vec<Unseen> {
    let mut found = Vec::new();
    for (number, run) in runs.precise() {
        for (sentinel, role) in roles(run) {
            let firsts = firsts(run, sentinel);
            for (i, (first, at)) in firsts.iter().enumerate() {
                for (second, later) in &firsts[i + 1..] {
                    let margin = later - at;
                    if margin > MARGIN_MS && !seen.contains(&(role, first.clone(), second.clone())) {
                        found.push(Unseen {
                            scenario: runs.scenario.clone(),
                            run: *number,
                            sentinel: format!("{sentinel} ({})", role.name()),
                            first: first.clone(),
                            second: second.clone(),
                            margin,
                        });
                    }
                }
            }
        }
    }
    found
}
