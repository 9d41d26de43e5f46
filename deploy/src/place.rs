//! Where a text stands in the files of the user, kept through folding, quoting, copying and shells. Knows no syntax.

use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, as the user named it or as it is reached from there.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: u32,
    /// Character in the line, counted from 1.
    pub column: u32,
}

impl Place {
    /// A place.
    pub fn new(file: &Arc<str>, line: u32, column: u32) -> Place {
        Place { file: Arc::clone(file), line, column }
    }

    /// The beginning of a file.
    pub fn start_of(file: &str) -> Place {
        Place { file: file.into(), line: 1, column: 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Text of which every part knows where it was written. What stands nowhere (a default, an environment variable of the
/// platform) bears the place that made it appear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    text: String,
    /// From this byte on the text comes from that place; ascending.
    origins: Vec<(usize, Place)>,
}

impl Traced {
    /// Text from one place.
    pub fn at(text: impl Into<String>, place: &Place) -> Traced {
        Traced { text: text.into(), origins: vec![(0, place.clone())] }
    }

    /// Text that stands nowhere.
    pub fn at_no(text: &str) -> Traced {
        Traced { text: text.to_owned(), origins: Vec::new() }
    }

    /// The whole text of a file, line by line.
    pub fn file(name: &str, text: &str) -> Traced {
        let file: Arc<str> = name.into();
        let mut traced = Traced::default();
        for (line, number) in text.split('\n').zip(1u32..) {
            if number > 1 {
                traced.text.push('\n');
            }
            traced.origins.push((traced.text.len(), Place::new(&file, number, 1)));
            traced.text.push_str(line);
        }
        traced
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where the byte at an offset was written; `None` for text without any place.
    pub fn place(&self, offset: usize) -> Option<&Place> {
        let after = self.origins.partition_point(|(from, _)| *from <= offset);
        after.checked_sub(1).map(|at| &self.origins[at].1)
    }

    /// Where the text starts.
    pub fn start(&self) -> Option<&Place> {
        self.place(0)
    }

    /// Adds text that was written at a place.
    pub fn push(&mut self, text: &str, place: Option<&Place>) {
        if text.is_empty() {
            return;
        }
        if let Some(place) = place
            && self.origins.last().is_none_or(|(_, last)| last != place)
        {
            self.origins.push((self.text.len(), place.clone()));
        }
        self.text.push_str(text);
    }

    /// Adds a piece of another text with its places.
    pub fn append(&mut self, other: &Traced) {
        self.append_range(other, 0, other.text.len());
    }

    /// Adds the bytes `from..to` of another text, which must be character boundaries.
    pub fn append_range(&mut self, other: &Traced, from: usize, to: usize) {
        let Some(piece) = other.text.get(from..to) else { return };
        if piece.is_empty() {
            return;
        }
        let base = self.text.len();
        if let Some(place) = other.place(from) {
            self.origins.push((base, place.clone()));
        }
        let first = other.origins.partition_point(|(at, _)| *at <= from);
        for (at, place) in other.origins[first..].iter().take_while(|(at, _)| *at < to) {
            self.origins.push((base + at - from, place.clone()));
        }
        self.text.push_str(piece);
    }

    /// The bytes `from..to`.
    pub fn slice(&self, from: usize, to: usize) -> Traced {
        let mut piece = Traced::default();
        piece.append_range(self, from, to);
        piece
    }

    /// The lines, without their ends.
    pub fn lines(&self) -> Vec<Traced> {
        let mut lines = Vec::new();
        let mut from = 0;
        for line in self.text.split('\n') {
            lines.push(self.slice(from, from + line.len()));
            from += line.len() + 1;
        }
        lines
    }
}
