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

    /// So many of so many runs are finished, and so many of them since this began: tells when it will be over too.
    pub fn update_of(&self, finished: u64, now: u64, total: u64) {
        let left = self.started.map(|started| started.elapsed().mul_f64((total - finished) as f64 / now.max(1) as f64));
        let left = left.map_or(0, |left| left.as_secs());
        self.show(finished, &format!("/{total}, {}:{:02} left", left / 60, left % 60));
    }

    /// So many runs are finished.
    pub fn update(&self, finished: u64) {
        // A run that ends by time or by what it reaches has no total.
        let total = if self.total == u64::MAX { " seeds".to_owned() } else { format!("/{}", self.total) };
        self.show(finished, &total);
    }

    fn show(&self, finished: u64, total: &str) {
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
