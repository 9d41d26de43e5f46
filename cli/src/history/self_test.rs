//! `history --self-test`: the exact checks, the search and a trial of all orders on the same random small histories. Three
//! ways to one verdict; they share no code but the history.

use crate::exit::{Exit, PLEASE_REPORT};
use crate::output::{diagnose, print};
use crate::progress::Progress;
use splitbrain_checker::linear::{self, History, NEVER, Report, Scratch, random};
use splitbrain_checker::search::{self, Budget, Model, Objects, small};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// What the checkers said of the histories of one model.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// Histories that have an order.
    legal: u64,
    /// Histories that the exact checks decided.
    exact: u64,
}

/// Compares them on `count` histories of each model.
pub fn self_test(count: u64, jobs: usize, quiet: bool) -> io::Result<Exit> {
    let progress = Progress::new("self-test", count * Model::ALL.len() as u64, quiet);
    let mut text = String::new();
    for (n, model) in (0u64..).zip(Model::ALL) {
        let done = AtomicU64::new(0);
        let total: Mutex<(Tally, Option<String>)> = Mutex::new(Default::default());
        thread::scope(|scope| {
            for worker in 0..jobs as u64 {
                let (done, total, progress) = (&done, &total, &progress);
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    let mut scratch = Scratch::default();
                    let mut wrong = None;
                    for number in (worker..count).step_by(jobs) {
                        wrong = compare(model, number, &mut scratch, &mut tally).err();
                        if wrong.is_some() {
                            break;
                        }
                        progress.update(n * count + done.fetch_add(1, Ordering::Relaxed) + 1);
                    }
                    let mut total = total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    total.0.legal += tally.legal;
                    total.0.exact += tally.exact;
                    total.1 = total.1.take().or(wrong);
                });
            }
        });
        let (tally, wrong) = total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(wrong) = wrong {
            diagnose(&format!("bug: {wrong}. {PLEASE_REPORT}"));
            return Ok(Exit::Bug);
        }
        text += &format!(
            "{:<14} {count} histories, {} with an order; the exact checks decided {}; all agree\n",
            name(model),
            tally.legal,
            tally.exact
        );
    }
    drop(progress);
    if !quiet {
        print(&text)?;
    }
    Ok(Exit::Met)
}

/// One history, made from its number: by turns by the two generators there are.
fn compare(model: Model, number: u64, scratch: &mut Scratch, tally: &mut Tally) -> Result<(), String> {
    let history = match of_random(model).filter(|_| number % 2 == 1) {
        Some(objects) => random::history(objects, number),
        None => small::history(model, number),
    };
    let History { entries, arena, .. } = &history;
    let objects: Objects<'_> = small::small(model, history.initial);
    let by_trial = search::exhaustive(entries, arena, &objects);
    tally.legal += u64::from(by_trial);
    let found = search::search(entries, arena, &objects, None, Budget::default());
    let told = |how: &str| format!("{how} in history {number} of model {}: {history:?}", name(model));
    if found.violations.is_empty() != by_trial || !found.undecided.is_empty() {
        return Err(told("search and trial of all orders differ"));
    }
    if by_trial && !search::replay(&found.order, entries, arena, &objects) {
        return Err(told("the order that the search found is none"));
    }
    if let Some(exact) = exact(model) {
        let mut report = Report::default();
        linear::check(exact, &numbered(&history), scratch, &mut report);
        if report.total > 0 || report.undecided.is_empty() {
            tally.exact += 1;
            if (report.total == 0) != by_trial {
                return Err(told("exact check and trial of all orders differ"));
            }
        }
    }
    Ok(())
}

/// The same history with a number of its own for every event, as the exact checks want it: of equal numbers calls come
/// first.
fn numbered(history: &History) -> History {
    let mut history = history.clone();
    let mut events: Vec<(u32, bool, usize)> = Vec::new();
    for (i, entry) in history.entries.iter().enumerate() {
        events.push((entry.call, false, i));
        if entry.ret != NEVER {
            events.push((entry.ret, true, i));
        }
    }
    events.sort_unstable();
    for (number, (_, is_return, i)) in (1u32..).zip(events) {
        let entry = &mut history.entries[i];
        *(if is_return { &mut entry.ret } else { &mut entry.call }) = number;
    }
    history
}

fn name(model: Model) -> &'static str {
    match model {
        Model::Register => "register",
        Model::Counter => "counter",
        Model::Set => "set",
        Model::List => "list",
        Model::Text => "string-append",
        Model::Mutex => "mutex",
        Model::Transactions => "multi-register",
    }
}

fn exact(model: Model) -> Option<linear::Model> {
    match model {
        Model::Register => Some(linear::Model::Register),
        Model::Counter => Some(linear::Model::Counter),
        Model::Set => Some(linear::Model::Set),
        Model::List => Some(linear::Model::List),
        Model::Text | Model::Mutex | Model::Transactions => None,
    }
}

fn of_random(model: Model) -> Option<random::Objects> {
    match model {
        Model::Register => Some(random::Objects::Registers),
        Model::Counter => Some(random::Objects::Counters),
        Model::Set => Some(random::Objects::Sets),
        Model::List => Some(random::Objects::Lists),
        Model::Mutex => Some(random::Objects::Mutexes),
        Model::Transactions => Some(random::Objects::Transactions),
        Model::Text => None,
    }
}
