//! Lines of a file, one at a time, of bounded length: memory does not depend on what a hostile file holds.

use super::error::{FormatError, ReadError};
use std::io::{BufRead, Read};

/// No line is longer, in bytes. A read of a set of a million elements fits.
pub const LONGEST_LINE: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads lines.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u32,
}

impl<R: BufRead> Lines<R> {
    /// Lines of this input.
    pub fn new(input: R) -> Lines<R> {
        Lines { input, line: Vec::new(), number: 0 }
    }

    /// The next line that is not blank, with its number from 1, without its end; a byte order mark at the beginning of
    /// the file is passed over.
    pub fn next(&mut self) -> Result<Option<(u32, &[u8])>, ReadError> {
        loop {
            if !self.fill()? {
                return Ok(None);
            }
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some((self.number, &self.line)));
            }
        }
    }

    /// The next line, whatever it is. `false` at the end.
    fn fill(&mut self) -> Result<bool, ReadError> {
        self.line.clear();
        // One byte more than the longest line and its end may have.
        let read = (&mut self.input).take(LONGEST_LINE as u64 + 2).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(false);
        }
        let wrong = |found: String, expected: &str| FormatError {
            line: self.number.saturating_add(1),
            column: 1,
            found,
            expected: expected.to_owned(),
        };
        if self.number >= u32::MAX - 1 {
            return Err(wrong("one line more than can be numbered".to_owned(), "fewer lines").into());
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        }
        if self.line.len() > LONGEST_LINE {
            let found = format!("a line of more than {} MiB", LONGEST_LINE >> 20);
            return Err(wrong(found, "one operation per line").into());
        }
        self.number += 1;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn all(text: &[u8]) -> Vec<(u32, Vec<u8>)> {
        // A buffer so small that lines are put together from parts.
        let mut lines = Lines::new(BufReader::with_capacity(3, text));
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next().expect("no line is too long") {
            found.push((number, line.to_owned()));
        }
        found
    }

    #[test]
    fn lines_have_any_kind_of_end_and_may_have_none() {
        assert_eq!(
            all(b"one\r\n\n  \ntwo\nthree"),
            [(1, b"one".to_vec()), (4, b"two".to_vec()), (5, b"three".to_vec())]
        );
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\xEF\xBB\xBFone\n\xEF\xBB\xBFtwo"), [(1, b"one".to_vec()), (2, b"\xEF\xBB\xBFtwo".to_vec())]);
    }

    #[test]
    fn a_line_that_never_ends_is_an_error_before_it_fills_the_memory() {
        let endless = std::io::Read::chain(&b"short\n"[..], std::io::repeat(b'x'));
        let mut lines = Lines::new(BufReader::new(endless));
        assert!(lines.next().expect("short").is_some());
        let error = lines.next().expect_err("it is endless").to_string();
        assert_eq!(error, "2:1: found a line of more than 16 MiB, expected one operation per line");
    }
}
