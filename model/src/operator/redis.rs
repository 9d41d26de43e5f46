//! What operators type at a Redis server (Redis spec 3, 9, 12, 13), and the commands that a Sentinel shares with it.

use super::{NotACommand, address, integer, not_a_command, one_of};
use crate::acl::AclRule;
use crate::conf::running::{SETTABLE, config_set, settable, typed_words};
use crate::files::RedisConf;
use crate::ids::Addr;
use crate::message::ClientType;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A command of an operator at a Redis server, bare: not in a transaction as Sentinel sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RedisCommand {
    /// `REPLICAOF host port`, or `NO ONE`
    ReplicaOf(Option<Addr>),
    /// `CONFIG SET name value …`: all or nothing; the values are valid.
    ConfigSet(Vec<(String, String)>),
    /// `CONFIG REWRITE`
    ConfigRewrite,
    /// `CLIENT KILL …`
    ClientKill(Victims),
    /// `ACL SETUSER name rule …`
    AclSetUser(AclUserRules),
    /// `BGSAVE`
    BgSave,
    /// `SHUTDOWN`
    Shutdown,
}

/// Whom CLIENT KILL closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Victims {
    /// `TYPE type`
    Type(ClientType),
    /// `USER name`: all connections that came in as this user, of whatever type.
    User(String),
}

/// `ACL SETUSER name rule …`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclUserRules {
    /// The user.
    pub name: String,
    /// From left to right.
    pub rules: Vec<AclRule>,
}

impl RedisCommand {
    /// Commands that can be typed.
    pub const NAMES: [&'static str; 8] =
        ["REPLICAOF", "SLAVEOF", "CONFIG SET", "CONFIG REWRITE", "CLIENT KILL", "ACL SETUSER", "BGSAVE", "SHUTDOWN"];

    /// Reads a command as it is typed; words are quoted as in a configuration file.
    ///
    /// # Errors
    /// If there is no such command, or its arguments are not of their kind.
    pub fn parse(text: &str) -> Result<RedisCommand, NotACommand> {
        let words = typed_words(text).ok_or_else(|| not_a_command("quotes are not balanced", "a word in quotes"))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((name, args)) = words.split_first() else {
            return Err(not_a_command("there is no command", one_of(&RedisCommand::NAMES)));
        };
        let upper = name.to_ascii_uppercase();
        let usage = |usage: &str| Err(not_a_command(format!("wrong arguments for {upper}"), usage));
        match (&*upper, args) {
            ("REPLICAOF" | "SLAVEOF", [no, one])
                if no.eq_ignore_ascii_case("no") && one.eq_ignore_ascii_case("one") =>
            {
                Ok(RedisCommand::ReplicaOf(None))
            }
            ("REPLICAOF" | "SLAVEOF", [ip, port]) => {
                let number = u16::try_from(integer(port)?);
                let port = number.map_err(|_| not_a_command(format!("`{port}` is no port"), "0 to 65535"))?;
                Ok(RedisCommand::ReplicaOf(Some(Addr { ip: address(ip)?, port })))
            }
            ("REPLICAOF" | "SLAVEOF", _) => usage("<ip> <port>, or NO ONE"),
            ("CONFIG", [set, pairs @ ..])
                if set.eq_ignore_ascii_case("set") && !pairs.is_empty() && pairs.len().is_multiple_of(2) =>
            {
                let pairs = pairs.chunks_exact(2).map(|pair| setting(pair[0], pair[1]));
                pairs.collect::<Result<_, _>>().map(RedisCommand::ConfigSet)
            }
            ("CONFIG", [rewrite]) if rewrite.eq_ignore_ascii_case("rewrite") => Ok(RedisCommand::ConfigRewrite),
            ("CONFIG", _) => usage("CONFIG SET <name> <value> …, or CONFIG REWRITE"),
            ("CLIENT", [kill, args @ ..]) if kill.eq_ignore_ascii_case("kill") => {
                Victims::parse(args).map(RedisCommand::ClientKill)
            }
            ("CLIENT", _) => usage(Victims::USAGE),
            ("ACL", [set, args @ ..]) if set.eq_ignore_ascii_case("setuser") => {
                AclUserRules::parse(args).map(RedisCommand::AclSetUser)
            }
            ("ACL", _) => usage(AclUserRules::USAGE),
            ("BGSAVE", []) => Ok(RedisCommand::BgSave),
            ("BGSAVE", _) => usage("BGSAVE"),
            ("SHUTDOWN", []) => Ok(RedisCommand::Shutdown),
            ("SHUTDOWN", _) => usage("SHUTDOWN"),
            _ => {
                Err(not_a_command(format!("`{name}` is no command of an operator here"), one_of(&RedisCommand::NAMES)))
            }
        }
    }

    /// The words on the wire.
    pub fn words(&self) -> Vec<String> {
        let fixed = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match self {
            RedisCommand::ReplicaOf(None) => fixed(&["REPLICAOF", "NO", "ONE"]),
            RedisCommand::ReplicaOf(Some(addr)) => fixed(&["REPLICAOF", &addr.ip.to_string(), &addr.port.to_string()]),
            RedisCommand::ConfigSet(pairs) => {
                let mut words: Vec<String> = fixed(&["CONFIG", "SET"]);
                words.extend(pairs.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
                words
            }
            RedisCommand::ConfigRewrite => fixed(&["CONFIG", "REWRITE"]),
            RedisCommand::ClientKill(victims) => victims.words(),
            RedisCommand::AclSetUser(user) => user.words(),
            RedisCommand::BgSave => fixed(&["BGSAVE"]),
            RedisCommand::Shutdown => fixed(&["SHUTDOWN"]),
        }
    }
}

impl fmt::Display for RedisCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |word: String| match word.is_empty() || word.contains(char::is_whitespace) {
            true => format!("\"{word}\""),
            false => word,
        };
        f.write_str(&self.words().into_iter().map(quoted).collect::<Vec<_>>().join(" "))
    }
}

impl Victims {
    pub(super) const USAGE: &'static str =
        "CLIENT KILL TYPE normal, pubsub, replica or master, or CLIENT KILL USER <name>";

    /// The words behind CLIENT KILL.
    pub(super) fn parse(args: &[&str]) -> Result<Victims, NotACommand> {
        match args {
            [by, kind] if by.eq_ignore_ascii_case("type") => {
                let found = ClientType::ALL.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(kind));
                let names = ClientType::ALL.map(|(_, name)| name);
                let unknown = || not_a_command(format!("there is no type of clients `{kind}`"), one_of(&names));
                found.map(|(kind, _)| Victims::Type(kind)).ok_or_else(unknown)
            }
            [by, name] if by.eq_ignore_ascii_case("user") => Ok(Victims::User((*name).to_owned())),
            _ => Err(not_a_command("wrong arguments for CLIENT", Victims::USAGE)),
        }
    }

    pub(super) fn words(&self) -> Vec<String> {
        let (by, whom) = match self {
            Victims::Type(kind) => ("TYPE", kind.name()),
            Victims::User(name) => ("USER", name.as_str()),
        };
        ["CLIENT", "KILL", by, whom].map(str::to_owned).to_vec()
    }
}

impl AclUserRules {
    pub(super) const USAGE: &'static str = "ACL SETUSER <name> <rule> …";

    /// The words behind ACL SETUSER.
    pub(super) fn parse(args: &[&str]) -> Result<AclUserRules, NotACommand> {
        let Some((name, rules)) = args.split_first() else {
            return Err(not_a_command("wrong arguments for ACL", AclUserRules::USAGE));
        };
        let rules = rules.iter().map(|rule| {
            let expected = format!("on, off, nopass, resetpass, >password, {}", AclRule::PERMISSIONS.join(", "));
            AclRule::parse(rule).ok_or_else(|| not_a_command(format!("there is no rule `{rule}` here"), expected))
        });
        Ok(AclUserRules { name: (*name).to_owned(), rules: rules.collect::<Result<_, _>>()? })
    }

    pub(super) fn words(&self) -> Vec<String> {
        let mut words = ["ACL", "SETUSER", &self.name].map(str::to_owned).to_vec();
        words.extend(self.rules.iter().map(AclRule::word));
        words
    }
}

/// A setting that is known and takes this value.
fn setting(name: &str, value: &str) -> Result<(String, String), NotACommand> {
    let known = settable(name)
        .ok_or_else(|| not_a_command(format!("CONFIG SET has no setting `{name}` here"), one_of(SETTABLE)))?;
    match config_set(&mut RedisConf::default(), known, value) {
        Ok(()) => Ok((known.to_owned(), value.to_owned())),
        Err(wrong) => Err(not_a_command(format!("{known} is not `{value}`: {}", wrong.message), wrong.expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_is_sent() {
        for text in [
            "REPLICAOF 10.77.0.12 6380",
            "REPLICAOF NO ONE",
            "CONFIG SET requirepass secret masterauth secret",
            "CONFIG SET save \"900 1\"",
            "CONFIG SET requirepass \"\"",
            "CONFIG REWRITE",
            "CLIENT KILL TYPE normal",
            "CLIENT KILL TYPE master",
            "CLIENT KILL USER default",
            "ACL SETUSER ann on >secret +@all ~* &*",
            "ACL SETUSER default off",
            "BGSAVE",
            "SHUTDOWN",
        ] {
            let command = RedisCommand::parse(text).unwrap();
            assert_eq!(command.to_string(), text);
        }
        assert_eq!(RedisCommand::parse("slaveof no one").unwrap(), RedisCommand::ReplicaOf(None));
        let kill = RedisCommand::parse("client kill type slave").unwrap();
        assert_eq!(kill, RedisCommand::ClientKill(Victims::Type(ClientType::Replica)));
    }

    #[test]
    fn what_cannot_be_understood_says_why() {
        for (text, message) in [
            ("", "there is no command"),
            ("FLUSHALL", "`FLUSHALL` is no command of an operator here"),
            ("REPLICAOF some/where 6379", "`some/where` is no address"),
            ("REPLICAOF 10.0.0.1 65536", "`65536` is no port"),
            ("REPLICAOF NO", "wrong arguments for REPLICAOF"),
            ("CONFIG SET loglevel debug", "CONFIG SET has no setting `loglevel` here"),
            ("CONFIG SET requirepass", "wrong arguments for CONFIG"),
            ("CLIENT KILL TYPE all", "there is no type of clients `all`"),
            ("CLIENT LIST", "wrong arguments for CLIENT"),
            ("ACL SETUSER ann -@all", "there is no rule `-@all` here"),
            ("BGSAVE now", "wrong arguments for BGSAVE"),
            ("CONFIG SET requirepass \"", "quotes are not balanced"),
        ] {
            assert_eq!(RedisCommand::parse(text).unwrap_err().message, message, "{text}");
        }
        let wrong = RedisCommand::parse("CONFIG SET repl-timeout 0").unwrap_err();
        assert!(wrong.message.starts_with("repl-timeout is not `0`: "), "{}", wrong.message);
    }
}
