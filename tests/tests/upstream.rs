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

/// What was answered to commands with this beginning: the node, its count and what it showed, in the order of time.
fn shown(record: &Record, command: &str) -> Vec<(String, Option<u32>, String)> {
    let notes = record.log.iter().filter_map(|line| match &line.note {
        Note::Answered(answer) if answer.command.starts_with(command) => {
            let name = record.observations.nodes[usize::from(line.node.0)].name.clone();
            Some((name, answer.count, answer.shown.clone().unwrap_or_default()))
        }
        _ => None,
    });
    notes.collect()
}

/// The value of a field of an entry that is shown.
fn field<'a>(entry: &'a str, name: &str) -> &'a str {
    let value = entry.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {name} in {entry}"))
}

/// Which Sentinels show the master as disconnected.
fn disconnected(entries: &[(String, Option<u32>, String)]) -> Vec<&str> {
    let out =
        entries.iter().filter(|(_, _, entry)| field(entry, "flags").split(',').any(|flag| flag == "disconnected"));
    out.map(|(name, _, _)| name.as_str()).collect()
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

/// 03-runtime-reconf a: the restarted Sentinel cannot connect, the one that was told and the one that kept its
/// connections can; told, all three can.
#[test]
fn a_password_set_at_run_time_locks_out_only_the_sentinel_that_comes_back() {
    let scenario = file("03-runtime-reconf-auth-pass.toml");
    for seed in 0..20 {
        let record = run_seed(&scenario, seed);
        let entries = shown(&record, "SENTINEL MASTER ");
        let (before, after) = entries.split_at(3);
        assert_eq!(
            (disconnected(before), disconnected(after)),
            (vec!["sentinel-1"], vec![]),
            "seed {seed}: {entries:?}"
        );
    }
}

/// 03-runtime-reconf b
#[test]
fn a_default_user_switched_off_and_cut_locks_out_the_sentinel_that_was_not_told() {
    let scenario = file("03-runtime-reconf-acl-user.toml");
    for seed in 0..20 {
        let record = run_seed(&scenario, seed);
        let entries = shown(&record, "SENTINEL MASTER ");
        let (before, after) = entries.split_at(2);
        assert_eq!(
            (disconnected(before), disconnected(after)),
            (vec!["sentinel-3"], vec![]),
            "seed {seed}: {entries:?}"
        );
        assert_eq!(said_of_master(&record, EventKind::SdownEnter), said_of_master(&record, EventKind::SdownLeave));
    }
}

/// 03-runtime-reconf c
#[test]
fn settings_are_shown_and_wrong_ones_change_nothing() {
    let at = |time: u32, command: &str| {
        format!("[[faults]]\nat = \"{time}s\"\nsentinel-command = {{ at = \"sentinel-1\", command = \"{command}\" }}\n")
    };
    let show = "MASTER mymaster";
    let faults = [
        at(0, "SET mymaster quorum 2 down-after-milliseconds 60000"),
        at(1, show),
        at(2, "SET mymaster quorum 0"),
        at(3, "SET mymaster down-after-milliseconds -1"),
        at(4, "SET mymaster notification-script /bin/true"),
        at(5, "SET other quorum 2"),
        "[[faults]]\nat = \"6s\"\nconfig-read-only = \"sentinel-1\"\n".to_owned(),
        at(7, "SET mymaster failover-timeout 1000"),
        at(8, show),
    ];
    let record = run_seed(&scenario(&faults.concat()), 0);
    let errors: Vec<_> = answers(&record).into_iter().map(|(_, error)| error).collect();
    let err = Some("ERR");
    assert_eq!(errors, [None, None, err, err, err, err, err, None]);
    let entries = shown(&record, "SENTINEL MASTER ");
    for (_, _, entry) in &entries {
        assert_eq!((field(entry, "quorum"), field(entry, "down-after-milliseconds")), ("2", "60000"));
    }
    // What cannot be saved is in force all the same.
    let timeouts: Vec<&str> = entries.iter().map(|(_, _, entry)| field(entry, "failover-timeout")).collect();
    assert_eq!(timeouts, ["10000", "1000"]);
}

/// 07-down-conditions c and d: down for those who look, and up again.
#[test]
fn a_wrong_role_and_a_failed_snapshot_take_the_master_down_until_they_are_put_right() {
    for name in ["07-down-wrong-role.toml", "07-down-misconf.toml"] {
        let scenario = file(name);
        for seed in 0..20 {
            let record = run_seed(&scenario, seed);
            let mut down = said_of_master(&record, EventKind::SdownEnter);
            let mut up = said_of_master(&record, EventKind::SdownLeave);
            down.sort_unstable();
            up.sort_unstable();
            let names: Vec<&str> =
                down.iter().map(|node| record.observations.nodes[usize::from(node.0)].name.as_str()).collect();
            assert_eq!(names, ["sentinel-4", "sentinel-5"], "{name}, seed {seed}");
            assert_eq!(up, down, "{name}, seed {seed}");
        }
    }
}

/// 09-acl-support
#[test]
fn sentinels_reach_a_quorum_again_once_they_know_the_user_that_sentinels_let_in() {
    let scenario = file("09-acl.toml");
    for seed in 0..20 {
        let record = run_seed(&scenario, seed);
        let notes = record.log.iter().filter_map(|line| match &line.note {
            Note::Answered(answer) if answer.command.starts_with("SENTINEL CKQUORUM") => {
                Some((answer.count, answer.error.map(|word| word.word())))
            }
            _ => None,
        });
        assert_eq!(notes.collect::<Vec<_>>(), [(None, Some("NOQUORUM")), (Some(5), None)], "seed {seed}");
    }
}

/// 10-replica-priority
#[test]
fn replicas_that_are_not_announced_are_not_shown() {
    let scenario = file("10-replica-announced.toml");
    for seed in 0..20 {
        let record = run_seed(&scenario, seed);
        let counts: Vec<Option<u32>> =
            shown(&record, "SENTINEL REPLICAS ").into_iter().map(|(_, count, _)| count).collect();
        assert_eq!(counts, [[Some(2); 5], [Some(4); 5]].concat(), "seed {seed}");
    }
}

/// 11-port-0: and its former self is gone, not merely down.
#[test]
fn a_sentinel_with_a_new_id_at_its_old_address_takes_the_place_of_its_former_self() {
    let scenario = file("11-port-0.toml");
    for seed in 0..20 {
        let record = run_seed(&scenario, seed);
        let entries = shown(&record, "SENTINEL MASTER ");
        let others: Vec<&str> = entries.iter().map(|(_, _, entry)| field(entry, "num-other-sentinels")).collect();
        assert_eq!(others, ["4"], "seed {seed}");
        let events = record.observations.events.iter();
        let replaced = events.filter(|at| at.event.kind == EventKind::SentinelInvalidAddr).count();
        assert_eq!(replaced, 4, "seed {seed}");
    }
}
