//! `sentinel.conf` (Sentinel spec 11.1): `sentinel …` lines are kept until the whole file is read and then applied in
//! three passes, whatever their order: general settings, masters, settings of masters.

mod convert;
pub(super) mod state;

use super::load::{Around, Loader};
use super::number::{atoi, ipv4, strtoull};
use super::redis::{Mode, Reader};
use super::split::{Line, as_c_strings};
use super::{ConfError, Read, Resolve, UNRESOLVED, error_at};
use crate::Ip;
use crate::files::SentinelConf;
use state::{Address, Master, State};

pub(super) fn read(text: &str, resolve: Resolve<'_>) -> Result<Read<SentinelConf>, ConfError> {
    let mut loader = Loader::new(Mode::Sentinel, Around::Names(resolve));
    loader.load(&as_c_strings(text.as_bytes()))?;
    let port = u16::try_from(loader.settings.number("port")).unwrap_or(u16::MAX);
    let requirepass = loader.reader.conf.requirepass.clone();
    let mut queue = Queue::apply(&mut loader.reader, std::mem::take(&mut loader.queue))?;
    let refused = std::mem::take(&mut queue.refused);
    let conf = queue.convert(port, requirepass);
    let mut ignored = loader.reader.ignored;
    ignored.sort_by_key(|entry| entry.line);
    Ok(Read { conf, ignored, refused })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    General,
    Masters,
    OfMasters,
}

impl Pass {
    fn of(line: &Line) -> Pass {
        match &*line.args[1].text {
            "announce-ip"
            | "announce-port"
            | "deny-scripts-reconfig"
            | "sentinel-user"
            | "sentinel-pass"
            | "current-epoch"
            | "myid"
            | "resolve-hostnames"
            | "announce-hostnames" => Pass::General,
            "monitor" => Pass::Masters,
            _ => Pass::OfMasters,
        }
    }
}

/// The lines `sentinel …`, and what they have made so far.
pub(super) struct Queue<'q, 'r> {
    common: &'q mut Reader<'r>,
    pub(super) state: State,
    refused: Vec<ConfError>,
    announce_ip: Option<Line>,
    announce_port: Option<Line>,
}

/// A line that Sentinel does not know, or with too few or too many words.
const UNRECOGNIZED: &str = "Unrecognized sentinel configuration statement.";

impl<'q, 'r> Queue<'q, 'r> {
    /// Applies all lines (`loadSentinelConfigFromQueue`).
    pub(super) fn apply(common: &'q mut Reader<'r>, mut lines: Vec<Line>) -> Result<Queue<'q, 'r>, ConfError> {
        for line in &mut lines {
            line.args[1].text.make_ascii_lowercase();
        }
        let state = State::default();
        let mut queue = Queue { common, state, refused: Vec::new(), announce_ip: None, announce_port: None };
        for pass in [Pass::General, Pass::Masters, Pass::OfMasters] {
            for line in lines.iter().filter(|line| Pass::of(line) == pass) {
                queue.line(line)?;
            }
        }
        Ok(queue)
    }

    /// One `sentinel …` line (`sentinelHandleConfiguration`).
    fn line(&mut self, line: &Line) -> Result<(), ConfError> {
        let words: Vec<&str> = line.args[1..].iter().map(|arg| &*arg.text).collect();
        let bytes = |at: usize| line.args[at].bytes.clone();
        match words[..] {
            ["monitor", _, _, _, quorum] => return self.monitor(line, quorum),
            ["current-epoch", epoch] => self.raise_epoch(strtoull(epoch)),
            ["myid", _] => {
                if bytes(2).len() != 40 {
                    let message = "Malformed Sentinel id in myid option.";
                    return Err(error_at(line, line.args.get(2), message, "40 characters"));
                }
                self.state.myid = Some(bytes(2));
            }
            ["announce-ip", _] => {
                self.announce_ip = Some(line.clone());
                if !bytes(2).is_empty() {
                    self.state.announce_ip = bytes(2);
                }
            }
            ["announce-port", port] => {
                self.state.announce_port = atoi(port);
                self.announce_port = Some(line.clone());
            }
            ["sentinel-user", user] if !user.is_empty() => self.state.sentinel_user = bytes(2),
            ["sentinel-pass", pass] if !pass.is_empty() => self.state.sentinel_pass = bytes(2),
            ["sentinel-user" | "sentinel-pass", _] => {}
            ["resolve-hostnames", word] => {
                self.state.resolve_hostnames = yes_no(line, word, "resolve-hostnames option")?;
            }
            ["announce-hostnames", word] => {
                self.state.announce_hostnames = yes_no(line, word, "announce-hostnames option")?;
            }
            ["deny-scripts-reconfig", word] => {
                self.state.deny_scripts_reconfig = yes_no(line, word, "deny-scripts-reconfig options")?;
            }
            // Without an id, as very old versions wrote it: not looked at.
            ["known-sentinel", _, _, _] => self.ignore(line),
            [directive, _, ref rest @ ..] => return self.of_master(line, directive, rest),
            _ => return Err(unrecognized(line)),
        }
        Ok(())
    }

    fn ignore(&mut self, line: &Line) {
        let directive = format!("sentinel {}", line.args[1].text);
        self.common.ignore(line, &directive);
    }

    fn raise_epoch(&mut self, epoch: u64) {
        self.state.current_epoch = self.state.current_epoch.max(epoch);
    }

    /// The address of an instance in two words of the line, of which `word` is the first (`createSentinelAddr`).
    fn address(&mut self, line: &Line, word: usize) -> Result<Address, ConfError> {
        let Ok(port) = u16::try_from(atoi(&line.args[word + 1].text)) else {
            let arg = line.args.get(word + 1);
            return Err(error_at(line, arg, "Invalid port number.", "0 to 65535"));
        };
        let (ip, known) = self.host(line, word)?;
        Ok(Address { host: line.args[word].bytes.clone(), ip, port, known })
    }

    /// A host as Redis shows it, and as the model knows it. Without `resolve-hostnames yes` real Redis takes numbers only;
    /// with it, a name is kept even if nobody knows it.
    fn host(&mut self, line: &Line, word: usize) -> Result<(Vec<u8>, Ip), ConfError> {
        let arg = &line.args[word];
        if let Some(ip) = ipv4(&arg.text) {
            let shown = std::net::Ipv4Addr::from(ip).to_string().into_bytes();
            return Ok((shown, Ip::in_numbers(ip)));
        }
        if let Some(ip) = ipv6(&arg.text) {
            let known = self.common.look_up(&arg.text).unwrap_or(UNRESOLVED);
            return Ok((ip.to_string().into_bytes(), known));
        }
        let names = self.state.resolve_hostnames;
        let message = "Can't resolve instance hostname.";
        let expected = "an address in numbers, or `sentinel resolve-hostnames yes`";
        let error = error_at(line, Some(arg), message, expected);
        match &mut self.common.around {
            Around::Machine(machine) if names => {
                let found = machine.resolve(&arg.bytes);
                Ok((found.map_or_else(Vec::new, |ip| ip.to_string().into_bytes()), UNRESOLVED))
            }
            // It is looked up when Sentinel starts, and again and again.
            Around::Names(_) if names => Ok((arg.bytes.clone(), Ip::named(&arg.text).unwrap_or(UNRESOLVED))),
            Around::Machine(_) => Err(error),
            Around::Names(resolve) => {
                let known = resolve(&arg.text).ok_or_else(|| error.clone())?;
                self.refused.push(error);
                Ok((arg.bytes.clone(), known))
            }
        }
    }

    fn monitor(&mut self, line: &Line, quorum: &str) -> Result<(), ConfError> {
        let quorum = atoi(quorum);
        if quorum <= 0 {
            let message = "Quorum must be 1 or greater.";
            return Err(error_at(line, line.args.get(5), message, "1 or more"));
        }
        let addr = self.address(line, 3)?;
        let name = &line.args[2].bytes;
        if self.state.masters.iter().any(|master| master.name == *name) {
            let message = "Duplicate master name.";
            return Err(error_at(line, line.args.get(2), message, "another name"));
        }
        self.state.masters.push(Master::new(name.clone(), addr, quorum.unsigned_abs()));
        Ok(())
    }

    fn of_master(&mut self, line: &Line, directive: &str, rest: &[&str]) -> Result<(), ConfError> {
        let known = matches!(
            (directive, rest.len()),
            (
                "down-after-milliseconds"
                    | "failover-timeout"
                    | "parallel-syncs"
                    | "master-reboot-down-after-period"
                    | "notification-script"
                    | "client-reconfig-script"
                    | "auth-pass"
                    | "auth-user"
                    | "config-epoch"
                    | "leader-epoch",
                1
            ) | ("known-replica" | "known-slave" | "rename-command", 2)
                | ("known-sentinel", 3)
        );
        if !known {
            return Err(unrecognized(line));
        }
        let name = &line.args[2].bytes;
        let Some(index) = self.state.masters.iter().position(|master| master.name == *name) else {
            let message = "No such master with specified name.";
            let expected = "the name of a `sentinel monitor` line";
            return Err(error_at(line, line.args.get(2), message, expected));
        };
        match (directive, rest) {
            ("known-replica" | "known-slave", _) => self.known_replica(line, index),
            ("known-sentinel", _) => self.known_sentinel(line, index),
            ("rename-command", _) => self.rename_command(line, index),
            (_, [value]) => self.setting(line, index, directive, value),
            _ => Err(unrecognized(line)),
        }
    }

    fn setting(&mut self, line: &Line, index: usize, directive: &str, value: &str) -> Result<(), ConfError> {
        let master = &mut self.state.masters[index];
        let bytes = || line.args[3].bytes.clone();
        match directive {
            "down-after-milliseconds" => master.down_after = positive(line, value)?,
            "failover-timeout" => master.failover_timeout = positive(line, value)?,
            "parallel-syncs" => master.parallel_syncs = atoi(value),
            "master-reboot-down-after-period" => {
                if atoi(value) < 0 {
                    let message = "negative time parameter.";
                    return Err(error_at(line, line.args.get(3), message, "0 or more"));
                }
                master.master_reboot_down_after = atoi(value);
            }
            "auth-pass" => master.auth_pass = Some(bytes()),
            "auth-user" => master.auth_user = Some(bytes()),
            "config-epoch" => {
                master.config_epoch = strtoull(value);
                self.raise_epoch(strtoull(value));
            }
            "leader-epoch" => master.leader_epoch = strtoull(value),
            _ => return self.script(line, index),
        }
        Ok(())
    }

    /// Whether the file exists and may be executed is the machine's affair; an empty path never is.
    fn script(&mut self, line: &Line, index: usize) -> Result<(), ConfError> {
        let path = &line.args[3].bytes;
        let fits = match &mut self.common.around {
            Around::Names(_) => !path.is_empty(),
            Around::Machine(machine) => machine.executable(path),
        };
        if !fits {
            let message = match &*line.args[1].text {
                "notification-script" => "Notification script seems non existing or non executable.",
                _ => "Client reconfiguration script seems non existing or non executable.",
            };
            let error = error_at(line, line.args.get(3), message, "a path of a program");
            return Err(ConfError { depends_on_machine: !path.is_empty(), ..error });
        }
        let master = &mut self.state.masters[index];
        let place = match &*line.args[1].text {
            "notification-script" => &mut master.notification_script,
            _ => &mut master.client_reconfig_script,
        };
        *place = Some(path.clone());
        Ok(())
    }

    fn known_replica(&mut self, line: &Line, index: usize) -> Result<(), ConfError> {
        let addr = self.address(line, 3)?;
        let names = self.state.announce_hostnames;
        let replicas = &mut self.state.masters[index].replicas;
        // Replicas are known by the address that is told of them.
        if replicas.iter().any(|known| known.told(names) == addr.told(names) && known.port == addr.port) {
            let message = "Duplicate hostname and port for replica.";
            return Err(error_at(line, line.args.get(3), message, "each replica once"));
        }
        replicas.push(addr);
        Ok(())
    }

    fn known_sentinel(&mut self, line: &Line, index: usize) -> Result<(), ConfError> {
        let addr = self.address(line, 3)?;
        let id = &line.args[5].bytes;
        let sentinels = &mut self.state.masters[index].sentinels;
        if sentinels.iter().any(|(_, known)| known == id) {
            let message = "Duplicate runid for sentinel.";
            return Err(error_at(line, line.args.get(5), message, "each id once"));
        }
        sentinels.push((addr, id.clone()));
        Ok(())
    }

    fn rename_command(&mut self, line: &Line, index: usize) -> Result<(), ConfError> {
        let (command, new) = (&line.args[3].bytes, &line.args[4].bytes);
        let renamed = &mut self.state.masters[index].renamed;
        if renamed.iter().any(|(known, _)| known.eq_ignore_ascii_case(command)) {
            let message = "Same command renamed multiple times with rename-command.";
            return Err(error_at(line, line.args.get(3), message, "each command once"));
        }
        renamed.push((command.clone(), new.clone()));
        Ok(())
    }
}

/// An address of IPv6 in numbers; one of the link may name its interface.
fn ipv6(text: &str) -> Option<std::net::Ipv6Addr> {
    let (address, zone) = text.split_once('%').unwrap_or((text, ""));
    let address: std::net::Ipv6Addr = address.parse().ok()?;
    (zone.is_empty() && !text.contains('%') || address.is_unicast_link_local() && !zone.is_empty()).then_some(address)
}

fn unrecognized(line: &Line) -> ConfError {
    error_at(line, line.args.get(1), UNRECOGNIZED, "a directive of sentinel.conf 7.0 with its words")
}

fn yes_no(line: &Line, word: &str, option: &str) -> Result<bool, ConfError> {
    match &*word.to_ascii_lowercase() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => {
            let message = format!("Please specify yes or no for the {option}.");
            Err(error_at(line, line.args.get(2), &message, "yes or no"))
        }
    }
}

fn positive(line: &Line, value: &str) -> Result<i32, ConfError> {
    match atoi(value) {
        time @ 1.. => Ok(time),
        _ => {
            let message = "negative or zero time parameter.";
            Err(error_at(line, line.args.get(3), message, "milliseconds, 1 or more"))
        }
    }
}
