//! The text of a scenario file: read with care, and from byte offsets to lines and columns.

use crate::error::ScenarioError;
use std::fs;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Largest scenario or configuration file that is read, in bytes.
pub const MAX_BYTES: u64 = 1 << 20;

/// Widest excerpt that is shown, in characters.
const MAX_EXCERPT: usize = 160;

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it came from.
    pub file: PathBuf,
    /// What it says.
    pub text: String,
}

impl Source {
    /// A text that did not come from disk, under the name it is reported with.
    pub fn new(file: impl Into<PathBuf>, text: impl Into<String>) -> Source {
        Source { file: file.into(), text: text.into() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is no readable file, larger than [`MAX_BYTES`], or not UTF-8.
    pub fn read(file: &Path) -> Result<Source, Box<ScenarioError>> {
        let unreadable = |error: std::io::Error| ScenarioError::of_file(file, format!("cannot be read: {error}"));
        let meta = fs::metadata(file).map_err(unreadable)?;
        if meta.is_dir() {
            return Err(ScenarioError::of_file(file, "a file is needed here").found("a directory"));
        }
        if meta.len() > MAX_BYTES {
            return Err(too_large(file, meta.len()));
        }
        // What is no regular file (a pipe, a device) does not tell its length, and may have no end.
        let mut bytes = Vec::new();
        let mut start = fs::File::open(file).map_err(unreadable)?.take(MAX_BYTES + 1);
        start.read_to_end(&mut bytes).map_err(unreadable)?;
        Source::from_bytes(file, bytes)
    }

    /// The text of these bytes.
    ///
    /// # Errors
    /// If there are more than [`MAX_BYTES`], or they are not UTF-8.
    pub fn from_bytes(file: &Path, bytes: Vec<u8>) -> Result<Source, Box<ScenarioError>> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(too_large(file, bytes.len() as u64));
        }
        String::from_utf8(bytes).map(|text| Source::new(file, text)).map_err(|error| {
            let bad = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..bad]).into_owned();
            let (line, column) = position(&before, before.len());
            let byte = error.as_bytes()[bad];
            let mut wrong =
                ScenarioError::of_file(file, "this is not text").found(format!("byte 0x{byte:02x}")).expected("UTF-8");
            (wrong.line, wrong.column) = (line, column);
            wrong
        })
    }

    /// An error at these bytes of the text.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> Box<ScenarioError> {
        let mut error = ScenarioError::of_file(&self.file, message);
        (error.line, error.column) = position(&self.text, span.start);
        error.excerpt = self.excerpt(span, error.column);
        error
    }

    /// The line in which a span starts, and how much of it the span covers; `None` if the column lies too far out.
    fn excerpt(&self, span: Range<usize>, column: u32) -> Option<(String, u32)> {
        let start = floor_boundary(&self.text, span.start);
        let end = floor_boundary(&self.text, span.end.max(start));
        let from = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let to = self.text[start..].find('\n').map_or(self.text.len(), |newline| start + newline);
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let line: String = self.text[from..to].chars().take(MAX_EXCERPT).map(printable).collect();
        if column as usize > MAX_EXCERPT {
            return None;
        }
        let marked = self.text[start..end.min(to)].chars().count();
        let visible = MAX_EXCERPT + 1 - column as usize;
        Some((line.trim_end().to_owned(), marked.clamp(1, visible) as u32))
    }
}

fn too_large(file: &Path, bytes: u64) -> Box<ScenarioError> {
    ScenarioError::of_file(file, "the file is too large")
        .found(format!("{bytes} bytes"))
        .expected(format!("at most {MAX_BYTES}"))
}

fn floor_boundary(text: &str, mut offset: usize) -> usize {
    offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Line and column of a byte offset, both counted from 1, the column in characters.
fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = &text[..floor_boundary(text, offset)];
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.chars().rev().take_while(|&c| c != '\n').count();
    (line as u32, column as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_excerpts_mark_the_span() {
        let source = Source::new("x.toml", "a = 1\nä = \"öö\" # c\n");
        let start = source.text.find("\"öö\"").unwrap();
        let error = source.error(start..start + 6, "bad");
        assert_eq!((error.line, error.column), (2, 5));
        assert_eq!(error.to_string(), "x.toml:2:5: bad\n  |\n2 | ä = \"öö\" # c\n  |     ^^^^");
    }

    #[test]
    fn the_first_byte_that_is_not_utf8_is_named() {
        let error = Source::from_bytes(Path::new("b.toml"), b"ab\ncd\xffe".to_vec()).unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
        assert_eq!(error.found.as_deref(), Some("byte 0xff"));
    }

    #[test]
    fn directories_missing_and_large_files_are_refused() {
        let directory = Source::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
        assert!(directory.one_line().contains("found a directory"));
        let missing = Source::read(Path::new("/nowhere/at/all.toml")).unwrap_err();
        assert!(missing.one_line().contains("cannot be read"));
        let large = Source::from_bytes(Path::new("l.toml"), vec![b' '; MAX_BYTES as usize + 1]).unwrap_err();
        assert!(large.one_line().contains("too large"));
    }
}
