//! The point of no return as text and as JSON.

use super::{NoReturn, Rung};
use serde_json::{Value, json};
use splitbrain_checker::sentence::seconds;

/// Width of a full bar.
const BAR: f64 = 32.0;

impl NoReturn {
    /// The curve for people, a line per time, and the point.
    pub fn text(&self) -> String {
        let of = self.rungs.first().map_or(0, |rung| rung.of);
        let mut text = format!(
            "Chance of {} if everything drawn from a time on is drawn anew ({of} runs each, 95 % interval):\n\n",
            self.target.property
        );
        for rung in &self.rungs {
            let (low, high) = rung.interval();
            let bar = "#".repeat((rung.share() * BAR).round() as usize);
            let line = format!(
                "{:>10}  {:>5} of {}  {:>4}  {:>4} to {:>5}  {bar}",
                seconds(rung.at_ms),
                rung.failed,
                rung.of,
                percent(rung.share()),
                percent(low),
                percent(high),
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push_str(&format!("\n{}\n", self.sentence()));
        if !self.finished {
            text.push_str("Stopped before it was looked at closely.\n");
        }
        text
    }

    /// From when on it was nearly certain, in a sentence.
    fn sentence(&self) -> String {
        let Some(point) = self.point.and_then(|point| self.rungs.get(point)) else {
            return "No point of no return: until the end of the run another course could have avoided it.".to_owned();
        };
        if self.point == Some(0) {
            return "No point of no return: the schedule leads to it from the beginning.".to_owned();
        }
        let before = self.before.as_ref().map_or_else(String::new, |(at_ms, what)| {
            format!("; the last before it, at {}: {}", seconds(*at_ms), what.trim_end_matches('.'))
        });
        format!("Point of no return: {}{before}.", seconds(point.at_ms))
    }

    /// The same as a JSON value.
    pub fn json(&self) -> Value {
        let rung = |rung: &Rung| {
            let (low, high) = rung.interval();
            let rounded = |share: f64| (share * 1e4).round() / 1e4;
            json!({
                "at_ms": rung.at_ms,
                "failed": rung.failed,
                "of": rung.of,
                "share": rounded(rung.share()),
                "interval": [rounded(low), rounded(high)],
            })
        };
        let before = self.before.as_ref().map(|(at_ms, what)| json!({ "at_ms": at_ms, "what": what }));
        json!({
            "property": self.target.property,
            "kind": self.target.kind,
            "seed": self.seed,
            "at_ms": self.point.and_then(|point| self.rungs.get(point)).map(|rung| rung.at_ms),
            "last_before": before,
            "curve": self.rungs.iter().map(rung).collect::<Vec<_>>(),
            "finished": self.finished,
        })
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
