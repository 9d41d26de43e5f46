//! One run: settle, a random phase, the fault schedule, observation until everybody agrees again, the final reading. The
//! same stages, limits and triggers as in the simulation, in real time.

use crate::able;
use crate::cluster::{Cluster, POLL};
use crate::error::LiveError;
use crate::net::{Ability, Network};
use crate::shared::{News, Shared};
use crate::trace::Trace;
use splitbrain::model::event::EventKind;
use splitbrain::model::{Millis, Nanos, TrueTime};
use splitbrain::scenarios::{Action, Resolved, Step, Trigger};
use splitbrain::sim::Record;
use splitbrain::sim::record::FaultAt;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

/// Longest sleep between two looks at processes and the clock.
const TICK: Duration = Duration::from_millis(20);
/// The same where somebody gives orders.
const ATTENTIVE: Duration = Duration::from_millis(2);
/// Clients end their last operation within this, and everything is read again as long after.
const WIND_DOWN: Duration = Duration::from_millis(300);

/// How to play.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which network.
    pub network: Network,
    /// Leaves the folder with configurations, logs and data.
    pub keep: bool,
    /// Where that folder is made: Sentinels wait for this disk before they vote. `/dev/shm` in the environment
    /// `recorder-tmpfs`, the system's folder for such things otherwise.
    pub scratch: Option<PathBuf>,
}

/// A run that was played.
pub struct Played {
    /// The scenario at its real addresses.
    pub resolved: Resolved,
    /// Everything judges and reports read.
    pub record: Record,
    /// Everything else that was seen.
    pub trace: Trace,
    /// The folder, if it was kept.
    pub kept: Option<PathBuf>,
}

/// What somebody who drives a run wants.
pub(crate) enum Order {
    /// Do this now; answered with the number of the step, and what was done.
    Inject(Action, Sender<Result<(usize, String), LiveError>>),
    /// Go on to the end.
    Release,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Fired(TrueTime),
    Skipped,
}

/// A step as it was done.
#[derive(Clone, Debug)]
pub struct Done {
    /// Which.
    pub step: usize,
    /// When.
    pub at: TrueTime,
    /// How long after the event that it waited for.
    pub reaction: Option<Nanos>,
}

/// Plays a scenario. `stop` interrupts.
///
/// # Errors
/// What the scenario asks for and cannot be done here, before anything is started; what the system refuses; an
/// interruption. Nothing is left behind in any case.
pub fn play(scenario: Resolved, options: &Options, stop: &AtomicBool) -> Result<Played, LiveError> {
    drive(scenario, options, stop, None, |_| ())
}

/// As [`play()`]; `ready` is told once everybody knows each other, and `orders` are obeyed from then on until they end.
pub(crate) fn drive(
    scenario: Resolved,
    options: &Options,
    stop: &AtomicBool,
    orders: Option<&Receiver<Order>>,
    ready: impl FnOnce(&Arc<Shared>),
) -> Result<Played, LiveError> {
    let ability = Ability::find(options.network)?;
    let cluster = Cluster::prepare(scenario, ability, options)?;
    let load = load();
    let mut run = Run::new(cluster, stop);
    let settled = run.cluster.start(stop)?;
    if settled {
        run.orders = orders;
        ready(&run.cluster.shared);
        run.begin()?;
        run.play_schedule()?;
        run.observe()?;
    }
    run.finish(settled, options.keep, load)
}

struct Run<'a> {
    cluster: Cluster,
    stop: &'a AtomicBool,
    /// The scenario's steps, and those that were added.
    schedule: Vec<Step>,
    /// Where orders come from, as long as somebody keeps the run going.
    orders: Option<&'a Receiver<Order>>,
    begun: TrueTime,
    steps: Vec<State>,
    due: BTreeSet<(TrueTime, usize)>,
    awaiting: Option<(usize, TrueTime)>,
    heard: usize,
    faults: Vec<FaultAt>,
    done: Vec<Done>,
    /// When the event came that a step waits to answer.
    answered: Vec<Option<TrueTime>>,
    t0: Option<TrueTime>,
    last_disturbance: TrueTime,
    stable_since: Option<TrueTime>,
    outcome: &'static str,
}

impl<'a> Run<'a> {
    fn new(mut cluster: Cluster, stop: &'a AtomicBool) -> Run<'a> {
        let schedule = cluster.scenario().schedule.clone();
        for step in &schedule {
            cluster.faults.add(step.action.clone());
        }
        Run {
            cluster,
            stop,
            orders: None,
            begun: TrueTime(0),
            steps: vec![State::Waiting; schedule.len()],
            due: BTreeSet::new(),
            awaiting: None,
            heard: 0,
            faults: Vec::new(),
            done: Vec::new(),
            answered: vec![None; schedule.len()],
            schedule,
            t0: None,
            last_disturbance: TrueTime(0),
            stable_since: None,
            outcome: "timeout",
        }
    }

    fn now(&self) -> TrueTime {
        self.cluster.shared.clock.now()
    }

    fn check(&mut self) -> Result<(), LiveError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(LiveError::Interrupted);
        }
        self.cluster.poll()
    }

    /// Clients start, and time passes until the schedule meets some phase of Sentinel's timers.
    fn begin(&mut self) -> Result<(), LiveError> {
        self.cluster.start_clients();
        // Somebody who gives orders begins at once.
        if self.orders.is_some() {
            self.cluster.keep_configs();
            return Ok(());
        }
        let until = self.now() + self.cluster.scenario().plan.phase.nanos();
        while self.now() < until {
            self.check()?;
            thread::sleep(Duration::from_nanos(until.since(self.now()).0).min(TICK));
        }
        self.cluster.keep_configs();
        Ok(())
    }

    fn play_schedule(&mut self) -> Result<(), LiveError> {
        let begin = self.now();
        self.begun = begin;
        self.heard = self.cluster.shared.told();
        for (i, step) in self.schedule.iter().enumerate() {
            if let Trigger::At(at) = step.trigger {
                self.due.insert((begin + at.nanos(), i));
            }
        }
        self.await_next(begin);
        while self.orders.is_some() || self.steps.contains(&State::Waiting) {
            self.check()?;
            self.obey()?;
            let now = self.now();
            if let Some((at, i)) = self.due.first().copied()
                && at <= now
            {
                self.due.pop_first();
                self.fire(i)?;
                continue;
            }
            self.skip_if_capped(now);
            let next = self.due.first().map_or(TICK, |(at, _)| Duration::from_nanos(at.since(self.now()).0));
            let tick = if self.orders.is_some() { ATTENTIVE } else { TICK };
            let news = self.cluster.shared.news(self.heard, next.min(tick));
            self.heard += news.len();
            news.iter().for_each(|news| self.hear(news));
        }
        Ok(())
    }

    /// Does what was ordered meanwhile.
    fn obey(&mut self) -> Result<(), LiveError> {
        let Some(orders) = self.orders else { return Ok(()) };
        loop {
            match orders.try_recv() {
                Ok(Order::Inject(action, answer)) => {
                    let reasons = able::reasons_of(self.cluster.scenario(), &action, self.cluster.shared.ability);
                    if !reasons.is_empty() {
                        let _ = answer.send(Err(LiveError::Unable(reasons)));
                        continue;
                    }
                    let i = self.cluster.faults.add(action.clone());
                    let after = Millis(self.now().since(self.begun).millis() as i64);
                    self.schedule.push(Step { trigger: Trigger::At(after), action, origin: false });
                    self.steps.push(State::Waiting);
                    self.answered.push(None);
                    self.fire(i)?;
                    let what = self.faults.last().map(|fault| fault.what.clone()).unwrap_or_default();
                    let _ = answer.send(Ok((i, what)));
                }
                Ok(Order::Release) | Err(TryRecvError::Disconnected) => {
                    self.orders = None;
                    return Ok(());
                }
                Err(TryRecvError::Empty) => return Ok(()),
            }
        }
    }

    /// Arms the first waiting step that hangs on an event, once the step before it is over.
    fn await_next(&mut self, since: TrueTime) {
        let next = self.steps.iter().position(|state| *state == State::Waiting);
        let on = |i: &usize| matches!(self.schedule[*i].trigger, Trigger::On { .. });
        self.awaiting = next.filter(on).map(|i| (i, since));
    }

    fn hear(&mut self, news: &News) {
        let Some(kind) = news.event.as_ref().map(|event| event.kind) else { return };
        if kind == EventKind::ElectedLeader {
            self.cluster.faults.leader = Some(news.node);
        }
        let Some((i, since)) = self.awaiting else { return };
        let Trigger::On { event, after, .. } = self.schedule[i].trigger else { return };
        if event == kind && news.at >= since {
            self.awaiting = None;
            (self.cluster.faults.leader, self.cluster.faults.old_leader) = (Some(news.node), Some(news.node));
            self.answered[i] = Some(news.at);
            self.due.insert((news.at + after.nanos(), i));
        }
    }

    /// The event a step waits for did not come: it is skipped, and with it all that hangs on it.
    fn skip_if_capped(&mut self, now: TrueTime) {
        let Some((i, since)) = self.awaiting else { return };
        let schedule = &self.schedule;
        let Trigger::On { cap, .. } = schedule[i].trigger else { return };
        if now < since + cap.nanos() {
            return;
        }
        self.steps[i] = State::Skipped;
        for (j, step) in schedule.iter().enumerate().skip(i + 1) {
            if matches!(step.trigger, Trigger::AfterStep(before, _) if self.steps[before] == State::Skipped) {
                self.steps[j] = State::Skipped;
            }
        }
        self.await_next(now);
    }

    fn fire(&mut self, i: usize) -> Result<(), LiveError> {
        if self.steps[i] != State::Waiting {
            return Ok(());
        }
        let (what, at) = self.cluster.apply(i)?;
        self.steps[i] = State::Fired(at);
        self.stable_since = None;
        if self.t0.is_none() || self.schedule[i].origin {
            self.t0 = Some(at);
        }
        self.last_disturbance = at;
        self.faults.push(FaultAt { at, step: i, what });
        let reaction = self.answered[i].map(|event| at.since(event));
        self.done.push(Done { step: i, at, reaction });
        for (j, step) in self.schedule.iter().enumerate() {
            if let Trigger::AfterStep(before, delay) = step.trigger
                && before == i
            {
                self.due.insert((at + delay.nanos(), j));
            }
        }
        if self.awaiting.is_none() {
            self.await_next(at);
        }
        Ok(())
    }

    fn observe(&mut self) -> Result<(), LiveError> {
        let plan = self.cluster.scenario().plan.clone();
        let last = self.now();
        let least = last + plan.observe_at_least.nanos();
        let most = last.max(self.last_disturbance) + plan.heal.nanos();
        while self.now() < most {
            thread::sleep(POLL);
            self.check()?;
            let now = self.now();
            let agreed = self.cluster.faults.restarts_due.is_empty() && self.cluster.is_stable();
            self.stable_since = if agreed { self.stable_since.or(Some(now)) } else { None };
            if self.stable_since.is_some_and(|since| now.since(since.max(least)) >= plan.stable_for.nanos()) {
                self.outcome = "stable";
                break;
            }
        }
        Ok(())
    }

    /// Lets clients end, reads everything, ends everybody, closes the record.
    fn finish(mut self, settled: bool, keep: bool, load: [f64; 2]) -> Result<Played, LiveError> {
        let stopped = self.now();
        self.cluster.clients.iter().for_each(crate::client::Running::wind_down);
        thread::sleep(WIND_DOWN * 2);
        self.check()?;
        let reading = crate::reading::read(&self.cluster);
        self.cluster.end();
        let end = stopped;
        let t0 = self.t0.unwrap_or(end);
        let mut trace = Trace::collect(&self.cluster, self.done, load);
        trace.outcome = self.outcome;
        let shared = self.cluster.shared.clone();
        let mut recorder = std::mem::take(&mut *shared.recorder());
        trace.note(&mut recorder);
        let (mut seen, log) = recorder.finish();
        seen.end = end;
        seen.settled = settled;
        seen.t0 = t0;
        seen.last_disturbance = if self.faults.is_empty() { end } else { self.last_disturbance };
        seen.converged = self.stable_since;
        seen.sentinel_ids = trace.sentinel_ids();
        (seen.final_redis, seen.final_views) = (reading.servers, reading.views);
        let events = (seen.events.len() + seen.operations.len()) as u64;
        let record = Record {
            seed: self.cluster.scenario().seed,
            observations: seen,
            log,
            faults: self.faults,
            sentinel_traffic: Vec::new(),
            digest: splitbrain::sim::Digest(0),
            checkpoints: Vec::new(),
            events,
            trace: None,
            film: None,
        };
        let kept = keep.then(|| self.cluster.folder().to_owned());
        let resolved = Resolved { schedule: self.schedule, ..self.cluster.scenario().clone() };
        Ok(Played { resolved, record, trace, kept })
    }
}

/// Load of the machine in the last minute, and the priority that everything runs with.
fn load() -> [f64; 2] {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    [load, f64::from(rustix::process::getpriority_process(None).unwrap_or(0))]
}
