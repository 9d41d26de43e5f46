//! Sentinel's events as text, read back into data: the inverse of [`Event::payload`].

use splitbrain::model::event::{Event, EventKind, Extra, Subject};
use splitbrain::model::{Addr, Epoch, Ip, Name};

/// Reads an event from its name and payload, as logged or published; `None` for what is no event.
pub fn parse(name: &str, payload: &str) -> Option<Event> {
    let kind = EventKind::from_name(name)?;
    let words: Vec<&str> = payload.split_whitespace().collect();
    let alone =
        |extra| Event { kind, master: Name::from(""), master_addr: Addr::default(), subject: Subject::Master, extra };
    match kind {
        EventKind::NewEpoch => return Some(alone(Extra::Epoch(Epoch(words.first()?.parse().ok()?)))),
        EventKind::VoteForLeader => {
            let [id, epoch] = words[..] else { return None };
            return Some(alone(Extra::Vote(id.parse().ok()?, Epoch(epoch.parse().ok()?))));
        }
        EventKind::TiltEnter | EventKind::TiltLeave => return Some(alone(Extra::Tilt)),
        EventKind::ScriptError | EventKind::ScriptTimeout => return Some(alone(Extra::Script(payload.to_owned()))),
        EventKind::SwitchMaster => {
            let [master, old_ip, old_port, new_ip, new_port] = words[..] else { return None };
            let (old, new) = (addr(old_ip, old_port)?, addr(new_ip, new_port)?);
            let extra = Extra::Switch(old, new);
            return Some(Event { kind, master: master.into(), master_addr: old, subject: Subject::Master, extra });
        }
        _ => {}
    }
    let (subject, master, master_addr, rest) = match words[..] {
        ["master", name, ip, port, ref rest @ ..] => (Subject::Master, name, addr(ip, port)?, rest),
        ["slave", _, ip, port, "@", name, master_ip, master_port, ref rest @ ..] => {
            (Subject::Slave(addr(ip, port)?), name, addr(master_ip, master_port)?, rest)
        }
        ["sentinel", id, ip, port, "@", name, master_ip, master_port, ref rest @ ..] => {
            (Subject::Sentinel(id.parse().ok()?, addr(ip, port)?), name, addr(master_ip, master_port)?, rest)
        }
        _ => return None,
    };
    Some(Event { kind, master: master.into(), master_addr, subject, extra: extra(rest)? })
}

fn extra(words: &[&str]) -> Option<Extra> {
    Some(match words {
        [] => Extra::None,
        ["quorum", quorum] => Extra::Quorum(quorum.parse().ok()?),
        ["#quorum", share] => {
            let (have, need) = share.split_once('/')?;
            Extra::OdownQuorum(have.parse().ok()?, need.parse().ok()?)
        }
        ["new", "reported", "role", "is", role] => Extra::ReportedRole(*role == "master"),
        ["ip", ip, "port", port, "for", id] => Extra::AddressOf(addr(ip, port)?, id.parse().ok()?),
        [count, "additional", "matching", "instances"] => Extra::Instances(count.parse().ok()?),
        [option, value @ ..] => Extra::Option((*option).to_owned(), value.join(" ")),
    })
}

fn addr(ip: &str, port: &str) -> Option<Addr> {
    Some(Addr { ip: ip.parse::<Ip>().ok()?, port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_read_as_they_are_written() {
        let id = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
        let sentinel = format!("sentinel {id} 127.7.1.5 26379 @ mymaster 127.7.1.1 6379");
        for (name, payload) in [
            ("+monitor", "master mymaster 127.7.1.1 6379 quorum 2"),
            ("+sdown", "master mymaster 127.7.1.1 6379"),
            ("+odown", "master mymaster 127.7.1.1 6379 #quorum 3/2"),
            ("+slave", "slave 127.7.1.2:6379 127.7.1.2 6379 @ mymaster 127.7.1.1 6379"),
            (
                "+role-change",
                "slave 127.7.1.2:6379 127.7.1.2 6379 @ mymaster 127.7.1.1 6379 new reported role is master",
            ),
            ("+sentinel", &sentinel),
            ("+new-epoch", "17"),
            ("+vote-for-leader", &format!("{id} 17")),
            ("+switch-master", "mymaster 127.7.1.1 6379 127.7.1.2 6379"),
            ("+tilt", "#tilt mode entered"),
            ("+set", "master mymaster 127.7.1.1 6379 down-after-milliseconds 700"),
            ("+sentinel-address-update", &format!("{sentinel} 1 additional matching instances")),
        ] {
            let event = parse(name, payload).unwrap_or_else(|| panic!("{name} {payload}"));
            assert_eq!((event.kind.name(), &*event.payload()), (name, payload));
        }
    }

    #[test]
    fn what_is_no_event_is_none() {
        for (name, payload) in [
            ("+nothing", "x"),
            ("+sdown", "master mymaster here 6379"),
            ("+new-epoch", ""),
            ("+switch-master", "a b c"),
        ] {
            assert_eq!(parse(name, payload), None, "{name} {payload}");
        }
    }
}
