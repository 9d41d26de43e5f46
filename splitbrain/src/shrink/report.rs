//! A shrunk failure as text and as JSON.

use super::{Promoted, Shrunk, Size};
use serde_json::{Value, json};
use splitbrain_checker::sentence::seconds;
use std::path::Path;

impl Shrunk {
    /// The story for people: how much smaller it is, what happens when, what is found.
    pub fn text(&self) -> String {
        let played = self.play();
        let after = &self.after;
        let faults = if self.before.faults == 1 { "fault" } else { "faults" };
        let mut text = format!(
            "{} of {} {faults} left ({} in place of {}), {}, {}, {}; seed {}\n\n",
            after.faults,
            self.before.faults,
            seconds(after.span.0),
            seconds(self.before.span.0),
            shown("server", self.before.servers, after.servers),
            shown("Sentinel", self.before.sentinels, after.sentinels),
            shown("client", self.before.clients, after.clients),
            self.seed(),
        );
        for line in &played.story {
            text.push_str(&format!("{line}\n"));
        }
        let at = played.at_ms.map_or_else(String::new, seconds);
        text.push_str(&format!("{at:>10}  {}: {}.\n", self.target.property, played.finding));
        if !self.finished {
            text.push_str("\nStopped before it was known whether anything smaller fails.\n");
        }
        text
    }

    /// One JSON document; `saved` and `promoted` are the files that were written.
    pub fn json(&self, saved: Option<&Path>, promoted: Option<(&Path, &Promoted)>) -> String {
        let played = self.play();
        let faults: Vec<Value> =
            played.faults.iter().map(|(at_ms, what)| json!({ "at_ms": at_ms, "what": what })).collect();
        let promoted = promoted.map(|(file, promoted)| {
            json!({ "file": file, "seeds": promoted.seeds, "passes": promoted.passes, "only_with": promoted.only_with })
        });
        let document = json!({
            "splitbrain": env!("CARGO_PKG_VERSION"),
            "scenario": self.origin,
            "origin_seed": self.origin_seed,
            "seed": self.seed(),
            "finished": self.finished,
            "before": size(&self.before),
            "after": size(&self.after),
            "runs": self.runs,
            "finding": {
                "property": self.target.property,
                "kind": self.target.kind,
                "at_ms": played.at_ms,
                "sentence": played.finding,
            },
            "faults": faults,
            "story": played.story.iter().map(|line| line.trim()).collect::<Vec<_>>(),
            "digest": played.digest.to_string(),
            "saved": saved,
            "promoted": promoted,
        });
        format!("{document:#}\n")
    }
}

fn size(size: &Size) -> Value {
    json!({
        "faults": size.faults,
        "span_ms": size.span.0,
        "servers": size.servers,
        "sentinels": size.sentinels,
        "clients": size.clients,
    })
}

fn shown(what: &str, before: usize, after: usize) -> String {
    let plural = if after == 1 { "" } else { "s" };
    if before == after { format!("{after} {what}{plural}") } else { format!("{after} of {before} {what}s") }
}
