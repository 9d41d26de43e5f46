//! Numbers for whatever values a history has: a small whole number stands for itself, anything else gets a number of its
//! own and keeps its text. Equal values get equal numbers however they are written: `"a"` and `"\u0061"`, `[1,2]` and
//! `[1, 2]`, members of an object in any order.

use super::scan::{Cursor, Kind, Raw};
use std::collections::BTreeMap;

/// Numbers from here on stand for texts.
const NAMED: u64 = 1 << 62;

/// Values and their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    numbers: BTreeMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl Values {
    /// The number of a value.
    pub(super) fn number(&mut self, raw: &Raw<'_>) -> u64 {
        match raw.natural() {
            // `007` is no JSON, so that the text of a whole number says it all.
            Some(number) if number < NAMED => number,
            _ if raw.kind == Kind::String && !raw.text.contains('\\') => self.named(raw.text, true),
            _ => self.named(&canonical(raw), false),
        }
    }

    /// The number of a JSON text in its canonical form.
    pub fn number_of(&mut self, text: &str) -> u64 {
        match text.parse::<u64>() {
            Ok(number) if number < NAMED && number.to_string() == text => number,
            _ => self.named(text, false),
        }
    }

    fn named(&mut self, text: &str, in_quotes: bool) -> u64 {
        let quoted;
        let text = if in_quotes {
            quoted = format!("\"{text}\"");
            &quoted
        } else {
            text
        };
        if let Some(known) = self.numbers.get(text) {
            return NAMED + u64::from(*known);
        }
        let next = u32::try_from(self.texts.len()).expect("a file has fewer lines than this");
        self.texts.push(text.into());
        self.numbers.insert(text.into(), next);
        NAMED + u64::from(next)
    }

    /// The string that a value is, without quotes and escapes; of anything else its JSON.
    pub fn string(&self, number: u64) -> String {
        let text = self.text(number);
        let raw = Cursor::new(text.as_bytes()).and_then(|mut cursor| cursor.value());
        raw.ok().and_then(|raw| raw.string()).unwrap_or(text)
    }

    /// The value as JSON.
    pub fn text(&self, number: u64) -> String {
        let named = number.checked_sub(NAMED).and_then(|place| self.texts.get(usize::try_from(place).ok()?));
        named.map_or_else(|| number.to_string(), |text| text.to_string())
    }
}

/// JSON in the one form that stands for all equal ones.
pub(super) fn canonical(raw: &Raw<'_>) -> String {
    match raw.kind {
        Kind::Array => {
            let elements: Vec<String> = raw.elements().map(|element| canonical(&element)).collect();
            format!("[{}]", elements.join(","))
        }
        Kind::Object => {
            let mut members: Vec<String> =
                raw.members().map(|(name, value)| format!("{}:{}", canonical(&name), canonical(&value))).collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        Kind::String => quoted(&raw.string().unwrap_or_default()),
        _ => raw.text.to_owned(),
    }
}

/// A string as JSON.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::super::scan::Cursor;
    use super::*;

    fn number(values: &mut Values, text: &str) -> u64 {
        let raw = Cursor::new(text.as_bytes()).unwrap().value().unwrap();
        values.number(&raw)
    }

    #[test]
    fn equal_values_have_equal_numbers_and_keep_their_text() {
        let mut values = Values::default();
        let same: &[&[&str]] = &[
            &["7"],
            &["-7"],
            &["7.0"],
            &["99999999999999999999999"],
            &["\"a\"", "\"\\u0061\""],
            &["\"7\""],
            &["\"\""],
            &["null"],
            &["true"],
            &["[1,2]", "[1, 2]", " [ 1 ,2 ] "],
            &["{\"a\":1,\"b\":[\"x\"]}", "{ \"b\": [\"x\"], \"\\u0061\": 1 }"],
            &["\"a\\\"\\u0001b\"", "\"\\u0061\\u0022\\u0001b\""],
        ];
        let mut seen = Vec::new();
        for class in same {
            let first = number(&mut values, class[0]);
            assert!(!seen.contains(&first), "{class:?}");
            seen.push(first);
            for other in *class {
                assert_eq!(number(&mut values, other), first, "{other}");
                assert_eq!(values.text(first), class[0]);
            }
            assert_eq!(values.number_of(class[0]), first);
        }
        assert_eq!(number(&mut values, "7"), 7);
    }
}
