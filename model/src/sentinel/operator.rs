//! Commands of operators (Sentinel spec 9, 11.2, 12, 13): what they change, what is saved, and what is answered. Their
//! arguments are in [`crate::operator`].

use super::glob::matches;
use super::instance::{Flags, Who};
use super::link::Side;
use super::{Cx, Sentinel};
use crate::event::{EventKind, Extra};
use crate::files::MasterConf;
use crate::operator::{Answer, ConfigOption, CrashPoint, SentinelCommand, Tunable};
use crate::{Addr, ErrorWord, Millis, Name, Reply};

/// An error for the operator, or how many masters or Sentinels it concerned.
type Outcome = Result<Option<u32>, ErrorWord>;

/// Status of a process that SENTINEL SIMULATE-FAILURE ended.
const CRASH_STATUS: u8 = 99;

impl Sentinel {
    /// Executes a command.
    pub(super) fn operator_command(&mut self, cx: &mut Cx<'_, '_>, command: &SentinelCommand) -> Answer {
        let mut shown = None;
        let outcome = match command {
            SentinelCommand::Failover(name) => match self.failover_command(cx, name) {
                Reply::Error(word) => Err(word),
                _ => Ok(None),
            },
            SentinelCommand::Reset(pattern) => Ok(Some(self.reset_masters_by_pattern(cx, pattern))),
            SentinelCommand::Remove(name) => self.remove(cx, name),
            SentinelCommand::Monitor(name, addr, quorum) => self.monitor(cx, name, *addr, *quorum),
            SentinelCommand::Set(name, options) => self.set_command(cx, name, options),
            SentinelCommand::CkQuorum(name) => self.check_quorum(name),
            SentinelCommand::FlushConfig => self.flush_config_and_reply(cx),
            SentinelCommand::SimulateFailure(flags) => {
                self.crash_points.clone_from(flags);
                Ok(None)
            }
            SentinelCommand::Debug(pairs) => self.debug(pairs),
            SentinelCommand::ConfigSet(option) => self.config_set(cx, option),
            SentinelCommand::Show(what, name) => self.show(*what, name).ok_or(ErrorWord::Err).map(|entries| {
                shown = Some(entries.join("\n"));
                Some(entries.len() as u32)
            }),
            SentinelCommand::AclSetUser(user) => {
                self.acl_set_user(user);
                Ok(None)
            }
            SentinelCommand::ClientKill(victims) => Ok(Some(self.client_kill(cx, victims))),
        };
        Answer { command: command.to_string(), error: outcome.err(), count: outcome.ok().flatten(), shown }
    }

    /// The reply to a client that sent the command.
    pub(super) fn operator_reply(&mut self, cx: &mut Cx<'_, '_>, command: &SentinelCommand) -> Reply {
        match (command, self.operator_command(cx, command)) {
            (_, Answer { error: Some(word), .. }) => Reply::Error(word),
            (SentinelCommand::Reset(_), Answer { count, .. }) => Reply::Int(count.unwrap_or(0).into()),
            _ => Reply::Ok,
        }
    }

    /// `sentinelFlushConfigAndReply`: the one place where an operator hears that the file cannot be written.
    pub(super) fn flush_config_and_reply(&self, cx: &mut Cx<'_, '_>) -> Outcome {
        if self.flush_config(cx) { Ok(None) } else { Err(ErrorWord::Err) }
    }

    /// SENTINEL RESET (`sentinelResetMastersByPattern`): replicas and Sentinels are forgotten, the down states and a
    /// failover under way too; epochs and votes stay. Nothing is saved: a crash brings them all back.
    fn reset_masters_by_pattern(&mut self, cx: &mut Cx<'_, '_>, pattern: &str) -> u32 {
        let mut reset = 0;
        for m in 0..self.masters.len() {
            if matches(pattern, &self.masters[m].name) {
                self.reset_master(cx, m);
                for peer in std::mem::take(&mut self.masters[m].peers) {
                    self.links.release(&mut self.conns, cx, peer.inst.link);
                }
                self.event(cx, EventKind::ResetMaster, Who::Master(m));
                reset += 1;
            }
        }
        reset
    }

    /// SENTINEL REMOVE: the master with everything about it, its epochs and our vote included (hazard H8).
    fn remove(&mut self, cx: &mut Cx<'_, '_>, name: &str) -> Outcome {
        let m = self.lookup_master(name).ok_or(ErrorWord::Err)?;
        self.event(cx, EventKind::Unmonitor, Who::Master(m));
        let master = self.masters.remove(m);
        let replicas = master.replicas.iter().map(|r| r.inst.link);
        let peers = master.peers.iter().map(|p| p.inst.link);
        for link in replicas.chain(peers).chain([master.inst.link]) {
            self.links.release(&mut self.conns, cx, link);
        }
        self.file_order.retain(|place| *place != m);
        self.file_order.iter_mut().filter(|place| **place > m).for_each(|place| *place -= 1);
        self.flush_config_and_reply(cx)
    }

    /// SENTINEL MONITOR: a master with the defaults of this moment, saved before it is announced.
    fn monitor(&mut self, cx: &mut Cx<'_, '_>, name: &Name, addr: Addr, quorum: i64) -> Outcome {
        let quorum = u32::try_from(quorum).ok().filter(|quorum| *quorum > 0).ok_or(ErrorWord::Err)?;
        if self.lookup_master(name).is_some() {
            return Err(ErrorWord::Err);
        }
        // "Invalid IP address or hostname specified" (measured on 7.0.15), also for a name that does not resolve now,
        // which a file may hold.
        if self.create_addr(cx, addr, false).is_none() {
            return Err(ErrorWord::Err);
        }
        let mut conf = MasterConf::new(name.clone(), addr, quorum);
        conf.down_after = self.tunables.default_down_after;
        conf.failover_timeout = self.tunables.default_failover_timeout;
        self.create_master(cx, &conf);
        let saved = self.flush_config_and_reply(cx);
        let m = self.lookup_master(name).expect("it was just created");
        self.event_with(cx, EventKind::Monitor, Who::Master(m), Extra::Quorum(quorum));
        saved
    }

    /// SENTINEL CKQUORUM (`sentinelIsQuorumReachable`): counts Sentinels that are not down, whatever they think.
    fn check_quorum(&self, name: &str) -> Outcome {
        let m = self.lookup_master(name).ok_or(ErrorWord::Err)?;
        let master = &self.masters[m];
        let down = master.peers.iter().filter(|p| p.inst.flags.any(Flags::S_DOWN)).count() as u32;
        let voters = master.peers.len() as u32 + 1;
        let usable = voters - down;
        if usable >= master.quorum && usable > voters / 2 { Ok(Some(usable)) } else { Err(ErrorWord::NoQuorum) }
    }

    /// SENTINEL DEBUG: pairs before a bad one stay applied.
    fn debug(&mut self, pairs: &[(Tunable, i64)]) -> Outcome {
        for (tunable, value) in pairs {
            if *value <= 0 {
                return Err(ErrorWord::Err);
            }
            self.tunables.set(*tunable, Millis(*value));
        }
        Ok(None)
    }

    /// SENTINEL CONFIG SET (`sentinelConfigSetCommand`). New credentials take effect on new connections, so the old ones
    /// are closed.
    fn config_set(&mut self, cx: &mut Cx<'_, '_>, option: &ConfigOption) -> Outcome {
        let filled = |text: &String| (!text.is_empty()).then(|| text.clone());
        match option {
            ConfigOption::AnnounceIp(ip) => self.announce.ip = *ip,
            ConfigOption::AnnouncePort(port) => {
                self.announce.port = match u16::try_from(*port).map_err(|_| ErrorWord::Err)? {
                    0 => self.conf.port,
                    port => port,
                };
            }
            ConfigOption::ResolveHostnames(yes) => self.conf.resolve_hostnames = *yes,
            ConfigOption::AnnounceHostnames(yes) => self.conf.announce_hostnames = *yes,
            ConfigOption::SentinelUser(user) => self.conf.sentinel_user = filled(user),
            ConfigOption::SentinelPass(pass) => self.conf.sentinel_pass = filled(pass),
        }
        match option {
            ConfigOption::AnnounceIp(_) | ConfigOption::AnnouncePort(_) => self.conf.announce = Some(self.announce),
            ConfigOption::ResolveHostnames(_) | ConfigOption::AnnounceHostnames(_) => {}
            ConfigOption::SentinelUser(_) | ConfigOption::SentinelPass(_) => {
                self.peer_credentials = super::persist::peer_credentials(&self.conf);
                self.drop_sentinel_connections(cx);
            }
        }
        self.flush_config_and_reply(cx)
    }

    /// `sentinelDropConnections`
    fn drop_sentinel_connections(&mut self, cx: &mut Cx<'_, '_>) {
        let links: Vec<_> = self.masters.iter().flat_map(|m| m.peers.iter().map(|p| p.inst.link)).collect();
        for link in links {
            self.links.close(&mut self.conns, cx, link, Side::Cc);
            self.links.close(&mut self.conns, cx, link, Side::Pc);
        }
    }

    /// Ends the process if it was told to fail here (spec 13); true if so, and the caller must return. What it would
    /// have written in this iteration is lost.
    pub(super) fn crash_at(&mut self, cx: &mut Cx<'_, '_>, point: CrashPoint) -> bool {
        if self.crash_points.contains(&point) {
            self.exited = true;
            let at = cx.at();
            cx.out.exit(at, CRASH_STATUS);
        }
        self.exited
    }
}
