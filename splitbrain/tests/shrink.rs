//! Shrinking: irrelevant faults go, the result depends on nothing but the failure, and it can be replayed and promoted.

use splitbrain::scenarios::{Scenario, Source};
use splitbrain::shrink::{Failure, ShrinkError, ShrinkOptions, Shrunk, shrink};
use splitbrain::{Replay, RunOptions, replay, run_scenario};
use std::fmt::Write as _;
use std::path::PathBuf;

const CLUSTER: &str = r#"
[cluster]
[sentinel]
down-after-milliseconds = 1000
failover-timeout = 3000
[[clients]]
count = 2
workload = { sadd = 10 }
[expect]
lost-write = "any"
split-brain = "any"
no-false-failover = "holds"
"#;

/// The master is cut off once, together with a client; a client that hardly does anything is frozen 29 times.
fn one_of_thirty() -> Scenario {
    let mut text = CLUSTER.replace("lost-write = \"any\"", "lost-write = \"holds\"");
    text.push_str("[[clients]]\nname = \"idler\"\nworkload = { get = 1 }\n");
    for turn in 0..30 {
        let fault =
            if turn == 17 { "partition = [[\"redis-1\", \"client-1\"], [\"rest\"]]" } else { "pause = \"idler\"" };
        let _ = writeln!(text, "[[faults]]\nat = \"{}ms\"\n{fault}\nfor = \"4321ms\"", turn * 1_777);
    }
    parse(&text)
}

fn parse(text: &str) -> Scenario {
    Scenario::parse(&Source::new("thirty.toml", text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn shrunk(failure: &Failure, jobs: usize) -> Result<Shrunk, ShrinkError> {
    shrink(failure, &ShrinkOptions { jobs, stop: &|| false, better: &|_| () })
}

fn failing(scenario: &Scenario) -> Failure {
    let fails = |seed: &u64| {
        let summary = run_scenario(scenario, &RunOptions::seeds(*seed..seed + 1), &|_| ()).unwrap();
        !summary.unmet.is_empty()
    };
    Failure::of(scenario, (0..20).find(fails).expect("one of twenty seeds fails"))
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("splitbrain-shrink-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn one_relevant_fault_of_thirty_is_left_whatever_the_number_of_jobs() {
    let failure = failing(&one_of_thirty());
    let alone = shrunk(&failure, 1).unwrap();
    assert_eq!((alone.before.faults, alone.after.faults), (30, 1));
    assert!(alone.after.clients < 3 && alone.after.sentinels == 1 && alone.finished, "{:?}", alone.after);
    let together = shrunk(&failure, 2).unwrap();
    assert_eq!(alone.scenario_text(), together.scenario_text());
    assert_eq!((alone.seed(), alone.schedule(), alone.runs), (together.seed(), together.schedule(), together.runs));
    assert_eq!(alone.play().digest, together.play().digest);
    let text = alone.text();
    assert!(text.starts_with("1 of 30 faults left") && text.contains("Sentinels switch: "), "{text}");
    assert!(text.contains("lost-write: "), "{text}");
}

#[test]
fn random_faults_shrink_to_few_and_replay_and_run_to_the_same_finding() {
    let text = format!(
        "{}[chaos]\nintensity = 30\nbudget = \"unbounded\"\n",
        CLUSTER.replace("lost-write = \"any\"", "lost-write = \"holds\"")
    );
    let failure = failing(&parse(&text));
    let small = shrunk(&failure, 2).unwrap();
    assert!(small.before.faults >= 10 && small.after.faults <= 4, "{:?} -> {:?}", small.before, small.after);
    let folder = folder("random");

    let file = folder.join("small.json");
    small.save(&file).unwrap();
    match replay(&file).unwrap() {
        Replay::Reproduced { sentences, same_digest } => {
            assert!(same_digest);
            assert_eq!(sentences[0], small.play().finding);
        }
        other => panic!("{other}"),
    }
    let again = shrunk(&Failure::saved(&file).unwrap(), 2).unwrap();
    assert!(again.after.faults <= small.after.faults && again.target == small.target);

    let file = folder.join("small.toml");
    let promoted = small.promote(&file, 2).unwrap();
    let scenario = Scenario::load(&file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.run.seeds, promoted.seeds);
    let summary = run_scenario(&scenario, &RunOptions::seeds(0..promoted.seeds), &|_| ()).unwrap();
    assert_eq!(summary.unmet.is_empty(), promoted.passes, "{:?}", summary.unmet);
    assert!(summary.findings.iter().any(|found| found.property == small.target.property && found.runs > 0));
    // The file makes the very run that was saved.
    assert_eq!(splitbrain::run_seed(&scenario, small.seed()).digest, small.play().digest);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn one_failover_too_many_does_not_shrink_to_none_at_all() {
    let mut text = CLUSTER
        .replace("no-false-failover = \"holds\"", "no-false-failover = \"any\"\nfailover-completes = { exactly = 1 }");
    text.push_str("[[faults]]\nat = \"0s\"\nkill = \"master\"\nfor = \"9s\"\n");
    text.push_str("[[faults]]\nat = \"20s\"\nkill = \"master\"\nfor = \"9s\"\n");
    text.push_str("[[faults]]\nat = \"33s\"\npause = \"clients\"\nfor = \"9s\"\n");
    let small = shrunk(&failing(&parse(&text)), 2).unwrap();
    assert_eq!(small.target.kind, "failover-count-above");
    let switches = small.play().story.iter().filter(|line| line.contains("Sentinels switch")).count();
    assert!(switches >= 2, "{:?}", small.play().story);
}

#[test]
fn what_does_not_fail_is_not_shrunk_and_time_may_run_out() {
    let calm = parse(&format!("{CLUSTER}[[faults]]\nat = \"0s\"\npause = \"clients\"\nfor = \"1s\"\n"));
    let error = shrunk(&Failure::of(&calm, 3), 1).unwrap_err().to_string();
    assert_eq!(error, "there is nothing to shrink: seed 3 meets every expectation");
    let failure = failing(&one_of_thirty());
    let stopped = shrink(&failure, &ShrinkOptions { jobs: 2, stop: &|| true, better: &|_| () }).unwrap();
    assert_eq!((stopped.after.faults, stopped.finished), (30, false));
}
