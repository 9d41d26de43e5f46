//! Which failure shows that what was found in the files is a danger: it is played with the deployment as it is and with that
//! one thing mended, and has to be worse as it is. Knows the names of rules; whoever found them and where does not matter.

use super::changes;
use super::cluster::Cluster;
use super::drills::Drill;
use super::failures::Failure;
use super::{BatteryError, Player, Row};

/// What is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// A dead master is not replaced.
    NoFailover,
    /// The cluster does not recover by itself.
    Stuck,
    /// Acknowledged writes are lost, or two masters take writes.
    Unsafe,
    /// Nobody can write for much longer.
    Gap,
    /// A master is replaced that is well.
    Needless,
    /// Keys are evicted, or writes are refused for lack of memory.
    Memory,
}

/// A rule, where what it warns of is to be seen, and what mends it.
struct Shown {
    rule: &'static str,
    failures: &'static [&'static str],
    what: Shows,
    mend: fn(&mut Cluster),
}

const fn shown(rule: &'static str, failures: &'static [&'static str], what: Shows, mend: fn(&mut Cluster)) -> Shown {
    Shown { rule, failures, what, mend }
}

/// The rules that failures can show.
pub fn rules() -> impl Iterator<Item = &'static str> {
    SHOWN.iter().map(|its| its.rule)
}

/// How a rule was demonstrated.
#[derive(Clone, Debug)]
pub struct Demonstration {
    /// The rule.
    pub rule: &'static str,
    /// What the failure did to the deployment as it is.
    pub row: Row,
    /// What is seen there, as a sentence without a full stop.
    pub told: String,
    /// The same failure was played for this only.
    pub drill: bool,
}

/// A gap that is longer by less is none worth telling, ms.
const LONGER: i64 = 5_000;

fn change(cluster: &mut Cluster, names: &[&str]) {
    names.iter().for_each(|name| changes::make(name, cluster));
}

/// Three Sentinels on machines of their own, with the quorum that there is: that is another rule's.
fn three_sentinels(cluster: &mut Cluster) {
    let quorum = cluster.watch.quorum;
    change(cluster, &["three-sentinels"]);
    cluster.watch.quorum = quorum;
}

fn machines_apart(cluster: &mut Cluster) {
    three_sentinels(cluster);
    change(cluster, &["a-machine-each"]);
}

const SHOWN: &[Shown] = &[
    shown("sentinel-count-two", &["master-host-dies"], Shows::NoFailover, three_sentinels),
    shown("sentinel-count-one", &["master-host-dies", "sentinel-then-master"], Shows::NoFailover, three_sentinels),
    shown(
        "sentinel-count-even",
        &["half-dies", "half-the-sentinels-stop"],
        Shows::NoFailover,
        changes::one_more_sentinel,
    ),
    shown("sentinel-colocated-with-master-majority", &["master-host-dies"], Shows::NoFailover, three_sentinels),
    shown("single-host", &["master-host-dies"], Shows::NoFailover, machines_apart),
    shown("no-anti-affinity", &["master-host-dies", "one-machine-has-all"], Shows::NoFailover, machines_apart),
    shown("quorum-exceeds-sentinels", &["master-host-dies", "master-freezes"], Shows::NoFailover, |its| {
        change(its, &["quorum-of-a-majority"]);
    }),
    shown("quorum-one", &["one-sentinel-blind"], Shows::Needless, |its| change(its, &["quorum-of-a-majority"])),
    shown("quorum-differs", &["one-sentinel-blind"], Shows::Needless, |its| change(its, &["quorum-of-a-majority"])),
    shown("down-after-too-low", &["short-stall"], Shows::Needless, |its| change(its, &["down-after-5000"])),
    shown("down-after-too-high", &["master-host-dies"], Shows::Gap, |its| change(its, &["down-after-5000"])),
    shown(
        "failover-timeout-below-down-after",
        &["replica-then-master", "master-host-dies", "new-master-dies-too"],
        Shows::Gap,
        |its| change(its, &["failover-timeout-60000"]),
    ),
    shown("min-replicas-unset", &["master-cut-off-with-clients", "new-master-cut-off"], Shows::Unsafe, |its| {
        for server in &mut its.servers {
            if server.setting("min-replicas-to-write").is_none_or(|text| text == "0") {
                server.set("min-replicas-to-write", "1");
            }
        }
    }),
    shown("min-replicas-max-lag-zero", &["master-cut-off-with-clients", "new-master-cut-off"], Shows::Unsafe, |its| {
        its.set("min-replicas-max-lag", "10");
    }),
    shown("master-without-persistence-autorestart", &["master-dies", "sentinel-then-master"], Shows::Unsafe, |its| {
        change(its, &["persistence"]);
    }),
    shown(
        "replica-without-persistence",
        &["new-master-dies-too", "promoted-restarts", "master-dies"],
        Shows::Unsafe,
        |its| {
            change(its, &["persistence"]);
        },
    ),
    shown("role-hardcoded", &["old-master-returns", "rolling-restart", "all-restart"], Shows::Unsafe, |its| {
        change(its, &["lasting-configuration"]);
    }),
    shown("role-hardcoded", &["new-master-dies-too", "promoted-restarts"], Shows::Gap, |its| {
        change(its, &["lasting-configuration"]);
    }),
    shown(
        "masterauth-missing-on-master",
        &["old-master-returns", "master-stops", "rolling-restart"],
        Shows::Stuck,
        changes::one_password,
    ),
    shown("sentinel-auth-pass-missing", &["master-host-dies"], Shows::NoFailover, changes::one_password),
    shown("password-mismatch", &["master-host-dies"], Shows::NoFailover, changes::one_password),
    shown("masterauth-missing-on-replica", &["master-host-dies"], Shows::Stuck, changes::one_password),
    shown("master-name-mismatch", &["master-host-dies"], Shows::NoFailover, changes::one_more_sentinel),
    shown("replica-priority-zero-all", &["master-host-dies"], Shows::NoFailover, |its| {
        its.set("replica-priority", "100")
    }),
    shown(
        "sentinel-state-ephemeral",
        &["sentinel-replaced-then-master", "sentinels-restart-after-failover", "rolling-restart"],
        Shows::Stuck,
        |its| change(its, &["lasting-configuration"]),
    ),
    shown(
        "sentinel-config-single-file-mount",
        &["sentinels-restart-after-failover", "sentinel-replaced-then-master"],
        Shows::Stuck,
        |its| change(its, &["lasting-configuration"]),
    ),
    shown("client-fixed-master", &["fixed-client"], Shows::Stuck, |its| its.fixed_clients = false),
    shown("maxmemory-mismatch", &["full-master-dies"], Shows::Memory, |its| {
        let largest = its.servers.iter().map(|its| its.memory.0).max().unwrap_or(0);
        let limit = if its.servers.iter().any(|its| its.memory.0 == 0) { 0 } else { largest };
        its.servers.iter_mut().for_each(|its| its.memory.0 = limit);
    }),
];

/// Errors that need no failure to show, and why none is played.
const AT_ONCE: &[(&str, &str)] = &[
    ("start-refused", STARTS),
    ("hostname-without-resolve", STARTS),
    ("inline-comment", STARTS),
    ("script-not-executable", STARTS),
    ("sentinel-config-readonly", STARTS),
    ("file-missing", STARTS),
    ("env-not-expanded", "no failure is needed: the start is refused, or the text itself becomes the password"),
    ("bind-loopback", "no failure is needed: nobody on another machine can connect"),
    ("protected-mode-blocks", "no failure is needed: whoever connects from another machine is answered with DENIED"),
    ("monitor-loopback", "no failure is needed: the Sentinels never meet, and each watches its own server"),
    (
        "master-name-mismatch",
        "no failure is needed: under another name Sentinels do not count each other, and clients are told nothing",
    ),
    ("announce-missing-nat", "no failure is needed: whoever asks from outside is told addresses that he cannot reach"),
    ("tls-port-mismatch", "no failure is needed: clear text meets TLS, and the running master counts as down"),
    ("service-undefined", "no failure is needed: the name never resolves"),
    (
        "rename-command-not-told",
        "renamed commands are not simulated: the promotion is refused as a whole (EXECABORT), or without PUBLISH the Sentinels never meet",
    ),
    ("sentinel-config-shared", "shared files are not simulated: each Sentinel overwrites what the others have saved"),
    (
        "sentinel-id-twice",
        "ids from files are not simulated: who meets its own id in a hello ignores it, so that these Sentinels never count each other",
    ),
    (
        "sentinel-auth-pass-missing",
        "no failure is needed: the PING of the Sentinel is refused, and the running master counts as down",
    ),
    (
        "password-mismatch",
        "no failure is needed: the wrong password is refused, and the link or the watch never comes up",
    ),
    (
        "masterauth-missing-on-replica",
        "no failure is needed: the replica is refused by its master and never synchronises",
    ),
];

const STARTS: &str = "no failure is needed: the process refuses to start";

/// What keeps a deployment from working at all and is left out where failures are played.
pub fn is_mended(rule: &str) -> bool {
    // Passwords and names of masters are played as they are.
    const PLAYED: &[&str] =
        &["master-name-mismatch", "sentinel-auth-pass-missing", "password-mismatch", "masterauth-missing-on-replica"];
    AT_ONCE.iter().any(|(name, _)| *name == rule) && !PLAYED.contains(&rule)
}

/// Why a rule that no failure has shown is not shown, as a sentence without a full stop. `drills`: whether more than the
/// standard failures were played.
pub fn why_not(rule: &str, cluster: &Cluster, rows: &[Row], drills: bool) -> Option<String> {
    if let Some((_, why)) = AT_ONCE.iter().find(|(name, _)| *name == rule) {
        return Some((*why).to_owned());
    }
    let tried = tried(rule);
    let played = |name: &&str| match Drill::named(name) {
        Some(drill) => drills && drill.fits(cluster),
        None => rows.iter().any(|row| row.failure.name == *name),
    };
    let played: Vec<&str> = tried.iter().copied().filter(played).collect();
    match (tried.is_empty(), played.is_empty()) {
        (true, _) => None,
        (false, true) => Some(format!("what would show it was not played: {}", tried.join(", "))),
        (false, false) => Some(format!("not seen: once it is mended, {} goes no better", played.join(", "))),
    }
}

/// The failures that may show a rule.
pub fn tried(rule: &str) -> Vec<&'static str> {
    SHOWN.iter().filter(|its| its.rule == rule).flat_map(|its| its.failures).copied().collect()
}

/// Mends what keeps a deployment from working at all, where that is something that is played.
pub fn mend_errors(cluster: &mut Cluster, rules: &[&str]) {
    if rules.contains(&"env-not-expanded") {
        changes::same_password(cluster);
    }
}

/// Demonstrates what can be demonstrated of these rules. Standard failures have been played; `drills` gets the rows of
/// those that are played for this, unless only some failures are wanted.
///
/// # Errors
/// If splitbrain has a bug.
pub fn demonstrate(
    player: &Player,
    cluster: &Cluster,
    rules: &[&'static str],
    rows: &[Row],
    mut drills: Option<&mut Vec<Row>>,
) -> Result<Vec<Demonstration>, BatteryError> {
    let mut all: Vec<Demonstration> = Vec::new();
    for its in SHOWN.iter().filter(|its| rules.contains(&its.rule)) {
        // With everything else that was found mended: another defect may hide this one.
        let mut alone = cluster.clone();
        let mended = after(its, cluster);
        for other in SHOWN.iter().filter(|other| rules.contains(&other.rule) && other.rule != its.rule) {
            // Two rules may be about the same line.
            if after(other, cluster) != mended {
                (other.mend)(&mut alone);
            }
        }
        for name in its.failures {
            let known = rows.iter().find(|row| row.failure.name == *name);
            let (failure, arrange) = match (known, drills.is_some()) {
                (Some(row), _) => (row.failure, None),
                (None, true) => match Drill::named(name).filter(|drill| drill.fits(cluster)) {
                    Some(drill) => (drill.failure, Some(drill.arrange)),
                    None => continue,
                },
                (None, false) => continue,
            };
            for (cluster, is_alone) in [(cluster, false), (&alone, true)] {
                if all.iter().any(|known| known.rule == its.rule) {
                    break;
                }
                let Some((row, told)) = show(player, cluster, its, failure, arrange)? else { continue };
                let told = if is_alone { format!("with the rest mended, {told}") } else { told };
                let drill = arrange.is_some() || is_alone;
                if let (true, Some(drills)) = (drill, drills.as_deref_mut()) {
                    drills.push(row.clone());
                }
                all.push(Demonstration { rule: its.rule, row, told, drill });
            }
        }
    }
    Ok(all)
}

/// A cluster without what a rule warns of.
fn after(its: &Shown, cluster: &Cluster) -> Cluster {
    let mut mended = cluster.clone();
    (its.mend)(&mut mended);
    mended
}

/// Plays a failure with a cluster as it is and with the one thing mended: the row, and what is seen in it and not in the
/// other.
fn show(
    player: &Player,
    cluster: &Cluster,
    its: &Shown,
    failure: Failure,
    arrange: Option<fn(&mut Cluster)>,
) -> Result<Option<(Row, String)>, BatteryError> {
    let arrange = arrange.unwrap_or(|_| ());
    let (mut bad, mut mended) = (cluster.clone(), cluster.clone());
    arrange(&mut bad);
    // What a drill assumes may be just what is mended: the clients, or the machines.
    (its.mend)(&mut mended);
    arrange(&mut mended);
    (its.mend)(&mut mended);
    let row = player.play(&bad, &[failure], &|| ())?.remove(0);
    if !is_seen(&row, its.what) {
        return Ok(None);
    }
    let mended = player.play(&mended, &[failure], &|| ())?.remove(0);
    Ok(sentence(&row, &mended, its.what).map(|told| (row, told)))
}

/// Whether a row shows anything of the kind at all.
fn is_seen(row: &Row, what: Shows) -> bool {
    match what {
        Shows::NoFailover => row.replaced < row.runs,
        Shows::Stuck => row.recovered < row.runs,
        Shows::Unsafe => row.lost.1 > 0 || row.split_ms.1 > 0,
        Shows::Gap => row.gap_ms.1 > LONGER,
        Shows::Needless => row.replaced > 0,
        Shows::Memory => row.evicted.1 > 0 || row.recovered < row.runs,
    }
}

/// What a row shows that is not so once it is mended.
fn sentence(row: &Row, mended: &Row, what: Shows) -> Option<String> {
    let when = format!("when {}", row.failure.title);
    let runs = row.runs;
    let seconds = |ms: i64| format!("{}.{} s", ms / 1000, ms % 1000 / 100);
    let worse = |is: i64, was: i64| is > was;
    match what {
        Shows::NoFailover => {
            let (is, was) = (row.runs - row.replaced, mended.runs - mended.replaced);
            worse(is as i64, was as i64)
                .then(|| format!("{when}, {is} of {runs} runs do not replace it; mended, {was}"))
        }
        Shows::Stuck => {
            let (is, was) = (row.runs - row.recovered, mended.runs - mended.recovered);
            worse(is as i64, was as i64)
                .then(|| format!("{when}, {is} of {runs} runs do not recover by themselves; mended, {was}"))
        }
        Shows::Unsafe => {
            let parts = |row: &Row| {
                let mut parts = Vec::new();
                if row.lost.1 > 0 {
                    parts.push(format!("up to {} acknowledged writes are lost", row.lost.1));
                }
                if row.split_ms.1 > 0 {
                    parts.push(format!("two masters take writes for up to {}", seconds(row.split_ms.1)));
                }
                if parts.is_empty() { "none".to_owned() } else { parts.join(", and ") }
            };
            let amount = |row: &Row| (row.lost.0 + row.lost.1) * 1000 + row.split_ms.0 + row.split_ms.1;
            worse(amount(row), amount(mended)).then(|| format!("{when}, {}; mended, {}", parts(row), parts(mended)))
        }
        Shows::Gap => {
            let (is, was) = (row.gap_ms.1, mended.gap_ms.1);
            worse(is, was + LONGER)
                .then(|| format!("{when}, nobody can write for up to {}; mended, {}", seconds(is), seconds(was)))
        }
        Shows::Needless => {
            let (is, was) = (row.replaced, mended.replaced);
            worse(is as i64, was as i64)
                .then(|| format!("{when}, {is} of {runs} runs replace a master that is well; mended, {was}"))
        }
        Shows::Memory if row.evicted.1 > mended.evicted.1 => {
            let (is, was) = (row.evicted.1, mended.evicted.1);
            Some(format!("{when}, the new master evicts keys, up to {is} times; mended, {was}"))
        }
        Shows::Memory => sentence(row, mended, Shows::Stuck),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_that_shows_something_is_there_and_has_a_name_of_its_own() {
        for its in SHOWN {
            for name in its.failures {
                let kinds = (Failure::named(name).is_some(), Drill::named(name).is_some());
                assert!(matches!(kinds, (true, false) | (false, true)), "{}: {name}", its.rule);
            }
        }
    }

    #[test]
    fn every_error_and_danger_is_shown_or_says_why_not() {
        use splitbrain_deploy::Severity;
        for rule in splitbrain_deploy::lint::RULES.iter().filter(|rule| rule.severity != Severity::Advice) {
            let at_once = AT_ONCE.iter().any(|(name, _)| *name == rule.id);
            assert!(!tried(rule.id).is_empty() || at_once, "{}", rule.id);
        }
    }
}
