//! Commands that turn text into text.

use super::run::{Done, append};
use crate::place::Traced;
use std::collections::BTreeMap;

pub(super) fn echo(args: &[Traced]) -> Done {
    let escapes = args.first().is_some_and(|arg| matches!(arg.text(), "-e" | "-ne" | "-en"));
    let bare = args.first().is_some_and(|arg| matches!(arg.text(), "-n" | "-ne" | "-en"));
    let skip = args.iter().take_while(|arg| matches!(arg.text(), "-e" | "-n" | "-ne" | "-en" | "-E")).count();
    let mut out = Traced::default();
    for (index, arg) in args[skip..].iter().enumerate() {
        if index > 0 {
            out.push(" ", None);
        }
        // `sh` of the images is dash or busybox: both understand escapes, the one always, the other with -e.
        if escapes || arg.text().contains("\\n") { append(&mut out, &unescaped(arg)) } else { append(&mut out, arg) }
    }
    if !bare {
        out.push("\n", None);
    }
    Done { ok: true, out }
}

pub(super) fn printf(args: &[Traced]) -> Done {
    let args = if args.first().is_some_and(|arg| arg.text() == "--") { &args[1..] } else { args };
    let Some(format) = args.first().map(unescaped) else { return Done::quiet(true) };
    let mut rest = args[1..].iter();
    let mut out = Traced::default();
    loop {
        let left = rest.len();
        let mut chars = format.text().char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (c, chars.peek().copied()) {
                ('%', Some((_, '%'))) => {
                    chars.next();
                    out.push("%", format.place(at));
                }
                ('%', Some((_, 's' | 'd' | 'b' | 'i' | 'u'))) => {
                    chars.next();
                    if let Some(arg) = rest.next() {
                        append(&mut out, arg);
                    }
                }
                _ => out.append_range(&format, at, at + c.len_utf8()),
            }
        }
        if rest.len() == 0 || rest.len() == left {
            return Done { ok: true, out };
        }
    }
}

fn unescaped(text: &Traced) -> Traced {
    let mut out = Traced::default();
    let mut chars = text.text().char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let escaped = if c == '\\' { chars.peek().copied() } else { None };
        let plain = match escaped {
            Some((_, 'n')) => "\n",
            Some((_, 't')) => "\t",
            Some((_, '\\')) => "\\",
            _ => {
                out.append_range(text, at, at + c.len_utf8());
                continue;
            }
        };
        chars.next();
        out.push(plain, text.place(at));
    }
    out
}

/// `s/from/to/g`, with patterns that are plain text but for `.*` at their end.
pub(super) fn substitute(text: &Traced, script: &str) -> Traced {
    let script = script.trim();
    let Some(rest) = script.strip_prefix('s') else { return text.clone() };
    let Some(mark) = rest.chars().next() else { return text.clone() };
    let parts: Vec<&str> = rest[mark.len_utf8()..].split(mark).collect();
    let [from, to, ..] = parts[..] else { return text.clone() };
    let to_end = from.ends_with(".*");
    let starts = from.starts_with('^');
    let bare = from.trim_start_matches('^').trim_end_matches('$').trim_end_matches(".*").replace('\\', "");
    let to = to.replace("\\n", "\n").replace('\\', "");
    if bare.is_empty() || bare.contains(['*', '[', '+']) {
        return text.clone();
    }
    let mut out = Traced::default();
    let lines = text.lines();
    for (index, line) in lines.iter().enumerate() {
        let mut at = 0;
        while let Some(found) = line.text()[at..].find(&bare) {
            let start = at + found;
            if starts && start > 0 || out.text().len() > 1 << 20 {
                break;
            }
            out.append_range(line, at, start);
            out.push(&to, line.place(start));
            at = if to_end { line.text().len() } else { start + bare.len() };
        }
        out.append_range(line, at, line.text().len());
        if index + 1 < lines.len() {
            out.push("\n", None);
        }
    }
    out
}

pub(super) fn field(name: &str, texts: &[&str], input: &Traced) -> Traced {
    let joined = texts.join(" ");
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>().ok();
    let index = match name {
        "awk" => joined.find('$').and_then(|at| digits(&joined[at + 1..])),
        _ => joined.find("-f").and_then(|at| digits(joined[at + 2..].trim_start())),
    };
    let Some(index) = index.filter(|index| *index > 0) else { return input.clone() };
    let mark = match name {
        "awk" => {
            joined.find("-F").and_then(|at| joined[at + 2..].trim_start().trim_matches(['\'', '"']).chars().next())
        }
        _ => joined.find("-d").and_then(|at| joined[at + 2..].trim_start().trim_matches(['\'', '"']).chars().next()),
    };
    let mut out = String::new();
    for line in input.text().lines() {
        let found = match mark {
            Some(mark) => line.split(mark).nth(index - 1),
            None => line.split_whitespace().nth(index - 1),
        };
        out.push_str(found.unwrap_or(""));
        out.push('\n');
    }
    Traced::at_no(&out)
}

/// Whether a pattern with `*` and `?` matches.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star, mut mark) = (0, 0, None, 0);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some(p);
                mark = t;
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some(at) => {
                    p = at + 1;
                    mark += 1;
                    t = mark;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// `${name#pattern}` and its relatives.
pub(super) fn cut<'t>(text: &'t str, operator: &str, pattern: &str) -> &'t str {
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    if ends.len() > 2_000 {
        return text;
    }
    let front = operator.starts_with('#');
    // The shortest from the front, the longest with a doubled operator; from the end likewise.
    if front == (operator.len() == 2) {
        ends.reverse();
    }
    for at in ends {
        let (head, tail) = text.split_at(at);
        if front && matches(pattern, head) {
            return tail;
        }
        if !front && matches(pattern, tail) {
            return head;
        }
    }
    text
}

/// `$((a + 1))` with one sign.
pub(super) fn sum(text: &str, env: &BTreeMap<String, Traced>) -> String {
    let value = |word: &str| -> i64 {
        let word = word.trim().trim_start_matches('$').trim_matches(['{', '}']);
        word.parse().ok().or_else(|| env.get(word)?.text().trim().parse().ok()).unwrap_or(0)
    };
    for sign in ['+', '-', '*', '/', '%'] {
        if let Some((left, right)) = text.split_once(sign)
            && !left.trim().is_empty()
        {
            let (left, right) = (value(left), value(right));
            let result = match sign {
                '+' => left.checked_add(right),
                '-' => left.checked_sub(right),
                '*' => left.checked_mul(right),
                '/' => left.checked_div(right),
                _ => left.checked_rem(right),
            };
            return result.unwrap_or(0).to_string();
        }
    }
    value(text).to_string()
}
