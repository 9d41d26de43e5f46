//! Configuration files of our own and what the real redis-server and redis-sentinel 7.0.15 made of them
//! (`tests/config/record.py`): verdict, line, message, values in force, the file as Sentinel saved it.

use serde_json::Value;
use splitbrain_model::conf::machine::Paper;
use splitbrain_model::conf::start::{Accepted, Effective, Program, Start, start};
use splitbrain_model::conf::{ConfError, shown};
use std::collections::BTreeMap;

const DIRECTORY: &str = "/conf";

/// One recorded case.
struct Case {
    record: Value,
    start: Start,
    machine: Paper,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../tests/config/verdicts.jsonl");
    text.lines().map(|line| case(serde_json::from_str(line).expect("a line of JSON"))).collect()
}

/// Bytes stand as characters U+0000 to U+00FF.
fn bytes(text: &Value) -> Vec<u8> {
    text.as_str().expect("text").chars().map(|c| u8::try_from(u32::from(c)).expect("a byte")).collect()
}

fn case(record: Value) -> Case {
    let files = record["files"].as_object().expect("files");
    let path = |name: &str| format!("{DIRECTORY}/{name}").into_bytes();
    let files = files.iter().map(|(name, text)| (path(name), bytes(text))).collect();
    let program = if record["kind"] == "sentinel" { Program::Sentinel } else { Program::Redis };
    let words = record["words"].as_array().expect("words").iter().map(bytes).collect();
    let start = Start { words, ..Start::with_file(program, b"") };
    Case { record, start, machine: Paper { files, directory: DIRECTORY.into(), ..Paper::default() } }
}

/// The same case with something that a machine on paper cannot know.
fn is_of_machine(record: &Value) -> bool {
    let text = record["files"].to_string();
    ["dir nosuch", "nosuch.sh", "logfile x/y.log"].iter().any(|part| text.contains(part))
}

fn judge(case: &mut Case) -> Result<Accepted, ConfError> {
    start(&case.start, &mut case.machine)
}

#[test]
fn every_recorded_configuration_is_judged_as_the_real_programs_judged_it() {
    let mut wrong = Vec::new();
    let mut count = (0, 0);
    for mut case in cases().into_iter().filter(|case| !is_of_machine(&case.record)) {
        let verdict = judge(&mut case);
        let record = &case.record;
        let expected = |key: &str| record[key].as_str().map(|text| text.replace("<DIR>", DIRECTORY));
        let (line, quoted, message) = match &verdict {
            Ok(_) => (None, None, None),
            Err(error) => (
                error.quoted.as_ref().map(|_| u64::from(error.line)),
                error.quoted.clone(),
                Some(error.message.clone()),
            ),
        };
        if verdict.is_ok() {
            count.0 += 1
        } else {
            count.1 += 1
        }
        // The recorder replaced what is no UTF-8.
        let same_quote = quoted == expected("quoted") || quoted.as_ref().is_some_and(|quoted| quoted.contains("\\x"));
        let same = verdict.is_ok() == (record["accepted"] == true)
            && line == record["line"].as_u64()
            && same_quote
            && message == expected("message");
        if !same {
            wrong.push(format!("{record}\n    here: line {line:?}, {quoted:?}, {message:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count:?}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count.0 > 100 && count.1 > 100, "{count:?}");
}

#[test]
fn the_values_in_force_are_those_that_the_real_server_showed() {
    let mut count = 0;
    for mut case in cases() {
        let Some(changed) = case.record["changed"].as_object().cloned() else { continue };
        let Ok(Accepted { effective: Effective::Redis(values), .. }) = judge(&mut case) else {
            panic!("{}", case.record)
        };
        let changed: BTreeMap<String, String> =
            changed.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect();
        for (name, value) in &changed {
            assert_eq!(values.get(name), Some(value), "{name}: {}", case.record);
        }
        // What was named is shown, too, even with its default: no other value may differ from the recorded ones.
        let text = case.record.to_string().to_lowercase();
        for name in values.keys().filter(|name| *name != "dir") {
            assert!(changed.contains_key(name) || text.contains(&**name), "{name}: {}", case.record);
        }
        count += 1;
    }
    assert!(count > 50, "{count}");
}

#[test]
fn masters_and_the_saved_file_are_those_of_the_real_sentinel() {
    let mut count = 0;
    for mut case in cases().into_iter().filter(|case| !is_of_machine(&case.record)) {
        let Some(after) = case.record["after"].as_str().map(|after| after.replace("<DIR>", DIRECTORY)) else {
            continue;
        };
        let Ok(Accepted { effective: Effective::Sentinel(said), rewritten, .. }) = judge(&mut case) else {
            panic!("{}", case.record)
        };
        let file = rewritten.unwrap_or_else(|| case.machine.files[&b"/conf/a.conf"[..]].clone());
        let file: String = file.iter().map(|byte| char::from(*byte)).collect();
        assert_eq!(in_any_order(&file), in_any_order(&after), "{}\n{file}", case.record);
        let masters = serde_json::to_value(&said.masters).expect("JSON");
        for (recorded, master) in
            case.record["masters"].as_array().into_iter().flatten().zip(masters.as_array().unwrap())
        {
            for (key, value) in recorded.as_object().expect("a master") {
                assert_eq!(master[key], *value, "{key}: {}", case.record);
            }
        }
        count += 1;
    }
    assert!(count > 50, "{count}");
}

/// Options that Redis keeps in no order, and words of users likewise.
fn in_any_order(file: &str) -> Vec<Vec<&str>> {
    let mut lines: Vec<Vec<&str>> = Vec::new();
    for line in file.split('\n') {
        let mut words: Vec<&str> = line.split(' ').collect();
        if words[0] == "user" {
            words.sort_unstable();
        }
        lines.push(words);
    }
    let is_master = |words: &Vec<&str>| words.starts_with(&["sentinel", "monitor"]);
    let mut masters: Vec<Vec<&str>> = lines.iter().filter(|words| is_master(words)).cloned().collect();
    masters.sort_unstable();
    let mut masters = masters.into_iter();
    for line in lines.iter_mut().filter(|words| is_master(words)) {
        *line = masters.next().unwrap_or_default();
    }
    let generated = lines.iter().position(|words| words.join(" ") == "# Generated by CONFIG REWRITE");
    if let Some(at) = generated {
        lines[at..].sort();
    }
    lines
}

#[test]
fn a_chain_of_includes_is_followed_and_a_bomb_of_includes_is_given_up() {
    let mut machine = Paper { directory: DIRECTORY.into(), ..Paper::default() };
    for at in 0..250 {
        machine.files.insert(format!("/conf/{at}").into_bytes(), format!("include {}\n", at + 1).into_bytes());
    }
    machine.files.insert(b"/conf/250".to_vec(), b"foo\n".to_vec());
    let given = Start::with_file(Program::Redis, b"0");
    assert_eq!(start(&given, &mut machine).unwrap_err().quoted.as_deref(), Some("foo"));
    // Each of thirty files includes the next one twice.
    for at in 0..30 {
        let text = format!("include {0}\ninclude {0}\n", at + 1);
        machine.files.insert(format!("/conf/{at}").into_bytes(), text.into_bytes());
    }
    machine.files.insert(b"/conf/30".to_vec(), b"timeout 1\n".to_vec());
    assert!(start(&given, &mut machine).unwrap_err().is_too_large());
    assert_eq!(shown(b"caf\xe9"), "caf\\xe9");
}
