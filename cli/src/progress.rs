//! One line about a running scenario, on a terminal only, once it has taken a second.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Progress of one scenario. Clears its line when dropped.
pub struct Progress {
    name: String,
    total: u64,
    started: Option<Instant>,
    finished: AtomicU64,
    shown: Mutex<Option<Instant>>,
}

impl Progress {
    /// Progress over so many runs; silent if `quiet` or if standard error is no terminal.
    #[allow(clippy::disallowed_methods)] // a person waits in real time
    pub fn new(name: &str, total: u64, quiet: bool) -> Progress {
        let visible = !quiet && io::stderr().is_terminal();
        Progress {
            name: name.to_owned(),
            total,
            started: visible.then(Instant::now),
            finished: AtomicU64::new(0),
            shown: Mutex::new(None),
        }
    }

    /// So many runs are finished.
    pub fn update(&self, finished: u64) {
        let finished = self.finished.fetch_max(finished, Ordering::Relaxed).max(finished);
        let Some(started) = self.started else { return };
        if started.elapsed() < Duration::from_secs(1) {
            return;
        }
        // Whoever finds it locked has nothing newer to say.
        let Ok(mut shown) = self.shown.try_lock() else { return };
        if shown.is_some_and(|last| last.elapsed() < Duration::from_millis(100)) {
            return;
        }
        // A run that ends by time or by what it reaches has no total.
        let total = if self.total == u64::MAX { " seeds".to_owned() } else { format!("/{}", self.total) };
        let _ = write!(io::stderr(), "\r\u{1b}[K{} {finished}{total}", self.name);
        *shown = Some(started + started.elapsed());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.get_mut().is_ok_and(|shown| shown.is_some()) {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}
