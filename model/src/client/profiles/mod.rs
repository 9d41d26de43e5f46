//! One file per client library: its knobs and nothing else.

pub mod go_redis;
pub mod ioredis;
pub mod jedis;
pub mod lettuce;
pub mod recorder;
pub mod redis_py;
pub mod redis_rs;

#[cfg(test)]
mod go_redis_tests;
#[cfg(test)]
mod ioredis_tests;
#[cfg(test)]
mod jedis_tests;
#[cfg(test)]
mod lettuce_tests;
#[cfg(test)]
mod recorder_tests;
#[cfg(test)]
mod redis_py_tests;
#[cfg(test)]
mod redis_rs_tests;
