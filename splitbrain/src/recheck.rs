//! Whether a run is the same when it is played again: a share of the seeds is played twice, the second time on a thread
//! that has played nothing before, and everything that a report is made of is compared.

use crate::runner::{Judged, RunError};
use splitbrain_checker::Scratch;
use splitbrain_scenarios::Scenario;
use splitbrain_sim::Digest;
use splitbrain_sim::digest::Chain;
use std::ops::Range;

/// How a seed is played and judged.
pub(crate) type Player<'a> = &'a (dyn Fn(&Scenario, u64, &mut Scratch) -> Judged + Sync);

/// Whether this seed is among the share, in millionths, that is played twice: always the same seeds of a scenario, others of
/// another. Of so few seeds that none might be, the first one is.
pub(crate) fn is_chosen(scenario: &str, seeds: &Range<u64>, seed: u64, share_ppm: u32) -> bool {
    let mut chain = Chain::default();
    chain.text(scenario);
    chain.word(seed);
    let is_few = u128::from(seeds.end - seeds.start) * u128::from(share_ppm) < 1_000_000;
    let by_chance = chain.digest().0 % 1_000_000 < u128::from(share_ppm);
    share_ppm > 0 && (by_chance || is_few && seed == seeds.start)
}

/// Plays a seed again and compares.
///
/// # Errors
/// If anything differs.
pub(crate) fn recheck(scenario: &Scenario, first: &Judged, player: Player<'_>) -> Result<(), RunError> {
    let seed = first.run.seed;
    let again = std::thread::scope(|scope| {
        let fresh = std::thread::Builder::new().spawn_scoped(scope, || player(scenario, seed, &mut Scratch::default()));
        fresh.map(|thread| thread.join())
    });
    let again = again.map_err(|error| RunError::Threads(error.to_string()))?;
    let different = |what: String| RunError::Nondeterministic { file: scenario.file.clone(), seed, what };
    let again = again.map_err(|_| different("it panicked".to_owned()))?;
    let (a, b) = (&first.run, &again.run);
    if a.digest != b.digest {
        return Err(different(format!("digest {}, then {}", Digest(a.digest), Digest(b.digest))));
    }
    let parts = [
        ("findings", a.findings == b.findings && a.undecided == b.undecided),
        ("metrics", a.metrics == b.metrics),
        ("coverage", first.tally == again.tally),
        ("verdict", a.verdict == b.verdict),
    ];
    match parts.iter().find(|(_, same)| !same) {
        Some((part, _)) => Err(different(format!("the digests are equal, but not the {part}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_chosen;

    #[test]
    fn about_the_share_that_is_asked_for_is_chosen_and_at_least_the_first_of_few() {
        let chosen = |ppm| (0..100_000).filter(|seed| is_chosen("a", &(0..100_000), *seed, ppm)).count();
        assert_eq!(chosen(0), 0);
        assert!((900..1_100).contains(&chosen(10_000)), "{}", chosen(10_000));
        assert_eq!(chosen(1_000_000), 100_000);
        let of = |name| (0..1_000).filter(|seed| is_chosen(name, &(0..1_000), *seed, 10_000)).collect::<Vec<u64>>();
        assert_ne!(of("a"), of("b"));
        assert!(is_chosen("a", &(41..42), 41, 1));
    }
}
