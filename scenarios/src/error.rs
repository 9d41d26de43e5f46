//! What is wrong with a scenario file, and where. Knows nothing of TOML.

use std::fmt;
use std::path::PathBuf;

/// A fault in the user's input with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file.
    pub file: PathBuf,
    /// Line, counted from 1; 0 if the file as a whole is meant.
    pub line: u32,
    /// Column in characters, counted from 1; 0 if the file as a whole is meant.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What stands there.
    pub found: Option<String>,
    /// What could stand there.
    pub expected: Option<String>,
    /// What to do about it: usually the nearest right spelling.
    pub help: Option<String>,
    /// The line of the file, as far as it can be shown, and the length of the marked part in characters.
    pub excerpt: Option<(String, u32)>,
}

impl ScenarioError {
    /// An error about a file as a whole.
    pub fn of_file(file: impl Into<PathBuf>, message: impl Into<String>) -> Box<ScenarioError> {
        Box::new(ScenarioError {
            file: file.into(),
            line: 0,
            column: 0,
            message: message.into(),
            found: None,
            expected: None,
            help: None,
            excerpt: None,
        })
    }

    /// Adds what stands there.
    #[must_use]
    pub fn found(mut self: Box<Self>, found: impl Into<String>) -> Box<Self> {
        self.found = Some(found.into());
        self
    }

    /// Adds what could stand there.
    #[must_use]
    pub fn expected(mut self: Box<Self>, expected: impl Into<String>) -> Box<Self> {
        self.expected = Some(expected.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// Adds the nearest right spelling, if there is one.
    #[must_use]
    pub fn did_you_mean(self: Box<Self>, word: Option<&str>) -> Box<Self> {
        match word {
            Some(word) => self.help(format!("did you mean `{word}`?")),
            None => self,
        }
    }

    /// The error on one line, without the excerpt.
    pub fn one_line(&self) -> String {
        let mut line = self.file.display().to_string();
        if self.line > 0 {
            line.push_str(&format!(":{}:{}", self.line, self.column));
        }
        line.push_str(": ");
        line.push_str(&self.message);
        match (&self.found, &self.expected) {
            (Some(found), Some(expected)) => line.push_str(&format!(": found {found}, expected {expected}")),
            (Some(found), None) => line.push_str(&format!(": found {found}")),
            (None, Some(expected)) => line.push_str(&format!(": expected {expected}")),
            (None, None) => {}
        }
        if let Some(help) = &self.help {
            line.push_str(&format!(" ({help})"));
        }
        line
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.one_line())?;
        let Some((text, marked)) = &self.excerpt else { return Ok(()) };
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(self.column.saturating_sub(1) as usize);
        let carets = "^".repeat((*marked).max(1) as usize);
        write!(f, "\n{margin} |\n{number} | {text}\n{margin} | {indent}{carets}")
    }
}

impl std::error::Error for ScenarioError {}
