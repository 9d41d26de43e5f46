//! Images that a service builds: what their Dockerfile copies, sets and starts. The last stage counts.

use super::mounts::Sources;
use crate::boot;
use crate::container::{Disk, Text, View, Volume};
use crate::deployment::Storage;
use crate::files::{Entry, join};
use crate::place::{Place, Traced};
use crate::shell::{self, Shell};
use crate::yaml::Node;
use std::collections::BTreeMap;

/// What an image is after its build.
#[derive(Clone, Debug, Default)]
pub(super) struct Built {
    /// The image it starts from.
    pub(super) from: Option<(String, Place)>,
    /// `ENTRYPOINT`
    pub(super) entrypoint: Option<Vec<Traced>>,
    /// `CMD`
    pub(super) command: Option<Vec<Traced>>,
    /// Where the last of the two stands.
    pub(super) place: Option<Place>,
    /// `ENV`
    pub(super) env: BTreeMap<String, Traced>,
    /// Files in it.
    pub(super) files: BTreeMap<String, Text>,
}

/// The image that a service builds, if its Dockerfile is there.
pub(super) fn built(sources: &Sources<'_>, service: &Node) -> Option<Built> {
    let build = service.get("build")?;
    let context = build.text().or_else(|| build.text_at(&["context"])).unwrap_or(".");
    let context = join(sources.folder, context);
    let path = join(&context, build.text_at(&["dockerfile"]).unwrap_or("Dockerfile"));
    let text = crate::files::text(sources.files, &path).ok()?;
    let mut built = Built::default();
    for line in instructions(&Traced::file(&path, &text)) {
        let Some((word, rest)) = line.text().trim_start().split_once(char::is_whitespace) else { continue };
        let from = line.text().len() - rest.len();
        let rest = line.slice(from, line.text().len());
        instruction(sources, &context, &word.to_ascii_uppercase(), &rest, &mut built);
    }
    Some(built)
}

/// Lines, with those that go on joined.
fn instructions(text: &Traced) -> Vec<Traced> {
    let mut all = Vec::new();
    let mut open: Option<Traced> = None;
    for line in text.lines() {
        let trimmed = line.text().trim();
        if trimmed.starts_with('#') || (trimmed.is_empty() && open.is_none()) {
            continue;
        }
        let whole = open.get_or_insert_with(Traced::default);
        let end = line.text().trim_end().len();
        if trimmed.ends_with('\\') {
            whole.append_range(&line, 0, end - 1);
            continue;
        }
        whole.append_range(&line, 0, end);
        all.extend(open.take());
    }
    all.extend(open);
    all
}

fn instruction(sources: &Sources<'_>, context: &str, name: &str, rest: &Traced, built: &mut Built) {
    let words = shell::split(rest);
    let place = rest.start().cloned();
    match name {
        "FROM" => {
            let image = words.iter().map(Traced::text).find(|word| !word.starts_with("--"));
            *built = Built::default();
            built.from = image.zip(place).map(|(image, place)| (image.to_owned(), place));
        }
        "ENTRYPOINT" => {
            built.entrypoint = Some(command(rest));
            built.place = place;
        }
        "CMD" => {
            built.command = Some(command(rest));
            built.place = place;
        }
        "ENV" => {
            let texts: Vec<&str> = words.iter().map(Traced::text).collect();
            if let [name, value] = texts[..]
                && !name.contains('=')
            {
                built.env.insert(name.to_owned(), Traced::at_no(value));
            }
            for (name, value) in texts.iter().filter_map(|word| word.split_once('=')) {
                built.env.insert(name.to_owned(), Traced::at_no(value));
            }
        }
        "COPY" | "ADD" => copy(sources, context, &words, built),
        "RUN" => run(rest, built),
        _ => {}
    }
}

/// The form of a list, or that of a shell.
fn command(rest: &Traced) -> Vec<Traced> {
    let text = rest.text().trim();
    if text.starts_with('[') {
        // A list of JSON is one of YAML, but for the places.
        let words: Vec<String> = serde_json::from_str(text).unwrap_or_default();
        return words.iter().map(|word| rest.start().map_or_else(Traced::default, |at| Traced::at(word, at))).collect();
    }
    let word = |text: &str| rest.start().map_or_else(|| Traced::at_no(text), |at| Traced::at(text, at));
    vec![word("sh"), word("-c"), rest.clone()]
}

fn copy(sources: &Sources<'_>, context: &str, words: &[Traced], built: &mut Built) {
    // What another stage made is not known.
    if words.iter().any(|word| word.text().starts_with("--from")) {
        return;
    }
    let mode = words.iter().find_map(|word| word.text().strip_prefix("--chmod="));
    let executable = mode.and_then(|mode| u32::from_str_radix(mode, 8).ok()).map(|mode| mode & 0o111 != 0);
    let paths: Vec<&str> = words.iter().map(Traced::text).filter(|word| !word.starts_with("--")).collect();
    let Some((to, from)) = paths.split_last() else { return };
    let to = if to.starts_with('/') { (*to).to_owned() } else { format!("/{to}") };
    for source in from {
        let path = join(context, source.trim_end_matches('*'));
        let mut add = |path: &str, to: String, own: bool| {
            if let Ok(text) = crate::files::text(sources.files, path) {
                let executable = executable.unwrap_or(own);
                built.files.insert(crate::container::tidy(&to), Text { text: Traced::file(path, &text), executable });
            }
        };
        let name = source.rsplit('/').next().unwrap_or("");
        match sources.files.entry(&path) {
            Some(Entry::File(own)) if to.ends_with('/') || to == "/." => add(&path, format!("{to}/{name}"), own),
            Some(Entry::File(own)) => add(&path, to.clone(), own),
            Some(Entry::Folder) => {
                for name in sources.files.list(&path).into_iter().take(100) {
                    let file = join(&path, &name);
                    if let Some(Entry::File(own)) = sources.files.entry(&file) {
                        add(&file, format!("{to}/{name}"), own);
                    }
                }
            }
            None => {}
        }
    }
}

fn run(rest: &Traced, built: &mut Built) {
    let mut disk = Disk::default();
    let files = std::mem::take(&mut built.files);
    let layer = Volume { storage: Storage::Container, files, place: None, known: true };
    disk.volumes.insert(":build".to_owned(), layer);
    let mut view = View { disk: &mut disk, mounts: &[], layer: ":build".to_owned() };
    let mut shell = Shell::new(&mut view, built.env.clone(), "build", None);
    shell.start(&[Traced::at_no("sh"), Traced::at_no("-c"), rest.clone()]);
    built.files = disk.volumes.remove(":build").unwrap_or_else(|| boot::volume(Storage::Container)).files;
}
