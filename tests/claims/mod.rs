//! The claims of the catalogue: which scenarios belong to which, and whether their verdicts fit what they demand. Plays
//! nothing.

use splitbrain::checker::{Demand, Expectation, Limit, Property};
use splitbrain::scenarios::{Claim, ClaimPart, ClaimVerdict, Scenario, Speaks, Statement, scenario_files};
use std::path::{Path, PathBuf};

/// Where they live.
pub const FOLDER: &str = "scenarios/claims";

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A claim with its scenarios.
pub struct Told {
    /// Its name: that of its own file.
    pub name: String,
    /// What is said, and what is true.
    pub statement: Statement,
    /// Its own scenario first, then the others in the order of their names.
    pub scenarios: Vec<Scenario>,
}

/// The claim that a scenario of the folder bears.
pub fn claim_of(scenario: &Scenario) -> &Claim {
    scenario.claim.as_ref().unwrap_or_else(|| panic!("{} has no [claim]", scenario.name))
}

/// All claims in the order of their names.
pub fn all() -> Vec<Told> {
    let files = scenario_files(&root().join(FOLDER)).expect("there are claims");
    let mut scenarios: Vec<Scenario> = files.iter().map(|file| load(file)).collect();
    let mut told: Vec<Told> = Vec::new();
    scenarios.retain(|scenario| match &claim_of(scenario).part {
        ClaimPart::Whole(statement) => {
            let (name, statement) = (short(scenario).to_owned(), statement.clone());
            told.push(Told { name, statement, scenarios: vec![scenario.clone()] });
            false
        }
        ClaimPart::Of(_) => true,
    });
    for scenario in scenarios {
        let ClaimPart::Of(whole) = &claim_of(&scenario).part else { continue };
        let its = told.iter_mut().find(|told| told.name == *whole);
        let its = its.unwrap_or_else(|| panic!("{}: there is no claim `{whole}`", scenario.name));
        its.scenarios.push(scenario);
    }
    told
}

fn load(file: &Path) -> Scenario {
    let mut scenario = Scenario::load(file).unwrap_or_else(|error| panic!("{error}"));
    // The path as it is typed at the root.
    scenario.file = Path::new(FOLDER).join(file.file_name().expect("a file has a name"));
    scenario
}

/// The name within the folder.
pub fn short(scenario: &Scenario) -> &str {
    scenario.name.rsplit('/').next().unwrap_or(&scenario.name)
}

/// What is wrong with the verdict of a claim, given which way its scenarios speak and what they demand.
pub fn objection(told: &Told) -> Option<String> {
    let speaks = |way| told.scenarios.iter().filter(move |scenario| claim_of(scenario).speaks == way);
    let (pro, contra) = (speaks(Speaks::For).count(), speaks(Speaks::Against).count());
    let fits = match told.statement.verdict {
        ClaimVerdict::Holds => contra == 0,
        ClaimVerdict::HoldsOnlyIf => pro > 0 && contra > 0,
        ClaimVerdict::Refuted => pro == 0,
    };
    if !fits {
        let verdict = told.statement.verdict.title();
        return Some(format!("{}: \"{verdict}\", but {pro} scenarios speak for it and {contra} against", told.name));
    }
    let empty = told.scenarios.iter().find(|scenario| !scenario.expect.iter().any(is_telling));
    empty.map(|scenario| format!("{} demands nothing that could speak for or against anything", scenario.name))
}

/// Whether an expectation demands something that a run in which nothing happens would not give.
fn is_telling(expectation: &Expectation) -> bool {
    let shows = matches!(expectation.demand, Demand::Shows | Demand::ShowsInEverySeed);
    let completes = expectation.property == Property::FailoverCompletes && expectation.demand == Demand::Holds;
    let limit = |limit: &Limit| match limit {
        Limit::AtLeast(_) | Limit::AtMost(_) | Limit::Exactly(_) | Limit::Measures(_) => true,
        Limit::Occurs(occurrence) => occurrence.at_least > 0,
        Limit::Within(_) => false,
    };
    shows || completes || expectation.limits.iter().any(limit)
}
