//! Configuration files in Redis' own syntax, read as 7.0.15 reads them: what starts there is accepted here, what it
//! refuses is refused with its message and the place in the text. Works on text; knows no files and no names of hosts.

mod acl;
mod check;
mod directives;
mod load;
pub mod machine;
mod number;
mod redis;
mod rewrite;
pub mod running;
mod sentinel;
mod settings;
mod split;
pub mod start;

use crate::Ip;
use crate::files::{RedisConf, SentinelConf};
pub use number::ipv4;
pub use split::shown;
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
    /// The line as real Redis prints it with the message, if it does.
    pub quoted: Option<String>,
    /// On another machine, or in another directory, the same text might be accepted.
    pub depends_on_machine: bool,
}

impl ConfError {
    fn new(line: u32, column: u32, found: &str, message: &str) -> ConfError {
        ConfError {
            line,
            column,
            found: found.to_owned(),
            expected: String::new(),
            message: message.to_owned(),
            quoted: None,
            depends_on_machine: false,
        }
    }

    /// Refused by something outside of the text.
    fn of_machine(message: String) -> ConfError {
        ConfError { depends_on_machine: true, ..ConfError::new(0, 0, "", &message) }
    }

    /// Real Redis does not refuse this, it dies of it.
    fn crash() -> ConfError {
        ConfError::new(0, 0, "", "crashed with signal 11")
    }

    fn too_large() -> ConfError {
        let message = format!("larger than {} MiB with all that it includes: this is no configuration", LIMIT >> 20);
        ConfError::new(0, 0, "", &message)
    }

    /// Whether there is too much to read; nothing is said about what real Redis would do.
    pub fn is_too_large(&self) -> bool {
        *self == ConfError::too_large()
    }
}

/// Bytes of configuration, with all that is included, beyond which nothing is read.
pub const LIMIT: usize = 1 << 20;

/// An error of the whole configuration.
fn trouble(message: &str) -> ConfError {
    ConfError::new(0, 0, "", message)
}

impl fmt::Display for ConfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfError { line, column, found, expected, message, .. } = self;
        if *line == 0 {
            return f.write_str(message);
        }
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

/// An error at a word of a line.
fn error_at(line: &Line, arg: Option<&Arg>, message: &str, expected: &str) -> ConfError {
    let found = arg.map_or(&line.text, |arg| &arg.text);
    let column = arg.map_or(line.column, |arg| arg.column);
    ConfError {
        expected: expected.to_owned(),
        quoted: Some(line.text.clone()),
        ..ConfError::new(line.number, column, found, message)
    }
}

#[cfg(test)]
mod tests;
