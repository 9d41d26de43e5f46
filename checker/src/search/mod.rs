//! Linearizability of any objects at all, by search: for what the exact checks of [`linear`](crate::linear) cannot
//! decide. Knows histories and specifications; nothing of servers or of Redis.

mod engine;
mod evidence;
mod flaws;
mod hash;
mod memo;
mod naming;
mod nearby;
mod oracle;
mod overwriting;
mod plain;
mod plan;
pub mod small;
mod spec;
mod specs;
mod split;
mod window;

pub use engine::decide;
pub(crate) use evidence::is_read;
pub use evidence::{Evidence, evidence};
pub use oracle::{exhaustive, replay};
pub use spec::{Answer, Budget, Call, Decided, Exhausted, Spec};
pub(crate) use split::search_without;
pub use split::{Found, Undecided, Violation, search};

use crate::linear::Action;

/// What the objects of a history are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// Holds a value: write, read, compare-and-set.
    Register,
    /// Counts up by one.
    Counter,
    /// Holds elements in no order.
    Set,
    /// Holds elements in the order in which they came.
    List,
    /// Holds a text: write, append, read.
    Text,
    /// Is held by one at most.
    Mutex,
    /// Registers that are read and written together.
    Transactions,
}

impl Model {
    /// All of them.
    pub const ALL: [Model; 7] =
        [Model::Register, Model::Counter, Model::Set, Model::List, Model::Text, Model::Mutex, Model::Transactions];

    /// Whether its objects have an operation.
    pub fn has(self, action: &Action) -> bool {
        match self {
            Model::Register => matches!(action, Action::Write(_) | Action::Read(_) | Action::Cas(..)),
            Model::Counter => matches!(action, Action::Increment(_) | Action::Read(_)),
            Model::Set => {
                matches!(action, Action::Add(..) | Action::Remove(..) | Action::Contains(..) | Action::Elements(_))
            }
            Model::List => matches!(action, Action::Append(..) | Action::Elements(_)),
            Model::Text => matches!(action, Action::Write(_) | Action::Append(..) | Action::Read(_)),
            Model::Mutex => matches!(action, Action::Acquire | Action::Release),
            Model::Transactions => matches!(action, Action::Transaction(_)),
        }
    }
}

/// All there is to know of the objects of a history beside its operations.
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    /// What they are.
    pub model: Model,
    /// [`History::initial`](crate::linear::History::initial). A mutex is held at first if there is any.
    pub initial: Option<u64>,
    /// Whether an operation may take effect again, as often as its [`repeats`](crate::linear::Entry::repeats) say.
    pub repeats: bool,
    /// The text that a value stands for, where the objects are texts.
    pub texts: Option<&'a dyn Fn(u64) -> String>,
}

impl Objects<'_> {
    /// Objects of a model. Operations take effect once, but for increments: counts show how many there were.
    pub fn of(model: Model) -> Objects<'static> {
        Objects { model, initial: None, repeats: model == Model::Counter, texts: None }
    }

    /// The text of a value; its number in the absence of texts.
    fn text(&self, value: u64) -> String {
        self.texts.map_or_else(|| value.to_string(), |texts| texts(value))
    }
}

/// A step of a legal order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index of the operation.
    pub entry: u32,
    /// Whether this is not the effect that was answered but one more.
    pub again: bool,
}
