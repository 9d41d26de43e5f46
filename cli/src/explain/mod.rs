//! What names mean: one paragraph each, its first sentence for lists.

mod anomalies;
mod environments;
mod families;
mod faults;
mod hazards;
mod lints;
mod metrics;
mod profiles;
mod properties;
mod settings;

use splitbrain_model::planted::Planted;
use splitbrain_scenarios::nearest::nearest;
use splitbrain_scenarios::{Claim, ClaimPart, Scenario};

/// One name.
pub struct Entry {
    /// The name, as in files and reports.
    pub name: &'static str,
    /// What it means.
    pub text: &'static str,
}

const fn entry(name: &'static str, text: &'static str) -> Entry {
    Entry { name, text }
}

/// All kinds of names: plural for lists, singular for a single one.
const KINDS: &[(&str, &str, &[Entry])] = &[
    ("properties", "property", properties::ENTRIES),
    ("hazards", "documented hazard", hazards::ENTRIES),
    ("anomalies of histories", "anomaly", anomalies::ENTRIES),
    ("faults", "fault", faults::ENTRIES),
    ("random faults", "section", families::CHAOS),
    ("families of random faults", "family of random faults", families::ENTRIES),
    ("environments", "environment", environments::ENTRIES),
    ("client profiles", "client profile", profiles::ENTRIES),
    ("lints", "lint", lints::ENTRIES),
    ("settings", "setting", settings::ENTRIES),
    ("metrics", "metric", metrics::ENTRIES),
];

/// Everything there is, with the first sentence of its meaning.
pub fn list() -> String {
    let mut text = String::new();
    for (kinds, _, entries) in KINDS {
        text.push_str(&format!("{kinds}\n"));
        for entry in *entries {
            text.push_str(&format!("  {:<28} {}\n", entry.name, first_sentence(entry.text)));
        }
    }
    text
}

/// The meaning of a name; of each of them, if several things bear it.
pub fn explain(name: &str) -> Result<String, String> {
    let mut text = String::new();
    for (_, kind, entries) in KINDS {
        for entry in entries.iter().filter(|entry| entry.name == name) {
            text.push_str(&format!("{} ({kind})\n{}\n", entry.name, wrapped(entry.text)));
        }
    }
    if let Some(planted) = Planted::from_name(name) {
        let from = "One of the bugs that can be planted in the model (`planted` in a scenario; docs/detection.md).";
        text.push_str(&format!("{planted} (planted bug)\n{}{}", wrapped(planted.what()), wrapped(from)));
    }
    if !text.is_empty() {
        return Ok(text);
    }
    let names = KINDS.iter().flat_map(|(_, _, entries)| entries.iter().map(|entry| entry.name));
    let help = match nearest(name, names) {
        Some(word) => format!("did you mean `{word}`?"),
        None => "`splitbrain list` shows all names".to_owned(),
    };
    Err(format!("nothing is called `{name}` ({help})"))
}

/// What a scenario is about.
pub fn scenario(scenario: &Scenario) -> String {
    let mut text = format!("{} (scenario)\n{}", scenario.name, wrapped(&scenario.title));
    if let Some(why) = &scenario.why {
        text.push_str(&wrapped(why));
    }
    if let Some(claim) = &scenario.claim {
        text.push_str(&claimed(claim));
    }
    text.push_str(&format!("  splitbrain run {}\n\n", scenario.file.display()));
    text
}

/// What is told and what is true of it.
fn claimed(claim: &Claim) -> String {
    match &claim.part {
        ClaimPart::Of(whole) => wrapped(&format!("About the claim `{whole}`.")),
        ClaimPart::Whole(statement) => {
            let lines = [
                format!("Said ({}): {}", statement.source, statement.says),
                format!("Verdict: {}", statement.verdict.title()),
                statement.because.clone(),
                format!("Instead: {}", statement.instead),
            ];
            lines.iter().map(|line| wrapped(line)).collect()
        }
    }
}

fn first_sentence(text: &str) -> &str {
    text.find(". ").map_or(text, |end| &text[..=end])
}

/// The text in lines of at most 96 characters, indented by two.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::from(" ")];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        if line.len() + 1 + word.len() > 98 {
            lines.push(format!("  {word}"));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitbrain_checker::Property;
    use splitbrain_checker::linear::AnomalyKind;
    use splitbrain_model::client::profile::Profile;
    use splitbrain_scenarios::{Environment, FAULT_KINDS, Family};

    fn names(kind: &str) -> Vec<&'static str> {
        let (_, _, entries) = KINDS.iter().find(|(kinds, ..)| *kinds == kind).unwrap();
        entries.iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn everything_with_a_name_is_explained_in_its_own_order() {
        let properties: Vec<_> = Property::ALL.iter().map(|property| property.name()).collect();
        assert_eq!(names("properties"), properties);
        let anomalies: Vec<_> = AnomalyKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names("anomalies of histories"), anomalies);
        assert_eq!(names("faults"), FAULT_KINDS);
        let families: Vec<_> = Family::ALL.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names("families of random faults"), families);
        assert_eq!(names("environments"), Environment::NAMES);
        assert_eq!(names("client profiles"), Profile::NAMES);
    }

    #[test]
    fn a_name_borne_twice_is_explained_twice_and_a_slip_is_recognised() {
        let both = explain("recorder").unwrap();
        assert!(both.contains("(environment)") && both.contains("(client profile)"));
        assert_eq!(
            explain("split-brian").unwrap_err(),
            "nothing is called `split-brian` (did you mean `split-brain`?)"
        );
        assert!(explain("xyzzy").unwrap_err().contains("splitbrain list"));
    }

    #[test]
    fn lines_are_short_enough_for_a_terminal() {
        for (_, _, entries) in KINDS {
            for entry in *entries {
                assert!(explain(entry.name).unwrap().lines().all(|line| line.chars().count() <= 100), "{}", entry.name);
                assert!(first_sentence(entry.text).chars().count() <= 110, "{}", entry.name);
            }
        }
    }
}
