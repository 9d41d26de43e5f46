//! What can go wrong before there is anything to judge.

use std::fmt;
use std::io;

/// Why a scenario was not played to its end.
#[derive(Debug)]
pub enum LiveError {
    /// What the scenario asks for and this system cannot do, each in a sentence.
    Unable(Vec<String>),
    /// A program is not installed.
    Missing {
        /// Which.
        program: String,
        /// The package of Debian and Ubuntu that has it.
        package: &'static str,
    },
    /// A call to the system failed.
    System {
        /// What was to be done.
        doing: String,
        /// Why it was not.
        why: String,
    },
    /// Somebody interrupted.
    Interrupted,
}

impl LiveError {
    /// A call to the system that failed.
    pub(crate) fn of(doing: impl Into<String>, why: impl fmt::Display) -> LiveError {
        LiveError::System { doing: doing.into(), why: why.to_string() }
    }

    /// A program that could not be started.
    pub(crate) fn starting(program: &str, error: &io::Error) -> LiveError {
        if error.kind() != io::ErrorKind::NotFound {
            return LiveError::of(format!("start {program}"), error);
        }
        LiveError::missing(program)
    }

    /// A program that is not installed.
    pub(crate) fn missing(program: &str) -> LiveError {
        let package = match program {
            "redis-sentinel" => "redis-sentinel",
            "ip" => "iproute2",
            "nft" => "nftables",
            _ => "redis-server",
        };
        LiveError::Missing { program: program.to_owned(), package }
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LiveError::Unable(reasons) => {
                write!(f, "this cannot be done to real processes here: {}", reasons.join("; "))
            }
            LiveError::Missing { program, package } => {
                write!(f, "`{program}` is not installed (`apt-get install {package}` on Debian and Ubuntu)")
            }
            LiveError::System { doing, why } => write!(f, "cannot {doing}: {why}"),
            LiveError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for LiveError {}
