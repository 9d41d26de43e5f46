//! What the objects of a history are, by name, and what operations on them are called in a file.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What the objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Holds a value: `write`, `read`, `cas`.
    Register,
    /// Counts up by one: `incr`, `read`.
    Counter,
    /// Holds elements in no order: `add`, `remove`, `contains`, `members`.
    Set,
    /// Holds elements in the order in which they came: `append`, `list`.
    List,
    /// Holds a text: `put`, `append`, `get`.
    StringAppend,
    /// Is held by one at most: `acquire`, `release`.
    Mutex,
    /// Registers that are read and written together: `txn`.
    MultiRegister,
}

impl Model {
    /// All of them.
    pub const ALL: [Model; 7] = [
        Model::Register,
        Model::Counter,
        Model::Set,
        Model::List,
        Model::StringAppend,
        Model::Mutex,
        Model::MultiRegister,
    ];

    /// Its name in manifests and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Model::Register => "register",
            Model::Counter => "counter",
            Model::Set => "set",
            Model::List => "list",
            Model::StringAppend => "string-append",
            Model::Mutex => "mutex",
            Model::MultiRegister => "multi-register",
        }
    }

    /// The model of this name.
    pub fn from_name(name: &str) -> Option<Model> {
        Model::ALL.into_iter().find(|model| model.name() == name)
    }

    /// What its operations are called (`f`).
    pub const fn operations(self) -> &'static [&'static str] {
        match self {
            Model::Register => &["write", "read", "cas"],
            Model::Counter => &["incr", "read"],
            Model::Set => &["add", "remove", "contains", "members"],
            Model::List => &["append", "list"],
            Model::StringAppend => &["put", "append", "get"],
            Model::Mutex => &["acquire", "release"],
            Model::MultiRegister => &["txn"],
        }
    }

    /// The only models that an operation of this name may belong to.
    pub fn with_operation(f: &str) -> impl Iterator<Item = Model> + '_ {
        Model::ALL.into_iter().filter(move |model| model.operations().contains(&f))
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
