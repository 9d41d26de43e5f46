//! One file per client library: its knobs and nothing else.

pub mod recorder;
pub mod redis_py;

#[cfg(test)]
mod recorder_tests;
#[cfg(test)]
mod redis_py_tests;
