//! The format of history files: what is accepted, what every error says, and that nothing panics.

use proptest::prelude::*;
use splitbrain_checker::history::{LONGEST_LINE, Model, ReadError, Recorded, infer, read, write};
use splitbrain_checker::linear::{Action, Fate, NEVER, Swap};

fn reads(text: &str, model: Model) -> Recorded {
    read(text.as_bytes(), model, None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn refuses(text: &[u8], model: Model) -> String {
    match read(text, model, None) {
        Ok(_) => panic!("accepted: {}", String::from_utf8_lossy(text)),
        Err(error) => error.to_string(),
    }
}

const WRITE: &str = r#"{"process":0,"type":"invoke","f":"write","key":"x","value":1}"#;

#[test]
fn every_error_has_line_column_what_was_found_and_what_was_expected() {
    use Model::{Counter, List, MultiRegister, Mutex, Register, Set, StringAppend};
    let call = |f: &str, value: &str| format!(r#"{{"process":0,"type":"invoke","f":"{f}","key":"x","value":{value}}}"#);
    let both = |f: &str, value: &str, answer: &str| {
        format!("{}\n{{\"process\":0,\"type\":\"ok\",\"f\":\"{f}\",\"key\":\"x\",{answer}}}", call(f, value))
    };
    let table: Vec<(Model, String, &str)> = vec![
        (Register, String::new(), "1:1: found an empty file, expected operations, one per line"),
        (Register, "\n\r\n  \n".into(), "1:1: found an empty file"),
        (Register, "hello".into(), "1:1: found `hello`, expected an object"),
        (Register, "\u{feff}\u{feff}{}".into(), "1:1: found"),
        (Register, "[1]".into(), "1:1: found `[`, expected an object"),
        (Register, "{}".into(), "1:3: found no `process`, expected a whole number"),
        (Register, WRITE[..40].into(), "1:41: found the end of the line"),
        (
            Register,
            format!("{WRITE}\n{WRITE}"),
            "2:12: found another invocation, expected a completion of what process 0 called in line 1",
        ),
        (
            Register,
            format!("{WRITE}\n\n{}", WRITE.replace("invoke", "ok").replace(":0,", ":7,")),
            "3:12: found a completion of nothing, expected an invocation by process 7 before",
        ),
        (
            Register,
            format!("{0}\n{1}\n{1}", WRITE, WRITE.replace("invoke", "info")),
            "3:12: found a completion of nothing",
        ),
        (Register, format!("{WRITE} {WRITE}"), "1:63: found `{`, expected the end of the line: one operation per line"),
        (Register, WRITE.replace(":0,", ":-1,"), "1:12: found the number -1, expected the number of a process"),
        (Register, WRITE.replace(":0,", ":99999999999999999999,"), "1:12: found the number 99999999999999999999"),
        (Register, WRITE.replace(":0,", ":1.5,"), "1:12: found the number 1.5"),
        (Register, WRITE.replace(":0,", ":\"0\","), "1:12: found \"0\""),
        (
            Register,
            WRITE.replace("invoke", "call"),
            "1:21: found \"call\", expected \"invoke\", \"ok\", \"fail\" or \"info\"",
        ),
        (Register, WRITE.replace("\"write\"", "3"), "1:34: found the number 3, expected the name of an operation"),
        (
            Register,
            WRITE.replace("write", "incr"),
            "1:34: found \"incr\", expected an operation of a register: write, read, cas",
        ),
        (Register, WRITE.replace(",\"value\":1", ""), "1:52: found no `value`, expected the value to write"),
        (
            Register,
            WRITE.replace("\"key\"", "\"process\""),
            "1:42: found a second `process`, expected each member once",
        ),
        (
            Register,
            format!(
                "{}\n{}",
                WRITE.replace('{', "{\"index\":4,"),
                WRITE.replace('{', "{\"index\":4,").replace("invoke", "ok")
            ),
            "2:10: found the number 4, expected an index above 4",
        ),
        (
            Register,
            WRITE.replace('{', "{\"index\":-4,"),
            "1:10: found the number -4, expected a whole number below 2^64",
        ),
        (
            Register,
            format!("{WRITE}\n{}", WRITE.replace("invoke", "ok").replace(":1}", ":2}")),
            "2:56: found the number 2, expected 1, as it was invoked",
        ),
        (
            Register,
            format!("{WRITE}\n{}", WRITE.replace("invoke", "ok").replace("write", "read")),
            "2:30: found \"read\", expected \"write\", as it was invoked",
        ),
        (
            Register,
            format!("{WRITE}\n{}", WRITE.replace("invoke", "ok").replace("\"x\"", "\"y\"")),
            "2:44: found \"y\", expected the key x, as it was invoked",
        ),
        (
            Register,
            format!("{WRITE}\n{}", WRITE.replace("invoke", "ok").replace('}', ",\"repeats\":70000}")),
            "2:68: found the number 70000",
        ),
        (Register, WRITE.replace("\"x\"", "\"x\u{0}\""), "1:50: found the control character 0x00 in a string"),
        (Register, WRITE.replace("\"x\"", "\"äöü\"").replace(":1}", ":01}"), "1:62: found `01`, expected a number"),
        (Register, call("cas", "[1]"), "1:58: found an array [1], expected [from, to]"),
        (Register, call("cas", "null"), "1:58: found null, expected [from, to]"),
        (
            Register,
            both("cas", "[1,2]", "\"value\":[1,2]"),
            "2:60: found no `result`, expected true, false, or {\"found\"",
        ),
        (
            Register,
            both("cas", "[1,2]", "\"value\":[1,2],\"result\":1"),
            "2:69: found the number 1, expected true, false",
        ),
        (
            Register,
            both("cas", "[1,2]", "\"value\":[1,3],\"result\":true"),
            "2:54: found an array [1,3], expected [1,2], as it was invoked",
        ),
        (Register, both("read", "null", "\"result\":1"), "2:58: found no `value`, expected what was read"),
        (Counter, both("incr", "null", "\"value\":-1"), "2:55: found the number -1, expected a count"),
        (Counter, both("read", "null", "\"value\":\"7\""), "2:55: found \"7\", expected a count"),
        (Counter, both("read", "null", "\"value\":9223372036854775808"), "2:55: found the number 9223372036854775808"),
        (Set, call("add", "null"), "1:58: found null, expected an element"),
        (Set, both("add", "1", "\"result\":2"), "2:55: found the number 2, expected 1 or 0"),
        (Set, both("contains", "1", "\"value\":1"), "2:61: found no `result`, expected whether the element is there"),
        (Set, both("members", "null", "\"value\":7"), "2:58: found the number 7, expected all elements, as an array"),
        (List, both("list", "null", "\"value\":null"), "2:55: found null, expected all elements, as an array"),
        (List, both("append", "1", "\"result\":\"2\""), "2:58: found \"2\", expected a count"),
        (StringAppend, call("put", "1"), "1:58: found the number 1, expected a string"),
        (Mutex, call("lock", "null"), "1:34: found \"lock\", expected an operation of a mutex: acquire, release"),
        (
            MultiRegister,
            call("txn", "[[\"read\",\"x\"]]"),
            "1:59: found an array [\"read\",\"x\"], expected [\"read\" or \"write\", key, value]",
        ),
        (MultiRegister, call("txn", "[[\"swap\",\"x\",1]]"), "1:60: found \"swap\", expected \"read\" or \"write\""),
        (
            MultiRegister,
            both("txn", "[[\"read\",\"x\",null]]", "\"value\":[[\"read\",\"y\",1]]"),
            "2:54: found an array",
        ),
    ];
    let mut wrong = Vec::new();
    for (model, text, start) in table {
        let error = refuses(text.as_bytes(), model);
        if !error.starts_with(start) {
            wrong.push(format!("{text}\n  is: {error}\nwant: {start}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    assert!(refuses(b"{\"process\":\xff}", Model::Register).starts_with("1:12: found the byte 0xff, expected UTF-8"));
    let long = vec![b' '; LONGEST_LINE + 1];
    assert!(refuses(&long, Model::Register).starts_with("1:1: found a line of more than 16 MiB"));
}

#[test]
fn line_ends_blank_lines_and_a_byte_order_mark_do_not_matter() {
    let plain = format!("{WRITE}\n{}\n", WRITE.replace("invoke", "ok"));
    let dressed = format!("\u{feff}{}\r\n{}", WRITE, WRITE.replace("invoke", "ok"));
    assert_eq!(reads(&plain, Model::Register), reads(&dressed, Model::Register));
}

#[test]
fn an_operation_without_a_completion_may_have_happened() {
    let text = format!("{WRITE}\n{}", WRITE.replace(":0,", ":1,").replace(":1}", ":2}"));
    for entry in reads(&text, Model::Register).history.entries {
        assert_eq!((entry.fate, entry.ret), (Fate::Unknown, NEVER));
    }
}

#[test]
fn whoever_acts_under_the_number_of_a_lost_process_is_another_one() {
    let text = [WRITE, &WRITE.replace("invoke", "info"), WRITE, &WRITE.replace("invoke", "ok")].join("\n");
    let recorded = reads(&text, Model::Register);
    assert_eq!(recorded.history.processes, [0, 1]);
    assert_eq!(recorded.processes, [0, 0]);
}

#[test]
fn the_initial_value_is_none_unless_somebody_writes_it() {
    let with = |value: &str, init: &str| {
        let read = |value| {
            format!(
                "{}\n{}",
                r#"{"process":1,"type":"invoke","f":"read"}"#,
                format_args!(r#"{{"process":1,"type":"ok","f":"read","value":{value}}}"#)
            )
        };
        let write = r#"{"process":0,"type":"invoke","f":"write","value":VALUE}"#.replace("VALUE", value);
        let text = format!("{write}\n{}", read(init));
        super_read(&text, init)
    };
    let history = with("1", "0").history;
    assert_eq!((history.initial, history.entries[1].action), (None, Action::Read(None)));
    let history = with("0", "0").history;
    assert_eq!((history.initial, history.entries[1].action), (Some(0), Action::Read(Some(0))));
    let history = with("null", "null").history;
    let null = history.initial.expect("it is written");
    assert_eq!(history.entries[1].action, Action::Read(Some(null)));
}

fn super_read(text: &str, init: &str) -> Recorded {
    read(text.as_bytes(), Model::Register, Some(init)).expect("it is sound")
}

#[test]
fn initial_content_was_there_before_all_operations() {
    let text = r#"{"process":1,"type":"invoke","f":"members","key":"a"}
{"process":1,"type":"ok","f":"members","key":"a","value":[1,2]}
{"process":1,"type":"invoke","f":"members","key":"b"}"#;
    let recorded = read(text.as_bytes(), Model::Set, Some("[1,2]")).expect("it is sound");
    let entries = &recorded.history.entries;
    let content: Vec<_> = entries[..4].iter().map(|entry| (entry.object, entry.action, entry.ret)).collect();
    assert_eq!(
        content,
        [
            (0, Action::Add(1, None), 2),
            (0, Action::Add(2, None), 4),
            (1, Action::Add(1, None), 6),
            (1, Action::Add(2, None), 8)
        ]
    );
    assert_eq!((recorded.before, entries[4].call, entries[4].ret), (4, 9, 10));
    assert_eq!(recorded.told(4).lines, (1, Some(2)));
    assert_eq!(recorded.told(0).process, None);
}

#[test]
fn a_wrong_initial_value_is_told() {
    for (model, init) in [
        (Model::Counter, "-1"),
        (Model::Set, "7"),
        (Model::StringAppend, "7"),
        (Model::Mutex, "7"),
        (Model::Register, "{"),
    ] {
        let error = read(WRITE.as_bytes(), model, Some(init)).expect_err(init).to_string();
        assert!(error.contains("as initial value"), "{error}");
    }
}

#[test]
fn counts_are_counted_from_the_initial_one() {
    let text = r#"{"process":1,"type":"invoke","f":"incr"}
{"process":1,"type":"ok","f":"incr","value":8}"#;
    let recorded = read(text.as_bytes(), Model::Counter, Some("7")).expect("it is sound");
    assert_eq!(recorded.history.entries[0].action, Action::Increment(Some(1)));
    assert_eq!(recorded.told(0).answer, "= 8");
}

#[test]
fn a_compare_and_set_may_say_what_it_found() {
    let text = |result: &str| {
        format!(
            "{}\n{{\"process\":0,\"type\":\"ok\",\"f\":\"cas\",\"value\":[1,2],\"result\":{result}}}",
            r#"{"process":0,"type":"invoke","f":"cas","value":[1,2]}"#
        )
    };
    let swap = |result: &str| match reads(&text(result), Model::Register).history.entries[0].action {
        Action::Cas(Some(1), 2, swap) => swap,
        other => panic!("{other:?}"),
    };
    assert_eq!(swap("true"), Swap::Swapped);
    assert_eq!(swap("false"), Swap::Refused);
    assert_eq!(swap(r#"{"found":7}"#), Swap::Found(Some(7)));
    assert_eq!(swap(r#"{"found":null}"#), Swap::Found(None));
    assert_eq!(swap(r#"{"found":1}"#), Swap::Swapped);
}

#[test]
fn the_model_is_told_from_the_first_operation_that_no_other_has() {
    let lines = |names: &[&str]| -> Vec<u8> {
        let line =
            |(i, f): (usize, &&str)| format!("{{\"process\":{i},\"type\":\"invoke\",\"f\":\"{f}\",\"value\":1}}\n");
        names.iter().enumerate().map(line).collect::<String>().into_bytes()
    };
    for (names, model) in [
        (&["read", "read", "incr"][..], Model::Counter),
        (&["read", "cas"], Model::Register),
        (&["read"], Model::Register),
        (&["append", "get"], Model::StringAppend),
        (&["append"], Model::List),
        (&["contains"], Model::Set),
        (&["release"], Model::Mutex),
        (&["txn"], Model::MultiRegister),
    ] {
        assert_eq!(infer(&lines(names)[..]).expect("it is sound"), model, "{names:?}");
    }
    let error = infer(&lines(&["read", "pop"])[..]).expect_err("nothing pops").to_string();
    assert!(error.starts_with("2:34: found \"pop\", expected one of acquire, add, append, cas"), "{error}");
}

/// A line that may be right, in which anything may be wrong.
fn line() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        (0u64..4).prop_map(|n| n.to_string()),
        Just("null".to_owned()),
        Just("\"a\\u00e9\"".to_owned()),
        Just("[1,2]".to_owned()),
        Just("[[\"read\",\"x\",1],[\"write\",\"y\",2]]".to_owned()),
        Just("{\"found\":1}".to_owned()),
        Just("-1e400".to_owned()),
        Just("true".to_owned()),
    ];
    let f = prop::sample::select(
        Model::ALL.iter().flat_map(|model| model.operations().iter().copied()).collect::<Vec<_>>(),
    );
    let step = prop::sample::select(vec!["invoke", "ok", "fail", "info"]);
    (0u32..3, step, f, value.clone(), value).prop_map(|(process, step, f, value, result)| {
        format!(r#"{{"process":{process},"type":"{step}","f":"{f}","key":"x","value":{value},"result":{result}}}"#)
    })
}

/// A history of one model as it may be recorded.
fn sound() -> impl Strategy<Value = (Model, String)> {
    let events = prop::collection::vec((0usize..3, 0u32..3, 0u64..4, 0usize..8), 1..40);
    (prop::sample::select(Model::ALL.to_vec()), events).prop_map(|(model, events)| {
        let mut busy: [Option<(usize, u32, u64)>; 3] = [None; 3];
        let mut text = String::new();
        for (process, key, value, pick) in events {
            let operations = model.operations();
            let (step, (f, key, value)) = match busy[process].take() {
                None => {
                    busy[process] = Some((pick % operations.len(), key, value));
                    ("invoke", (pick % operations.len(), key, value))
                }
                Some(open) => (["ok", "ok", "ok", "fail", "info", "ok", "ok", "ok"][pick], open),
            };
            let (f, key) = (operations[f], format!("\"k{key}\""));
            let ok = step == "ok";
            let (value, result) = match f {
                "read" if ok && model == Model::Register && value == 3 => ("null".to_owned(), None),
                "read" if ok => (value.to_string(), None),
                "incr" if ok => (value.to_string(), None),
                "get" if ok => (format!("\"{value}\""), None),
                "read" | "incr" | "get" | "members" | "list" | "acquire" | "release" if !ok => {
                    ("null".to_owned(), None)
                }
                "members" | "list" => (format!("[{value},\"b\"]"), None),
                "acquire" | "release" => ("null".to_owned(), None),
                "cas" => (format!("[{value},9]"), Some(["true", "false", "{\"found\":8}"][pick % 3].to_owned())),
                "contains" => (value.to_string(), Some((pick % 2 == 0).to_string())),
                "add" | "remove" => (value.to_string(), (pick % 3 > 0).then(|| (pick % 2).to_string())),
                "append" if model == Model::List => (value.to_string(), (pick % 2 == 0).then(|| pick.to_string())),
                "append" | "put" => (format!("\"{value}\""), None),
                "txn" if ok => (format!("[[\"read\",\"a\",{value}],[\"write\",{key},{value}]]"), None),
                "txn" => (format!("[[\"read\",\"a\",null],[\"write\",{key},{value}]]"), None),
                _ => (value.to_string(), None),
            };
            let key = if f == "txn" { "null".to_owned() } else { key };
            let result = result.filter(|_| ok).map_or(String::new(), |result| format!(",\"result\":{result}"));
            text += &format!(
                "{{\"process\":{process},\"type\":\"{step}\",\"f\":\"{f}\",\"key\":{key},\"value\":{value}{result}}}\n"
            );
        }
        (model, text)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_at_all_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), model in prop::sample::select(Model::ALL.to_vec())) {
        let _ = read(&bytes[..], model, None);
        let _ = infer(&bytes[..]);
    }

    #[test]
    fn no_lines_at_all_make_the_reader_panic(lines in prop::collection::vec(line(), 0..30), cut in 0usize..4000, model in prop::sample::select(Model::ALL.to_vec())) {
        let text = lines.join("\n");
        for text in [&text[..], text.get(..cut).unwrap_or("")] {
            match read(text.as_bytes(), model, None) {
                Ok(recorded) => drop((0..recorded.history.entries.len() as u32).map(|place| recorded.told(place).sentence()).collect::<Vec<_>>()),
                Err(ReadError::Format(error)) => prop_assert!(error.line >= 1 && error.column >= 1),
                Err(ReadError::Io(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn what_is_written_is_read_again((model, text) in sound()) {
        let recorded = reads(&text, model);
        let mut written = Vec::new();
        write(&recorded, &mut written).expect("memory can be written");
        let again = reads(std::str::from_utf8(&written).expect("it is text"), model);
        prop_assert_eq!(&again, &recorded);
    }
}
