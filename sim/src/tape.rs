//! Takes the tape of a Sentinel (`splitbrain_checker::tape`): wraps the process and notes what goes in and what comes out.
//! Changes nothing of either, and knows nothing of rules.

use splitbrain_checker::tape::What;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::sentinel::Sentinel;
use splitbrain_model::{Act, CloseHow, Conn, Effects, Env, Input, Millis, MonoTime, Nanos, Node};
use splitbrain_scenarios::{ProcessKind, Resolved};

/// A Sentinel with its tape.
#[derive(Debug)]
pub struct TapedSentinel {
    /// The Sentinel.
    pub node: Sentinel,
    /// The tape since it was last collected; `None` if none is wanted.
    tape: Option<Vec<(Millis, What)>>,
    /// Connections of the messages that wait to be sent.
    queued: Vec<Conn>,
}

impl TapedSentinel {
    /// Wraps a Sentinel.
    pub fn new(node: Sentinel, wanted: bool) -> TapedSentinel {
        TapedSentinel { node, tape: wanted.then(Vec::new), queued: Vec::new() }
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
        if out.sends.is_empty() {
            self.queued.clear();
        }
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
                Act::Close(conn, how) => {
                    if *how != CloseHow::AfterFlush {
                        self.queued.retain(|queued| queued != conn);
                    }
                    tape.push((wall, What::Closed(*conn)));
                }
                Act::Event(event) => tape.push((wall, What::Event(event.clone()))),
                Act::TellSent(_) | Act::Note(_) | Act::Exit(_) => {}
            }
        }
        for (conn, message) in out.sends.iter().skip(self.queued.len()) {
            tape.push((wall, What::Wrote(*conn, message.clone())));
        }
        self.queued.clear();
        self.queued.extend(out.sends.iter().map(|(conn, _)| *conn));
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
