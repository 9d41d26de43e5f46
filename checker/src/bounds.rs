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

/// A Sentinel's own +sdown after the master fell silent: the first unanswered PING leaves within one poll, the limit is
/// noticed within one tick.
pub fn sdown(settings: &MasterSettings) -> Range {
    let down_after = settings.down_after.0;
    range(down_after, down_after + POLL + TICK)
}

/// First +odown: the second opinion arrives a tick later, or with the next ask a second later.
pub fn odown(settings: &MasterSettings) -> Range {
    let sdown = sdown(settings);
    range(sdown.from.0, sdown.to.0 + TICK + POLL)
}

/// From +try-failover to +promoted-slave when the first election is won: elected after 150 ms, selected and told after
/// a tick each, seen in the next INFO.
pub fn promotion() -> Range {
    range(0, 150 + 2 * TICK + POLL)
}

/// From the failure to the first +switch-master, when the first election is won.
pub fn completion(settings: &MasterSettings) -> Range {
    range(settings.down_after.0, odown(settings).to.0 + promotion().to.0 + 2 * TICK + SLACK)
}

/// How long a Sentinel waits from an attempt or a vote until its next attempt.
pub fn retry(settings: &MasterSettings) -> Range {
    let embargo = 2 * settings.failover_timeout.0;
    range(embargo, embargo + 1_000)
}

/// How long an election lasts before it is given up.
pub fn election(settings: &MasterSettings) -> Range {
    let limit = ELECTION.min(settings.failover_timeout.0);
    range(limit, limit + 1_000 + TICK)
}

/// How long after the last fault or repair everybody agrees, if a majority of the Sentinels runs and a replica can be
/// promoted: one failed attempt, one good one, reconfiguration up to its timeout, repair of what was left behind.
pub fn convergence(settings: &MasterSettings) -> Millis {
    let timeout = settings.failover_timeout.0;
    Millis(completion(settings).to.0 + retry(settings).to.0 + TICK + timeout + timeout + REPAIR + SLACK)
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
        assert_eq!(votes_needed(1, 5), 3);
        assert_eq!(votes_needed(4, 5), 4);
    }
}
