//! Commands of operators in whole runs.

use splitbrain::model::event::EventKind;
use splitbrain::model::note::Note;
use splitbrain::run_seed;
use splitbrain::scenarios::{Scenario, Source};

fn scenario(faults: &str) -> Scenario {
    let text = format!(
        "[cluster]\nreplicas = 2\nsentinels = 3\n[sentinel]\ndown-after-milliseconds = 1000\nfailover-timeout = 3000\n\
         [[clients]]\n{faults}\n[run]\nheal = \"30s\"\n"
    );
    Scenario::parse(&Source::new("operators.toml", &text)).expect("the text is a scenario")
}

fn events(record: &splitbrain::sim::Record, kind: EventKind) -> usize {
    record.observations.events.iter().filter(|event| event.event.kind == kind).count()
}

#[test]
fn a_leader_that_crashes_after_its_election_is_followed_by_another_attempt() {
    let scenario = scenario(
        "[[faults]]\nat = \"0s\"\nsentinel-command = { at = \"sentinels\", command = \"SIMULATE-FAILURE crash-after-election\" }\n\
         [[faults]]\nat = \"1s\"\nkill = \"master\"\n\
         [[faults]]\nwhen = \"+elected-leader\"\nafter = \"1ms\"\nsentinel-command = { at = \"sentinels\", command = \"SIMULATE-FAILURE help\" }",
    );
    let record = run_seed(&scenario, 1);
    assert_eq!(events(&record, EventKind::ElectedLeader), 2);
    assert_eq!(events(&record, EventKind::StateSelectSlave), 1, "the first leader did not come so far");
    assert!(events(&record, EventKind::SwitchMaster) >= 1);
}

#[test]
fn answers_to_operators_are_in_the_log() {
    let scenario = scenario(
        "[[faults]]\nat = \"0s\"\nsentinel-command = { at = \"sentinel-1\", command = \"CKQUORUM mymaster\" }\n\
         [[faults]]\nat = \"1s\"\nsentinel-command = { at = \"sentinel-1\", command = \"SET mymaster quorum 4\" }\n\
         [[faults]]\nat = \"2s\"\nsentinel-command = { at = \"sentinel-1\", command = \"CKQUORUM mymaster\" }",
    );
    let record = run_seed(&scenario, 1);
    let answers: Vec<_> = record
        .log
        .iter()
        .filter_map(|line| match &line.note {
            Note::Answered(answer) => Some((answer.count, answer.error.map(|word| word.word()))),
            _ => None,
        })
        .collect();
    assert_eq!(answers, [(Some(3), None), (None, None), (None, Some("NOQUORUM"))]);
}

#[test]
fn a_master_that_sleeps_longer_than_down_after_loses_its_role() {
    for (time, switches) in [("500ms", false), ("4s", true)] {
        let scenario =
            scenario(&format!("[[faults]]\nat = \"0s\"\ndebug-sleep = {{ of = \"master\", for = \"{time}\" }}"));
        let record = run_seed(&scenario, 1);
        assert_eq!(events(&record, EventKind::SwitchMaster) > 0, switches, "{time}");
    }
}

#[test]
fn a_large_dataset_takes_its_time_to_reach_a_replica() {
    let first_sync = |dataset: &str| {
        let text = format!("[cluster]\nreplicas = 1\n[redis]\ndataset = \"{dataset}\"\n[run]\nheal = \"5s\"\n");
        let scenario = Scenario::parse(&Source::new("dataset.toml", &text)).expect("the text is a scenario");
        let record = run_seed(&scenario, 1);
        assert!(record.observations.settled);
        let [sync] = &record.observations.full_syncs[..] else { panic!("one replica synchronises once") };
        sync.at.0 / 1_000_000
    };
    let (small, large) = (first_sync("1mb"), first_sync("500mb"));
    // 500 MiB: written by the child at 250 MB/s, carried at 1 GB/s, loaded at 150 MB/s.
    assert!(small < 2_000 && (5_800..8_500).contains(&large), "{small} {large}");
}

#[test]
fn sentinels_that_cannot_save_fail_over_all_the_same_and_do_not_start_again() {
    let scenario = scenario(
        "[[faults]]\nat = \"0s\"\nconfig-read-only = \"sentinels\"\n\
         [[faults]]\nat = \"1s\"\nkill = \"master\"\n\
         [[faults]]\nat = \"20s\"\nkill = \"sentinel-1\"\nfor = \"1s\"",
    );
    let record = run_seed(&scenario, 1);
    assert!(events(&record, EventKind::SwitchMaster) >= 3);
    assert!(record.log.iter().any(|line| line.note == Note::SaveFailed));
    let of_sentinel = |name: &str| {
        let node = record.observations.nodes.iter().position(|node| node.name == name).expect("it is there");
        record
            .observations
            .presence
            .iter()
            .rfind(|presence| usize::from(presence.node.0) == node)
            .expect("it ran")
            .state
    };
    assert_eq!(of_sentinel("sentinel-1"), splitbrain::checker::observations::Presence::Dead);
}
