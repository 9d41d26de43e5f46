//! What units of Redis' own Sentinel tests assert of answers and single events, which no property of a scenario sees.

use splitbrain::checker::observations::NodeIx;
use splitbrain::model::event::{EventKind, Subject};
use splitbrain::model::note::Note;
use splitbrain::run_seed;
use splitbrain::scenarios::{Scenario, Source};
use splitbrain::sim::Record;
use std::path::Path;

fn file(name: &str) -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/upstream").join(name);
    Scenario::load(&file).expect("the file is a scenario")
}

/// Upstream's set-up with this schedule.
fn scenario(faults: &str) -> Scenario {
    let text = format!(
        "[cluster]\nreplicas = 4\nsentinels = 5\n[sentinel]\nquorum = 3\ndown-after-milliseconds = 2000\n\
         failover-timeout = 10000\nparallel-syncs = 10\n{faults}"
    );
    Scenario::parse(&Source::new("upstream.toml", &text)).expect("the text is a scenario")
}

fn answers(record: &Record) -> Vec<(Option<u32>, Option<&'static str>)> {
    let notes = record.log.iter().filter_map(|line| match &line.note {
        Note::Answered(answer) => Some((answer.count, answer.error.map(|word| word.word()))),
        _ => None,
    });
    notes.collect()
}

/// Who said this of the master.
fn said_of_master(record: &Record, kind: EventKind) -> Vec<NodeIx> {
    let events = record.observations.events.iter();
    events.filter(|at| at.event.kind == kind && at.event.subject == Subject::Master).map(|at| at.node).collect()
}

/// 06-ckquorum
#[test]
fn ckquorum_counts_the_usable_sentinels_and_knows_a_quorum_that_nobody_can_reach() {
    let scenario = scenario(
        "[[faults]]\nat = \"0s\"\nsentinel-command = { at = \"sentinel-1\", command = \"CKQUORUM mymaster\" }\n\
         [[faults]]\nat = \"1s\"\nsentinel-command = { at = \"sentinel-1\", command = \"SET mymaster quorum 6\" }\n\
         [[faults]]\nat = \"2s\"\nsentinel-command = { at = \"sentinel-1\", command = \"CKQUORUM mymaster\" }\n\
         [[faults]]\nat = \"3s\"\nsentinel-command = { at = \"sentinel-1\", command = \"SET mymaster quorum 1\" }\n\
         [[faults]]\nat = \"4s\"\nstop = [\"sentinel-2\", \"sentinel-3\", \"sentinel-4\"]\n\
         [[faults]]\nat = \"19s\"\nsentinel-command = { at = \"sentinel-1\", command = \"CKQUORUM mymaster\" }",
    );
    for seed in 0..20 {
        let record = run_seed(&scenario, seed);
        let expected =
            [(Some(5), None), (None, None), (None, Some("NOQUORUM")), (None, None), (None, Some("NOQUORUM"))];
        assert_eq!(answers(&record), expected, "seed {seed}");
    }
}

/// 07-down-conditions: the scenario cannot demand that the master was down, since a Sentinel that did not care would
/// leave nothing behind that has to be put right.
#[test]
fn a_renamed_ping_takes_the_master_down_for_one_sentinel_only_and_the_right_name_brings_it_back() {
    let scenario = file("07-down-renamed-ping.toml");
    for seed in 0..20 {
        let record = run_seed(&scenario, seed);
        let down = said_of_master(&record, EventKind::SdownEnter);
        let names: Vec<&str> =
            down.iter().map(|node| record.observations.nodes[usize::from(node.0)].name.as_str()).collect();
        assert_eq!(names, ["sentinel-5"], "seed {seed}");
        assert_eq!(said_of_master(&record, EventKind::SdownLeave), down, "seed {seed}");
    }
}

/// 08-hostname-conf: upstream reads GET-MASTER-ADDR-BY-NAME and REPLICAS; here scripts are told the same addresses.
#[test]
fn addresses_are_told_by_name_with_announce_hostnames_and_in_numbers_without() {
    for announce in [true, false] {
        let mut scenario = file("08-hostname.toml");
        scenario.sentinel.announce_hostnames = announce;
        for seed in 0..10 {
            let record = run_seed(&scenario, seed);
            let told: Vec<&[String]> = record
                .log
                .iter()
                .filter_map(|line| match &line.note {
                    Note::Script { args, .. } => Some(&args[..]),
                    _ => None,
                })
                .collect();
            assert_eq!(told.len(), 5, "one at each Sentinel: seed {seed}");
            for args in told {
                let hosts = [&args[3], &args[5]];
                let named = hosts.iter().all(|host| host.starts_with("redis-"));
                let numbered = hosts.iter().all(|host| host.starts_with("10.77."));
                assert_eq!((named, numbered), (announce, !announce), "seed {seed}: {args:?}");
            }
        }
    }
}

/// 12-master-reboot
#[test]
fn without_a_reboot_period_a_master_that_loads_is_waited_for() {
    let mut scenario = file("12-master-reboot.toml");
    for master in &mut scenario.masters {
        master.conf.master_reboot_down_after = splitbrain::model::Millis(0);
    }
    for seed in 0..5 {
        assert!(said_of_master(&run_seed(&scenario, seed), EventKind::TryFailover).is_empty(), "seed {seed}");
    }
}
