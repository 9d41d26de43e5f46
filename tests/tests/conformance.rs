//! The simulation conforms to recordings of real Redis, and the comparison has teeth: with a wrong rule planted, it fails,
//! in the cell that the rule is about.

use splitbrain::model::Nanos;
use splitbrain::model::planted::{Plant, Planted};
use splitbrain::scenarios::{Dist, ProcessKind, Resolved};
use splitbrain_conform::{Conformance, Options, conform, recording, report};
use std::path::PathBuf;

/// Compares these of our recordings, or all, with so many simulated runs each.
fn compare(scenarios: &[&str], seeds: u64, plant: Option<fn(&mut Resolved)>) -> Conformance {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut recordings = recording::read(&[folder]).expect("our recordings are readable");
    recordings.retain(|scenario, _| scenarios.is_empty() || scenarios.contains(&scenario.as_str()));
    let options = Options { seeds, order_seeds: seeds.max(400), plant, ..Options::default() };
    conform(&recordings, &options, &|_, _, _| ()).expect("threads")
}

/// Plants a wrong rule; the comparison of these scenarios must fail, in a cell whose name contains one of these words and
/// that passes without the rule.
fn must_fail(scenarios: &[&str], cells: &[&str], plant: fn(&mut Resolved)) {
    let failed = |result: &Conformance| -> Vec<(String, String)> {
        let all = result.cells.iter().chain(&result.orders).filter(|cell| !cell.pass);
        let meant = all.filter(|cell| cells.iter().any(|words| cell.cell.contains(words)));
        meant.map(|cell| (cell.scenario.clone(), cell.cell.clone())).collect()
    };
    let before = failed(&compare(scenarios, 100, None));
    let planted = compare(scenarios, 100, Some(plant));
    let table = report::text(&planted, false);
    assert!(!planted.passes(), "nobody noticed:\n{table}");
    assert!(failed(&planted).iter().any(|cell| !before.contains(cell)), "not in the expected cells:\n{table}");
}

macro_rules! sentinels {
    ($rule:ident) => {
        |run: &mut Resolved| {
            for process in &mut run.processes {
                if let ProcessKind::Sentinel(conf) = &mut process.kind {
                    conf.planted = Plant::one(Planted::$rule);
                }
            }
        }
    };
}

#[test]
fn the_simulation_conforms_to_our_recordings() {
    let result = compare(&[], 100, None);
    assert!(result.passes(), "{}", report::text(&result, false));
    assert!(result.cells.len() > 200, "{} cells are too few to mean anything", result.cells.len());
}

#[test]
fn a_timer_that_always_runs_at_10_hz_is_noticed() {
    must_fail(&["B", "N"], &["step elected-selected", "step selected-sent"], sentinels!(FixedHz));
}

#[test]
fn info_every_500_ms_is_noticed() {
    must_fail(&["B", "N"], &["step sent-promoted"], sentinels!(EagerInfo));
}

#[test]
fn reconnecting_without_a_pause_is_noticed() {
    must_fail(&["H1"], &["new master sdown"], sentinels!(EagerReconnect));
}

#[test]
fn pings_in_phase_are_noticed() {
    must_fail(&["C", "D", "F", "G"], &["sdown"], sentinels!(PingsInPhase));
}

#[test]
fn turning_an_old_master_back_before_the_next_info_is_noticed() {
    must_fail(&["C", "D", "J"], &["convert_to_slave", "step role-change-convert"], sentinels!(EagerConversion));
}

#[test]
fn retransmissions_without_back_off_are_noticed() {
    must_fail(&["G"], &["convert_to_slave", "last_switch_master"], |run| run.environment.kernel.backoff = false);
}

#[test]
fn an_fsync_that_costs_nothing_is_noticed() {
    must_fail(&["B", "J"], &["step new-epoch-vote"], |run| run.environment.config_save = Dist::Fixed(Nanos::ZERO));
}

#[test]
fn the_number_of_jobs_does_not_change_the_comparison() {
    let json = |jobs| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recordings/N");
        let recordings = recording::read(&[folder]).expect("our recordings are readable");
        let options = Options { seeds: 10, order_seeds: 10, jobs, ..Options::default() };
        report::json("0", &conform(&recordings, &options, &|_, _, _| ()).expect("threads"))
    };
    assert_eq!(json(1), json(2));
}

#[test]
fn an_unknown_form_of_step_is_named() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recordings/B");
    let mut recordings = recording::read(&[folder]).expect("our recordings are readable");
    let step = &mut recordings.get_mut("B").expect("B is there")[0].steps[0].1;
    step.insert("do".to_owned(), "unplug".into());
    let result = conform(&recordings, &Options { seeds: 1, ..Options::default() }, &|_, _, _| ()).expect("threads");
    assert!(!result.passes());
    assert!(result.unplayable[0].1.contains("unplug"), "{}", result.unplayable[0].1);
}

#[test]
fn the_table_in_the_page_about_fidelity_is_what_the_comparison_says() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/fidelity.md")).expect("there is a page").replace("\r\n", "\n");
    let shown = page.split_once("<!-- output:begin -->\n```text\n").expect("it has a table").1;
    let shown = shown.split_once("```\n<!-- output:end -->").expect("the table ends").0;
    let recordings = recording::read(&[PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recordings")]);
    let result = conform(&recordings.expect("our recordings are readable"), &Options::default(), &|_, _, _| ());
    let printed = report::text(&result.expect("threads"), false);
    let lines = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(shown), lines(&printed), "run docs/regenerate.sh and read the difference");
}
