//! The crate that `docs/testing.md` builds up is `docs/examples/your-repository`, line by line. CI runs that crate's own tests.

use std::path::Path;

/// Blocks of a page that begin with a comment that names a file: the file, and what is in it.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    let named = fenced.filter_map(|block| {
        let (_language, block) = block.split_once('\n')?;
        let (first, content) = block.split_once('\n')?;
        let file = first.strip_prefix("// ").or_else(|| first.strip_prefix("# "))?;
        Some((file, content))
    });
    named.collect()
}

#[test]
fn what_the_page_says_is_what_is_in_the_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = std::fs::read_to_string(root.join("testing.md")).expect("there is a page").replace("\r\n", "\n");
    let blocks = blocks(&page);
    assert!(blocks.len() > 8, "{blocks:?}");
    for (file, content) in blocks {
        let path = root.join("examples/your-repository").join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        // A test that shows a bug has to fail on the page, and not in CI.
        let lines = text.lines().filter(|line| !line.starts_with("#[should_panic"));
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        assert!(text.contains(content), "{file} does not have\n{content}");
    }
}
