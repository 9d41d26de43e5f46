//! Scripts (Sentinel spec 11.5): the queue, its limits, retries and time limit. A script is a process of its own; what
//! it does and how it ends is told by the configuration, and the record keeps each start with its arguments.

use super::instance::elapsed;
use super::names::InstanceAddr;
use super::{Cx, Sentinel};
use crate::event::{Event, EventKind, Extra, Level, Subject};
use crate::files::{Script, ScriptExit};
use crate::note::Note;
use crate::{Addr, Millis, MonoTime, Name};

/// Scripts that may wait (`SENTINEL_SCRIPT_MAX_QUEUE`).
const MAX_QUEUE: usize = 256;
/// Scripts that may run at a time (`SENTINEL_SCRIPT_MAX_RUNNING`).
const MAX_RUNNING: usize = 16;
/// Attempts (`SENTINEL_SCRIPT_MAX_RETRY`).
const MAX_ATTEMPTS: u32 = 10;
const SIGKILL: u8 = 9;

/// A running script.
#[derive(Clone, Copy, Debug)]
struct Run {
    pid: u32,
    /// When it ends by itself.
    ends: MonoTime,
    killed: bool,
}

/// One script to run, with its arguments.
#[derive(Debug)]
struct Job {
    script: Script,
    args: Vec<String>,
    attempts: u32,
    /// Start of the run, or time before which it is not tried again.
    start_time: Millis,
    run: Option<Run>,
}

/// The queue. It is not saved.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    jobs: Vec<Job>,
    pids: u32,
}

impl Scripts {
    fn running(&self) -> usize {
        self.jobs.iter().filter(|job| job.run.is_some()).count()
    }

    /// `sentinelScheduleScriptExecution`: a full queue loses its oldest job that does not run.
    fn schedule(&mut self, script: Script, args: Vec<String>) {
        self.jobs.push(Job { script, args, attempts: 0, start_time: Millis(0), run: None });
        if self.jobs.len() > MAX_QUEUE
            && let Some(oldest) = self.jobs.iter().position(|job| job.run.is_none())
        {
            self.jobs.remove(oldest);
        }
    }
}

impl Sentinel {
    /// Runs the notification script for an event of a master at level warning (the third part of `sentinelEvent`).
    pub(super) fn notify(&mut self, event: &Event, m: usize) {
        if event.kind.level() == Level::Warning
            && let Some(script) = self.masters[m].notification_script.clone()
        {
            self.scripts.schedule(script, vec![event.kind.name().to_owned(), event.payload()]);
        }
    }

    /// `sentinelCallClientReconfScript`: at the leader when the promotion is seen, at the others when they hear of it.
    pub(super) fn call_client_reconf_script(&mut self, m: usize, leader: bool, from: InstanceAddr, to: InstanceAddr) {
        let master = &self.masters[m];
        let Some(script) = master.client_reconfig_script.clone() else { return };
        let role = if leader { "leader" } else { "observer" };
        let (from, to) = (self.announced(from), self.announced(to));
        let [ip, port] = [|a: Addr| a.ip.to_string(), |a: Addr| a.port.to_string()];
        let args = vec![master.name.to_string(), role.into(), "start".into(), ip(from), port(from), ip(to), port(to)];
        self.scripts.schedule(script, args);
    }

    /// What the timer does about scripts: start, reap, kill.
    pub(super) fn scripts_tick(&mut self, cx: &mut Cx<'_, '_>) {
        if self.scripts.jobs.is_empty() {
            return;
        }
        self.run_pending_scripts(cx);
        self.collect_terminated_scripts(cx);
        self.kill_timedout_scripts(cx);
    }

    /// `sentinelRunPendingScripts`, in the order of the queue.
    fn run_pending_scripts(&mut self, cx: &mut Cx<'_, '_>) {
        let now = cx.now();
        let mut running = self.scripts.running();
        for job in &mut self.scripts.jobs {
            if running >= MAX_RUNNING {
                break;
            }
            if job.run.is_some() || job.start_time > now {
                continue;
            }
            self.scripts.pids += 1;
            job.attempts += 1;
            job.start_time = now;
            let ends = cx.env.mono() + job.script.takes.nanos();
            job.run = Some(Run { pid: self.scripts.pids, ends, killed: false });
            running += 1;
            let note = Note::Script { path: job.script.path.clone(), args: job.args.clone(), attempt: job.attempts };
            let at = cx.at();
            cx.out.note(at, note);
        }
    }

    /// `sentinelCollectTerminatedScripts`: exit 1 and signals are worth another attempt, each after twice the wait.
    fn collect_terminated_scripts(&mut self, cx: &mut Cx<'_, '_>) {
        let mono = cx.env.mono();
        let now = cx.now();
        let mut failed = Vec::new();
        let delay = self.tunables.script_retry_delay;
        self.scripts.jobs.retain_mut(|job| {
            let exit = match job.run {
                Some(Run { killed: true, .. }) => ScriptExit::Signal(SIGKILL),
                Some(Run { ends, .. }) if ends <= mono => job.script.exit,
                _ => return true,
            };
            let retry = matches!(exit, ScriptExit::Signal(_) | ScriptExit::Code(1));
            if retry && job.attempts != MAX_ATTEMPTS {
                job.run = None;
                job.start_time = Millis(now.0 + (delay.0 << (job.attempts - 1)));
                return true;
            }
            match exit {
                ScriptExit::Code(0) => {}
                ScriptExit::Code(code) => failed.push(format!("{} 0 {code}", job.script.path)),
                ScriptExit::Signal(signal) => failed.push(format!("{} {signal} 0", job.script.path)),
            }
            false
        });
        for payload in failed {
            script_event(cx, EventKind::ScriptError, payload);
        }
    }

    /// `sentinelKillTimedoutScripts`: again in each tick until the script is reaped.
    fn kill_timedout_scripts(&mut self, cx: &mut Cx<'_, '_>) {
        let now = cx.now();
        let limit = self.tunables.script_max_runtime;
        for job in &mut self.scripts.jobs {
            if let Some(run) = &mut job.run
                && elapsed(job.start_time, now) > limit
            {
                run.killed = true;
                script_event(cx, EventKind::ScriptTimeout, format!("{} {}", job.script.path, run.pid));
            }
        }
    }
}

/// An event of the Sentinel itself: no notification script runs for it.
fn script_event(cx: &mut Cx<'_, '_>, kind: EventKind, payload: String) {
    let at = cx.at();
    let event = Event {
        kind,
        master: Name::from(""),
        master_addr: Addr::default(),
        subject: Subject::Master,
        extra: Extra::Script(payload),
    };
    cx.out.event(at, event);
}
