//! The Pareto front: points that no other beats in everything.

use std::collections::BTreeMap;
use std::ops::Bound;

/// What is to be small.
pub type Objectives = [i64; 3];

/// Whether each point is on the front: none is as small in everything and smaller in something. Equal points are on it
/// together.
pub fn front(points: &[Objectives]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_unstable_by_key(|place| points[*place]);
    let mut on = vec![false; points.len()];
    // Of those before in the first objective: the second, and the smallest third of any that is not larger in it.
    let mut stairs: BTreeMap<i64, i64> = BTreeMap::new();
    let mut last: Option<(Objectives, bool)> = None;
    for place in order {
        let point = points[place];
        if let Some((_, is_on)) = last.filter(|(equal, _)| *equal == point) {
            on[place] = is_on;
            continue;
        }
        let [_, second, third] = point;
        let is_on = stairs.range(..=second).next_back().is_none_or(|(_, least)| *least > third);
        if is_on {
            let above: Vec<i64> = stairs
                .range((Bound::Included(second), Bound::Unbounded))
                .take_while(|(_, least)| **least >= third)
                .map(|(second, _)| *second)
                .collect();
            for second in above {
                stairs.remove(&second);
            }
            stairs.insert(second, third);
        }
        on[place] = is_on;
        last = Some((point, is_on));
    }
    on
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn beats(a: &Objectives, b: &Objectives) -> bool {
        a != b && a.iter().zip(b).all(|(a, b)| a <= b)
    }

    proptest! {
        #[test]
        fn the_front_is_what_comparing_everything_with_everything_gives(
            points in prop::collection::vec(prop::array::uniform3(0..6i64), 0..60)
        ) {
            let expected: Vec<bool> =
                points.iter().map(|point| !points.iter().any(|other| beats(other, point))).collect();
            prop_assert_eq!(front(&points), expected);
        }
    }
}
