//! A folder with the rows of one plan: `plan.json`, and one file per piece, named by its range. A piece is written under a
//! hidden name, synced, and renamed: a file under its own name is whole, and means that the piece is done, whoever did it.
//!
//! Of a piece: a header line (version, plan, range), a line per run, a last line with the number of rows and their digest.

use crate::plan::Plan;
use crate::round::Round;
use crate::row::Row;
use crate::trouble::Trouble;
use serde::{Deserialize, Serialize};
use splitbrain_sim::Digest;
use splitbrain_sim::digest::Chain;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

const PLAN: &str = "plan.json";

/// The first line of a piece.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) splitbrain: String,
    pub(crate) plan: Digest,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Header {
    pub(crate) fn of(plan: &Plan, range: &Range<u64>) -> Header {
        Header { splitbrain: plan.splitbrain.clone(), plan: plan.hash, from: range.start, to: range.end }
    }
}

/// The last line of a piece.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Footer {
    pub(crate) rows: u64,
    pub(crate) digest: Digest,
}

/// A folder that belongs to a plan.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    done: BTreeSet<(u64, u64)>,
}

impl Folder {
    /// Takes a folder for a plan; makes it if it is not there. With `fresh`, what an earlier sweep left in it is removed.
    ///
    /// # Errors
    /// If it belongs to another plan, or cannot be read or written.
    pub fn open(path: &Path, plan: &Plan, fresh: bool) -> Result<Folder, Trouble> {
        fs::create_dir_all(path).map_err(Trouble::io(path))?;
        let file = path.join(PLAN);
        if fresh {
            for (name, _) in pieces_in(path)? {
                let piece = path.join(name);
                fs::remove_file(&piece).map_err(Trouble::io(&piece))?;
            }
        } else if file.exists() {
            let other = read_plan(path)?;
            if other.hash != plan.hash || other.splitbrain != plan.splitbrain {
                let what = if other.splitbrain == plan.splitbrain {
                    format!("another plan ({})", other.title)
                } else {
                    format!("splitbrain {}, and this is {}", other.splitbrain, plan.splitbrain)
                };
                let help = "take another folder with --out, or begin anew with --fresh";
                return Err(Trouble::Folder(path.to_owned(), format!("this folder belongs to {what}; {help}")));
            }
        }
        if fresh || !file.exists() {
            let text = serde_json::to_string_pretty(plan).map_err(|error| Trouble::Bug(error.to_string()))?;
            write_whole(path, PLAN, &format!("{text}\n"))?;
        }
        let mut folder = Folder { path: path.to_owned(), done: BTreeSet::new() };
        folder.look()?;
        Ok(folder)
    }

    /// What is done, and no more of what others left half done when they were killed.
    fn look(&mut self) -> Result<(), Trouble> {
        self.done = pieces_in(&self.path)?.into_iter().filter_map(|(_, range)| range).collect();
        for entry in fs::read_dir(&self.path).map_err(Trouble::io(&self.path))?.flatten() {
            let name = entry.file_name();
            let half = name.to_str().and_then(|name| name.strip_prefix('.')?.split_once('~'));
            // Somebody else may be writing the others at this moment.
            if half.and_then(|(name, _)| range_of(name)).is_some_and(|range| self.done.contains(&range)) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a piece is done.
    pub fn is_done(&self, range: &Range<u64>) -> bool {
        self.done.contains(&(range.start, range.end))
    }

    /// The first row of what is done, to see whether the same build would give it again.
    pub(crate) fn first_row(&self) -> Option<Row> {
        let (from, to) = self.done.first()?;
        let text = fs::read_to_string(self.path.join(name_of(&(*from..*to)))).ok()?;
        serde_json::from_str(text.lines().nth(1)?).ok()
    }

    /// Writes a piece: all of it or nothing.
    pub(crate) fn write(&self, plan: &Plan, range: &Range<u64>, rows: &[Row]) -> Result<(), Trouble> {
        let bug = |error: serde_json::Error| Trouble::Bug(error.to_string());
        let mut text = serde_json::to_string(&Header::of(plan, range)).map_err(bug)?;
        let mut chain = Chain::default();
        for row in rows {
            let line = serde_json::to_string(row).map_err(bug)?;
            chain.text(&line);
            text.push('\n');
            text.push_str(&line);
        }
        let footer = Footer { rows: rows.len() as u64, digest: chain.digest() };
        text.push('\n');
        text.push_str(&serde_json::to_string(&footer).map_err(bug)?);
        text.push('\n');
        write_whole(&self.path, &name_of(range), &text)
    }
}

/// A name of its own for a file that is not whole yet: in containers on several machines, numbers of processes are often the
/// same.
pub(crate) fn hidden(name: &str) -> String {
    format!(".{name}~{:016x}", RandomState::new().build_hasher().finish())
}

/// Writes a file that is there either whole or not at all, also after a power failure.
fn write_whole(folder: &Path, name: &str, text: &str) -> Result<(), Trouble> {
    let hidden = folder.join(hidden(name));
    let path = folder.join(name);
    let written = File::create(&hidden).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(Trouble::io(&hidden))?;
    fs::rename(&hidden, &path).map_err(Trouble::io(&path))?;
    // Where folders cannot be synced, the name may be lost with the power, and the piece is played again.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// The plan of a folder.
///
/// # Errors
/// If there is none.
pub fn read_plan(folder: &Path) -> Result<Plan, Trouble> {
    let file = folder.join(PLAN);
    let text = fs::read_to_string(&file).map_err(Trouble::io(&file))?;
    serde_json::from_str(&text).map_err(|error| {
        let place = format!("{}:{}: this is no plan of a sweep: {error}", error.line(), error.column());
        Trouble::Folder(file.clone(), place)
    })
}

/// The name of a piece. Twelve digits: names sort as ranges do.
pub(crate) fn name_of(range: &Range<u64>) -> String {
    format!("rows-{:012}-{:012}.jsonl", range.start, range.end)
}

/// The files of a round, in order. Shard `i` of `n` writes those from `floor(files * i / n)` up to
/// `floor(files * (i + 1) / n)`, without the latter.
pub fn files_of(round: &Round) -> Vec<String> {
    (0..round.pieces()).map(|piece| name_of(&round.piece(piece))).collect()
}

fn range_of(name: &str) -> Option<(u64, u64)> {
    let (from, to) = name.strip_prefix("rows-")?.strip_suffix(".jsonl")?.split_once('-')?;
    let range = (from.parse().ok()?, to.parse().ok()?);
    (name_of(&(range.0..range.1)) == name).then_some(range)
}

/// A file with rows: its name, and the range that the name says, if it says one.
pub(crate) type Piece = (String, Option<(u64, u64)>);

/// All files with rows, sorted.
pub(crate) fn pieces_in(folder: &Path) -> Result<Vec<Piece>, Trouble> {
    let mut pieces = Vec::new();
    for entry in fs::read_dir(folder).map_err(Trouble::io(folder))? {
        let name = entry.map_err(Trouble::io(folder))?.file_name().to_string_lossy().into_owned();
        if name.starts_with("rows-") && name.ends_with(".jsonl") {
            pieces.push((name.clone(), range_of(&name)));
        }
    }
    pieces.sort();
    Ok(pieces)
}
