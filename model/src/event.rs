//! Sentinel's events (Sentinel spec 10): names, log levels and payloads exactly as the real one writes them. Data;
//! text is made by [`Event::payload`].

use crate::ids::{Addr, Epoch, Ip, Name, SentinelId};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $level:ident;)*) => {
        /// Name of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum EventKind {
            $($(#[$doc])* #[doc = concat!("`", $name, "`")] $kind,)*
        }

        impl EventKind {
            /// Every event there is.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$kind),*];

            /// The event's name: log word and pub/sub channel.
            pub const fn name(self) -> &'static str {
                match self { $(EventKind::$kind => $name,)* }
            }

            /// Level at which it is logged.
            pub const fn level(self) -> Level {
                match self { $(EventKind::$kind => Level::$level,)* }
            }
        }
    };
}

/// Log level; everything but `Debug` is published too, `Warning` about an instance also runs the notification script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `.`
    Debug,
    /// `-`
    Verbose,
    /// `*`
    Notice,
    /// `#`
    Warning,
}

event_kinds! {
    Monitor = "+monitor", Warning;
    Unmonitor = "-monitor", Warning;
    Set = "+set", Warning;
    ResetMaster = "+reset-master", Warning;
    Slave = "+slave", Notice;
    Sentinel = "+sentinel", Notice;
    SentinelAddressSwitch = "+sentinel-address-switch", Notice;
    SentinelAddressUpdate = "+sentinel-address-update", Notice;
    SentinelInvalidAddr = "+sentinel-invalid-addr", Notice;
    Reboot = "+reboot", Notice;
    RoleChangeToConfigured = "+role-change", Verbose;
    RoleChangeFromConfigured = "-role-change", Verbose;
    SdownEnter = "+sdown", Warning;
    SdownLeave = "-sdown", Warning;
    OdownEnter = "+odown", Warning;
    OdownLeave = "-odown", Warning;
    NewEpoch = "+new-epoch", Warning;
    VoteForLeader = "+vote-for-leader", Warning;
    TryFailover = "+try-failover", Warning;
    ElectedLeader = "+elected-leader", Warning;
    AbortNotElected = "-failover-abort-not-elected", Warning;
    StateSelectSlave = "+failover-state-select-slave", Warning;
    AbortNoGoodSlave = "-failover-abort-no-good-slave", Warning;
    SelectedSlave = "+selected-slave", Warning;
    StateSendSlaveofNoone = "+failover-state-send-slaveof-noone", Notice;
    StateWaitPromotion = "+failover-state-wait-promotion", Notice;
    AbortSlaveTimeout = "-failover-abort-slave-timeout", Warning;
    PromotedSlave = "+promoted-slave", Warning;
    StateReconfSlaves = "+failover-state-reconf-slaves", Warning;
    SlaveReconfSent = "+slave-reconf-sent", Notice;
    SlaveReconfSentTimeout = "-slave-reconf-sent-timeout", Notice;
    SlaveReconfInprog = "+slave-reconf-inprog", Notice;
    SlaveReconfDone = "+slave-reconf-done", Notice;
    SlaveReconfSentBe = "+slave-reconf-sent-be", Notice;
    FailoverEndForTimeout = "+failover-end-for-timeout", Warning;
    FailoverEnd = "+failover-end", Warning;
    ConfigUpdateFrom = "+config-update-from", Warning;
    SwitchMaster = "+switch-master", Warning;
    ConvertToSlave = "+convert-to-slave", Notice;
    FixSlaveConfig = "+fix-slave-config", Notice;
    TiltEnter = "+tilt", Warning;
    TiltLeave = "-tilt", Warning;
    ScriptError = "-script-error", Warning;
    ScriptTimeout = "-script-timeout", Warning;
    CmdLinkReconnection = "-cmd-link-reconnection", Debug;
    PubsubLinkReconnection = "-pubsub-link-reconnection", Debug;
}

impl EventKind {
    /// The event of this name.
    pub fn from_name(name: &str) -> Option<EventKind> {
        EventKind::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for EventKind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<EventKind, D::Error> {
        let name = String::deserialize(from)?;
        EventKind::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("no Sentinel event `{name}`")))
    }
}

/// The instance an event is about (the `@I` prefix of the spec).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The master itself.
    Master,
    /// A replica.
    Slave(Addr),
    /// Another Sentinel.
    Sentinel(SentinelId, Addr),
}

/// What follows the instance, or stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extra {
    /// Nothing.
    None,
    /// `quorum <q>` of +monitor.
    Quorum(u32),
    /// `#quorum <have>/<need>` of +odown.
    OdownQuorum(u32, u32),
    /// The number alone: +new-epoch.
    Epoch(Epoch),
    /// `<id> <epoch>` alone: +vote-for-leader.
    Vote(SentinelId, Epoch),
    /// `new reported role is master` (`true`) or `slave`.
    ReportedRole(bool),
    /// `<name> <oldip> <oldport> <newip> <newport>` alone: +switch-master.
    Switch(Addr, Addr),
    /// `ip <ip> port <port> for <id>`: +sentinel-address-switch.
    AddressOf(Addr, SentinelId),
    /// `<n> additional matching instances`: +sentinel-address-update.
    Instances(u32),
    /// `<option> <value>`: +set.
    Option(String, String),
    /// `#tilt mode entered` or `exited`, alone.
    Tilt,
    /// About a script, alone: -script-error, -script-timeout.
    Script(String),
}

/// One event of one Sentinel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its name.
    pub kind: EventKind,
    /// Name of the master concerned; empty for events of the whole Sentinel.
    pub master: Name,
    /// That master's configured address at this moment.
    pub master_addr: Addr,
    /// The instance it is about.
    pub subject: Subject,
    /// The rest of the payload.
    pub extra: Extra,
}

impl Event {
    /// The event with every host in it replaced.
    pub fn with_hosts(mut self, replaced: impl Fn(Ip) -> Ip) -> Event {
        let of = |addr: &mut Addr| addr.ip = replaced(addr.ip);
        of(&mut self.master_addr);
        match &mut self.subject {
            Subject::Slave(addr) | Subject::Sentinel(_, addr) => of(addr),
            Subject::Master => {}
        }
        match &mut self.extra {
            Extra::Switch(old, new) => {
                of(old);
                of(new);
            }
            Extra::AddressOf(addr, _) => of(addr),
            _ => {}
        }
        self
    }

    /// The payload as published.
    pub fn payload(&self) -> String {
        let Addr { ip, port } = self.master_addr;
        match &self.extra {
            Extra::Epoch(epoch) => return epoch.to_string(),
            Extra::Vote(id, epoch) => return format!("{id} {epoch}"),
            Extra::Tilt if self.kind == EventKind::TiltEnter => {
                return "#tilt mode entered".to_owned();
            }
            Extra::Tilt => return "#tilt mode exited".to_owned(),
            Extra::Script(payload) => return payload.clone(),
            Extra::Switch(old, new) => {
                return format!("{} {} {} {} {}", self.master, old.ip, old.port, new.ip, new.port);
            }
            _ => {}
        }
        let instance = match self.subject {
            Subject::Master => format!("master {} {ip} {port}", self.master),
            Subject::Slave(a) => format!("slave {a} {} {} @ {} {ip} {port}", a.ip, a.port, self.master),
            Subject::Sentinel(id, a) => format!("sentinel {id} {} {} @ {} {ip} {port}", a.ip, a.port, self.master),
        };
        match &self.extra {
            Extra::Quorum(q) => format!("{instance} quorum {q}"),
            Extra::OdownQuorum(have, need) => format!("{instance} #quorum {have}/{need}"),
            Extra::ReportedRole(master) => {
                format!("{instance} new reported role is {}", if *master { "master" } else { "slave" })
            }
            Extra::AddressOf(a, id) => format!("{instance} ip {} port {} for {id}", a.ip, a.port),
            Extra::Instances(n) => format!("{instance} {n} additional matching instances"),
            Extra::Option(option, value) => format!("{instance} {option} {value}"),
            _ => instance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, subject: Subject, extra: Extra) -> Event {
        let master_addr = Addr { ip: Ip(0x0a4d_000b), port: 6379 };
        Event { kind, master: "mymaster".into(), master_addr, subject, extra }
    }

    #[test]
    fn payloads_read_as_the_real_ones() {
        let replica = Addr { ip: Ip(0x0a4d_000c), port: 6379 };
        let odown = event(EventKind::OdownEnter, Subject::Master, Extra::OdownQuorum(3, 2));
        assert_eq!(odown.payload(), "master mymaster 10.77.0.11 6379 #quorum 3/2");
        let slave = event(EventKind::Slave, Subject::Slave(replica), Extra::None);
        assert_eq!(slave.payload(), "slave 10.77.0.12:6379 10.77.0.12 6379 @ mymaster 10.77.0.11 6379");
        let switch = event(EventKind::SwitchMaster, Subject::Master, Extra::Switch(odown.master_addr, replica));
        assert_eq!(switch.payload(), "mymaster 10.77.0.11 6379 10.77.0.12 6379");
    }
}
