//! Colour on a terminal. Whether there is any is decided by the caller.

use splitbrain_checker::Verdict;

/// Adds colour, or leaves text as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Colours are on.
    pub colour: bool,
}

impl Style {
    /// No colour.
    pub const PLAIN: Style = Style { colour: false };
    /// Colour.
    pub const COLOUR: Style = Style { colour: true };

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Important.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Beside the point.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Something is as it should be.
    pub fn good(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    /// Something is wrong.
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Something is open.
    pub fn warn(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    /// A verdict in its colour, in capitals.
    pub fn verdict(self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Pass => self.good("PASS"),
            Verdict::Undecided => self.warn("UNDECIDED"),
            Verdict::Fail => self.bad("FAIL"),
        }
    }
}
