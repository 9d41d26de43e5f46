//! How a number of things is cut into chunks: without gaps and overlaps, as evenly as can be, and the same everywhere.

use std::ops::Range;

/// Most pieces of a plan: each is a file.
const MOST_PIECES: u64 = 1024;

/// Fewest runs of a piece, as far as there are so many.
const FEWEST_RUNS: u64 = 32;

/// Chunk `i` of `n` of `total` things: from `floor(total * i / n)` up to `floor(total * (i + 1) / n)`, without the latter.
///
/// # Panics
/// If there is no such chunk: `i` is not below `n`.
pub fn chunk(total: u64, i: u64, n: u64) -> Range<u64> {
    assert!(i < n, "chunk {i} of {n}");
    let bound = |i: u128| (u128::from(total) * i / u128::from(n)) as u64;
    bound(u128::from(i))..bound(u128::from(i) + 1)
}

/// Into how many pieces so many runs are cut. Shards take whole pieces, so that any shards of a plan fit together.
pub fn pieces(runs: u64) -> u64 {
    runs.div_ceil(FEWEST_RUNS).min(MOST_PIECES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chunks_tile_whatever_is_cut(total in any::<u64>(), n in 1..2_000u64) {
            let mut next = 0;
            for i in 0..n {
                let chunk = chunk(total, i, n);
                prop_assert_eq!(chunk.start, next);
                prop_assert!(chunk.end >= chunk.start);
                prop_assert!(chunk.end - chunk.start <= total / n + 1);
                next = chunk.end;
            }
            prop_assert_eq!(next, total);
        }

        #[test]
        fn pieces_of_shards_tile_the_runs(runs in 1..10_000_000u64, n in 1..3_000u64) {
            let all = pieces(runs);
            let of_shards: Vec<u64> = (0..n).flat_map(|i| chunk(all, i, n)).collect();
            prop_assert_eq!(of_shards, (0..all).collect::<Vec<u64>>());
            prop_assert!((0..all).all(|piece| !chunk(runs, piece, all).is_empty()));
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        assert_eq!(chunk(u64::MAX, u64::MAX - 1, u64::MAX), u64::MAX - 1..u64::MAX);
        assert_eq!(chunk(10, 2, 3), 6..10);
    }
}
