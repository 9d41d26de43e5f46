//! Lines and words (`sdssplitargs`): quotes, escapes and where everything stands. Redis reads bytes, not characters.

/// Bytes of a file that Redis reads at a time (`CONFIG_READ_LEN`).
const READ_LEN: usize = 1024;

/// A line with something on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: u32,
    /// Where its text starts, counted from 1.
    pub(super) column: u32,
    /// Its text without surrounding space, as it is [`shown`].
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
    /// The bytes; what is no UTF-8 is replaced.
    pub(super) text: String,
    /// The bytes as they are.
    pub(super) bytes: Vec<u8>,
    /// Where it starts, counted from 1.
    pub(super) column: u32,
}

impl Arg {
    pub(super) fn new(bytes: Vec<u8>, column: u32) -> Arg {
        Arg { text: String::from_utf8_lossy(&bytes).into_owned(), bytes, column }
    }
}

/// Bytes for people: what is no UTF-8 is written as `\xe9`.
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text += chunk.valid();
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// What becomes of the bytes of a file: Redis reads them a line at a time, long lines in pieces, and takes each for a
/// C string. So NUL swallows the rest of its piece, its line end included.
pub(super) fn as_c_strings(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let reach = rest.len().min(READ_LEN);
        let end = rest[..reach].iter().position(|byte| *byte == b'\n').map_or(reach, |at| at + 1);
        let (piece, next) = rest.split_at(end);
        kept.extend(piece.iter().take_while(|byte| **byte != 0));
        rest = next;
    }
    kept
}

/// Numbered lines that are neither empty nor comments, without the space around them, and the column where they start.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = (u32, u32, &[u8])> {
    text.split(|byte| *byte == b'\n').zip(1u32..).filter_map(|(raw, number)| {
        let line = trim(raw);
        let before = raw.iter().position(|byte| !is_blank(*byte)).unwrap_or(0);
        (!line.is_empty() && line[0] != b'#').then_some((number, before as u32 + 1, line))
    })
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A line without the space around it, as Redis sees space there: form feeds stay.
pub(super) fn trim(mut line: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = line
        && is_blank(*first)
    {
        line = rest;
    }
    while let [rest @ .., last] = line
        && is_blank(*last)
    {
        line = rest;
    }
    line
}

/// `isspace` in the C locale.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c')
}

/// Splits into words; `None` if quotes do not balance or are glued to what follows them.
pub(super) fn words(text: &[u8], column: u32) -> Option<Vec<Arg>> {
    let mut args = Vec::new();
    let (mut at, mut column, mut counted) = (0, column, 0);
    loop {
        while text.get(at).is_some_and(|byte| is_space(*byte)) {
            at += 1;
        }
        if at == text.len() {
            return Some(args);
        }
        // Columns count characters.
        column += text[counted..at].iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u32;
        counted = at;
        let word = word(text, &mut at)?;
        args.push(Arg::new(word, column));
    }
}

fn word(text: &[u8], at: &mut usize) -> Option<Vec<u8>> {
    let mut word = Vec::new();
    while let Some(&byte) = text.get(*at) {
        match byte {
            b'"' | b'\'' => return quoted(text, at, word, byte),
            // Form feeds separate words only where none has begun.
            byte if is_blank(byte) => break,
            byte => word.push(byte),
        }
        *at += 1;
    }
    Some(word)
}

/// The rest of a word from an opening quote on. A closing quote ends the word.
fn quoted(text: &[u8], at: &mut usize, mut word: Vec<u8>, quote: u8) -> Option<Vec<u8>> {
    *at += 1;
    loop {
        let byte = *text.get(*at)?;
        *at += 1;
        if byte == quote {
            let glued = text.get(*at).is_some_and(|next| !is_space(*next));
            return (!glued).then_some(word);
        }
        match (quote, byte, text.get(*at)) {
            (b'"', b'\\', Some(b'x')) if hex_byte(text, *at + 1).is_some() => {
                word.extend(hex_byte(text, *at + 1));
                *at += 3;
            }
            (b'"', b'\\', Some(&escaped)) => {
                word.push(unescape(escaped));
                *at += 1;
            }
            (b'\'', b'\\', Some(b'\'')) => {
                word.push(b'\'');
                *at += 1;
            }
            _ => word.push(byte),
        }
    }
}

fn hex_byte(text: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(at)? * 16 + digit(at + 1)?).ok()
}

const fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => b'\x08',
        b'a' => b'\x07',
        other => other,
    }
}

/// A word in double quotes, as Redis writes it (`sdscatrepr`).
pub(super) fn quote(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for &byte in word {
        match byte {
            b'\\' | b'"' => quoted.extend([b'\\', byte]),
            b'\n' => quoted.extend(b"\\n"),
            b'\r' => quoted.extend(b"\\r"),
            b'\t' => quoted.extend(b"\\t"),
            b'\x07' => quoted.extend(b"\\a"),
            b'\x08' => quoted.extend(b"\\b"),
            0x20..=0x7e => quoted.push(byte),
            _ => quoted.extend(format!("\\x{byte:02x}").bytes()),
        }
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_reads_as_it_was() {
        let word: Vec<u8> = (1..=255).collect();
        let read = words(&quote(&word), 1).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].bytes, word);
    }

    #[test]
    fn nul_swallows_no_more_than_the_piece_that_redis_reads_at_a_time() {
        assert_eq!(as_c_strings(b"a\0b\nc\n"), b"ac\n");
        let mut long = vec![b'x'; 1030];
        long[10] = 0;
        long.push(b'\n');
        // The first 1024 bytes are one piece; the remaining six and the line end are another.
        assert_eq!(as_c_strings(&long), b"xxxxxxxxxxxxxxxx\n");
    }

    #[test]
    fn a_form_feed_is_no_blank_line_and_yet_no_word() {
        assert_eq!(lines(b"\x0c\n \t\n#x\n port").collect::<Vec<_>>(), [(1, 1, &b"\x0c"[..]), (4, 2, &b"port"[..])]);
        assert_eq!(words(b"\x0c", 1), Some(Vec::new()));
        assert_eq!(words(b"\x0ca\x0b\x0c b", 1).unwrap()[0].bytes, b"a\x0b\x0c");
    }
}
