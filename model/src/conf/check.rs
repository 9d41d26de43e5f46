//! Whether the arguments of a directive of redis.conf are what they may be, with the message of the real server if not.

use super::directives::Kind;
use super::number::{memory, string2ll, strtol};
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
    match kind {
        Kind::Bool => match &*text.to_ascii_lowercase() {
            "yes" => return Ok(Checked::Bool(true)),
            "no" => return Ok(Checked::Bool(false)),
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
        Kind::Octal => match u32::from_str_radix(text, 8) {
            Ok(0..=0o777) => {}
            Ok(_) => return fail(first, "argument must be between 0 and 777 inclusive", ""),
            Err(_) => {
                let message = "argument couldn't be parsed as an octal number";
                return fail(first, message, "permissions as in 770");
            }
        },
        Kind::Enum(words) => {
            if !words.iter().any(|word| word.eq_ignore_ascii_case(text)) {
                return no_such_word(line, first, words);
            }
        }
        Kind::FileName => file_name(line, first, text)?,
        Kind::Hostname => {
            if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
                let message = "Hostnames may only contain alphanumeric characters, hyphens or dots";
                return fail(first, message, "");
            }
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
        Kind::Text | Kind::Bind => {}
    }
    Ok(Checked::Words(args))
}

/// The words after the name. One quoted list may stand for many words.
fn arguments(line: &Line, kind: Kind) -> Result<Vec<Arg>, ConfError> {
    let args = &line.args[1..];
    let wrong_number = |expected| {
        let extra = args.get(1).filter(|_| !kind.takes_many());
        Err(error_at(line, extra, "wrong number of arguments", expected))
    };
    match (kind, args) {
        (kind, [only]) if kind.takes_many() && !only.text.is_empty() => {
            let Some(split) = super::split::words(&only.text, only.column) else {
                return wrong_number("balanced quotes");
            };
            match kind {
                Kind::ReplicaOf if split.len() != 2 => wrong_number("host and port"),
                Kind::OomValues if split.len() != 3 => wrong_number("three numbers"),
                _ => Ok(split),
            }
        }
        (Kind::ReplicaOf, args) if args.len() != 2 => wrong_number("host and port"),
        (Kind::OomValues, args) if args.len() != 3 => wrong_number("three numbers"),
        (kind, args) if !kind.takes_many() && args.len() != 1 => wrong_number("one argument"),
        _ => Ok(args.to_vec()),
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
        None => memory(text).map(|_| ()).ok_or(bad),
    }
}

fn file_name(line: &Line, arg: Option<&Arg>, text: &str) -> Result<(), ConfError> {
    let name = line.name();
    let what = if name == "appenddirname" { "dirname" } else { "filename" };
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
        let (whole, part) = arg.text.split_once('.').unwrap_or((&arg.text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.len() + part.len() == 0 {
            let message = "Invalid latency-tracking-info-percentiles parameters";
            return Err(error_at(line, Some(arg), message, "numbers from 0 to 100"));
        }
        let (number, _) = strtol(whole);
        if number > 100 || number == 100 && part.bytes().any(|byte| byte != b'0') {
            let message = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
            return Err(error_at(line, Some(arg), message, ""));
        }
    }
    Ok(())
}

const SHUTDOWN: &[&str] = &["default", "save", "nosave", "now", "force"];

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
