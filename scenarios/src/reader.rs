//! A typed reader over a TOML document that keeps its positions: every key and every value knows its line and column.
//! It knows the kinds of values scenario files use and nothing of what they mean.

use crate::environment::Dist;
use crate::error::ScenarioError;
use crate::nearest::{nearest, one_of};
use crate::quantity;
use crate::source::Source;
use splitbrain_model::{Millis, Nanos};
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Result of reading.
pub type Read<T> = Result<T, Box<ScenarioError>>;

/// Times between two bounds, both included, in whole milliseconds. Equal bounds: no chance in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Shortest.
    pub low: Millis,
    /// Longest.
    pub high: Millis,
}

impl Span {
    /// Always the same.
    pub const fn exactly(d: Millis) -> Span {
        Span { low: d, high: d }
    }
}

/// Parses a document.
///
/// # Errors
/// If it is not TOML.
pub fn document(source: &Source) -> Read<Spanned<DeTable<'_>>> {
    DeTable::parse(&source.text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        source.error(span, message)
    })
}

/// One table. Keys are known once they have been asked for; [`Reader::finish`] refuses all others.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    source: &'a Source,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    title: String,
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    /// A reader over the whole document.
    pub fn root(source: &'a Source, document: &'a Spanned<DeTable<'a>>) -> Reader<'a> {
        Reader { source, table: document.get_ref(), span: 0..0, title: "a scenario".to_owned(), known: Vec::new() }
    }

    /// The same under another title for its errors.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Reader<'a> {
        Reader { title: title.into(), ..self }
    }

    /// The value of a key, which is known from now on.
    pub fn get(&mut self, key: &'static str) -> Option<Field<'a>> {
        self.known.push(key);
        self.table.get_key_value(key).map(|(name, value)| self.field(name, value))
    }

    /// As [`Reader::get`], also under the name Redis used before version 5.
    pub fn get_renamed(&mut self, key: &'static str, old: &'static str) -> Option<Field<'a>> {
        let current = self.get(key);
        let former = self.table.get_key_value(old).map(|(name, value)| self.field(name, value));
        if former.is_some() {
            self.known.push(old);
        }
        current.or(former)
    }

    /// The entries nobody has asked for, in the order of the file.
    pub fn rest(&self) -> Vec<Field<'a>> {
        let unknown = |name: &&Spanned<_>| !self.known.contains(&AsRef::<str>::as_ref(Spanned::get_ref(name)));
        let mut rest: Vec<Field<'a>> =
            self.table.iter().filter(|(name, _)| unknown(name)).map(|(name, value)| self.field(name, value)).collect();
        rest.sort_by_key(|field| field.key_span.start);
        rest
    }

    /// Refuses keys that nobody has asked for. `homes` says where else a key could belong: (section, key).
    ///
    /// # Errors
    /// At the first unknown key.
    pub fn finish(&self, homes: &[(&str, &str)]) -> Read<()> {
        let Some(field) = self.rest().into_iter().next() else { return Ok(()) };
        let what = if matches!(field.value, DeValue::Table(_)) && self.span.is_empty() { "section" } else { "key" };
        let error =
            self.source.error(field.key_span.clone(), format!("unknown {what} `{}` in {}", field.key, self.title));
        if let Some(word) = nearest(field.key, self.known.iter().copied()) {
            return Err(error.did_you_mean(Some(word)));
        }
        if let Some((section, _)) = homes.iter().find(|(_, key)| *key == field.key) {
            return Err(error.help(format!("`{}` belongs to {section}", field.key)));
        }
        if let Some((section, key)) = homes.iter().find(|(_, key)| nearest(field.key, [*key]).is_some()) {
            return Err(error.help(format!("did you mean `{key}` of {section}?")));
        }
        Err(error.expected(one_of(&self.known)))
    }

    /// An error about the table as a whole, at its header.
    pub fn error(&self, message: impl Into<String>) -> Box<ScenarioError> {
        self.source.error(self.span.clone(), message)
    }

    /// Whether it has no entries at all.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    fn field(&self, name: &'a Spanned<std::borrow::Cow<'a, str>>, value: &'a Spanned<DeValue<'a>>) -> Field<'a> {
        Field {
            source: self.source,
            key: name.get_ref().as_ref(),
            key_span: name.span(),
            value: value.get_ref(),
            span: value.span(),
        }
    }
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    source: &'a Source,
    /// The key.
    pub key: &'a str,
    /// Where the key stands.
    pub key_span: Range<usize>,
    value: &'a DeValue<'a>,
    span: Range<usize>,
}

impl<'a> Field<'a> {
    /// An error at the value.
    pub fn error(&self, message: impl Into<String>) -> Box<ScenarioError> {
        self.source.error(self.span.clone(), message)
    }

    /// An error at the key.
    pub fn key_error(&self, message: impl Into<String>) -> Box<ScenarioError> {
        self.source.error(self.key_span.clone(), message)
    }

    /// The error that the value is not what it should be.
    pub fn wrong(&self, expected: impl Into<String>) -> Box<ScenarioError> {
        self.error(format!("wrong value of `{}`", self.key)).found(self.found()).expected(expected)
    }

    fn found(&self) -> String {
        match self.value {
            DeValue::String(text) if text.chars().count() > 60 => "a long text".to_owned(),
            DeValue::String(text) => format!("{:?}", text.as_ref()),
            DeValue::Integer(_) | DeValue::Float(_) => {
                self.source.text.get(self.span.clone()).unwrap_or("a number").to_owned()
            }
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "an array".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        }
    }

    /// A text.
    pub fn text(&self) -> Read<&'a str> {
        self.text_or("a text in quotes")
    }

    fn text_or(&self, expected: &str) -> Read<&'a str> {
        self.as_text().ok_or_else(|| self.wrong(expected))
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&'a str> {
        match self.value {
            DeValue::String(text) => Some(text.as_ref()),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The whole number, if it is one that fits.
    pub fn as_integer(&self) -> Option<i64> {
        match self.value {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        }
    }

    /// Whether it is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    /// A whole number within bounds.
    pub fn integer(&self, bounds: RangeInclusive<i64>) -> Read<i64> {
        let expected = || format!("a whole number from {} to {}", bounds.start(), bounds.end());
        match self.as_integer() {
            Some(number) if bounds.contains(&number) => Ok(number),
            _ => Err(self.wrong(expected())),
        }
    }

    /// A whole number from 0 (or `least`) up to the largest `most`.
    pub fn count(&self, least: u32, most: u32) -> Read<u32> {
        self.integer(i64::from(least)..=i64::from(most)).map(|number| number as u32)
    }

    /// `true`, `false`, or Redis' `"yes"`, `"no"`.
    pub fn boolean(&self) -> Read<bool> {
        match (self.as_bool(), self.as_text()) {
            (Some(value), _) => Ok(value),
            (_, Some("yes")) => Ok(true),
            (_, Some("no")) => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// One of these words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Read<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let text = self.text_or(&one_of(&names))?;
        match words.iter().find(|(name, _)| *name == text) {
            Some((_, value)) => Ok(*value),
            None => Err(self.wrong(one_of(&names)).did_you_mean(nearest(text, names.iter().copied()))),
        }
    }

    fn quantity<T>(&self, read: impl Fn(&str) -> Result<T, quantity::Wrong>) -> Read<T> {
        match self.as_text() {
            Some(text) => read(text).map_err(|expected| self.wrong(expected)),
            None => Err(self.wrong(read("").err().unwrap_or("a text"))),
        }
    }

    /// A duration with a unit.
    pub fn duration(&self) -> Read<Nanos> {
        self.quantity(quantity::duration)
    }

    /// A duration with a unit, in whole milliseconds.
    pub fn millis(&self) -> Read<Millis> {
        self.duration().and_then(|d| self.whole_millis(d))
    }

    /// A duration that may be negative, in whole milliseconds.
    pub fn signed_millis(&self) -> Read<Millis> {
        let Some(text) = self.as_text() else { return self.millis() };
        let (sign, size) = match text.trim().strip_prefix(['-', '+']) {
            Some(size) if text.trim().starts_with('-') => (-1, size),
            Some(size) => (1, size),
            None => (1, text),
        };
        let d = quantity::duration(size).map_err(|_| self.wrong("a duration like \"10s\" or \"-3s\""))?;
        Ok(Millis(sign * self.whole_millis(d)?.0))
    }

    /// A duration or a range of durations, in whole milliseconds.
    pub fn span(&self) -> Read<Span> {
        let (low, high) = self.quantity(quantity::duration_range)?;
        Ok(Span { low: self.whole_millis(low)?, high: self.whole_millis(high)? })
    }

    /// A duration, a range of durations that are equally likely, or quantiles of what was measured.
    pub fn dist(&self) -> Read<Dist> {
        if self.is_table() {
            return self.quantiles();
        }
        let (low, high) = self.quantity(quantity::duration_range)?;
        Ok(if low == high { Dist::Fixed(low) } else { Dist::Uniform(low, high) })
    }

    /// `{ quantiles = [["0%", "80us"], ["50%", "1ms"], ["100%", "9ms"]] }`
    fn quantiles(&self) -> Read<Dist> {
        let mut table = self.table(format!("`{}`", self.key))?;
        let field = table.get("quantiles");
        table.finish(&[])?;
        let Some(field) = field else { return Err(self.wrong("a duration, a range, or { quantiles = [ … ] }")) };
        let mut points: Vec<(u32, Nanos)> = Vec::new();
        let pairs = field.list()?;
        for pair in &pairs {
            let both = pair.list()?;
            let [share, value] = &both[..] else {
                return Err(pair.wrong("a share and a duration, like [\"50%\", \"1ms\"]"));
            };
            let (ppm, longest) = (share.share_ppm()?, value.duration()?);
            let last = points.last().copied();
            if !ppm.is_multiple_of(100) || last.is_some_and(|(before, _)| before >= ppm / 100) {
                return Err(share.wrong("a larger share than the one before, with at most two decimals"));
            }
            if last.is_some_and(|(_, before)| before > longest) {
                return Err(value.wrong("no shorter duration than the one before"));
            }
            points.push((ppm / 100, longest));
        }
        match (points.first(), points.last()) {
            (Some((0, _)), Some((10_000, _))) if points.len() <= 100 => Ok(Dist::Quantiles(points)),
            _ => Err(field.wrong("up to 100 quantiles, from \"0%\" to \"100%\"")),
        }
    }

    /// A percentage, in millionths.
    pub fn share_ppm(&self) -> Read<u32> {
        self.quantity(quantity::percent_ppm)
    }

    /// Operations per second, in operations per 1000 seconds.
    pub fn rate(&self) -> Read<u32> {
        let wrong = || self.wrong("operations per second, from 0 to 100000, with at most three decimals");
        let literal = match self.value {
            DeValue::Integer(_) => self.as_integer().map(|number| number.to_string()),
            DeValue::Float(number) => Some(number.as_str().to_owned()),
            _ => None,
        };
        let rate = literal.and_then(|text| quantity::thousandths(&text)).ok_or_else(wrong)?;
        if rate <= 100_000_000 { Ok(rate as u32) } else { Err(wrong()) }
    }

    /// A number of bytes: a whole number, or a text like `"1mb"`.
    pub fn bytes(&self) -> Read<u64> {
        match self.as_integer() {
            Some(number) if number >= 0 => Ok(number as u64),
            _ => self.quantity(quantity::bytes),
        }
    }

    /// A setting of Redis in milliseconds: a whole number of them, or a duration with a unit.
    pub fn redis_millis(&self, least: i64) -> Read<Millis> {
        let value = match self.as_integer() {
            Some(number) => number,
            None if self.as_text().is_some() => self.millis()?.0,
            None => return Err(self.wrong("milliseconds, or a duration like \"5s\"")),
        };
        let most = quantity::LONGEST.millis() as i64;
        if (least..=most).contains(&value) {
            return Ok(Millis(value));
        }
        Err(self.wrong(format!("milliseconds from {least} to {most}, or a duration like \"5s\"")))
    }

    /// A setting of Redis in seconds: a whole number of them, or a duration with a unit.
    pub fn redis_seconds(&self, least: u32) -> Read<u32> {
        let value = match self.as_integer() {
            Some(number) => number,
            None if self.as_text().is_some() => match self.millis()?.0 {
                ms if ms % 1000 == 0 => ms / 1000,
                _ => return Err(self.wrong("whole seconds")),
            },
            None => return Err(self.wrong("seconds, or a duration like \"10s\"")),
        };
        let most = i64::from(i32::MAX);
        if (i64::from(least)..=most).contains(&value) {
            return Ok(value as u32);
        }
        Err(self.wrong(format!("seconds from {least} to {most}")))
    }

    /// The elements of an array, each under this key.
    pub fn list(&self) -> Read<Vec<Field<'a>>> {
        let DeValue::Array(items) = self.value else { return Err(self.wrong("an array")) };
        let element =
            |item: &'a Spanned<DeValue<'a>>| Field { value: item.get_ref(), span: item.span(), ..self.clone() };
        Ok(items.iter().map(element).collect())
    }

    /// The texts of an array, or a single one.
    pub fn texts(&self) -> Read<Vec<(&'a str, Field<'a>)>> {
        if let Some(text) = self.as_text() {
            return Ok(vec![(text, self.clone())]);
        }
        if !self.is_array() {
            return Err(self.wrong("a name, or an array of names"));
        }
        self.list()?.into_iter().map(|item| Ok((item.text_or("a name")?, item))).collect()
    }

    /// A table, under a title for its errors.
    pub fn table(&self, title: impl Into<String>) -> Read<Reader<'a>> {
        let DeValue::Table(table) = self.value else { return Err(self.wrong("a table")) };
        let span = if self.span.is_empty() { self.key_span.clone() } else { self.span.clone() };
        Ok(Reader { source: self.source, table, span, title: title.into(), known: Vec::new() })
    }

    /// An array of tables.
    pub fn tables(&self, title: &str) -> Read<Vec<Reader<'a>>> {
        match self.value {
            DeValue::Array(_) => self.list()?.iter().map(|item| item.table(title)).collect(),
            _ => Err(self.wrong(format!("an array of tables, {title}"))),
        }
    }

    fn whole_millis(&self, d: Nanos) -> Read<Millis> {
        if d.0.is_multiple_of(1_000_000) {
            Ok(Millis(d.millis() as i64))
        } else {
            Err(self.wrong("a duration of whole milliseconds"))
        }
    }
}
