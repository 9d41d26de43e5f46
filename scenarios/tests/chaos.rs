//! Random schedules keep to what was asked for: families, numbers, times, and above all the budget, which is checked here
//! from the finished schedule alone.

use proptest::prelude::*;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::{Draws, Purpose};
use splitbrain_scenarios::{Action, FsyncFault, ProcessKind, Resolved, Scenario, Source, Step, Target, Trigger};

struct Words(u64);

impl Draws for Words {
    fn word(&mut self, _: Purpose) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ (self.0 >> 29)
    }
}

fn parse(text: &str) -> Result<Scenario, String> {
    Scenario::parse(&Source::new("s.toml", text)).map_err(|error| error.to_string())
}

fn resolve(text: &str, seed: u64) -> Resolved {
    parse(text).unwrap_or_else(|error| panic!("{error}\n{text}")).resolve(seed, &mut Words(seed))
}

/// Beginning of a step, ms.
fn begins(schedule: &[Step], i: usize) -> i64 {
    match schedule[i].trigger {
        Trigger::At(at) => at.0,
        Trigger::AfterStep(before, after) => begins(schedule, before) + after.0,
        _ => panic!("a random schedule waits for nothing"),
    }
}

/// Who is disturbed by a step, as indices of processes; the smaller side of a partition.
fn disturbed(resolved: &Resolved, action: &Action) -> Vec<usize> {
    let named = |targets: &[Target]| -> Vec<usize> {
        let names: Vec<&str> = targets
            .iter()
            .map(|target| match target {
                Target::Named(name) => name.as_str(),
                other => panic!("{other:?} is a role"),
            })
            .collect();
        let processes = resolved.processes.iter().enumerate();
        let meant = processes.filter(|(_, process)| {
            names.contains(&process.name.as_str()) || names.contains(&resolved.hosts[process.host].name.as_str())
        });
        meant.map(|(i, _)| i).collect()
    };
    match action {
        Action::Kill(targets)
        | Action::Stop(targets)
        | Action::Pause(targets)
        | Action::PowerLoss(targets)
        | Action::Isolate(targets)
        | Action::Drop(targets, _)
        | Action::ConfigReadOnly(targets)
        | Action::ClockDrift(targets, _)
        | Action::ClockFreeze(targets)
        | Action::Stall(targets)
        | Action::Fsync(targets, _)
        | Action::DiskFull(targets)
        | Action::Shape { from: targets, .. }
        | Action::ClockStep(targets, _)
        | Action::Command(targets, OperatorCommand::DebugSleep(_)) => named(targets),
        Action::Link { a, .. } => named(a),
        other => panic!("{other:?} is not among the families"),
    }
}

/// Whether this group of processes may be out of order at once.
fn may_be_down(resolved: &Resolved, down: &[usize]) -> bool {
    let is_sentinel = |i: &usize| matches!(resolved.processes[*i].kind, ProcessKind::Sentinel(_));
    let all: Vec<usize> = (0..resolved.processes.len()).collect();
    let sentinels: Vec<&usize> = all.iter().filter(|i| is_sentinel(i)).collect();
    let left = sentinels.iter().filter(|i| !down.contains(i)).count();
    left * 2 > sentinels.len()
        && resolved.masters.iter().all(|(_, servers)| servers.iter().any(|server| !down.contains(server)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_survivable_schedule_leaves_a_majority_and_a_good_server_in_peace(
        seed in any::<u64>(), replicas in 1u32..5, sentinels in 1u32..7, faults in 1u32..40, down_after in 500i64..5_000,
    ) {
        let text = format!(
            "[cluster]\nreplicas = {replicas}\nsentinels = {sentinels}\n[sentinel]\nquorum = 1\n\
             down-after-milliseconds = {down_after}\nfailover-timeout = 3000\n[chaos]\nintensity = {faults}\n\
             families = {{ crash = 2, stop = 1, power = 1, pause = 1, isolate = 1, deaf = 1, flap = 1, slow = 1, \
             loss = 1, clock = 1, sleep = 1, unwritable = 1, drift = 1, freeze = 1, stall = 1, fsync = 1, broken = 1, \
             full = 1, lies = 1, lopsided = 1, narrow = 1 }}\nlasts = \"1ms..30s\"\nspacing = \"0s..20s\""
        );
        let resolved = resolve(&text, seed);
        let recovery = down_after + 6_000 + 30_000;
        let undone = |i: usize| {
            let undo = resolved.schedule.iter().position(|step| step.action == Action::Undo(i));
            undo.map(|undo| begins(&resolved.schedule, undo))
        };
        let busy: Vec<(Vec<usize>, i64, i64)> = (0..resolved.schedule.len())
            .filter(|i| !matches!(resolved.schedule[*i].action, Action::Undo(_)))
            .map(|i| {
                let action = &resolved.schedule[i].action;
                let from = begins(&resolved.schedule, i);
                let until = match action {
                    Action::ClockStep(..) => from + 30_000,
                    Action::Command(_, OperatorCommand::DebugSleep(lasts)) => from + lasts.0,
                    _ => undone(i).expect("it is undone"),
                };
                (disturbed(&resolved, action), from, until + recovery)
            })
            .collect();
        for (_, now, _) in &busy {
            let down: Vec<usize> =
                busy.iter().filter(|(_, from, until)| from <= now && now < until).flat_map(|b| b.0.clone()).collect();
            prop_assert!(may_be_down(&resolved, &down), "at {now}: {down:?}\n{:?}", resolved.schedule);
        }
    }

    #[test]
    fn numbers_and_times_are_those_asked_for(seed in any::<u64>(), low in 1u32..10, more in 0u32..10) {
        let text = format!(
            "[cluster]\n[chaos]\nintensity = \"{low}..{}\"\nbudget = \"unbounded\"\nfamilies = {{ crash = 1 }}\n\
             spacing = \"100ms..200ms\"\nlasts = \"1s..2s\"",
            low + more
        );
        let schedule = resolve(&text, seed).schedule;
        let steps = schedule.iter().filter(|step| matches!(step.action, Action::Kill(_))).count();
        prop_assert!((low as usize..=(low + more) as usize).contains(&steps));
        prop_assert_eq!(schedule.len(), 2 * steps);
        for i in 1..steps {
            let gap = begins(&schedule, i) - begins(&schedule, i - 1);
            prop_assert!((100..=200).contains(&gap));
        }
        for step in &schedule[steps..] {
            let Trigger::AfterStep(_, lasts) = step.trigger else { panic!("{step:?}") };
            prop_assert!((1_000..=2_000).contains(&lasts.0));
        }
    }
}

#[test]
fn a_partition_under_the_budget_leaves_one_side_whole() {
    let text = "[cluster]\nreplicas = 4\nsentinels = 5\n[sentinel]\nquorum = 3\n[chaos]\nintensity = 30\n\
                families = { partition = 1 }\nlasts = \"1s..5s\"\nspacing = \"0s..30s\"";
    let mut found = 0;
    for seed in 0..200 {
        let resolved = resolve(text, seed);
        for step in &resolved.schedule {
            let Action::Partition(groups) = &step.action else { continue };
            found += 1;
            let outside = |group: usize| disturbed(&resolved, &Action::Isolate(groups[1 - group].clone()));
            assert!((0..2).any(|group| may_be_down(&resolved, &outside(group))), "{groups:?}");
        }
    }
    assert!(found > 200, "{found}");
}

#[test]
fn what_operators_type_takes_part_only_where_it_is_asked_for() {
    let typed = |families: &str| {
        let text = format!("[cluster]\n[chaos]\nintensity = 20\nbudget = \"unbounded\"\n{families}");
        let commands = |step: &Step| match &step.action {
            Action::SentinelFailover(..) => true,
            Action::Command(_, command) => !matches!(command, OperatorCommand::DebugSleep(_)),
            _ => false,
        };
        (0..50).map(|seed| resolve(&text, seed).schedule.iter().filter(|step| commands(step)).count()).sum::<usize>()
    };
    assert_eq!(typed(""), 0);
    assert_eq!(typed("families = { failover = 1, reset = 3 }"), 50 * 20);
}

#[test]
fn all_families_are_those_without_operators_and_lying_disks() {
    let mut kinds = Vec::new();
    for seed in 0..60 {
        let text = "[cluster]\n[chaos]\nintensity = 60\nbudget = \"unbounded\"\nswarm = false\nfamilies = \"all\"";
        for step in resolve(text, seed).schedule {
            match &step.action {
                Action::SentinelFailover(..) | Action::Command(_, OperatorCommand::Sentinel(_)) => panic!("{step:?}"),
                Action::Fsync(_, FsyncFault::Lies) => panic!("{step:?}"),
                action => kinds.push(format!("{action:?}").split(['(', ' ']).next().unwrap_or_default().to_owned()),
            }
        }
    }
    for kind in ["ClockDrift", "ClockFreeze", "Stall", "Fsync", "DiskFull", "Shape", "Kill", "PowerLoss"] {
        assert!(kinds.iter().any(|other| other == kind), "{kind}");
    }
}

#[test]
fn a_process_that_is_late_is_left_alone() {
    let text = "[cluster]\nlate = [\"redis-3\", \"sentinel-3\"]\n[chaos]\nintensity = 40\nbudget = \"unbounded\"\n\
                families = { crash = 1, pause = 1, drift = 1 }";
    for seed in 0..20 {
        for step in resolve(text, seed).schedule {
            let text = format!("{:?}", step.action);
            assert!(!text.contains("redis-3") && !text.contains("sentinel-3"), "{text}");
        }
    }
}

#[test]
fn a_broken_disk_is_followed_by_a_restart() {
    let text = "[cluster]\n[chaos]\nintensity = 5\nfamilies = { broken = 1, full = 1 }";
    for seed in 0..50 {
        let schedule = resolve(text, seed).schedule;
        let count = |wanted: fn(&Action) -> bool| schedule.iter().filter(|step| wanted(&step.action)).count();
        let troubles = count(|action| matches!(action, Action::Fsync(..) | Action::DiskFull(_)));
        assert_eq!(troubles, count(|action| matches!(action, Action::Kill(_))), "{schedule:?}");
    }
}

#[test]
fn swarm_mode_switches_families_off_whole() {
    let families = |swarm: bool, seed: u64| {
        let text = format!("[cluster]\n[chaos]\nintensity = 60\nbudget = \"unbounded\"\nswarm = {swarm}");
        let mut kinds: Vec<String> =
            resolve(&text, seed).schedule.iter().map(|step| format!("{:?}", step.action)).collect();
        kinds.retain(|kind| !kind.starts_with("Undo"));
        kinds.iter_mut().for_each(|kind| kind.truncate(kind.find('(').unwrap_or(4)));
        kinds.sort_unstable();
        kinds.dedup();
        kinds.len()
    };
    let mean = |swarm| (0..40).map(|seed| families(swarm, seed)).sum::<usize>() / 40;
    assert!(mean(true) + 2 < mean(false), "{} and {}", mean(true), mean(false));
}

#[test]
fn mistakes_are_found_where_they_stand() {
    let table = [
        ("[chaos]\nfamily = 3", "s.toml:3:1", "unknown key `family` in [chaos]"),
        ("[chaos]\nfamilies = { crsh = 1 }", "s.toml:3:14", "did you mean `crash`?"),
        ("[chaos]\nfamilies = \"al\"", "s.toml:3:12", "did you mean `all`?"),
        ("[chaos]\nfamilies = { crash = -1 }", "s.toml:3:22", "a whole number from 0 to 1000000"),
        ("[chaos]\nfamilies = { crash = 0 }", "s.toml:3:12", "no family is left"),
        ("[chaos]\nintensity = \"8..3\"", "s.toml:3:13", "found \"8..3\", expected a number of faults from 1 to 1000"),
        ("[chaos]\nintensity = 0", "s.toml:3:13", "found 0"),
        ("[chaos]\nbudget = \"survivible\"", "s.toml:3:10", "did you mean `survivable`?"),
        ("[chaos]\nlasts = \"20s..1s\"", "s.toml:3:9", "a range whose first duration is the shorter one"),
        ("[chaos]\nswarm = 1", "s.toml:3:9", "true or false"),
        ("chaos = 3", "s.toml:2:9", "found 3, expected a table"),
    ];
    for (text, place, words) in table {
        // A key of the root stands before any section.
        let text = if text.starts_with('[') { format!("[cluster]\n{text}") } else { format!("\n{text}\n[cluster]") };
        let error = parse(&text).map(|_| ()).expect_err(&text);
        assert!(error.contains(place) && error.contains(words), "{text}\n{error}");
    }
}
