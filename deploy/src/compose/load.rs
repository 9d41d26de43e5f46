//! A Compose file as Compose sees it: variables put in, overrides, `extends` and `include` followed. Knows no Redis.

use crate::boot::unknown;
use crate::files::{self, Files, folder, join};
use crate::place::{Place, Traced};
use crate::trouble::Trouble;
use crate::yaml::{self, Node, Value};
use std::collections::BTreeMap;

/// Files and services that may follow one another.
const DEPTH: usize = 12;

/// Values of variables.
pub type Env = BTreeMap<String, Traced>;

/// A file with everything that belongs to it: one map with `services`, `volumes`, `configs`, …
///
/// # Errors
/// What cannot be read, and includes that go in circles.
pub fn load(files: &dyn Files, file: &str, document: &Node) -> Result<Node, Trouble> {
    let folder = folder(file);
    let env = env_file(files, &join(&folder, ".env")).unwrap_or_default();
    let mut root = interpolated(document, &env);
    for name in
        ["docker-compose.override.yml", "docker-compose.override.yaml", "compose.override.yml", "compose.override.yaml"]
    {
        let path = join(&folder, name);
        let base = name.replace(".override", "");
        if file.rsplit('/').next() == Some(&base) && files.entry(&path).is_some() {
            let more = read(files, &path, &env)?;
            root = merged(&root, &more, "");
        }
    }
    let mut open = vec![file.to_owned()];
    root = with_includes(files, root, &folder, &env, &mut open)?;
    extended(files, &root, &folder, &env)
}

fn read(files: &dyn Files, path: &str, env: &Env) -> Result<Node, Trouble> {
    let text = files::text(files, path)?;
    let document = yaml::documents(path, &text)?.into_iter().next();
    let document = document.ok_or_else(|| Trouble::of_file(path, "is empty"))?;
    Ok(interpolated(&document, env))
}

fn with_includes(files: &dyn Files, root: Node, at: &str, env: &Env, open: &mut Vec<String>) -> Result<Node, Trouble> {
    let Some(include) = root.get("include").cloned() else { return Ok(root) };
    let mut root = root;
    for item in include.items() {
        let paths = item.get("path").unwrap_or(item);
        let one = [paths.clone()];
        let paths = if paths.items().is_empty() { &one[..] } else { paths.items() };
        for path in paths {
            let Some(name) = path.text() else { continue };
            let file = join(at, name);
            if open.contains(&file) || open.len() > DEPTH {
                return Err(Trouble::new(path.place.clone(), format!("`{name}` includes itself by a circle")));
            }
            if files.entry(&file).is_none() {
                return Err(Trouble::new(path.place.clone(), format!("`{name}` is not there")));
            }
            open.push(file.clone());
            let more = read(files, &file, env)?;
            let more = with_includes(files, more, &folder(&file), env, open)?;
            open.pop();
            root = merged(&more, &root, "");
        }
    }
    Ok(root)
}

fn extended(files: &dyn Files, root: &Node, at: &str, env: &Env) -> Result<Node, Trouble> {
    let Some((key, services)) = root.entry("services") else { return Ok(root.clone()) };
    let mut done = Vec::new();
    for (name, service) in services.entries() {
        let service = extend(files, root, service, at, env, DEPTH)?;
        done.push((name.clone(), service));
    }
    let services = Node { place: services.place.clone(), value: Value::Map(done) };
    let entries = root.entries().iter().map(|(name, value)| match name.text() {
        Some("services") => (key.clone(), services.clone()),
        _ => (name.clone(), value.clone()),
    });
    Ok(Node { place: root.place.clone(), value: Value::Map(entries.collect()) })
}

fn extend(files: &dyn Files, root: &Node, service: &Node, at: &str, env: &Env, left: usize) -> Result<Node, Trouble> {
    let Some(extends) = service.get("extends") else { return Ok(service.clone()) };
    let wanted = extends.text().or_else(|| extends.text_at(&["service"])).unwrap_or_default();
    if left == 0 {
        return Err(Trouble::new(extends.place.clone(), format!("`{wanted}` extends itself by a circle")));
    }
    let other;
    let (base_root, base_at) = match extends.text_at(&["file"]) {
        Some(name) => {
            let path = join(at, name);
            if files.entry(&path).is_none() {
                return Err(Trouble::new(extends.place.clone(), format!("`{name}` is not there")));
            }
            other = read(files, &path, env)?;
            (&other, folder(&path))
        }
        None => (root, at.to_owned()),
    };
    let Some(base) = base_root.at(&["services", wanted]) else {
        return Err(Trouble::new(extends.place.clone(), format!("there is no service `{wanted}` to extend")));
    };
    let base = extend(files, base_root, base, &base_at, env, left - 1)?;
    let without = |node: &Node| {
        let entries = node.entries().iter().filter(|(key, _)| key.text() != Some("extends")).cloned();
        Node { place: node.place.clone(), value: Value::Map(entries.collect()) }
    };
    Ok(merged(&without(&base), &without(service), ""))
}

/// `own` on top of `base`, as Compose merges: maps key by key, most lists one after the other.
fn merged(base: &Node, own: &Node, key: &str) -> Node {
    match (&base.value, &own.value) {
        (Value::Map(lower), Value::Map(upper)) => {
            let mut entries = lower.clone();
            for (name, value) in upper {
                match entries.iter_mut().find(|(known, _)| known.text() == name.text()) {
                    Some((known, before)) => {
                        *before = merged(before, value, name.text().unwrap_or(""));
                        *known = name.clone();
                    }
                    None => entries.push((name.clone(), value.clone())),
                }
            }
            Node { place: own.place.clone(), value: Value::Map(entries) }
        }
        (Value::List(lower), Value::List(upper)) if !matches!(key, "command" | "entrypoint" | "test") => {
            let items = lower.iter().chain(upper).cloned().collect();
            Node { place: own.place.clone(), value: Value::List(items) }
        }
        _ => own.clone(),
    }
}

/// The tree with its variables replaced.
fn interpolated(node: &Node, env: &Env) -> Node {
    let value = match &node.value {
        Value::Null => Value::Null,
        Value::Text(text, plain) if text.text().contains('$') => Value::Text(expand(text, env), *plain),
        Value::Text(text, plain) => Value::Text(text.clone(), *plain),
        Value::List(items) => Value::List(items.iter().map(|item| interpolated(item, env)).collect()),
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.clone(), interpolated(value, env))).collect())
        }
    };
    Node { place: node.place.clone(), value }
}

/// `$$`, `$NAME`, `${NAME}` and `${NAME:-default}`. What is set nowhere stays unknown: the user's shell may have it.
pub fn expand(text: &Traced, env: &Env) -> Traced {
    let source = text.text();
    let mut out = Traced::default();
    let mut at = 0;
    while let Some(found) = source[at..].find('$') {
        let start = at + found;
        out.append_range(text, at, start);
        let rest = &source[start + 1..];
        if rest.starts_with('$') {
            out.append_range(text, start, start + 1);
            at = start + 2;
            continue;
        }
        let braced = rest.starts_with('{');
        let body = &rest[usize::from(braced)..];
        let name: String = body.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let close = if braced { closing(&body[name.len()..]) } else { Some(0) };
        let (false, Some(close)) = (name.is_empty(), close) else {
            out.append_range(text, start, start + 1);
            at = start + 1;
            continue;
        };
        let from = start + 1 + usize::from(braced) + name.len();
        let change = text.slice(from, from + close);
        at = from + close + usize::from(braced);
        let value = env.get(&name);
        let filled = value.filter(|value| !value.is_empty());
        let operators = [":-", ":+", ":?", "-", "+", "?"];
        let operator = operators.into_iter().find(|operator| change.text().starts_with(operator)).unwrap_or("");
        let argument = || expand(&change.slice(operator.len(), change.text().len()), env);
        let known = match operator {
            ":-" => Some(filled.cloned().unwrap_or_else(argument)),
            "-" => Some(value.cloned().unwrap_or_else(argument)),
            ":+" if filled.is_some() => Some(argument()),
            "+" if value.is_some() => Some(argument()),
            ":+" | "+" => Some(Traced::default()),
            _ => value.cloned(),
        };
        let known = known.map_or_else(|| unknown(&name), |value| value.text().to_owned());
        out.push(&known, text.place(start));
    }
    out.append_range(text, at, source.len());
    out
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The variables of a file with `NAME=value` lines.
pub fn env_file(files: &dyn Files, path: &str) -> Option<Env> {
    files.entry(path)?;
    let text = files::text(files, path).ok()?;
    let mut env = Env::new();
    for line in Traced::file(path, files::without_mark(&text)).lines() {
        let trimmed = line.text().trim();
        let trimmed = trimmed.strip_prefix("export ").unwrap_or(trimmed);
        if trimmed.starts_with('#') {
            continue;
        }
        let Some((name, value)) = trimmed.split_once('=') else { continue };
        let value = value.trim();
        let quoted = value.len() > 1 && (value.starts_with('"') || value.starts_with('\''));
        let value =
            if quoted { value.trim_matches(['"', '\'']) } else { value.split(" #").next().unwrap_or("").trim() };
        let place = line.start().cloned().unwrap_or_else(|| Place::start_of(path));
        env.insert(name.trim().to_owned(), Traced::at(value, &place));
    }
    Some(env)
}
