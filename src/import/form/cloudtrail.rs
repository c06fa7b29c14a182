//! CloudTrail's record of a call of RunJobFlow: its parameters are the request, in names that begin with
//! small letters (CloudTrail User Guide, "CloudTrail record contents"). A file of records, and what `aws
//! cloudtrail lookup-events` prints, hold several.

use super::choice::chosen;
use super::{Places, Read, build::path};
use crate::import::{Form, Refused, Wrong, json};
use serde_json::{Map, Value};

/// The name of the call.
const CALL: &str = "RunJobFlow";

/// A mapping whose keys are the user's and not EMR's.
const PROPERTIES: &str = "Properties";

/// A call of RunJobFlow.
struct Call {
    record: Value,
    /// Its place in the document.
    place: String,
}

/// Whether a document is a record, a file of records, or a list of events.
pub(super) fn is_one(root: &Value) -> bool {
    let is_event = |event: &Value| event.get("eventSource").is_some_and(Value::is_string);
    let first = |key: &str| root.get(key)?.as_array()?.first().cloned();
    is_event(root)
        || first("Records").is_some_and(|record| is_event(&record))
        || first("Events").is_some_and(|event| event.get("CloudTrailEvent").is_some())
}

/// Reads the record of one call; of several, that of the cluster which is wanted by its id.
pub(super) fn read(root: Value, wanted: Option<&str>) -> Result<Read, Refused> {
    let mut calls = calls(root)?;
    let id = |call: &Call| {
        let id = call.record.pointer("/responseElements/jobFlowId");
        let id = id.and_then(Value::as_str).map(str::to_owned);
        id.unwrap_or_else(|| call.place.clone())
    };
    let ids: Vec<String> = calls.iter().map(id).collect();
    let number = chosen(&ids, wanted, || Wrong {
        place: "the records".to_owned(),
        message: format!("there is no call of {CALL} that created a cluster"),
    })?;
    let Call { mut record, place } = calls.swap_remove(number);
    let region = record.get("awsRegion").and_then(Value::as_str);
    let region = region.map(str::to_owned);
    let parameters = record.get_mut("requestParameters").map(Value::take);
    let mut places = Places::default();
    let dot = if place.is_empty() { "" } else { "." };
    places.add(path(&[]), format!("{place}{dot}requestParameters"));
    Ok(Read {
        form: Form::CloudTrail,
        request: renamed(parameters.unwrap_or_default()),
        places,
        region,
        losses: Vec::new(),
    })
}

/// The calls that created a cluster.
fn calls(mut root: Value) -> Result<Vec<Call>, Wrong> {
    let mut take = |key: &str| match root.get_mut(key).map(Value::take) {
        Some(Value::Array(items)) => Some(items),
        Some(_) | None => None,
    };
    let mut all = Vec::new();
    if let Some(records) = take("Records") {
        let place = |number| format!("Records[{number}]");
        let records = records.into_iter().enumerate();
        all.extend(records.map(|(number, record)| (record, place(number))));
    } else if let Some(events) = take("Events") {
        for (number, event) in events.into_iter().enumerate() {
            let place = format!("Events[{number}].CloudTrailEvent");
            let text = event.get("CloudTrailEvent").and_then(Value::as_str);
            let record = json::read(text.unwrap_or_default()).map_err(|wrong| Wrong {
                place: format!("{place}, {}", wrong.place),
                message: wrong.message,
            })?;
            all.push((record, place));
        }
    } else {
        all.push((root, String::new()));
    }
    all.retain(|(record, _)| {
        let is_call = record.get("eventName").is_some_and(|name| name == CALL);
        is_call && record.get("errorCode").is_none_or(Value::is_null)
    });
    let call = |(record, place)| Call { record, place };
    Ok(all.into_iter().map(call).collect())
}

/// The parameters in EMR's names.
fn renamed(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut all = Map::new();
            for (key, value) in entries {
                let key = capitalized(&key);
                let is_users = key == PROPERTIES && value.is_object();
                let value = if is_users { value } else { renamed(value) };
                all.insert(key, value);
            }
            Value::Object(all)
        }
        Value::Array(items) => items.into_iter().map(renamed).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn capitalized(key: &str) -> String {
    let mut chars = key.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
