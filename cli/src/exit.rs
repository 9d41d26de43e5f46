//! Exit codes. They are part of the interface: CI depends on them.

use splitbrain_checker::summary::Verdict;
use std::process::ExitCode;

/// What a bug's message ends with.
pub const PLEASE_REPORT: &str = "This is a bug in splitbrain itself, not in your cluster. Please report it with this message, the \
     version, the command line and the scenario file.";

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every expectation met.
    Met = 0,
    /// An expectation was not met, or a kept failure reproduced.
    NotMet = 1,
    /// The input or the command line is wrong.
    Input = 2,
    /// Undecided.
    Undecided = 3,
    /// A bug in splitbrain.
    Bug = 4,
    /// A kept failure no longer behaves as stored.
    Stale = 5,
    /// The rows of a sweep could not be written: nothing is wrong with the sweep.
    Machine = 6,
    /// Interrupted by a signal before everything was played, as shells number SIGINT.
    Interrupted = 130,
}

impl Exit {
    /// For the verdicts of all scenarios together: one failure fails, and what is undecided is no pass.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Exit {
        let mut exit = Exit::Met;
        for verdict in verdicts {
            exit = match (verdict, exit) {
                (Verdict::Fail, _) | (_, Exit::NotMet) => Exit::NotMet,
                (Verdict::Undecided, _) | (_, Exit::Undecided) => Exit::Undecided,
                _ => Exit::Met,
            };
        }
        exit
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_and_undecided_is_no_pass() {
        use Verdict::{Fail, Pass, Undecided};
        assert_eq!(Exit::of([]), Exit::Met);
        assert_eq!(Exit::of([Pass, Pass]), Exit::Met);
        assert_eq!(Exit::of([Pass, Undecided, Pass]), Exit::Undecided);
        assert_eq!(Exit::of([Undecided, Fail, Undecided]), Exit::NotMet);
    }
}
