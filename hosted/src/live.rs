//! The same tests on real processes: `splitbrain-live` plays the cluster, tokio the sockets and the time. A test runs on the
//! host of the scenario's first application, in real time, for one seed unless others are asked for.
//!
//! What the test itself asks servers is not seen, so it is not judged; what the scenario's clients ask is.

mod cluster;

pub use cluster::{Cluster, Fault};
pub use tokio::{net, task, time};

use crate::hosted::{Hosted, message_of};
use splitbrain::checker::Verdict;
use splitbrain::checker::observations::NodeIx;
use splitbrain::reports::{Style, text};
use splitbrain::scenarios::ProcessKind;
use splitbrain::{JudgedRun, fold_runs, judge_run, resolve};
use splitbrain_live::{Options, Session};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// Runs a test and judges what was seen of it.
///
/// One seed is played, the first of the test's; `SPLITBRAIN_SEED=<n>` and `SPLITBRAIN_SEEDS=<a>..<b>` play others.
///
/// # Panics
/// If the test panics, an expectation of the scenario is not met, or the scenario cannot be played on real processes here.
pub fn run<F, Fut>(test: Hosted, body: F)
where
    F: Fn(Cluster) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    assert!(
        !test.scenario.apps.is_empty(),
        "{}: a hosted test is an application, and the scenario names none: put `apps = [\"app\"]` at its top",
        test.scenario.file.display()
    );
    let others_asked = ["SPLITBRAIN_SEED", "SPLITBRAIN_SEEDS"].iter().any(|name| std::env::var_os(name).is_some());
    let seeds = test.asked();
    let count = if others_asked { usize::MAX } else { 1 };
    let body = Arc::new(body);
    let mut judged = Vec::new();
    // Real time has one present: one after the other, and one test after the other.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for seed in seeds.take(count) {
        let (its, body) = (test.clone(), body.clone());
        // A thread of its own: it enters the network of the application's host and does not come back.
        let played = std::thread::spawn(move || one(&its, seed, &*body)).join();
        match played.unwrap_or_else(|panic| Err(message_of(&*panic))) {
            Ok(run) => judged.push(run),
            Err(why) => panic!("{}\nseed {seed}, on real processes: {why}", test.name),
        }
    }
    drop(turn);
    let summary = fold_runs(&test.scenario, judged);
    let block = text::block(&summary, Style { colour: false });
    assert!(summary.verdict == Verdict::Pass, "{}, on real processes\n{block}", test.name);
    println!("{block}");
}

fn one<F, Fut>(test: &Hosted, seed: u64, body: &F) -> Result<JudgedRun, String>
where
    F: Fn(Cluster) -> Fut,
    Fut: Future<Output = ()> + 'static,
{
    let session =
        Session::open(resolve(&test.scenario, seed), Options::default()).map_err(|error| error.to_string())?;
    let session = Arc::new(session);
    let apps = session.scenario().processes.iter().enumerate();
    let app =
        apps.filter(|(_, process)| matches!(process.kind, ProcessKind::App)).map(|(p, _)| NodeIx(p as u16)).next();
    app.map_or(Ok(()), |app| session.enter(app)).map_err(|error| error.to_string())?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let cluster = Cluster::new(session.clone(), seed);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let limited = async { tokio::time::timeout(test.limit, body(cluster)).await };
        tokio::task::LocalSet::new().block_on(&runtime, limited)
    }));
    drop(runtime);
    let in_time = ended.map_err(|panic| message_of(&*panic))?;
    in_time.map_err(|_| test.overdue())?;
    let played = session.finish().map_err(|error| error.to_string())?;
    Ok(judge_run(&test.scenario, &played.resolved, &played.record))
}
