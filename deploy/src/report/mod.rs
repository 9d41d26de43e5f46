//! What was found, for people and for machines. Decides nothing.

mod json;
mod patch;
mod sarif;
mod text;
mod versions;

pub use json::document;
pub use patch::{patch, patches};
pub use sarif::sarif;
pub use text::{Paint, text};

/// The version of Redis that is modelled.
pub const MODELLED: &str = "7.0.15";
