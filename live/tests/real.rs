//! Real processes, where they are installed. Where they are not, these tests say so and prove nothing.

use splitbrain::checker::{Metric, judge};
use splitbrain::scenarios::{Action, Resolved, Scenario, Source, Target};
use splitbrain_live::{Ability, LiveError, Network, Options, Session, play, recording};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Whether redis-server is here; says loudly if not.
fn installed(test: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).any(|folder| folder.join("redis-server").is_file());
    if !found {
        eprintln!("SKIPPED {test}: redis-server is not installed (apt-get install redis-server redis-sentinel)");
    }
    found
}

fn scenario(faults: &str) -> Resolved {
    let text = format!(
        r#"
        [cluster]
        hosts = {{ c1 = [] }}
        [sentinel]
        down-after-milliseconds = 500
        failover-timeout = 3000
        [network]
        environment = "recorder"
        [[clients]]
        name = "adds"
        host = "c1"
        profile = "recorder"
        workload = {{ sadd = 25 }}
        {faults}
        [run]
        phase = "500ms"
        [expect]
        one-leader-per-epoch = "holds"
        "#
    );
    let source = Source::new("real.toml", text);
    let scenario = Scenario::parse(&source).unwrap_or_else(|error| panic!("{error}"));
    splitbrain::resolve(&scenario, 0)
}

fn options(network: Network) -> Options {
    Options { network, ..Options::default() }
}

/// Folders of runs of this program.
fn leftovers() -> Vec<PathBuf> {
    let mine = format!("splitbrain-live-{}-", std::process::id());
    let entries = std::fs::read_dir(std::env::temp_dir()).expect("there is a folder for such things");
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&mine))).collect()
}

#[test]
fn a_killed_master_is_replaced_and_the_recording_can_be_compared() {
    if !installed("a_killed_master_is_replaced_and_the_recording_can_be_compared") {
        return;
    }
    let resolved = scenario("[[faults]]\nat = \"0s\"\nkill = \"master\"");
    assert_eq!(recording::obstacles(&resolved), Vec::<String>::new());
    let never = AtomicBool::new(false);
    let played = play(resolved, &options(Network::Loopback), &never).unwrap_or_else(|error| panic!("{error}"));
    let seen = &played.record.observations;
    assert!(seen.settled && seen.converged.is_some(), "{:?}", played.record.faults);
    assert_eq!(played.record.faults[0].what, "kill redis-1");
    let metrics = judge(seen, &[]).metrics;
    assert_eq!(metrics.get(Metric::Failovers), Some(1));
    assert!(metrics.get(Metric::FirstSdown).is_some_and(|ms| (500..2_000).contains(&ms)), "{metrics:?}");
    assert!(metrics.get(Metric::WritesAcked).is_some_and(|writes| writes > 50), "{metrics:?}");
    let folder = std::env::temp_dir().join(format!("splitbrain-recording-{}", std::process::id()));
    let file = recording::write(&played, &folder).expect("a folder that can be written");
    assert!(file.ends_with("1.json"));
    let read =
        splitbrain_conform::recording::read(std::slice::from_ref(&folder)).unwrap_or_else(|error| panic!("{error}"));
    let recordings: Vec<_> = read.into_values().flatten().collect();
    let script = splitbrain_conform::script::Script::new(&recordings).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(script.resolve(0, 0).schedule[0].action, Action::Kill(vec![Target::Master(None)]));
    std::fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn a_test_drives_a_run_and_what_cannot_be_done_is_refused_by_name() {
    if !installed("a_test_drives_a_run_and_what_cannot_be_done_is_refused_by_name") {
        return;
    }
    let session = Session::open(scenario(""), options(Network::Loopback)).unwrap_or_else(|error| panic!("{error}"));
    let before = session.master().expect("Sentinels name one");
    let (pause, what) = session.inject(Action::Pause(vec![Target::Replica(Some(0))])).expect("SIGSTOP");
    assert_eq!(what, "pause redis-2");
    session.inject(Action::Undo(pause)).expect("SIGCONT");
    let refused = session.inject(Action::ClockFreeze(vec![Target::Master(None)]));
    assert!(matches!(refused, Err(LiveError::Unable(reasons)) if reasons[0].starts_with("clock-freeze")));
    let cut = session.inject(Action::Isolate(vec![Target::Master(None)]));
    assert!(matches!(cut, Err(LiveError::Unable(reasons)) if reasons[0].starts_with("isolate")));
    session.inject(Action::Kill(vec![Target::Master(None)])).expect("SIGKILL");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while session.master() == Some(before) && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_ne!(session.master(), Some(before));
    let folder = Path::new(&session.folder()).to_owned();
    assert!(leftovers().contains(&folder));
    drop(session);
    assert!(!leftovers().contains(&folder), "the folder goes with the run");
}

#[test]
fn an_isolated_master_keeps_acknowledging_until_it_is_told() {
    let test = "an_isolated_master_keeps_acknowledging_until_it_is_told";
    if !installed(test) {
        return;
    }
    if let Ok(Ability::Loopback { why }) = Ability::find(Network::Auto) {
        eprintln!("SKIPPED {test}: {why}");
        return;
    }
    let resolved = scenario("[[faults]]\nat = \"0s\"\nisolate = [\"master\", \"adds\"]\nfor = \"6s\"");
    let never = AtomicBool::new(false);
    let played = play(resolved, &options(Network::Namespaces), &never).unwrap_or_else(|error| panic!("{error}"));
    let metrics = judge(&played.record.observations, &[]).metrics;
    assert_eq!(metrics.get(Metric::Failovers), Some(1));
    assert!(metrics.get(Metric::WritesLost).is_some_and(|lost| lost > 50), "{metrics:?}");
}
