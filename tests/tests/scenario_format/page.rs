//! `docs/scenarios.md` has a row for every key of the schema, with the same words, and none for anything else.

use crate::{known_to_the_schema, root, schema};
use serde_json::Value;
use std::collections::BTreeSet;

/// Parts of the page by their headings, and where the schema has their keys.
const PARTS: &[(&str, &[&str])] = &[
    ("## Sections", &["/properties"]),
    ("## `[claim]`", &["/properties/claim/properties"]),
    ("## `[cluster]`", &["/properties/cluster/properties"]),
    ("## `[sentinel]`", &["/properties/sentinel/properties", "/definitions/script/anyOf/1/properties"]),
    ("## `[redis]`, `[redis.redis-3]`", &["/properties/redis/properties"]),
    ("## `[[masters]]`", &["/definitions/master/properties"]),
    ("## `[network]`", &["/properties/network/properties"]),
    ("## `[disk]`", &["/properties/disk/properties"]),
    ("## `[[clients]]`", &["/definitions/client/properties"]),
    (
        "### `retry`, `wait`",
        &["/definitions/client/properties/retry/properties", "/definitions/client/properties/wait/properties"],
    ),
    ("### `workload`", &["/definitions/workload/properties"]),
    ("## `[[faults]]`", &["/definitions/fault/properties"]),
    ("## `[chaos]`", &["/properties/chaos/properties"]),
    ("### `families`", &["/definitions/families/properties"]),
    ("## `[run]`", &["/properties/run/properties"]),
    ("## `[expect]`", &["/properties/expect/properties", "/definitions/demand-of-failovers/anyOf/1/properties"]),
    ("### `[expect.events]`", &["/definitions/occurrence/anyOf/1/properties"]),
    ("### `[expect.metrics]`", &["/definitions/measure/properties"]),
];

/// A row as the page has it.
fn row(key: &str, entry: &Value) -> [String; 2] {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let (value, default, meaning) = (text("title"), text("default"), text("description"));
    [format!("| `{key}` | {value} | {default} | {meaning} |"), format!("| `{key}` | {value} | {meaning} |")]
}

/// The rows of the tables below a heading whose first column is `key`.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let mut lines = page.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "docs/scenarios.md has no part `{heading}`");
    let mut rows = Vec::new();
    let mut inside = false;
    for line in lines.take_while(|line| !line.starts_with('#')) {
        match line {
            line if line.starts_with("| key |") => inside = true,
            line if !line.starts_with('|') => inside = false,
            line if inside && line.starts_with("| `") => rows.push(line),
            _ => {}
        }
    }
    rows
}

#[test]
fn the_page_has_a_row_for_every_key_and_says_what_the_schema_says() {
    let schema = schema();
    // A checkout on Windows may have other line ends.
    let page =
        std::fs::read_to_string(root().join("docs/scenarios.md")).expect("there is a page").replace("\r\n", "\n");
    // Keys of a master stand with [sentinel] and are not repeated.
    let of_sentinel = known_to_the_schema(&schema, "/properties/sentinel/properties");
    for (heading, pointers) in PARTS {
        let rows = rows(&page, heading);
        let mut keys = BTreeSet::new();
        for pointer in *pointers {
            let mut here = known_to_the_schema(&schema, pointer);
            if *heading == "## `[[masters]]`" {
                here.retain(|key| !of_sentinel.contains(key));
            }
            for key in &here {
                let wanted = row(key, &schema.pointer(pointer).expect("keys")[key]);
                let found = rows.iter().any(|row| wanted.contains(&(*row).to_owned()));
                assert!(found, "docs/scenarios.md, {heading}: there should be a row\n{}", wanted[0]);
            }
            keys.extend(here);
        }
        let shown: Vec<&str> = rows.iter().filter_map(|row| row.split('`').nth(1)).collect();
        let beyond: Vec<&&str> = shown.iter().filter(|key| !keys.contains(**key)).collect();
        assert!(beyond.is_empty(), "docs/scenarios.md, {heading}: no such keys: {beyond:?}");
    }
}

#[test]
fn the_table_of_classic_scenarios_names_each_of_them() {
    let folder = root().join("scenarios/classic");
    let table = std::fs::read_to_string(folder.join("README.md")).expect("there is a table");
    for file in splitbrain::scenarios::scenario_files(&folder).expect("a folder") {
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
        assert!(table.contains(&format!("`{name}`")), "scenarios/classic/README.md says nothing of {name}");
    }
}
