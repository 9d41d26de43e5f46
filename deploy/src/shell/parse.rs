//! The grammar of `sh`, as far as start scripts use it, and some of `bash`.

use super::here::fill;
use super::{Command, Into, Item, Joined, List, Part, Redirect, Set, Word};
use crate::place::Traced;

/// Nesting that is followed.
pub(super) const DEPTH: usize = 40;

/// A script as commands; `None` if it is not understood.
pub(super) fn parse(script: &Traced, depth: usize) -> Option<List> {
    let mut parser = Parser { script, at: 0, depth, heres: Vec::new(), filled: Vec::new() };
    let list = parser.list(&[])?;
    parser.blanks(true);
    (parser.at >= script.text().len()).then(|| fill(list, &mut parser.filled.into_iter()))
}

pub(super) struct Parser<'s> {
    pub(super) script: &'s Traced,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// Here-documents whose text begins after the line: their ends, whether tabs are cut, whether they are expanded.
    pub(super) heres: Vec<(String, bool, bool)>,
    /// Their texts, in the order of the script.
    pub(super) filled: Vec<Traced>,
}

impl Parser<'_> {
    pub(super) fn rest(&self) -> &str {
        self.script.text().get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Skips blanks and comments; with `newlines`, ends of lines as well.
    fn blanks(&mut self, newlines: bool) {
        loop {
            let rest = self.rest();
            if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with("\\\r\n") {
                self.at += 3;
            } else if rest.starts_with([' ', '\t', '\r']) {
                self.at += 1;
            } else if newlines && rest.starts_with('\n') {
                self.newline();
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    /// The end of a line, with the here-documents that follow it.
    fn newline(&mut self) {
        self.at += 1;
        for (end, cut, _) in std::mem::take(&mut self.heres) {
            let mut text = Traced::default();
            loop {
                let rest = self.rest();
                if rest.is_empty() {
                    break;
                }
                let length = rest.find('\n').unwrap_or(rest.len());
                let line = &rest[..length];
                let skip = if cut { line.len() - line.trim_start_matches('\t').len() } else { 0 };
                let is_end = line[skip..].trim_end_matches('\r') == end;
                let (from, to) = (self.at + skip, (self.at + length + 1).min(self.script.text().len()));
                self.at = to;
                if is_end {
                    break;
                }
                text.append_range(self.script, from, to);
            }
            self.filled.push(text);
        }
    }

    fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let ends = |after: &str| after.chars().next().is_none_or(|c| c.is_whitespace() || ";&|()<>".contains(c));
        if rest.strip_prefix(word).is_some_and(ends) {
            self.at += word.len();
            return true;
        }
        false
    }

    fn sees(&mut self, ends: &[&str]) -> bool {
        let at = self.at;
        let found = ends.iter().any(|end| match *end {
            ")" | "}" | ";;" => self.rest().starts_with(end),
            word => self.keyword(word),
        });
        self.at = at;
        found
    }

    pub(super) fn list(&mut self, ends: &[&str]) -> Option<List> {
        let mut list = List::new();
        let mut joined = Joined::Always;
        loop {
            self.blanks(true);
            if self.rest().is_empty() || self.sees(ends) {
                return Some(list);
            }
            let command = self.pipeline()?;
            self.blanks(false);
            let mut item = Item { joined, command, background: false };
            joined = Joined::Always;
            if self.eat("&&") {
                joined = Joined::And;
            } else if self.eat("||") {
                joined = Joined::Or;
            } else if self.rest().starts_with(";;") {
            } else if self.eat("&") {
                item.background = true;
            } else if !self.eat(";") && !self.rest().is_empty() && !self.rest().starts_with('\n') && !self.sees(ends) {
                return None;
            }
            list.push(item);
        }
    }

    fn pipeline(&mut self) -> Option<Command> {
        self.blanks(false);
        if self.keyword("!") {
            return Some(Command::Not(Box::new(self.pipeline()?)));
        }
        let mut commands = vec![self.command()?];
        loop {
            self.blanks(false);
            if self.rest().starts_with("||") || !self.eat("|") {
                break;
            }
            self.eat("&");
            self.blanks(true);
            commands.push(self.command()?);
        }
        if commands.len() == 1 { commands.pop() } else { Some(Command::Pipe(commands)) }
    }

    fn command(&mut self) -> Option<Command> {
        self.depth += 1;
        let command = if self.depth > DEPTH { None } else { self.compound().or_else(|| self.simple()) };
        self.depth -= 1;
        command
    }

    fn compound(&mut self) -> Option<Command> {
        if self.keyword("if") {
            return self.conditional();
        }
        if self.keyword("while") {
            return self.circle(false);
        }
        if self.keyword("until") {
            return self.circle(true);
        }
        if self.keyword("for") {
            return self.each();
        }
        if self.keyword("case") {
            return self.case();
        }
        if self.keyword("[[") {
            return self.test();
        }
        if self.keyword("{") {
            let body = self.list(&["}"])?;
            self.eat("}").then_some(())?;
            return Some(Command::Group { body, redirects: self.redirects()? });
        }
        if self.rest().starts_with('(') && !self.rest().starts_with("((") {
            self.at += 1;
            let body = self.list(&[")"])?;
            self.eat(")").then_some(())?;
            return Some(Command::Group { body, redirects: self.redirects()? });
        }
        self.function()
    }

    fn function(&mut self) -> Option<Command> {
        let start = self.at;
        let named = self.keyword("function");
        self.blanks(false);
        let length = self.rest().find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(0);
        let name = self.rest()[..length].to_owned();
        self.at += length;
        self.blanks(false);
        let parens = self.eat("(") && {
            self.blanks(false);
            self.eat(")")
        };
        self.blanks(true);
        if name.is_empty() || !(parens || named) || !self.keyword("{") {
            self.at = start;
            return None;
        }
        let body = self.list(&["}"])?;
        self.eat("}").then_some(Command::Function { name, body })
    }

    fn conditional(&mut self) -> Option<Command> {
        let mut arms = Vec::new();
        let mut otherwise = List::new();
        loop {
            let condition = self.list(&["then"])?;
            self.keyword("then").then_some(())?;
            let body = self.list(&["elif", "else", "fi"])?;
            arms.push((condition, body));
            if self.keyword("elif") {
                continue;
            }
            if self.keyword("else") {
                otherwise = self.list(&["fi"])?;
            }
            self.keyword("fi").then_some(())?;
            return Some(Command::If { arms, otherwise, redirects: self.redirects()? });
        }
    }

    fn circle(&mut self, until: bool) -> Option<Command> {
        let condition = self.list(&["do"])?;
        self.keyword("do").then_some(())?;
        let body = self.list(&["done"])?;
        self.keyword("done").then_some(())?;
        self.redirects()?;
        Some(Command::While { until, condition, body })
    }

    fn each(&mut self) -> Option<Command> {
        self.blanks(false);
        let name = self.word()?.plain()?;
        self.blanks(true);
        let mut words = Vec::new();
        if self.keyword("in") {
            loop {
                self.blanks(false);
                if self.rest().starts_with([';', '\n']) || self.rest().is_empty() {
                    break;
                }
                words.push(self.word()?);
            }
        }
        self.blanks(true);
        self.eat(";");
        self.blanks(true);
        self.keyword("do").then_some(())?;
        let body = self.list(&["done"])?;
        self.keyword("done").then_some(())?;
        self.redirects()?;
        Some(Command::For { name, words, body })
    }

    fn case(&mut self) -> Option<Command> {
        self.blanks(false);
        let word = self.word()?;
        self.blanks(true);
        self.keyword("in").then_some(())?;
        let mut arms = Vec::new();
        loop {
            self.blanks(true);
            if self.keyword("esac") {
                self.redirects()?;
                return Some(Command::Case { word, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks(false);
                patterns.push(self.word()?);
                self.blanks(false);
                if self.eat(")") {
                    break;
                }
                self.eat("|").then_some(())?;
            }
            let body = self.list(&[";;", "esac"])?;
            self.eat(";;");
            arms.push((patterns, body));
        }
    }

    fn test(&mut self) -> Option<Command> {
        let mut words = Vec::new();
        loop {
            self.blanks(true);
            if self.keyword("]]") {
                return Some(Command::Test(words));
            }
            let mark = ["&&", "||", "(", ")", "<", ">", "!"].into_iter().find(|mark| self.rest().starts_with(mark));
            match mark {
                Some(mark) if mark != "!" || self.rest()[1..].starts_with(' ') => {
                    // A pattern may hold parentheses: `=~ -([0-9]+)$`.
                    words.push(self.text(mark));
                    self.at += mark.len();
                }
                _ => words.push(self.word_in(true)?),
            }
        }
    }

    fn text(&self, text: &str) -> Word {
        let mut traced = Traced::default();
        traced.push(text, self.script.place(self.at));
        Word { parts: vec![Part::Text { text: traced, quoted: false }] }
    }

    fn redirects(&mut self) -> Option<Vec<Redirect>> {
        let mut redirects = Vec::new();
        loop {
            self.blanks(false);
            match self.redirect() {
                Some(redirect) => redirects.push(redirect?),
                None => return Some(redirects),
            }
        }
    }

    /// A redirection, if there is one here; the inner `None` if it is broken.
    fn redirect(&mut self) -> Option<Option<Redirect>> {
        let digits = self.rest().len() - self.rest().trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let after = &self.rest()[digits..];
        if digits > 1 || !(after.starts_with(['>', '<']) || after.starts_with("&>") && digits == 0) {
            return None;
        }
        let error = self.rest().starts_with('2');
        self.at += digits;
        let append = self.rest().starts_with(">>");
        let marks = ["&>>", "&>", "<<<", "<<-", "<<", ">>", ">|", ">&", "<&", ">", "<"];
        let mark = marks.into_iter().find(|mark| self.eat(mark))?;
        self.blanks(false);
        let Some(word) = self.word() else { return Some(None) };
        let what = match mark {
            "<<" | "<<-" => {
                let expand = word.parts.iter().all(|part| matches!(part, Part::Text { quoted: false, .. }));
                self.heres.push((word.plain()?, mark == "<<-", expand));
                Into::Here { text: Traced::default(), expand }
            }
            "<<<" => Into::HereString(word),
            "<" => Into::Input(word),
            ">&" | "<&" => Into::Nothing,
            _ if error => Into::Nothing,
            _ => Into::File(word),
        };
        Some(Some(Redirect { append, what }))
    }

    fn simple(&mut self) -> Option<Command> {
        let (mut sets, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks(false);
            let rest = self.rest();
            let ended = rest.is_empty() || rest.starts_with(['\n', ';', ')', '|']);
            if ended || rest.starts_with('&') && !rest.starts_with("&>") {
                break;
            }
            let set = assignment(rest);
            if let Some(redirect) = self.redirect() {
                redirects.push(redirect?);
                continue;
            }
            // `local NAME=(…)` is a list as `NAME=(…)` is.
            let declared = set.is_some_and(|length| self.rest()[length + 1..].starts_with('('))
                && words.first().and_then(Word::plain).is_some_and(|word| DECLARE.contains(&&*word));
            if (words.is_empty() || declared)
                && let Some(length) = set
            {
                let name = self.rest()[..length].trim_end_matches('+').to_owned();
                let adds = self.rest()[..length].ends_with('+');
                self.at += length + 1;
                let list = self.rest().starts_with('(');
                let words = if list { self.array()? } else { vec![self.word().unwrap_or_default()] };
                sets.push(Set { name, words, list, adds });
                continue;
            }
            words.push(self.word()?);
        }
        (!words.is_empty() || !sets.is_empty() || !redirects.is_empty()).then_some(Command::Simple {
            sets,
            words,
            redirects,
        })
    }

    /// `(a b c)`: a list.
    fn array(&mut self) -> Option<Vec<Word>> {
        self.at += 1;
        let mut words = Vec::new();
        loop {
            self.blanks(true);
            if self.eat(")") {
                return Some(words);
            }
            words.push(self.word()?);
        }
    }

    fn word(&mut self) -> Option<Word> {
        self.word_in(false)
    }

    pub(super) fn word_in(&mut self, test: bool) -> Option<Word> {
        let mut word = Word::default();
        let start = self.at;
        while let Some(c) = self.peek() {
            let ends = if test { c.is_whitespace() } else { c.is_whitespace() || ";&|()<>".contains(c) };
            if ends {
                break;
            }
            let from = self.at;
            match c {
                '\'' => {
                    let length = self.rest()[1..].find('\'')?;
                    let text = self.script.slice(from + 1, from + 1 + length);
                    word.parts.push(Part::Text { text, quoted: true });
                    self.at += length + 2;
                }
                '"' => self.quoted(&mut word)?,
                '\\' => {
                    self.at += 1;
                    if let Some(escaped) = self.peek() {
                        self.at += escaped.len_utf8();
                        if escaped != '\n' {
                            word.parts.push(Part::Text { text: self.script.slice(from + 1, self.at), quoted: true });
                        }
                    }
                }
                '$' | '`' => self.expansion(&mut word, false)?,
                c => {
                    self.at += c.len_utf8();
                    let text = self.script.slice(from, self.at);
                    match word.parts.last_mut() {
                        Some(Part::Text { text: before, quoted: false }) => before.append(&text),
                        _ => word.parts.push(Part::Text { text, quoted: false }),
                    }
                }
            }
        }
        (self.at > start).then_some(word)
    }

    fn quoted(&mut self, word: &mut Word) -> Option<()> {
        self.at += 1;
        let mut text = Traced::default();
        loop {
            let c = self.peek()?;
            let from = self.at;
            match c {
                '"' => {
                    self.at += 1;
                    word.parts.push(Part::Text { text, quoted: true });
                    return Some(());
                }
                '$' | '`' => {
                    word.parts.push(Part::Text { text: std::mem::take(&mut text), quoted: true });
                    self.expansion(word, true)?;
                }
                '\\' => {
                    self.at += 1;
                    let escaped = self.peek()?;
                    self.at += escaped.len_utf8();
                    let keeps = !matches!(escaped, '"' | '\\' | '$' | '`' | '\n');
                    if escaped != '\n' {
                        text.append_range(self.script, if keeps { from } else { from + 1 }, self.at);
                    }
                }
                c => {
                    self.at += c.len_utf8();
                    text.append_range(self.script, from, self.at);
                }
            }
        }
    }
}

/// Commands whose arguments are assignments.
const DECLARE: &[&str] = &["local", "declare", "export", "readonly", "typeset"];

/// The length of the name in `NAME=`, if the text begins so.
fn assignment(text: &str) -> Option<usize> {
    let end = text.find('=')?;
    let name = text[..end].trim_end_matches('+');
    let starts = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    (starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(end)
}
