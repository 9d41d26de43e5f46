//! Lines and words (`sdssplitargs`): quotes, escapes and where everything stands.

use super::ConfError;

/// A line with something on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: u32,
    /// Where its text starts, counted from 1.
    pub(super) column: u32,
    /// Its text without surrounding space.
    pub(super) text: String,
    /// Its words; the first in lower case. Never empty.
    pub(super) args: Vec<Arg>,
}

impl Line {
    /// The directive's name.
    pub(super) fn name(&self) -> &str {
        &self.args[0].text
    }
}

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arg {
    pub(super) text: String,
    /// Where it starts, counted from 1.
    pub(super) column: u32,
}

/// The lines of a file that are neither empty nor comments.
///
/// # Errors
/// A line with unbalanced quotes.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line, ConfError>> + '_ {
    joined(text).filter_map(|(number, raw)| line(number, &raw).transpose())
}

/// Lines as Redis gets them: it reads C strings, so that NUL swallows the rest of a line with its end.
fn joined(text: &str) -> impl Iterator<Item = (u32, String)> + '_ {
    let mut physical = text.split('\n').zip(1u32..);
    std::iter::from_fn(move || {
        let (first, number) = physical.next()?;
        let mut whole = String::new();
        let mut part = first;
        while let Some((kept, _)) = part.split_once('\0') {
            whole.push_str(kept);
            match physical.next() {
                Some((next, _)) => part = next,
                None => return Some((number, whole)),
            }
        }
        whole.push_str(part);
        Some((number, whole))
    })
}

fn line(number: u32, raw: &str) -> Result<Option<Line>, ConfError> {
    let blank = [' ', '\t', '\r', '\n'];
    let start = raw.trim_start_matches(blank);
    let column = (raw.chars().count() - start.chars().count()) as u32 + 1;
    let text = start.trim_end_matches(blank);
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let Some(mut args) = words(text, column) else {
        return Err(ConfError {
            line: number,
            column,
            found: text.to_owned(),
            expected: "a closing quote followed by a space".to_owned(),
            message: "Unbalanced quotes in configuration line".to_owned(),
        });
    };
    let Some(first) = args.first_mut() else {
        return Ok(None);
    };
    first.text.make_ascii_lowercase();
    Ok(Some(Line { number, column, text: text.to_owned(), args }))
}

/// `isspace` in the C locale.
const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// Splits into words; `None` if quotes do not balance or are glued to what follows them. An escaped byte above 127
/// becomes the character of that number.
pub(super) fn words(text: &str, column: u32) -> Option<Vec<Arg>> {
    let chars: Vec<char> = text.chars().collect();
    let mut args = Vec::new();
    let mut at = 0;
    loop {
        while chars.get(at).is_some_and(|c| is_space(*c)) {
            at += 1;
        }
        if at == chars.len() {
            return Some(args);
        }
        let start = at;
        let text = word(&chars, &mut at)?;
        args.push(Arg { text, column: column + start as u32 });
    }
}

fn word(chars: &[char], at: &mut usize) -> Option<String> {
    let mut word = String::new();
    while let Some(&c) = chars.get(*at) {
        match c {
            '"' => return quoted(chars, at, word, '"'),
            '\'' => return quoted(chars, at, word, '\''),
            c if is_space(c) => break,
            c => word.push(c),
        }
        *at += 1;
    }
    Some(word)
}

/// The rest of a word from an opening quote on. A closing quote ends the word.
fn quoted(chars: &[char], at: &mut usize, mut word: String, quote: char) -> Option<String> {
    *at += 1;
    loop {
        let c = *chars.get(*at)?;
        *at += 1;
        if c == quote {
            let glued = chars.get(*at).is_some_and(|next| !is_space(*next));
            return (!glued).then_some(word);
        }
        match (quote, c, chars.get(*at)) {
            ('"', '\\', Some('x')) if hex_byte(chars, *at + 1).is_some() => {
                word.extend(hex_byte(chars, *at + 1));
                *at += 3;
            }
            ('"', '\\', Some(&escaped)) => {
                word.push(unescape(escaped));
                *at += 1;
            }
            ('\'', '\\', Some('\'')) => {
                word.push('\'');
                *at += 1;
            }
            _ => word.push(c),
        }
    }
}

fn hex_byte(chars: &[char], at: usize) -> Option<char> {
    let high = chars.get(at)?.to_digit(16)?;
    let low = chars.get(at + 1)?.to_digit(16)?;
    char::from_u32(high * 16 + low)
}

const fn unescape(c: char) -> char {
    match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\x08',
        'a' => '\x07',
        other => other,
    }
}
