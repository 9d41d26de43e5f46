//! Messages as bytes an application reads: as servers of version 7.0 send them in RESP2, or in RESP3 after HELLO 3, with an
//! application's own values in place of the world's numbers.

use super::names::Names;
use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::OwnedFrame;
use splitbrain_model::Message;
use splitbrain_model::message::Reply;

/// The bytes of a message. `set` says whether members of a set are answered, which RESP3 tells from a list.
pub(super) fn encode(message: &Message, resp3: bool, set: bool, names: &Names) -> Vec<u8> {
    let mut to = Vec::new();
    match message {
        Message::Reply(it) => reply(it, resp3, set, names, &mut to),
        pushed => {
            to = pushed.encode();
            push(&mut to, resp3);
        }
    }
    to
}

/// What comes unasked is an array in RESP2 and a push in RESP3.
fn push(bytes: &mut [u8], resp3: bool) {
    if let (true, Some(first)) = (resp3, bytes.first_mut()) {
        *first = b'>';
    }
}

fn reply(it: &Reply, resp3: bool, set: bool, names: &Names, to: &mut Vec<u8>) {
    let bulk = |bytes: &[u8], to: &mut Vec<u8>| {
        head('$', bytes.len(), to);
        to.extend_from_slice(bytes);
        to.extend_from_slice(b"\r\n");
    };
    match it {
        Reply::Value(Some(value)) => bulk(&names.bytes_of(*value), to),
        Reply::Value(None) | Reply::NilArray if resp3 => to.extend_from_slice(b"_\r\n"),
        Reply::Values(values) => {
            head(if resp3 && set { '~' } else { '*' }, values.len(), to);
            values.iter().for_each(|value| bulk(&names.bytes_of(*value), to));
        }
        Reply::Exec(replies) => {
            head('*', replies.len(), to);
            replies.iter().for_each(|it| reply(it, resp3, false, names, to));
        }
        Reply::Subscribed(_) => {
            to.extend(Message::Reply(it.clone()).encode());
            push(to, resp3);
        }
        Reply::Info(_) if resp3 => {
            // A verbatim string: `txt:` counts.
            let plain = Message::Reply(it.clone()).encode();
            let text = plain.iter().position(|byte| *byte == b'\n').map_or(&plain[..], |end| &plain[end + 1..]);
            head('=', text.len() + 2, to);
            to.extend_from_slice(b"txt:");
            to.extend_from_slice(text);
        }
        Reply::Instances(_) if resp3 => maps(&Message::Reply(it.clone()).encode(), to),
        it => to.extend(Message::Reply(it.clone()).encode()),
    }
}

fn head(kind: char, length: usize, to: &mut Vec<u8>) {
    to.extend_from_slice(format!("{kind}{length}\r\n").as_bytes());
}

/// An array of flat lists of names and values, as an array of maps (`addReplySentinelRedisInstance`).
fn maps(plain: &[u8], to: &mut Vec<u8>) {
    let Ok(Some((OwnedFrame::Array(entries), _))) = decode(plain) else {
        to.extend_from_slice(plain);
        return;
    };
    head('*', entries.len(), to);
    for entry in entries {
        let OwnedFrame::Array(fields) = entry else { continue };
        head('%', fields.len() / 2, to);
        for field in fields {
            if let OwnedFrame::BulkString(bytes) = field {
                head('$', bytes.len(), to);
                to.extend_from_slice(&bytes);
                to.extend_from_slice(b"\r\n");
            }
        }
    }
}
