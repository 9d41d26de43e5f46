//! The outcome as a page: the recommendation, the front, maps of two settings, how long nobody can write, all settings.

use super::text::{again_rows, again_sentence, count, lines_of, overs, rough, rows_of, signed, start, turns_of};
use super::{amount, thousandths, time};
use crate::choose::Findings;
use crate::confirm::Confirmation;
use crate::figures::{Cell, OfFailure};
use crate::merge::Merged;
use crate::plan::{Plan, Run};
use crate::promise::Standing;
use crate::sweep::Point;
use serde::Serialize;
use splitbrain::reports::html::{Head, Kind, Section, Tone, render, thinned};

const PAGE: Kind = Kind { template: include_str!("page.html"), script: include_str!("page.js"), charts: true };

/// Most rows of a table, and most values of a curve.
const MOST: usize = 500;
/// Columns of numbers, and the verdict behind them, at the end of a row.
const NUMBERS: usize = 7;
/// Curves of the front, beside those of now and what is recommended.
const CURVES: usize = 4;

/// What the template shows.
#[derive(Serialize)]
struct Shown {
    recommended: Option<Recommended>,
    again: Option<Again>,
    /// By environment, if nothing is recommended: what the scenario as it stands breaks.
    broken_now: Vec<[String; 2]>,
    promise: Vec<[String; 2]>,
    failures: Vec<[String; 3]>,
    left_out: String,
    environments: Vec<String>,
    axes: Vec<String>,
    /// The two settings that matter most for the time without writes.
    across: usize,
    up: usize,
    /// The failure with the longest time without writes.
    worst_failure: usize,
    figures: Vec<String>,
    /// Where single settings are moved from.
    start: &'static str,
    worst: Vec<Worst>,
    tables: Vec<Table>,
}

#[derive(Serialize)]
struct Recommended {
    sentence: &'static str,
    /// Lines of configuration files.
    lines: String,
    against: Vec<[String; 4]>,
}

/// What is recommended, with fresh seeds.
#[derive(Serialize)]
struct Again {
    sentence: String,
    figures: Vec<[String; 6]>,
}

/// The longest run of a failure.
#[derive(Serialize)]
struct Worst {
    what: String,
    command: String,
}

/// An environment.
#[derive(Serialize)]
struct Table {
    name: String,
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
    numbers_from: usize,
    left: String,
    effects: Vec<[String; 5]>,
    cliffs: Vec<String>,
}

/// What the script draws.
#[derive(Serialize)]
struct Drawn<'a> {
    axes: Vec<DrawnAxis<'a>>,
    points: &'a [Point],
    current: usize,
    recommended: Option<usize>,
    figures: Vec<DrawnFigure>,
    /// By environment, then by point.
    cells: Vec<DrawnCell>,
    curves: Vec<Curve>,
}

#[derive(Serialize)]
struct DrawnAxis<'a> {
    name: &'a str,
    values: &'a [String],
    own: &'a str,
}

#[derive(Serialize)]
struct DrawnFigure {
    name: &'static str,
    time: bool,
}

#[derive(Serialize)]
struct DrawnCell {
    figures: Vec<i64>,
    kept: bool,
    front: bool,
}

/// Times without writes of a cell.
#[derive(Serialize)]
struct Curve {
    environment: usize,
    name: String,
    /// By failure, sorted, in ms.
    gaps: Vec<Vec<u32>>,
}

/// A figure of a cell, with its name and whether it is a time; the script counts on the first two.
type Figure = (&'static str, bool, fn(&Cell) -> i64);

const FIGURES: &[Figure] = &[
    ("without writes a year", true, |cell| cell.outage_ms.estimate),
    ("writes lost a year", false, |cell| cell.lost.estimate),
    ("false failovers a year", false, |cell| cell.false_failovers.estimate),
    ("longest without writes, p99", true, |cell| worst(cell, |failure| failure.gap.p99)),
    ("longest without writes, median", true, |cell| worst(cell, |failure| failure.gap.median)),
    ("longest with two masters", true, |cell| worst(cell, |failure| failure.split_max)),
    ("not well again a year", false, |cell| cell.unrecovered.estimate),
];

fn worst(cell: &Cell, of: fn(&OfFailure) -> i64) -> i64 {
    cell.failures.iter().map(of).max().unwrap_or(0)
}

/// The whole outcome.
pub fn html(merged: &Merged, findings: &Findings, again: Option<&Confirmation>) -> String {
    let shown = shown(merged, findings, again);
    render(&PAGE, &merged.plan.splitbrain, &head(merged, findings, again), &shown, &drawn(merged, findings))
}

fn head(merged: &Merged, findings: &Findings, again: Option<&Confirmation>) -> Head {
    let plan = &merged.plan;
    let margin = findings.recommended.and_then(|it| it.margin_ppm);
    let left =
        margin.map_or(String::new(), |ppm| format!(", with {} % of the tightest limit left", ppm.div_euclid(10_000)));
    let (tone, verdict, sentence) = match findings.recommended {
        Some(_) if again.is_some_and(|again| !again.holds()) => {
            let sentence = "There are settings that keep the promise, but fresh seeds do not confirm it.";
            (Tone::Bad, "NOT CONFIRMED", sentence.to_owned())
        }
        Some(_) => {
            (Tone::Good, "KEPT", format!("There are settings that keep the promise in every environment{left}."))
        }
        None => (Tone::Bad, "NOT KEPT", "No settings of this sweep keep the promise in every environment.".to_owned()),
    };
    let sections = [
        ("recommended", "Recommended"),
        ("front", "The front"),
        ("map", "Two settings at a time"),
        ("gaps", "After a failure"),
        ("settings", "Each setting"),
        ("all", "All settings"),
    ];
    Head {
        title: plan.title.clone(),
        tone,
        verdict: verdict.to_owned(),
        sentence,
        about: vec![
            plan.file.clone(),
            format!("{} settings in {}", plan.points.len(), count(plan.environments.len(), "environment")),
            format!("{} runs", merged.runs()),
            format!("digest {}", merged.digest),
        ],
        sections: sections.into_iter().map(|(id, title)| Section::new(id, title)).collect(),
    }
}

fn shown(merged: &Merged, findings: &Findings, again: Option<&Confirmation>) -> Shown {
    let plan = &merged.plan;
    let (across, up) = that_matter(findings);
    let kept = |failure: &crate::Failure| if failure.passes { "is false: it passes by itself" } else { "" };
    Shown {
        recommended: findings.recommended.map(|it| recommended(plan, findings, it.point)),
        again: again.map(|again| Again { sentence: again_sentence(again), figures: again_rows(again) }),
        broken_now: broken_now(plan, findings),
        promise: plan.promise.0.iter().map(|(goal, limit)| [goal.name().to_owned(), amount(*goal, *limit)]).collect(),
        failures: plan
            .failures
            .iter()
            .map(|failure| [failure.name.clone(), thousandths(failure.per_year_milli), kept(failure).to_owned()])
            .collect(),
        left_out: match plan.left_out.first() {
            Some(first) => {
                format!("{} combinations that no scenario may have were left out, like {first}", plan.left_out.len())
            }
            None => String::new(),
        },
        environments: plan.environments.clone(),
        axes: plan.axes.iter().map(|axis| axis.name.clone()).collect(),
        across,
        up,
        worst_failure: worst_failure(plan, findings),
        figures: FIGURES.iter().map(|(name, ..)| (*name).to_owned()).collect(),
        start: start(findings),
        worst: worst_runs(merged, findings),
        tables: (0..plan.environments.len()).map(|environment| table(plan, findings, environment)).collect(),
    }
}

/// The two settings whose values differ most in time without writes, in the first environment.
fn that_matter(findings: &Findings) -> (usize, usize) {
    let spread = |effect: &crate::choose::Effect| {
        let outages = effect.levels.iter().filter(|(cells, ..)| *cells > 0).map(|(_, outage, ..)| *outage);
        outages.clone().max().unwrap_or(0) - outages.min().unwrap_or(0)
    };
    let effects = findings.effects.first().map_or(&[][..], Vec::as_slice);
    let mut axes: Vec<usize> = (0..effects.len()).collect();
    axes.sort_by_key(|axis| std::cmp::Reverse(spread(&effects[*axis])));
    let first = axes.first().copied().unwrap_or(0);
    (first, axes.get(1).copied().unwrap_or(first))
}

fn worst_failure(plan: &Plan, findings: &Findings) -> usize {
    let now = &findings.cells[plan.cell(0, plan.current)];
    now.failures.iter().max_by_key(|its| its.gap.p99).map_or(0, |its| its.failure)
}

fn recommended(plan: &Plan, findings: &Findings, point: usize) -> Recommended {
    let against = |(environment, name): (usize, &String)| {
        let difference = &findings.differences[plan.cell(environment, point)];
        let lost = signed(&difference.lost, &rough);
        let wrong = signed(&difference.false_failovers, &rough);
        [name.clone(), signed(&difference.outage_ms, &time), lost, wrong]
    };
    let is_current = point == plan.current;
    Recommended {
        sentence: if is_current {
            "What the scenario has already."
        } else {
            "Lines for the configuration files; what differs from now says so."
        },
        lines: lines_of(plan, point).join("\n"),
        against: if is_current { Vec::new() } else { plan.environments.iter().enumerate().map(against).collect() },
    }
}

fn broken_now(plan: &Plan, findings: &Findings) -> Vec<[String; 2]> {
    let one = |(environment, name): (usize, &String)| {
        let standing = &findings.standings[plan.cell(environment, plan.current)];
        [name.clone(), overs(&standing.broken)]
    };
    plan.environments.iter().enumerate().map(one).collect()
}

/// Of the scenario as it stands and of what is recommended, the longest run of each failure.
fn worst_runs(merged: &Merged, findings: &Findings) -> Vec<Worst> {
    let plan = &merged.plan;
    let recommended = findings.recommended.map(|it| it.point).filter(|point| *point != plan.current);
    let mut all = Vec::new();
    for (environment, of) in plan.environments.iter().enumerate() {
        for (name, point) in [("now", Some(plan.current)), ("recommended", recommended)] {
            let Some(point) = point else { continue };
            let cell = plan.cell(environment, point);
            for (failure, its) in plan.failures.iter().enumerate() {
                let runs = merged.cells[cell].iter().zip(plan.seeds.clone());
                let runs = runs.filter(|(_, index)| plan.failure_of(environment, *index) == failure);
                let Some((sample, index)) = runs.max_by_key(|(sample, index)| (sample.gap, u64::MAX - index)) else {
                    continue;
                };
                let seed = plan.seed(Run { cell, index, failure });
                let sweep = splitbrain::reports::quoted(&plan.file);
                all.push(Worst {
                    what: format!("{of}, {name}, {}: {} without a write", its.name, time(sample.gap.into())),
                    command: format!(
                        "splitbrain explore {sweep} --scenario {cell}/{failure} > worst.toml && \
                         splitbrain run worst.toml --seed {seed} --html worst.html"
                    ),
                });
            }
        }
    }
    all
}

fn table(plan: &Plan, findings: &Findings, environment: usize) -> Table {
    let (mut rows, left) = rows_of(plan, findings, environment, Some(MOST));
    let titles = rows.remove(0);
    let mut effects = Vec::new();
    for (axis, effect) in plan.axes.iter().zip(&findings.effects[environment]) {
        let levels = axis.values.iter().zip(&effect.levels).filter(|(_, (cells, ..))| *cells > 0);
        effects.extend(levels.map(|(value, (_, outage, lost, wrong))| {
            [axis.name.clone(), value.clone(), time(*outage), rough(*lost), rough(*wrong)]
        }));
    }
    let turns = turns_of(plan, findings, environment);
    Table {
        name: plan.environments[environment].clone(),
        numbers_from: titles.len() - NUMBERS,
        titles,
        rows,
        left: if left > 0 {
            format!("{left} more, or the same again, are in the JSON document.")
        } else {
            String::new()
        },
        effects,
        cliffs: turns.into_iter().map(|(axis, turns)| format!("{axis} {turns}")).collect(),
    }
}

fn drawn<'a>(merged: &'a Merged, findings: &Findings) -> Drawn<'a> {
    let plan = &merged.plan;
    let cell = |(cell, standing): (&Cell, (&Standing, &bool))| DrawnCell {
        figures: FIGURES.iter().map(|(.., of)| of(cell)).collect(),
        kept: standing.0.is_kept(),
        front: *standing.1,
    };
    let standings = findings.standings.iter().zip(&findings.front);
    Drawn {
        axes: plan
            .axes
            .iter()
            .map(|axis| DrawnAxis { name: &axis.name, values: &axis.values, own: axis.shown(None) })
            .collect(),
        points: &plan.points,
        current: plan.current,
        recommended: findings.recommended.map(|it| it.point),
        figures: FIGURES.iter().map(|(name, time, _)| DrawnFigure { name, time: *time }).collect(),
        cells: findings.cells.iter().zip(standings).map(cell).collect(),
        curves: (0..plan.environments.len()).flat_map(|environment| curves(merged, findings, environment)).collect(),
    }
}

/// Those of now, of what is recommended, and of the front's least times without writes.
fn curves(merged: &Merged, findings: &Findings, environment: usize) -> Vec<Curve> {
    let plan = &merged.plan;
    let recommended = findings.recommended.map(|it| it.point).filter(|point| *point != plan.current);
    let is_other = |point: &usize| *point != plan.current && Some(*point) != recommended;
    let mut others: Vec<usize> = (0..plan.points.len())
        .filter(|point| is_other(point) && findings.front[plan.cell(environment, *point)])
        .collect();
    others.sort_by_key(|point| findings.cells[plan.cell(environment, *point)].outage_ms.estimate);
    others.truncate(CURVES);
    let named = |point: usize| {
        let values = plan.axes.iter().zip(&plan.points[point]).map(|(axis, place)| axis.shown(*place));
        values.collect::<Vec<_>>().join(" / ")
    };
    let curve = |name: String, point: usize| {
        let samples = &merged.cells[plan.cell(environment, point)];
        let of = |failure: usize| {
            let its = merged.of_failure(samples, environment, failure);
            let mut gaps: Vec<u32> = its.map(|sample| sample.gap).collect();
            gaps.sort_unstable();
            thinned(gaps, MOST)
        };
        Curve { environment, name, gaps: (0..plan.failures.len()).map(of).collect() }
    };
    let now = curve(format!("now: {}", named(plan.current)), plan.current);
    let best = recommended.map(|point| curve(format!("recommended: {}", named(point)), point));
    std::iter::once(now).chain(best).chain(others.into_iter().map(|point| curve(named(point), point))).collect()
}
