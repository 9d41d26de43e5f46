use super::*;
use crate::conf::machine::Paper;
use proptest::prelude::*;

fn judged(program: Program, files: &[(&str, &[u8])], words: &[&str]) -> Result<Accepted, ConfError> {
    let files = files.iter().map(|(name, text)| (format!("/conf/{name}").into_bytes(), text.to_vec())).collect();
    let mut machine = Paper { files, directory: b"/conf".to_vec(), ..Paper::default() };
    let words = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let myid = "a".repeat(40);
    start(&Start { words, myid, ..Start::with_file(program, b"") }, &mut machine)
}

#[test]
fn a_name_that_a_sentinel_cannot_resolve_leaves_a_file_that_it_will_refuse() {
    let file = b"sentinel resolve-hostnames yes\nsentinel monitor mymaster redis-0 6379 2\n";
    let accepted = judged(Program::Sentinel, &[("a", file)], &["a"]).unwrap();
    let saved = accepted.rewritten.unwrap();
    let again = judged(Program::Sentinel, &[("a", &saved)], &["a"]).unwrap_err();
    assert_eq!((again.line, &*again.message), (2, "Unrecognized sentinel configuration statement."));
    assert_eq!(again.quoted.as_deref(), Some("sentinel monitor mymaster  6379 2"));
}

#[test]
fn what_depends_on_the_machine_says_so() {
    let missing = judged(Program::Redis, &[], &["nosuch.conf"]).unwrap_err();
    assert!(missing.depends_on_machine);
    assert_eq!(missing.message, "Fatal error, can't open config file '/conf/nosuch.conf': No such file or directory");
    let wrong = judged(Program::Redis, &[("a", b"port abc")], &["a"]).unwrap_err();
    assert!(!wrong.depends_on_machine);
}

#[test]
fn a_file_that_includes_itself_crashes_unless_its_second_reading_is_refused() {
    let crash = judged(Program::Redis, &[("a", b"include a\n")], &["a"]).unwrap_err();
    assert_eq!(crash.message, "crashed with signal 11");
    let refused = judged(Program::Redis, &[("a", b"user u on\ninclude a\n")], &["a"]).unwrap_err();
    assert_eq!(refused.quoted.as_deref(), Some("user u on"));
}

fn lines() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        "sentinel|monitor|mymaster|include|user|save|bind|port|known-replica|myid|rename-command|dir|aclfile|unixsocket",
        "a|b|\\*|127\\.0\\.0\\.1|::1|yes|no|\"|'|\\(|\\)|\\+@all|-get|~x|>p|#|resolve-hostnames|replicaof",
        "-?[0-9]{1,22}(mb|%|\\.)?",
    ]
    .prop_map(String::into_bytes);
    let word = prop_oneof![4 => word, 1 => proptest::collection::vec(any::<u8>(), 0..6)];
    let gap = prop_oneof![4 => Just(b" ".to_vec()), 2 => Just(b"\n".to_vec()), 1 => Just(b"\r\n".to_vec())];
    let join =
        |parts: Vec<(Vec<u8>, Vec<u8>)>| parts.into_iter().flat_map(|(word, gap)| [word, gap].concat()).collect();
    proptest::collection::vec((word, gap), 0..40).prop_map(join)
}

proptest! {
    #[test]
    fn no_bytes_in_files_or_on_the_command_line_make_the_judge_panic(
        noise: Vec<u8>, a in lines(), b in lines(), option in "\\PC{0,12}", is_sentinel: bool,
    ) {
        let program = if is_sentinel { Program::Sentinel } else { Program::Redis };
        for file in [&noise, &a] {
            let whole = [b"\xef\xbb\xbf", &file[..]].concat();
            for first in [file, &whole] {
                let verdict = judged(program, &[("a", first), ("b", &b)], &["a", "--include", "b", &option]);
                // What a Sentinel saves can be judged, too.
                if let Ok(Accepted { rewritten: Some(saved), .. }) = verdict {
                    let _ = judged(program, &[("a", &saved), ("b", &b)], &["a"]);
                }
            }
        }
    }
}
