//! `sentinel.conf` (Sentinel spec 11.1): `sentinel …` lines are kept until the whole file is read and then applied in
//! three passes, whatever their order: general settings, masters, settings of masters.

use super::number::{atoi, strtoull};
use super::redis::{Mode, Reader, numeric};
use super::split::{Line, lines};
use super::{ConfError, Read, Resolve, UNRESOLVED, error_at};
use crate::files::{MasterConf, Script, SentinelConf};
use crate::ids::Hex40;
use crate::{Addr, Epoch, Ip, Millis, SentinelId};

pub(super) fn read(text: &str, resolve: Resolve<'_>) -> Result<Read<SentinelConf>, ConfError> {
    let mut reader = SentinelReader::new(resolve);
    let mut queue = Vec::new();
    let mut last = None;
    for line in lines(text) {
        let mut line = line?;
        if line.name() == "sentinel" && line.args.len() > 1 {
            line.args[1].text.make_ascii_lowercase();
            queue.push(line);
        } else {
            reader.common.line(&line)?;
            last = Some(line);
        }
    }
    reader.common.finish(last.as_ref())?;
    for pass in [Pass::General, Pass::Masters, Pass::OfMasters] {
        for line in queue.iter().filter(|line| Pass::of(line) == pass) {
            reader.apply(line)?;
        }
    }
    Ok(reader.finish())
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

struct SentinelReader<'r> {
    common: Reader<'r>,
    conf: SentinelConf,
    refused: Vec<ConfError>,
    announce_ip: Option<Ip>,
    announce_port: u16,
    announce_port_line: Option<Line>,
}

/// A line that Sentinel does not know, or with too few or too many words.
const UNRECOGNIZED: &str = "Unrecognized sentinel configuration statement.";

impl<'r> SentinelReader<'r> {
    fn new(resolve: Resolve<'r>) -> SentinelReader<'r> {
        let mut common = Reader::new(Mode::Sentinel, resolve);
        common.conf.port = SentinelConf::default().port;
        SentinelReader {
            common,
            conf: SentinelConf::default(),
            refused: Vec::new(),
            announce_ip: None,
            announce_port: 0,
            announce_port_line: None,
        }
    }

    fn finish(mut self) -> Read<SentinelConf> {
        // The model announces a whole address or none.
        if let Some(line) = self.announce_port_line.take() {
            self.ignore_unless(&line, self.announce_ip.is_some());
        }
        let mut conf = self.conf;
        conf.port = self.common.conf.port;
        conf.requirepass = self.common.conf.requirepass;
        let port = match self.announce_port {
            0 => conf.port,
            port => port,
        };
        conf.announce = self.announce_ip.map(|ip| Addr { ip, port });
        let mut ignored = self.common.ignored;
        ignored.sort_by_key(|entry| entry.line);
        Read { conf, ignored, refused: self.refused }
    }

    /// One `sentinel …` line (`sentinelHandleConfiguration`).
    fn apply(&mut self, line: &Line) -> Result<(), ConfError> {
        let words: Vec<&str> = line.args[1..].iter().map(|arg| &*arg.text).collect();
        match words[..] {
            ["monitor", name, _, _, quorum] => self.monitor(line, name, quorum),
            ["current-epoch", epoch] => {
                self.raise_epoch(strtoull(epoch));
                Ok(())
            }
            ["myid", id] => self.myid(line, id),
            ["announce-ip", host] => self.announce_ip(line, host),
            ["announce-port", port] => {
                // Redis keeps any number; outside of 16 bits nobody can connect to it.
                self.announce_port = atoi(port) as u16;
                self.announce_port_line = Some(line.clone());
                Ok(())
            }
            ["sentinel-user", user] => {
                self.conf.sentinel_user = filled(user);
                Ok(())
            }
            ["sentinel-pass", pass] => {
                self.conf.sentinel_pass = filled(pass);
                Ok(())
            }
            ["resolve-hostnames", word] => {
                self.conf.resolve_hostnames = yes_no(line, word, "resolve-hostnames option")?;
                Ok(())
            }
            ["announce-hostnames", word] => {
                self.conf.announce_hostnames = yes_no(line, word, "announce-hostnames option")?;
                Ok(())
            }
            ["deny-scripts-reconfig", word] => {
                self.conf.deny_scripts_reconfig = yes_no(line, word, "deny-scripts-reconfig options")?;
                Ok(())
            }
            [directive, name, ref rest @ ..] => self.of_master(line, directive, name, rest),
            _ => Err(unrecognized(line)),
        }
    }

    fn ignore_unless(&mut self, line: &Line, used: bool) {
        if !used {
            let directive = format!("sentinel {}", line.args[1].text);
            self.common.ignore(line, &directive);
        }
    }

    fn raise_epoch(&mut self, epoch: u64) {
        self.conf.current_epoch = self.conf.current_epoch.max(Epoch(epoch));
    }

    fn myid(&mut self, line: &Line, id: &str) -> Result<(), ConfError> {
        if id.len() != 40 {
            let message = "Malformed Sentinel id in myid option.";
            return Err(error_at(line, line.args.get(2), message, "40 characters"));
        }
        self.conf.myid = Some(sentinel_id(id));
        Ok(())
    }

    fn announce_ip(&mut self, line: &Line, host: &str) -> Result<(), ConfError> {
        self.announce_ip = numeric(host).or_else(|| Ip::named(host));
        self.ignore_unless(line, self.announce_ip.is_some());
        Ok(())
    }

    /// The address of an instance (`createSentinelAddr`). Without `resolve-hostnames yes` real Redis takes numbers
    /// only; with it, a name is kept as it is.
    fn host(&mut self, line: &Line, word: usize, host: &str) -> Result<Ip, ConfError> {
        if let Some(ip) = numeric(host) {
            return Ok(ip);
        }
        let numbers = host.parse::<std::net::Ipv6Addr>().is_ok();
        if self.conf.resolve_hostnames && !numbers {
            // It is looked up when Sentinel starts, and again and again.
            return Ok(Ip::named(host).unwrap_or(UNRESOLVED));
        }
        let found = self.common.look_up(host);
        if numbers {
            return Ok(found.unwrap_or(UNRESOLVED));
        }
        let message = "Can't resolve instance hostname.";
        let expected = "an address in numbers, or `sentinel resolve-hostnames yes`";
        let error = error_at(line, line.args.get(word), message, expected);
        match found {
            Some(ip) => {
                self.refused.push(error);
                Ok(ip)
            }
            None => Err(error),
        }
    }

    /// The address in two words of the line, of which `word` is the first.
    fn addr(&mut self, line: &Line, word: usize) -> Result<Addr, ConfError> {
        let (host, port) = (&line.args[word].text, &line.args[word + 1].text);
        let Ok(port) = u16::try_from(atoi(port)) else {
            let arg = line.args.get(word + 1);
            return Err(error_at(line, arg, "Invalid port number.", "0 to 65535"));
        };
        let ip = self.host(line, word, host)?;
        Ok(Addr { ip, port })
    }

    fn monitor(&mut self, line: &Line, name: &str, quorum: &str) -> Result<(), ConfError> {
        let quorum = atoi(quorum);
        if quorum <= 0 {
            let message = "Quorum must be 1 or greater.";
            return Err(error_at(line, line.args.get(5), message, "1 or more"));
        }
        let addr = self.addr(line, 3)?;
        if self.conf.masters.iter().any(|master| *master.name == *name) {
            let message = "Duplicate master name.";
            return Err(error_at(line, line.args.get(2), message, "another name"));
        }
        let master = MasterConf::new(name.into(), addr, quorum.unsigned_abs());
        self.conf.masters.push(master);
        Ok(())
    }

    fn of_master(&mut self, line: &Line, directive: &str, name: &str, rest: &[&str]) -> Result<(), ConfError> {
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
                | ("known-sentinel", 2 | 3)
        );
        if !known {
            return Err(unrecognized(line));
        }
        let find = |master: &MasterConf| *master.name == *name;
        let Some(index) = self.conf.masters.iter().position(find) else {
            let message = "No such master with specified name.";
            let expected = "the name of a `sentinel monitor` line";
            return Err(error_at(line, line.args.get(2), message, expected));
        };
        match (directive, rest) {
            ("known-replica" | "known-slave", _) => self.known_replica(line, index),
            ("known-sentinel", [_, _, id]) => self.known_sentinel(line, index, id),
            // Without an id, as very old versions wrote it: of no use.
            ("known-sentinel", _) => {
                self.ignore_unless(line, false);
                Ok(())
            }
            ("rename-command", [command, new]) => self.rename_command(line, index, command, new),
            (_, [value]) => self.setting(line, index, directive, value),
            _ => Err(unrecognized(line)),
        }
    }

    fn setting(&mut self, line: &Line, index: usize, directive: &str, value: &str) -> Result<(), ConfError> {
        let master = &mut self.conf.masters[index];
        match directive {
            "down-after-milliseconds" => master.down_after = positive(line, value)?,
            "failover-timeout" => master.failover_timeout = positive(line, value)?,
            "parallel-syncs" => master.parallel_syncs = atoi(value),
            "master-reboot-down-after-period" => {
                if atoi(value) < 0 {
                    let message = "negative time parameter.";
                    return Err(error_at(line, line.args.get(3), message, "0 or more"));
                }
                master.master_reboot_down_after = Millis(atoi(value).into());
            }
            "auth-pass" => master.auth_pass = Some(value.to_owned()),
            "auth-user" => master.auth_user = Some(value.to_owned()),
            "config-epoch" => {
                master.config_epoch = Epoch(strtoull(value));
                self.raise_epoch(strtoull(value));
            }
            "leader-epoch" => master.leader_epoch = Epoch(strtoull(value)),
            _ => return self.script(line, index, value),
        }
        Ok(())
    }

    /// Whether the file exists and may be executed is the machine's affair; an empty path never is.
    fn script(&mut self, line: &Line, index: usize, path: &str) -> Result<(), ConfError> {
        if path.is_empty() {
            let message = match &*line.args[1].text {
                "notification-script" => "Notification script seems non existing or non executable.",
                _ => "Client reconfiguration script seems non existing or non executable.",
            };
            return Err(error_at(line, line.args.get(3), message, "a path"));
        }
        let master = &mut self.conf.masters[index];
        let place = match &*line.args[1].text {
            "notification-script" => &mut master.notification_script,
            _ => &mut master.client_reconfig_script,
        };
        *place = Some(Script::new(path));
        Ok(())
    }

    fn known_replica(&mut self, line: &Line, index: usize) -> Result<(), ConfError> {
        let addr = self.addr(line, 3)?;
        let replicas = &mut self.conf.masters[index].known_replicas;
        if replicas.contains(&addr) {
            let message = "Duplicate hostname and port for replica.";
            return Err(error_at(line, line.args.get(3), message, "each replica once"));
        }
        replicas.push(addr);
        Ok(())
    }

    fn known_sentinel(&mut self, line: &Line, index: usize, id: &str) -> Result<(), ConfError> {
        let addr = self.addr(line, 3)?;
        let id = sentinel_id(id);
        let sentinels = &mut self.conf.masters[index].known_sentinels;
        if sentinels.iter().any(|(_, known)| *known == id) {
            let message = "Duplicate runid for sentinel.";
            return Err(error_at(line, line.args.get(5), message, "each id once"));
        }
        sentinels.push((addr, id));
        Ok(())
    }

    fn rename_command(&mut self, line: &Line, index: usize, command: &str, new: &str) -> Result<(), ConfError> {
        let command = command.to_ascii_lowercase();
        let renamed = &mut self.conf.masters[index].renamed;
        if renamed.iter().any(|(known, _)| *known == command) {
            let message = "Same command renamed multiple times with rename-command.";
            return Err(error_at(line, line.args.get(3), message, "each command once"));
        }
        renamed.push((command, new.into()));
        Ok(())
    }
}

fn unrecognized(line: &Line) -> ConfError {
    error_at(line, line.args.get(1), UNRECOGNIZED, "a directive of sentinel.conf 7.0 with its words")
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
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

fn positive(line: &Line, value: &str) -> Result<Millis, ConfError> {
    match atoi(value) {
        time @ 1.. => Ok(Millis(time.into())),
        _ => {
            let message = "negative or zero time parameter.";
            Err(error_at(line, line.args.get(3), message, "milliseconds, 1 or more"))
        }
    }
}

/// An id. Real Sentinels take any characters; those that are no hexadecimal digits count by their low four bits.
fn sentinel_id(text: &str) -> SentinelId {
    let mut words = [0; 3];
    for (index, byte) in text.bytes().take(40).enumerate() {
        let digit = char::from(byte).to_digit(16);
        let digit = digit.map_or_else(|| u64::from(byte & 15), u64::from);
        words[index / 16] |= digit << (60 - 4 * (index % 16));
    }
    SentinelId(Hex40::from_words(words))
}
