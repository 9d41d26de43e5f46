//! `docs/history.md` shows what `history` really prints.

use splitbrain::checker::history::{Judged, Options, decide, infer, read};
use splitbrain::reports::Style;
use splitbrain::reports::history::{text, timeline};
use std::path::Path;

const FILE: &str = "checker/tests/histories/split-brain-register.jsonl";
const BEGIN: &str = "<!-- output:begin -->\n```text\n";
const END: &str = "```\n<!-- output:end -->";

#[test]
fn the_block_in_the_page_is_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/history.md")).expect("there is a page").replace("\r\n", "\n");
    let shown = page.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).expect("the page has a block").0;
    let history = std::fs::read(root.join(FILE)).expect("it is there");
    let recorded = read(&history[..], infer(&history[..]).expect("sound"), None).expect("sound");
    let decision = decide(&recorded, &Options::default());
    let judged = Judged::new(FILE.to_owned(), &recorded, &decision, None);
    let printed = text::block(&judged, Style::PLAIN) + &timeline::drawings(&judged, Style::PLAIN);
    assert_eq!(shown.trim_end(), printed.trim_end(), "run docs/regenerate.sh and read the difference");
}
