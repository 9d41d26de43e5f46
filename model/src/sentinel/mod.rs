//! Redis Sentinel 7.0.15 as a pure state machine (`sentinel.c`). Each file holds one part of it and each function
//! stands for one upstream routine. Sentinel knows the world only through connections, its clocks and its
//! configuration file; in particular not which faults happen, nor what the servers it watches are really doing.

mod commands;
mod conns;
mod consts;
mod down;
mod events;
mod failover;
mod glob;
mod hello;
mod info;
mod instance;
mod link;
mod operator;
mod periodic;
mod persist;
mod reconnect;
mod rename;
mod replies;
mod scripts;
mod select;
mod set;
mod switch;
mod tables;
mod tick;
mod vote;

#[cfg(test)]
mod tests;

use crate::files::SentinelConf;
use crate::message::{Credentials, OperatorCommand};
use crate::note::Note;
use crate::operator::CrashPoint;
use crate::{Act, Addr, Effects, Env, Epoch, Input, Message, Millis, MonoTime, Name, Nanos, Node, SentinelId};
use conns::{Client, ConnRole, Conns};
use consts::Tunables;
use instance::{Flags, Instance, Master, Who};
use link::{Link, Links, Side};
use scripts::Scripts;
use std::sync::Arc;

/// One redis-sentinel process.
#[derive(Debug)]
pub struct Sentinel {
    /// What the configuration file says about the process itself; `masters` is empty here.
    conf: SentinelConf,
    myid: SentinelId,
    /// The address in our hellos.
    announce: Addr,
    current_epoch: Epoch,
    tilt: bool,
    tilt_start: Millis,
    previous_time: Millis,
    next_tick: MonoTime,
    /// In table order.
    masters: Vec<Master>,
    /// Positions in `masters` in the order of the configuration file.
    file_order: Vec<usize>,
    links: Links,
    conns: Conns,
    next_obj: u32,
    /// What is sent to other Sentinels.
    peer_credentials: Option<Arc<Credentials>>,
    /// Names given to command and pub/sub connections.
    client_names: [Name; 2],
    tunables: Tunables,
    scripts: Scripts,
    /// Set by SENTINEL SIMULATE-FAILURE.
    crash_points: Vec<CrashPoint>,
    /// The process has ended itself; what is left of the iteration does not happen.
    exited: bool,
}

/// What SENTINEL MASTER tells an operator, as far as convergence is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterView {
    /// Name of the master.
    pub name: Name,
    /// Configured address (`master->addr`), not the promoted one.
    pub addr: Addr,
    /// Flags are exactly `master`: not down, not disconnected, no failover.
    pub plain: bool,
    /// A failover is in progress here.
    pub failover_in_progress: bool,
    /// `config-epoch`
    pub config_epoch: Epoch,
    /// `num-slaves`
    pub slaves: u32,
    /// `num-other-sentinels`
    pub other_sentinels: u32,
}

/// What every routine is given: the environment to read and the effects to add to.
struct Cx<'a, 'e> {
    env: &'a mut Env<'e>,
    out: &'a mut Effects,
}

impl Cx<'_, '_> {
    /// `mstime()`
    fn now(&self) -> Millis {
        self.env.now()
    }
    /// When, within this iteration, an effect happens.
    fn at(&self) -> Nanos {
        self.env.elapsed()
    }
}

impl Sentinel {
    /// Starts the process with its configuration file. `addr` is the address under which peers reach it. A Sentinel
    /// without an id draws one and saves it; every master is announced with +monitor.
    pub fn start(conf: SentinelConf, addr: Addr, env: &mut Env<'_>, out: &mut Effects) -> Sentinel {
        let mut cx = Cx { env, out };
        Sentinel::load(conf, addr, &mut cx)
    }
    /// `myid`
    pub fn id(&self) -> SentinelId {
        self.myid
    }
    /// `current_epoch`
    pub fn current_epoch(&self) -> Epoch {
        self.current_epoch
    }
    /// How many masters it monitors.
    pub fn masters(&self) -> usize {
        self.masters.len()
    }
    /// Its view of its `index`-th master, in the order of the configuration file.
    ///
    /// # Panics
    /// If there is no such master.
    pub fn view(&self, index: usize) -> MasterView {
        let master = &self.masters[self.file_order[index]];
        let flags = master.inst.flags;
        let visible = Flags::S_DOWN
            .or(Flags::O_DOWN)
            .or(Flags::FAILOVER_IN_PROGRESS)
            .or(Flags::FORCE_FAILOVER)
            .or(Flags::SCRIPT_KILL_SENT);
        MasterView {
            name: master.name.clone(),
            addr: master.inst.addr,
            plain: !flags.any(visible) && !self.links[master.inst.link].disconnected,
            failover_in_progress: flags.any(Flags::FAILOVER_IN_PROGRESS),
            config_epoch: master.config_epoch,
            slaves: master.replicas.len() as u32,
            other_sentinels: master.peers.len() as u32,
        }
    }
    /// Whether TILT mode is on.
    pub fn tilt(&self) -> bool {
        self.tilt
    }

    fn inst(&self, who: Who) -> &Instance {
        match who {
            Who::Master(m) => &self.masters[m].inst,
            Who::Replica(m, r) => &self.masters[m].replicas[r].inst,
            Who::Peer(m, s) => &self.masters[m].peers[s].inst,
        }
    }

    fn inst_mut(&mut self, who: Who) -> &mut Instance {
        match who {
            Who::Master(m) => &mut self.masters[m].inst,
            Who::Replica(m, r) => &mut self.masters[m].replicas[r].inst,
            Who::Peer(m, s) => &mut self.masters[m].peers[s].inst,
        }
    }

    fn link(&self, who: Who) -> &Link {
        &self.links[self.inst(who).link]
    }

    fn link_mut(&mut self, who: Who) -> &mut Link {
        let link = self.inst(who).link;
        &mut self.links[link]
    }

    fn connection_lost(&mut self, conn: crate::Conn) {
        if let Some(ConnRole::Link(link, side)) = self.conns.remove(conn) {
            self.links[link].connection_error(side);
        }
    }

    fn accept(&mut self, conn: crate::Conn) {
        let client =
            Client { authenticated: self.conf.requirepass.is_none(), switch_master: false, every_event: false };
        self.conns.insert(conn, ConnRole::Client(client));
    }

    fn message(&mut self, cx: &mut Cx<'_, '_>, conn: crate::Conn, message: Message) {
        match (self.conns.get(conn), message) {
            (Some(ConnRole::Link(link, Side::Cc)), Message::Reply(reply)) => {
                self.command_reply(cx, link, reply);
            }
            (Some(ConnRole::Link(link, Side::Pc)), message) => {
                self.pubsub_message(cx, link, message);
            }
            (Some(ConnRole::Client(client)), Message::Request(request)) => {
                self.command(cx, conn, client, request);
            }
            _ => {}
        }
    }
}

impl Node for Sentinel {
    fn step(&mut self, env: &mut Env<'_>, input: Input, out: &mut Effects) {
        if self.exited {
            return;
        }
        let cx = &mut Cx { env, out };
        match input {
            Input::Wake => self.wake(cx),
            Input::Accepted(conn, _) => self.accept(conn),
            Input::Connected(_) => {}
            Input::ConnectFailed(conn, _) | Input::Closed(conn, _) => self.connection_lost(conn),
            Input::Message(conn, message) => self.message(cx, conn, message),
            Input::Terminate => {
                let at = cx.at();
                cx.out.exit(at, 0);
            }
            Input::Operator(OperatorCommand::SentinelFailover(name)) => {
                self.failover_command(cx, &name);
            }
            Input::Operator(OperatorCommand::Sentinel(command)) => {
                let answer = self.operator_command(cx, &command);
                let at = cx.at();
                cx.out.note(at, Note::Answered(answer));
            }
            Input::Operator(_) => {}
        }
    }

    /// Replies and messages leave when the loop polls again: a process that ended itself in the middle of an iteration
    /// takes them with it (spec 13).
    fn end_iteration(&mut self, _: &mut Env<'_>, out: &mut Effects) {
        if self.exited {
            out.sends.clear();
            let exit = out.acts.iter().position(|(_, act)| matches!(act, Act::Exit(_)));
            out.acts.truncate(exit.map_or(0, |at| at + 1));
        }
    }

    fn next_wakeup(&self) -> Option<MonoTime> {
        Some(self.next_tick)
    }
}
