//! The nearest right spelling of a wrong word.

/// The candidate closest to `word`, if it is close enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(64).map(|c| c.to_ascii_lowercase()).collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().map(|c| c.to_ascii_lowercase()).collect();
        let starts_alike = word.len() >= 4 && (letters.starts_with(&word) || word.starts_with(&letters[..]));
        let distance = if starts_alike { 1 } else { edit_distance(&word, &letters) };
        let tolerated = (letters.len().max(word.len()) / 3).max(1);
        if distance <= tolerated && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. `_` and `-` count
/// as the same letter.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let same = |x: char, y: char| x == y || (matches!(x, '_' | '-') && matches!(y, '_' | '-'));
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substituted = last[j - 1] + usize::from(!same(a[i - 1], b[j - 1]));
            row[j] = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            let swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
            if swapped {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
    }
    last[b.len()]
}

/// Names as a sentence lists them: `a`, `b` or `c`.
pub fn one_of<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let keys = ["quorum", "down-after-milliseconds", "failover-timeout", "parallel-syncs"];
        assert_eq!(nearest("qourum", keys), Some("quorum"));
        assert_eq!(nearest("down-after-miliseconds", keys), Some("down-after-milliseconds"));
        assert_eq!(nearest("down_after_milliseconds", keys), Some("down-after-milliseconds"));
        assert_eq!(nearest("down-after", keys), Some("down-after-milliseconds"));
        assert_eq!(nearest("maxmemory", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(one_of(&["a"]), "`a`");
    }
}
