//! A template of CloudFormation: the resource `AWS::EMR::Cluster`, and those that belong to it. Their
//! properties have the names of EMR's API but for a few (CloudFormation User Guide, EMR).

use super::build::Build;
use super::choice::chosen;
use super::functions::Functions;
use super::taking::Taking;
use super::{Read, build};
use crate::import::fates::Fate;
use crate::import::{Form, Refused, Wrong};
use crate::model::shown::line;
use crate::text;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const CLUSTER: &str = "AWS::EMR::Cluster";
const STEP: &str = "AWS::EMR::Step";
const GROUP: &str = "AWS::EMR::InstanceGroupConfig";
const FLEET: &str = "AWS::EMR::InstanceFleetConfig";

/// The properties by which parts name their cluster.
const OF_CLUSTER: [&str; 2] = ["ClusterId", "JobFlowId"];

/// The machines of a cluster by their properties: the list of the request, the key of the role, and the
/// role.
const MACHINES: [(&str, &str, &str, &str); 6] = [
    (
        "MasterInstanceGroup",
        "InstanceGroups",
        "InstanceRole",
        "MASTER",
    ),
    (
        "CoreInstanceGroup",
        "InstanceGroups",
        "InstanceRole",
        "CORE",
    ),
    (
        "TaskInstanceGroups",
        "InstanceGroups",
        "InstanceRole",
        "TASK",
    ),
    (
        "MasterInstanceFleet",
        "InstanceFleets",
        "InstanceFleetType",
        "MASTER",
    ),
    (
        "CoreInstanceFleet",
        "InstanceFleets",
        "InstanceFleetType",
        "CORE",
    ),
    (
        "TaskInstanceFleets",
        "InstanceFleets",
        "InstanceFleetType",
        "TASK",
    ),
];

/// Reads the YAML of a template.
pub(super) fn yaml(document: &str) -> Result<Value, Wrong> {
    text::template_value("the template", document).map_err(|found| {
        let first = found.iter().next();
        let place = first.map(|first| {
            let (_, line, column) = found.place(first.at);
            format!("line {line}, column {column}")
        });
        Wrong {
            place: place.unwrap_or_default(),
            message: first.map_or_else(String::new, |first| first.message.clone()),
        }
    })
}

/// A resource: its name and its parts.
struct Resource {
    name: String,
    kind: String,
    properties: Value,
    /// The resources that come first.
    after: BTreeSet<String>,
    is_conditional: bool,
}

/// Reads the template. `wanted`: the logical id of the cluster, if there are several.
pub(super) fn read(mut root: Value, wanted: Option<&str>) -> Result<Read, Refused> {
    let functions = Functions::of(&root);
    let all = resources(root.get_mut("Resources").map(Value::take));
    let mut build = Build::default();
    let all = of_cluster(all, wanted, &mut build)?;
    for resource in in_order(all) {
        let place = format!("Resources.{}", line(&resource.name, 80));
        if resource.is_conditional {
            let why = "only CloudFormation knows whether there is this resource";
            build.lose(format!("{place}.Condition"), Fate::Fatal, why);
        }
        let place = format!("{place}.Properties");
        let mut properties = resource.properties;
        if let Value::Object(entries) = &mut properties {
            // The cluster that a part belongs to: there is one.
            entries
                .retain(|key, _| resource.kind == CLUSTER || !OF_CLUSTER.contains(&key.as_str()));
        }
        let properties = functions.resolved(properties, &place, &mut build);
        let taking = Taking::new(renamed(properties), &place);
        match resource.kind.as_str() {
            CLUSTER => cluster(&mut build, taking),
            STEP => part(&mut build, taking, &["Steps"]),
            GROUP => part(&mut build, taking, &["Instances", "InstanceGroups"]),
            FLEET => part(&mut build, taking, &["Instances", "InstanceFleets"]),
            _ => {}
        }
    }
    let (request, places, losses) = build.into_request();
    Ok(Read {
        form: Form::CloudFormation,
        request,
        places,
        region: None,
        losses,
    })
}

/// The cluster, and the resources that belong to it. Of several clusters, a part that does not refer to
/// one of them is lost.
fn of_cluster(
    mut all: Vec<Resource>,
    wanted: Option<&str>,
    build: &mut Build,
) -> Result<Vec<Resource>, Refused> {
    let clusters = all.iter().filter(|it| it.kind == CLUSTER);
    let names: Vec<String> = clusters.map(|it| it.name.clone()).collect();
    let number = chosen(&names, wanted, || Wrong {
        place: "Resources".to_owned(),
        message: format!("there is no {CLUSTER}"),
    })?;
    if names.len() == 1 {
        return Ok(all);
    }
    let meant = names.get(number).map(String::as_str);
    all.retain(|it| {
        if it.kind == CLUSTER {
            return Some(it.name.as_str()) == meant;
        }
        let mut owner = OF_CLUSTER.iter().filter_map(|key| it.properties.get(*key));
        let owner = owner.find_map(|of| of.get("Ref")?.as_str());
        if !owner.is_some_and(|owner| names.iter().any(|name| name == owner)) {
            let place = format!("Resources.{}", line(&it.name, 80));
            let why = "it is not known to which of the clusters it belongs";
            build.lose(place, Fate::Fatal, why);
        }
        owner == meant
    });
    Ok(all)
}

fn resources(all: Option<Value>) -> Vec<Resource> {
    let Some(Value::Object(all)) = all else {
        return Vec::new();
    };
    let resource = |(name, mut value): (String, Value)| {
        let kind = value.get("Type")?.as_str()?.to_owned();
        if ![CLUSTER, STEP, GROUP, FLEET].contains(&kind.as_str()) {
            return None;
        }
        let after = match value.get("DependsOn") {
            Some(Value::String(name)) => BTreeSet::from([name.clone()]),
            Some(Value::Array(names)) => {
                let names = names.iter().filter_map(Value::as_str);
                names.map(str::to_owned).collect()
            }
            Some(_) | None => BTreeSet::new(),
        };
        Some(Resource {
            is_conditional: value.get("Condition").is_some(),
            name,
            kind,
            properties: value
                .get_mut("Properties")
                .map(Value::take)
                .unwrap_or_default(),
            after,
        })
    };
    all.into_iter().filter_map(resource).collect()
}

/// The cluster first, and each other after those that it depends on.
fn in_order(all: Vec<Resource>) -> Vec<Resource> {
    let (mut ordered, left): (Vec<Resource>, Vec<Resource>) =
        all.into_iter().partition(|it| it.kind == CLUSTER);
    let mut left: BTreeMap<usize, Resource> = left.into_iter().enumerate().collect();
    let numbers: BTreeMap<String, usize> = left
        .iter()
        .map(|(number, it)| (it.name.clone(), *number))
        .collect();
    // Those that each waits for, and those that wait for each.
    let mut waits: BTreeMap<usize, usize> = BTreeMap::new();
    let mut awaited: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut ready = BTreeSet::new();
    for (number, it) in &left {
        let first: Vec<usize> = it
            .after
            .iter()
            .filter_map(|name| numbers.get(name).copied())
            .collect();
        if first.is_empty() {
            ready.insert(*number);
        }
        waits.insert(*number, first.len());
        for first in first {
            awaited.entry(first).or_default().push(*number);
        }
    }
    // In a circle, the first one begins.
    while let Some(next) = ready.pop_first().or_else(|| left.keys().next().copied()) {
        ordered.extend(left.remove(&next));
        for other in awaited.remove(&next).unwrap_or_default() {
            if let Some(waits) = waits.get_mut(&other) {
                *waits = waits.saturating_sub(1);
                if *waits == 0 && left.contains_key(&other) {
                    ready.insert(other);
                }
            }
        }
    }
    ordered
}

/// The names that CloudFormation has for `Properties`, which it uses itself.
fn renamed(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entry = |(key, value): (String, Value)| {
                let key = match key.as_str() {
                    "ConfigurationProperties" | "StepProperties" => "Properties".to_owned(),
                    _ => key,
                };
                (key, renamed(value))
            };
            Value::Object(entries.into_iter().map(entry).collect())
        }
        Value::Array(items) => items.into_iter().map(renamed).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn cluster(build: &mut Build, mut of: Taking) {
    build.places.add(build::path(&[]), of.place_of_all());
    if let Some(mut instances) = of.block("Instances") {
        for (key, list, role_key, role) in MACHINES {
            let place = instances.place(key);
            for (number, machines) in one_or_more(instances.take(key)).into_iter().enumerate() {
                let Value::Object(mut machines) = machines else {
                    build.lose(place.clone(), Fate::Fatal, "expected a mapping");
                    continue;
                };
                machines.insert(role_key.to_owned(), Value::from(role));
                let place = if key.ends_with('s') {
                    format!("{place}[{number}]")
                } else {
                    place.clone()
                };
                build.push(&["Instances", list], Value::Object(machines), place);
            }
        }
        for (key, value) in instances.rest() {
            build.add(&["Instances", &key], value);
        }
    }
    for (key, value) in of.rest() {
        if key == "Steps" {
            let place = of.place("Steps");
            for (number, step) in one_or_more(Some(value)).into_iter().enumerate() {
                build.push(&["Steps"], step, format!("{place}[{number}]"));
            }
        } else {
            build.add(&[&key], value);
        }
    }
}

fn one_or_more(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        other => other.into_iter().collect(),
    }
}

/// A resource that belongs to the cluster.
fn part(build: &mut Build, mut of: Taking, list: &[&str]) {
    let entries: Map<String, Value> = of.rest().into_iter().collect();
    build.push(list, Value::Object(entries), of.place_of_all());
}
