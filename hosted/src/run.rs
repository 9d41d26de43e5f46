//! A test over seeds: each on a fresh thread of its own, because what a thread did before shows in the order of std's hash
//! maps; then one verdict over all of them.

use crate::cluster::Cluster;
use crate::door::Door;
use crate::hosted::{Hosted, message_of};
use crate::pump::Pump;
use madsim::runtime::Runtime;
use splitbrain::checker::Verdict;
use splitbrain::checker::observations::NodeIx;
use splitbrain::reports::{Style, text};
use splitbrain::scenarios::{ProcessKind, Resolved, Scenario};
use splitbrain::sim::session::Outside;
use splitbrain::sim::{Record, Session};
use splitbrain::{JudgedRun, fold_runs, judge_run, resolve, saved};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

/// One run of a test.
struct Played {
    judged: JudgedRun,
    record: Record,
    outside: Vec<Outside>,
    resolved: Resolved,
    /// What the test itself complained of.
    failed: Option<String>,
}

/// Runs a test over its seeds and judges it.
///
/// `SPLITBRAIN_SEED=<n>` in the environment plays that seed alone; `SPLITBRAIN_SEEDS=<a>..<b>` other seeds.
///
/// # Panics
/// If the test panics in a seed, an expectation of the scenario is not met, or a run is not the same when it is played
/// again (seed 0 and every 64th are). The message says which seed shows it, how to repeat it, and where it was saved.
pub fn run<F, Fut>(test: Hosted, body: F)
where
    F: Fn(Cluster) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let seeds = test.asked();
    assert!(
        !test.scenario.apps.is_empty(),
        "{}: a hosted test is an application, and the scenario names none: put `apps = [\"app\"]` at its top",
        test.scenario.file.display()
    );
    let body = Arc::new(body);
    let next = AtomicUsize::new(0);
    let all: Vec<u64> = seeds.collect();
    let done: Mutex<Vec<(u64, Result<Played, String>)>> = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(all.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(seed) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let played = checked(&test, *seed, &body);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((*seed, played));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(seed, _)| *seed);
    report(&test, done);
}

/// Plays a seed, and some of them twice.
fn checked<F, Fut>(test: &Hosted, seed: u64, body: &Arc<F>) -> Result<Played, String>
where
    F: Fn(Cluster) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let played = on_fresh_thread(test, seed, body)?;
    if seed.is_multiple_of(64) {
        let again = on_fresh_thread(test, seed, body)?;
        if again.record.digest != played.record.digest {
            return Err(format!(
                "not the same when played again (digest {} then {}): the test depends on something that is not the \
                 seed's, such as the system's clock, random numbers of the system, threads, or the order of a hash map \
                 with keys of its own",
                played.record.digest, again.record.digest
            ));
        }
    }
    Ok(played)
}

fn on_fresh_thread<F, Fut>(test: &Hosted, seed: u64, body: &Arc<F>) -> Result<Played, String>
where
    F: Fn(Cluster) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let (test, body) = (test.clone(), body.clone());
    std::thread::spawn(move || one(&test, seed, &*body)).join().map_err(|panic| message_of(&*panic))?
}

fn one<F, Fut>(test: &Hosted, seed: u64, body: &F) -> Result<Played, String>
where
    F: Fn(Cluster) -> Fut,
    Fut: Future<Output = ()> + 'static,
{
    let resolved = resolve(&test.scenario, seed);
    let session = Session::open(resolved.clone(), true);
    if !session.settled() {
        return Err("the cluster did not settle before the test began".to_owned());
    }
    let code = async |door| {
        if madsim::time::timeout(test.limit, body(Cluster::new(door, seed))).await.is_err() {
            panic!("{}", test.overdue());
        }
    };
    let (mut session, failed) = inside_madsim(session, seed, code)?;
    session.release();
    while !session.is_over() && session.advance_to(splitbrain::model::TrueTime(u64::MAX)).is_some() {}
    let played = session.scenario().clone();
    let (record, outside) = session.finish();
    let judged = judge_run(&test.scenario, &played, &record);
    Ok(Played { judged, record, outside, resolved, failed })
}

/// Plays a seed of a scenario inside madsim, with nobody from outside in it. The record is that of [`splitbrain::run_seed`], the
/// digest included.
///
/// # Errors
/// If madsim's runtime failed.
pub fn run_seed(scenario: &Scenario, seed: u64) -> Result<Record, String> {
    let session = Session::open(resolve(scenario, seed), false);
    let over = async |door: Arc<Door>| {
        poll_fn(|cx| door.with(|core| core.poll_event(0, |_| false, cx)).unwrap_or(Poll::Ready(None))).await;
    };
    match inside_madsim(session, seed, over)? {
        (session, None) => Ok(session.finish().0),
        (_, Some(why)) => Err(why),
    }
}

/// Drives a run by madsim's clock until the code is done. With the run comes what the code complained of.
fn inside_madsim<Fut>(
    session: Session,
    seed: u64,
    code: impl FnOnce(Arc<Door>) -> Fut,
) -> Result<(Session, Option<String>), String>
where
    Fut: Future,
{
    let runtime = Runtime::with_seed_and_config(seed, madsim::Config::default());
    runtime.add_simulator::<Door>();
    let apps = session.scenario().processes.iter().enumerate();
    let app = apps.filter(|(_, p)| matches!(p.kind, ProcessKind::App)).map(|(at, _)| NodeIx(at as u16)).next();
    let door: Mutex<Option<Arc<Door>>> = Mutex::new(None);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let mine = madsim::plugin::simulator::<Door>();
            *door.lock().unwrap_or_else(PoisonError::into_inner) = Some(mine.clone());
            mine.install(session);
            if let Some(app) = app {
                mine.with(|core| core.host(madsim::plugin::node(), app));
            }
            let _pump = madsim::task::spawn(Pump::new(mine.clone()));
            code(mine).await;
        });
    }));
    let door = door.into_inner().unwrap_or_else(PoisonError::into_inner);
    let session = door.and_then(|door| door.take()).ok_or("the test took the cluster away")?;
    // Tasks that are left find no door any more.
    drop(runtime);
    Ok((session, ended.err().map(|panic| message_of(&*panic))))
}

/// Says what was found, and fails if it is not what was expected.
fn report(test: &Hosted, done: Vec<(u64, Result<Played, String>)>) {
    let repeat = |seed: u64| format!("repeat: SPLITBRAIN_SEED={seed} cargo test {}", test.name);
    let mut complaints = Vec::new();
    let mut judged = Vec::new();
    let mut kept = Vec::new();
    for (seed, played) in done {
        match played {
            Err(why) => complaints.push((seed, why, None)),
            Ok(Played { judged: run, record, outside, resolved, failed }) => {
                if let Some(why) = failed {
                    complaints.push((seed, why, Some(kept.len())));
                }
                judged.push(run);
                kept.push((seed, record, outside, resolved));
            }
        }
    }
    let summary = fold_runs(&test.scenario, judged);
    let mut wrong = String::new();
    let save = |seed: u64| -> String {
        let Some((_, record, outside, resolved)) = kept.iter().find(|(of, ..)| *of == seed) else {
            return String::new();
        };
        let path = test.save_to.join(format!("{}-{seed}.json", test.name.replace("::", "-")));
        match saved::keep(&test.scenario, resolved.clone(), record, outside.clone(), &summary.unmet, &path) {
            Ok(()) => format!("\nkept: splitbrain replay {}", path.display()),
            Err(error) => format!("\nnot kept: {}: {error}", path.display()),
        }
    };
    if let Some((seed, why, _)) = complaints.first() {
        let more = if complaints.len() > 1 { format!(" ({} seeds in all)", complaints.len()) } else { String::new() };
        wrong.push_str(&format!("seed {seed}{more}: {why}\n{}{}\n", repeat(*seed), save(*seed)));
    }
    if summary.verdict != Verdict::Pass {
        wrong.push_str(&text::block(&summary, Style { colour: false }));
        if let Some(seed) = summary.unmet.iter().find_map(|unmet| unmet.seed) {
            wrong.push_str(&format!("{}{}\n", repeat(seed), save(seed)));
        }
    }
    assert!(wrong.is_empty(), "{}\n{wrong}", test.name);
    println!("{}", text::block(&summary, Style { colour: false }));
}
