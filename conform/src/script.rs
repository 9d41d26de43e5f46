//! From a recording to a run of the simulation: the same cluster, clients, environment, idle time and fault script.
//!
//! Recorded steps carry the names their roles resolved to. A role is put back where, in every run of the scenario, the
//! name is the one the role had at that moment: the master then, the master last meant, the Sentinel whose event was
//! waited for.

use crate::recording::{ClientSpec, Recording};
use serde_json::{Map, Value};
use splitbrain::model::client::ClientConf;
use splitbrain::model::client::profile::{Backoff, CloseOn, ErrClass, Profile, Retry};
use splitbrain::model::client::workload::{Rate, Workload};
use splitbrain::model::conf::redis_conf;
use splitbrain::model::event::EventKind;
use splitbrain::model::files::{MasterConf, SentinelConf};
use splitbrain::model::message::OperatorCommand;
use splitbrain::model::operator::SentinelCommand;
use splitbrain::model::{Addr, Ip, Millis, Name};
use splitbrain::scenarios::{
    Action, Environment, Host, Process, ProcessKind, Resolved, RunPlan, Sampling, Step, Target, Trigger,
};

/// Name of the master in all recordings.
pub const MASTER: &str = "mymaster";
const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;
/// Everybody must have agreed for so long before the recorder ended a run.
const SETTLE: Millis = Millis(2_000);
/// The simulation looks for stable views ten times a second: on average so long after they are.
const POLL_MEAN_MS: f64 = 50.0;
/// The recorder's usual delay until it noticed that views were stable, where its events do not tell.
const USUAL_LAG_MS: f64 = 250.0;
/// Log and recorder agree to this, ms.
const CLOCK_MARGIN_MS: f64 = 10.0;
/// The recorder looks at Sentinels four times a second and at servers twice; what it sees takes it a moment.
const SAMPLING: Sampling = Sampling { sentinels: Millis(250), servers: Millis(501) };
/// Keys of steps that are understood.
const KEYS: &[&str] = &[
    "at",
    "after",
    "after_switch_x",
    "after_stable",
    "cap",
    "on",
    "match",
    "bind",
    "delay",
    "do",
    "target",
    "groups",
    "from",
    "to",
    "set_ms",
    "seconds",
    "new",
    "reaction_ms",
    "t0",
];

/// A scenario of the recordings, ready to be played: one template per recording.
#[derive(Clone, Debug)]
pub struct Script {
    templates: Vec<Resolved>,
    /// What of the recordings is not played.
    pub notes: Vec<String>,
}

impl Script {
    /// The scripts of all recordings of one scenario.
    ///
    /// # Errors
    /// What cannot be played: an unknown form of step, client or directive, by its name.
    pub fn new(recordings: &[Recording]) -> Result<Script, String> {
        let times = Times::of(recordings);
        let mut notes = Vec::new();
        let templates: Result<Vec<Resolved>, String> = recordings
            .iter()
            .map(|recording| {
                let place = |error: String| format!("{}/{}: {error}", recording.scenario, recording.run);
                let schedule = schedule(recordings, recording).map_err(place)?;
                template(recording, schedule, &times).map_err(place)
            })
            .collect();
        let stood = recordings.iter().filter(|recording| {
            let clock = |(k, (_, step)): (usize, &(f64, Map<String, Value>))| {
                step.get("do").is_some_and(|form| form == "clock")
                    && names(step.get("target"))
                        .is_some_and(|all| all.iter().all(|name| clock_stood(recording, k, name)))
            };
            recording.steps.iter().enumerate().any(clock)
        });
        match stood.count() {
            0 => {}
            n => notes.push(format!(
                "in {n} of {} recordings the clock did not move, by the log's own stamps",
                recordings.len()
            )),
        }
        Ok(Script { templates: templates?, notes })
    }

    /// The run with this number: recordings take turns.
    pub fn resolve(&self, index: u64, seed: u64) -> Resolved {
        let template = &self.templates[(index % self.templates.len() as u64) as usize];
        Resolved { seed, ..template.clone() }
    }
}

/// Bytes of the keys that were made on the master before its replicas existed: their values, and about 15 bytes each
/// for name and frame in an uncompressed snapshot.
fn preloaded(recording: &Recording) -> u64 {
    let Some(preload) = &recording.config.preload else { return 0 };
    let number = |key: &str| preload.get(key).and_then(Value::as_u64).unwrap_or(0);
    number("keys") * (number("bytes") + 15)
}

/// How long runs last. Recordings do not tell `min_s` and `max_s`; that no run ended earlier or later does.
struct Times {
    at_least: Millis,
    at_most_ms: f64,
}

impl Times {
    fn of(recordings: &[Recording]) -> Times {
        let last = |r: &Recording| r.steps.last().map_or(0.0, |(ms, _)| *ms);
        let shortest = recordings.iter().map(|r| r.end_ms - last(r)).fold(f64::INFINITY, f64::min);
        let longest = recordings.iter().map(|r| r.end_ms).fold(0.0, f64::max);
        let timeouts = recordings.iter().filter(|r| r.outcome == "timeout").map(|r| r.end_ms).fold(0.0, f64::max);
        Times {
            at_least: millis((shortest - SETTLE.0 as f64).max(0.0)),
            // Where none was cut off, there was room for longer ones.
            at_most_ms: if timeouts > 0.0 { timeouts } else { longest * 1.5 + 10_000.0 },
        }
    }
}

fn millis(ms: f64) -> Millis {
    Millis(ms.round() as i64)
}

fn template(recording: &Recording, schedule: Vec<Step>, times: &Times) -> Result<Resolved, String> {
    let config = &recording.config;
    let (hosts, processes) = processes(recording)?;
    let first = recording.steps.first().map_or(0.0, |(ms, _)| *ms);
    let last = recording.steps.last().map_or(0.0, |(ms, _)| *ms);
    let environment = match recording.quality.scratch.as_deref() {
        Some("tmpfs") => "recorder-tmpfs",
        _ => "recorder",
    };
    Ok(Resolved {
        scenario: recording.scenario.clone(),
        seed: 0,
        environment: Environment::named(environment).ok_or("no environment of the recorder")?,
        hosts,
        processes,
        names_vanish: false,
        masters: vec![(MASTER.into(), (0..config.n_redis).collect())],
        schedule,
        plan: RunPlan {
            lag: lag(recording, first),
            starts: starts(recording),
            sampling: Some(SAMPLING),
            phase: millis(config.prefault_s * 1_000.0),
            settle_limit: Millis(60_000),
            observe_at_least: times.at_least,
            stable_for: SETTLE,
            heal: millis(
                (if recording.outcome == "timeout" { recording.end_ms } else { times.at_most_ms } - last).max(0.0),
            ),
        },
        expect: Vec::new(),
    })
}

/// When each Sentinel that is there from the beginning was up, after the first: their timers begin there, and so close
/// together that it shows in whose PINGs fall into the same tick. Empty where the logs do not tell.
fn starts(recording: &Recording) -> Vec<Millis> {
    let config = &recording.config;
    let names = (1..=config.n_sentinel).map(|n| format!("s{n}")).filter(|name| !config.late_sentinels.contains(name));
    let up = |name: String| recording.events.iter().find(|e| e.1 == name && e.2 == "+monitor").map(|e| e.0);
    let Some(up): Option<Vec<f64>> = names.map(up).collect() else { return Vec::new() };
    let first = up.iter().copied().fold(f64::INFINITY, f64::min);
    up.into_iter().map(|ms| millis(ms - first)).collect()
}

/// How long the recorder took to notice that the last Sentinel had been found.
fn lag(recording: &Recording, first: f64) -> Millis {
    let begun = first - recording.config.prefault_s * 1_000.0;
    let found = recording.events.iter().filter(|event| event.2 == "+sentinel" && event.0 < begun);
    let lag = begun - found.map(|event| event.0).fold(f64::NEG_INFINITY, f64::max) - POLL_MEAN_MS;
    millis(if (0.0..1_000.0).contains(&lag) { lag } else { USUAL_LAG_MS })
}

fn processes(recording: &Recording) -> Result<(Vec<Host>, Vec<Process>), String> {
    let config = &recording.config;
    let servers: Vec<String> = (1..=config.n_redis).map(|n| format!("r{n}")).collect();
    let sentinels: Vec<String> = (1..=config.n_sentinel).map(|n| format!("s{n}")).collect();
    let mut places = Places { colocate: &config.colocate, hosts: Vec::new() };
    let mut processes = Vec::new();
    let master = places.addr("r1", REDIS_PORT).1;
    for name in &servers {
        let (host, addr) = places.addr(name, REDIS_PORT);
        let mut conf = redis_conf(&directives(recording, name), &mut |_| None).map_err(|e| e.to_string())?.conf;
        conf.replicaof = (addr != master).then_some(master);
        conf.dataset = preloaded(recording);
        let late = config.late_redis.contains(name);
        processes.push(Process { name: name.clone(), host, addr, kind: ProcessKind::Redis(conf), late });
    }
    let settings = &config.sentinel;
    let monitored = MasterConf {
        down_after: Millis(settings.down_after_ms),
        failover_timeout: Millis(settings.failover_timeout_ms),
        parallel_syncs: settings.parallel_syncs,
        ..MasterConf::new(MASTER.into(), master, settings.quorum)
    };
    let mut known = Vec::new();
    for name in &sentinels {
        let (host, addr) = places.addr(name, SENTINEL_PORT);
        known.push((name.clone(), addr));
        let conf = SentinelConf { masters: vec![monitored.clone()], ..SentinelConf::default() };
        let late = config.late_sentinels.contains(name);
        processes.push(Process { name: name.clone(), host, addr, kind: ProcessKind::Sentinel(conf), late });
    }
    for (number, spec) in config.clients.iter().enumerate() {
        let (host, addr) = places.addr(&spec.host, 0);
        let conf = client(number as u32, spec, &known)?;
        let name = format!("client-{number}");
        processes.push(Process { name, host, addr, kind: ProcessKind::Client(Box::new(conf)), late: false });
    }
    Ok((places.hosts, processes))
}

/// The servers' configuration file as the recorder writes it.
fn directives(recording: &Recording, server: &str) -> String {
    let config = &recording.config;
    let mut text = format!("port {REDIS_PORT}\nbind 0.0.0.0\nprotected-mode no\nsave \"\"\n");
    let own = config.redis_each.get(server);
    for (name, value) in config.redis.iter().chain(own.into_iter().flatten()) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!("{name} {value}\n"));
    }
    text
}

struct Places<'a> {
    colocate: &'a std::collections::BTreeMap<String, String>,
    hosts: Vec<Host>,
}

impl Places<'_> {
    fn addr(&mut self, name: &str, port: u16) -> (usize, Addr) {
        let name = self.colocate.get(name).map_or(name, String::as_str);
        let at = self.hosts.iter().position(|host| host.name == name).unwrap_or_else(|| {
            // r1 has 10.77.0.11, s1 10.77.0.21, c1 10.77.0.31, as in the recordings.
            let number: u32 = name.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(0);
            let base = match name.as_bytes().first() {
                Some(b'r') => 10,
                Some(b's') => 20,
                _ => 30,
            };
            self.hosts.push(Host {
                name: name.to_owned(),
                ip: Ip(0x0a4d_0000 + base + number),
                clock_offset: Millis(0),
            });
            self.hosts.len() - 1
        });
        (at, Addr { ip: self.hosts[at].ip, port })
    }
}

fn client(number: u32, spec: &ClientSpec, known: &[(String, Addr)]) -> Result<ClientConf, String> {
    let mut profile = Profile::named("recorder").ok_or("no profile of the recorder's client")?;
    profile.read_timeout = Some(Millis(spec.timeout_ms.unwrap_or(1_000)));
    if spec.norole {
        profile.greeting = &[];
    }
    let rate = |share: f64| Rate((spec.rate * share * 1_000.0).round() as u32);
    let mut workload = Workload::default();
    match spec.kind.as_str() {
        "set" => workload.sadd = rate(1.0),
        "reg" => (workload.set, workload.get) = (rate(0.5), rate(0.5)),
        "push" => {
            workload.rpush = rate(1.0);
            profile.close_on_error = CloseOn::AllBut(&[]);
            profile.op_retry = Retry {
                attempts: spec.max_tries.unwrap_or(50),
                backoff: Backoff { base: Millis(1), cap: Millis(2), ..Backoff::NONE },
                budget: None,
                on: EVERYTHING,
            };
        }
        kind => return Err(format!("unknown kind of client `{kind}`")),
    }
    let order = match &spec.sentinels {
        None => known.iter().map(|(_, addr)| *addr).collect(),
        Some(names) => {
            let find = |name: &String| known.iter().find(|(known, _)| known == name).map(|(_, addr)| *addr);
            let order: Option<Vec<Addr>> = names.iter().map(find).collect();
            order.ok_or_else(|| format!("client {number} names a Sentinel that does not exist"))?
        }
    };
    Ok(ClientConf {
        number,
        profile,
        workload,
        sentinels: order,
        server: None,
        master: MASTER.into(),
        password: None,
        sentinel_password: None,
    })
}

/// A push is repeated whatever happened.
const EVERYTHING: &[ErrClass] = &[
    ErrClass::ConnFail,
    ErrClass::Closed,
    ErrClass::ReadTimeout,
    ErrClass::NoMaster,
    ErrClass::ReadOnly,
    ErrClass::Loading,
    ErrClass::MasterDown,
    ErrClass::NoReplicas,
    ErrClass::Other,
];

// ---- the fault script ----

/// Index of the step from which times count.
fn origin(recording: &Recording) -> usize {
    let steps = &recording.steps;
    let flagged = steps.iter().position(|(_, step)| step.get("t0").is_some_and(|t0| t0 == &Value::Bool(true)));
    let nearest = || (0..steps.len()).min_by(|a, b| steps[*a].0.abs().total_cmp(&steps[*b].0.abs()));
    flagged.or_else(nearest).unwrap_or(0)
}

fn schedule(all: &[Recording], recording: &Recording) -> Result<Vec<Step>, String> {
    let origin = origin(recording);
    let first = recording.steps.first().map_or(0.0, |(ms, _)| *ms);
    let mut schedule: Vec<Step> = Vec::new();
    // Where in the schedule each step of the recording stands.
    let mut places: Vec<usize> = Vec::new();
    let mut cut = false;
    let mut clocks: Vec<(String, f64)> = Vec::new();
    for (k, (ms, step)) in recording.steps.iter().enumerate() {
        let shown = || Value::Object(step.clone()).to_string();
        if let Some(key) = step.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("unknown key `{key}` in step {}: {}", k + 1, shown()));
        }
        let before = k.checked_sub(1).map(|before| (recording.steps[before].0, places[before]));
        let trigger = trigger(step, *ms, before, (k > origin).then(|| places[origin]), first)?;
        let action =
            action(all, recording, k, &mut clocks).ok_or_else(|| format!("unknown step {}: {}", k + 1, shown()))?;
        let network = matches!(action, Action::Partition(_) | Action::Drop(..));
        if network && cut {
            // One set of rules replaces the other.
            schedule.push(Step { trigger, action: Action::Heal, origin: false });
            let trigger = Trigger::AfterStep(schedule.len() - 1, Millis(0));
            schedule.push(Step { trigger, action, origin: k == origin });
        } else {
            cut = network || (cut && action != Action::Heal);
            schedule.push(Step { trigger, action, origin: k == origin });
        }
        places.push(schedule.len() - 1);
    }
    Ok(schedule)
}

fn trigger(
    step: &Map<String, Value>,
    ms: f64,
    before: Option<(f64, usize)>,
    origin: Option<usize>,
    first: f64,
) -> Result<Trigger, String> {
    let number = |key: &str| step.get(key).and_then(Value::as_f64);
    let seconds = |key: &str| number(key).map(|s| millis(s * 1_000.0));
    let cap = seconds("cap").unwrap_or(Millis(60_000));
    if let Some(name) = step.get("on").and_then(Value::as_str) {
        let event = EventKind::from_name(name).ok_or_else(|| format!("unknown event `{name}`"))?;
        let after = millis(number("reaction_ms").unwrap_or(number("delay").unwrap_or(0.0) * 1_000.0).max(0.0));
        return Ok(match step.get("match").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            None => Trigger::On { event, after, cap },
            Some(text) => Trigger::OnPayload { event, payload: text.to_owned(), after, cap },
        });
    }
    if let Some(factor) = number("after_switch_x") {
        return Ok(Trigger::AfterSwitch { factor: (factor * 1_000.0).round() as u32, cap });
    }
    if let Some(wait) = seconds("after_stable") {
        return Ok(Trigger::AfterStable { wait, cap });
    }
    Ok(match (before, origin) {
        (_, Some(origin)) if step.contains_key("at") => Trigger::AfterStep(origin, millis(ms)),
        (Some((then, place)), _) if !step.contains_key("at") => Trigger::AfterStep(place, millis(ms - then)),
        _ => Trigger::At(millis(ms - first)),
    })
}

fn action(all: &[Recording], recording: &Recording, k: usize, clocks: &mut Vec<(String, f64)>) -> Option<Action> {
    let step = &recording.steps[k].1;
    let targets = || targets(all, recording, k);
    let group = |key: &str| names(step.get(key)).map(named);
    Some(match step.get("do")?.as_str()? {
        "kill" => Action::Kill(targets()?),
        "terminate" => Action::Stop(targets()?),
        "stop" => Action::Pause(targets()?),
        "cont" => Action::Resume(targets()?),
        "restart" => Action::Restart(targets()?),
        "start" => Action::Start(targets()?),
        "replace" => Action::Replace(targets()?, group("new")?),
        "reset" => Action::Command(targets()?, OperatorCommand::Sentinel(SentinelCommand::Reset(MASTER.to_owned()))),
        "debug-sleep" => {
            let time = millis(step.get("seconds")?.as_f64()? * 1_000.0);
            Action::Command(targets()?, OperatorCommand::DebugSleep(time))
        }
        "partition" => {
            let groups = step.get("groups")?.as_array()?.iter().map(|group| names(Some(group)).map(named));
            Action::Partition(groups.collect::<Option<_>>()?)
        }
        "drop" => Action::Drop(group("from")?, group("to")?),
        "heal" => Action::Heal,
        "failover" => Action::SentinelFailover(targets()?.into_iter().next()?, Name::from(MASTER)),
        "clock" => {
            // The recorder sets an offset; a step is the difference to the one before.
            let (set, target) = (step.get("set_ms")?.as_f64()?, names(step.get("target"))?);
            let before = clocks.iter().rev().find(|(name, _)| target.contains(name)).map_or(0.0, |(_, ms)| *ms);
            let set = if target.iter().all(|name| clock_stood(recording, k, name)) { before } else { set };
            clocks.extend(target.into_iter().map(|name| (name, set)));
            Action::ClockStep(targets()?, millis(set - before))
        }
        _ => return None,
    })
}

/// Whether the clock of a Sentinel did not move although a step set it: lines that only its log has, with its own stamps,
/// lie beside events whose times the recorder took. A shim that was not loaded looks like that.
fn clock_stood(recording: &Recording, k: usize, sentinel: &str) -> bool {
    let own = |source: &'static str| {
        let since = recording.steps[k].0;
        recording.events.iter().filter(move |e| e.0 > since && e.1 == sentinel && e.4 == source).map(|e| e.0)
    };
    own("f").any(|stamp| own("p").any(|taken| (stamp - taken).abs() <= CLOCK_MARGIN_MS))
}

/// A name, or a list of names.
fn names(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn named(names: Vec<String>) -> Vec<Target> {
    names.into_iter().map(Target::Named).collect()
}

/// Targets of a step, as roles where they are ones.
fn targets(all: &[Recording], recording: &Recording, k: usize) -> Option<Vec<Target>> {
    let own = names(recording.steps[k].1.get("target"))?;
    Some(own.into_iter().enumerate().map(|(i, name)| role(all, k, i).unwrap_or(Target::Named(name))).collect())
}

/// The role of the `i`-th target of step `k` in all runs.
fn role(all: &[Recording], k: usize, i: usize) -> Option<Target> {
    let target = |r: &Recording, k: usize, i: usize| names(r.steps.get(k)?.1.get("target"))?.get(i).cloned();
    let name = |r: &Recording| target(r, k, i);
    let everywhere =
        |holds: &dyn Fn(&Recording, &str) -> bool| all.iter().all(|r| name(r).is_some_and(|name| holds(r, &name)));
    // A view is up to a quarter of a second old when it is looked at.
    let is_master =
        |r: &Recording, k: usize, name: &str| r.steps.get(k).is_some_and(|(ms, _)| r.master_at(*ms) == name);
    if everywhere(&|r, name| is_master(r, k, name)) {
        return Some(Target::Master(None));
    }
    if everywhere(&|r, name| bound(r, k).is_some_and(|sentinel| sentinel == name)) {
        return Some(Target::OldLeader);
    }
    let differs = all.iter().any(|r| name(r) != name(&all[0]));
    let earlier = |k: usize| everywhere_master(all, k, &is_master, &target);
    let last = (0..k).rev().find(|k| earlier(*k))?;
    (differs && everywhere(&|r, name| target(r, last, 0).as_deref() == Some(name))).then_some(Target::OldMaster)
}

fn everywhere_master(
    all: &[Recording],
    k: usize,
    is_master: &dyn Fn(&Recording, usize, &str) -> bool,
    target: &dyn Fn(&Recording, usize, usize) -> Option<String>,
) -> bool {
    all.iter().all(|r| target(r, k, 0).is_some_and(|name| is_master(r, k, &name)))
}

/// The Sentinel whose event the last waiting step up to `k` had waited for.
fn bound(recording: &Recording, k: usize) -> Option<&str> {
    let waited = (0..=k).rev().find(|k| recording.steps.get(*k).is_some_and(|(_, step)| step.contains_key("on")))?;
    let (ms, step) = &recording.steps[waited];
    let (event, beginning) = (step.get("on")?.as_str()?, step.get("match").and_then(Value::as_str).unwrap_or(""));
    let since = waited.checked_sub(1).map_or(f64::NEG_INFINITY, |before| recording.steps[before].0 - 1.0);
    let found = recording
        .events
        .iter()
        .find(|e| e.0 >= since && e.0 <= *ms && e.2 == event && e.3.starts_with(beginning) && e.4 != "l" && e.4 != "f");
    found.map(|event| event.1.as_str())
}
