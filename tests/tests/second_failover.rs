//! The rare second failover after a plain kill: with down-after 1000 some Sentinel takes the healthy new master for down,
//! because its reconnect may wait as long as its patience lasts. Real Redis shows it in 16 of 204 recorded kills (95 %
//! interval 4.5 to 12.4 %), and a second attempt in 6 of them (1.1 to 6.3 %); with a longer down-after in none. No line
//! of the model mentions it.

use splitbrain::checker::observations::Observations;
use splitbrain::model::event::{EventKind, Subject};
use splitbrain::run_seed;
use splitbrain::scenarios::{Scenario, Source};

const SEEDS: u64 = 2_000;

/// The recorder's cluster, its master killed.
fn killed(down_after: u32) -> Scenario {
    let text = format!(
        "[cluster]\nreplicas = 2\nsentinels = 3\n[sentinel]\nquorum = 2\ndown-after-milliseconds = {down_after}\n\
         failover-timeout = {}\n[network]\nenvironment = \"recorder\"\n[[faults]]\nat = \"0s\"\nkill = \"master\"\n\
         [run]\nphase = \"2s..4s\"\nobserve-at-least = \"5s\"",
        3 * down_after
    );
    Scenario::parse(&Source::new("killed.toml", &text)).expect("the text is a scenario")
}

/// Whether a Sentinel that had switched said +sdown of the new master, and whether one tried a failover again.
fn again(seen: &Observations) -> (bool, bool) {
    let mut switched = Vec::new();
    let (mut down, mut tried) = (false, false);
    for at in seen.events.iter().filter(|at| at.at >= seen.t0) {
        let after = switched.contains(&at.node);
        match at.event.kind {
            EventKind::SwitchMaster => switched.push(at.node),
            EventKind::SdownEnter if at.event.subject == Subject::Master => down |= after,
            EventKind::TryFailover => tried |= after,
            _ => {}
        }
    }
    (down, tried)
}

fn rates(down_after: u32) -> (u64, u64) {
    let scenario = killed(down_after);
    (0..SEEDS).fold((0, 0), |(down, tried), seed| {
        let (again_down, again_tried) = again(&run_seed(&scenario, seed).observations);
        (down + u64::from(again_down), tried + u64::from(again_tried))
    })
}

#[test]
fn with_down_after_1000_the_new_master_is_taken_for_down_as_often_as_recorded() {
    let (down, tried) = rates(1_000);
    let share = |n: u64| n as f64 / SEEDS as f64;
    assert!((0.045..=0.124).contains(&share(down)), "{down} of {SEEDS} runs with a needless +sdown");
    assert!((0.011..=0.063).contains(&share(tried)), "{tried} of {SEEDS} runs with a second attempt");
}

#[test]
fn with_down_after_2000_or_5000_the_new_master_is_never_taken_for_down() {
    assert_eq!((rates(2_000), rates(5_000)), ((0, 0), (0, 0)));
}
