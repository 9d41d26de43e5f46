use super::*;
use proptest::prelude::*;

/// What the committed bundle has to be; `reports/assets/build/build` prints it.
const ECHARTS_SHA256: &str = "e1224518180d675291c938979f91a35d71a2e27061da25b56e2b84a623c846e2";

const KIND: Kind = Kind {
    template: "{% extends \"base.html\" %}{% block main %}<section id=\"words\"><h2>Words</h2>\
               {% for word in it.words %}<p>{{ word }}</p>{% endfor %}{{ parts.command(it.words[0]) }}</section>{% endblock %}",
    script: "splitbrain.facts.words = splitbrain.data.words.length;",
    charts: false,
};

#[derive(Serialize)]
struct Words {
    words: Vec<String>,
}

fn head(title: &str) -> Head {
    Head {
        title: title.to_owned(),
        tone: Tone::Bad,
        verdict: "FAIL".to_owned(),
        sentence: format!("{title} broke"),
        about: vec![title.to_owned()],
        sections: vec![Section::new("words", title), Section { tone: Some(Tone::Good), ..Section::new("b", "B") }],
    }
}

fn page(kind: Kind, word: &str) -> String {
    let words = Words { words: vec![word.to_owned(), "second".to_owned()] };
    render(&kind, "0.0.0", &head(word), &words, &words)
}

/// Texts between `<script…>` and `</script>`, as a browser finds them.
fn scripts(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find("<script") {
        let open = at + rest[at..].find('>').expect("the tag ends") + 1;
        let close = open + rest[open..].find("</script>").expect("the element ends");
        found.push(&rest[open..close]);
        rest = &rest[close..];
    }
    found
}

#[test]
fn the_bundle_of_charts_is_the_one_that_was_built() {
    assert_eq!(splitbrain_model::sha256::hexadecimal(ECHARTS.as_bytes()), ECHARTS_SHA256);
}

#[test]
fn a_page_is_a_skeleton_around_its_content() {
    let page = page(KIND, "first");
    let policy = policy::policy(&[SHELL, KIND.script], STYLE);
    let page = page.replace(&policy, "(policy)").replace(STYLE, "(style)").replace(SHELL, "(shell)");
    insta::assert_snapshot!(page);
}

#[test]
fn a_page_runs_and_shows_what_it_contains_and_nothing_else() {
    for charts in [false, true] {
        let page = page(Kind { charts, ..KIND }, "first");
        let policy = page.split("content=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a policy");
        let scripts = scripts(&page);
        let (data, code) = scripts.split_first().expect("the data");
        assert_eq!(*data, "{\"words\":[\"first\",\"second\"]}");
        let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a style");
        assert_eq!(policy, policy::policy(code, style));
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"));
    }
}

#[test]
fn no_page_names_anything_to_be_fetched_and_no_markup_has_code_or_styles_of_its_own() {
    let page = page(KIND, "first");
    for wrong in ["http:", "https:", "src=", "url(", "@import", "style=", "onclick", "import(", "fetch("] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    let targets: Vec<&str> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(targets.iter().all(|target| target.starts_with('#') || *target == "data:,"), "{targets:?}");
}

#[test]
fn the_scripts_of_all_pages_stay_inside_their_elements() {
    for script in [ECHARTS, SHELL] {
        let lower = script.to_ascii_lowercase();
        assert!(!lower.contains("</script") && !lower.contains("<!--") && !script.contains('\r'));
    }
    assert!(!STYLE.contains("</") && !STYLE.contains('\r'));
}

proptest! {
    #[test]
    fn whatever_a_user_writes_is_text_on_the_page(word in "(.|<script>alert\\(1\\)</script>|</title>|\"|'|<!--|&lt;){0,6}") {
        let (page, plain) = (page(KIND, &word), page(KIND, "first"));
        let data = |page: &str| scripts(page)[0].to_owned();
        let (page, plain) = (page.replace(&data(&page), ""), plain.replace(&data(&plain), ""));
        // The same elements and attributes, whatever the words.
        for part in ["<script", "</script", "<p", "<a ", "<li", "<b", "</title", "<!--", "\""] {
            prop_assert_eq!(page.matches(part).count(), plain.matches(part).count(), "{}", part);
        }
    }
}
