//! Expectations over all seeds of a scenario: what passes, what fails, what stays open.

use splitbrain_checker::finding::{Evidence, Span};
use splitbrain_checker::observations::{MasterSettings, NodeIx};
use splitbrain_checker::settings::Implied;
use splitbrain_checker::summary::{Reported, RunSummary, ScenarioHead, ScenarioSummary};
use splitbrain_checker::{
    Amount, Demand, Detail, Expectation, Limit, Measure, Metric, Metrics, Occurrence, Property, Verdict, Within,
    evaluate, fold,
};
use splitbrain_model::event::EventKind;
use splitbrain_model::{Command, Key, Millis, Space};

fn expect(property: Property, demand: Demand, limits: &[Limit]) -> Vec<Expectation> {
    vec![Expectation { property, demand, limits: limits.to_vec() }]
}

fn reported(property: Property, detail: Detail<String>) -> Reported {
    Reported {
        property,
        at_ms: 1_234,
        master: "mymaster".to_owned(),
        sentence: detail.sentence("mymaster"),
        hazard: None,
        detail,
        context: Vec::new(),
    }
}

fn split() -> Reported {
    let detail = Detail::SplitBrain {
        nodes: vec!["redis-1".to_owned(), "redis-2".to_owned()],
        spans: vec![Span { from_ms: 1_234, until_ms: 2_234 }],
        total_ms: 1_000,
        writes: 10,
        intervals: Vec::new(),
    };
    reported(Property::SplitBrain, detail)
}

fn run(seed: u64, found: &[Reported], metrics: &[(Metric, i64)]) -> RunSummary {
    let mut run = RunSummary {
        seed,
        verdict: Verdict::Pass,
        digest: 0,
        metrics: Metrics::default(),
        findings: found.to_vec(),
        undecided: Vec::new(),
    };
    for &(metric, value) in metrics {
        run.metrics.set(metric, value);
    }
    run
}

fn open(seed: u64, property: Property) -> RunSummary {
    let mut run = run(seed, &[], &[]);
    run.undecided.push((property, "not yet".to_owned()));
    run
}

fn folded(expect: &[Expectation], runs: &[RunSummary]) -> ScenarioSummary {
    fold(ScenarioHead::default(), &[], expect, runs.to_vec(), 0)
}

#[test]
fn what_is_not_mentioned_must_hold() {
    let summary = folded(&[], &[run(0, &[], &[]), run(1, &[split()], &[])]);
    assert_eq!(summary.verdict, Verdict::Fail);
    let unmet = &summary.unmet[0];
    assert_eq!((unmet.runs, unmet.seed, unmet.at_ms), (1, Some(1), Some(1_234)));
    assert!(unmet.sentence.starts_with("redis-1 and redis-2 acknowledged writes"));
    assert_eq!(folded(&[], &[run(0, &[], &[])]).verdict, Verdict::Pass);
}

#[test]
fn a_documented_danger_must_show_itself_at_least_once() {
    let shows = expect(Property::SplitBrain, Demand::Shows, &[]);
    let quiet = run(0, &[], &[]);
    let summary = folded(&shows, &[quiet.clone(), run(1, &[split()], &[])]);
    assert_eq!(summary.verdict, Verdict::Pass);
    assert_eq!(summary.findings[0].runs, 1);
    let vacuous = folded(&shows, &[quiet.clone(), run(1, &[], &[])]);
    assert_eq!(vacuous.verdict, Verdict::Fail);
    assert_eq!(vacuous.unmet[0].seed, None);
    assert!(vacuous.unmet[0].sentence.contains("did not show itself in any of 2 runs"));
    assert_eq!(evaluate::run(&Expectation::complete(&shows), &quiet), Verdict::Pass);
}

#[test]
fn a_danger_that_must_show_in_every_seed_fails_with_the_first_quiet_one() {
    let every = expect(Property::SplitBrain, Demand::ShowsInEverySeed, &[]);
    let runs = [run(0, &[split()], &[]), run(1, &[], &[]), run(2, &[], &[])];
    let summary = folded(&every, &runs);
    assert_eq!(summary.verdict, Verdict::Fail);
    assert_eq!((summary.unmet[0].runs, summary.unmet[0].seed), (2, Some(1)));
    assert_eq!(folded(&every, &runs[..1]).verdict, Verdict::Pass);
}

#[test]
fn what_is_undecided_is_never_a_pass_unless_it_does_not_matter() {
    let lost = Property::LostWrite;
    assert_eq!(folded(&[], &[open(0, lost)]).verdict, Verdict::Undecided);
    let any = expect(lost, Demand::Any, &[]);
    assert_eq!(folded(&any, &[open(0, lost)]).verdict, Verdict::Pass);
    let shows = expect(Property::SplitBrain, Demand::Shows, &[]);
    let shown = [open(0, Property::SplitBrain), run(1, &[split()], &[])];
    assert_eq!(folded(&shows, &shown).verdict, Verdict::Pass);
    assert_eq!(folded(&shows, &shown[..1]).verdict, Verdict::Undecided);
    let failed = [open(0, lost), run(1, &[split()], &[])];
    assert_eq!(folded(&[], &failed).verdict, Verdict::Fail);
    assert_eq!(folded(&[], &[]).verdict, Verdict::Undecided);
}

#[test]
fn an_event_may_be_demanded_of_every_run_or_of_a_share_of_them() {
    let wanted =
        |share| Occurrence { event: EventKind::TiltEnter, by: None, of: None, at_least: 1, at_most: None, share };
    let found = |share| {
        let detail = Detail::Occurred { wanted: wanted(share), count: 2, by: None, of: None };
        reported(Property::Events, detail)
    };
    let demand = |share| expect(Property::Events, Demand::Holds, &[Limit::Occurs(wanted(share))]);
    // Of every run: a finding is a run that does not obey.
    let runs = [run(0, &[], &[]), run(1, &[found(None)], &[])];
    let summary = folded(&demand(None), &runs);
    assert_eq!((summary.verdict, summary.unmet[0].seed), (Verdict::Fail, Some(1)));
    assert_eq!(folded(&demand(None), &runs[..1]).verdict, Verdict::Pass);
    // Of a share: a finding is a run that shows it.
    let shown = |share, count: usize| {
        let runs: Vec<RunSummary> = (0..10)
            .map(|seed| run(seed, if (seed as usize) < count { vec![found(share)] } else { vec![] }.as_slice(), &[]))
            .collect();
        folded(&demand(share), &runs).verdict
    };
    let table = [(Some(0), 0, Verdict::Fail), (Some(0), 1, Verdict::Pass), (Some(300), 2, Verdict::Fail)];
    for (share, count, verdict) in
        table.into_iter().chain([(Some(300), 3, Verdict::Pass), (Some(1_000), 9, Verdict::Fail)])
    {
        assert_eq!(shown(share, count), verdict, "{share:?} in {count} of 10");
    }
    let summary = folded(&demand(Some(300)), &[run(0, &[], &[])]);
    assert_eq!(summary.unmet[0].sentence, "+tilt happened as demanded in 0 of 1 run, at least 1 should have shown it");
    // Another statement's finding shows nothing.
    assert_eq!(folded(&demand(Some(0)), &[run(0, &[found(Some(300))], &[])]).verdict, Verdict::Fail);
    assert_eq!(folded(&demand(None), &[open(0, Property::Events)]).verdict, Verdict::Undecided);
}

#[test]
fn a_number_may_be_demanded_of_every_run_or_of_a_share_of_them() {
    let demand = |at_least, at_most, share| {
        let measure = Measure { metric: Metric::OperationsFailed, at_least, at_most, share };
        expect(Property::Metrics, Demand::Holds, &[Limit::Measures(measure)])
    };
    let failed = |seed, value| run(seed, &[], &[(Metric::OperationsFailed, value)]);
    let runs = [failed(0, 0), failed(1, 7), failed(2, 8)];
    let summary = folded(&demand(None, Some(6), None), &runs);
    assert_eq!((summary.verdict, summary.unmet[0].seed, summary.unmet[0].runs), (Verdict::Fail, Some(1), 2));
    assert_eq!(summary.unmet[0].sentence, "operations_failed is 7, demanded: at most 6");
    assert_eq!(folded(&demand(Some(0), Some(8), None), &runs).verdict, Verdict::Pass);
    // A number that nobody measured is not 0.
    let unmeasured = folded(&demand(None, Some(6), None), &[run(0, &[], &[])]);
    assert_eq!(unmeasured.unmet[0].sentence, "operations_failed was not measured, demanded: at most 6");
    for (share, verdict) in [(0, Verdict::Pass), (660, Verdict::Pass), (670, Verdict::Fail)] {
        assert_eq!(folded(&demand(Some(7), None, Some(share)), &runs).verdict, verdict, "{share}");
    }
    assert_eq!(folded(&demand(Some(9), None, Some(0)), &runs).verdict, Verdict::Fail);
    assert_eq!(folded(&demand(None, Some(6), None), &[open(0, Property::Metrics)]).verdict, Verdict::Undecided);
}

#[test]
fn limits_replace_not_at_all_and_hold_in_every_run() {
    let lossy = |seed, lost| {
        let numbers = [(Metric::WritesLost, lost), (Metric::WritesAcked, 1_000)];
        run(seed, &[], &numbers)
    };
    let share = |permille| [Limit::AtMost(Amount::Permille(permille))];
    for demand in [Demand::Holds, Demand::Any] {
        let within = expect(Property::LostWrite, demand, &share(450));
        assert_eq!(folded(&within, &[lossy(0, 450)]).verdict, Verdict::Pass);
        let beyond = folded(&within, &[lossy(0, 450), lossy(1, 451)]);
        assert_eq!(beyond.verdict, Verdict::Fail);
        assert_eq!(beyond.unmet[0].seed, Some(1));
        assert_eq!(beyond.unmet[0].sentence, "acknowledged writes lost: 45.1 %, allowed are at most 45.0 %");
    }
    let some = expect(Property::LostWrite, Demand::Any, &[Limit::AtLeast(Amount::Count(10))]);
    assert_eq!(folded(&some, &[lossy(0, 9)]).verdict, Verdict::Fail);
    assert_eq!(folded(&some, &[lossy(0, 10)]).verdict, Verdict::Pass);
    let none = expect(Property::LostWrite, Demand::Holds, &share(0));
    let numbers = [(Metric::WritesLost, 1), (Metric::WritesAcked, 100_000)];
    assert_eq!(folded(&none, &[run(0, &[], &numbers)]).verdict, Verdict::Fail);
}

#[test]
fn a_limit_in_time_is_about_the_overlap() {
    let limit = [Limit::AtMost(Amount::Time(Millis(500)))];
    let bounded = expect(Property::SplitBrain, Demand::Shows, &limit);
    let short = run(0, &[split()], &[(Metric::SplitBrain, 500)]);
    let long = run(1, &[split()], &[(Metric::SplitBrain, 501)]);
    assert_eq!(folded(&bounded, std::slice::from_ref(&short)).verdict, Verdict::Pass);
    assert_eq!(folded(&bounded, &[short, long]).verdict, Verdict::Fail);
}

#[test]
fn convergence_within_a_limit_counts_from_the_first_fault() {
    let limit = [Limit::Within(Within::Time(Millis(20_000)))];
    let soon = expect(Property::ConvergesAfterHeal, Demand::Holds, &limit);
    let at = |ms| [run(0, &[], &[(Metric::Converged, ms)])];
    assert_eq!(folded(&soon, &at(20_000)).verdict, Verdict::Pass);
    assert_eq!(folded(&soon, &at(20_001)).verdict, Verdict::Fail);
}

#[test]
fn missing_failovers_are_not_tolerated_by_a_limit_on_their_number() {
    let detail = Detail::FailoverCount { completed: 0, wanted: None, attempts: 3 };
    let none = reported(Property::FailoverCompletes, detail);
    let run = run(0, &[none], &[(Metric::Failovers, 0)]);
    let limit = [Limit::AtMost(Amount::Count(2))];
    let expect = expect(Property::FailoverCompletes, Demand::Holds, &limit);
    assert_eq!(folded(&expect, &[run]).verdict, Verdict::Fail);
}

#[test]
fn a_contradiction_inside_splitbrain_is_never_excused_nor_taken_for_a_danger() {
    let key = Key { space: Space::Set, index: 0 };
    let detail = Detail::NeverExecuted {
        writes: 1,
        first: Evidence {
            client: "client-1".to_owned(),
            server: Some("redis-1".to_owned()),
            command: Command::Sadd(key, splitbrain_model::Value(1)),
            outcome: None,
            invoked_ms: 0,
            completed_ms: None,
        },
    };
    let bug = run(0, &[reported(Property::LostWrite, detail)], &[]);
    for demand in [Demand::Any, Demand::Shows] {
        let expect = expect(Property::LostWrite, demand, &[]);
        let summary = folded(&expect, std::slice::from_ref(&bug));
        assert_eq!(summary.verdict, Verdict::Fail);
        assert!(summary.unmet[0].sentence.contains("a bug of splitbrain"));
    }
}

#[test]
fn runs_are_folded_in_order_of_their_seeds() {
    let at = |seed, value| run(seed, &[split()], &[(Metric::FirstSdown, value)]);
    let forth = folded(&[], &[at(0, 10), at(1, 20), at(2, 30)]);
    let back = folded(&[], &[at(2, 30), at(1, 20), at(0, 10)]);
    assert_eq!(forth.metrics, back.metrics);
    assert_eq!(forth.unmet, back.unmet);
    assert_eq!(back.runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [0, 1, 2]);
    let stats = forth.metric(Metric::FirstSdown).unwrap();
    assert_eq!((stats.n, stats.min, stats.median, stats.max), (3, 10, 20, 30));
    assert_eq!(forth.findings[0].first.len(), 3);
    assert_eq!(forth.metric(Metric::Tilts), None);
}

#[test]
fn settings_are_reported_with_what_they_imply_and_how_far_off_the_runs_were() {
    let settings = MasterSettings {
        name: "mymaster".into(),
        initial: NodeIx(0),
        redis: vec![NodeIx(0), NodeIx(1), NodeIx(2)],
        sentinels: (3..8).map(NodeIx).collect(),
        quorum: 2,
        down_after: Millis(5_000),
        failover_timeout: Millis(60_000),
        parallel_syncs: 1,
        min_replicas_to_write: 0,
        min_replicas_max_lag: 10,
        repl_timeout: 60,
    };
    let numbers = [(Metric::FirstSdown, 5_700), (Metric::Promoted, 7_000), (Metric::FailoverEnd, 8_000)];
    let runs = vec![run(0, &[], &numbers)];
    let summary = fold(ScenarioHead::default(), &[settings], &[], runs, 0);
    let of = |name| summary.settings.iter().find(|s| s.name == name).unwrap();
    // Five Sentinels: three votes to lead, so two may fail.
    assert_eq!(of("quorum").margin.unwrap().amount, 2);
    let down_after = of("down-after-milliseconds");
    assert_eq!(down_after.implies[0], ("detected_by_ms", Implied::Range(5_000, 6_200)));
    assert_eq!(down_after.margin.unwrap().amount, 500);
    let timeout = of("failover-timeout");
    assert_eq!(timeout.implies[0], ("retry_after_ms", Implied::Range(120_000, 121_000)));
    assert_eq!(timeout.implies[1], ("election_given_up_ms", Implied::Range(10_000, 11_100)));
    assert_eq!(timeout.margin.unwrap().amount, 59_000);
    assert_eq!(of("min-replicas-to-write").implies[0].1, Implied::Unlimited);
    assert_eq!(of("min-replicas-to-write").margin, None);
}
