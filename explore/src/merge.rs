//! The rows of a whole plan from a folder: every run once, in order, from one plan and one version, or an error that says what
//! is missing or wrong. Keeps of each run a few numbers.

use crate::folder::{Footer, Header, Piece, pieces_in, read_plan};
use crate::halving;
use crate::plan::Plan;
use crate::round::Round;
use crate::row::Row;
use crate::trouble::Trouble;
use serde::de::DeserializeOwned;
use splitbrain_sim::Digest;
use splitbrain_sim::digest::Chain;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;

/// What is kept of a run. Times in milliseconds; what does not fit is the most that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Longest time without an acknowledged write.
    pub gap: u32,
    /// The same, counting only writes that survived.
    pub gap_surviving: u32,
    /// Acknowledged writes that were lost.
    pub lost: u32,
    /// Time in which two servers acknowledged writes as masters.
    pub split: u32,
    /// Completed failovers.
    pub failovers: u16,
    /// Whether a failover was false, or not wanted.
    pub false_failover: bool,
    /// Whether failovers were begun, and none was completed.
    pub failed_failover: bool,
    /// Whether everything was well again.
    pub recovered: bool,
    /// Whether the cluster came to rest before the failure.
    pub settled: bool,
}

impl Sample {
    /// What is kept of a row; `passes` if the failure passes by itself.
    pub fn of(row: &Row, passes: bool) -> Sample {
        let narrow = |value: i64| u32::try_from(value.max(0)).unwrap_or(u32::MAX);
        let unwanted = if passes { row.failovers } else { row.false_failovers };
        Sample {
            gap: narrow(row.gap),
            gap_surviving: narrow(row.gap_surviving),
            lost: narrow(row.lost),
            split: narrow(row.split),
            failovers: u16::try_from(row.failovers).unwrap_or(u16::MAX),
            false_failover: unwanted > 0,
            failed_failover: row.tried > 0 && row.failovers == 0,
            recovered: row.recovered,
            settled: row.settled,
        }
    }
}

/// A plan as far as it was played.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The plan.
    pub plan: Plan,
    /// What was played, round by round.
    pub rounds: Vec<Round>,
    /// Runs of each cell, in the order of seed indices from the first on.
    pub cells: Vec<Vec<Sample>>,
    /// Over all rows in their order.
    pub digest: Digest,
}

impl Merged {
    /// The items of a cell, one for each of its runs, that had a failure.
    pub(crate) fn of_failure<'a, T>(
        &'a self,
        items: &'a [T],
        environment: usize,
        failure: usize,
    ) -> impl Iterator<Item = &'a T> {
        let had = move |index: &u64| self.plan.failure_of(environment, *index) == failure;
        items.iter().zip(self.plan.seeds.clone()).filter(move |(_, index)| had(index)).map(|(item, _)| item)
    }

    /// How many runs there are.
    pub fn runs(&self) -> u64 {
        self.rounds.last().map_or(0, |round| round.runs().end)
    }
}

/// Reads a whole plan from a folder.
///
/// # Errors
/// If anything is missing, there twice, torn, or from another plan or version.
pub fn merge(folder: &Path) -> Result<Merged, Trouble> {
    merge_each(folder, &mut |_| Ok(()))
}

/// What is done with each row on the way.
pub(crate) type Each<'a> = &'a mut dyn FnMut(Row) -> Result<(), Trouble>;

/// The same, and `each` gets all rows in their order.
pub(crate) fn merge_each(folder: &Path, each: Each<'_>) -> Result<Merged, Trouble> {
    let mut merging = Merging::new(read_plan(folder)?);
    while let Some(round) = merging.next() {
        merging.read(folder, round, each)?;
    }
    let merged = merging.merged;
    match pieces_in(folder)?.into_iter().find(|(_, range)| range.is_some_and(|(_, to)| to > merged.runs())) {
        Some((name, _)) => Err(Trouble::Folder(
            folder.to_owned(),
            format!("{name}: there are no such runs; the plan has {}", merged.runs()),
        )),
        None => Ok(merged),
    }
}

/// Rows that are read round by round.
pub(crate) struct Merging {
    pub(crate) merged: Merged,
    chain: Chain,
}

impl Merging {
    pub(crate) fn new(plan: Plan) -> Merging {
        let mut chain = Chain::default();
        chain.words([plan.hash.0 as u64, (plan.hash.0 >> 64) as u64]);
        let cells = vec![Vec::new(); plan.cells()];
        Merging { merged: Merged { rounds: Vec::new(), cells, digest: Digest::default(), plan }, chain }
    }

    /// What comes next: depends on the plan and on what was read, and on nothing else.
    pub(crate) fn next(&self) -> Option<Round> {
        match self.merged.rounds.last() {
            None => Some(Round::first(&self.merged.plan)),
            Some(last) => halving::next(&self.merged, last),
        }
    }

    /// Reads the rows of the next round.
    pub(crate) fn read(&mut self, folder: &Path, round: Round, each: Each<'_>) -> Result<(), Trouble> {
        let Merging { merged, chain } = self;
        for piece in pieces_of(folder, &merged.plan, &round)? {
            read_piece(folder, &piece, &round, merged, chain, each)?;
        }
        merged.digest = chain.digest();
        merged.rounds.push(round);
        Ok(())
    }
}

/// The files with the runs of a round, each run in one of them.
fn pieces_of(folder: &Path, plan: &Plan, round: &Round) -> Result<Vec<Piece>, Trouble> {
    let wrong = |what: String| Trouble::Folder(folder.to_owned(), what);
    let missing = |from: u64, to: u64| {
        let which = if plan.rounds.len() == 1 { String::new() } else { format!(" of round {}", round.number + 1) };
        wrong(format!(
            "runs {from} to {}{which} are missing; `splitbrain explore {} --out {}` plays them",
            to - 1,
            plan.file,
            folder.display()
        ))
    };
    let Range { start, end } = round.runs();
    let (mut next, mut its, mut before) = (start, Vec::new(), String::new());
    for (name, range) in pieces_in(folder)? {
        let Some((from, to)) = range else {
            return Err(wrong(format!("{name} is not named as pieces of a sweep are")));
        };
        if from < to && (to <= start || from >= end) {
            continue;
        }
        if from >= to || from < start || to > end {
            return Err(wrong(format!(
                "{name}: no round of the plan has these runs; this one has {start} to {}",
                end - 1
            )));
        }
        if from > next {
            return Err(missing(next, from));
        }
        if from < next {
            return Err(wrong(format!("{before} and {name} overlap: run {from} is in both")));
        }
        (next, before) = (to, name.clone());
        its.push((name, range));
    }
    if next < end { Err(missing(next, end)) } else { Ok(its) }
}

fn read_piece(
    folder: &Path,
    (name, range): &Piece,
    round: &Round,
    merged: &mut Merged,
    all: &mut Chain,
    each: Each<'_>,
) -> Result<(), Trouble> {
    let path = folder.join(name);
    let (from, to) = range.unwrap_or_default();
    let mut lines = BufReader::new(File::open(&path).map_err(Trouble::io(&path))?).lines();
    let mut number = 0;
    let mut line = || -> Result<(u64, String), Trouble> {
        number += 1;
        let torn = || {
            Trouble::Folder(
                path.clone(),
                format!("torn: it ends before line {number}; remove it, and it is played again"),
            )
        };
        Ok((number, lines.next().ok_or_else(torn)?.map_err(Trouble::io(&path))?))
    };
    let wrong = |number: u64, what: &str| Trouble::Folder(path.clone(), format!("line {number}: {what}"));
    let (at, text) = line()?;
    let header: Header = read(&text).ok_or_else(|| wrong(at, "torn, or no piece of a sweep"))?;
    if header.splitbrain != merged.plan.splitbrain {
        return Err(wrong(
            at,
            &format!("splitbrain {} wrote it, {} the plan", header.splitbrain, merged.plan.splitbrain),
        ));
    }
    if header.plan != merged.plan.hash {
        return Err(wrong(at, "it belongs to another plan"));
    }
    if header != Header::of(&merged.plan, &(from..to)) {
        return Err(wrong(at, &format!("it has runs {} to {}, which its name does not say", header.from, header.to)));
    }
    let mut own = Chain::default();
    for run in from..to {
        let (at, text) = line()?;
        let row: Row = read(&text).ok_or_else(|| wrong(at, "torn, or no row"))?;
        let which = round.run(&merged.plan, run);
        let found = (row.run, row.cell as usize, row.index, row.failure as usize, row.seed);
        if found != (run, which.cell, which.index, which.failure, merged.plan.seed(which)) {
            return Err(wrong(at, &format!("run {run} of the plan belongs here")));
        }
        own.text(&text);
        all.text(&text);
        merged.cells[which.cell].push(Sample::of(&row, merged.plan.failures[which.failure].passes));
        each(row)?;
    }
    let (at, text) = line()?;
    let footer: Footer = read(&text).ok_or_else(|| wrong(at, "torn, or too many rows"))?;
    if footer != (Footer { rows: to - from, digest: own.digest() }) {
        return Err(wrong(at, "the rows are not those that were written"));
    }
    if lines.next().is_some() {
        return Err(wrong(at + 1, "something follows the last line"));
    }
    Ok(())
}

fn read<T: DeserializeOwned>(line: &str) -> Option<T> {
    serde_json::from_str(line).ok()
}
