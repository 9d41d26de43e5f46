//! Pages for browsers. Each is one file that needs nothing else: no network, no other file, and without JavaScript its text and
//! tables are all there. What a user wrote is data in it, never markup or code. Nothing is judged here.
//!
//! # Adding a page
//!
//! 1. A file here with a struct that serializes to what the page *shows* (the template reads it as `it`), perhaps another for
//!    what its script *draws* (`splitbrain.data` there), and a [`Kind`] that names the template, the script, and whether
//!    ECharts is needed.
//! 2. A template in `templates/` that extends `base.html` and fills the block `main`, a `<section id="…">` for each
//!    [`Section`] of its [`Head`]. `parts.html` has what pages share: a command that can be copied, a figure with a chart.
//! 3. A script in `reports/assets/`, if something is to be drawn. It runs after `shell.js` and finds there data, colours, charts.
//! 4. A call of [`render`]. A test renders it once; `reports/browser/` looks at it in a browser.
//!
//! Content Security Policy allows the page's own scripts and its one style sheet, by their hashes, and nothing else. So there are
//! no `style="…"` attributes, no `onclick="…"`, and no HTML made of strings by a script: texts go into `textContent`, styles
//! into properties.

pub mod campaign;
pub mod check;
pub mod conform;
mod document;
mod json;
mod policy;
pub mod run;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Serialize;
use splitbrain_checker::Verdict;

/// The style sheet of all pages.
const STYLE: &str = include_str!("../../assets/page.css");
/// What all pages can do.
const SHELL: &str = include_str!("../../assets/shell.js");
/// Apache ECharts with what the charts need; `reports/assets/build` makes it.
const ECHARTS: &str = include_str!("../../assets/echarts.min.js");

/// What a page consists of beside its content.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its template, which extends `base.html`.
    pub template: &'static str,
    /// Its script; empty if it has none.
    pub script: &'static str,
    /// Whether the script draws with ECharts.
    pub charts: bool,
}

/// How a verdict looks. The sign says the same as the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// ✓
    Good,
    /// ✗
    Bad,
    /// ?
    Open,
    /// Nothing was judged.
    Plain,
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Tone {
        match verdict {
            Verdict::Pass => Tone::Good,
            Verdict::Undecided => Tone::Open,
            Verdict::Fail => Tone::Bad,
        }
    }
}

/// The top of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// What the page is about.
    pub title: String,
    /// How the verdict looks.
    pub tone: Tone,
    /// The verdict in a word or two: `PASS`.
    pub verdict: String,
    /// The verdict in a sentence.
    pub sentence: String,
    /// Where it comes from: file, seeds, environment, …
    pub about: Vec<String>,
    /// What the navigation leads to.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its `id`; letters, digits and hyphens.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The verdict on it, if it has one of its own.
    pub tone: Option<Tone>,
}

impl Section {
    /// A section without a verdict of its own.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Section {
        Section { id: id.into(), title: title.into(), tone: None }
    }
}

/// The page. `version` is that of splitbrain, `shown` is read by the template as `it`, `drawn` by the script as
/// `splitbrain.data`.
///
/// # Panics
/// If the template is wrong or does not fit what it is given: a bug of splitbrain, which the tests of a page find.
pub fn render(kind: &Kind, version: &str, head: &Head, shown: &impl Serialize, drawn: &impl Serialize) -> String {
    let charts = if kind.charts { ECHARTS } else { "" };
    let scripts: Vec<&str> = [charts, SHELL, kind.script].into_iter().filter(|script| !script.is_empty()).collect();
    let environment = environment(kind);
    let page = environment.get_template("page.html").and_then(|template| {
        template.render(context! {
            policy => policy::policy(&scripts, STYLE),
            style => STYLE,
            scripts => scripts,
            charts => kind.charts,
            version => version,
            head => Value::from(Serde(head)),
            it => Value::from(Serde(shown)),
            data => json::script_safe(drawn),
        })
    });
    page.unwrap_or_else(|error| panic!("a page could not be made: {error:#}"))
}

/// So many of sorted values at most, evenly, the first and the last among them: a curve that looks the same.
pub fn thinned<T: Copy>(sorted: Vec<T>, most: usize) -> Vec<T> {
    let last = sorted.len().saturating_sub(1);
    if sorted.len() <= most { sorted } else { (0..most).map(|n| sorted[n * last / (most - 1)]).collect() }
}

fn environment(kind: &Kind) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.unwrap_or_else(|error| panic!("the syntax of templates is wrong: {error}")));
    let templates = [
        ("base.html", include_str!("templates/base.html")),
        ("parts.html", include_str!("templates/parts.html")),
        ("page.html", kind.template),
    ];
    for (name, text) in templates {
        environment.add_template(name, text).unwrap_or_else(|error| panic!("a template is wrong: {error:#}"));
    }
    environment
}

#[cfg(test)]
mod tests;
