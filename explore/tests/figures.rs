//! What follows from rows, by rows that are made up so that everything can be reckoned by hand.

use splitbrain_explore::choose::{Findings, choose};
use splitbrain_explore::merge::Sample;
use splitbrain_explore::{Goal, Merged, Plan, Round, Sweep, report};
use splitbrain_scenarios::Source;

const BASE: &str = "[cluster]\n[sentinel]\ndown-after-milliseconds = 10000\n[[clients]]\nworkload = { sadd = 2 }\n";

const SWEEP: &str = "scenario = \"base.toml\"\nseeds = 40\n[vary]\n\
                     down-after-milliseconds = [1000, 2000, 3000, 5000, 10000]\nmin-replicas-to-write = [0, 1]\n\
                     [[failures]]\nname = \"stalls\"\nper-year = 365\npasses = true\nstall = \"master\"\nfor = \"1s\"\n\
                     [[failures]]\nname = \"dies\"\nper-year = 0.5\nkill = \"master\"\n\
                     [promise]\nwrite-gap = \"7s\"\nfalse-failovers = 1\n";

/// A machine that stalls is replaced if down-after is a second, and one in ten of the seeds loses three writes then. A master
/// that dies is away for a second more than down-after.
fn made_up(text: &str) -> Merged {
    let sweep = Sweep::parse(Source::new("sweep.toml", text), &|name| Ok(Source::new(name, BASE))).unwrap();
    let plan = Plan::new(&sweep, None).unwrap();
    let cells = plan.points.iter().map(|point| {
        let down_after: u32 = plan.axes[0].shown(point[0]).parse().unwrap();
        let sample = |index: u64| {
            let stalls = plan.failure_of(0, index) == 0;
            let replaced = down_after == 1000 || !stalls;
            Sample {
                gap: if stalls { 1_000 + (index % 4) as u32 * 10 } else { down_after + 1_000 },
                gap_surviving: 2 * down_after,
                lost: if stalls && replaced && index.is_multiple_of(10) { 3 } else { 0 },
                split: 0,
                failovers: replaced.into(),
                false_failover: stalls && replaced,
                failed_failover: false,
                recovered: true,
                settled: true,
            }
        };
        plan.seeds.clone().map(sample).collect()
    });
    Merged { cells: cells.collect(), digest: Default::default(), rounds: vec![Round::first(&plan)], plan }
}

fn at(merged: &Merged, findings: &Findings, point: [u32; 2]) -> usize {
    let found = merged.plan.points.iter().position(|places| *places == point.map(Some));
    found.filter(|cell| *cell < findings.cells.len()).expect("the point is there")
}

#[test]
fn yearly_figures_are_rates_times_what_one_failure_does() {
    let merged = made_up(SWEEP);
    let findings = choose(&merged);
    let fast = &findings.cells[at(&merged, &findings, [0, 0])];
    // Even indices stall: half of them have a gap of 1000, half of 1020.
    assert_eq!(fast.outage_ms.estimate, 365 * 1_010 + 2_000 / 2);
    assert_eq!(fast.outage_surviving_ms.estimate, 365 * 2_000 + 2_000 / 2);
    // Four of twenty lose three each.
    assert_eq!(fast.lost.estimate, 365_000 * 12 / 20);
    assert_eq!((fast.losing.estimate, fast.failures[0].losing.runs), (365_000 * 4 / 20, 4));
    assert_eq!(fast.false_failovers.estimate, 365_000);
    assert_eq!(fast.failovers.estimate, 365_000 + 500);
    // Nothing in twenty runs, with half of the error for each of two failures: 1 - 0.0125^(1/20).
    assert_eq!((fast.unrecovered.estimate, fast.unrecovered.low), (0, 0));
    assert_eq!((fast.failures[1].unrecovered.low_ppm, fast.failures[1].unrecovered.high_ppm), (0, 196_760));
    assert_eq!(
        (fast.failures[0].gap.median, fast.failures[0].gap.p99, fast.failures[1].gap.p99),
        (1_000, 1_020, 2_000)
    );
    // By hand: the standard error of the mean of 20 values, of which 4 are 3 and 16 are 0, is 1.2311 / sqrt(20).
    let half = (365_000.0 * 1.96 * (1.2f64 * 1.2 * 20.0 / 19.0 / 20.0).sqrt()).ceil() as i64;
    assert!((fast.lost.high - fast.lost.estimate - half).abs() <= 1, "{:?}, {half}", fast.lost);
    // No stall in twenty brings a failover, every death one: up to a fifth of either may be otherwise.
    let slow = &findings.cells[at(&merged, &findings, [4, 0])];
    let unseen = 1.0 - 0.0125f64.powf(1.0 / 20.0);
    let [less, more] = [500.0, 365_000.0].map(|rate| (rate * unseen).ceil() as i64);
    assert_eq!((slow.failovers.low, slow.failovers.estimate, slow.failovers.high), (500 - less, 500, 500 + more));
    let difference = &findings.differences[at(&merged, &findings, [0, 0])];
    // Each pair differs by the same: there is nothing uncertain.
    assert_eq!(difference.outage_ms.estimate, -9_000 / 2);
    assert_eq!((difference.outage_ms.low, difference.outage_ms.high), (-4_500, -4_500));
    assert_eq!(difference.false_failovers.estimate, 365_000);
}

#[test]
fn what_is_recommended_keeps_the_promise_and_so_do_its_neighbours() {
    let merged = made_up(SWEEP);
    let findings = choose(&merged);
    let recommended = findings.recommended.expect("something keeps the promise");
    // 2000 and 5000 are each a step from a cliff; min-replicas-to-write need not change.
    assert_eq!(merged.plan.points[recommended.point], [Some(2), Some(0)]);
    assert_eq!(recommended.margin_ppm, Some(3_000 * 1_000_000 / 7_000));
    let cliff = &findings.cliffs[0];
    assert_eq!((cliff.down.same_until, cliff.down.flips_at), (1, Some(0)));
    assert_eq!(cliff.down.broken, [(Goal::FalseFailovers, 1_000, 365_000)]);
    assert_eq!((cliff.up.same_until, cliff.up.flips_at), (3, Some(4)));
    assert_eq!(cliff.up.broken, [(Goal::WriteGap, 7_000, 11_000)]);
    assert_eq!((findings.cliffs[1].up.flips_at, findings.cliffs[1].down.flips_at), (None, None));
    // Faster costs writes and false failovers; of the others, 2000 is the best in everything.
    let front: Vec<usize> = (0..5)
        .filter(|place| findings.front[at(&merged, &findings, [*place, 0])])
        .map(|place| place as usize)
        .collect();
    assert_eq!(front, [0, 1]);
    assert_eq!(findings.effects[0][0].levels[4], (2, 365 * 1_010 + 11_000 / 2, 0, 0));
    let text = report::text(&merged, &findings, false);
    assert!(text.contains("sentinel down-after-milliseconds <master> 3000   # now 10000"), "{text}");
}

#[test]
fn what_nobody_keeps_is_not_recommended_and_what_is_undecided_is_not_kept() {
    let mut merged = made_up(&SWEEP.replace("7s", "1500ms"));
    assert_eq!(choose(&merged).recommended, None);
    merged = made_up(SWEEP);
    for cell in &mut merged.cells {
        cell[7].settled = false;
    }
    let findings = choose(&merged);
    assert_eq!(findings.recommended, None);
    assert!(!findings.front.contains(&true));
    merged = made_up(SWEEP);
    merged.cells.iter_mut().for_each(|cell| cell[7].recovered = false);
    assert_eq!(choose(&merged).recommended, None, "that everything is well again is promised in any case");
}

#[test]
fn the_page_tells_the_same_and_what_the_sweep_is_called_is_text() {
    let merged = made_up(&format!("title = \"<script>alert(1)</script>\"\n{SWEEP}"));
    let page = report::html(&merged, &choose(&merged), None);
    assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert(1)"));
    for told in [
        "sentinel down-after-milliseconds &lt;master&gt; 3000   # now 10000",
        "broken at 1000 (false-failovers 365 a year instead of 1 a year); broken at 10000 (write-gap 11.00 s instead of 7.00 s)",
        "splitbrain explore sweep.toml --scenario ",
    ] {
        assert!(page.contains(told), "{told}");
    }
    let hopeless = made_up(&SWEEP.replace("7s", "1500ms"));
    let page = report::html(&hopeless, &choose(&hopeless), None);
    assert!(page.contains("NOT KEPT") && page.contains("write-gap 11.00 s instead of 1.50 s"));
}
