//! The declared shape as JSON Schema, so that editors complete a stack and underline it as it
//! is written.

use super::conf;
use super::document::{Document, POLICY_FILE, STACK_FILE};
use super::format::Format;
use super::nearest::quote;
use super::shape::{Field, Forms, Kind, List, Need, Object, Texts, Unique};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of a stack's file.
pub fn json_schema() -> Value {
    schema(&STACK_FILE)
}

/// That of a policy's.
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
    schema.extend(object(document.shape));
    Value::Object(schema)
}

fn object(object: &'static Object) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("description".into(), json!(object.doc));
    if object.choice.is_empty() {
        schema.extend(mapping(object.fields.iter(), &[]));
        return schema;
    }
    let of = |key: &&str| object.field(key);
    let alternatives = object.choice.iter().map(|choice| {
        let keys = [choice.key];
        let own = keys
            .iter()
            .chain(choice.needs)
            .chain(choice.may)
            .filter_map(of);
        let needed: Vec<&str> = keys.iter().chain(choice.needs).copied().collect();
        Value::Object(mapping(own.chain(object.common()), &needed))
    });
    schema.insert("oneOf".into(), alternatives.collect());
    schema
}

fn mapping(
    fields: impl Iterator<Item = &'static Field>,
    also_needed: &[&str],
) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    for field in fields {
        if matches!(field.need, Need::Required) || also_needed.contains(&field.key) {
            required.push(field.key);
        }
        properties.insert(field.key.into(), property(field));
    }
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.insert("additionalProperties".into(), json!(false));
    schema
}

fn property(field: &'static Field) -> Value {
    let mut schema = kind(&field.kind);
    let doc = match field.kind {
        Kind::Words(words) => {
            let words = words
                .iter()
                .map(|word| format!(" {}: {}", quote(word.text), word.doc));
            field.doc.to_owned() + &words.collect::<String>()
        }
        Kind::Map(_)
        | Kind::List(_)
        | Kind::Forms(_)
        | Kind::Text(_)
        | Kind::Reference(_)
        | Kind::Switch
        | Kind::Whole { .. }
        | Kind::Argument
        | Kind::Conf
        | Kind::Expression(_)
        | Kind::Several(_)
        | Kind::Texts(_)
        | Kind::Named(..) => field.doc.to_owned(),
    };
    schema.insert("description".into(), json!(doc));
    match field.need {
        Need::Default(text) => {
            let default = match text {
                "true" => json!(true),
                "false" => json!(false),
                _ => text
                    .parse::<u16>()
                    .map_or_else(|_| json!(text), |number| json!(number)),
            };
            schema.insert("default".into(), default);
        }
        Need::Required | Need::Optional => {}
    }
    if matches!(
        field.kind,
        Kind::Text(_) | Kind::Reference(_) | Kind::Forms(_) | Kind::Expression(_)
    ) {
        schema.insert("examples".into(), json!([field.example]));
    }
    Value::Object(schema)
}

fn text(format: &Format) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), json!("string"));
    schema.insert("pattern".into(), json!(format!("^({})$", format.pattern)));
    schema
}

fn kind(kind: &'static Kind) -> Map<String, Value> {
    let schema = match kind {
        Kind::Map(inner) => return object(inner),
        Kind::List(inner) => return list(inner),
        Kind::Forms(inner) => return forms(inner),
        Kind::Text(format) | Kind::Expression(format) => return text(format),
        Kind::Several(inner) => return several(inner),
        Kind::Texts(inner) => return texts(inner),
        Kind::Reference(names) => return text(names.format),
        Kind::Words(words) => json!({
            "enum": words.iter().map(|word| word.text).collect::<Vec<_>>(),
        }),
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Whole { least, most, .. } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Argument => json!({ "type": ["string", "number", "boolean", "null"] }),
        Kind::Conf => json!({
            "type": "object",
            "propertyNames": { "pattern": conf::PATTERN },
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        }),
        Kind::Named(format, inner) => json!({
            "type": "object",
            "propertyNames": { "pattern": format!("^({})$", format.pattern) },
            "additionalProperties": object(inner),
        }),
    };
    match schema {
        Value::Object(schema) => schema,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

fn list(list: &'static List) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), json!("array"));
    schema.insert("items".into(), Value::Object(kind(&list.of)));
    if list.least > 0 {
        schema.insert("minItems".into(), json!(list.least));
    }
    match list.unique {
        Unique::ByText => {
            schema.insert("uniqueItems".into(), json!(true));
        }
        Unique::No | Unique::ByName => {}
    }
    schema
}

/// One item, or a list of them.
fn several(inner: &'static List) -> Map<String, Value> {
    let mut schema = Map::new();
    let either = json!([kind(&inner.of), list(inner)]);
    schema.insert("anyOf".into(), either);
    schema
}

fn texts(texts: &Texts) -> Map<String, Value> {
    let mut value = text(texts.value);
    value.insert("type".into(), json!(["string", "number", "boolean"]));
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    let names = json!({ "pattern": format!("^({})$", texts.key.pattern) });
    schema.insert("propertyNames".into(), names);
    schema.insert("additionalProperties".into(), Value::Object(value));
    schema.insert("maxProperties".into(), json!(texts.most));
    schema
}

fn forms(forms: &'static Forms) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert(
        "anyOf".into(),
        json!([text(forms.short), object(forms.long)]),
    );
    schema
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
