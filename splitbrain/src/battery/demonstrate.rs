//! Which failure shows that a danger found in the files is one. Knows the names of rules; whoever found them and where
//! does not matter.

use super::Row;

/// What is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// The cluster does not recover by itself.
    Stuck,
    /// Acknowledged writes are lost, or two masters take writes.
    Unsafe,
    /// Nobody can write for at least so many milliseconds.
    Gap(i64),
    /// A master is replaced that is well.
    Needless,
}

/// Rules, and where what they warn of is to be seen.
const SHOWN: &[(&str, &[&str], Shows)] = &[
    ("sentinel-count-two", &["master-host-dies"], Shows::Stuck),
    ("sentinel-count-one", &["master-host-dies", "sentinel-then-master"], Shows::Stuck),
    ("sentinel-count-even", &["half-dies"], Shows::Stuck),
    ("sentinel-colocated-with-master-majority", &["master-host-dies"], Shows::Stuck),
    ("single-host", &["master-host-dies"], Shows::Stuck),
    ("no-anti-affinity", &["master-host-dies"], Shows::Stuck),
    ("quorum-exceeds-sentinels", &["master-host-dies", "master-freezes"], Shows::Stuck),
    ("quorum-one", &["one-sentinel-blind"], Shows::Needless),
    ("quorum-differs", &["one-sentinel-blind"], Shows::Needless),
    ("down-after-too-low", &["short-stall"], Shows::Needless),
    ("down-after-too-high", &["master-host-dies"], Shows::Gap(31_000)),
    ("min-replicas-unset", &["master-cut-off-with-clients"], Shows::Unsafe),
    ("min-replicas-max-lag-zero", &["master-cut-off-with-clients"], Shows::Unsafe),
    ("master-without-persistence-autorestart", &["master-dies", "sentinel-then-master"], Shows::Unsafe),
    ("replica-without-persistence", &["new-master-dies-too", "master-dies"], Shows::Unsafe),
    ("role-hardcoded", &["old-master-returns", "rolling-restart", "all-restart"], Shows::Unsafe),
    ("masterauth-missing-on-master", &["old-master-returns", "master-stops", "rolling-restart"], Shows::Stuck),
    ("replica-priority-zero-all", &["master-host-dies"], Shows::Stuck),
    ("sentinel-state-ephemeral", &["rolling-restart", "all-restart"], Shows::Stuck),
];

/// The failure that shows what a rule warns of, with the seed in which to see it and what is seen there, as a sentence
/// without a full stop; nothing if no failure of these shows it.
pub fn shown<'r>(rule: &str, rows: &'r [Row]) -> Option<(&'r Row, String)> {
    let (_, failures, what) = SHOWN.iter().find(|(name, ..)| *name == rule)?;
    let rows = failures.iter().filter_map(|name| rows.iter().find(|row| row.failure.name == *name));
    rows.filter_map(|row| Some((row, sentence(row, *what)?))).next()
}

fn sentence(row: &Row, what: Shows) -> Option<String> {
    let when = format!("when {}", row.failure.title);
    let seconds = |ms: i64| format!("{}.{} s", ms / 1000, ms % 1000 / 100);
    match what {
        Shows::Stuck => (row.recovered < row.runs)
            .then(|| format!("{when}, {} of {} runs do not recover by themselves", row.runs - row.recovered, row.runs)),
        Shows::Unsafe => {
            let (lost, split) = (row.lost.1, row.split_ms.1);
            let told = match (lost > 0, split > 0) {
                (true, true) => format!(
                    "up to {lost} acknowledged writes are lost, and two masters take writes for up to {}",
                    seconds(split)
                ),
                (true, false) => format!("up to {lost} acknowledged writes are lost"),
                (false, true) => format!("two masters take writes for up to {}", seconds(split)),
                (false, false) => return None,
            };
            Some(format!("{when}, {told}"))
        }
        Shows::Gap(least) => {
            (row.gap_ms.1 >= least).then(|| format!("{when}, nobody can write for up to {}", seconds(row.gap_ms.1)))
        }
        Shows::Needless => (row.replaced > 0)
            .then(|| format!("{when}, {} of {} runs replace a master that is well", row.replaced, row.runs)),
    }
}
