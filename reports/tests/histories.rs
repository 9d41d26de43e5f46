//! What users see of judged histories, as snapshots.

use splitbrain_checker::history::{Answer, Judged, Options, decide, infer, read};
use splitbrain_reports::Style;
use splitbrain_reports::history::{html, json, text, timeline};

const HISTORIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../checker/tests/histories");

fn judged(name: &str, witness: bool, expected: Option<Answer>) -> Judged {
    let file = format!("{name}.jsonl");
    let history = std::fs::read(format!("{HISTORIES}/{file}")).expect("it is kept");
    let recorded = read(&history[..], infer(&history[..]).expect("sound"), None).expect("sound");
    let decision = decide(&recorded, &Options { witness, ..Options::default() });
    Judged::new(file, &recorded, &decision, expected)
}

fn some() -> Vec<Judged> {
    vec![
        judged("split-brain-register", false, Some(Answer::NotLinearizable)),
        judged("set-acked-missing", false, Some(Answer::Linearizable)),
        judged("cas-chain-ok", true, None),
        judged("counter-gap-unexplained", false, None),
    ]
}

#[test]
fn a_person_reads_verdicts() {
    let blocks: String = some()
        .iter()
        .map(|judged| text::block(judged, Style::PLAIN) + &timeline::drawings(judged, Style::PLAIN))
        .collect();
    insta::assert_snapshot!(blocks + &text::closing(&some(), Style::PLAIN));
}

#[test]
fn a_program_reads_verdicts() {
    insta::assert_snapshot!(json::document("0.1.0", &some()));
}

#[test]
fn a_page_has_a_drawing_of_every_anomaly_and_needs_nothing_else() {
    let page = html::page("0.1.0", &some());
    let anomalies: usize = some().iter().map(|judged| judged.anomalies.len()).sum();
    assert_eq!(page.matches("<svg ").count(), anomalies);
    // A drawing is XML as well.
    for drawing in page.split("<svg ").skip(1) {
        let svg = format!("<svg {}</svg>", drawing.split("</svg>").next().unwrap_or_default());
        let document = roxmltree::Document::parse(&svg).expect("it is well-formed");
        let high: u32 =
            document.root_element().attribute("height").and_then(|high| high.parse().ok()).expect("a height");
        let wide: u32 = document.root_element().attribute("width").and_then(|wide| wide.parse().ok()).expect("a width");
        let number = |node: roxmltree::Node<'_, '_>, name: &str| -> u32 {
            node.attribute(name).and_then(|n| n.parse().ok()).unwrap_or(0)
        };
        let bars: Vec<_> = document.descendants().filter(|node| node.has_tag_name("rect")).collect();
        assert!(!bars.is_empty());
        for bar in bars {
            assert!(
                number(bar, "x") + number(bar, "width") <= wide && number(bar, "y") + number(bar, "height") <= high
            );
        }
    }
    let (_, content) = page.split_once("<body>").expect("a body");
    let (content, _) = content.split_once("<script").expect("scripts come last");
    insta::assert_snapshot!(content);
}

#[test]
fn a_long_history_is_told_without_scrolling() {
    let mut lines = String::new();
    for n in 0..30_000u32 {
        // Every reader is one behind.
        let (old, new) = (n.saturating_sub(1), n);
        for (f, value) in [("write", new), ("read", old)] {
            for step in ["invoke", "ok"] {
                lines += &format!(
                    "{{\"process\":0,\"type\":\"{step}\",\"f\":\"{f}\",\"value\":{}}}\n",
                    if f == "read" && step == "invoke" { 0 } else { value }
                );
            }
        }
    }
    let recorded = read(lines.as_bytes(), splitbrain_checker::history::Model::Register, None).expect("sound");
    let judged = Judged::new("long.jsonl".to_owned(), &recorded, &decide(&recorded, &Options::default()), None);
    assert!(judged.total > 20_000, "{}", judged.total);
    let text = text::block(&judged, Style::PLAIN);
    assert!(text.lines().count() <= 40, "{text}");
    assert!(text.contains("more anomalies"), "{text}");
    let page = html::page("0.1.0", &[judged]);
    assert!(page.len() < 1 << 20, "{}", page.len());
    assert!(page.contains("the whole history, the first 2000 of 60000 operations"));
}
