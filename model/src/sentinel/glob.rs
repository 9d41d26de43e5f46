//! Patterns of SENTINEL RESET: `*`, `?`, `[a-c]`, `[^x]` and `\` as Redis matches them (`stringmatchlen`), case
//! included. What is malformed matches as far as it can be understood; there are no errors.

/// Whether the whole text matches the pattern.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    matches_bytes(pattern.as_bytes(), text.as_bytes())
}

fn matches_bytes(pattern: &[u8], text: &[u8]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    if first == b'*' {
        return (0..=text.len()).any(|skip| matches_bytes(rest, &text[skip..]));
    }
    let Some((&byte, after)) = text.split_first() else {
        return false;
    };
    let (matched, rest) = match first {
        b'?' => (true, rest),
        b'[' => class(rest, byte),
        b'\\' if !rest.is_empty() => (rest[0] == byte, &rest[1..]),
        _ => (first == byte, rest),
    };
    matched && matches_bytes(rest, after)
}

/// A class, from behind its bracket: whether the byte is in it, and what follows. Without a closing bracket it reaches
/// to the end of the pattern.
fn class(mut pattern: &[u8], byte: u8) -> (bool, &[u8]) {
    let negated = pattern.first() == Some(&b'^');
    if negated {
        pattern = &pattern[1..];
    }
    let mut found = false;
    loop {
        match pattern {
            [] => break,
            [b'\\', escaped, rest @ ..] => {
                found |= *escaped == byte;
                pattern = rest;
            }
            [b']', rest @ ..] => {
                pattern = rest;
                break;
            }
            [low, b'-', high, rest @ ..] => {
                let (low, high) = (low.min(high), low.max(high));
                found |= (*low..=*high).contains(&byte);
                pattern = rest;
            }
            [one, rest @ ..] => {
                found |= *one == byte;
                pattern = rest;
            }
        }
    }
    (found != negated, pattern)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "mymaster", true),
            ("my*r", "mymaster", true),
            ("My*", "mymaster", false),
            ("m?m*", "mymaster", true),
            ("?", "", false),
            ("shard-[1-3]", "shard-2", true),
            ("shard-[3-1]", "shard-2", true),
            ("shard-[^1-3]", "shard-2", false),
            ("shard-[ab", "shard-b", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("", "mymaster", false),
            ("mymaster", "mymaster", true),
            ("mymaster", "mymaster2", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
