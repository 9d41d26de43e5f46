//! Carrying a script out on the files of a container.

use super::parse::parse;
use super::{Command, Into, Joined, List, Part, Redirect, Set, Word};
use crate::container::{Text, View};
use crate::place::{Place, Traced};
use std::collections::BTreeMap;

/// Commands that one start may execute.
const STEPS: u32 = 20_000;
/// Bytes that a word or an output may have.
const LONGEST: usize = 1 << 20;
/// Nesting of scripts, functions and substitutions.
const DEPTH: u32 = 25;

/// A server that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// Program and arguments.
    pub argv: Vec<Traced>,
    /// Others are started after it in the same container.
    pub background: bool,
}

/// What a start did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The servers it starts.
    pub execs: Vec<Exec>,
    /// It asks the Sentinels for the master; where.
    pub asks: Option<Place>,
    /// A part was not understood.
    pub unclear: bool,
}

/// A shell in a container.
pub struct Shell<'v, 'd> {
    /// The files.
    pub view: &'v mut View<'d>,
    /// Its variables.
    pub env: BTreeMap<String, Traced>,
    /// The name of the host, as `hostname` tells it.
    pub hostname: String,
    /// What the Sentinels answer when they are asked for the master: nothing at the very first start.
    pub master: Option<String>,
    /// What it has done so far.
    pub run: Run,
    pub(super) lists: BTreeMap<String, Vec<Traced>>,
    pub(super) functions: BTreeMap<String, List>,
    pub(super) args: Vec<Traced>,
    steps: u32,
    depth: u32,
    /// How often the Sentinels were asked for the master.
    pub(super) asked: u32,
    /// Whether the last command succeeded.
    status: bool,
    pub(super) ended: bool,
}

/// Output and status of a command.
pub(super) struct Done {
    pub(super) ok: bool,
    pub(super) out: Traced,
}

impl Done {
    pub(super) fn quiet(ok: bool) -> Done {
        Done { ok, out: Traced::default() }
    }
}

impl<'v, 'd> Shell<'v, 'd> {
    /// A shell.
    pub fn new(view: &'v mut View<'d>, env: BTreeMap<String, Traced>, hostname: &str, master: Option<String>) -> Self {
        Shell {
            view,
            env,
            hostname: hostname.to_owned(),
            master,
            run: Run::default(),
            lists: BTreeMap::new(),
            functions: BTreeMap::new(),
            args: Vec::new(),
            steps: 0,
            depth: 0,
            asked: 0,
            status: true,
            ended: false,
        }
    }

    /// Executes a program with its arguments, as the runtime of containers does.
    pub fn start(&mut self, argv: &[Traced]) {
        self.command(argv.to_vec(), Traced::default(), false);
    }

    /// Executes a script.
    pub(super) fn script(&mut self, script: &Traced) -> Done {
        if self.depth >= DEPTH {
            self.run.unclear = true;
            return Done::quiet(true);
        }
        let Some(list) = parse(script, 0) else {
            self.run.unclear = true;
            return Done::quiet(true);
        };
        self.depth += 1;
        let done = self.list(&list, &Traced::default());
        self.depth -= 1;
        done
    }

    pub(super) fn list(&mut self, list: &List, input: &Traced) -> Done {
        let mut done = Done::quiet(true);
        let mut out = Traced::default();
        for item in list {
            if self.ended || self.is_over() {
                break;
            }
            match item.joined {
                Joined::And if !done.ok => continue,
                Joined::Or if done.ok => continue,
                _ => {}
            }
            done = self.one(&item.command, input, item.background);
            self.status = done.ok;
            append(&mut out, &done.out);
        }
        Done { ok: done.ok, out }
    }

    fn is_over(&mut self) -> bool {
        self.steps += 1;
        let over = self.steps > STEPS;
        self.run.unclear |= over;
        over
    }

    fn one(&mut self, command: &Command, input: &Traced, background: bool) -> Done {
        self.depth += 1;
        let done = if self.depth > DEPTH {
            self.run.unclear = true;
            Done::quiet(true)
        } else {
            self.one_of(command, input, background)
        };
        self.depth -= 1;
        done
    }

    fn one_of(&mut self, command: &Command, input: &Traced, background: bool) -> Done {
        match command {
            Command::Simple { sets, words, redirects } => self.simple(sets, words, redirects, input, background),
            Command::Pipe(commands) => {
                let mut done = Done { ok: true, out: input.clone() };
                for command in commands {
                    done = self.one(command, &done.out, background);
                }
                done
            }
            Command::Not(command) => {
                let done = self.one(command, input, background);
                Done { ok: !done.ok, out: done.out }
            }
            Command::If { arms, otherwise, redirects } => {
                let chosen = arms.iter().find(|(condition, _)| !self.ended && self.list(condition, input).ok);
                let body = chosen.map_or(otherwise, |(_, body)| body);
                let done = if self.ended { Done::quiet(true) } else { self.list(body, input) };
                self.redirect(redirects, done)
            }
            Command::For { name, words, body } => {
                let words: Vec<Traced> = words.iter().flat_map(|word| self.expand(word)).collect();
                let mut out = Traced::default();
                for word in words {
                    if self.ended || self.is_over() {
                        break;
                    }
                    self.env.insert(name.clone(), word);
                    append(&mut out, &self.list(body, input).out);
                }
                Done { ok: true, out }
            }
            Command::While { until, condition, body } => {
                // Loops wait for something that comes in the end: once round at most.
                let mut out = Traced::default();
                if self.list(condition, input).ok != *until && !self.ended {
                    out = self.list(body, input).out;
                }
                Done { ok: true, out }
            }
            Command::Case { word, arms } => {
                let text = self.joined(word);
                for (patterns, body) in arms {
                    let found = patterns.iter().any(|pattern| {
                        let pattern = self.joined(pattern);
                        super::text::matches(pattern.text(), text.text())
                    });
                    if found {
                        return self.list(body, input);
                    }
                }
                Done::quiet(true)
            }
            Command::Group { body, redirects } => {
                let input = self.input(redirects).unwrap_or_else(|| input.clone());
                let done = self.list(body, &input);
                self.redirect(redirects, done)
            }
            Command::Function { name, body } => {
                self.functions.insert(name.clone(), body.clone());
                Done::quiet(true)
            }
            Command::Test(words) => {
                let words: Vec<Traced> = words.iter().map(|word| self.joined(word)).collect();
                Done::quiet(self.test(&words))
            }
        }
    }

    fn simple(
        &mut self,
        sets: &[Set],
        words: &[Word],
        redirects: &[Redirect],
        input: &Traced,
        background: bool,
    ) -> Done {
        let mut status = true;
        for set in sets {
            let before = self.asked;
            if set.list {
                let words: Vec<Traced> = set.words.iter().flat_map(|word| self.expand(word)).collect();
                status = self.asked == before || !words.is_empty();
                let list = self.lists.entry(set.name.clone()).or_default();
                if !set.adds {
                    list.clear();
                }
                list.extend(words);
                list.truncate(1_000);
                continue;
            }
            let mut value =
                if set.adds { self.env.get(&set.name).cloned().unwrap_or_default() } else { Traced::default() };
            for word in &set.words {
                let piece = self.joined(word);
                append(&mut value, &piece);
            }
            // `M=$(redis-cli … get-master-addr-by-name …)`: nobody answered.
            status = self.asked == before || !value.is_empty();
            self.env.insert(set.name.clone(), value);
        }
        let input = self.input(redirects).unwrap_or_else(|| input.clone());
        let argv: Vec<Traced> = words.iter().flat_map(|word| self.expand(word)).collect();
        let done = match argv.is_empty() {
            // `$(< FILE)`
            true if sets.is_empty() && redirects.iter().any(|its| matches!(its.what, Into::Input(_))) => {
                Done { ok: status, out: input }
            }
            true => Done::quiet(status),
            false => self.command(argv, input, background),
        };
        self.redirect(redirects, done)
    }

    fn input(&mut self, redirects: &[Redirect]) -> Option<Traced> {
        let mut input = None;
        for redirect in redirects {
            match &redirect.what {
                Into::Here { text, expand: false } => input = Some(text.clone()),
                Into::Here { text, expand: true } => input = Some(self.here(text)),
                Into::HereString(word) => input = Some(self.joined(word)),
                Into::Input(word) => {
                    let path = self.joined(word);
                    input = Some(self.view.read(path.text()).map(|file| file.text.clone()).unwrap_or_default());
                }
                _ => {}
            }
        }
        input
    }

    /// The text of a here-document with its variables.
    fn here(&mut self, text: &Traced) -> Traced {
        // As between double quotes, but that quotes stand for themselves.
        let mut quoted = Traced::default();
        quoted.push("\"", text.start());
        for (at, c) in text.text().char_indices() {
            if c == '"' {
                quoted.push("\\", text.place(at));
            }
            quoted.append_range(text, at, at + c.len_utf8());
        }
        quoted.push("\"", None);
        let mut line = Traced::default();
        line.push(": ", text.start());
        line.append(&quoted);
        match parse(&line, 0).as_deref() {
            Some([super::Item { command: Command::Simple { words, .. }, .. }]) if words.len() == 2 => {
                self.joined(&words[1])
            }
            _ => text.clone(),
        }
    }

    fn redirect(&mut self, redirects: &[Redirect], mut done: Done) -> Done {
        for redirect in redirects {
            let Into::File(word) = &redirect.what else { continue };
            let path = self.joined(word);
            let out = std::mem::take(&mut done.out);
            done.ok &= self.save(path.text(), out, redirect.append);
        }
        done
    }

    /// Writes output to a file.
    pub(super) fn save(&mut self, path: &str, out: Traced, append: bool) -> bool {
        if path.starts_with("/dev/") {
            return true;
        }
        let before = self.view.read(path).cloned().unwrap_or_default();
        let mut text = if append { before.text } else { Traced::default() };
        text.append(&out);
        self.view.write(path, Text { text, executable: before.executable })
    }

    /// A word as one text.
    pub(super) fn joined(&mut self, word: &Word) -> Traced {
        let mut text = Traced::default();
        for part in &word.parts {
            let piece = self.part(part);
            append(&mut text, &piece);
        }
        text
    }

    /// A word as the words it comes to: what is not quoted falls apart at blanks.
    fn expand(&mut self, word: &Word) -> Vec<Traced> {
        // Within quotes, `"$@"` and `"${LIST[@]}"` still are as many words as there are elements.
        let glued = |part: &&Part| !matches!(part, Part::Text { text, .. } if text.is_empty());
        let parts: Vec<&Part> = word.parts.iter().filter(glued).collect();
        if let [Part::Variable { name, change: None, .. }] = parts[..] {
            if matches!(&**name, "@" | "*") {
                return self.args.clone();
            }
            if let Some(name) = name.strip_suffix("[@]") {
                return self.lists.get(name).cloned().unwrap_or_default();
            }
        }
        let mut words = Vec::new();
        let mut current: Option<Traced> = None;
        for part in &word.parts {
            let piece = self.part(part);
            let splits = matches!(part, Part::Variable { quoted: false, .. } | Part::Output { quoted: false, .. });
            if !splits {
                append(current.get_or_insert_with(Traced::default), &piece);
                continue;
            }
            let mut from = None;
            for (at, c) in piece.text().char_indices().chain([(piece.text().len(), ' ')]) {
                match (c.is_whitespace(), from) {
                    (true, Some(start)) => {
                        current.get_or_insert_with(Traced::default).append_range(&piece, start, at);
                        from = None;
                        if at < piece.text().len() {
                            words.extend(current.take());
                        }
                    }
                    (true, None) if at < piece.text().len() => words.extend(current.take()),
                    (false, None) => from = Some(at),
                    _ => {}
                }
            }
        }
        words.extend(current);
        words
    }

    fn part(&mut self, part: &Part) -> Traced {
        match part {
            Part::Text { text, .. } => text.clone(),
            Part::Sum(sum) => Traced::at_no(&super::text::sum(sum, &self.env)),
            Part::Output { list, place, .. } => {
                let args = self.args.clone();
                let ended = self.ended;
                let done = if self.depth >= DEPTH { Done::quiet(true) } else { self.list(list, &Traced::default()) };
                self.args = args;
                self.ended = ended;
                let end = done.out.text().trim_end_matches('\n').len();
                let mut text = done.out.slice(0, end);
                if text.start().is_none() && !text.is_empty() {
                    let plain = text.text().to_owned();
                    text = Traced::default();
                    text.push(&plain, place.as_ref());
                }
                text
            }
            Part::Variable { name, change, length, place, .. } => {
                let value = self.variable(name);
                let mut text = Traced::default();
                if *length {
                    let count = value.map_or(0, |value| value.text().chars().count());
                    text.push(&count.to_string(), place.as_ref());
                    return text;
                }
                let value = match change {
                    None => value.unwrap_or_default(),
                    Some((operator, word)) => self.changed(name, value, operator, word),
                };
                // What a variable holds stands, for the reader, where the variable is used.
                text.push(value.text(), place.as_ref().or_else(|| value.start()));
                text
            }
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<Traced> {
        if let Ok(number) = name.parse::<usize>()
            && number > 0
        {
            return self.args.get(number - 1).cloned();
        }
        match name {
            "HOSTNAME" if !self.env.contains_key(name) => Some(Traced::at_no(&self.hostname)),
            "#" => Some(Traced::at_no(&self.args.len().to_string())),
            "?" => Some(Traced::at_no(if self.status { "0" } else { "1" })),
            "@" | "*" => Some(Traced::at_no(&self.args.iter().map(Traced::text).collect::<Vec<_>>().join(" "))),
            _ => self.env.get(name).cloned().or_else(|| self.element(name)),
        }
    }

    /// `NAME[2]`, all of a list, or its first element.
    fn element(&self, name: &str) -> Option<Traced> {
        let (name, index) = name.split_once('[').unwrap_or((name, "0]"));
        let list = self.lists.get(name)?;
        match index.trim_end_matches(']') {
            "@" => Some(Traced::at_no(&list.iter().map(Traced::text).collect::<Vec<_>>().join(" "))),
            index => list.get(index.parse::<usize>().ok()?).cloned(),
        }
    }

    fn changed(&mut self, name: &str, value: Option<Traced>, operator: &str, word: &Word) -> Traced {
        let filled = value.as_ref().is_some_and(|value| !value.is_empty());
        let set = value.is_some();
        match operator {
            ":-" | ":?" if !filled => self.joined(word),
            "-" | "?" if !set => self.joined(word),
            ":=" | "=" if !filled => {
                let text = self.joined(word);
                self.env.insert(name.to_owned(), text.clone());
                text
            }
            ":+" | "+" if filled => self.joined(word),
            ":+" | "+" => Traced::default(),
            "#" | "##" | "%" | "%%" => {
                let pattern = self.joined(word);
                let value = value.unwrap_or_default();
                Traced::at_no(super::text::cut(value.text(), operator, pattern.text()))
            }
            "/" | "//" => {
                let change = self.joined(word);
                let value = value.unwrap_or_default();
                let (from, to) = change.text().split_once('/').unwrap_or((change.text(), ""));
                let times = if operator == "/" { 1 } else { usize::MAX };
                if from.is_empty() { value } else { Traced::at_no(&value.text().replacen(from, to, times.min(10_000))) }
            }
            _ => value.unwrap_or_default(),
        }
    }
}

/// Adds as long as it does not get too long.
pub(super) fn append(text: &mut Traced, more: &Traced) {
    if text.text().len() + more.text().len() <= LONGEST {
        text.append(more);
    }
}
