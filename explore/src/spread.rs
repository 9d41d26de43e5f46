//! Which points of the grid are looked at: all of them, or a Latin hypercube, in which every value of every setting has its
//! share of the points and no two settings go together.

use serde::{Deserialize, Serialize};
use splitbrain_sim::chance::Stream;

/// Most points of a sweep.
pub const MOST_POINTS: u64 = 100_000;

/// Which points are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// All.
    Grid,
    /// So many, as a Latin hypercube.
    LatinHypercube(u32),
}

/// Points as places on axes with so many values each; the last axis goes fastest. `None` if there are too many.
pub fn points(design: Design, sizes: &[usize]) -> Option<Vec<Vec<u32>>> {
    let grid = sizes.iter().try_fold(1u64, |all, size| all.checked_mul(*size as u64)).filter(|n| *n <= MOST_POINTS);
    match design {
        Design::Grid => grid.map(|count| (0..count).map(|number| point(number, sizes)).collect()),
        Design::LatinHypercube(count) => Some(hypercube(u64::from(count), sizes)),
    }
}

fn point(mut number: u64, sizes: &[usize]) -> Vec<u32> {
    let mut point = vec![0; sizes.len()];
    for (place, size) in point.iter_mut().zip(sizes).rev() {
        *place = (number % *size as u64) as u32;
        number /= *size as u64;
    }
    point
}

/// Each axis is gone through once from its first value to its last, in an order of its own. Equal points are one.
fn hypercube(count: u64, sizes: &[usize]) -> Vec<Vec<u32>> {
    let columns: Vec<Vec<u32>> = sizes
        .iter()
        .enumerate()
        .map(|(axis, size)| {
            let mut column: Vec<u32> = (0..count).map(|k| (k * *size as u64 / count) as u32).collect();
            let mut chance = Stream::new(0, "sweep", &axis.to_string(), "latin-hypercube");
            for last in (1..column.len()).rev() {
                column.swap(last, chance.below(last as u64 + 1) as usize);
            }
            column
        })
        .collect();
    let mut points: Vec<Vec<u32>> =
        (0..count as usize).map(|k| columns.iter().map(|column| column[k]).collect()).collect();
    points.sort_unstable();
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_has_every_point_once() {
        let grid = points(Design::Grid, &[2, 3]).unwrap();
        assert_eq!(grid, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
        assert_eq!(points(Design::Grid, &[]).unwrap(), [Vec::<u32>::new()]);
        assert_eq!(points(Design::Grid, &[1_000, 1_000]), None);
    }

    #[test]
    fn a_hypercube_gives_every_value_its_share() {
        let points = points(Design::LatinHypercube(12), &[3, 12, 4]).unwrap();
        assert_eq!(points.len(), 12);
        for (axis, share) in [(0, 4), (1, 1), (2, 3)] {
            for value in 0..12 / share {
                let having = points.iter().filter(|point| point[axis] == value).count();
                assert_eq!(having, share as usize, "value {value} of axis {axis}");
            }
        }
        assert!(points.windows(2).any(|two| two[0][2] > two[1][2]), "the axes do not go together");
    }
}
