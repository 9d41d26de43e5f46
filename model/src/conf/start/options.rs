//! The command line: words behind the file become lines behind its lines.

use crate::conf::split::{quote, words};

/// The command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options<'w> {
    pub(super) file: Option<&'w [u8]>,
    /// The configuration comes from the standard input (too).
    pub(super) stdin: bool,
    /// `--sentinel` stands somewhere.
    pub(super) sentinel: bool,
    /// The lines.
    pub(super) options: Vec<u8>,
}

/// Reads the words behind the program's name (`main`).
pub(super) fn read(given: &[Vec<u8>]) -> Options<'_> {
    let mut read = Options { sentinel: given.iter().any(|word| word == b"--sentinel"), ..Options::default() };
    let mut rest = given;
    if let Some((first, others)) = given.split_first()
        && first.first() != Some(&b'-')
    {
        (read.file, rest) = (Some(first.as_slice()), others);
    }
    // A name is followed by at least one argument, even if that starts with dashes.
    let mut is_name = true;
    for (at, word) in rest.iter().enumerate() {
        let (next, is_last) = (rest.get(at + 1), at + 1 == rest.len());
        let first_of_all = at == 0 && read.file.is_none();
        if word == b"-" && (first_of_all || is_last) {
            read.stdin = true;
        } else if is_name && word.starts_with(b"--") {
            if !read.options.is_empty() {
                read.options.push(b'\n');
            }
            read.options.extend(&word[2..]);
            read.options.push(b' ');
            if words(word, 1).is_some_and(|words| words.len() == 1) {
                is_name = false;
                // Lists of words that came out empty: `--save --port 1`.
                let alone = is_last || next.is_some_and(|next| next.starts_with(b"--"));
                if alone && word.eq_ignore_ascii_case(b"--save") {
                    read.options.extend(b"\"\"");
                    is_name = true;
                } else if alone && word.eq_ignore_ascii_case(b"--sentinel") {
                    is_name = true;
                }
            }
        } else {
            read.options.extend(quote(word));
            read.options.push(b' ');
            is_name = true;
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(words: &[&str]) -> String {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        String::from_utf8(read(&words).options).unwrap()
    }

    #[test]
    fn words_behind_the_file_become_lines() {
        for (words, text) in [
            (&["x.conf", "--port", "7000", "--replicaof", "a", "1"][..], "port \"7000\" \nreplicaof \"a\" \"1\" "),
            (&["x.conf", "--save", "--appendonly", "yes"], "save \"\"\nappendonly \"yes\" "),
            (&["x.conf", "--save"], "save \"\""),
            (&["--port 7000", "--daemonize", "--no"], "port 7000 \ndaemonize \"--no\" "),
            (&["--sentinel", "--port", "1"], "sentinel \nport \"1\" "),
            (&["--requirepass", ""], "requirepass \"\" "),
        ] {
            assert_eq!(lines(words), text, "{words:?}");
        }
        assert!(read(&[b"-".to_vec()]).stdin);
    }
}
