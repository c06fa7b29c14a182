//! Checks that each JSON document of the program is as its schema in `schema/output` says.

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Checks the document that a program has printed, if its output is one.
pub(crate) fn check(output: &str) {
    let records = output
        .lines()
        .filter(|line| line.starts_with("{\"format\":"));
    records.for_each(check_record);
    if !output.starts_with("{\n  \"format\": ") {
        return;
    }
    // Records may come before the document of a failure.
    let Ok(document) = serde_json::from_str::<Value>(output) else {
        return;
    };
    let schema = schema(document["verb"].as_str());
    if let Err(wrong) = fits(&schema, &document) {
        panic!("{wrong}\n{document:#}");
    }
}

/// A line of `logs --follow` or `watchdog log --follow`.
fn check_record(line: &str) {
    let record: Value = serde_json::from_str(line).unwrap();
    let command = if record["act"].is_string() {
        "watchdog-log-follow"
    } else {
        "logs-follow"
    };
    if let Err(wrong) = fits(&schema(Some(command)), &record) {
        panic!("{wrong}\n{record:#}");
    }
}

fn schema(verb: Option<&str>) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/output");
    let named = |name: &str| folder.join(format!("{}.json", name.replace(' ', "-")));
    let file = verb.map(named).filter(|path| path.exists());
    let file = file.unwrap_or_else(|| named("error"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Whether a value is as a schema says; if not, where and why.
pub(crate) fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let checker = Checker { root: schema };
    checker.check(schema, value, "").map(|_| ())
}

struct Checker<'a> {
    root: &'a Value,
}

/// The keys of an object that a schema names.
type Named = BTreeSet<String>;

/// Keywords that say nothing about the value.
const NOTES: [&str; 10] = [
    "$defs",
    "$schema",
    "title",
    "description",
    "default",
    "format",
    "uniqueItems",
    "examples",
    "readOnly",
    "deprecated",
];

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<Named, String> {
        let Value::Object(keywords) = schema else {
            let good = schema == &Value::Bool(true);
            return if good {
                Ok(Named::new())
            } else {
                Err(format!("{at} is not allowed"))
            };
        };
        let mut named = self.of_object(keywords, value, at)?;
        for (keyword, wanted) in keywords {
            let good = match keyword.as_str() {
                "type" => is_of_type(wanted, value),
                "const" => value == wanted,
                "enum" => wanted.as_array().unwrap().contains(value),
                "minimum" => value
                    .as_f64()
                    .is_none_or(|it| it >= wanted.as_f64().unwrap()),
                "maximum" => value
                    .as_f64()
                    .is_none_or(|it| it <= wanted.as_f64().unwrap()),
                "minItems" => value
                    .as_array()
                    .is_none_or(|it| it.len() as u64 >= wanted.as_u64().unwrap()),
                "maxItems" => value
                    .as_array()
                    .is_none_or(|it| it.len() as u64 <= wanted.as_u64().unwrap()),
                "pattern" => true,
                "$ref" => {
                    let path = wanted.as_str().unwrap().trim_start_matches('#');
                    let target = self.root.pointer(path).unwrap();
                    named.extend(self.check(target, value, at)?);
                    true
                }
                "allOf" => {
                    for one in wanted.as_array().unwrap() {
                        named.extend(self.check(one, value, at)?);
                    }
                    true
                }
                "anyOf" | "oneOf" => {
                    named.extend(self.any(wanted, value, at)?);
                    true
                }
                "items" => self.items(keywords, wanted, value, at)?,
                "prefixItems" => self.first_items(wanted, value, at)?,
                "properties" | "required" | "additionalProperties" | "unevaluatedProperties" => {
                    true
                }
                note if NOTES.contains(&note) => true,
                other => panic!("the keyword {other} is not known"),
            };
            if !good {
                return Err(format!(
                    "{at}: {value} is not as `{keyword}` says: {wanted}"
                ));
            }
        }
        self.unevaluated(keywords, value, &named, at)?;
        Ok(named)
    }

    /// At least one schema fits; those that fit name keys.
    fn any(&self, schemas: &Value, value: &Value, at: &str) -> Result<Named, String> {
        let schemas = schemas.as_array().unwrap().iter();
        let all: Vec<_> = schemas.map(|one| self.check(one, value, at)).collect();
        let why: Vec<String> = all.iter().filter_map(|it| it.clone().err()).collect();
        if why.len() == all.len() {
            return Err(format!(
                "{at}: nothing of several fits:\n  {}",
                why.join("\n  ")
            ));
        }
        Ok(all.into_iter().flatten().flatten().collect())
    }

    fn of_object(
        &self,
        keywords: &Map<String, Value>,
        value: &Value,
        at: &str,
    ) -> Result<Named, String> {
        let mut named = Named::new();
        let Value::Object(fields) = value else {
            return Ok(named);
        };
        let required = keywords.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten() {
            let key = key.as_str().unwrap();
            if !fields.contains_key(key) {
                return Err(format!("{at} lacks {key}"));
            }
        }
        let properties = keywords.get("properties").and_then(Value::as_object);
        for (key, field) in fields {
            let place = format!("{at}/{key}");
            let schema = properties.and_then(|all| all.get(key));
            if let Some(schema) = schema.or(keywords.get("additionalProperties")) {
                self.check(schema, field, &place)?;
                named.insert(key.clone());
            }
        }
        Ok(named)
    }

    fn unevaluated(
        &self,
        keywords: &Map<String, Value>,
        value: &Value,
        named: &Named,
        at: &str,
    ) -> Result<(), String> {
        let (Some(schema), Value::Object(fields)) = (keywords.get("unevaluatedProperties"), value)
        else {
            return Ok(());
        };
        for (key, field) in fields.iter().filter(|(key, _)| !named.contains(*key)) {
            self.check(schema, field, &format!("{at}/{key}"))?;
        }
        Ok(())
    }

    fn items(
        &self,
        keywords: &Map<String, Value>,
        schema: &Value,
        value: &Value,
        at: &str,
    ) -> Result<bool, String> {
        let first = keywords.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(0, Vec::len);
        let items = value.as_array().into_iter().flatten().enumerate();
        for (n, item) in items.skip(first) {
            self.check(schema, item, &format!("{at}/{n}"))?;
        }
        Ok(true)
    }

    fn first_items(&self, schemas: &Value, value: &Value, at: &str) -> Result<bool, String> {
        let items = value.as_array().into_iter().flatten();
        for (n, (schema, item)) in schemas.as_array().unwrap().iter().zip(items).enumerate() {
            self.check(schema, item, &format!("{at}/{n}"))?;
        }
        Ok(true)
    }
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    if let Value::Array(all) = wanted {
        return all.iter().any(|one| is_of_type(one, value));
    }
    match wanted.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known"),
    }
}
