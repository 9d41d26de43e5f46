//! What can go wrong with a sweep that was read.

use splitbrain::RunError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a sweep could not be played or merged.
#[derive(Debug)]
pub enum Trouble {
    /// A file or folder cannot be read or written.
    Io(PathBuf, io::Error),
    /// What is in a folder does not belong together, or is not whole. The text says what and where, and what helps.
    Folder(PathBuf, String),
    /// A run failed: a bug of splitbrain.
    Run(RunError),
    /// A scenario that was sound when the plan was made is not: a bug of splitbrain.
    Bug(String),
}

impl Trouble {
    /// For `map_err`: a file that cannot be read or written.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Trouble {
        let path = path.to_owned();
        move |error| Trouble::Io(path, error)
    }

    /// Whether it is a bug of splitbrain.
    pub fn is_bug(&self) -> bool {
        match self {
            Trouble::Run(error) => error.is_bug(),
            Trouble::Bug(_) => true,
            Trouble::Io(..) | Trouble::Folder(..) => false,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Trouble::Folder(path, what) => write!(f, "{}: {what}", path.display()),
            Trouble::Run(error) => error.fmt(f),
            Trouble::Bug(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Trouble {}
