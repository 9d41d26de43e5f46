//! `manifest.jsonl`: a folder of histories with the verdict that each has to get.

use super::error::{ReadError, Wrong};
use super::lines::Lines;
use super::model::Model;
use super::scan::{Cursor, Kind, Raw};
use std::io::BufRead;
use std::path::{Component, Path, PathBuf};

/// A line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The history, relative to the manifest's folder.
    pub file: PathBuf,
    /// What its objects are.
    pub model: Model,
    /// What they hold at first, as JSON.
    pub initial: Option<String>,
    /// Whether there is an order; `None` where the manifest does not say.
    pub linearizable: Option<bool>,
}

/// Reads a manifest.
///
/// # Errors
/// If it cannot be read or is not of the format.
pub fn read(input: impl BufRead) -> Result<Vec<Listed>, ReadError> {
    let mut lines = Lines::new(input);
    let mut all = Vec::new();
    while let Some((number, line)) = lines.next()? {
        all.push(listed(line).map_err(|wrong| wrong.in_line(number, line))?);
    }
    Ok(all)
}

fn listed(line: &[u8]) -> Result<Listed, Wrong> {
    let mut members: [Option<Raw<'_>>; 4] = [None; 4];
    Cursor::new(line)?.object(&["file", "model", "init", "linearizable"], |place, _, value| {
        members[place] = Some(value);
        Ok(())
    })?;
    let [file, model, initial, linearizable] = members;
    let file = file.ok_or_else(|| Wrong::new(line.len(), "no `file`", PATH))?;
    let path = file.string().map(PathBuf::from).filter(|path| is_inside(path)).ok_or_else(|| file.wrong(PATH))?;
    let names = || format!("one of {}", Model::ALL.map(Model::name).join(", "));
    let model = model.ok_or_else(|| Wrong::new(line.len(), "no `model`", names()))?;
    let known = model.string().and_then(|name| Model::from_name(&name)).ok_or_else(|| model.wrong(names()))?;
    let linearizable = match linearizable.map(|raw| (raw.kind, raw)) {
        None | Some((Kind::Null, _)) => None,
        Some((kind @ (Kind::True | Kind::False), _)) => Some(kind == Kind::True),
        Some((_, raw)) => return Err(raw.wrong("true or false")),
    };
    let initial =
        initial.map(|raw| if raw.kind == Kind::String { format!("\"{}\"", raw.text) } else { raw.text.to_owned() });
    Ok(Listed { file: path, model: known, initial, linearizable })
}

const PATH: &str = "the path of a history inside this folder";

fn is_inside(path: &Path) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    path.components().all(plain) && path.components().any(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_file_a_model_and_perhaps_a_verdict() {
        let text = br#"{"id":"a","file":"x/a.jsonl","model":"register","init":null,"linearizable":false,"tags":[]}
{"file":"b.jsonl","model":"string-append","init":"a\"b"}"#;
        let all = read(&text[..]).expect("it is sound");
        assert_eq!(
            all[0],
            Listed {
                file: "x/a.jsonl".into(),
                model: Model::Register,
                initial: Some("null".to_owned()),
                linearizable: Some(false)
            }
        );
        assert_eq!((all[1].initial.as_deref(), all[1].linearizable), (Some(r#""a\"b""#), None));
    }

    #[test]
    fn errors_have_their_place() {
        let table = [
            (r#"{"model":"register"}"#, "1:21: found no `file`"),
            (r#"{"file":"../a","model":"register"}"#, r#"1:9: found "../a", expected the path of a history inside"#),
            (r#"{"file":"/etc/passwd","model":"register"}"#, "1:9: found \"/etc/passwd\""),
            (r#"{"file":".","model":"register"}"#, "1:9: found \".\""),
            (r#"{"file":"a","model":"registers"}"#, "1:21: found \"registers\", expected one of register, counter"),
            (r#"{"file":"a","model":"set","linearizable":1}"#, "1:42: found the number 1, expected true or false"),
        ];
        for (text, start) in table {
            let error = read(text.as_bytes()).expect_err(text).to_string();
            assert!(error.starts_with(start), "{error}");
        }
    }
}
