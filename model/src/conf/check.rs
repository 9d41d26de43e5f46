//! Whether the arguments of a directive of redis.conf are what they may be, with the message of the real server if not.

use super::directives::Kind;
use super::number::{memory, octal, string2ll, strtod, strtol};
use super::split::{Arg, Line};
use super::{ConfError, error_at};

/// Arguments of a directive after the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    Bool(bool),
    Int(i64),
    Memory(u64),
    /// Everything else: the words as they stand, with a single quoted list taken apart.
    Words(Vec<Arg>),
}

/// Checks the arguments of a line against their kind.
pub(super) fn check(line: &Line, kind: Kind) -> Result<Checked, ConfError> {
    let args = arguments(line, kind)?;
    let only = &args[..];
    let first = only.first();
    let fail = |arg: Option<&Arg>, message: &str, expected: &str| Err(error_at(line, arg, message, expected));
    let text = first.map_or("", |arg| arg.text.as_str());
    // Words are compared as C strings.
    let word = text.split('\0').next().unwrap_or_default();
    match kind {
        Kind::Bool | Kind::BoolNotYes => match (&*word.to_ascii_lowercase(), kind) {
            ("yes", Kind::BoolNotYes) => return fail(first, NO_DEFRAG, "no"),
            ("yes", _) => return Ok(Checked::Bool(true)),
            ("no", _) => return Ok(Checked::Bool(false)),
            _ => return fail(first, "argument must be 'yes' or 'no'", "yes or no"),
        },
        Kind::Int(low, high) => {
            let Some(number) = string2ll(text) else {
                let message = "argument couldn't be parsed into an integer";
                return fail(first, message, "an integer");
            };
            if !(low..=high).contains(&number) {
                return out_of_range(line, first, low, high);
            }
            return Ok(Checked::Int(number));
        }
        Kind::Memory(low, high) => {
            let Some(bytes) = memory(text) else {
                return fail(first, "argument must be a memory value", "a size as in 64mb");
            };
            if !(low..=high).contains(&bytes) {
                return out_of_range(line, first, low, high);
            }
            return Ok(Checked::Memory(bytes));
        }
        Kind::MemoryOrPercent => memory_or_percent(line, first, text)?,
        Kind::Octal => match octal(text) {
            Some(0..=0o777) => {}
            Some(_) => return fail(first, "argument must be between 0 and 777 inclusive", ""),
            None => {
                let message = "argument couldn't be parsed as an octal number";
                return fail(first, message, "permissions as in 770");
            }
        },
        Kind::Enum(words) => {
            let names: Vec<&str> = words.iter().map(|word| name_and_shown(word).0).collect();
            if !names.iter().any(|name| name.eq_ignore_ascii_case(word)) {
                return no_such_word(line, first, &names);
            }
        }
        Kind::FileName | Kind::DirName => file_name(line, first, text, kind)?,
        Kind::Hostname => {
            if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
                let message = "Hostnames may only contain alphanumeric characters, hyphens or dots";
                return fail(first, message, "");
            }
        }
        Kind::TitleTemplate if !is_title_template(text) => {
            let message = "template format is invalid or contains unknown variables";
            return fail(first, message, "{title}, {listen-addr}, {server-mode} …");
        }
        Kind::Bind if only.len() > 16 => {
            return fail(only.get(16), "Too many bind addresses specified.", "at most 16");
        }
        Kind::Save => save(line, only)?,
        Kind::ReplicaOf => replicaof(line, only)?,
        Kind::OutputBuffers => output_buffers(line, only)?,
        Kind::OomValues => oom_values(line, only)?,
        Kind::Percentiles => percentiles(line, only)?,
        Kind::ShutdownFlags => shutdown_flags(line, only)?,
        Kind::Events => {
            if let Some(c) = text.chars().find(|c| !"Ag$lshzxeKEtmdn".contains(*c)) {
                let message = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
                return fail(first, message, &format!("no `{}`", c.escape_debug()));
            }
        }
        Kind::Text | Kind::Bind | Kind::Dir | Kind::TitleTemplate => {}
    }
    Ok(Checked::Words(args))
}

impl Checked {
    /// How CONFIG GET shows the value; save points and buffer limits add to what was there (see `settings`).
    pub(super) fn shown(&self, kind: Kind) -> Vec<u8> {
        let words = match self {
            Checked::Bool(yes) => return if *yes { b"yes".to_vec() } else { b"no".to_vec() },
            Checked::Int(number) => return number.to_string().into_bytes(),
            Checked::Memory(bytes) => return bytes.to_string().into_bytes(),
            Checked::Words(words) => words,
        };
        let text = words.first().map_or("", |arg| arg.text.as_str());
        match kind {
            Kind::Enum(known) => {
                let word = text.split('\0').next().unwrap_or_default();
                let same = |known: &&&'static str| name_and_shown(known).0.eq_ignore_ascii_case(word);
                known.iter().find(same).map_or("", |known| name_and_shown(known).1).into()
            }
            Kind::MemoryOrPercent if text.ends_with('%') => text.into(),
            Kind::MemoryOrPercent => match memory(text).unwrap_or(0) as i64 {
                percent @ ..0 => format!("{}%", -percent).into_bytes(),
                bytes => bytes.to_string().into_bytes(),
            },
            Kind::Octal => format!("{:o}", octal(text).unwrap_or(0)).into_bytes(),
            Kind::Events => events(text).into_bytes(),
            Kind::ShutdownFlags => shutdown_words(words).into_bytes(),
            Kind::ReplicaOf if is_no_one(&words[0], &words[1]) => Vec::new(),
            Kind::ReplicaOf => [&words[0].bytes, &b" "[..], strtol(&words[1].text).0.to_string().as_bytes()].concat(),
            Kind::OomValues => join(words, |arg| strtol(&arg.text).0.to_string().into_bytes()),
            _ if matches!(&words[..], [only] if only.bytes.is_empty()) => Vec::new(),
            Kind::Percentiles => join(words, |arg| percentile(strtod(&arg.text).unwrap_or(0.0))),
            _ => join(words, |arg| arg.bytes.clone()),
        }
    }
}

fn join(words: &[Arg], shown: impl Fn(&Arg) -> Vec<u8>) -> Vec<u8> {
    words.iter().map(shown).collect::<Vec<_>>().join(&b' ')
}

/// Up to six decimals, without the zeros at the end.
fn percentile(number: f64) -> Vec<u8> {
    let text = format!("{number:.6}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    short.into()
}

/// Event classes in the order in which Redis shows them; `A` stands for all of its classes together, and hides `n`.
fn events(text: &str) -> String {
    const IN_A: &str = "g$lshzxetd";
    let has = |class: &char| text.contains(*class) || text.contains('A') && IN_A.contains(*class);
    let all = IN_A.chars().all(|class| has(&class));
    let mut shown: String = if all { "A".to_owned() } else { IN_A.chars().chain(['n']).filter(has).collect() };
    shown.extend("KEm".chars().filter(has));
    shown
}

fn shutdown_words(words: &[Arg]) -> String {
    let has = |word: &&&str| words.iter().any(|arg| arg.text.eq_ignore_ascii_case(word));
    let given: Vec<&str> = SHUTDOWN[1..].iter().filter(has).copied().collect();
    if given.is_empty() { SHUTDOWN[0].to_owned() } else { given.join(" ") }
}

const NO_DEFRAG: &str = "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified \
                         Jemalloc like the one shipped by default with the Redis source distribution";

/// A word of an enumeration, and how it is shown.
pub(super) fn name_and_shown(word: &'static str) -> (&'static str, &'static str) {
    word.split_once('=').unwrap_or((word, word))
}

/// The words after the name. One quoted list may stand for many words; with quotes that do not balance it stands for none.
fn arguments(line: &Line, kind: Kind) -> Result<Vec<Arg>, ConfError> {
    let given = &line.args[1..];
    let args = match given {
        [only] if kind.takes_many() && !only.bytes.is_empty() => {
            super::split::words(&only.bytes, only.column).unwrap_or_default()
        }
        _ => given.to_vec(),
    };
    let wanted = match kind {
        Kind::ReplicaOf => Some((2, "host and port")),
        Kind::OomValues => Some((3, "three numbers")),
        kind if kind.takes_many() => None,
        _ => Some((1, "one argument")),
    };
    match wanted {
        Some((number, expected)) if args.len() != number => {
            let extra = given.get(1).filter(|_| !kind.takes_many());
            Err(error_at(line, extra, "wrong number of arguments", expected))
        }
        _ => Ok(args),
    }
}

fn out_of_range<T>(
    line: &Line,
    arg: Option<&Arg>,
    low: impl std::fmt::Display,
    high: impl std::fmt::Display,
) -> Result<T, ConfError> {
    let message = format!("argument must be between {low} and {high} inclusive");
    Err(error_at(line, arg, &message, ""))
}

fn no_such_word<T>(line: &Line, arg: Option<&Arg>, words: &[&str]) -> Result<T, ConfError> {
    let message = format!("argument(s) must be one of the following: {}", words.join(", "));
    Err(error_at(line, arg, &message, ""))
}

fn memory_or_percent(line: &Line, arg: Option<&Arg>, text: &str) -> Result<(), ConfError> {
    let message = "argument must be a memory or percent value";
    let bad = error_at(line, arg, message, "a size as in 64mb, or 5%");
    match text.strip_suffix('%') {
        Some(percent) => match string2ll(percent) {
            Some(0..=100) => Ok(()),
            Some(101..) => {
                let message = "percentage argument must be less or equal to 100";
                Err(error_at(line, arg, message, ""))
            }
            _ => Err(bad),
        },
        // Both are kept in one signed number, percentages below zero.
        None => match memory(text).map(|bytes| bytes as i64) {
            Some(-100..) => Ok(()),
            Some(_) => {
                let message = "percentage argument must be less or equal to 100";
                Err(error_at(line, arg, message, ""))
            }
            None => Err(bad),
        },
    }
}

/// Whether text in braces is what a process title may show. Something has to be left of it.
fn is_title_template(text: &str) -> bool {
    const KNOWN: &[&str] = &["title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"];
    let (mut rest, mut literal) = (text, false);
    let mut shown = false;
    while let Some((before, after)) = rest.split_once('{') {
        literal |= !before.trim().is_empty();
        if let Some(escaped) = after.strip_prefix('{') {
            literal = true;
            rest = escaped;
            continue;
        }
        let Some((name, next)) = after.split_once('}') else { return false };
        if !KNOWN.contains(&name) {
            return false;
        }
        shown |= matches!(name, "listen-addr" | "port" | "tls-port" | "config-file");
        rest = next;
    }
    literal || shown || !rest.trim().is_empty()
}

fn file_name(line: &Line, arg: Option<&Arg>, text: &str, kind: Kind) -> Result<(), ConfError> {
    let name = line.name();
    let what = if kind == Kind::DirName { "dirname" } else { "filename" };
    if text.contains('/') {
        let message = format!("{name} can't be a path, just a {what}");
        return Err(error_at(line, arg, &message, ""));
    }
    if text.is_empty() && name != "dbfilename" {
        let message = format!("{name} can't be empty");
        return Err(error_at(line, arg, &message, ""));
    }
    Ok(())
}

fn save(line: &Line, args: &[Arg]) -> Result<(), ConfError> {
    if matches!(args, [only] if only.text.is_empty()) {
        return Ok(());
    }
    let bad = |arg| {
        let expected = "pairs of seconds (1 or more) and changes (0 or more)";
        Err(error_at(line, arg, "Invalid save parameters", expected))
    };
    if !args.len().is_multiple_of(2) {
        return bad(args.last());
    }
    for (index, arg) in args.iter().enumerate() {
        let (number, rest) = strtol(&arg.text);
        let least = if index % 2 == 0 { 1 } else { 0 };
        if !rest.is_empty() || number < least {
            return bad(Some(arg));
        }
    }
    Ok(())
}

fn replicaof(line: &Line, args: &[Arg]) -> Result<(), ConfError> {
    let [host, port] = args else {
        return Err(error_at(line, None, "wrong number of arguments", "host and port"));
    };
    if is_no_one(host, port) {
        return Ok(());
    }
    let (number, rest) = strtol(&port.text);
    match rest.is_empty() && (0..=65535).contains(&number) {
        true => Ok(()),
        false => Err(error_at(line, Some(port), "Invalid master port", "0 to 65535")),
    }
}

/// `replicaof no one`
pub(super) fn is_no_one(host: &Arg, port: &Arg) -> bool {
    host.text.eq_ignore_ascii_case("no") && port.text.eq_ignore_ascii_case("one")
}

fn output_buffers(line: &Line, args: &[Arg]) -> Result<(), ConfError> {
    if !args.len().is_multiple_of(4) {
        let message = "Wrong number of arguments in buffer limit configuration.";
        return Err(error_at(line, args.last(), message, "class, hard, soft and seconds"));
    }
    for group in args.chunks(4) {
        let class = group[0].text.to_ascii_lowercase();
        if !["normal", "slave", "replica", "pubsub"].contains(&&*class) {
            let message = "Invalid client class specified in buffer limit configuration.";
            return Err(error_at(line, Some(&group[0]), message, "normal, replica or pubsub"));
        }
        let (seconds, rest) = strtol(&group[3].text);
        let bad = [1, 2].into_iter().find(|index| memory(&group[*index].text).is_none());
        let bad = bad.or((seconds < 0 || !rest.is_empty()).then_some(3));
        if let Some(index) = bad {
            let message = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
            return Err(error_at(line, Some(&group[index]), message, ""));
        }
    }
    Ok(())
}

fn oom_values(line: &Line, args: &[Arg]) -> Result<(), ConfError> {
    for arg in args {
        let (number, rest) = strtol(&arg.text);
        if !rest.is_empty() || !(-2000..=2000).contains(&number) {
            let message = "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
            return Err(error_at(line, Some(arg), message, ""));
        }
    }
    Ok(())
}

fn percentiles(line: &Line, args: &[Arg]) -> Result<(), ConfError> {
    if matches!(args, [only] if only.text.is_empty()) {
        return Ok(());
    }
    for arg in args {
        let Some(number) = strtod(&arg.text) else {
            let message = "Invalid latency-tracking-info-percentiles parameters";
            return Err(error_at(line, Some(arg), message, "numbers from 0 to 100"));
        };
        if !(0.0..=100.0).contains(&number) {
            let message = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
            return Err(error_at(line, Some(arg), message, ""));
        }
    }
    Ok(())
}

pub(super) const SHUTDOWN: &[&str] = &["default", "save", "nosave", "now", "force"];

fn shutdown_flags(line: &Line, args: &[Arg]) -> Result<(), ConfError> {
    let has = |word: &str| args.iter().any(|arg| arg.text.eq_ignore_ascii_case(word));
    let unknown = |arg: &&Arg| !SHUTDOWN.iter().any(|word| arg.text.eq_ignore_ascii_case(word));
    if args.is_empty() || args.iter().any(|arg| unknown(&arg)) {
        return no_such_word(line, args.iter().find(unknown), SHUTDOWN);
    }
    if has("save") && has("nosave") {
        let message = "shutdown options SAVE and NOSAVE can't be used simultaneously";
        return Err(error_at(line, None, message, ""));
    }
    Ok(())
}
