//! From what a real server answers to what a client of the model understands. The model's messages are typed; which type
//! a reply has follows from the request it answers.

use crate::resp::Frame;
use splitbrain::model::message::{Info, InstanceReply, LinkState, ReplicaLine, RoleReply, SlaveInfo, SwitchMaster};
use splitbrain::model::message::{ReplicaState, Reply, Request};
use splitbrain::model::{Addr, ErrorWord, Hex40, Ip, Message, Name, ReplId, ReplOffset, RunId, Value};
use std::sync::Arc;

/// The reply to this request; `None` if it is none that a server gives to it.
pub fn reply(request: &Request, frame: &Frame) -> Option<Reply> {
    if let Frame::Error(text) = frame {
        return Some(Reply::Error(error(text)));
    }
    Some(match request {
        Request::Ping => Reply::Pong,
        Request::HelloProto(_) => Reply::Server,
        Request::Subscribe(channel) => Reply::Subscribed(*channel),
        Request::Auth(_) | Request::ClientSetName(_) | Request::ClientSetInfo(_) => Reply::Ok,
        Request::Info => Reply::Info(Box::new(info(frame.text()?)?)),
        Request::Role => Reply::Role(Box::new(role(frame)?)),
        Request::GetMasterAddr(_) => match frame {
            Frame::Nil => Reply::NilArray,
            frame => {
                let [ip, port] = frame.elements()? else { return None };
                Reply::Addr(addr(ip, port)?)
            }
        },
        Request::Masters | Request::Replicas(_) | Request::Sentinels(_) => {
            Reply::Instances(frame.elements()?.iter().map(instance).collect::<Option<_>>()?)
        }
        Request::Wait(..) => Reply::Int(frame.number()?),
        Request::Data(command) => data(*command, frame)?,
        _ => return None,
    })
}

/// A message that comes unasked; `None` for confirmations and what is of no interest.
pub fn push(frame: &Frame) -> Option<Message> {
    let [kind, channel, payload] = frame.elements()? else { return None };
    if kind.text() != Some("message") || channel.text() != Some("+switch-master") {
        return None;
    }
    let words: Vec<&str> = payload.text()?.split(' ').collect();
    let [name, old_ip, old_port, new_ip, new_port] = words[..] else { return None };
    let at = |ip: &str, port: &str| Some(Addr { ip: ip.parse().ok()?, port: port.parse().ok()? });
    let switch = SwitchMaster { name: Name::from(name), old: at(old_ip, old_port)?, new: at(new_ip, new_port)? };
    Some(Message::SwitchMaster(Arc::new(switch)))
}

/// Whether a frame answers nothing: in RESP3 a push, in RESP2 a message on a connection that has subscribed.
pub fn is_unasked(frame: &Frame) -> bool {
    let kind = frame.elements().and_then(|elements| elements.first()).and_then(Frame::text);
    matches!(kind, Some("message" | "pmessage"))
}

fn error(text: &str) -> ErrorWord {
    use ErrorWord as E;
    const ALL: [ErrorWord; 18] = [
        E::Err,
        E::NoAuth,
        E::WrongPass,
        E::NoPerm,
        E::Oom,
        E::Misconf,
        E::NoReplicas,
        E::ReadOnly,
        E::MasterDown,
        E::Loading,
        E::Busy,
        E::ExecAbort,
        E::Unblocked,
        E::NoMasterLink,
        E::WrongType,
        E::NoGoodSlave,
        E::InProg,
        E::NoQuorum,
    ];
    let first = text.split(' ').next().unwrap_or_default();
    ALL.into_iter().find(|word| word.word() == first).unwrap_or(E::Err)
}

fn data(command: splitbrain::model::Command, frame: &Frame) -> Option<Reply> {
    use splitbrain::model::Command as C;
    let value = |frame: &Frame| frame.number().and_then(|n| u64::try_from(n).ok()).map(Value);
    Some(match command {
        C::Get(_) => match frame {
            Frame::Nil => Reply::Value(None),
            frame => Reply::Value(Some(value(frame)?)),
        },
        C::Set(..) => (frame.text()? == "OK").then_some(Reply::Ok)?,
        C::Smembers(_) | C::Lrange(_) => {
            Reply::Values(Arc::new(frame.elements()?.iter().map(value).collect::<Option<_>>()?))
        }
        _ => Reply::Int(frame.number()?),
    })
}

fn addr(ip: &Frame, port: &Frame) -> Option<Addr> {
    Some(Addr { ip: ip.text()?.parse::<Ip>().ok()?, port: u16::try_from(port.number()?).ok()? })
}

fn role(frame: &Frame) -> Option<RoleReply> {
    let offset = |frame: &Frame| frame.number().and_then(|n| u64::try_from(n).ok()).map(ReplOffset);
    match frame.elements()? {
        [kind, at, replicas] if kind.text() == Some("master") => {
            let one = |replica: &Frame| match replica.elements()? {
                [ip, port, at] => Some((addr(ip, port)?, offset(at)?)),
                _ => None,
            };
            Some(RoleReply::Master(offset(at)?, replicas.elements()?.iter().filter_map(one).collect()))
        }
        [kind, ip, port, state, at] if kind.text() == Some("slave") => {
            let state = match state.text()? {
                "connect" => LinkState::Connect,
                "connecting" => LinkState::Connecting,
                "sync" => LinkState::Sync,
                "connected" => LinkState::Connected,
                _ => LinkState::Handshake,
            };
            Some(RoleReply::Slave(addr(ip, port)?, state, offset(at)))
        }
        [kind, ..] if kind.text() == Some("sentinel") => Some(RoleReply::Sentinel),
        _ => None,
    }
}

fn instance(entry: &Frame) -> Option<InstanceReply> {
    let flags: Vec<&str> = entry.field("flags")?.split(',').collect();
    let has = |flag: &str| flags.contains(&flag);
    Some(InstanceReply {
        name: Name::from(entry.field("name")?),
        addr: Addr { ip: entry.field("ip")?.parse().ok()?, port: entry.field("port")?.parse().ok()? },
        master: has("master"),
        slave: has("slave"),
        s_down: has("s_down"),
        o_down: has("o_down"),
        disconnected: has("disconnected"),
        other_sentinels: entry.field("num-other-sentinels").and_then(|n| n.parse().ok()).unwrap_or(0),
    })
}

/// A line `name:value` of INFO.
pub fn info_field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_end)
}

fn info(text: &str) -> Option<Info> {
    let field = |name: &str| info_field(text, name);
    let number = |name: &str| field(name).and_then(|value| value.parse::<i64>().ok());
    let offset = |name: &str| ReplOffset(number(name).and_then(|n| u64::try_from(n).ok()).unwrap_or(0));
    let hex = |name: &str| field(name).and_then(|value| value.parse::<Hex40>().ok()).unwrap_or_default();
    let slave = match field("role")? {
        "slave" => Some(SlaveInfo {
            master: Addr { ip: field("master_host")?.parse().ok()?, port: field("master_port")?.parse().ok()? },
            link_up: field("master_link_status") == Some("up"),
            down_since_secs: number("master_link_down_since_seconds"),
            offset: offset("slave_repl_offset"),
            priority: number("slave_priority").and_then(|n| u32::try_from(n).ok()).unwrap_or(100),
            announced: number("replica_announced") != Some(0),
            last_io_secs: number("master_last_io_seconds_ago").unwrap_or(-1),
            syncing: number("master_sync_in_progress") == Some(1),
        }),
        _ => None,
    };
    Some(Info {
        run_id: RunId(hex("run_id")),
        loading: number("loading") == Some(1),
        slave,
        replicas: (0..).map_while(|n| replica_line(field(&format!("slave{n}"))?)).collect(),
        replid: ReplId(hex("master_replid")),
        repl_offset: offset("master_repl_offset"),
    })
}

/// `ip=10.77.0.12,port=6379,state=online,offset=42,lag=0`
fn replica_line(text: &str) -> Option<ReplicaLine> {
    let part = |name: &str| text.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    Some(ReplicaLine {
        addr: Addr { ip: part("ip")?.parse().ok()?, port: part("port")?.parse().ok()? },
        state: match part("state")? {
            "online" => ReplicaState::Online,
            "send_bulk" => ReplicaState::SendBulk,
            _ => ReplicaState::WaitBgsave,
        },
        offset: ReplOffset(part("offset")?.parse().ok()?),
        lag_secs: part("lag")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp;
    use splitbrain::model::{Command, Key, Space};

    fn frame(bytes: &[u8]) -> Frame {
        resp::read(&mut &bytes[..]).unwrap()
    }

    /// What the model writes is what real servers write, byte by byte; so what is read from it has to be the same again.
    fn there_and_back(request: &Request, answer: Reply) {
        let bytes = Message::Reply(answer.clone()).encode();
        assert_eq!(reply(request, &frame(&bytes)), Some(answer), "{request:?}");
    }

    #[test]
    fn replies_are_read_as_the_model_writes_them() {
        let at = |text: &str| Addr { ip: text.parse().unwrap(), port: 6379 };
        let key = Key { space: Space::Register, index: 0 };
        there_and_back(&Request::Ping, Reply::Pong);
        there_and_back(&Request::GetMasterAddr("m".into()), Reply::Addr(at("127.7.1.1")));
        there_and_back(&Request::GetMasterAddr("m".into()), Reply::NilArray);
        there_and_back(&Request::Data(Command::Set(key, Value(7))), Reply::Ok);
        there_and_back(&Request::Data(Command::Get(key)), Reply::Value(Some(Value(7))));
        there_and_back(&Request::Data(Command::Get(key)), Reply::Value(None));
        there_and_back(&Request::Data(Command::Incr(key)), Reply::Int(3));
        there_and_back(&Request::Data(Command::Set(key, Value(7))), Reply::Error(ErrorWord::NoReplicas));
        let master = RoleReply::Master(ReplOffset(42), vec![(at("127.7.1.2"), ReplOffset(40))]);
        there_and_back(&Request::Role, Reply::Role(Box::new(master)));
        let slave = RoleReply::Slave(at("127.7.1.1"), LinkState::Connected, Some(ReplOffset(42)));
        there_and_back(&Request::Role, Reply::Role(Box::new(slave)));
        there_and_back(&Request::Role, Reply::Role(Box::new(RoleReply::Sentinel)));
    }

    #[test]
    fn a_message_about_a_switch_is_told_from_replies() {
        let switch = SwitchMaster {
            name: "mymaster".into(),
            old: Addr { ip: "127.7.1.1".parse().unwrap(), port: 6379 },
            new: Addr { ip: "127.7.1.2".parse().unwrap(), port: 6379 },
        };
        let message = Message::SwitchMaster(Arc::new(switch.clone()));
        let frame = frame(&message.encode());
        assert!(is_unasked(&frame));
        assert!(matches!(push(&frame), Some(Message::SwitchMaster(read)) if *read == switch));
    }

    #[test]
    fn what_does_not_fit_the_request_is_no_reply() {
        assert_eq!(reply(&Request::Role, &Frame::Int(1)), None);
        assert_eq!(reply(&Request::GetMasterAddr("m".into()), &frame(b"*1\r\n+x\r\n")), None);
    }
}
