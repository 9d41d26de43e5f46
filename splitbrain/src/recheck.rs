//! Whether a run is the same when it is played again: a share of the seeds is played twice, the second time on a thread
//! that has played nothing before, and everything that a report is made of is compared.

use crate::runner::{Judged, RunError};
use splitbrain_checker::Scratch;
use splitbrain_scenarios::Scenario;
use splitbrain_sim::Digest;
use splitbrain_sim::digest::Chain;

/// How a seed is played and judged.
pub(crate) type Player<'a> = &'a (dyn Fn(&Scenario, u64, &mut Scratch) -> Judged + Sync);

/// Whether this seed is among the share, in millionths, that is played twice. Always the same seeds, whatever else is
/// played; the first one always is.
pub(crate) fn is_chosen(seed: u64, first: u64, share_ppm: u32) -> bool {
    let mut chain = Chain::default();
    chain.words([0x7265_6368_6563_6b00, seed]);
    share_ppm > 0 && (seed == first || chain.digest().0 % 1_000_000 < u128::from(share_ppm))
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
    fn about_the_share_that_is_asked_for_is_chosen_and_the_first_seed_always() {
        let chosen = |ppm| (0..100_000).filter(|seed| is_chosen(*seed, 0, ppm)).count();
        assert_eq!(chosen(0), 0);
        assert!((900..1_100).contains(&chosen(10_000)), "{}", chosen(10_000));
        assert_eq!(chosen(1_000_000), 100_000);
        assert!(is_chosen(41, 41, 1));
    }
}
