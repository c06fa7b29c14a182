//! The JSON Schemas of the documents of `--output json`, from the types that are written.

use super::error_fields::ErrorFields;
use super::view::logs::RecordDocument;
use super::{adopt, apply, budget, completions, cost, destroy, diagnose, doctor, extend, import};
use super::{config, man, validate, version, watchdog};
use super::{init, logs, overview, plan, policy, prices, simulate, ssh, status, summary, ui};
use crate::ledger::Logged;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

type Of = fn(&mut SchemaGenerator) -> Schema;

/// The document of each command that has one.
const DOCUMENTS: &[(&str, Of)] = &[
    ("init", of::<init::InitDocument>),
    ("import", of::<import::ImportDocument>),
    ("validate", of::<validate::ValidateDocument>),
    ("plan", of::<plan::PlanDocument>),
    ("apply", of::<apply::ApplyDocument>),
    ("status", of::<status::StatusDocument>),
    ("logs", of::<logs::LogsDocument>),
    ("summary", of::<summary::SummaryDocument>),
    ("diagnose", of::<diagnose::DiagnoseDocument>),
    ("extend", of::<extend::ExtendDocument>),
    ("adopt", of::<adopt::AdoptDocument>),
    ("ui", of::<ui::UiDocument>),
    ("ssh", of::<ssh::SshDocument>),
    ("destroy", of::<destroy::DestroyDocument>),
    ("cost estimate", of::<cost::EstimateDocument>),
    ("cost report", of::<cost::ReportDocument>),
    ("prices show", of::<prices::PricesDocument>),
    ("prices refresh", of::<prices::RefreshDocument>),
    ("budget", of::<budget::BudgetDocument>),
    ("policy check", of::<policy::PolicyCheckDocument>),
    ("policy test", of::<policy::PolicyTestDocument>),
    ("policy push", of::<policy::PolicyPushDocument>),
    ("simulate", of::<simulate::SimulateDocument>),
    ("watchdog run", of::<watchdog::WatchdogDocument>),
    ("watchdog log", of::<watchdog::LogDocument>),
    ("watchdog sweep", of::<watchdog::SweepDocument>),
    ("watchdog install", of::<watchdog::InstallDocument>),
    ("doctor", of::<doctor::DoctorDocument>),
    ("config", of::<config::ConfigDocument>),
    ("man", of::<man::ManDocument>),
    ("version", of::<version::VersionDocument>),
    ("overview", of::<overview::OverviewDocument>),
    ("completions", of::<completions::CompletionsDocument>),
];

/// The records of each command that follows something.
const RECORDS: &[(&str, Of)] = &[
    ("watchdog log --follow", of::<Logged>),
    ("logs --follow", of::<RecordDocument>),
];

/// The document of a command line that is not valid.
const ERROR: &str = "error";

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

/// What has a schema: each command by its name, the records of those that follow something, and
/// `error`.
pub fn names() -> impl Iterator<Item = &'static str> {
    let all = DOCUMENTS.iter().chain(RECORDS).map(|(name, _)| *name);
    all.chain([ERROR])
}

/// The schema of a command's document or record.
pub fn output_schema(name: &str) -> Option<Value> {
    let named = |(of, _): &&(&str, Of)| *of == name;
    let document = DOCUMENTS.iter().find(named).map(|(_, of)| *of);
    let record = RECORDS.iter().find(named).map(|(_, of)| *of);
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let fields = match document.or(record) {
        Some(of) => of(&mut generator).to_value(),
        None if name == ERROR => json!({ "type": "object" }),
        None => return None,
    };
    let error = generator.subschema_for::<Option<ErrorFields>>().to_value();
    let mut schema = match (document, record) {
        (_, Some(_)) => of_record(fields),
        (Some(_), None) => of_document(fields, json!({ "const": name }), error),
        (None, None) => of_document(fields, json!({ "type": ["string", "null"] }), error),
    };
    let mut definitions = generator.take_definitions(true);
    let originals = definitions.clone();
    for definition in definitions.values_mut() {
        join(definition, &originals);
    }
    join(&mut schema, &definitions);
    if !definitions.is_empty() {
        schema["$defs"] = definitions.into();
    }
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = format!("clusterup {name} --output json").into();
    close(&mut schema, false);
    Some(schema)
}

/// Adds what every document has. If a command fails, the document may have nothing else.
fn of_document(mut schema: Value, verb: Value, error: Value) -> Value {
    let needed = schema["required"].take();
    let needed = needed.as_array().cloned().unwrap_or_default();
    schema["required"] = json!(["format", "verb", "exit"]);
    schema["anyOf"] = json!([{ "required": ["error"] }, { "required": needed }]);
    let fields = &mut schema["properties"];
    fields["format"] = json!({ "const": 1 });
    fields["verb"] = verb;
    fields["exit"] = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
    if fields["error"].is_null() {
        fields["error"] = error;
    }
    schema
}

fn of_record(mut schema: Value) -> Value {
    if let Some(needed) = schema["required"].as_array_mut() {
        needed.push("format".into());
    }
    schema["properties"]["format"] = json!({ "const": 1 });
    schema
}

/// Writes a definition into each object that has its keys and others, such as a `kind`.
fn join(schema: &mut Value, definitions: &Map<String, Value>) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(|one| join(one, definitions)),
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                join_object(fields, definitions);
            }
            fields.values_mut().for_each(|one| join(one, definitions));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn join_object(fields: &mut Map<String, Value>, definitions: &Map<String, Value>) {
    let name = fields.get("$ref").and_then(Value::as_str);
    let name = name.and_then(|name| name.strip_prefix("#/$defs/"));
    let Some(definition) = name.and_then(|name| definitions.get(name)) else {
        return;
    };
    let required = definition["required"].as_array().cloned();
    if let Some(Value::Array(all)) = fields.get_mut("required") {
        all.extend(required.unwrap_or_default());
    }
    let properties = definition["properties"].as_object().cloned();
    if let Some(Value::Object(all)) = fields.get_mut("properties") {
        all.extend(properties.unwrap_or_default());
    }
    fields.remove("$ref");
}

/// Keywords whose schemas are about the same value.
const SAME_VALUE: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Refuses keys that no schema of an object names. `part`: another schema names keys of it too.
fn close(schema: &mut Value, part: bool) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(|one| close(one, part)),
        Value::Object(fields) => close_object(fields, part),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn close_object(fields: &mut Map<String, Value>, part: bool) {
    // Documents have all keys; defaults are those of records.
    fields.remove("default");
    let named = fields.contains_key("properties");
    let composed = SAME_VALUE.iter().any(|key| fields.contains_key(*key));
    if named && !part && !fields.contains_key("additionalProperties") {
        let key = if composed {
            "unevaluatedProperties"
        } else {
            "additionalProperties"
        };
        fields.insert(key.to_owned(), false.into());
    }
    for (key, value) in fields {
        match key.as_str() {
            key if SAME_VALUE.contains(&key) => close(value, part || named),
            "properties" | "$defs" => {
                let below = value.as_object_mut().into_iter().flatten();
                below.for_each(|(_, schema)| close(schema, false));
            }
            "items" | "prefixItems" | "additionalProperties" => close(value, false),
            _ => {}
        }
    }
}
