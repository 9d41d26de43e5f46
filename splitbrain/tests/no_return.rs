//! The point of no return: the same run until a time, another one from then on, and how often that fails.

use splitbrain::model::TrueTime;
use splitbrain::scenarios::{Scenario, Source};
use splitbrain::shrink::{Failure, NoReturn, NoReturnOptions, ShrinkError, ShrinkOptions, shrink};
use splitbrain::sim::run::{run, run_reseeded};
use splitbrain::{RunOptions, resolve, run_scenario};

/// Whether a write is lost depends on what is on its way when the master is killed.
const KILLED: &str = r#"
[cluster]
[sentinel]
down-after-milliseconds = 1000
failover-timeout = 3000
[network]
latency = "100us..2ms"
[[clients]]
count = 2
workload = { sadd = 50 }
[[faults]]
at = "0s"
kill = "master"
[expect]
lost-write = "holds"
"#;

fn scenario() -> Scenario {
    Scenario::parse(&Source::new("killed.toml", KILLED)).unwrap_or_else(|error| panic!("{error}"))
}

fn losing(scenario: &Scenario) -> u64 {
    let loses = |seed: &u64| {
        let summary = run_scenario(scenario, &RunOptions::seeds(*seed..seed + 1), &|_| ()).unwrap();
        !summary.unmet.is_empty()
    };
    (0..200).find(loses).expect("one of 200 seeds loses a write")
}

fn no_return(failure: &Failure, jobs: usize, reseeds: u32) -> NoReturn {
    failure.no_return(&NoReturnOptions { reseeds, jobs, stop: &|| false }).unwrap()
}

#[test]
fn a_run_is_the_same_until_it_is_reseeded_and_the_same_for_the_same_new_seed() {
    let resolved = resolve(&scenario(), 3);
    let whole = run(&resolved);
    let never = run_reseeded(&resolved, TrueTime(u64::MAX), 1);
    assert_eq!((never.digest, never.events), (whole.digest, whole.events));
    let at = TrueTime(whole.observations.t0.0 + 6_000_000_000);
    let (one, again, two) =
        (run_reseeded(&resolved, at, 1), run_reseeded(&resolved, at, 1), run_reseeded(&resolved, at, 2));
    assert_eq!(one.digest, again.digest);
    assert_ne!(one.digest, two.digest);
    assert_ne!(one.digest, whole.digest);
    let until = |record: &splitbrain::sim::Record| {
        let history = record.observations.events.iter().filter(|event| event.at < at);
        history.map(|event| (event.at, event.node, event.event.clone())).collect::<Vec<_>>()
    };
    assert_eq!(until(&one), until(&whole));
    assert_eq!(one.faults, whole.faults);
}

#[test]
fn what_is_lost_when_the_master_dies_is_chance_before_and_certain_after() {
    let scenario = scenario();
    let failure = Failure::of(&scenario, losing(&scenario));
    let found = no_return(&failure, 2, 16);
    assert!(found.rungs.windows(2).all(|pair| pair[0].at_ms <= pair[1].at_ms));
    let (first, last) = (found.rungs[0], found.rungs[found.rungs.len() - 1]);
    assert!(first.at_ms < 0 && first.share() < 0.9, "{}", found.text());
    assert_eq!(last.failed, last.of, "at the end of the run everything has happened");
    let point = found.rungs[found.point.expect("it was certain at some time")].at_ms;
    // The master is dead, and a replica that has not got the write is chosen.
    assert!((-50..=3_000).contains(&point), "{}", found.text());
    let text = found.text();
    assert!(text.contains("Point of no return: ") && text.contains("95 % interval"), "{text}");
    let json = found.json();
    assert_eq!(json["at_ms"], point);
    assert_eq!(json["curve"].as_array().map(Vec::len), Some(found.rungs.len()));
}

#[test]
fn a_shrunk_failure_has_one_too_and_what_does_not_fail_has_none() {
    let scenario = scenario();
    let failure = Failure::of(&scenario, losing(&scenario));
    let small = shrink(&failure, &ShrinkOptions { jobs: 2, stop: &|| false, better: &|_| () }).unwrap();
    let options = NoReturnOptions { reseeds: 4, jobs: 2, stop: &|| false };
    let found = small.no_return(&options).unwrap();
    assert_eq!((found.seed, &found.target), (small.seed(), &small.target));
    assert_eq!(found, small.no_return(&NoReturnOptions { jobs: 1, reseeds: 4, stop: &|| false }).unwrap());
    assert!(found.finished && found.rungs.iter().all(|rung| rung.of == 4));
    let stopped = small.no_return(&NoReturnOptions { jobs: 1, reseeds: 4, stop: &|| true }).unwrap();
    assert!(!stopped.finished && stopped.rungs.is_empty() && stopped.point.is_none());

    let calm = Scenario::parse(&Source::new("calm.toml", KILLED.replace("\"holds\"", "\"any\""))).unwrap();
    match Failure::of(&calm, 0).no_return(&NoReturnOptions { reseeds: 1, jobs: 1, stop: &|| false }) {
        Err(ShrinkError::NotFailing(why)) => assert_eq!(why, "seed 0 meets every expectation"),
        other => panic!("{other:?}"),
    }
}
