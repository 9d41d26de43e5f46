//! SARIF 2.1.0, for code scanning.

use crate::finding::{Finding, Severity};
use crate::lint::{EXPLAINED, RULES};
use serde_json::{Value, json};

/// The log.
pub fn sarif(version: &str, findings: &[Finding]) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .zip(EXPLAINED)
        .map(|(rule, (id, text))| {
            let short = text.find(". ").map_or(*text, |end| &text[..=end]);
            json!({
                "id": id,
                "shortDescription": {"text": short},
                "fullDescription": {"text": text},
                "defaultConfiguration": {"level": level(rule.severity)},
            })
        })
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "ruleId": finding.id,
                "ruleIndex": RULES.iter().position(|rule| rule.id == finding.id),
                "level": level(finding.severity),
                "message": {"text": format!("{} Change: {}.", sentence(&finding.why), finding.fix)},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri(&finding.place.file)},
                    "region": {"startLine": finding.place.line, "startColumn": finding.place.column},
                }}],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "splitbrain", "version": version, "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Danger => "warning",
        Severity::Advice => "note",
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// A path as a reference: what is no plain character is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    if uri.starts_with('/') { format!("file://{uri}") } else { uri }
}
