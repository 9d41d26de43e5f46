//! Renders what the checkers found: text for a terminal, JSON for programs, JUnit for CI, pages for browsers. Nothing is judged here.

pub mod compare;
pub mod course;
pub mod history;
pub mod html;
pub mod json;
pub mod junit;
pub mod style;
pub mod text;

pub use style::Style;

/// The command that repeats one run of a scenario file; `flags` is what it needs beside the file.
pub fn repeat(file: &str, flags: &[String], seed: u64) -> String {
    format!("{} --seed {seed}", playing(file, flags))
}

/// The command that plays a scenario file, without seeds.
fn playing(file: &str, flags: &[String]) -> String {
    let words = std::iter::once(file).chain(flags.iter().map(String::as_str));
    format!("splitbrain run {}", words.map(quoted).collect::<Vec<_>>().join(" "))
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn file_names_are_quoted_only_where_a_shell_needs_it() {
        assert_eq!(super::repeat("scenarios/a-b.toml", &[], 17), "splitbrain run scenarios/a-b.toml --seed 17");
        assert_eq!(super::repeat("my file's.toml", &[], 1), r"splitbrain run 'my file'\''s.toml' --seed 1");
        let flags = ["--schedule", "a b.toml"].map(str::to_owned);
        assert_eq!(super::repeat("s.toml", &flags, 1), "splitbrain run s.toml --schedule 'a b.toml' --seed 1");
    }
}
