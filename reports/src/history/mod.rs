//! Judged histories: text, a timeline for the terminal, JSON, and a page with a drawing of every anomaly. Nothing is judged
//! here.

mod axis;
pub mod html;
pub mod json;
mod svg;
pub mod text;
pub mod timeline;
