//! What clients did in a simulated run, written as histories and read again, gets the verdict that the run got.

use splitbrain::checker::export::histories;
use splitbrain::checker::history::{Answer, Model, Options, decide, read, write};
use splitbrain::checker::{Property, judge};
use splitbrain::run_seed;
use splitbrain::scenarios::{Scenario, Source};
use std::collections::BTreeSet;

fn scenario(fault: &str) -> Scenario {
    let text = format!(
        "title = 'all kinds of objects'\nwhy = 'each has a history'\n\
         [cluster]\nreplicas = 2\nsentinels = 3\nhosts = {{ a = ['redis-1'] }}\n\
         [sentinel]\nquorum = 2\ndown-after-milliseconds = 1000\nfailover-timeout = 3000\n\
         [[clients]]\nname = 'near'\nhost = 'a'\nworkload = {{ set = 10, get = 10, incr = 5, keys = 3 }}\n\
         [[clients]]\ncount = 2\nprofile = 'redis-py'\nworkload = {{ set = 5, get = 10, incr = 5, sadd = 5, rpush = 5, keys = 3 }}\n\
         [[faults]]\nat = '0s'\n{fault}\n\
         [run]\nheal = '20s'\n\
         [expect]\nlinearizable = 'any'\nlost-write = 'any'\nsplit-brain = 'any'\nstale-read = 'any'\n"
    );
    Scenario::parse(&Source::new("histories.toml", text)).expect("a sound scenario")
}

#[test]
fn a_history_that_was_written_gets_the_verdict_of_its_run() {
    let mut seen = BTreeSet::new();
    let mut models = BTreeSet::new();
    for fault in ["kill = 'master'", "isolate = ['master', 'near']\nfor = '10s'", "pause = 'master'\nfor = '8s'"] {
        let scenario = scenario(fault);
        for seed in 0..4 {
            let record = run_seed(&scenario, seed);
            let judgement = judge(&record.observations, &[]);
            let holds = judgement.findings.iter().all(|finding| finding.property != Property::Linearizable);
            let mut all_hold = true;
            for recorded in histories(&record.observations) {
                let mut text = Vec::new();
                write(&recorded, &mut text).expect("memory can be written");
                let again = read(&text[..], recorded.model, Some(&recorded.initial)).expect("it is of the format");
                assert_eq!(again.history.entries.len(), recorded.history.entries.len());
                let decision = decide(&again, &Options::default());
                assert_eq!(decision.contradiction, None, "{fault} {seed}");
                assert_ne!(decision.answer, Answer::Unknown, "{fault} {seed}: {:?}", decision.open);
                models.insert(recorded.model);
                // The property covers registers and counters.
                let counts = matches!(recorded.model, Model::Register | Model::Counter);
                all_hold &= !counts || decision.answer == Answer::Linearizable;
            }
            assert_eq!(all_hold, holds, "{fault} {seed}");
            seen.insert(holds);
        }
    }
    assert_eq!(seen.len(), 2, "runs of both kinds were compared");
    assert_eq!(models.into_iter().collect::<Vec<_>>(), [Model::Register, Model::Counter, Model::Set, Model::List]);
}
