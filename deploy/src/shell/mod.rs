//! Start scripts of containers: what they write into which file and which server they start. A script is parsed and carried
//! out on the files of the container, so that it says itself what it does; no command of the machine is ever run.

mod commands;
mod expansion;
mod here;
mod parse;
mod run;
mod text;
mod words;

pub use run::{Exec, Run, Shell};
pub use words::split;

use crate::place::{Place, Traced};

/// A list of commands.
type List = Vec<Item>;

/// A command of a list and how it hangs on the one before.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    joined: Joined,
    command: Command,
    background: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joined {
    Always,
    And,
    Or,
}

#[derive(Clone, Debug, PartialEq)]
enum Command {
    Simple {
        sets: Vec<Set>,
        words: Vec<Word>,
        redirects: Vec<Redirect>,
    },
    Pipe(Vec<Command>),
    Not(Box<Command>),
    If {
        arms: Vec<(List, List)>,
        otherwise: List,
        redirects: Vec<Redirect>,
    },
    For {
        name: String,
        words: Vec<Word>,
        body: List,
    },
    While {
        until: bool,
        condition: List,
        body: List,
    },
    Case {
        word: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
    Group {
        body: List,
        redirects: Vec<Redirect>,
    },
    Function {
        name: String,
        body: List,
    },
    /// `[[ … ]]`
    Test(Vec<Word>),
}

/// `NAME=word`, `NAME+=word`, `NAME=(words)`, `NAME+=(words)`.
#[derive(Clone, Debug, PartialEq)]
struct Set {
    name: String,
    words: Vec<Word>,
    list: bool,
    adds: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Redirect {
    append: bool,
    what: Into,
}

#[derive(Clone, Debug, PartialEq)]
enum Into {
    File(Word),
    Input(Word),
    Here {
        text: Traced,
        expand: bool,
    },
    HereString(Word),
    /// `2>&1` and the like.
    Nothing,
}

/// A word: parts glued together.
#[derive(Clone, Debug, Default, PartialEq)]
struct Word {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text { text: Traced, quoted: bool },
    Variable { name: String, change: Option<(String, Word)>, length: bool, quoted: bool, place: Option<Place> },
    Output { list: List, quoted: bool, place: Option<Place> },
    Sum(String),
}

impl Word {
    /// The text, if nothing has to be expanded.
    fn plain(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text { text: piece, .. } => text.push_str(piece.text()),
                _ => return None,
            }
        }
        Some(text)
    }
}
