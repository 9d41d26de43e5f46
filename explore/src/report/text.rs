//! The outcome for people: a table by environment, the front first, then what follows from it.

use super::{amount, thousandths, time};
use crate::choose::{Cliff, Findings, Turn};
use crate::confirm::{Confirmation, Figure};
use crate::figures::{Cell, Yearly};
use crate::merge::Merged;
use crate::plan::Plan;
use crate::promise::Goal;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Rows of a table, unless all are wanted.
const SHOWN: usize = 12;

/// The whole outcome; with `all`, every setting has its row.
pub fn text(merged: &Merged, findings: &Findings, all: bool) -> String {
    let plan = &merged.plan;
    let mut out = String::new();
    let _ = writeln!(out, "{}", plan.title);
    let _ = writeln!(
        out,
        "{} settings in {} with {}{} seeds each: {} runs, digest {}",
        plan.points.len(),
        count(plan.environments.len(), "environment"),
        if plan.rounds.len() > 1 { "up to " } else { "" },
        plan.seeds_of_a_cell(),
        merged.runs(),
        merged.digest
    );
    if plan.rounds.len() > 1 {
        spent(&mut out, merged);
    }
    for failure in &plan.failures {
        let unwanted = if failure.passes { "; passes by itself, a failover for it is false" } else { "" };
        let only = failure.environment.map_or(String::new(), |its| format!(" in {}", plan.environments[its]));
        let rate = thousandths(failure.per_year_milli);
        let _ = writeln!(out, "failure: {}, {rate} a year{only}{unwanted}", failure.name);
    }
    let goals: Vec<String> = plan
        .promise
        .0
        .iter()
        .map(|(goal, limit)| format!("{} at most {}", goal.name(), amount(*goal, *limit)))
        .collect();
    let _ = writeln!(out, "promise: {}", goals.join(", "));
    if let Some(first) = plan.left_out.first() {
        let _ = writeln!(out, "left out: {}, like {first}", count(plan.left_out.len(), "combination"));
    }
    for environment in 0..plan.environments.len() {
        table(&mut out, plan, findings, environment, all);
        sensitivity(&mut out, plan, findings, environment);
        cliffs(&mut out, plan, findings, environment);
    }
    recommendation(&mut out, plan, findings);
    out
}

/// What was spent where.
fn spent(out: &mut String, merged: &Merged) {
    let plan = &merged.plan;
    let rounds: Vec<String> = merged
        .rounds
        .iter()
        .map(|round| {
            format!("{} × {}", count(round.cells.len(), "cell"), count(round.seeds_of_a_cell() as usize, "seed"))
        })
        .collect();
    let (runs, grid) = (merged.runs(), plan.grid_runs());
    let share = runs * 100 / grid;
    let _ =
        writeln!(out, "rounds: {}: {share} % of the {grid} runs that all seeds for all cells take", rounds.join(", "));
}

pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The scenario as it stands, what is recommended, the front, and then the best of the others: titles and rows, and how many
/// rows are left out if there are to be so many at most.
pub(super) fn rows_of(
    plan: &Plan,
    findings: &Findings,
    environment: usize,
    most: Option<usize>,
) -> (Vec<Vec<String>>, usize) {
    let recommended = findings.recommended.map(|it| it.point);
    let cell = |point: usize| plan.cell(environment, point);
    let mut points: Vec<usize> = (0..plan.points.len()).collect();
    points.sort_by_key(|point| {
        let first = *point != plan.current && Some(*point) != recommended;
        (first, !findings.front[cell(*point)], findings.cells[cell(*point)].outage_ms.estimate, *point)
    });
    let count = points.len();
    if let Some(most) = most {
        // Of settings that come to the same, the first.
        let mut figures = BTreeSet::new();
        points.retain(|point| {
            let is_new = figures.insert(figures_of(&findings.cells[cell(*point)]));
            is_new || *point == plan.current || Some(*point) == recommended
        });
        points.truncate(most);
    }
    let left = count - points.len();
    let mut head: Vec<String> = vec![String::new()];
    head.extend(plan.axes.iter().map(|axis| axis.name.clone()));
    let in_rounds = plan.rounds.len() > 1;
    head.extend(in_rounds.then(|| "seeds".to_owned()));
    let figures = ["gap median", "p99", "out a year", "lost a year", "false a year", "not well", "promise"];
    head.extend(figures.map(str::to_owned));
    let mut rows = vec![head];
    for point in points {
        let mark = match (point == plan.current, Some(point) == recommended, findings.front[cell(point)]) {
            (_, true, _) => "→",
            (true, ..) => "now",
            (.., true) => "front",
            _ => "",
        };
        let mut row = vec![mark.to_owned()];
        row.extend(plan.axes.iter().zip(&plan.points[point]).map(|(axis, place)| axis.shown(*place).to_owned()));
        row.extend(in_rounds.then(|| findings.cells[cell(point)].runs.to_string()));
        row.extend(figures_of(&findings.cells[cell(point)]));
        let standing = &findings.standings[cell(point)];
        row.push(match (&standing.broken[..], standing.decided) {
            ([], true) => {
                standing.margin_ppm.map_or("kept".to_owned(), |ppm| format!("kept, {} % left", ppm.div_euclid(10_000)))
            }
            ([], false) => "undecided".to_owned(),
            (broken, _) => broken.iter().map(|(goal, ..)| goal.name()).collect::<Vec<_>>().join(", "),
        });
        rows.push(row);
    }
    (rows, left)
}

fn table(out: &mut String, plan: &Plan, findings: &Findings, environment: usize, all: bool) {
    let (rows, left) = rows_of(plan, findings, environment, (!all).then_some(SHOWN));
    let _ = writeln!(out, "\nenvironment {}", plan.environments[environment]);
    let columns = rows[0].len();
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(text, width)| {
                let gap = " ".repeat(width - text.chars().count());
                format!("{text}{gap}")
            })
            .collect();
        let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
    }
    if left > 0 {
        let _ = writeln!(out, "  … and {left} more (--all)");
    }
}

fn figures_of(cell: &Cell) -> Vec<String> {
    let worst = |of: &dyn Fn(&crate::figures::OfFailure) -> i64| cell.failures.iter().map(of).max().unwrap_or(0);
    let with_interval = |yearly: &Yearly, show: &dyn Fn(i64) -> String| {
        format!("{} ({}..{})", show(yearly.estimate), show(yearly.low), show(yearly.high))
    };
    vec![
        time(worst(&|failure| failure.gap.median)),
        time(worst(&|failure| failure.gap.p99)),
        with_interval(&cell.outage_ms, &time),
        with_interval(&cell.lost, &rough),
        with_interval(&cell.false_failovers, &rough),
        with_interval(&cell.unrecovered, &rough),
    ]
}

/// Thousandths with one digit, for tables.
pub(super) fn rough(value: i64) -> String {
    thousandths((value as f64 / 100.0).round() as i64 * 100)
}

fn sensitivity(out: &mut String, plan: &Plan, findings: &Findings, environment: usize) {
    let _ = writeln!(out, "  what each setting does, on average over the others (out, lost, false a year):");
    for (axis, effect) in plan.axes.iter().zip(&findings.effects[environment]) {
        let levels: Vec<String> = axis
            .values
            .iter()
            .zip(&effect.levels)
            .filter(|(_, (cells, ..))| *cells > 0)
            .map(|(value, (_, outage, lost, wrong))| {
                format!("{value}: {}, {}, {}", time(*outage), rough(*lost), rough(*wrong))
            })
            .collect();
        let _ = writeln!(out, "    {}  {}", axis.name, levels.join("; "));
    }
}

fn cliffs(out: &mut String, plan: &Plan, findings: &Findings, environment: usize) {
    let here = turns_of(plan, findings, environment);
    if here.is_empty() {
        return;
    }
    let from = start(findings);
    let _ = writeln!(out, "  one setting moved alone, from {from}:");
    for (axis, turns) in here {
        let _ = writeln!(out, "    {axis}  {turns}");
    }
}

/// Where single settings are moved from.
pub(super) fn start(findings: &Findings) -> &'static str {
    if findings.recommended.is_some() { "what is recommended" } else { "the scenario as it stands" }
}

/// How far each setting can be moved alone.
pub(super) fn turns_of<'a>(plan: &'a Plan, findings: &Findings, environment: usize) -> Vec<(&'a str, String)> {
    let here = findings.cliffs.iter().filter(|cliff| cliff.environment == environment);
    here.map(|cliff| {
        let axis = &plan.axes[cliff.axis];
        let state = if cliff.kept { "kept" } else { "broken" };
        let (first, last) = (axis.shown(Some(cliff.down.same_until)), axis.shown(Some(cliff.up.same_until)));
        let span = if first == last { format!("at {first}") } else { format!("from {first} to {last}") };
        let turns: Vec<String> =
            [&cliff.down, &cliff.up].into_iter().filter_map(|turn| turn_of(plan, cliff, turn)).collect();
        let turns = if turns.is_empty() { String::new() } else { format!("; {}", turns.join("; ")) };
        (&*axis.name, format!("{state} {span}{turns}"))
    })
    .collect()
}

fn turn_of(plan: &Plan, cliff: &Cliff, turn: &Turn) -> Option<String> {
    let at = plan.axes[cliff.axis].shown(Some(turn.flips_at?));
    let broken = overs(&turn.broken);
    let why = if broken.is_empty() { broken } else { format!(" ({broken})") };
    Some(format!("{} at {at}{why}", if cliff.kept { "broken" } else { "kept" }))
}

/// What is broken, with what it is and should be.
pub(super) fn overs(broken: &[(Goal, i64, i64)]) -> String {
    let over = |(goal, limit, value): &(Goal, i64, i64)| {
        format!("{} {} instead of {}", goal.name(), amount(*goal, *value), amount(*goal, *limit))
    };
    broken.iter().map(over).collect::<Vec<_>>().join(", ")
}

/// The lines of configuration files that make a point of the scenario as it stands; what differs says so.
pub(super) fn lines_of(plan: &Plan, point: usize) -> Vec<String> {
    let (then, now) = (&plan.points[point], &plan.points[plan.current]);
    let lines = plan.axes.iter().zip(then).zip(now).map(|((axis, then), now)| {
        let was = axis.shown(*now);
        let was = if was == axis.shown(*then) { String::new() } else { format!("   # now {was}") };
        format!("{}{was}", axis.line(*then))
    });
    lines.collect()
}

/// A difference with its interval and signs.
pub(super) fn signed(yearly: &Yearly, show: &dyn Fn(i64) -> String) -> String {
    let sign = |text: String| if text.starts_with('-') { text } else { format!("+{text}") };
    format!("{} ({}..{})", sign(show(yearly.estimate)), sign(show(yearly.low)), sign(show(yearly.high)))
}

fn recommendation(out: &mut String, plan: &Plan, findings: &Findings) {
    let Some(recommended) = findings.recommended else {
        let _ = writeln!(out, "\nNo settings of this sweep keep the promise in every environment.");
        for environment in 0..plan.environments.len() {
            let standing = &findings.standings[plan.cell(environment, plan.current)];
            let broken = overs(&standing.broken);
            if !broken.is_empty() {
                let _ = writeln!(out, "  now, {}: {broken}", plan.environments[environment]);
            }
        }
        return;
    };
    let margin = recommended
        .margin_ppm
        .map_or(String::new(), |ppm| format!(", with {} % of the tightest limit left", ppm.div_euclid(10_000)));
    let _ = writeln!(out, "\nrecommended: keeps the promise in every environment{margin}");
    for line in lines_of(plan, recommended.point) {
        let _ = writeln!(out, "  {line}");
    }
    remains(out, plan, findings, recommended.point);
    if recommended.point == plan.current {
        let _ = writeln!(out, "  This is what the scenario has already.");
        return;
    }
    for (environment, name) in plan.environments.iter().enumerate() {
        let difference = &findings.differences[plan.cell(environment, recommended.point)];
        let _ = writeln!(
            out,
            "  against now, {name}, a year: without writes {}; writes lost {}; false failovers {}",
            signed(&difference.outage_ms, &time),
            signed(&difference.lost, &rough),
            signed(&difference.false_failovers, &rough)
        );
    }
}

/// What failures still do with the recommended settings.
fn remains(out: &mut String, plan: &Plan, findings: &Findings, point: usize) {
    for (environment, name) in plan.environments.iter().enumerate() {
        let cell = &findings.cells[plan.cell(environment, point)];
        let _ = writeln!(
            out,
            "  what remains, {name}, a year: without writes {}, without writes that survive {}; writes lost {}; two masters {}; \
             failovers {}, false {}, failed {}",
            time(cell.outage_ms.estimate),
            time(cell.outage_surviving_ms.estimate),
            rough(cell.lost.estimate),
            time(cell.split_ms.estimate),
            rough(cell.failovers.estimate),
            rough(cell.false_failovers.estimate),
            rough(cell.failed_failovers.estimate)
        );
    }
}

/// How what was recommended fared with fresh seeds.
pub fn again(confirmation: &Confirmation) -> String {
    let mut out = format!("\n{}\n", again_sentence(confirmation));
    for [of, environment, what, again, before, disagrees] in again_rows(confirmation) {
        let colon = if disagrees.is_empty() { "" } else { ": " };
        let _ = writeln!(out, "  {of}, {environment}, {what}: {again}; before {before}{colon}{disagrees}");
    }
    out
}

/// Whether fresh seeds keep the promise.
pub(super) fn again_sentence(confirmation: &Confirmation) -> String {
    let Confirmation { seeds, kept, .. } = confirmation;
    let kept = if *kept { "kept" } else { "broken" };
    format!("played again with seeds {} to {}: the promise is {kept}", seeds.start, seeds.end - 1)
}

/// By figure: of which settings, in which environment, what, again, before, and that these disagree if they do.
pub(super) fn again_rows(confirmation: &Confirmation) -> Vec<[String; 6]> {
    let row = |figure: &Figure| {
        let show = |value: i64| if figure.name.ends_with("_ms") { time(value) } else { rough(value) };
        let with_interval = |it: &Yearly| format!("{} ({}..{})", show(it.estimate), show(it.low), show(it.high));
        let what = match figure.name {
            "outage_ms" => "without writes",
            "lost_milli" => "writes lost",
            "false_failovers_milli" => "false failovers",
            _ => "not well",
        };
        [
            if figure.recommended { "recommended" } else { "now" }.to_owned(),
            figure.environment.clone(),
            what.to_owned(),
            with_interval(&figure.again),
            with_interval(&figure.before),
            if figure.agrees() { "" } else { "these disagree" }.to_owned(),
        ]
    };
    confirmation.figures.iter().map(row).collect()
}
