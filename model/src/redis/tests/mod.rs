//! Tests of the server as a whole, alone and in a small network. The vectors V1 to V19 are those of the Redis spec,
//! section 20; V10 to V12 and the demotion of V19 need Sentinels.

mod aof;
mod eviction;
mod limits;
mod net;
mod operator;
mod persistence;
mod replication;
mod stream_len;
mod vectors;

use crate::message::Request;
use crate::value::{Command, Key, Space, Value};

fn register(index: u32) -> Key {
    Key { space: Space::Register, index }
}

fn set(index: u32, value: u64) -> Request {
    Request::Data(Command::Set(register(index), Value(value)))
}

fn get(index: u32) -> Request {
    Request::Data(Command::Get(register(index)))
}
