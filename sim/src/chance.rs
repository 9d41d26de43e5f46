//! Chance: named ChaCha8 streams. One stream per entity and purpose, keyed by a hash of (version tag, seed, kind, name,
//! purpose) and made at first use, so that adding an entity changes nobody else's draws. Only raw words are taken from
//! the generator; ranges and shapes are made here with integer arithmetic.

use crate::digest::Chain;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitbrain_model::{Draws, Nanos, Purpose};
use splitbrain_scenarios::Dist;

/// Part of every stream's key. A change of it changes what every seed means.
pub const VERSION_TAG: &str = "splitbrain-1";

/// One stream of words.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream for `purpose` of the entity `name` of this `kind` under `seed`.
    pub fn new(seed: u64, kind: &str, name: &str, purpose: &str) -> Stream {
        let mut chain = Chain::default();
        chain.text(VERSION_TAG);
        chain.word(seed);
        chain.text(kind);
        chain.text(name);
        chain.text(purpose);
        Stream::keyed(chain)
    }

    fn keyed(mut chain: Chain) -> Stream {
        let low = chain.digest().0;
        chain.word(1);
        let high = chain.digest().0;
        let mut key = [0; 32];
        key[..16].copy_from_slice(&low.to_le_bytes());
        key[16..].copy_from_slice(&high.to_le_bytes());
        Stream(ChaCha8Rng::from_seed(key))
    }

    /// Goes on otherwise: with a stream whose key is what this one would have drawn next, and the new seed. Streams that
    /// did not touch each other do not touch each other then either.
    pub fn reseed(&mut self, again: u64) {
        let mut chain = Chain::default();
        chain.text(VERSION_TAG);
        chain.text("again");
        chain.words([self.word(), self.word(), again]);
        *self = Stream::keyed(chain);
    }

    /// The next word.
    #[inline]
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, uniformly up to a bias of `bound` / 2⁶⁴.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(bound)) >> 64) as u64
    }

    /// Whether something of this probability, in parts per million, happens.
    #[inline]
    pub fn happens(&mut self, ppm: u32) -> bool {
        ppm > 0 && self.below(1_000_000) < u64::from(ppm)
    }

    /// A duration from a distribution.
    #[inline]
    pub fn duration(&mut self, dist: &Dist) -> Nanos {
        match dist {
            Dist::Fixed(d) => *d,
            Dist::Uniform(lo, hi) => Nanos(lo.0 + self.below(hi.0.saturating_sub(lo.0) + 1)),
            Dist::Quantiles(points) => self.quantile(points),
        }
    }

    fn quantile(&mut self, points: &[(u32, Nanos)]) -> Nanos {
        // Finer than the quantiles are given, so that the lines between them are really drawn.
        let at = self.below(10_000 << 16);
        let above = points.iter().position(|&(q, _)| u64::from(q) << 16 > at).unwrap_or(points.len() - 1).max(1);
        let ((q0, d0), (q1, d1)) = (points[above - 1], points[above]);
        let (from, width) = (u64::from(q0) << 16, u64::from(q1 - q0) << 16);
        let share = at.saturating_sub(from).min(width);
        let rise = u128::from(d1.0.saturating_sub(d0.0)) * u128::from(share) / u128::from(width.max(1));
        Nanos(d0.0 + rise as u64)
    }
}

/// The streams of one process, as the model draws from them.
#[derive(Debug)]
pub struct ProcessDraws {
    seed: u64,
    kind: &'static str,
    name: String,
    streams: [Option<Box<Stream>>; Purpose::COUNT],
    /// The seed of everything from some moment on.
    again: Option<u64>,
    /// Chain over the words drawn since it was last taken; part of the run's digest.
    drawn: Chain,
    any: bool,
}

impl ProcessDraws {
    /// Streams of the process `name` of this `kind`.
    pub fn new(seed: u64, kind: &'static str, name: &str) -> ProcessDraws {
        ProcessDraws {
            seed,
            kind,
            name: name.to_owned(),
            streams: Default::default(),
            again: None,
            drawn: Chain::default(),
            any: false,
        }
    }

    /// Goes on otherwise, with streams that are not made yet too.
    pub fn reseed(&mut self, again: u64) {
        self.again = Some(again);
        self.streams.iter_mut().flatten().for_each(|stream| stream.reseed(again));
    }

    /// A digest of what was drawn since the last call, if anything was.
    #[inline]
    pub fn take_drawn(&mut self) -> Option<u64> {
        if !self.any {
            return None;
        }
        self.any = false;
        Some(self.drawn.digest().0 as u64)
    }
}

impl Draws for ProcessDraws {
    fn word(&mut self, purpose: Purpose) -> u64 {
        let ProcessDraws { seed, kind, name, streams, again, drawn, any } = self;
        let label = Purpose::LABELS[purpose as usize];
        let made = || {
            let mut stream = Stream::new(*seed, kind, name, label);
            again.iter().for_each(|again| stream.reseed(*again));
            Box::new(stream)
        };
        let stream = streams[purpose as usize].get_or_insert_with(made);
        let word = stream.word();
        drawn.word(word);
        *any = true;
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_never_change_and_do_not_touch_each_other() {
        let mut stream = Stream::new(7, "redis", "redis-1", "wake");
        assert_eq!([stream.word(), stream.word()], [1_362_931_890_454_619_338, 9_813_902_242_902_161_966]);
        let mut other = Stream::new(7, "redis", "redis-2", "wake");
        assert_ne!(other.word(), Stream::new(7, "redis", "redis-1", "wake").word());
    }

    #[test]
    fn a_stream_goes_on_as_before_until_it_is_reseeded_and_then_by_the_new_seed() {
        let begun = |draws: &mut ProcessDraws| [(); 3].map(|()| draws.word(Purpose::Workload));
        let new = || ProcessDraws::new(7, "client", "client-1");
        let (mut left, mut one, mut two, mut one_again) = (new(), new(), new(), new());
        assert_eq!(begun(&mut left), begun(&mut one));
        assert_eq!(begun(&mut two), begun(&mut one_again));
        one.reseed(1);
        one_again.reseed(1);
        two.reseed(2);
        // Streams in use, and those that nobody has drawn from so far.
        for purpose in [Purpose::Workload, Purpose::Pacing] {
            let drawn = one.word(purpose);
            assert_eq!(drawn, one_again.word(purpose));
            assert_ne!(drawn, two.word(purpose));
            assert_ne!(drawn, left.word(purpose));
        }
    }

    #[test]
    fn ranges_never_change() {
        let mut stream = Stream::new(1, "test", "ranges", "golden");
        let drawn: Vec<u64> = (0..6).map(|_| stream.below(10)).collect();
        assert_eq!(drawn, [4, 5, 2, 9, 5, 7]);
    }

    #[test]
    fn quantiles_stay_between_their_ends_and_meet_the_median() {
        let dist = Dist::Quantiles(vec![(0, Nanos(100)), (5_000, Nanos(200)), (10_000, Nanos(1_000))]);
        let mut stream = Stream::new(1, "test", "quantiles", "shape");
        let mut drawn: Vec<u64> = (0..10_001).map(|_| stream.duration(&dist).0).collect();
        drawn.sort_unstable();
        assert!(drawn[0] >= 100 && drawn[10_000] <= 1_000);
        assert!((190..=215).contains(&drawn[5_000]), "median {}", drawn[5_000]);
    }
}
