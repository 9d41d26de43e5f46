//! How short and how long a pause may be (client spec 9.1 `Backoff`, 3.1, 4, 5, 6, 7), by the settings of the library alone.

use super::line::Moment;
use crate::client_law::ClientLaw;
use splitbrain_model::client::profile::{Backoff, Growth, Profile, Retry};
use splitbrain_model::{Millis, Nanos, TrueTime};

/// How late something may happen: more than any scheduler of a named environment takes, and less than any pause or limit
/// whose neglect matters.
pub(super) const SLACK: u64 = 500_000_000;

/// Between which lengths the pause after the `k`-th failure lies, in nanoseconds.
pub(super) fn backoff(how: &Backoff, k: u32) -> (u64, u64) {
    let ns = |time: Millis| time.nanos().0;
    let doubled = |times: u32| ns(how.base).saturating_mul(1 << times.min(40));
    let grown = match how.growth {
        Growth::Doubling => doubled(k),
        Growth::DoublingFromBase => doubled(k.saturating_sub(1)),
        Growth::Linear => ns(how.base).saturating_mul(u64::from(k)),
        Growth::Constant => ns(how.base),
    };
    let least = if how.jitter { 0 } else { grown };
    let capped = |pause: u64| pause.saturating_add(ns(how.floor)).min(ns(how.cap));
    (capped(least), capped(grown).saturating_add(ns(how.spread)))
}

/// The same between two attempts, after `k` of them that took so long together.
pub(super) fn retry(how: &Retry, k: u32, spent: Nanos) -> (u64, u64) {
    let Some(budget) = how.budget else { return backoff(&how.backoff, k) };
    let left = u64::from(how.attempts.saturating_sub(k)).max(1);
    let rest = budget.nanos().0.saturating_sub(spent.0);
    let pause = if k >= 2 { rest / (left * (left + 1)) } else { 0 };
    (pause, pause)
}

/// The longest pause in which nothing at all is under way for an operation.
pub(super) fn longest(profile: &Profile) -> u64 {
    let most = |how: &Backoff| backoff(how, 40).1;
    let retry = profile.op_retry.budget.map_or(most(&profile.op_retry.backoff), |budget| budget.nanos().0);
    let shared = profile.shared.and_then(|shared| shared.reconnect);
    let others = [
        most(&profile.sentinel_backoff),
        profile.round_retry.map_or(0, |how| most(&how)),
        profile.dial_pause.nanos().0,
        profile.loading_poll.nanos().0,
        shared.map_or(0, |how| most(&how)),
    ];
    others.into_iter().fold(retry, u64::max)
}

/// Which law a pause since `from` breaks that should lie between these lengths.
pub(super) fn judge(
    (least, most): (u64, u64),
    from: Moment,
    now: Moment,
    running_since: TrueTime,
) -> Option<ClientLaw> {
    let pause = now.mono.since(from.mono).0;
    if pause < least {
        Some(ClientLaw::PauseShort)
    } else if pause > most.saturating_add(SLACK) && from.at >= running_since {
        Some(ClientLaw::PauseLong)
    } else {
        None
    }
}
