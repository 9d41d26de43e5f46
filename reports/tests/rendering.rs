//! What users see, as snapshots of a hand-made summary.

use proptest::prelude::*;
use splitbrain_checker::finding::{Interval, Losses, Share, Span};
use splitbrain_checker::observations::{MasterSettings, NodeIx};
use splitbrain_checker::summary::{Reported, RunSummary, ScenarioHead, ScenarioSummary};
use splitbrain_checker::{
    Amount, Demand, Detail, Expectation, Limit, Metric, Metrics, Property, Verdict, evaluate, fold,
};
use splitbrain_model::Millis;
use splitbrain_reports::{Style, json, junit, text};

fn settings() -> MasterSettings {
    MasterSettings {
        name: "mymaster".into(),
        initial: NodeIx(0),
        redis: vec![NodeIx(0), NodeIx(1), NodeIx(2)],
        sentinels: vec![NodeIx(3), NodeIx(4), NodeIx(5)],
        quorum: 2,
        down_after: Millis(1_000),
        failover_timeout: Millis(3_000),
        parallel_syncs: 1,
        min_replicas_to_write: 1,
        min_replicas_max_lag: 10,
        repl_timeout: 60,
    }
}

fn reported(property: Property, at_ms: i64, detail: Detail<String>) -> Reported {
    Reported {
        property,
        at_ms,
        master: "mymaster".to_owned(),
        sentence: detail.sentence("mymaster"),
        hazard: None,
        detail,
        context: Vec::new(),
    }
}

fn share(node: &str, writes: u64) -> Share<String> {
    Share { node: node.to_owned(), writes }
}

fn split_brain(total_ms: i64) -> Reported {
    let span = Span { from_ms: 2_000, until_ms: 2_000 + total_ms };
    let detail = Detail::SplitBrain {
        nodes: vec!["redis-1".to_owned(), "redis-2".to_owned()],
        spans: vec![span],
        total_ms,
        writes: 240,
        intervals: vec![Interval { span, by: vec![share("redis-1", 122), share("redis-2", 118)] }],
    };
    reported(Property::SplitBrain, 2_000, detail)
}

fn lost(lost: u64) -> Reported {
    let detail = Detail::LostWrites {
        survivor: "redis-2".to_owned(),
        servers: vec!["redis-1".to_owned()],
        acked: 1_000,
        lost,
        permille: lost as u32,
        span: Span { from_ms: 310, until_ms: 11_900 },
        causes: Losses { unreplicated: 30, after_promotion: lost - 30, ..Losses::default() },
    };
    reported(Property::LostWrite, 310, detail)
}

fn a_run(seed: u64, findings: Vec<Reported>, losses: i64, expect: &[Expectation]) -> RunSummary {
    let mut metrics = Metrics::default();
    let late = seed as i64 * 40;
    for (metric, value) in [
        (Metric::FirstSdown, 1_100 + late),
        (Metric::Promoted, 2_200 + late),
        (Metric::FirstSwitchMaster, 2_300 + late),
        (Metric::FailoverEnd, 3_300 + 2 * late),
        (Metric::WriteUnavailable, 48),
        (Metric::SplitBrain, 9_600 + late),
        (Metric::Failovers, 1),
        (Metric::ElectionRounds, 1),
        (Metric::WritesAcked, 1_000),
        (Metric::WritesLost, losses),
    ] {
        metrics.set(metric, value);
    }
    let mut run = RunSummary {
        seed,
        verdict: Verdict::Pass,
        digest: u128::from(seed) << 100 | 0xfeed,
        metrics,
        findings,
        undecided: Vec::new(),
    };
    run.verdict = evaluate::run(&Expectation::complete(expect), &run);
    run
}

fn head(name: &str, title: &str) -> ScenarioHead {
    ScenarioHead {
        scenario: name.to_owned(),
        file: format!("scenarios/{name}.toml"),
        title: title.to_owned(),
        environment: "lan".to_owned(),
        flags: Vec::new(),
        first_seed: 0,
    }
}

fn expect(property: Property, demand: Demand, limits: &[Limit]) -> Expectation {
    Expectation { property, demand, limits: limits.to_vec() }
}

fn scenarios() -> Vec<ScenarioSummary> {
    let dangers = [
        expect(Property::SplitBrain, Demand::Shows, &[]),
        expect(Property::LostWrite, Demand::Shows, &[Limit::AtMost(Amount::Permille(450))]),
    ];
    let runs: Vec<RunSummary> = (0..4)
        .map(|seed| {
            let n = 300 + 100 * seed;
            let found = vec![lost(n), split_brain(9_600 + seed as i64 * 40)];
            a_run(seed, found, n as i64, &dangers)
        })
        .collect();
    let title = "An isolated master keeps acknowledging writes";
    let mut isolated = fold(head("claims/isolated", title), &[settings()], &dangers, runs, 0xabc);
    isolated.saved.insert(2, "target/splitbrain/isolated-2.json".to_owned());

    let plain: Vec<RunSummary> = (0..2).map(|seed| a_run(seed, Vec::new(), 0, &[])).collect();
    let title = "The master is killed";
    let killed = fold(head("classic/kill", title), &[settings()], &[], plain, 0xdef);

    let mut open = a_run(7, Vec::new(), 0, &[]);
    open.metrics = Metrics::default();
    let why = "the cluster was not stable before the faults began";
    open.undecided.push((Property::LostWrite, why.to_owned()));
    let mut head = head("classic/half", "Half of the machines");
    head.first_seed = 7;
    let half = fold(head, &[], &[], vec![open], 1);
    vec![isolated, killed, half]
}

#[test]
fn a_person_reads_the_report() {
    let report = text::report(&scenarios(), Style::PLAIN);
    assert!(report.lines().all(|line| line.chars().count() <= 100));
    insta::assert_snapshot!(report);
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = text::report(&scenarios(), Style::PLAIN);
    let coloured = text::report(&scenarios(), Style::COLOUR);
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\x1b') {
        bare.push_str(before);
        rest = &after[after.find('m').unwrap() + 1..];
    }
    bare.push_str(rest);
    assert_ne!(coloured, plain);
    assert_eq!(bare, plain);
}

#[test]
fn a_program_reads_the_document() {
    insta::assert_snapshot!(json::document("0.1.0", &scenarios(), true));
    let without = json::document("0.1.0", &scenarios(), false);
    assert!(!without.contains("\"runs\": ["));
}

#[test]
fn a_ci_system_reads_a_case_per_scenario_with_what_broke_and_how_to_repeat_it() {
    let document = junit::document("0.1.0", &scenarios(), None);
    insta::assert_snapshot!(document);
    let parsed = roxmltree::Document::parse(&document).unwrap();
    let number = |name: &str| parsed.root_element().attribute(name).unwrap().parse::<usize>().unwrap();
    let elements = |name: &str| parsed.descendants().filter(|node| node.has_tag_name(name)).count();
    assert_eq!(number("tests"), elements("testcase"));
    assert_eq!((number("failures"), number("errors")), (elements("failure"), elements("error")));
    // One of the three passes, one fails; the undecided one is an error and no pass.
    assert_eq!((elements("failure"), elements("error")), (1, 1));
}

#[test]
fn what_could_not_be_played_is_an_error_of_the_document() {
    let broken = junit::Broken { scenario: "classic/x", file: "x.toml", message: "bug: a < b\nand so on" };
    let document = junit::document("0.1.0", &scenarios(), Some(&broken));
    let parsed = roxmltree::Document::parse(&document).unwrap();
    let suite = parsed.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    assert_eq!((suite.attribute("tests"), suite.attribute("errors")), (Some("4"), Some("2")));
    let case = parsed.descendants().rfind(|node| node.has_tag_name("testcase")).unwrap();
    assert_eq!((case.attribute("classname"), case.attribute("name")), (Some("classic"), Some("x")));
    let error = case.children().find(|node| node.has_tag_name("error")).unwrap();
    assert_eq!(error.attribute("message"), Some("bug: a < b\nand so on"));
}

proptest! {
    #[test]
    fn whatever_a_title_or_a_path_says_the_document_is_sound_and_says_it(
        title in any::<String>(), file in any::<String>(), name in any::<String>()
    ) {
        let mut summary = scenarios().remove(0);
        (summary.title, summary.file, summary.scenario) = (title.clone(), file.clone(), format!("x/{name}"));
        summary.unmet[0].sentence = title.clone();
        let document = junit::document("0.1.0", &[summary], None);
        let parsed = roxmltree::Document::parse(&document).unwrap();
        let holdable = |text: &str| -> String {
            let forbidden = |c: char| (c < ' ' && !"\t\n\r".contains(c)) || c == '\u{fffe}' || c == '\u{ffff}';
            text.chars().map(|c| if forbidden(c) { '\u{fffd}' } else { c }).collect()
        };
        let case = parsed.descendants().find(|node| node.has_tag_name("testcase")).unwrap();
        prop_assert_eq!(case.attribute("file"), Some(&*holdable(&file)));
        let failure = parsed.descendants().find(|node| node.has_tag_name("failure")).unwrap();
        prop_assert_eq!(failure.attribute("message"), Some(&*holdable(&title)));
        let out = parsed.descendants().find(|node| node.has_tag_name("system-out")).unwrap();
        prop_assert!(out.text().unwrap().starts_with(&holdable(&title)));
    }
}
