//! What the reader makes of `[claim]`, `[expect.metrics]`, and the loops and WAIT of clients.

use splitbrain_checker::{Limit, Measure, Metric, Property};
use splitbrain_model::Millis;
use splitbrain_scenarios::{Claim, ClaimPart, ClaimVerdict, Figure, Scenario, Source, Speaks};

fn parse(text: &str) -> Result<Scenario, String> {
    let source = Source::new("s.toml", format!("{text}\n[cluster]\n"));
    Scenario::parse(&source).map_err(|error| error.one_line())
}

const WHOLE: &str =
    "[claim]\nsays = 's'\nwhere = 'w'\nverdict = 'refuted'\nbecause = 'b'\ninstead = 'i'\nspeaks = 'against'";

#[test]
fn a_claim_is_told_whole_or_is_part_of_another_file() {
    let claim = |text: &str| parse(text).expect("a sound claim").claim.expect("a claim");
    let whole = claim(&format!("{WHOLE}\nfigures = ['writes_lost', 'lost-write']"));
    let ClaimPart::Whole(statement) = &whole.part else { panic!("{whole:?}") };
    assert_eq!((&*statement.says, statement.verdict), ("s", ClaimVerdict::Refuted));
    assert_eq!(whole.figures, [Figure::Metric(Metric::WritesLost), Figure::Property(Property::LostWrite)]);
    let part = claim("[claim]\npart-of = 'other'\nspeaks = 'for'");
    assert_eq!(part, Claim { part: ClaimPart::Of("other".to_owned()), speaks: Speaks::For, figures: Vec::new() });
    assert_eq!(parse("").expect("no claim").claim, None);
}

#[test]
fn mistakes_in_claims_and_demands_on_metrics_are_told_with_their_place() {
    let table = [
        ("[claim]\npart-of = 'x'".to_owned(), "s.toml:1:1: a claim needs `speaks`"),
        (WHOLE.replace("instead = 'i'\n", ""), "s.toml:1:1: a claim needs `instead`"),
        (WHOLE.replace("'refuted'", "'true'"), "s.toml:4:11: wrong value of `verdict`: found \"true\""),
        (WHOLE.replace("says = 's'", "says = ' '"), "s.toml:2:8: wrong value of `says`"),
        (format!("{WHOLE}\npart-of = 'x'"), "s.toml:2:1: `says` has no meaning beside `part-of`"),
        (
            format!("{WHOLE}\nfigures = 'writes_lots'"),
            "s.toml:8:11: there is no metric and no property `writes_lots` (did you",
        ),
        (format!("{WHOLE}\nquote = 'q'"), "s.toml:8:1: unknown key `quote` in [claim]"),
        (
            "[expect.metrics]\nwrites_lots = { at-least = 1 }".to_owned(),
            "s.toml:2:1: there is no metric `writes_lots` (did you",
        ),
        ("[expect.metrics]\nwrites_lost = {}".to_owned(), "s.toml:2:15: nothing is demanded of `writes_lost`"),
        ("[expect.metrics]".to_owned(), "s.toml:1:1: nothing is demanded of any metric"),
        (
            "[expect.metrics]\nwrites_lost = { at-least = 3, at-most = 2 }".to_owned(),
            "s.toml:2:41: wrong value of `at-most`: found 2, expected a whole number from 3",
        ),
        ("[[clients]]\nretry = { attempts = 3 }".to_owned(), "s.toml:2:9: wrong value of `retry`"),
        (
            "[[clients]]\nprofile = 'jedis-retry'\nretry = { attempts = 3, pause = '1s' }".to_owned(),
            "s.toml:3:1: the profile `jedis-retry` repeats operations itself",
        ),
        (
            "[[clients]]\nprofile = 'lettuce'\nwait = { replicas = 1, timeout = '1s' }".to_owned(),
            "s.toml:3:1: the operations of `lettuce` share a connection",
        ),
    ];
    for (text, told) in table {
        match parse(&text) {
            Ok(_) => panic!("this is accepted:\n{text}"),
            Err(error) => assert!(error.starts_with(told), "{text}\n{error}\nand not\n{told}"),
        }
    }
}

#[test]
fn clients_have_a_loop_of_their_own_and_wait_for_replicas() {
    let text = "[[clients]]\nretry = { attempts = 3, pause = '1s' }\nwait = { replicas = 2, timeout = '500ms' }";
    let scenario = parse(text).expect("sound");
    let profile = &scenario.clients[0].profile;
    assert_eq!((profile.op_retry.attempts, profile.op_retry.backoff.base), (3, Millis(1000)));
    assert_eq!(profile.wait, Some((2, Millis(500))));
}

#[test]
fn a_metric_is_demanded_of_every_run_or_of_a_share() {
    let text = "[expect.metrics]\nwrites_lost = { at-most = 3 }\nfailovers = { at-least = 1, shows = '30%' }";
    let scenario = parse(text).expect("sound");
    let lost = Measure { metric: Metric::WritesLost, at_least: None, at_most: Some(3), share: None };
    let failovers = Measure { metric: Metric::Failovers, at_least: Some(1), at_most: None, share: Some(300) };
    let mut limits = scenario.expect[0].limits.clone();
    limits.sort_by_key(|limit| matches!(limit, Limit::Measures(measure) if measure.share.is_some()));
    assert_eq!(limits, [Limit::Measures(lost), Limit::Measures(failovers)]);
}
