//! Users and passwords of a server or a Sentinel: `requirepass`, which is the password of the user `default`, and what
//! ACL SETUSER makes of users (Sentinel spec 11.3). Who may come in, and whether as somebody who may use commands, keys
//! and channels at all; finer rules are not modelled.

use crate::error::ErrorWord;
use crate::message::{Credentials, Request};
use serde::{Deserialize, Serialize};

/// Number of a user: 0 for `default`, otherwise its place in [`Acl::users`] plus one.
pub type UserNumber = u16;

/// Name of the user of connections that have not said who they are.
pub const DEFAULT_USER: &str = "default";

/// What differs from a server that has only the user `default`, switched on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// The user `default` is switched off.
    pub default_off: bool,
    /// Other users, in the order in which they were made.
    pub users: Vec<User>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its name.
    pub name: String,
    /// May log in.
    pub on: bool,
    /// Any password will do.
    pub nopass: bool,
    /// Passwords.
    pub passwords: Vec<String>,
    /// All commands: `+@all`.
    pub commands: bool,
    /// All keys: `~*`.
    pub keys: bool,
    /// All channels: `&*`. Not given to new users since 7.0 (`acl-pubsub-default resetchannels`).
    pub channels: bool,
}

/// A rule of ACL SETUSER.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AclRule {
    /// `on`
    On,
    /// `off`: no new log-in; connections that are in stay.
    Off,
    /// `nopass`
    NoPass,
    /// `resetpass`
    ResetPass,
    /// `>password`
    Password(String),
    /// `+@all`, `~*`, `&*` or another name of these.
    Permission(String),
}

impl AclRule {
    /// Ways to write permissions.
    pub const PERMISSIONS: [&'static str; 6] = ["+@all", "allcommands", "~*", "allkeys", "&*", "allchannels"];

    /// Reads a rule; `None` if it is none that is known here.
    pub fn parse(word: &str) -> Option<AclRule> {
        Some(match &*word.to_ascii_lowercase() {
            "on" => AclRule::On,
            "off" => AclRule::Off,
            "nopass" => AclRule::NoPass,
            "resetpass" => AclRule::ResetPass,
            _ if word.len() > 1 && word.starts_with('>') => AclRule::Password(word[1..].to_owned()),
            lower if AclRule::PERMISSIONS.contains(&lower) => AclRule::Permission(lower.to_owned()),
            _ => return None,
        })
    }

    /// The rule as it is typed.
    pub fn word(&self) -> String {
        match self {
            AclRule::On => "on".to_owned(),
            AclRule::Off => "off".to_owned(),
            AclRule::NoPass => "nopass".to_owned(),
            AclRule::ResetPass => "resetpass".to_owned(),
            AclRule::Password(password) => format!(">{password}"),
            AclRule::Permission(word) => word.clone(),
        }
    }
}

impl Acl {
    /// Whether there is nothing to write into a file.
    pub fn is_plain(&self) -> bool {
        *self == Acl::default()
    }

    /// Whether a connection that just came in may send commands (`clientSetDefaultAuth`).
    pub fn lets_in(&self, requirepass: Option<&str>) -> bool {
        requirepass.is_none() && !self.default_off
    }

    /// AUTH: as whom the connection goes on (`ACLAuthenticateUser`).
    ///
    /// # Errors
    /// ERR for a password where none is needed, WRONGPASS for everything else: also for a user that is switched off.
    pub fn authenticate(&self, requirepass: Option<&str>, given: &Credentials) -> Result<UserNumber, ErrorWord> {
        let name = match &given.user {
            None if requirepass.is_none() => return Err(ErrorWord::Err),
            None => DEFAULT_USER,
            Some(name) => name,
        };
        if name == DEFAULT_USER {
            let right = !self.default_off && requirepass.is_none_or(|pass| pass == given.pass);
            return if right { Ok(0) } else { Err(ErrorWord::WrongPass) };
        }
        let place = self.users.iter().position(|user| user.name == name).ok_or(ErrorWord::WrongPass)?;
        let user = &self.users[place];
        if user.on && (user.nopass || user.passwords.contains(&given.pass)) {
            Ok(place as UserNumber + 1)
        } else {
            Err(ErrorWord::WrongPass)
        }
    }

    /// ACL SETUSER: rules from left to right. A new user is switched off and has no password. The password of the user
    /// `default` is `requirepass`.
    pub fn set_user(&mut self, requirepass: &mut Option<String>, name: &str, rules: &[AclRule]) {
        if name == DEFAULT_USER {
            for rule in rules {
                match rule {
                    AclRule::On => self.default_off = false,
                    AclRule::Off => self.default_off = true,
                    AclRule::NoPass => *requirepass = None,
                    AclRule::Password(password) => *requirepass = Some(password.clone()),
                    AclRule::ResetPass | AclRule::Permission(_) => {}
                }
            }
            return;
        }
        let place = self.users.iter().position(|user| user.name == name).unwrap_or_else(|| {
            self.users.push(User { name: name.to_owned(), ..User::default() });
            self.users.len() - 1
        });
        let user = &mut self.users[place];
        for rule in rules {
            match rule {
                AclRule::On => user.on = true,
                AclRule::Off => user.on = false,
                AclRule::NoPass => {
                    user.nopass = true;
                    user.passwords.clear();
                }
                AclRule::ResetPass => {
                    user.nopass = false;
                    user.passwords.clear();
                }
                AclRule::Password(password) => {
                    user.nopass = false;
                    if !user.passwords.contains(password) {
                        user.passwords.push(password.clone());
                    }
                }
                AclRule::Permission(word) => match word.as_str() {
                    "+@all" | "allcommands" => user.commands = true,
                    "~*" | "allkeys" => user.keys = true,
                    _ => user.channels = true,
                },
            }
        }
    }

    /// Whether a user may send a command (`ACLCheckAllPerm`). AUTH and HELLO are for everybody.
    pub fn permits(&self, user: UserNumber, request: &Request) -> bool {
        let Some(user) = usize::from(user).checked_sub(1).and_then(|place| self.users.get(place)) else {
            return true;
        };
        match request {
            Request::Auth(_) | Request::HelloProto(_) => true,
            Request::Data(_) => user.commands && user.keys,
            Request::Subscribe(_) | Request::Publish(_) => user.commands && user.channels,
            _ => user.commands,
        }
    }

    /// The number of a user.
    pub fn number(&self, name: &str) -> Option<UserNumber> {
        if name == DEFAULT_USER {
            return Some(0);
        }
        self.users.iter().position(|user| user.name == name).map(|place| place as UserNumber + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(user: Option<&str>, pass: &str) -> Credentials {
        Credentials { user: user.map(str::to_owned), pass: pass.to_owned() }
    }

    /// `ACLAuthenticateUser` and `ACLSetUser`, Sentinel spec 11.3.
    #[test]
    fn who_comes_in_with_which_password() {
        let mut acl = Acl::default();
        let mut requirepass = None;
        assert!(acl.lets_in(None) && acl.is_plain());
        assert_eq!(acl.authenticate(None, &given(None, "x")), Err(ErrorWord::Err));
        assert_eq!(acl.authenticate(None, &given(Some("default"), "x")), Ok(0));
        assert_eq!(acl.authenticate(None, &given(Some("ann"), "x")), Err(ErrorWord::WrongPass));

        let rules: Vec<AclRule> = [">x", "+@all"].into_iter().filter_map(AclRule::parse).collect();
        acl.set_user(&mut requirepass, "ann", &rules);
        assert_eq!(acl.authenticate(None, &given(Some("ann"), "x")), Err(ErrorWord::WrongPass), "off at first");
        acl.set_user(&mut requirepass, "ann", &[AclRule::On]);
        assert_eq!(acl.authenticate(None, &given(Some("ann"), "x")), Ok(1));
        assert_eq!(acl.authenticate(None, &given(Some("ann"), "y")), Err(ErrorWord::WrongPass));
        acl.set_user(&mut requirepass, "ann", &[AclRule::NoPass]);
        assert_eq!(acl.authenticate(None, &given(Some("ann"), "y")), Ok(1));

        acl.set_user(&mut requirepass, "default", &[AclRule::Off]);
        assert!(!acl.lets_in(None));
        assert_eq!(acl.authenticate(None, &given(Some("default"), "x")), Err(ErrorWord::WrongPass));
        acl.set_user(&mut requirepass, "default", &[AclRule::On, AclRule::Password("p".into())]);
        assert_eq!(requirepass.as_deref(), Some("p"));
        assert_eq!(acl.authenticate(Some("p"), &given(None, "p")), Ok(0));
        let hello = Request::Subscribe(crate::message::Channel::Hello);
        assert!(acl.permits(1, &Request::Ping) && !acl.permits(1, &hello) && acl.permits(0, &hello));
        acl.set_user(&mut requirepass, "ann", &AclRule::parse("&*").into_iter().collect::<Vec<_>>());
        assert!(acl.permits(1, &hello));
        acl.set_user(&mut requirepass, "bare", &[AclRule::On]);
        assert!(!acl.permits(2, &Request::Ping));
        assert_eq!((acl.number("default"), acl.number("ann"), acl.number("bob")), (Some(0), Some(1), None));
    }
}
