//! Which histories a command line means, and what is known of each.

use splitbrain_checker::history::{Answer, Model, manifest};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// A history to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub file: PathBuf,
    /// What its objects are, if that is known.
    pub model: Option<Model>,
    /// What they hold at first, as JSON.
    pub init: Option<String>,
    /// The verdict that it has to get.
    pub expected: Option<Answer>,
}

const MANIFEST: &str = "manifest.jsonl";

/// All histories behind the paths, each once, in order; or what is wrong.
pub fn sources(paths: &[PathBuf], model: Option<Model>, init: Option<&str>) -> Result<Vec<Source>, String> {
    let mut all: Vec<Source> = Vec::new();
    for path in paths {
        let before = all.len();
        let listed = path.is_dir() || path.file_name().is_some_and(|name| name == MANIFEST);
        if listed {
            walk(path, model, init, &mut all)?;
            if all.len() == before {
                return Err(format!("{}: there are no histories (*.jsonl) in this folder", path.display()));
            }
        } else {
            all.push(Source { file: path.clone(), model, init: init.map(str::to_owned), expected: None });
        }
    }
    let mut seen = Vec::new();
    all.retain(|source| {
        let same = fs::canonicalize(&source.file).unwrap_or_else(|_| source.file.clone());
        let place = seen.binary_search(&same);
        if let Err(place) = place {
            seen.insert(place, same);
        }
        place.is_err()
    });
    Ok(all)
}

fn walk(path: &Path, model: Option<Model>, init: Option<&str>, all: &mut Vec<Source>) -> Result<(), String> {
    let manifest = if path.is_dir() { path.join(MANIFEST) } else { path.to_owned() };
    if manifest.is_file() {
        let folder = manifest.parent().unwrap_or(Path::new(""));
        return listed(&manifest, folder, all);
    }
    let cannot = |error| format!("{}: cannot be read: {error}", path.display());
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .map_err(cannot)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(cannot)?;
    entries.sort_unstable();
    for entry in entries {
        // A link to a folder may lead back here.
        if entry.is_dir() && !entry.is_symlink() {
            walk(&entry, model, init, all)?;
        } else if entry.extension().is_some_and(|extension| extension == "jsonl") {
            all.push(Source { file: entry, model, init: init.map(str::to_owned), expected: None });
        }
    }
    Ok(())
}

fn listed(path: &Path, folder: &Path, all: &mut Vec<Source>) -> Result<(), String> {
    let file = File::open(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
    let lines = manifest::read(BufReader::new(file)).map_err(|error| format!("{}:{error}", path.display()))?;
    all.extend(lines.into_iter().map(|line| Source {
        file: folder.join(line.file),
        model: Some(line.model),
        init: line.initial,
        expected: line.linearizable.map(|yes| if yes { Answer::Linearizable } else { Answer::NotLinearizable }),
    }));
    Ok(())
}
