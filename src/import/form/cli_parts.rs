//! Parts of the line whose names differ from those of the request (AWS CLI, `emrutils` and
//! `createcluster`).

use super::build::{Build, path};
use crate::import::fates::Fate;
use serde_json::{Map, Value, json};

/// `--instance-groups`: a bid asks for Spot, and `OnDemandPrice` for no bid.
pub(super) fn groups(build: &mut Build, flag: &str, groups: Vec<Value>) {
    let renamed = groups.into_iter().map(|mut group| {
        if let Value::Object(entries) = &mut group {
            if let Some(role) = entries.remove("InstanceGroupType") {
                let upper = role.as_str().map(str::to_ascii_uppercase);
                entries.insert("InstanceRole".to_owned(), upper.map_or(role, Value::from));
            }
            let at_most = entries.get("BidPrice").and_then(Value::as_str) == Some("OnDemandPrice");
            if at_most {
                entries.remove("BidPrice");
            }
            let is_spot = at_most || entries.contains_key("BidPrice");
            if is_spot && !entries.contains_key("Market") {
                entries.insert("Market".to_owned(), Value::from("SPOT"));
            }
        }
        group
    });
    let groups = Value::Array(renamed.collect());
    build.put(&["Instances", "InstanceGroups"], groups, flag);
}

/// `--instance-type`, of all machines.
pub(super) fn instance_type(build: &mut Build, flag: &str, values: &[String]) {
    let text = Value::from(values.first().cloned().unwrap_or_default());
    build.put(&["Instances", "SlaveInstanceType"], text.clone(), flag);
    build.put(&["Instances", "MasterInstanceType"], text, flag);
}

/// `--tags`: `KEY=VALUE` or `KEY` each.
pub(super) fn tags(build: &mut Build, flag: &str, values: &[String]) {
    let tag = |word: &String| match word.split_once('=') {
        Some((key, value)) => json!({ "Key": key, "Value": value }),
        None => json!({ "Key": word, "Value": "" }),
    };
    build.put(&["Tags"], values.iter().map(tag).collect(), flag);
}

/// The keys of `--ec2-attributes`, and of the request's instances.
const ATTRIBUTES: [(&str, &str); 10] = [
    ("KeyName", "Ec2KeyName"),
    ("SubnetId", "Ec2SubnetId"),
    ("SubnetIds", "Ec2SubnetIds"),
    (
        "EmrManagedMasterSecurityGroup",
        "EmrManagedMasterSecurityGroup",
    ),
    (
        "EmrManagedSlaveSecurityGroup",
        "EmrManagedSlaveSecurityGroup",
    ),
    ("ServiceAccessSecurityGroup", "ServiceAccessSecurityGroup"),
    (
        "AdditionalMasterSecurityGroups",
        "AdditionalMasterSecurityGroups",
    ),
    (
        "AdditionalSlaveSecurityGroups",
        "AdditionalSlaveSecurityGroups",
    ),
    ("AvailabilityZone", "AvailabilityZone"),
    ("AvailabilityZones", "AvailabilityZones"),
];

pub(super) fn attributes(build: &mut Build, flag: &str, trees: Vec<Value>) {
    only_mappings(build, flag, &trees);
    for (key, mut value) in trees.into_iter().flat_map(entries) {
        let place = format!("{flag}.{key}");
        if key == "InstanceProfile" {
            build.put(&["JobFlowRole"], value, place);
            continue;
        }
        let Some((_, theirs)) = ATTRIBUTES.iter().find(|(name, _)| *name == key) else {
            build.lose(place, Fate::Fatal, "clusterup does not know this attribute");
            continue;
        };
        if theirs.ends_with('s') && value.is_string() {
            value = json!([value]);
        }
        if theirs.starts_with("AvailabilityZone") {
            build.put(&["Instances", "Placement", theirs], value, place);
        } else {
            build.put(&["Instances", theirs], value, place);
        }
    }
}

fn only_mappings(build: &mut Build, flag: &str, trees: &[Value]) {
    let others = trees
        .iter()
        .enumerate()
        .filter(|(_, tree)| !tree.is_object());
    for (number, _) in others {
        build.lose(
            format!("{flag}[{number}]"),
            Fate::Fatal,
            "expected a mapping",
        );
    }
}

fn entries(value: Value) -> Vec<(String, Value)> {
    let Value::Object(entries) = value else {
        return Vec::new();
    };
    entries.into_iter().collect()
}

pub(super) fn bootstrap(build: &mut Build, flag: &str, actions: Vec<Value>) {
    only_mappings(build, flag, &actions);
    let action = |action: Value| {
        let (mut outer, mut script) = (Map::new(), Map::new());
        for (key, value) in entries(action) {
            match key.as_str() {
                "Path" | "Args" => script.insert(key, listed(value)),
                _ => outer.insert(key, value),
            };
        }
        if let Some(Value::Array(path)) = script.get_mut("Path")
            && let [only] = path.as_mut_slice()
        {
            let only = only.take();
            script.insert("Path".to_owned(), only);
        }
        outer.insert("ScriptBootstrapAction".to_owned(), Value::Object(script));
        Value::Object(outer)
    };
    for number in 0..actions.len() {
        let item = path(&["BootstrapActions"]).item(number);
        let script = item.name("ScriptBootstrapAction");
        build.places.add(script, format!("{flag}[{number}]"));
    }
    let actions = Value::Array(actions.into_iter().map(action).collect());
    build.put(&["BootstrapActions"], actions, flag);
}

/// A single text where a list is expected.
fn listed(value: Value) -> Value {
    if value.is_string() {
        json!([value])
    } else {
        value
    }
}

/// The kinds of steps, their names, and the words before their arguments.
const KINDS: [(&str, &str, &[&str]); 5] = [
    ("spark", "Spark application", &["spark-submit"]),
    (
        "hive",
        "Hive program",
        &["hive-script", "--run-hive-script", "--args"],
    ),
    (
        "pig",
        "Pig program",
        &["pig-script", "--run-pig-script", "--args"],
    ),
    ("streaming", "Streaming program", &["hadoop-streaming"]),
    ("custom_jar", "Custom JAR", &[]),
];

pub(super) fn steps(build: &mut Build, flag: &str, steps: Vec<Value>) {
    let mut all = Vec::new();
    for step in steps {
        let place = format!("{flag}[{}]", all.len());
        let at = path(&["Steps"]).item(all.len());
        all.push(one_step(build, step, &place, &at));
    }
    build.put(&["Steps"], Value::Array(all), flag);
}

fn one_step(build: &mut Build, step: Value, place: &str, at: &crate::import::path::Path) -> Value {
    let Value::Object(mut step) = step else {
        return step;
    };
    let kind = step.remove("Type");
    let kind = kind
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or("custom_jar");
    let kind = kind.to_ascii_lowercase();
    let known = KINDS.iter().find(|(name, ..)| *name == kind);
    let Some((_, name, before)) = known else {
        build.lose(
            format!("{place}.Type"),
            Fate::Fatal,
            "this kind of step is not known",
        );
        return Value::Object(step);
    };
    let args = listed(step.remove("Args").unwrap_or_else(|| json!([])));
    let args = if let Value::Array(args) = args {
        args
    } else {
        vec![args]
    };
    let work = at.name("HadoopJarStep");
    build.places.add(work.clone(), place.to_owned());
    let words = work.name("Args");
    for number in 0..before.len() {
        build
            .places
            .add(words.item(number), format!("{place}.Type"));
    }
    for number in 0..args.len() {
        let own = format!("{place}.Args[{number}]");
        build.places.add(words.item(before.len() + number), own);
    }
    let before = before.iter().map(|word| Value::from(*word));
    let mut jar = Map::new();
    jar.insert("Args".to_owned(), before.chain(args).collect());
    jar.insert(
        "Jar".to_owned(),
        step.remove("Jar")
            .unwrap_or_else(|| json!("command-runner.jar")),
    );
    for key in ["MainClass", "Properties"] {
        // The console writes empty texts for what is not set.
        if let Some(value) = step.remove(key).filter(|value| *value != json!("")) {
            jar.insert(key.to_owned(), value);
        }
    }
    step.entry("Name").or_insert_with(|| Value::from(*name));
    step.entry("ActionOnFailure")
        .or_insert_with(|| Value::from("CONTINUE"));
    step.insert("HadoopJarStep".to_owned(), Value::Object(jar));
    Value::Object(step)
}
