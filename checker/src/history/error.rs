//! What is wrong with a history file, and where. Whoever opened the file puts its name before it.

use std::fmt;
use std::io;

/// A place in a file that is not as the format wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: found {}, expected {}", self.line, self.column, self.found, self.expected)
    }
}

/// Why a history could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The file itself.
    Io(io::Error),
    /// What is in it.
    Format(FormatError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io(error) => write!(f, " cannot be read: {error}"),
            ReadError::Format(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Io(error)
    }
}

impl From<FormatError> for ReadError {
    fn from(error: FormatError) -> ReadError {
        ReadError::Format(error)
    }
}

/// A place in one line that is not as it should be; the line's number is added by who reads lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Byte in the line.
    pub at: usize,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
}

impl Wrong {
    pub fn new(at: usize, found: impl Into<String>, expected: impl Into<String>) -> Wrong {
        Wrong { at, found: found.into(), expected: expected.into() }
    }

    /// In its line.
    pub fn in_line(self, line: u32, text: &[u8]) -> FormatError {
        let before = &text[..self.at.min(text.len())];
        // Characters, not bytes: continuation bytes of UTF-8 do not count.
        let column = 1 + before.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        FormatError {
            line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            found: self.found,
            expected: self.expected,
        }
    }
}
