//! Renders what the checkers found: text for a terminal, JSON for programs, JUnit for CI. Nothing is judged here.

pub mod course;
pub mod json;
pub mod junit;
pub mod style;
pub mod text;

pub use style::Style;

/// The command that repeats one run of a scenario file.
pub fn repeat(file: &str, seed: u64) -> String {
    format!("splitbrain run {} --seed {seed}", quoted(file))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
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
        assert_eq!(super::repeat("scenarios/a-b.toml", 17), "splitbrain run scenarios/a-b.toml --seed 17");
        assert_eq!(super::repeat("my file's.toml", 1), r"splitbrain run 'my file'\''s.toml' --seed 1");
    }
}
