//! What a shell puts in the place of `$` and backquotes.

use super::parse::{DEPTH, Parser, parse};
use super::{Part, Word};
use crate::place::Traced;

impl Parser<'_> {
    /// `$NAME`, `${…}`, `$(…)`, `$((…))`, backquotes.
    pub(super) fn expansion(&mut self, word: &mut Word, quoted: bool) -> Option<()> {
        let place = self.script.place(self.at).cloned();
        if self.eat("`") {
            let length = self.rest().find('`')?;
            let inner = self.script.slice(self.at, self.at + length);
            self.at += length + 1;
            word.parts.push(Part::Output { list: parse(&inner, self.depth + 1)?, quoted, place });
            return Some(());
        }
        self.at += 1;
        if self.eat("((") {
            let length = self.rest().find("))")?;
            word.parts.push(Part::Sum(self.rest()[..length].to_owned()));
            self.at += length + 2;
        } else if self.eat("(") {
            self.depth += 1;
            let list = if self.depth > DEPTH { None } else { self.list(&[")"]) };
            self.depth -= 1;
            let list = list?;
            self.eat(")").then_some(())?;
            word.parts.push(Part::Output { list, quoted, place });
        } else if self.eat("{") {
            let length = closing(self.rest())?;
            let inner = self.script.slice(self.at, self.at + length);
            self.at += length + 1;
            word.parts.push(braces(&inner, quoted, place, self.depth)?);
        } else {
            let rest = self.rest();
            let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
            let length = match rest.chars().next() {
                Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => 1,
                _ => letters,
            };
            if length == 0 {
                let mut text = Traced::default();
                text.push("$", place.as_ref());
                word.parts.push(Part::Text { text, quoted: true });
                return Some(());
            }
            let name = rest[..length].to_owned();
            self.at += length;
            word.parts.push(Part::Variable { name, change: None, length: false, quoted, place });
        }
        Some(())
    }
}

/// Where the brace of `${…` closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn braces(inner: &Traced, quoted: bool, place: Option<crate::place::Place>, depth: usize) -> Option<Part> {
    let text = inner.text();
    let length = text.starts_with('#') && text.len() > 1;
    let from = usize::from(length);
    let end = text[from..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(text.len(), |end| from + end);
    let mut name = text[from..end].to_owned();
    let mut rest = &text[end..];
    if rest.starts_with('[') {
        let close = rest.find(']')?;
        // All of a list, or one of it; the first if the number is not plain.
        if matches!(&rest[1..close], "@" | "*") {
            name.push_str("[@]");
        } else if let Ok(index) = rest[1..close].parse::<usize>()
            && index > 0
        {
            name.push_str(&format!("[{index}]"));
        }
        rest = &rest[close + 1..];
    }
    let operators = [":-", ":=", ":+", ":?", "-", "=", "+", "?", "##", "#", "%%", "%", "//", "/", ":"];
    let change = match operators.into_iter().find(|operator| rest.starts_with(operator)) {
        None => None,
        Some(operator) => {
            let from = text.len() - rest.len() + operator.len();
            let argument = inner.slice(from, text.len());
            let mut parser =
                Parser { script: &argument, at: 0, depth: depth + 1, heres: Vec::new(), filled: Vec::new() };
            let mut word = Word::default();
            while parser.depth <= DEPTH && parser.at < argument.text().len() {
                match parser.word_in(true) {
                    Some(more) => word.parts.extend(more.parts),
                    None => {
                        let from = parser.at;
                        parser.at += parser.peek()?.len_utf8();
                        word.parts.push(Part::Text { text: argument.slice(from, parser.at), quoted: true });
                    }
                }
            }
            Some((operator.to_owned(), word))
        }
    };
    Some(Part::Variable { name, change, length, quoted, place })
}
