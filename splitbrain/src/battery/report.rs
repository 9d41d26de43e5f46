//! What a battery found, for people and for programs. Decides nothing.

use super::Row;
use super::changes::{Score, Tried};
use super::cluster::Cluster;
use super::demonstrate::Demonstration;
use serde_json::{Value, json};
use std::fmt::Write;

/// How something that matters is painted.
pub type Paint<'p> = &'p dyn Fn(&str) -> String;

/// The table, and what was assumed.
pub fn table(cluster: &Cluster, rows: &[Row], strong: Paint<'_>, bad: Paint<'_>) -> String {
    let mut out = String::new();
    let runs = rows.first().map_or(0, |row| row.runs);
    let title = format!(
        "{:<48}{:>17}{:>14}{:>14}  {:<10}seen in",
        "When …", "nobody writes for", "writes lost", "two masters", "recovers"
    );
    let _ = writeln!(out, "{}", strong(&title));
    for row in rows {
        let seconds = |ms: i64| format!("{}.{}", ms / 1000, ms % 1000 / 100);
        let of = |(median, worst): (i64, i64), told: &dyn Fn(i64) -> String, unit: &str| match (median, worst) {
            (0, 0) => "-".to_owned(),
            (median, worst) => format!("{} / {}{unit}", told(median), told(worst)),
        };
        let gap = of(row.gap_ms, &seconds, " s");
        let lost = of(row.lost, &|count| count.to_string(), "");
        let split = of(row.split_ms, &seconds, " s");
        let recovers = match row.recovered {
            0 => "no".to_owned(),
            all if all == row.runs => "yes".to_owned(),
            some => format!("{some} of {}", row.runs),
        };
        let recovers = format!("{recovers:<10}");
        let recovers = if row.recovered == row.runs { recovers } else { bad(&recovers) };
        let (title, name, seed) = (row.failure.title, row.failure.name, row.seed);
        let _ = writeln!(out, "{title:<48}{gap:>17}{lost:>14}{split:>14}  {recovers}{name} {seed}");
    }
    let _ = writeln!(
        out,
        "Median / worst of {runs} runs each. To see one: --scenarios FOLDER, then splitbrain run FOLDER/NAME.toml --seed SEED."
    );
    if rows.iter().all(|row| row.unsettled == row.runs) && !rows.is_empty() {
        let _ = writeln!(out, "{}", bad("It does not even come to rest before anything happens to it."));
    }
    for assumed in &cluster.assumed {
        let _ = writeln!(out, "Assumed: {assumed}.");
    }
    out
}

/// The changes that help most.
pub fn changes(tried: &[Tried], strong: Paint<'_>) -> String {
    let mut out = String::new();
    if tried.is_empty() {
        out.push_str("None of the usual changes helps against these failures.\n");
        return out;
    }
    let _ = writeln!(out, "{}", strong("What helps most, each tried by itself with the same failures and seeds"));
    for (number, its) in (1..).zip(tried) {
        let _ = writeln!(out, "{number}. {}: {}", strong(its.change.name), its.change.what);
        for line in &its.lines {
            let _ = writeln!(out, "     {line}");
        }
        let told = told(its.before, its.after);
        out.push_str(&wrapped(&format!("{told}. Price: {}.", its.change.price)));
    }
    out
}

/// What the failures show of the rules that something breaks, or why they do not.
pub fn shown(
    rules: &[&str],
    shown: &[Demonstration],
    why_not: &dyn Fn(&str) -> Option<String>,
    strong: Paint<'_>,
) -> String {
    let mut out = String::new();
    for rule in rules {
        let told = match shown.iter().find(|its| its.rule == *rule) {
            Some(its) if its.drill => format!("{} ({} {})", its.told, its.rule, its.row.seed),
            Some(its) => format!("{} ({} {})", its.told, its.row.failure.name, its.row.seed),
            None => match why_not(rule) {
                Some(why) => why,
                None => continue,
            },
        };
        if out.is_empty() {
            let _ = writeln!(out, "{}", strong("What was found in the files, and where it shows"));
        }
        out.push_str(&wrapped(&format!("{rule}: {told}")));
    }
    out
}

/// In lines of a hundred columns, indented.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut line = String::from("  ");
    for word in text.split(' ') {
        if line.len() + 1 + word.len() > 100 {
            let _ = writeln!(out, "{line}");
            line = String::from("  ");
        }
        let _ = write!(line, " {word}");
    }
    let _ = writeln!(out, "{line}");
    out
}

/// What differs between two scores.
fn told(before: Score, after: Score) -> String {
    let mut parts = Vec::new();
    for (name, was, is) in [
        ("runs that do not recover", before.stuck as i64, after.stuck as i64),
        ("runs that lose writes or have two masters", before.unsafe_runs as i64, after.unsafe_runs as i64),
        ("writes lost (medians of all failures)", before.lost, after.lost),
        ("seconds without writes (medians of all failures)", before.gap_s, after.gap_s),
    ] {
        if was != is {
            parts.push(format!("{name} {was} to {is}"));
        }
    }
    parts.join(", ")
}

/// The rows as `battery` of the document.
pub fn battery(deployment: &str, rows: &[Row], drill: bool) -> Vec<Value> {
    let told = |row: &Row| {
        json!({
            "deployment": deployment,
            "failure": row.failure.name,
            "title": row.failure.title,
            "drill": drill,
            "runs": row.runs,
            "write_gap_ms": {"median": row.gap_ms.0, "worst": row.gap_ms.1},
            "lost": {"median": row.lost.0, "worst": row.lost.1, "runs": row.losing},
            "split_brain_ms": {"median": row.split_ms.0, "worst": row.split_ms.1, "runs": row.split},
            "failovers": {"runs": row.replaced},
            "evicted": {"median": row.evicted.0, "worst": row.evicted.1},
            "recovers": row.recovered == row.runs,
            "recovered_runs": row.recovered,
            "unsettled_runs": row.unsettled,
            "seed": row.seed,
            "scenario": row.scenario,
        })
    };
    rows.iter().map(told).collect()
}

/// The changes as `changes` of the document.
pub fn tried(deployment: &str, tried: &[Tried]) -> Vec<Value> {
    let score = |score: Score| {
        json!({
            "runs_not_recovered": score.stuck,
            "runs_unsafe": score.unsafe_runs,
            "lost_median_sum": score.lost,
            "write_gap_median_sum_s": score.gap_s,
        })
    };
    let told = |its: &Tried| {
        json!({
            "deployment": deployment,
            "change": its.change.name,
            "what": its.change.what,
            "price": its.change.price,
            "lines": its.lines,
            "before": score(its.before),
            "after": score(its.after),
            "battery": battery(deployment, &its.rows, false),
        })
    };
    tried.iter().map(told).collect()
}

/// What shows that a finding is one, as `demonstrated_by` of the document.
pub fn demonstrated(its: &Demonstration) -> Value {
    let file = if its.drill { its.rule } else { its.row.failure.name };
    json!({"failure": its.row.failure.name, "seed": its.row.seed, "shows": its.told, "scenario": format!("{file}.toml")})
}
