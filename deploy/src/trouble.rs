//! What cannot be read, and where. Not a finding: nothing is known about the deployment.

use crate::place::Place;
use serde::Serialize;
use std::fmt;

/// Input that cannot be read or understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Where.
    pub place: Place,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Trouble {
    /// Trouble at a place.
    pub fn new(place: Place, message: impl Into<String>) -> Trouble {
        Trouble { place, message: message.into() }
    }

    /// Trouble with a file as a whole.
    pub fn of_file(file: &str, message: impl Into<String>) -> Trouble {
        Trouble::new(Place::start_of(file), message)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for Trouble {}
