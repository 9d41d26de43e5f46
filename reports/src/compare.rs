//! A comparison of runs as a Markdown table, for the comment under a pull request and for terminals.

use splitbrain_checker::comparison::Comparison;
use std::fmt::Write as _;

/// The table, with a sentence before it.
pub fn table(file: &str, version: &str, comparison: &Comparison) -> String {
    let lines = &comparison.differences;
    let worse = lines.iter().filter(|line| line.is_worse()).count();
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
        let word = if line.is_worse() {
            "**worse**"
        } else if line.is_better() {
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
    for scenario in &comparison.missing {
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
    use splitbrain_checker::comparison::Difference;

    #[test]
    fn the_table_says_first_whether_anything_is_worse() {
        let line = Difference {
            scenario: "classic/master-killed".to_owned(),
            measure: "ms without writes",
            seeds: 20,
            before: 6_123_400,
            now: 8_000_000,
            interval: (1_700_000, 2_050_000),
        };
        let comparison = Comparison { differences: vec![line], missing: vec!["mine".to_owned()] };
        let text = table("base.json", "0.1.0", &comparison);
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
