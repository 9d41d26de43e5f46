//! A comparison of runs as a Markdown table, for the comment under a pull request and for terminals.

use std::fmt::Write as _;

/// One line of the table; numbers in thousandths.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The scenario.
    pub scenario: &'a str,
    /// What was measured.
    pub measure: &'a str,
    /// Seeds played both times.
    pub seeds: u64,
    /// Mean before.
    pub before: i64,
    /// Mean now.
    pub now: i64,
    /// Interval of the mean difference.
    pub interval: (i64, i64),
    /// It has become worse.
    pub worse: bool,
    /// It has become better.
    pub better: bool,
}

/// The table, with a sentence before it. `missing` are scenarios that could not be compared.
pub fn table(file: &str, version: &str, lines: &[Line<'_>], missing: &[String]) -> String {
    let worse = lines.iter().filter(|line| line.worse).count();
    let verdict = match worse {
        0 => "nothing has become worse".to_owned(),
        1 => "**1 number has become worse**".to_owned(),
        n => format!("**{n} numbers have become worse**"),
    };
    let mut text = format!("Compared with {file} (splitbrain {version}), seed by seed: {verdict}.\n\n");
    text.push_str(
        "| scenario | mean of | seeds | before | now | difference (95 %) | |\n|---|---|---:|---:|---:|---:|---|\n",
    );
    for line in lines {
        let word = if line.worse {
            "**worse**"
        } else if line.better {
            "better"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} [{}, {}] | {word} |",
            line.scenario,
            line.measure,
            line.seeds,
            thousandths(line.before, false),
            thousandths(line.now, false),
            thousandths(line.now - line.before, true),
            thousandths(line.interval.0, true),
            thousandths(line.interval.1, true),
        );
    }
    for scenario in missing {
        let _ = writeln!(text, "\n{scenario}: no run of the same seeds in {file}, so nothing is compared.");
    }
    text
}

/// A number in thousandths, with one decimal where it is small.
fn thousandths(n: i64, signed: bool) -> String {
    let sign = if n < 0 {
        "−"
    } else if signed && n > 0 {
        "+"
    } else {
        ""
    };
    let n = n.unsigned_abs();
    let tenths = (n + 50) / 100;
    match (tenths / 10, tenths % 10) {
        (1_000.., _) => format!("{sign}{}", (n + 500) / 1_000),
        (whole, 0) => format!("{sign}{whole}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_first_whether_anything_is_worse() {
        let line = Line {
            scenario: "classic/master-killed",
            measure: "ms without writes",
            seeds: 20,
            before: 6_123_400,
            now: 8_000_000,
            interval: (1_700_000, 2_050_000),
            worse: true,
            better: false,
        };
        let text = table("base.json", "0.1.0", &[line], &["mine".to_owned()]);
        assert!(
            text.starts_with(
                "Compared with base.json (splitbrain 0.1.0), seed by seed: **1 number has become worse**."
            )
        );
        assert!(text.contains("| 6123 | 8000 | +1877 [+1700, +2050] | **worse** |"), "{text}");
        assert!(text.contains("mine: no run of the same seeds"));
        assert_eq!(thousandths(-1_250, true), "−1.3");
    }
}
