//! A scenario may name a planted bug; a build without the bugs says which one has them.

use splitbrain_model::planted::{Plant, Planted};
use splitbrain_scenarios::{Scenario, Source};

fn parse(text: &str) -> Result<Scenario, String> {
    Scenario::parse(&Source::new("s.toml", text)).map_err(|error| error.one_line())
}

#[test]
fn a_planted_bug_is_taken_only_by_a_build_that_has_it() {
    match (parse("planted = \"double-vote\"\n[cluster]\n"), Planted::available()) {
        (Ok(scenario), true) => assert_eq!(scenario.planted, Some(Planted::DoubleVote)),
        (Err(error), false) => assert_eq!(
            error,
            "s.toml:1:11: the bug `double-vote` is not in this build (this one has it: `cargo run --release --features \
             planted -- run …`)"
        ),
        (other, _) => panic!("{:?}", other.map(|scenario| scenario.planted)),
    }
}

#[test]
fn an_unknown_bug_is_refused_with_the_nearest_name() {
    let error = parse("planted = \"double-vot\"\n[cluster]\n").expect_err("there is no such bug");
    assert_eq!(error, "s.toml:1:11: there is no planted bug `double-vot` (did you mean `double-vote`?)");
    assert!(parse("planted = \"fixed-hz\"\n[cluster]\n").is_err(), "a control is no bug");
    assert!(parse("planted = 1\n[cluster]\n").is_err());
}

#[test]
fn names_are_unique_and_only_controls_are_in_every_build() {
    let mut names: Vec<&str> = Planted::ALL.iter().map(|planted| planted.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Planted::ALL.len());
    assert!(Planted::bugs().count() >= 40);
    for &planted in Planted::ALL {
        assert_eq!(Plant::one(planted).has(planted), planted.is_control() || Planted::available(), "{planted}");
        assert!(!Plant::NONE.has(planted));
    }
}
