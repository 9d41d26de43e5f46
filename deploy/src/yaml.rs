//! YAML as a tree in which every value knows its place and keeps its text as written: `no`, `0755` and `6379:6379` stay
//! what they are until somebody asks. Merge keys are applied, aliases are copied within a budget. Knows no schema.

use crate::place::{Place, Traced};
use crate::trouble::Trouble;
use granit_parser::{Event, Parser, ScalarStyle, Span};
use std::sync::Arc;

/// Values of one file, aliases counted at every use. Real manifests have some thousands.
const NODES: usize = 200_000;
/// Bytes of text in them, likewise.
const BYTES: usize = 16 << 20;
/// Longest single text, bytes.
const LONGEST: usize = 1 << 20;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Text; `true` if it is written without quotes.
    Text(Traced, bool),
    /// A list.
    List(Vec<Node>),
    /// Keys and values in the order of the file.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key and value of a key.
    pub fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        self.entries().iter().rev().find(|(name, _)| name.text() == Some(key)).map(|(name, value)| (name, value))
    }

    /// A value further down.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The keys and values; nothing if it is no map.
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements; nothing if it is no list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        self.traced().map(Traced::text)
    }

    /// The text of a scalar with its places.
    pub fn traced(&self) -> Option<&Traced> {
        match &self.value {
            Value::Text(text, _) => Some(text),
            _ => None,
        }
    }

    /// Text further down.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.text()
    }

    /// A switch, as YAML 1.1 and 1.2 know them.
    pub fn is_true(&self) -> Option<bool> {
        match &*self.text()?.to_ascii_lowercase() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self) -> Option<i64> {
        self.text()?.trim().replace('_', "").parse().ok()
    }

    /// Whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    fn size(&self) -> (usize, usize) {
        let both = |a: (usize, usize), b: (usize, usize)| (a.0.saturating_add(b.0), a.1.saturating_add(b.1));
        match &self.value {
            Value::Null => (1, 0),
            Value::Text(text, _) => (1, text.text().len()),
            Value::List(items) => items.iter().map(Node::size).fold((1, 0), both),
            Value::Map(entries) => entries.iter().map(|(key, value)| both(key.size(), value.size())).fold((1, 0), both),
        }
    }
}

/// The documents of a file.
///
/// # Errors
/// What is not YAML, or is too much of it, with its place.
pub fn documents(file: &str, source: &str) -> Result<Vec<Node>, Trouble> {
    let source = crate::files::without_mark(source);
    let mut builder = Builder {
        file: file.into(),
        source,
        anchors: Vec::new(),
        nodes: 0,
        bytes: 0,
        lines: std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect(),
    };
    let options = granit_parser::options! { flow_nesting_limit: 100, block_nesting_limit: 100 };
    let mut open: Vec<Open> = Vec::new();
    let mut documents = Vec::new();
    for event in Parser::new_from_str_with_options(source, options) {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            let place = builder.place_of(mark.line(), mark.col());
            match builder.tab() {
                Some(tab) => Trouble::new(tab, "this is not YAML: a tab in the indentation, which takes blanks only"),
                None => Trouble::new(place, format!("this is not YAML: {}", error.kind())),
            }
        })?;
        let place = builder.place_of(span.start.line(), span.start.col());
        let done = match event {
            Event::Scalar(text, style, anchor, _) => {
                let node = builder.scalar(&text, style, &span, place)?;
                Some((node, anchor))
            }
            Event::SequenceStart(_, anchor, _) => {
                open.push(Open { place, anchor, children: Vec::new(), map: false });
                None
            }
            Event::MappingStart(_, anchor, _) => {
                open.push(Open { place, anchor, children: Vec::new(), map: true });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(open) => {
                    builder.count(&open.place, 1, 0)?;
                    let anchor = open.anchor;
                    Some((open.close(), anchor))
                }
                None => None,
            },
            Event::Alias(anchor) => Some((builder.alias(anchor, &place)?, 0)),
            _ => None,
        };
        let Some((node, anchor)) = done else { continue };
        if anchor != 0 {
            builder.anchors.push((anchor, node.clone()));
            let (nodes, bytes) = node.size();
            builder.count(&node.place, nodes, bytes)?;
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => documents.push(node),
        }
    }
    Ok(documents)
}

struct Open {
    place: Place,
    anchor: usize,
    children: Vec<Node>,
    map: bool,
}

impl Open {
    fn close(self) -> Node {
        if !self.map {
            return Node { place: self.place, value: Value::List(self.children) };
        }
        let mut entries = Vec::new();
        let mut merged: Vec<Node> = Vec::new();
        let mut children = self.children.into_iter();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            let is_merge = matches!(&key.value, Value::Text(text, true) if text.text() == "<<");
            match value.value {
                Value::List(maps) if is_merge => merged.extend(maps),
                _ if is_merge => merged.push(value),
                _ => entries.push((key, value)),
            }
        }
        // Own keys win over merged ones, earlier merged ones over later.
        for map in merged {
            let Value::Map(more) = map.value else { continue };
            for (key, value) in more {
                if !entries.iter().any(|(own, _): &(Node, Node)| own.text().is_some() && own.text() == key.text()) {
                    entries.push((key, value));
                }
            }
        }
        Node { place: self.place, value: Value::Map(entries) }
    }
}

struct Builder<'s> {
    file: Arc<str>,
    source: &'s str,
    anchors: Vec<(usize, Node)>,
    nodes: usize,
    bytes: usize,
    /// Byte at which each line starts.
    lines: Vec<usize>,
}

impl Builder<'_> {
    fn place_of(&self, line: usize, column: usize) -> Place {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place::new(&self.file, number(line.max(1)), number(column).saturating_add(1))
    }

    /// The first line that is indented by a tab.
    fn tab(&self) -> Option<Place> {
        let blank = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        self.source.lines().enumerate().find_map(|(index, line)| {
            let at = line[..blank(line)].find('\t')?;
            (!line.trim().is_empty()).then(|| self.place_of(index + 1, at))
        })
    }

    fn count(&mut self, place: &Place, nodes: usize, bytes: usize) -> Result<(), Trouble> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        if nodes == 1 && bytes > LONGEST {
            let message = "a text of more than 1 MiB: no manifest may hold one";
            return Err(Trouble::new(place.clone(), message));
        }
        if self.nodes > NODES || self.bytes > BYTES {
            let message = "too much YAML: aliases, or the file itself, come to more than 200000 values or 16 MiB";
            return Err(Trouble::new(place.clone(), message));
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, place: &Place) -> Result<Node, Trouble> {
        let Some((_, node)) = self.anchors.iter().rev().find(|(id, _)| *id == anchor) else {
            return Err(Trouble::new(place.clone(), "this alias stands inside of what it names"));
        };
        let (nodes, bytes) = node.size();
        let node = node.clone();
        self.count(place, nodes, bytes)?;
        Ok(node)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: &Span, place: Place) -> Result<Node, Trouble> {
        self.count(&place, 1, text.len())?;
        let plain = style == ScalarStyle::Plain;
        if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            return Ok(Node { place, value: Value::Null });
        }
        let raw = span.slice(self.source).unwrap_or("");
        let traced = if raw.contains('\n') || matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            self.walk(text, style, span, &place)
        } else {
            Traced::at(text, &place)
        };
        Ok(Node { place, value: Value::Text(traced, plain) })
    }

    /// Finds the characters of a scalar in its source: folding changes nothing but blanks.
    fn walk(&self, text: &str, style: ScalarStyle, span: &Span, place: &Place) -> Traced {
        let Some(range) = span.byte_range() else { return Traced::at(text, place) };
        let mut at = range.start;
        let end = range.end.min(self.source.len());
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if block && self.source[at..].starts_with(['|', '>']) {
            at += self.source[at..].find('\n').map_or(0, |line| line + 1);
        } else if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
            at += 1;
        }
        let mut traced = Traced::default();
        let mut current = place.clone();
        let mut from = 0;
        for (offset, c) in text.char_indices() {
            if c.is_whitespace() {
                continue;
            }
            let Some(found) = self.find(&mut at, end, c, style) else { break };
            let index = self.lines.partition_point(|start| *start <= found).saturating_sub(1);
            let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
            if line != current.line || offset == 0 {
                // Blanks before the first character of a line belong to it.
                let blanks = text[from..offset].rfind('\n').map_or(offset, |newline| from + newline + 1);
                let blanks = if text[from..offset].trim().is_empty() { from.max(blanks.min(offset)) } else { blanks };
                traced.push(&text[from..blanks], Some(&current));
                from = blanks;
                let column = self.source[self.lines[index]..found].chars().count();
                current = self.place_of(index + 1, column);
            }
        }
        traced.push(&text[from..], Some(&current));
        traced
    }

    /// The place of the next character of the value, skipping blanks and what quotes need.
    fn find(&self, at: &mut usize, end: usize, wanted: char, style: ScalarStyle) -> Option<usize> {
        loop {
            let rest = self.source.get(*at..end)?;
            let c = rest.chars().next()?;
            let here = *at;
            *at += c.len_utf8();
            if c.is_whitespace() {
                continue;
            }
            if style == ScalarStyle::DoubleQuoted && c == '\\' {
                let escaped = rest[1..].chars().next()?;
                let digits = match escaped {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                *at += escaped.len_utf8() + digits;
                // Escaped blanks are blanks of the value.
                if digits == 0 && escaped != wanted {
                    continue;
                }
                return Some(here);
            }
            if style == ScalarStyle::SingleQuoted && c == '\'' && rest.starts_with("''") {
                *at += 1;
            }
            return (c == wanted).then_some(here);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(source: &str) -> Node {
        documents("f.yml", source).unwrap().remove(0)
    }

    #[test]
    fn values_keep_their_text_and_their_place() {
        let node = one("a:\n  b: no\n  c: 0755\n  d: [6379:6379, ~]\n");
        assert_eq!(node.text_at(&["a", "b"]), Some("no"));
        assert_eq!(node.text_at(&["a", "c"]), Some("0755"));
        let d = node.at(&["a", "d"]).unwrap();
        assert_eq!(d.items()[0].text(), Some("6379:6379"));
        assert_eq!((d.items()[0].place.line, d.items()[0].place.column), (4, 7));
        assert_eq!(d.items()[1].value, Value::Null);
    }

    #[test]
    fn merge_keys_are_applied_and_own_keys_win() {
        let node = one("x: &x {image: a, restart: b}\ns:\n  <<: *x\n  image: c\n");
        assert_eq!(node.text_at(&["s", "image"]), Some("c"));
        assert_eq!(node.text_at(&["s", "restart"]), Some("b"));
    }

    #[test]
    fn every_line_of_a_block_knows_where_it_was_written() {
        let node = one("k: |\n  one\n\n  two\nf: >\n  a b\n  c\n    d\n  e\nq: \"x\n  y\\\"z\n  w\"\n");
        let lines = |key: &str| -> Vec<(String, u32)> {
            let lines = node.get(key).unwrap().traced().unwrap().lines();
            lines.iter().filter(|l| !l.is_empty()).map(|l| (l.text().to_owned(), l.start().unwrap().line)).collect()
        };
        assert_eq!(lines("k"), [("one".to_owned(), 2), ("two".to_owned(), 4)]);
        let folded = node.get("f").unwrap().traced().unwrap();
        assert_eq!(folded.text(), "a b c\n  d\ne\n");
        for (word, line) in [('a', 6), ('b', 6), ('c', 7), ('d', 8), ('e', 9)] {
            assert_eq!(folded.place(folded.text().find(word).unwrap()).unwrap().line, line, "{word}");
        }
        let quoted = node.get("q").unwrap().traced().unwrap();
        assert_eq!(quoted.text(), "x y\"z w");
        assert_eq!(quoted.place(2).unwrap().line, 11);
        assert_eq!(quoted.place(6).unwrap().line, 12);
    }

    #[test]
    fn a_bomb_of_aliases_is_refused_where_it_goes_off() {
        let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
        for (name, before) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"]) {
            bomb.push_str(&format!("{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n"));
        }
        let trouble = documents("bomb.yml", &bomb).unwrap_err();
        assert!(trouble.message.contains("too much YAML"), "{trouble}");
        assert!(trouble.place.line > 4);
    }

    #[test]
    fn what_is_no_yaml_is_said_with_its_place() {
        let trouble = documents("t.yml", "a: b\n\tc: d\n").unwrap_err();
        assert_eq!((trouble.place.line, &*trouble.place.file), (2, "t.yml"));
        assert!(trouble.message.contains("tab"));
        assert_eq!(documents("t.yml", "a: 1\nb: }\n").unwrap_err().place.line, 2);
    }
}
