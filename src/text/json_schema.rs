//! The declared shape as JSON Schema, with which editors complete and check a stack while it is
//! written.

use super::classifications;
use super::conf;
use super::document::{Document, POLICY_FILE, STACK_FILE};
use super::nearest::quote;
use super::shape::{Field, Head, Items, Kind, Need, Object, Text, Unique};
use super::types::AUTO;
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of a stack's file.
pub fn json_schema() -> Value {
    schema(&STACK_FILE)
}

/// The JSON Schema (draft 2020-12) of a policy's file.
pub fn policy_schema() -> Value {
    schema(&POLICY_FILE)
}

fn schema(document: &Document) -> Value {
    let mut schema = Map::new();
    schema.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    let title = document.noun.replacen('a', "A", 1) + " of clusterup";
    schema.insert("title".into(), json!(title));
    schema.extend(object(&(document.shape)()));
    Value::Object(schema)
}

fn object(object: &Object) -> Map<String, Value> {
    let described = json!({ "description": object.doc });
    let choices = object.choices();
    if choices.is_empty() {
        let fields: Vec<&Field> = object.fields.iter().collect();
        return merged([described, mapping(&fields, &[])]);
    }
    let common = |field: &&Field| !choices.iter().any(|choice| choice.has(field.head.key));
    let alternatives = choices.iter().map(|choice| {
        let needed: Vec<&str> = [choice.key]
            .into_iter()
            .chain(choice.needs.clone())
            .collect();
        let own = needed.iter().chain(&choice.may);
        let own = own.filter_map(|key| object.field(key));
        let fields: Vec<_> = own.chain(object.fields.iter().filter(common)).collect();
        mapping(&fields, &needed)
    });
    merged([
        described,
        json!({ "oneOf": alternatives.collect::<Vec<_>>() }),
    ])
}

fn mapping(fields: &[&Field], also_needed: &[&str]) -> Value {
    let needed = |head: Head| head.need == Need::Required || also_needed.contains(&head.key);
    let heads = fields.iter().map(|field| field.head);
    let required: Vec<&str> = heads
        .filter(|head| needed(*head))
        .map(|head| head.key)
        .collect();
    let property = |field: &&Field| (field.head.key.to_owned(), property(field));
    let properties: Map<String, Value> = fields.iter().map(property).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = json!(false);
    schema
}

fn property(field: &Field) -> Value {
    let mut schema = kind(&field.kind);
    let mut doc = field.doc.clone();
    if let Kind::Words(words) = &field.kind {
        doc.extend(
            words
                .iter()
                .map(|(word, of)| format!(" {}: {of}", quote(word))),
        );
    }
    schema["description"] = json!(doc);
    if let Need::Default(text) = field.head.need {
        // A number or a boolean stays one; anything else becomes text.
        schema["default"] = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    }
    if matches!(field.kind, Kind::Text(_) | Kind::Forms(..)) {
        schema["examples"] = json!([field.head.example]);
    }
    schema
}

fn whole(pattern: &str) -> String {
    format!("^({pattern})$")
}

fn text(text: &Text) -> Value {
    json!({ "type": "string", "pattern": whole(text.pattern) })
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Map(inner) => Value::Object(object(inner)),
        Kind::List(inner) => list(inner),
        Kind::Several(inner) => json!({ "anyOf": [self::kind(&inner.of), list(inner)] }),
        Kind::OneOr(one, several) => json!({ "anyOf": [self::kind(one), list(several)] }),
        Kind::Forms(short, long, _) => json!({ "anyOf": [text(short), object(long)] }),
        Kind::Text(format) => text(format),
        Kind::Texts(key, value, max) => json!({
            "type": "object",
            "propertyNames": { "pattern": whole(key.pattern) },
            "additionalProperties": {
                "type": ["string", "number", "boolean"],
                "pattern": whole(value.pattern),
            },
            "maxProperties": max,
        }),
        Kind::Words(words) => json!({
            "enum": words.iter().map(|(word, _)| *word).collect::<Vec<_>>(),
        }),
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Whole(min, max) => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Kind::WholeOrAuto(min, max) => json!({
            "oneOf": [
                { "type": "integer", "minimum": min, "maximum": max },
                { "const": AUTO },
            ],
        }),
        Kind::Argument => json!({ "type": ["string", "number", "boolean", "null"] }),
        Kind::Conf => json!({
            "type": "object",
            "propertyNames": { "pattern": conf::PATTERN },
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        }),
        Kind::Configurations => json!({
            "type": "object",
            "propertyNames": { "pattern": whole(classifications::PATTERN) },
            "additionalProperties": nested(classifications::MAX_DEPTH),
        }),
        Kind::Named(name, inner) => json!({
            "type": "object",
            "propertyNames": { "pattern": whole(name.pattern) },
            "additionalProperties": object(inner),
        }),
    }
}

/// A classification that may nest others, so many levels in all.
fn nested(levels: usize) -> Value {
    let scalar = json!({ "type": ["string", "number", "boolean"] });
    let below = match levels {
        0 | 1 => scalar,
        levels => json!({ "anyOf": [scalar, nested(levels - 1)] }),
    };
    json!({ "type": "object", "additionalProperties": below })
}

fn list(items: &Items) -> Value {
    let mut schema = json!({ "type": "array", "items": kind(&items.of) });
    if items.min > 0 {
        schema["minItems"] = json!(items.min);
    }
    if items.unique == Unique::ByText {
        schema["uniqueItems"] = json!(true);
    }
    schema
}

fn merged(parts: impl IntoIterator<Item = Value>) -> Map<String, Value> {
    let maps = parts.into_iter().filter_map(|part| match part {
        Value::Object(map) => Some(map),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    });
    maps.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described_and_no_other_allowed() {
        fn walk(schema: &Value) -> usize {
            let Some(map) = schema.as_object() else {
                return 0;
            };
            if let Some(properties) = map.get("properties") {
                assert_eq!(map["additionalProperties"], json!(false));
                for (key, property) in properties.as_object().unwrap() {
                    let described = property["description"].as_str().unwrap_or_default();
                    assert!(described.ends_with('.'), "{key}: {described}");
                }
            }
            let list = |value: &Value| value.as_array().map_or(0, |all| all.iter().map(walk).sum());
            1 + map
                .values()
                .map(|value| walk(value) + list(value))
                .sum::<usize>()
        }
        assert!(walk(&json_schema()) > 80);
        assert!(walk(&policy_schema()) > 60);
    }
}
