//! Whatever a file contains: an answer and no panic.

use proptest::prelude::*;
use splitbrain_model::{Draws, Purpose};
use splitbrain_scenarios::{Scenario, Source};
use std::path::Path;

struct Words(u64);

impl Draws for Words {
    fn word(&mut self, _: Purpose) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.0
    }
}

fn judge(source: &Source) {
    match Scenario::parse(source) {
        Ok(scenario) => drop(scenario.resolve(1, &mut Words(1))),
        Err(error) => assert!(error.line > 0 && !error.to_string().is_empty()),
    }
}

/// Lines that are right or nearly right, in any order.
const LINES: &[&str] = &[
    "[cluster]",
    "[sentinel]",
    "[redis]",
    "[redis.redis-1]",
    "[network]",
    "[disk]",
    "[[clients]]",
    "[[faults]]",
    "[[masters]]",
    "[run]",
    "[expect]",
    "replicas = 3",
    "sentinels = 5",
    "sentinels = -1",
    "quorum = 2",
    "quorum = 9",
    "name = \"a\"",
    "name = \"ä\"",
    "count = 3",
    "host = \"redis-1\"",
    "workload = { sadd = 0.5, keys = 2 }",
    "at = \"1s\"",
    "at = \"1s..3s\"",
    "when = \"+sdown\"",
    "after = \"5ms\"",
    "then-after = \"1s\"",
    "for = \"2s\"",
    "kill = \"master\"",
    "pause = [\"replica-2\", \"sentinels\"]",
    "partition = [[\"master\"], [\"rest\"]]",
    "heal = true",
    "heal = \"50s\"",
    "seeds = 5",
    "phase = \"0s..0s\"",
    "split-brain = \"any\"",
    "failover-completes = { within = \"auto\" }",
    "latency = \"1us..2us\"",
    "loss = \"3%\"",
    "save = \"60 1\"",
    "hosts = { a = [\"redis-1\"], b = [] }",
    "= 3",
    "\"",
    "x = { y = [",
    "available = { at-most = \"1h\" }",
    "port = 65535",
    "master = \"a\"",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_cause_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(source) = Source::from_bytes(Path::new("b.toml"), bytes) {
            judge(&source);
        }
    }

    #[test]
    fn texts_never_cause_a_panic(text in "\\PC{0,200}") {
        judge(&Source::new("t.toml", text));
    }

    #[test]
    fn lines_in_any_order_never_cause_a_panic(lines in proptest::collection::vec(proptest::sample::select(LINES), 0..25)) {
        judge(&Source::new("l.toml", lines.join("\n")));
    }

    #[test]
    fn sound_scenarios_are_accepted(
        replicas in 0u32..8,
        sentinels in 1u32..8,
        down_after in 1u32..60_000,
        clients in 1u32..20,
        rate in 1u32..100,
        times in proptest::collection::vec((0u32..60_000, 1u32..5_000), 0..6),
    ) {
        let mut text = format!(
            "[cluster]\nreplicas = {replicas}\nsentinels = {sentinels}\n\
             [sentinel]\ndown-after-milliseconds = {down_after}\n\
             [[clients]]\nname = \"c\"\ncount = {clients}\nworkload = {{ sadd = {rate} }}\n"
        );
        for (at, lasts) in &times {
            text.push_str(&format!("[[faults]]\nat = \"{at}ms\"\npause = [\"master\", \"c\"]\nfor = \"{lasts}ms\"\n"));
        }
        let scenario = Scenario::parse(&Source::new("g.toml", text)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let resolved = scenario.resolve(1, &mut Words(1));
        prop_assert_eq!(resolved.processes.len() as u32, replicas + 1 + sentinels + clients);
        prop_assert_eq!(resolved.schedule.len(), 2 * times.len());
    }
}
