//! What follows from the figures: which settings keep the promise everywhere, which of them to take, where a step turns good into
//! bad, and how much each setting matters.

use crate::figures::{Cell, Difference, cells, differences};
use crate::front::front;
use crate::merge::Merged;
use crate::plan::Plan;
use crate::promise::{Goal, Standing};
use crate::sweep::Point;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Everything that is known after a sweep.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The figures of each cell.
    pub cells: Vec<Cell>,
    /// Against the scenario as it stands.
    pub differences: Vec<Difference>,
    /// How each cell stands to the promise.
    pub standings: Vec<Standing>,
    /// Whether a cell is on the front of its environment.
    pub front: Vec<bool>,
    /// The settings to take; `None` if none keeps the promise in every environment.
    pub recommended: Option<Recommendation>,
    /// The steps that change whether the promise is kept, from the recommended settings, or else from the scenario as it stands.
    pub cliffs: Vec<Cliff>,
    /// By environment, then by setting.
    pub effects: Vec<Vec<Effect>>,
}

/// Settings to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// Which.
    pub point: usize,
    /// What is left of the tightest limit in the worst environment, in millionths.
    pub margin_ppm: Option<i64>,
}

/// How far one setting can be moved alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cliff {
    /// The environment.
    pub environment: usize,
    /// The setting.
    pub axis: usize,
    /// Its value at the starting point; values are places on the axis.
    pub from: u32,
    /// Whether the promise is kept there.
    pub kept: bool,
    /// Towards the first value.
    pub down: Turn,
    /// Towards the last value.
    pub up: Turn,
}

/// How far in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The last value with the same outcome.
    pub same_until: u32,
    /// The next one, with the other.
    pub flips_at: Option<u32>,
    /// What is broken there.
    pub broken: Vec<(Goal, i64, i64)>,
}

/// What a setting does on average over all others: for each of its values the means of the yearly figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// By values: cells, time without writes (ms), writes lost and false failovers (thousandths).
    pub levels: Vec<(u64, i64, i64, i64)>,
}

/// Draws all conclusions.
pub fn choose(merged: &Merged) -> Findings {
    let plan = &merged.plan;
    let cells = cells(merged);
    let standings: Vec<Standing> = cells.iter().map(|cell| plan.promise.standing(cell)).collect();
    let recommended = recommend(plan, &cells, &standings);
    let start = recommended.map_or(plan.current, |it| it.point);
    Findings {
        front: fronts(plan, &cells),
        cliffs: cliffs(plan, &standings, start),
        effects: effects(plan, &cells),
        differences: differences(merged),
        recommended,
        standings,
        cells,
    }
}

/// Time without writes, writes lost, false failovers: by environment. A cell that was not decided is on no front, and neither is
/// one that was left out of later rounds: another had beaten it, and with fewer seeds it would only be luckier.
pub(crate) fn fronts(plan: &Plan, cells: &[Cell]) -> Vec<bool> {
    let mut on = vec![false; cells.len()];
    let most = cells.iter().map(|cell| cell.runs).max();
    for environment in 0..plan.environments.len() {
        let decided: Vec<usize> = (0..plan.points.len())
            .map(|point| plan.cell(environment, point))
            .filter(|cell| cells[*cell].undecided == 0 && Some(cells[*cell].runs) == most)
            .collect();
        let objectives = |cell: &usize| {
            let cell = &cells[*cell];
            [cell.outage_ms.estimate, cell.lost.estimate, cell.false_failovers.estimate]
        };
        let found = front(&decided.iter().map(objectives).collect::<Vec<_>>());
        decided.into_iter().zip(found).for_each(|(cell, is_on)| on[cell] = is_on);
    }
    on
}

/// Which settings are to be preferred.
pub(crate) struct Order<'a> {
    plan: &'a Plan,
    cells: &'a [Cell],
    standings: &'a [Standing],
    places: BTreeMap<&'a Point, usize>,
}

impl<'a> Order<'a> {
    pub(crate) fn new(plan: &'a Plan, cells: &'a [Cell], standings: &'a [Standing]) -> Order<'a> {
        Order { plan, cells, standings, places: places(plan) }
    }

    /// Whether a point keeps the promise in every environment.
    pub(crate) fn keeps(&self, point: usize) -> bool {
        self.plan.cells_of(point).all(|cell| self.standings[cell].is_kept())
    }

    /// What is left of the tightest limit in the worst environment.
    fn margin(&self, point: usize) -> Option<i64> {
        self.plan.cells_of(point).filter_map(|cell| self.standings[cell].margin_ppm).min()
    }

    /// The points one step away.
    pub(crate) fn beside(&self, point: usize) -> impl Iterator<Item = usize> {
        let steps = (0..self.plan.axes.len()).flat_map(|axis| [(axis, -1), (axis, 1)]);
        steps.filter_map(move |(axis, step)| {
            let mut other = self.plan.points[point].clone();
            other[axis] = Some(u32::try_from(i64::from(other[axis]?) + step).ok()?);
            self.places.get(&other).copied()
        })
    }

    /// The fewest cliffs one step away come first; then the largest margin in whole percents; then what changes least; then
    /// the least time without writes.
    pub(crate) fn key(&self, point: usize) -> (usize, Reverse<Option<i64>>, usize, i128) {
        let edges = self.beside(point).filter(|other| !self.keeps(*other)).count();
        let percents = self.margin(point).map(|ppm| ppm.div_euclid(10_000));
        let outage = self.plan.cells_of(point).map(|cell| i128::from(self.cells[cell].outage_ms.estimate)).sum();
        (edges, Reverse(percents), changes(self.plan, point), outage)
    }
}

/// The first of the settings that keep the promise in every environment. Of what was played in rounds, those that were played
/// longest.
fn recommend(plan: &Plan, cells: &[Cell], standings: &[Standing]) -> Option<Recommendation> {
    let order = Order::new(plan, cells, standings);
    let runs = |point: usize| plan.cells_of(point).map(|cell| cells[cell].runs).min();
    let kept = (0..plan.points.len()).filter(|point| order.keeps(*point));
    let best = kept.min_by_key(|point| (Reverse(runs(*point)), order.key(*point)))?;
    Some(Recommendation { point: best, margin_ppm: order.margin(best) })
}

/// Where each point is.
fn places(plan: &Plan) -> BTreeMap<&Point, usize> {
    plan.points.iter().enumerate().map(|(place, point)| (point, place)).collect()
}

/// How many settings are other than in the scenario as it stands.
fn changes(plan: &Plan, point: usize) -> usize {
    let now = &plan.points[plan.current];
    let differs =
        |(axis, place): (usize, &Option<u32>)| plan.axes[axis].shown(*place) != plan.axes[axis].shown(now[axis]);
    plan.points[point].iter().enumerate().filter(|it| differs(*it)).count()
}

fn cliffs(plan: &Plan, standings: &[Standing], start: usize) -> Vec<Cliff> {
    let places = places(plan);
    let mut cliffs = Vec::new();
    for environment in 0..plan.environments.len() {
        for axis in 0..plan.axes.len() {
            // The scenario as it stands may be no point of the grid, and has no neighbours then.
            let Some(from) = plan.points[start][axis] else { continue };
            let standing = |place: u32| {
                let mut point = plan.points[start].clone();
                point[axis] = Some(place);
                places.get(&point).map(|point| &standings[plan.cell(environment, *point)])
            };
            let Some(now) = standing(from) else { continue };
            let walk = |steps: &mut dyn Iterator<Item = u32>| {
                let mut turn = Turn { same_until: from, flips_at: None, broken: Vec::new() };
                for place in steps {
                    let Some(there) = standing(place) else { break };
                    if there.is_kept() != now.is_kept() {
                        turn.flips_at = Some(place);
                        turn.broken = there.broken.clone();
                        break;
                    }
                    turn.same_until = place;
                }
                turn
            };
            let last = plan.axes[axis].values.len() as u32;
            let (down, up) = (walk(&mut (0..from).rev()), walk(&mut (from + 1..last)));
            cliffs.push(Cliff { environment, axis, from, kept: now.is_kept(), down, up });
        }
    }
    cliffs
}

fn effects(plan: &Plan, cells: &[Cell]) -> Vec<Vec<Effect>> {
    let of = |environment: usize, axis: usize, value: u32| {
        let (mut count, mut sums) = (0, [0i128; 3]);
        for (point, places) in plan.points.iter().enumerate() {
            let cell = &cells[plan.cell(environment, point)];
            if places[axis] == Some(value) && cell.undecided == 0 {
                count += 1;
                let values = [cell.outage_ms, cell.lost, cell.false_failovers];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += i128::from(value.estimate));
            }
        }
        let mean = |sum: i128| if count == 0 { 0 } else { (sum / i128::from(count)) as i64 };
        (count, mean(sums[0]), mean(sums[1]), mean(sums[2]))
    };
    let effect = |environment, axis: usize| Effect {
        levels: (0..plan.axes[axis].values.len() as u32).map(|value| of(environment, axis, value)).collect(),
    };
    (0..plan.environments.len())
        .map(|environment| (0..plan.axes.len()).map(|axis| effect(environment, axis)).collect())
        .collect()
}
