//! JSON of one line, read in place: nothing is copied, and every error has its column. Knows of JSON only.

use super::error::Wrong;

/// Arrays and objects inside each other go no deeper.
const DEEPEST: usize = 64;

/// What kind of value stands somewhere. A single byte: millions of values are moved about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`
    True,
    /// `false`
    False,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    fn article(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::True => "true",
            Kind::False => "false",
            Kind::Number => "the number",
            Kind::String => "the string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }
}

/// A value as it stands in the line.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub at: usize,
    /// Its text; of a string without the quotes.
    pub text: &'a str,
}

impl<'a> Raw<'a> {
    /// It is not what it should be.
    pub fn wrong(&self, expected: impl Into<String>) -> Wrong {
        Wrong::new(self.at, self.told(), expected)
    }

    /// As it is shown in errors.
    pub fn told(&self) -> String {
        let shown = shortened(self.text);
        match self.kind {
            Kind::Null | Kind::True | Kind::False => self.kind.article().to_owned(),
            Kind::String => format!("\"{shown}\""),
            Kind::Number => format!("the number {shown}"),
            kind => format!("{} {shown}", kind.article()),
        }
    }

    /// A whole number that fits.
    pub fn natural(&self) -> Option<u64> {
        let digits = self.text.as_bytes();
        if self.kind != Kind::Number || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        // Nineteen digits fit whatever they are.
        let short = || digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        if digits.len() <= 19 { Some(short()) } else { self.text.parse().ok() }
    }

    /// The string, its escapes resolved.
    pub fn string(&self) -> Option<String> {
        (self.kind == Kind::String)
            .then(|| if self.text.contains('\\') { unescaped(self.text) } else { self.text.into() })
    }

    /// The elements of an array; nothing for anything else.
    pub fn elements(&self) -> Elements<'a> {
        let inside = if self.kind == Kind::Array { &self.text[1..] } else { "]" };
        Elements { cursor: Cursor { text: inside, at: 0, before: self.at + 1 }, first: true }
    }

    /// The members of an object; nothing for anything else.
    pub fn members(&self) -> Members<'a> {
        let inside = if self.kind == Kind::Object { &self.text[1..] } else { "}" };
        Members { cursor: Cursor { text: inside, at: 0, before: self.at + 1 }, first: true }
    }
}

/// At most forty characters of something, on one line.
pub fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    shown = shown.replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\");
    if text.chars().nth(40).is_some() { shown + "…" } else { shown }
}

/// Elements of an array that is known to be sound.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    cursor: Cursor<'a>,
    first: bool,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        let more = self.cursor.another(&mut self.first, b']').ok()?;
        if more { self.cursor.value().ok() } else { None }
    }
}

/// Members of an object that is known to be sound.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    cursor: Cursor<'a>,
    first: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Raw<'a>, Raw<'a>);

    fn next(&mut self) -> Option<(Raw<'a>, Raw<'a>)> {
        let more = self.cursor.another(&mut self.first, b'}').ok()?;
        if more { self.cursor.member().ok() } else { None }
    }
}

/// The members that somebody wants to know of, each with a place, in the order in which they mostly stand.
pub trait Names {
    /// Where a name has its place.
    fn place(&self, name: &str) -> Option<usize>;
    /// How many bytes `line` begins with that are the name of this place in quotes and the colon; 0 if it does not.
    fn begins(&self, place: usize, line: &[u8]) -> usize;
}

/// Names that are always looked up.
impl<const N: usize> Names for [&str; N] {
    fn place(&self, name: &str) -> Option<usize> {
        self.iter().position(|known| *known == name)
    }

    fn begins(&self, _: usize, _: &[u8]) -> usize {
        0
    }
}

/// A place in a line.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Bytes of the line before `text`.
    before: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of a line.
    pub fn new(line: &'a [u8]) -> Result<Cursor<'a>, Wrong> {
        match std::str::from_utf8(line) {
            Ok(text) => Ok(Cursor { text, at: 0, before: 0 }),
            Err(error) => {
                let at = error.valid_up_to();
                Err(Wrong::new(at, format!("the byte 0x{:02x}", line[at]), "UTF-8"))
            }
        }
    }

    /// The object that the whole line has to be: its members are told one by one, with where they begin. A member is told
    /// by its place among those that `names` knows, others are passed over.
    #[inline(always)]
    pub fn object(
        mut self,
        names: &impl Names,
        mut member: impl FnMut(usize, usize, Raw<'a>) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        if self.peek() != Some(b'{') {
            return Err(self.unexpected("an object, like {\"process\": 0, \"type\": \"invoke\", …}"));
        }
        self.at += 1;
        let (mut first, mut guess) = (true, 0);
        while self.another(&mut first, b'}')? {
            self.peek();
            let at = self.before + self.at;
            let guessed = names.begins(guess, &self.text.as_bytes()[self.at..]);
            let place = if guessed > 0 {
                self.at += guessed;
                Some(guess)
            } else {
                names.place(self.name()?.text)
            };
            let value = self.value()?;
            if let Some(place) = place {
                guess = place + 1;
                member(place, at, value)?;
            }
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end of the line: one operation per line")),
        }
    }

    /// Whether there is another member or element; passes the comma before it.
    #[inline(always)]
    fn another(&mut self, first: &mut bool, end: u8) -> Result<bool, Wrong> {
        let was_first = std::mem::take(first);
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !was_first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if was_first => Ok(true),
            _ => Err(self.unexpected(if end == b'}' { "`,` or `}`" } else { "`,` or `]`" })),
        }
    }

    fn member(&mut self) -> Result<(Raw<'a>, Raw<'a>), Wrong> {
        Ok((self.name()?, self.value()?))
    }

    /// The name of a member and the colon behind it.
    fn name(&mut self) -> Result<Raw<'a>, Wrong> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("the name of a member, in quotes"));
        }
        let name = self.value()?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(name)
    }

    /// The next byte that is not white space.
    #[inline(always)]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    #[cold]
    fn unexpected(&mut self, expected: &str) -> Wrong {
        self.peek();
        let rest = &self.text[self.at..];
        let found = match rest.chars().next() {
            None => "the end of the line".to_owned(),
            Some(c) if c.is_alphanumeric() => {
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                format!("`{}`", shortened(&rest[..end]))
            }
            Some(c) => format!("`{}`", shortened(c.encode_utf8(&mut [0; 4]))),
        };
        Wrong::new(self.before + self.at, found, expected)
    }

    /// Any value.
    #[inline(always)]
    pub fn value(&mut self) -> Result<Raw<'a>, Wrong> {
        let Some(first) = self.peek() else {
            return Err(self.unexpected("a value"));
        };
        let start = self.at;
        let kind = match first {
            b'"' => {
                self.skip_string()?;
                let text = &self.text[start + 1..self.at - 1];
                return Ok(Raw { kind: Kind::String, at: self.before + start, text });
            }
            b'{' | b'[' => {
                self.skip_nested()?;
                if first == b'{' { Kind::Object } else { Kind::Array }
            }
            b'-' | b'0'..=b'9' => {
                self.skip_number()?;
                Kind::Number
            }
            _ => self.word()?,
        };
        Ok(Raw { kind, at: self.before + start, text: &self.text[start..self.at] })
    }

    fn word(&mut self) -> Result<Kind, Wrong> {
        let rest = &self.text[self.at..];
        for (word, kind) in [("null", Kind::Null), ("true", Kind::True), ("false", Kind::False)] {
            let ends = |c: char| !c.is_alphanumeric() && c != '_';
            if rest.strip_prefix(word).is_some_and(|after| after.chars().next().is_none_or(ends)) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.unexpected("a value"))
    }

    /// Arrays and objects without recursion: what may follow is known from what is open.
    fn skip_nested(&mut self) -> Result<(), Wrong> {
        let mut open: Vec<(u8, bool)> = Vec::new();
        loop {
            match self.peek() {
                Some(byte @ (b'{' | b'[')) => {
                    if open.len() == DEEPEST {
                        let found = format!("more than {DEEPEST} values inside each other");
                        return Err(Wrong::new(self.before + self.at, found, "a value that people can read"));
                    }
                    open.push((byte, true));
                    self.at += 1;
                }
                Some(b'"') => self.skip_string()?,
                Some(b'-' | b'0'..=b'9') => self.skip_number()?,
                Some(_) => {
                    self.word()?;
                }
                None => return Err(self.unexpected("a value")),
            }
            // Behind a value, or at the beginning of what has just been opened.
            loop {
                let Some((bracket, first)) = open.last_mut() else {
                    return Ok(());
                };
                let (bracket, mut is_first) = (*bracket, std::mem::take(first));
                let end = if bracket == b'{' { b'}' } else { b']' };
                if !self.another(&mut is_first, end)? {
                    open.pop();
                    continue;
                }
                if bracket == b'{' {
                    if self.peek() != Some(b'"') {
                        return Err(self.unexpected("the name of a member, in quotes"));
                    }
                    self.skip_string()?;
                    if self.peek() != Some(b':') {
                        return Err(self.unexpected("`:`"));
                    }
                    self.at += 1;
                }
                break;
            }
        }
    }

    #[inline(always)]
    fn skip_string(&mut self) -> Result<(), Wrong> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            self.at += bytes[self.at..].iter().position(special).unwrap_or(bytes.len() - self.at);
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.skip_escape()?,
                Some(byte) => {
                    let found = format!("the control character 0x{byte:02x} in a string");
                    return Err(Wrong::new(self.before + self.at, found, "an escape"));
                }
                None => return Err(Wrong::new(self.before + self.at, "the end of the line in a string", "`\"`")),
            }
        }
    }

    fn skip_escape(&mut self) -> Result<(), Wrong> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let length = match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if rest.len() > 4 && rest[1..5].iter().all(u8::is_ascii_hexdigit) => 6,
            _ => {
                let shown = self.text[self.at..].chars().take(6).collect::<String>();
                let found = format!("the escape `{}`", shortened(&shown));
                return Err(Wrong::new(
                    self.before + self.at,
                    found,
                    "one of JSON: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000",
                ));
            }
        };
        self.at += length;
        Ok(())
    }

    #[inline(always)]
    fn skip_number(&mut self) -> Result<(), Wrong> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let digits = |from: usize| {
            let mut end = from;
            while bytes.get(end).is_some_and(u8::is_ascii_digit) {
                end += 1;
            }
            end - from
        };
        let mut at = start + usize::from(bytes[start] == b'-');
        let whole = digits(at);
        let mut sound = whole > 0 && (whole == 1 || bytes[at] != b'0');
        at += whole;
        if bytes.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            sound &= fraction > 0;
            at += 1 + fraction;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(at);
            sound &= exponent > 0;
            at += exponent;
        }
        // The usual neighbours first: whether a character is alphanumeric takes a table.
        let runs_on = !matches!(bytes.get(at), None | Some(b',' | b'}' | b']' | b' '))
            && self.text[at..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '.');
        if !sound || runs_on {
            let rest = &self.text[start..];
            let end = rest.find([',', ']', '}', ' ', '"']).unwrap_or(rest.len());
            let found = format!("`{}`", shortened(&rest[..end]));
            return Err(Wrong::new(self.before + start, found, "a number"));
        }
        self.at = at;
        Ok(())
    }
}

/// A string without its escapes. Halves of surrogate pairs that stand alone become U+FFFD.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut chars = text.chars();
    let flush = |units: &mut Vec<u16>, out: &mut String| {
        out.push_str(&String::from_utf16_lossy(units));
        units.clear();
    };
    while let Some(c) = chars.next() {
        if c != '\\' {
            flush(&mut units, &mut out);
            out.push(c);
            continue;
        }
        let plain = match chars.next() {
            Some('u') => {
                let code: String = chars.by_ref().take(4).collect();
                units.push(u16::from_str_radix(&code, 16).unwrap_or(0xFFFD));
                continue;
            }
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
            None => break,
        };
        flush(&mut units, &mut out);
        out.push(plain);
    }
    flush(&mut units, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Letters;

    impl Names for Letters {
        fn place(&self, name: &str) -> Option<usize> {
            "abcdefgh".find(name).filter(|_| name.len() == 1)
        }

        fn begins(&self, place: usize, line: &[u8]) -> usize {
            let quoted = [b'"', b'a' + place as u8, b'"', b':'];
            if line.starts_with(&quoted) { 4 } else { 0 }
        }
    }

    fn members(line: &str) -> Result<Vec<(String, String)>, Wrong> {
        let mut found = Vec::new();
        Cursor::new(line.as_bytes())?.object(&Letters, |place, _, value| {
            found.push((char::from(b'a' + place as u8).to_string(), value.text.to_owned()));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn members_are_found_with_their_text() {
        let found = members(r#" {"a" : [1, {"b":"}"} ,[]], "c":-0.5e+3,"d":"x\"y","e":null, "f":{} } "#).unwrap();
        let told: Vec<(&str, &str)> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let expected = [("a", r#"[1, {"b":"}"} ,[]]"#), ("c", "-0.5e+3"), ("d", r#"x\"y"#), ("e", "null"), ("f", "{}")];
        assert_eq!(told, expected);
        assert_eq!(
            members(r#"{"b":1,"c":2,"a":3,"b" :4,"zz":5,"c":6}"#).unwrap().len(),
            5,
            "in any order, unknown ones passed"
        );
        assert_eq!(members("{}").unwrap(), []);
    }

    #[test]
    fn escapes_are_resolved() {
        let mut cursor = Cursor::new(br#""a\n\"\\\u00e9\ud83d\ude00\ud83d!""#).unwrap();
        assert_eq!(cursor.value().unwrap().string().unwrap(), "a\n\"\\é😀\u{FFFD}!");
    }

    #[test]
    fn elements_and_members_can_be_walked() {
        let mut cursor = Cursor::new(br#"[[1,2],"x",{"k":[3],"l":4}]"#).unwrap();
        let array = cursor.value().unwrap();
        let all: Vec<Raw> = array.elements().collect();
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].elements().filter_map(|raw| raw.natural()).collect::<Vec<_>>(), [1, 2]);
        let members: Vec<(&str, usize)> = all[2].members().map(|(name, value)| (name.text, value.at)).collect();
        assert_eq!(members, [("k", 16), ("l", 24)]);
        assert_eq!(all[1].elements().count(), 0);
    }

    #[test]
    fn every_error_has_its_place_and_what_was_expected() {
        let table = [
            ("", 0, "the end of the line", "an object"),
            ("[]", 0, "`[`", "an object"),
            ("{", 1, "the end of the line", "`,` or `}`"),
            (r#"{"a"}"#, 4, "`}`", "`:`"),
            (r#"{"a":}"#, 5, "`}`", "a value"),
            (r#"{"a":1"#, 6, "the end of the line", "`,` or `}`"),
            (r#"{"a":1,}"#, 7, "`}`", "the name of a member"),
            (r#"{"a":1 "b":2}"#, 7, "`\"`", "`,` or `}`"),
            (r#"{"a":1}{"b":2}"#, 7, "`{`", "the end of the line"),
            (r#"{a:1}"#, 1, "`a`", "the name of a member"),
            (r#"{"a":nul}"#, 5, "`nul`", "a value"),
            (r#"{"a":01}"#, 5, "`01`", "a number"),
            (r#"{"a":1.}"#, 5, "`1.`", "a number"),
            (r#"{"a":-}"#, 5, "`-`", "a number"),
            (r#"{"a":1e}"#, 5, "`1e`", "a number"),
            (r#"{"a":"b}"#, 8, "the end of the line in a string", "`\"`"),
            (r#"{"a":"\x"}"#, 6, r"the escape `\x", "one of JSON"),
            (r#"{"a":"\u12"}"#, 6, r"the escape `\u12", "one of JSON"),
            ("{\"a\":\"\0\"}", 6, "the control character 0x00", "an escape"),
            (r#"{"a":[1,]}"#, 8, "`]`", "a value"),
            (r#"{"a":[1 2]}"#, 8, "`2`", "`,` or `]`"),
            (r#"{"a":[{"b" 1}]}"#, 11, "`1`", "`:`"),
        ];
        for (line, at, found, expected) in table {
            let wrong = members(line).expect_err(line);
            assert_eq!(wrong.at, at, "{line}: {wrong:?}");
            assert!(wrong.found.starts_with(found), "{line}: {wrong:?}");
            assert!(wrong.expected.starts_with(expected), "{line}: {wrong:?}");
        }
        let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
        assert!(members(&deep).expect_err("too deep").found.starts_with("more than 64"));
        let wrong = Cursor::new(b"{\"a\":\xFF}").expect_err("not UTF-8");
        assert_eq!((wrong.at, wrong.found.as_str()), (5, "the byte 0xff"));
    }
}
