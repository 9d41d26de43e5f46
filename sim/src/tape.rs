//! Takes the tape of a Sentinel (`splitbrain_checker::tape`): wraps the process and notes what goes in and what comes out.
//! Changes nothing of either, and knows nothing of rules.

use splitbrain_checker::tape::What;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::sentinel::Sentinel;
use splitbrain_model::{Act, CloseHow, Conn, Effects, Env, Input, Message, Millis, MonoTime, Nanos, Node};
use splitbrain_scenarios::{ProcessKind, Resolved};

/// A Sentinel with its tape.
#[derive(Debug)]
pub struct TapedSentinel {
    /// The Sentinel.
    pub node: Sentinel,
    /// The tape since it was last collected; `None` if none is wanted.
    tape: Option<Vec<(Millis, What)>>,
    sends: Sends,
}

/// Which messages of an iteration were written before the present step.
#[derive(Debug, Default)]
pub(crate) struct Sends {
    /// Their connections.
    queued: Vec<Conn>,
}

impl Sends {
    /// Before a step.
    pub(crate) fn begin(&mut self, out: &Effects) {
        if out.sends.is_empty() {
            self.queued.clear();
        }
    }

    /// What was written to a connection that this step closed is not sent.
    pub(crate) fn forget_closed(&mut self, acts: &[(Nanos, Act)]) {
        for (_, act) in acts {
            if let Act::Close(conn, how) = act
                && *how != CloseHow::AfterFlush
            {
                self.queued.retain(|queued| queued != conn);
            }
        }
    }

    /// What this step wrote.
    pub(crate) fn new_ones<'a>(&self, out: &'a Effects) -> &'a [(Conn, Message)] {
        out.sends.get(self.queued.len()..).unwrap_or_default()
    }

    /// After a step.
    pub(crate) fn remember(&mut self, out: &Effects) {
        let old = self.queued.len().min(out.sends.len());
        self.queued.extend(out.sends[old..].iter().map(|(conn, _)| *conn));
    }
}

impl TapedSentinel {
    /// Wraps a Sentinel.
    pub fn new(node: Sentinel, wanted: bool) -> TapedSentinel {
        TapedSentinel { node, tape: wanted.then(Vec::new), sends: Sends::default() }
    }

    /// What was taken since the last call; `None` if no tape is wanted.
    pub fn collect(&mut self) -> Option<std::vec::Drain<'_, (Millis, What)>> {
        self.tape.as_mut().map(|tape| tape.drain(..))
    }
}

impl Node for TapedSentinel {
    fn step(&mut self, env: &mut Env<'_>, input: Input, out: &mut Effects) {
        let Some(tape) = &mut self.tape else {
            return self.node.step(env, input, out);
        };
        let (wall, before, acts) = (env.now(), env.elapsed(), out.acts.len());
        self.sends.begin(out);
        let begins = match &input {
            Input::Wake => Some(What::Tick),
            Input::Message(conn, message) => Some(What::Read(*conn, message.clone())),
            Input::Closed(conn, _) | Input::ConnectFailed(conn, _) => Some(What::Lost(*conn)),
            Input::Operator(command) => Some(What::Commanded(matches!(command, OperatorCommand::SentinelFailover(_)))),
            Input::Accepted(..) | Input::Connected(_) | Input::Sent(_) | Input::Terminate => None,
        };
        self.node.step(env, input, out);
        let Some(begins) = begins else { return };
        tape.push((wall, begins));
        let waited = Nanos(env.elapsed().0 - before.0);
        if waited > Nanos::ZERO {
            tape.push((wall, What::Waited(waited)));
        }
        for (_, act) in &out.acts[acts..] {
            match act {
                Act::Open(conn, addr) => tape.push((wall, What::Opened(*conn, *addr))),
                Act::Close(conn, _) => tape.push((wall, What::Closed(*conn))),
                Act::Event(event) => tape.push((wall, What::Event(event.clone()))),
                Act::TellSent(_) | Act::Note(_) | Act::Exit(_) => {}
            }
        }
        self.sends.forget_closed(&out.acts[acts..]);
        tape.extend(self.sends.new_ones(out).iter().map(|(conn, message)| (wall, What::Wrote(*conn, message.clone()))));
        self.sends.remember(out);
    }

    fn end_iteration(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        self.node.end_iteration(env, out);
    }

    fn next_wakeup(&self) -> Option<MonoTime> {
        self.node.next_wakeup()
    }
}

/// Whether tapes of a run can be judged: one master, known by its number and under the usual names of commands to
/// Sentinels that are all set alike.
pub fn wanted(scenario: &Resolved) -> bool {
    let mut confs = scenario.processes.iter().filter_map(|process| match &process.kind {
        ProcessKind::Sentinel(conf) => Some(conf),
        _ => None,
    });
    let set = |conf: &splitbrain_model::files::SentinelConf| match &conf.masters[..] {
        [master] if !conf.resolve_hostnames && master.renamed.is_empty() => {
            let times = (master.down_after, master.failover_timeout);
            (master.master_reboot_down_after.0 == 0)
                .then(|| (master.name.clone(), times, master.quorum, master.parallel_syncs))
        }
        _ => None,
    };
    let first = confs.next().and_then(set);
    scenario.masters.len() == 1 && first.is_some() && confs.all(|conf| set(conf) == first)
}
