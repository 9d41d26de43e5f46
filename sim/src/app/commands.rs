//! Commands as they stand on the wire, to the requests that servers and Sentinels of the world know. What they do not know
//! is named, not guessed at: an application is told so in the reply.

use super::names::Names;
use splitbrain_model::message::{Channel, ClientType, Credentials, Request};
use splitbrain_model::operator::SentinelCommand;
use splitbrain_model::value::{Command, Space};
use splitbrain_model::{Addr, Ip, Millis, Name};
use std::sync::Arc;

/// What a command is.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    /// No words: nothing is done and nothing answered.
    Empty,
    /// These requests, each answered on its own.
    Requests(Vec<Request>),
    /// The world's servers need not know it: this is the reply, if they answer at all.
    Instead(Vec<u8>),
    /// Nobody here knows it.
    Unknown(String),
}

/// Reads the words of one command.
pub(super) fn parse(words: &[Vec<u8>], names: &mut Names) -> Parsed {
    let Some((name, args)) = words.split_first() else { return Parsed::Empty };
    let text: Vec<String> = words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    if let Some(command) = data(&name, args, names) {
        return Parsed::Requests(vec![Request::Data(command)]);
    }
    let plain: Vec<&str> = text[1..].iter().map(String::as_str).collect();
    if let Some(requests) = request(&name, &plain) {
        return Parsed::Requests(requests);
    }
    match (&*name, &plain[..]) {
        ("select", ["0"]) | ("client", ["no-evict" | "no-touch" | "reply", ..]) => Parsed::Instead(b"+OK\r\n".to_vec()),
        ("echo", [_]) => Parsed::Instead(bulk(&args[0])),
        ("ping", [_]) => Parsed::Instead(bulk(&args[0])),
        _ => {
            let head = if plain.is_empty() { name.clone() } else { format!("{name} {}", plain[0]) };
            let grouped = matches!(&*name, "client" | "config" | "sentinel" | "script" | "hello" | "acl" | "debug");
            Parsed::Unknown(if grouped { head } else { name })
        }
    }
}

fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Commands about keys.
fn data(name: &str, args: &[Vec<u8>], names: &mut Names) -> Option<Command> {
    Some(match (name, args) {
        ("get", [key]) => Command::Get(names.key(key, Space::Register)),
        ("set", [key, value]) => Command::Set(names.key(key, Space::Register), names.value(value)),
        ("incr", [key]) => Command::Incr(names.key(key, Space::Counter)),
        ("sadd", [key, value]) => Command::Sadd(names.key(key, Space::Set), names.value(value)),
        ("srem", [key, value]) => Command::Srem(names.key(key, Space::Set), names.value(value)),
        ("sismember", [key, value]) => Command::Sismember(names.key(key, Space::Set), names.value(value)),
        ("smembers", [key]) => Command::Smembers(names.key(key, Space::Set)),
        ("rpush", [key, value]) => Command::Rpush(names.key(key, Space::List), names.value(value)),
        ("lrange", [key, from, to]) if from == b"0" && to == b"-1" => Command::Lrange(names.key(key, Space::List)),
        _ => return None,
    })
}

/// Commands about servers and connections.
fn request(name: &str, args: &[&str]) -> Option<Vec<Request>> {
    let lower: Vec<String> = args.iter().map(|arg| arg.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    Some(vec![match (name, &lower[..]) {
        ("ping", []) => Request::Ping,
        ("auth", [_]) => Request::Auth(credentials(None, args[0])),
        ("auth", [_, _]) => Request::Auth(credentials(Some(args[0]), args[1])),
        ("hello", ["3"]) => Request::HelloProto(None),
        ("hello", ["3", "auth", _, _]) => Request::HelloProto(Some(credentials(Some(args[2]), args[3]))),
        ("client", ["setname", _]) => Request::ClientSetName(args[1].into()),
        ("client", ["setinfo", "lib-name", _]) => Request::ClientSetInfo(true),
        ("client", ["setinfo", "lib-ver", _]) => Request::ClientSetInfo(false),
        ("client", ["kill", "type", kind]) => {
            Request::ClientKill(ClientType::ALL.iter().find(|(_, name)| name == kind)?.0)
        }
        ("subscribe", channels) if !channels.is_empty() => {
            return channels.iter().map(|name| channel(name).map(Request::Subscribe)).collect();
        }
        ("psubscribe", ["*"]) => Request::Subscribe(Channel::Everything),
        // The world's INFO has all sections, whichever are asked for.
        ("info", _) => Request::Info,
        ("role", []) => Request::Role,
        ("multi", []) => Request::Multi,
        ("exec", []) => Request::Exec,
        ("slaveof" | "replicaof", ["no", "one"]) => Request::SlaveOf(None),
        ("slaveof" | "replicaof", [host, port]) => {
            let ip = host.parse().ok().or_else(|| Ip::named(host))?;
            Request::SlaveOf(Some(Addr { ip, port: port.parse().ok()? }))
        }
        ("config", ["rewrite"]) => Request::ConfigRewrite,
        ("script", ["kill"]) => Request::ScriptKill,
        ("wait", [replicas, timeout]) => Request::Wait(replicas.parse().ok()?, Millis(timeout.parse().ok()?)),
        ("sentinel", ["get-master-addr-by-name", _]) => Request::GetMasterAddr(Name::from(args[1])),
        ("sentinel", ["masters"]) => Request::Masters,
        ("sentinel", ["replicas" | "slaves", _]) => Request::Replicas(Name::from(args[1])),
        ("sentinel", ["sentinels", _]) => Request::Sentinels(Name::from(args[1])),
        ("sentinel", ["failover", _]) => Request::Failover(Name::from(args[1])),
        ("sentinel", _) => Request::Sentinel(Box::new(SentinelCommand::parse(&args.join(" ")).ok()?)),
        _ => return None,
    }])
}

fn channel(name: &str) -> Option<Channel> {
    Some(match name {
        "+switch-master" => Channel::SwitchMaster,
        "__sentinel__:hello" => Channel::Hello,
        _ => return None,
    })
}

fn credentials(user: Option<&str>, pass: &str) -> Arc<Credentials> {
    Arc::new(Credentials { user: user.map(str::to_owned), pass: pass.to_owned() })
}
