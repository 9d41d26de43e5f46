//! What is wrong with a deployment: data, with the place and a change that mends it.

use crate::place::Place;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It will not work.
    Error,
    /// It loses data or availability under a plausible fault.
    Danger,
    /// It could be better.
    Advice,
}

impl Severity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Danger => "danger",
            Severity::Advice => "advice",
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that it comes from, as `splitbrain explain` knows it.
    pub id: &'static str,
    /// How bad it is here.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What will happen, in one or two sentences.
    pub why: String,
    /// What would be right.
    pub fix: String,
    /// The change of the text that does it, where it is one.
    pub edits: Vec<Edit>,
}

/// A change of one line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The line.
    pub place: Place,
    /// What the line says now, without its indentation; an edit of a line that says something else is not made.
    pub before: String,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It says this instead.
    Replace(String),
    /// This follows it.
    Add(String),
    /// It goes.
    Delete,
}
