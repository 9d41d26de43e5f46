//! As much of JSON Schema (draft 7) as `docs/scenario.schema.json` uses. A keyword that it does not know is an error, so
//! that nothing in the schema goes unlooked at. Knows nothing of scenarios.

use fancy_regex::Regex;
use serde_json::{Map, Value};

/// Keywords that say nothing about what is valid.
const REMARKS: &[&str] = &["$schema", "$id", "title", "description", "default", "definitions", "deprecated"];

/// Checks a value against a schema within a document.
///
/// # Errors
/// Where in the value, and what it should be.
pub fn validate(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Value::Object(keywords) = schema else { return Err(format!("{schema} is no schema")) };
    if let Some(Value::String(pointer)) = keywords.get("$ref") {
        let target = document.pointer(&pointer[1..]).ok_or_else(|| format!("{pointer} leads nowhere"))?;
        return validate(document, target, value, at);
    }
    keywords.iter().try_for_each(|(keyword, wanted)| {
        let scope = Scope { document, keywords, value, at };
        scope.holds(keyword, wanted).map_err(|why| if why.starts_with(at) { why } else { format!("{at}: {why}") })
    })
}

struct Scope<'a> {
    document: &'a Value,
    keywords: &'a Map<String, Value>,
    value: &'a Value,
    at: &'a str,
}

impl Scope<'_> {
    fn holds(&self, keyword: &str, wanted: &Value) -> Result<(), String> {
        let value = self.value;
        let number = |least: bool| match (value.as_f64(), wanted.as_f64()) {
            (Some(value), Some(bound)) => {
                if least {
                    value >= bound
                } else {
                    value <= bound
                }
            }
            _ => true,
        };
        let fine = match keyword {
            "type" => is_a(value, wanted.as_str().unwrap_or("")),
            "enum" => list(wanted).contains(value),
            "pattern" => value.as_str().is_none_or(|text| matches(wanted, text)),
            "minimum" => number(true),
            "maximum" => number(false),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap_or(0)),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= wanted.as_u64().unwrap_or(0)),
            "required" => {
                let there = |key: &Value| value.get(key.as_str().unwrap_or("")).is_some();
                !value.is_object() || list(wanted).iter().all(there)
            }
            "anyOf" => list(wanted).iter().any(|schema| self.fits(schema)),
            "oneOf" => list(wanted).iter().filter(|schema| self.fits(schema)).count() == 1,
            "allOf" => return list(wanted).iter().try_for_each(|schema| self.part(schema, value, self.at)),
            "items" => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let each = |(i, item)| self.part(wanted, item, &format!("{}[{i}]", self.at));
                return items.iter().enumerate().try_for_each(each);
            }
            "properties" | "additionalProperties" | "patternProperties" | "propertyNames" => {
                let Value::Object(entries) = value else { return Ok(()) };
                return entries.iter().try_for_each(|(key, entry)| self.entry(keyword, wanted, key, entry));
            }
            remark if REMARKS.contains(&remark) => true,
            other => return Err(format!("the schema uses `{other}`, which this validator does not know")),
        };
        if fine { Ok(()) } else { Err(format!("{value} does not fit `{keyword}`: {wanted}")) }
    }

    fn entry(&self, keyword: &str, wanted: &Value, key: &str, entry: &Value) -> Result<(), String> {
        let inside = format!("{}.{key}", self.at);
        let by_pattern = |patterns: &Value| {
            let Value::Object(patterns) = patterns else { return None };
            patterns.iter().find(|(pattern, _)| matches(&Value::from(pattern.as_str()), key)).map(|(_, s)| s.clone())
        };
        match keyword {
            "propertyNames" => self.part(wanted, &Value::from(key), &inside),
            "properties" => wanted.get(key).map_or(Ok(()), |schema| self.part(schema, entry, &inside)),
            "patternProperties" => by_pattern(wanted).map_or(Ok(()), |schema| self.part(&schema, entry, &inside)),
            _ => {
                let known = self.keywords.get("properties").is_some_and(|known| known.get(key).is_some());
                let matched = self.keywords.get("patternProperties").and_then(by_pattern).is_some();
                match wanted {
                    _ if known || matched => Ok(()),
                    Value::Bool(true) => Ok(()),
                    Value::Bool(false) => Err(format!("{inside}: there is no such key")),
                    schema => self.part(schema, entry, &inside),
                }
            }
        }
    }

    fn part(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        validate(self.document, schema, value, at)
    }

    fn fits(&self, schema: &Value) -> bool {
        self.part(schema, self.value, self.at).is_ok()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => false,
    }
}

fn matches(pattern: &Value, text: &str) -> bool {
    let pattern = Regex::new(pattern.as_str().unwrap_or("")).expect("a sound pattern");
    pattern.is_match(text).unwrap_or(false)
}

#[test]
fn each_keyword_can_fail() {
    let table = [
        (r#"{"type":"integer"}"#, "3", "3.5"),
        (r#"{"enum":["a",true]}"#, "true", "false"),
        (r#"{"pattern":"^a+$"}"#, "\"aa\"", "\"ab\""),
        (r#"{"minimum":2}"#, "2", "1"),
        (r#"{"maximum":2}"#, "2", "3"),
        (r#"{"minItems":1}"#, "[1]", "[]"),
        (r#"{"maxItems":1}"#, "[1]", "[1,2]"),
        (r#"{"required":["a"]}"#, r#"{"a":1}"#, r#"{"b":1}"#),
        (r#"{"anyOf":[{"enum":[1]},{"enum":[2]}]}"#, "2", "3"),
        (r#"{"oneOf":[{"minimum":1},{"minimum":3}]}"#, "2", "3"),
        (r#"{"allOf":[{"minimum":1},{"maximum":3}]}"#, "2", "4"),
        (r#"{"items":{"type":"string"}}"#, "[\"x\"]", "[1]"),
        (r#"{"properties":{"a":{"enum":[1]}}}"#, r#"{"a":1,"b":2}"#, r#"{"a":2}"#),
        (r#"{"properties":{"a":{}},"additionalProperties":false}"#, r#"{"a":1}"#, r#"{"b":1}"#),
        (r#"{"patternProperties":{"^x":{}},"additionalProperties":false}"#, r#"{"x1":1}"#, r#"{"y":1}"#),
        (r#"{"propertyNames":{"enum":["a"]}}"#, r#"{"a":1}"#, r#"{"b":1}"#),
        (r##"{"$ref":"#/definitions/d","definitions":{"d":{"enum":[1]}}}"##, "1", "2"),
    ];
    for (schema, right, wrong) in table {
        let [schema, right, wrong] = [schema, right, wrong].map(|text| serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(validate(&schema, &schema, &right, ""), Ok(()), "{schema}");
        assert!(validate(&schema, &schema, &wrong, "").is_err(), "{schema}");
    }
    let unknown = serde_json::json!({ "multipleOf": 2 });
    assert!(validate(&unknown, &unknown, &Value::from(2), "").is_err());
}
