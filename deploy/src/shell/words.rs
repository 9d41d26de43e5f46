//! Words of a command line as Compose splits them: quotes and backslashes, nothing else.

use crate::place::Traced;

/// Words of a command line that are looked at.
const MOST: usize = 10_000;

/// Splits a command line into words; where a quote is not closed, it ends with the text.
pub fn split(line: &Traced) -> Vec<Traced> {
    let text = line.text();
    let mut words: Vec<Traced> = Vec::new();
    let mut word: Option<Traced> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let keep = |word: &mut Option<Traced>, from: usize, to: usize| {
            word.get_or_insert_with(Traced::default).append_range(line, from, to);
        };
        if words.len() == MOST {
            break;
        }
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"'), '\\') => match chars.peek() {
                Some(&(next, escaped)) if matches!(escaped, '"' | '\\' | '$' | '`') => {
                    chars.next();
                    keep(&mut word, next, next + escaped.len_utf8());
                }
                _ => keep(&mut word, at, at + 1),
            },
            (Some(_), c) => keep(&mut word, at, at + c.len_utf8()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_with(Traced::default);
            }
            (None, '\\') => {
                if let Some((next, escaped)) = chars.next()
                    && escaped != '\n'
                {
                    keep(&mut word, next, next + escaped.len_utf8());
                }
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => keep(&mut word, at, at + c.len_utf8()),
        }
    }
    words.extend(word);
    words
}
