splitbrain::scenario_tests!("scenarios");
