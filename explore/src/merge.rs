//! The rows of a whole plan from a folder: every run once, in order, from one plan and one version, or an error that says what
//! is missing or wrong. Keeps of each run a few numbers.

use crate::folder::{Footer, Header, Piece, pieces_in, read_plan};
use crate::plan::Plan;
use crate::row::Row;
use crate::trouble::Trouble;
use serde::de::DeserializeOwned;
use splitbrain_sim::Digest;
use splitbrain_sim::digest::Chain;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What is kept of a run. Times in milliseconds; what does not fit is the most that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Longest time without an acknowledged write.
    pub gap: u32,
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

/// A whole plan, played.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The plan.
    pub plan: Plan,
    /// Runs of each cell, in the order of seed indices.
    pub cells: Vec<Vec<Sample>>,
    /// Over all rows in their order.
    pub digest: Digest,
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
    let plan = read_plan(folder)?;
    let mut merged = Merged { cells: vec![Vec::new(); plan.cells()], digest: Digest::default(), plan };
    let mut chain = Chain::default();
    chain.words([merged.plan.hash.0 as u64, (merged.plan.hash.0 >> 64) as u64]);
    let wrong = |what: String| Trouble::Folder(folder.to_owned(), what);
    let missing = |from: u64, to: u64| {
        wrong(format!(
            "runs {from} to {} are missing; `splitbrain explore {} --out {}` plays them",
            to - 1,
            merged.plan.file,
            folder.display()
        ))
    };
    let runs = merged.plan.runs();
    let pieces = pieces_in(folder)?;
    let mut next = 0;
    let mut before = String::new();
    for (name, range) in &pieces {
        let Some((from, to)) = range else {
            return Err(wrong(format!("{name} is not named as pieces of a sweep are")));
        };
        if from >= to || *to > runs {
            return Err(wrong(format!("{name}: there are no such runs; the plan has {runs}")));
        }
        if *from > next {
            return Err(missing(next, *from));
        }
        if *from < next {
            return Err(wrong(format!("{before} and {name} overlap: run {from} is in both")));
        }
        (next, before) = (*to, name.clone());
    }
    if next < runs {
        return Err(missing(next, runs));
    }
    for piece in &pieces {
        read_piece(folder, piece, &mut merged, &mut chain, each)?;
    }
    merged.digest = chain.digest();
    Ok(merged)
}

fn read_piece(
    folder: &Path,
    (name, range): &Piece,
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
        let which = merged.plan.run(run);
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
