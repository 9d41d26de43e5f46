//! Bytes on the wire.
use crate::message::Message;
impl Message {
    /// Bytes on the wire.
    pub fn wire_len(&self) -> u32 {
        40
    }
    /// Principal numbers, for digests.
    pub fn digest_tag(&self) -> [u64; 2] {
        [0, 0]
    }
}
