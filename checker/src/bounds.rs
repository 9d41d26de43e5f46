//! What the settings imply: time bounds of Sentinel's rules, derived in the Sentinel spec, section 16 (RTT much shorter
//! than a tick, no overload). Bounds of the protocol, not of a network: a slow link adds its round trips.

use crate::observations::MasterSettings;
use splitbrain_model::Millis;

/// One timer period of Sentinel at its slowest (hz 10).
const TICK: i64 = 100;
/// Spacing of PING and INFO while a failover runs, with the tick that notices it is due.
const POLL: i64 = 1_000 + TICK;
/// Scheduling, fsyncs and round trips on top of the rules.
const SLACK: i64 = 500;
/// SENTINEL_ELECTION_TIMEOUT
const ELECTION: i64 = 10_000;
/// A stray master or replica is looked at with every INFO, each 10 s, at least 8 s after it was noticed.
const REPAIR: i64 = 10_100;

/// From the failure to a Sentinel's own +sdown at the latest, beyond down-after: the first unanswered PING leaves
/// within one poll, the limit is noticed within one tick.
const DETECTION: i64 = POLL + TICK;
/// From +sdown to +odown at the latest: the second opinion arrives a tick later, or with the next ask a second later.
const AGREEMENT: i64 = TICK + POLL;
/// From +try-failover to +promoted-slave at the latest when the first election is won: elected after 150 ms, selected
/// and told after a tick each, seen in the next INFO.
const PROMOTION: i64 = 150 + 2 * TICK + POLL;
/// From the failure to the first +switch-master at the latest, beyond down-after.
const COMPLETION: i64 = DETECTION + AGREEMENT + PROMOTION + 2 * TICK + SLACK;
/// A pause before the next attempt lasts so much longer than it is meant to at most.
const RETRY: i64 = 1_000;

/// A replica notices the end of repl-timeout within a second, connects within another, and is sent the dataset after
/// the diskless delay of 5 s.
const RESYNCHRONISED: i64 = 8_000;

/// An inclusive range of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Earliest.
    pub from: Millis,
    /// Latest.
    pub to: Millis,
}

const fn range(from: i64, to: i64) -> Range {
    Range { from: Millis(from), to: Millis(to) }
}

/// A Sentinel's own +sdown after the master fell silent.
pub fn sdown(settings: &MasterSettings) -> Range {
    let down_after = settings.down_after.0;
    range(down_after, down_after + DETECTION)
}

/// First +odown.
pub fn odown(settings: &MasterSettings) -> Range {
    let down_after = settings.down_after.0;
    range(down_after, down_after + DETECTION + AGREEMENT)
}

/// From +try-failover to +promoted-slave when the first election is won.
pub fn promotion() -> Range {
    range(0, PROMOTION)
}

/// From the failure to the first +switch-master, when the first election is won.
pub fn completion(settings: &MasterSettings) -> Range {
    let down_after = settings.down_after.0;
    range(down_after, down_after + COMPLETION)
}

/// How long a Sentinel waits from an attempt or a vote until its next attempt.
pub fn retry(settings: &MasterSettings) -> Range {
    let embargo = 2 * settings.failover_timeout.0;
    range(embargo, embargo + RETRY)
}

/// How long an election lasts before it is given up.
pub fn election(settings: &MasterSettings) -> Range {
    let limit = ELECTION.min(settings.failover_timeout.0);
    range(limit, limit + 1_000 + TICK)
}

/// How long after the last fault or repair everybody agrees, if a majority of the Sentinels runs and a replica can be
/// promoted: one failed attempt, one good one, reconfiguration up to its timeout, repair of what was left behind.
pub fn convergence(settings: &MasterSettings) -> Millis {
    convergence_at(settings.down_after, settings.failover_timeout)
}

/// [`convergence`] as far as it hangs on these two settings, which is all it hangs on.
pub const fn convergence_at(down_after: Millis, failover_timeout: Millis) -> Millis {
    let retried = 2 * failover_timeout.0 + RETRY;
    Millis(down_after.0 + COMPLETION + retried + TICK + 2 * failover_timeout.0 + REPAIR + SLACK)
}

/// How much longer a replica may be without its master although everybody agrees: a master that lost power while the
/// replica waited for an answer leaves it waiting for repl-timeout, looked at once a second; then it connects again and
/// is synchronised after the diskless delay (Redis spec, replication cron).
pub const fn resynchronisation(repl_timeout: u32) -> Millis {
    Millis(repl_timeout as i64 * 1_000 + RESYNCHRONISED)
}

/// Votes a Sentinel needs among `voters` Sentinels (itself included): the larger of quorum and majority.
pub fn votes_needed(quorum: u32, voters: u32) -> u32 {
    quorum.max(voters / 2 + 1)
}

/// How long a master without replicas goes on accepting writes, `None` if min-replicas does not limit it: lag counted
/// in whole seconds, looked at once a second.
pub fn exposure(settings: &MasterSettings) -> Option<Range> {
    if settings.min_replicas_to_write == 0 || settings.min_replicas_max_lag == 0 {
        return None;
    }
    let lag = i64::from(settings.min_replicas_max_lag) * 1_000;
    Some(range(lag, lag + 2_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::NodeIx;

    fn settings() -> MasterSettings {
        MasterSettings {
            name: "mymaster".into(),
            initial: NodeIx(0),
            redis: vec![NodeIx(0)],
            sentinels: vec![NodeIx(1)],
            quorum: 2,
            down_after: Millis(5_000),
            failover_timeout: Millis(10_000),
            parallel_syncs: 1,
            min_replicas_to_write: 1,
            min_replicas_max_lag: 10,
            repl_timeout: 60,
        }
    }

    #[test]
    fn bounds_are_those_of_the_worked_timeline() {
        assert_eq!(sdown(&settings()), range(5_000, 6_200));
        assert_eq!(odown(&settings()).to, Millis(6_300 + 1_100));
        assert_eq!(completion(&settings()).to, Millis(7_400 + 1_450 + 200 + 500));
        assert_eq!(retry(&settings()), range(20_000, 21_000));
        assert_eq!(election(&settings()), range(10_000, 11_100));
        assert_eq!(exposure(&settings()), Some(range(10_000, 12_000)));
        assert_eq!(convergence(&settings()), Millis(9_550 + 21_000 + 100 + 20_000 + 10_100 + 500));
        assert_eq!(votes_needed(1, 5), 3);
        assert_eq!(votes_needed(4, 5), 4);
    }
}
