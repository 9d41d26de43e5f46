//! SENTINEL commands of operators (Sentinel spec 11.2, 12, 13): their arguments typed, and the text people type. What
//! a command does is in [`crate::sentinel`]; here is only what can be said.

pub mod redis;

use crate::error::ErrorWord;
use crate::ids::{Addr, Ip, Name};
use redis::{AclUserRules, Victims};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A SENTINEL command that changes or asks something, as operators and their tools send it. Numbers are as typed: the
/// Sentinel refuses those out of range, at the moment it comes to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SentinelCommand {
    /// `FAILOVER name`
    Failover(Name),
    /// `RESET pattern`
    Reset(String),
    /// `REMOVE name`
    Remove(Name),
    /// `MONITOR name ip port quorum`
    Monitor(Name, Addr, i64),
    /// `SET name option value …`
    Set(Name, Vec<SetOption>),
    /// `CKQUORUM name`
    CkQuorum(Name),
    /// `FLUSHCONFIG`
    FlushConfig,
    /// `SIMULATE-FAILURE flag…`; no flag stands for `help`, which disarms.
    SimulateFailure(Vec<CrashPoint>),
    /// `DEBUG option value …`
    Debug(Vec<(Tunable, i64)>),
    /// `CONFIG SET option value`
    ConfigSet(ConfigOption),
    /// `MASTER name`, `REPLICAS name` or `SENTINELS name`
    Show(Shown, Name),
    /// `ACL SETUSER name rule …`: no SENTINEL command, but typed at one.
    AclSetUser(AclUserRules),
    /// `CLIENT KILL …`, at a Sentinel.
    ClientKill(Victims),
}

/// One option of SENTINEL SET.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // named as the options are
pub enum SetOption {
    DownAfterMilliseconds(i64),
    FailoverTimeout(i64),
    ParallelSyncs(i64),
    Quorum(i64),
    MasterRebootDownAfterPeriod(i64),
    AuthUser(String),
    AuthPass(String),
    NotificationScript(String),
    ClientReconfigScript(String),
    RenameCommand(String, String),
}

impl SetOption {
    /// Name and values as they stand on the wire.
    pub fn words(&self) -> (&'static str, Vec<String>) {
        match self {
            SetOption::DownAfterMilliseconds(n) => ("down-after-milliseconds", vec![n.to_string()]),
            SetOption::FailoverTimeout(n) => ("failover-timeout", vec![n.to_string()]),
            SetOption::ParallelSyncs(n) => ("parallel-syncs", vec![n.to_string()]),
            SetOption::Quorum(n) => ("quorum", vec![n.to_string()]),
            SetOption::MasterRebootDownAfterPeriod(n) => ("master-reboot-down-after-period", vec![n.to_string()]),
            SetOption::AuthUser(text) => ("auth-user", vec![text.clone()]),
            SetOption::AuthPass(text) => ("auth-pass", vec![text.clone()]),
            SetOption::NotificationScript(path) => ("notification-script", vec![path.clone()]),
            SetOption::ClientReconfigScript(path) => ("client-reconfig-script", vec![path.clone()]),
            SetOption::RenameCommand(old, new) => ("rename-command", vec![old.clone(), new.clone()]),
        }
    }
}

/// One option of SENTINEL CONFIG SET (7.0: one per command).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // named as the options are
pub enum ConfigOption {
    AnnounceIp(Ip),
    AnnouncePort(i64),
    ResolveHostnames(bool),
    AnnounceHostnames(bool),
    SentinelUser(String),
    SentinelPass(String),
}

/// What is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// `MASTER`
    Master,
    /// `REPLICAS`
    Replicas,
    /// `SENTINELS`
    Sentinels,
}

impl Shown {
    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Shown::Master => "MASTER",
            Shown::Replicas => "REPLICAS",
            Shown::Sentinels => "SENTINELS",
        }
    }
}

/// Where SENTINEL SIMULATE-FAILURE ends the process (spec 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashPoint {
    /// Elected, before a replica is selected.
    CrashAfterElection,
    /// The promotion is on disk, and nobody has been told.
    CrashAfterPromotion,
}

impl CrashPoint {
    /// All of them.
    pub const ALL: [CrashPoint; 2] = [CrashPoint::CrashAfterElection, CrashPoint::CrashAfterPromotion];

    /// The flag on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            CrashPoint::CrashAfterElection => "crash-after-election",
            CrashPoint::CrashAfterPromotion => "crash-after-promotion",
        }
    }
}

/// A period that SENTINEL DEBUG sets, in the order in which it lists them (spec 0.1, 12). Never saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // named as the parameters are
pub enum Tunable {
    InfoPeriod,
    PingPeriod,
    AskPeriod,
    PublishPeriod,
    DefaultDownAfter,
    DefaultFailoverTimeout,
    TiltTrigger,
    TiltPeriod,
    SlaveReconfTimeout,
    MinLinkReconnectPeriod,
    ElectionTimeout,
    ScriptMaxRuntime,
    ScriptRetryDelay,
}

impl Tunable {
    /// All of them with their names.
    pub const ALL: [(Tunable, &'static str); 13] = [
        (Tunable::InfoPeriod, "info-period"),
        (Tunable::PingPeriod, "ping-period"),
        (Tunable::AskPeriod, "ask-period"),
        (Tunable::PublishPeriod, "publish-period"),
        (Tunable::DefaultDownAfter, "default-down-after"),
        (Tunable::DefaultFailoverTimeout, "default-failover-timeout"),
        (Tunable::TiltTrigger, "tilt-trigger"),
        (Tunable::TiltPeriod, "tilt-period"),
        (Tunable::SlaveReconfTimeout, "slave-reconf-timeout"),
        (Tunable::MinLinkReconnectPeriod, "min-link-reconnect-period"),
        (Tunable::ElectionTimeout, "election-timeout"),
        (Tunable::ScriptMaxRuntime, "script-max-runtime"),
        (Tunable::ScriptRetryDelay, "script-retry-delay"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Tunable::ALL[self as usize].1
    }
}

/// What an operator was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The command.
    pub command: String,
    /// The error, if it is one.
    pub error: Option<ErrorWord>,
    /// Masters that RESET found, Sentinels that CKQUORUM holds for usable, entries that are shown, clients that were
    /// killed.
    pub count: Option<u32>,
    /// What is shown: one entry a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotACommand {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: String,
}

impl SentinelCommand {
    /// Subcommands that can be typed.
    pub const NAMES: [&'static str; 15] = [
        "FAILOVER",
        "RESET",
        "REMOVE",
        "MONITOR",
        "SET",
        "CKQUORUM",
        "FLUSHCONFIG",
        "SIMULATE-FAILURE",
        "DEBUG",
        "CONFIG",
        "MASTER",
        "REPLICAS",
        "SENTINELS",
        "ACL SETUSER",
        "CLIENT KILL",
    ];

    /// Reads a command as it is typed, with or without the word SENTINEL in front. `""` is an empty word.
    ///
    /// # Errors
    /// If there is no such command, or its arguments are not of their kind.
    pub fn parse(text: &str) -> Result<SentinelCommand, NotACommand> {
        let mut words: Vec<&str> = text.split_whitespace().map(|word| if word == "\"\"" { "" } else { word }).collect();
        if words.first().is_some_and(|word| word.eq_ignore_ascii_case("sentinel")) {
            words.remove(0);
        }
        let Some((name, args)) = words.split_first() else {
            return Err(not_a_command("there is no command", one_of(&SentinelCommand::NAMES)));
        };
        let usage = |usage: &str| Err(not_a_command(format!("wrong arguments for {}", name.to_uppercase()), usage));
        match (&*name.to_ascii_uppercase(), args) {
            ("FAILOVER", [master]) => Ok(SentinelCommand::Failover((*master).into())),
            ("FAILOVER", _) => usage("FAILOVER <master>"),
            ("RESET", [pattern]) => Ok(SentinelCommand::Reset((*pattern).to_owned())),
            ("RESET", _) => usage("RESET <pattern>"),
            ("REMOVE", [master]) => Ok(SentinelCommand::Remove((*master).into())),
            ("REMOVE", _) => usage("REMOVE <master>"),
            ("MONITOR", [master, ip, port, quorum]) => {
                let port = u16::try_from(integer(port)?)
                    .map_err(|_| not_a_command(format!("`{port}` is no port"), "0 to 65535"))?;
                Ok(SentinelCommand::Monitor((*master).into(), Addr { ip: address(ip)?, port }, integer(quorum)?))
            }
            ("MONITOR", _) => usage("MONITOR <master> <ip> <port> <quorum>"),
            ("SET", [master, options @ ..]) if !options.is_empty() => {
                Ok(SentinelCommand::Set((*master).into(), set_options(options)?))
            }
            ("SET", _) => usage("SET <master> <option> <value> …"),
            ("CKQUORUM", [master]) => Ok(SentinelCommand::CkQuorum((*master).into())),
            ("CKQUORUM", _) => usage("CKQUORUM <master>"),
            ("FLUSHCONFIG", []) => Ok(SentinelCommand::FlushConfig),
            ("FLUSHCONFIG", _) => usage("FLUSHCONFIG"),
            ("SIMULATE-FAILURE", ["help"]) => Ok(SentinelCommand::SimulateFailure(Vec::new())),
            ("SIMULATE-FAILURE", flags) if !flags.is_empty() => {
                let flags: Result<Vec<CrashPoint>, NotACommand> = flags.iter().map(|flag| crash_point(flag)).collect();
                flags.map(SentinelCommand::SimulateFailure)
            }
            ("SIMULATE-FAILURE", _) => usage("SIMULATE-FAILURE <flag>…, or help to disarm"),
            ("DEBUG", options) if !options.is_empty() && options.len().is_multiple_of(2) => {
                let pairs = options.chunks_exact(2).map(|pair| Ok((tunable(pair[0])?, integer(pair[1])?)));
                pairs.collect::<Result<Vec<_>, NotACommand>>().map(SentinelCommand::Debug)
            }
            ("DEBUG", _) => usage("DEBUG <parameter> <value> …"),
            ("CONFIG", [set, option, value]) if set.eq_ignore_ascii_case("set") => {
                config_option(option, value).map(SentinelCommand::ConfigSet)
            }
            ("CONFIG", _) => usage("CONFIG SET <option> <value>"),
            ("MASTER", [master]) => Ok(SentinelCommand::Show(Shown::Master, (*master).into())),
            ("MASTER", _) => usage("MASTER <master>"),
            ("REPLICAS" | "SLAVES", [master]) => Ok(SentinelCommand::Show(Shown::Replicas, (*master).into())),
            ("REPLICAS" | "SLAVES", _) => usage("REPLICAS <master>"),
            ("SENTINELS", [master]) => Ok(SentinelCommand::Show(Shown::Sentinels, (*master).into())),
            ("SENTINELS", _) => usage("SENTINELS <master>"),
            ("ACL", [set, args @ ..]) if set.eq_ignore_ascii_case("setuser") => {
                AclUserRules::parse(args).map(SentinelCommand::AclSetUser)
            }
            ("ACL", _) => usage(AclUserRules::USAGE),
            ("CLIENT", [kill, args @ ..]) if kill.eq_ignore_ascii_case("kill") => {
                Victims::parse(args).map(SentinelCommand::ClientKill)
            }
            ("CLIENT", _) => usage(Victims::USAGE),
            _ => {
                Err(not_a_command(format!("`{name}` is no command of Sentinel here"), one_of(&SentinelCommand::NAMES)))
            }
        }
    }

    /// The words on the wire, SENTINEL first where it is one of its commands.
    pub fn words(&self) -> Vec<String> {
        match self {
            SentinelCommand::AclSetUser(user) => return user.words(),
            SentinelCommand::ClientKill(victims) => return victims.words(),
            _ => {}
        }
        let mut words = vec!["SENTINEL".to_owned()];
        let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        match self {
            SentinelCommand::Failover(name) => add(&["FAILOVER", name]),
            SentinelCommand::Reset(pattern) => add(&["RESET", pattern]),
            SentinelCommand::Remove(name) => add(&["REMOVE", name]),
            SentinelCommand::Monitor(name, addr, quorum) => {
                add(&["MONITOR", name, &addr.ip.to_string(), &addr.port.to_string(), &quorum.to_string()]);
            }
            SentinelCommand::Set(name, options) => {
                add(&["SET", name]);
                for (option, values) in options.iter().map(SetOption::words) {
                    add(&[option]);
                    values.iter().for_each(|value| add(&[value]));
                }
            }
            SentinelCommand::CkQuorum(name) => add(&["CKQUORUM", name]),
            SentinelCommand::FlushConfig => add(&["FLUSHCONFIG"]),
            SentinelCommand::SimulateFailure(flags) if flags.is_empty() => add(&["SIMULATE-FAILURE", "help"]),
            SentinelCommand::SimulateFailure(flags) => {
                add(&["SIMULATE-FAILURE"]);
                flags.iter().for_each(|flag| add(&[flag.name()]));
            }
            SentinelCommand::Debug(pairs) => {
                add(&["DEBUG"]);
                pairs.iter().for_each(|(tunable, value)| add(&[tunable.name(), &value.to_string()]));
            }
            SentinelCommand::ConfigSet(option) => {
                let (name, value) = match option {
                    ConfigOption::AnnounceIp(ip) => ("announce-ip", ip.to_string()),
                    ConfigOption::AnnouncePort(port) => ("announce-port", port.to_string()),
                    ConfigOption::ResolveHostnames(yes) => ("resolve-hostnames", yes_no(*yes).to_owned()),
                    ConfigOption::AnnounceHostnames(yes) => ("announce-hostnames", yes_no(*yes).to_owned()),
                    ConfigOption::SentinelUser(user) => ("sentinel-user", user.clone()),
                    ConfigOption::SentinelPass(pass) => ("sentinel-pass", pass.clone()),
                };
                add(&["CONFIG", "SET", name, &value]);
            }
            SentinelCommand::Show(what, name) => add(&[what.name(), name]),
            SentinelCommand::AclSetUser(_) | SentinelCommand::ClientKill(_) => {}
        }
        words
    }
}

impl fmt::Display for SentinelCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> =
            self.words().into_iter().map(|word| if word.is_empty() { "\"\"".to_owned() } else { word }).collect();
        f.write_str(&words.join(" "))
    }
}

fn not_a_command(message: impl Into<String>, expected: impl Into<String>) -> NotACommand {
    NotACommand { message: message.into(), expected: expected.into() }
}

fn one_of(names: &[&str]) -> String {
    format!("one of {}", names.join(", "))
}

fn integer(word: &str) -> Result<i64, NotACommand> {
    word.parse().map_err(|_| not_a_command(format!("`{word}` is no integer"), "an integer"))
}

fn address(word: &str) -> Result<Ip, NotACommand> {
    let ip = word.parse().ok().or_else(|| Ip::named(word));
    ip.ok_or_else(|| not_a_command(format!("`{word}` is no address"), "an address in numbers, or the name of a host"))
}

fn crash_point(word: &str) -> Result<CrashPoint, NotACommand> {
    let found = CrashPoint::ALL.into_iter().find(|flag| flag.name().eq_ignore_ascii_case(word));
    let names = CrashPoint::ALL.map(CrashPoint::name);
    found.ok_or_else(|| not_a_command(format!("there is no failure `{word}`"), one_of(&names)))
}

fn tunable(word: &str) -> Result<Tunable, NotACommand> {
    let found = Tunable::ALL.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(word));
    let names = Tunable::ALL.map(|(_, name)| name);
    found.map(|(it, _)| it).ok_or_else(|| not_a_command(format!("there is no parameter `{word}`"), one_of(&names)))
}

fn set_options(words: &[&str]) -> Result<Vec<SetOption>, NotACommand> {
    let mut words = words.iter();
    let mut options = Vec::new();
    while let Some(name) = words.next() {
        let mut value = || {
            let missing = || not_a_command(format!("`{name}` has no value"), "a value behind each option");
            words.next().copied().ok_or_else(missing)
        };
        options.push(match &*name.to_ascii_lowercase() {
            "down-after-milliseconds" => SetOption::DownAfterMilliseconds(integer(value()?)?),
            "failover-timeout" => SetOption::FailoverTimeout(integer(value()?)?),
            "parallel-syncs" => SetOption::ParallelSyncs(integer(value()?)?),
            "quorum" => SetOption::Quorum(integer(value()?)?),
            "master-reboot-down-after-period" => SetOption::MasterRebootDownAfterPeriod(integer(value()?)?),
            "auth-user" => SetOption::AuthUser(value()?.to_owned()),
            "auth-pass" => SetOption::AuthPass(value()?.to_owned()),
            "notification-script" => SetOption::NotificationScript(value()?.to_owned()),
            "client-reconfig-script" => SetOption::ClientReconfigScript(value()?.to_owned()),
            "rename-command" => SetOption::RenameCommand(value()?.to_owned(), value()?.to_owned()),
            _ => {
                let names = "down-after-milliseconds, failover-timeout, parallel-syncs, quorum, \
                             master-reboot-down-after-period, auth-user, auth-pass, notification-script, \
                             client-reconfig-script, rename-command";
                return Err(not_a_command(format!("SET has no option `{name}`"), format!("one of {names}")));
            }
        });
    }
    Ok(options)
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn is_yes(word: &str) -> Result<bool, NotACommand> {
    match &*word.to_ascii_lowercase() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(not_a_command(format!("`{word}` is neither yes nor no"), "yes or no")),
    }
}

fn config_option(option: &str, value: &str) -> Result<ConfigOption, NotACommand> {
    Ok(match &*option.to_ascii_lowercase() {
        "announce-ip" => ConfigOption::AnnounceIp(address(value)?),
        "announce-port" => ConfigOption::AnnouncePort(integer(value)?),
        "resolve-hostnames" => ConfigOption::ResolveHostnames(is_yes(value)?),
        "announce-hostnames" => ConfigOption::AnnounceHostnames(is_yes(value)?),
        "sentinel-user" => ConfigOption::SentinelUser(value.to_owned()),
        "sentinel-pass" => ConfigOption::SentinelPass(value.to_owned()),
        _ => {
            let names = [
                "announce-ip",
                "announce-port",
                "resolve-hostnames",
                "announce-hostnames",
                "sentinel-user",
                "sentinel-pass",
            ];
            return Err(not_a_command(format!("CONFIG SET has no option `{option}` here"), one_of(&names)));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_is_sent() {
        for text in [
            "SENTINEL FAILOVER mymaster",
            "SENTINEL RESET my*",
            "SENTINEL REMOVE mymaster",
            "SENTINEL MONITOR other 10.77.0.12 6380 2",
            "SENTINEL SET mymaster quorum 3 auth-pass \"\" rename-command PING PONG",
            "SENTINEL CKQUORUM mymaster",
            "SENTINEL FLUSHCONFIG",
            "SENTINEL SIMULATE-FAILURE crash-after-election crash-after-promotion",
            "SENTINEL SIMULATE-FAILURE help",
            "SENTINEL DEBUG info-period 100 tilt-period 5000",
            "SENTINEL CONFIG SET announce-port 26380",
            "SENTINEL CONFIG SET announce-hostnames no",
            "SENTINEL CONFIG SET resolve-hostnames yes",
            "SENTINEL MONITOR other redis-1 6380 2",
        ] {
            let command = SentinelCommand::parse(text).unwrap();
            assert_eq!(command.to_string(), text);
            let lower = text.strip_prefix("SENTINEL ").unwrap();
            assert_eq!(SentinelCommand::parse(lower).unwrap(), command);
        }
    }

    #[test]
    fn what_cannot_be_understood_says_why() {
        for (text, message) in [
            ("", "there is no command"),
            ("SENTINEL", "there is no command"),
            ("RESTE *", "`RESTE` is no command of Sentinel here"),
            ("reset", "wrong arguments for RESET"),
            ("SET mymaster quorum", "`quorum` has no value"),
            ("SET mymaster quorum two", "`two` is no integer"),
            ("SET mymaster quorums 2", "SET has no option `quorums`"),
            ("MONITOR m some,where 6379 2", "`some,where` is no address"),
            ("CONFIG SET announce-hostnames maybe", "`maybe` is neither yes nor no"),
            ("MONITOR m 10.0.0.1 65536 2", "`65536` is no port"),
            ("SIMULATE-FAILURE crash", "there is no failure `crash`"),
            ("DEBUG info-period", "wrong arguments for DEBUG"),
            ("DEBUG infos 1", "there is no parameter `infos`"),
            ("CONFIG SET loglevel debug", "CONFIG SET has no option `loglevel` here"),
        ] {
            assert_eq!(SentinelCommand::parse(text).unwrap_err().message, message, "{text}");
        }
    }

    #[test]
    fn parameters_are_listed_in_the_order_of_their_names() {
        for (place, (tunable, name)) in Tunable::ALL.into_iter().enumerate() {
            assert_eq!((tunable as usize, tunable.name()), (place, name));
        }
    }
}
