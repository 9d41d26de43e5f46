//! Configuration files in Redis' own syntax, read as 7.0.15 reads them: what starts there is accepted here, what it
//! refuses is refused with its message and the place in the text. Works on text; knows no files and no names of hosts.

mod check;
mod directives;
mod number;
mod redis;
pub mod running;
mod sentinel;
mod split;

use crate::Ip;
use crate::files::{RedisConf, SentinelConf};
use split::{Arg, Line};
use std::fmt;

/// Finds the address of a host by its name.
pub type Resolve<'a> = &'a mut dyn FnMut(&str) -> Option<Ip>;

/// The address of a host whose name resolves to nothing, where real Redis goes on without one: nobody answers there.
pub const UNRESOLVED: Ip = Ip(0);

/// A configuration as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// The directives that matter.
    pub conf: T,
    /// Accepted directives without effect in the model, in the order of the text.
    pub ignored: Vec<Ignored>,
    /// What real Redis would refuse to start with, though reading went on: names of hosts without
    /// `resolve-hostnames yes` that `resolve` knew all the same.
    pub refused: Vec<ConfError>,
}

/// A directive without effect in the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Line, counted from 1.
    pub line: u32,
    /// Its name in lower case; `sentinel …` with its second word.
    pub directive: String,
}

/// Why a configuration is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfError {
    /// Line, counted from 1.
    pub line: u32,
    /// Character in the line, counted from 1.
    pub column: u32,
    /// The word or line at fault.
    pub found: String,
    /// What could stand there.
    pub expected: String,
    /// What real Redis says.
    pub message: String,
}

impl fmt::Display for ConfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfError { line, column, found, expected, message } = self;
        write!(f, "line {line}, column {column}: {message} (found `{}`", found.escape_debug())?;
        if !expected.is_empty() {
            write!(f, ", expected {expected}")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for ConfError {}

/// Reads `sentinel.conf`.
///
/// # Errors
/// The first thing for which redis-sentinel 7.0.15 would not start. What depends on the machine alone (scripts, ports
/// in use, directories, certificates) is not looked at.
pub fn sentinel_conf(text: &str, resolve: Resolve<'_>) -> Result<Read<SentinelConf>, ConfError> {
    sentinel::read(text, resolve)
}

/// Reads `redis.conf`. A master whose name does not resolve gets the address [`UNRESOLVED`].
///
/// # Errors
/// The first thing for which redis-server 7.0.15 would not start. What depends on the machine alone is not looked at.
pub fn redis_conf(text: &str, resolve: Resolve<'_>) -> Result<Read<RedisConf>, ConfError> {
    redis::read(text, resolve)
}

/// The text of a file. Redis reads bytes; bytes that are no UTF-8 are harmless in comments, where they are replaced.
///
/// # Errors
/// If such bytes stand anywhere else.
pub fn text(bytes: &[u8]) -> Result<String, ConfError> {
    let mut text = String::with_capacity(bytes.len());
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            text.push('\n');
        }
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) if line.trim_ascii_start().first() == Some(&b'#') => {
                text.push_str(&String::from_utf8_lossy(line));
            }
            Err(error) => {
                let good = String::from_utf8_lossy(&line[..error.valid_up_to()]);
                return Err(ConfError {
                    line: index as u32 + 1,
                    column: good.chars().count() as u32 + 1,
                    found: String::from_utf8_lossy(line).into_owned(),
                    expected: "UTF-8 outside of comments".to_owned(),
                    message: "text is not UTF-8".to_owned(),
                });
            }
        }
    }
    Ok(text)
}

/// An error at a word of a line.
fn error_at(line: &Line, arg: Option<&Arg>, message: &str, expected: &str) -> ConfError {
    let found = arg.map_or_else(|| line.text.clone(), |arg| arg.text.clone());
    ConfError {
        line: line.number,
        column: arg.map_or(line.column, |arg| arg.column),
        found,
        expected: expected.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests;
