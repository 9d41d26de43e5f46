use proptest::prelude::*;
use splitbrain::scenarios::Scenario;
use splitbrain::strategies::plans;
use splitbrain::{RunOptions, ScenarioBuilder, Toml, assert_that, event_log, run_scenario, run_seed};
use std::time::Duration;

fn the_host_of_the_master_dies() -> Scenario {
    ScenarioBuilder::new("the master's host dies")
        .sentinel("down-after-milliseconds", 2_000)
        .clients("jedis", 3)
        .fault("0s", "power-loss", "master")
        .expect("failover-completes", Toml::raw("{ exactly = 1 }"))
        .build()
        .unwrap()
}

#[test]
fn our_settings_survive_the_death_of_a_host() {
    let summary = run_scenario(&the_host_of_the_master_dies(), &RunOptions::seeds(0..20), &|_| ()).unwrap();
    assert_that(&summary).completes_a_failover().has_no_split_brain().is_writable_again_within(Duration::from_secs(10));
}

#[test]
fn what_sentinels_tell_is_what_our_dashboard_expects() {
    insta::assert_snapshot!(event_log(&run_seed(&the_host_of_the_master_dies(), 1)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn whatever_fails_an_epoch_has_one_leader(plan in plans(EXPECT), seed in 0..1_000u64) {
        let scenario = plan.scenario("random faults").unwrap();
        let summary = run_scenario(&scenario, &RunOptions::seeds(seed..seed + 1), &|_| ()).unwrap();
        assert_that(&summary).meets_its_expectations();
    }
}

/// What is not said here has to hold.
const EXPECT: &str = r#"
one-leader-per-epoch = "holds"
split-brain = "any"
lost-write = "any"
linearizable = "any"
stale-read = "any"
no-false-failover = "any"
config-agreement = "any"
converges-after-heal = "any"
"#;
