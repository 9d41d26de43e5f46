//! Which files of a folder are scenarios.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders that hold something else: files that must be refused, sweeps with what they start from, results, build output.
const OTHER_FOLDERS: &[&str] = &["negative", "sweeps", "target", "runs"];

/// The scenario files at a path: the file itself, or all below a folder, sorted by path. A folder walk leaves out
/// Cargo manifests, sweeps and what they start from, baselines, hidden files and folders, and `negative/`.
///
/// # Errors
/// If the path or a folder below it cannot be read.
pub fn scenario_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    walk(path, &mut files)?;
    files.sort();
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let (path, kind) = (entry.path(), entry.file_type()?);
        // Links to folders are not followed: a walk always ends.
        if kind.is_dir() {
            if !OTHER_FOLDERS.contains(&&*name) {
                walk(&path, files)?;
            }
        } else if path.is_file() && is_scenario(&path, &name) {
            files.push(path);
        }
    }
    Ok(())
}

/// By its name, and by its first sections. A file that cannot be read, or that is not TOML, counts as a scenario, so
/// that the user is told.
fn is_scenario(path: &Path, name: &str) -> bool {
    if !name.ends_with(".toml") || name == "Cargo.toml" || name.contains("baseline") || name.contains("sweep") {
        return false;
    }
    let Ok(text) = fs::read_to_string(path) else { return true };
    let is_other = |line: &str| {
        ["[sweep", "[vary", "[baseline", "[package]", "[workspace"]
            .iter()
            .any(|head| line.trim_start().starts_with(head))
    };
    !text.lines().any(is_other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_walk_takes_scenarios_only_and_a_file_is_taken_as_it_is() {
        let root = std::env::temp_dir().join(format!("splitbrain-catalogue-{}", std::process::id()));
        let write = |name: &str, text: &str| {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("b/two.toml", "[cluster]\n");
        write("a.toml", "[cluster]\n");
        write("broken.toml", "[cluster\n");
        write("Cargo.toml", "[package]\n");
        write("plan.toml", "[sweep]\n");
        write("what-if.toml", "[vary]\n");
        write("sweeps/what-it-starts-from.toml", "[cluster]\n");
        write("negative/wrong.toml", "[cluster]\n");
        write(".hidden/x.toml", "[cluster]\n");
        write("notes.md", "");
        let found = scenario_files(&root).unwrap();
        let found: Vec<_> = found.iter().map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
        assert_eq!(found, ["a.toml", "b/two.toml", "broken.toml"]);
        assert_eq!(scenario_files(&root.join("Cargo.toml")).unwrap(), [root.join("Cargo.toml")]);
        assert!(scenario_files(&root.join("nothing")).is_err());
        fs::remove_dir_all(&root).unwrap();
    }
}
