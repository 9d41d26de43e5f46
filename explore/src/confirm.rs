//! What was recommended, played anew with seeds that had no part in the choice. The best of many looks better than it is; fresh
//! seeds tell by how much.

use crate::choose::{Findings, choose};
use crate::figures::{Cell, Yearly};
use crate::merge::Merged;
use serde::Serialize;
use std::ops::Range;

/// How the figures fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// The fresh seeds.
    pub seeds: Range<u64>,
    /// Whether what is recommended keeps the promise with them too, in every environment.
    pub kept: bool,
    /// Figure by figure.
    pub figures: Vec<Figure>,
}

/// One figure, before and again. By the year; times in ms, numbers in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// The environment.
    pub environment: String,
    /// Of the recommended settings; else of those there are now.
    pub recommended: bool,
    /// Its name in JSON.
    pub name: &'static str,
    /// As the choice was made.
    pub before: Yearly,
    /// With fresh seeds.
    pub again: Yearly,
}

impl Figure {
    /// Whether the fresh estimate lies within the interval from before.
    pub fn agrees(&self) -> bool {
        (self.before.low..=self.before.high).contains(&self.again.estimate)
    }
}

impl Confirmation {
    /// Whether the promise is kept again, and every figure of what is recommended agrees.
    pub fn holds(&self) -> bool {
        self.kept && self.figures.iter().all(|figure| !figure.recommended || figure.agrees())
    }
}

/// Compares a sweep with what was played of it with fresh seeds; `None` if nothing was recommended, or was not played.
pub fn confirm(merged: &Merged, findings: &Findings, again: &Merged) -> Option<Confirmation> {
    let recommended = findings.recommended?.point;
    let fresh = choose(again);
    let place = |point: usize| again.plan.points.iter().position(|other| *other == merged.plan.points[point]);
    let kept = again.plan.cells_of(place(recommended)?).all(|cell| fresh.standings[cell].is_kept());
    let mut figures = Vec::new();
    for (environment, name) in merged.plan.environments.iter().enumerate() {
        let both = [(recommended, true), (merged.plan.current, false)];
        for (point, recommended) in both.into_iter().filter(|(point, is)| *is || *point != recommended) {
            let before = &findings.cells[merged.plan.cell(environment, point)];
            let after = &fresh.cells[again.plan.cell(environment, place(point)?)];
            figures.extend(of(before).into_iter().zip(of(after)).map(|((name_of, before), (_, again))| Figure {
                environment: name.clone(),
                recommended,
                name: name_of,
                before,
                again,
            }));
        }
    }
    Some(Confirmation { seeds: again.plan.seeds.clone(), kept, figures })
}

fn of(cell: &Cell) -> [(&'static str, Yearly); 4] {
    [
        ("outage_ms", cell.outage_ms),
        ("lost_milli", cell.lost),
        ("false_failovers_milli", cell.false_failovers),
        ("unrecovered_milli", cell.unrecovered),
    ]
}
