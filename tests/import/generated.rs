//! Generated requests: those of `requests`, with fields changed, added and left out at random.

use crate::{fields, imported, requests, unwrapped};
use clusterup::import::{Counts, Fate, Imported, Loss, Refused};
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Names of fields that a request can have at one place or another, and of some that it has not.
const NAMES: [&str; 38] = [
    "Name",
    "LogUri",
    "LogEncryptionKmsKeyId",
    "AdditionalInfo",
    "AmiVersion",
    "ReleaseLabel",
    "Instances",
    "Steps",
    "BootstrapActions",
    "SupportedProducts",
    "Applications",
    "Configurations",
    "VisibleToAllUsers",
    "JobFlowRole",
    "ServiceRole",
    "Tags",
    "SecurityConfiguration",
    "AutoScalingRole",
    "ScaleDownBehavior",
    "CustomAmiId",
    "EbsRootVolumeSize",
    "RepoUpgradeOnBoot",
    "KerberosAttributes",
    "StepConcurrencyLevel",
    "ManagedScalingPolicy",
    "PlacementGroupConfigs",
    "AutoTerminationPolicy",
    "OSReleaseLabel",
    "Ec2KeyName",
    "Placement",
    "HadoopVersion",
    "BidPrice",
    "Market",
    "EbsConfiguration",
    "AutoScalingPolicy",
    "Properties",
    "MainClass",
    "Surprise",
];

/// Values that are valid somewhere, or nowhere.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..70_000).prop_map(Value::from),
        Just(json!(0.5)),
        "[ -~]{0,20}".prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "SPOT",
            "ON_DEMAND",
            "m5.xlarge",
            "emr-6.15.0",
            "emr-5.36.2",
            "s3://b/k.py",
            "CONTINUE",
            "subnet-0a1b2c3d4e5f60718",
            "us-east-1a",
            "{{ ds }}",
            "${x}",
            "spark-submit",
            "--conf",
            "spark.x=1",
            "--deploy-mode",
            "cluster",
            "client",
            "io1",
            "gp3",
            "0.25",
            "CORE",
            "TASK",
            "InstanceFleetUnits",
            "Hive",
            "TERMINATE_CLUSTER",
            "command-runner.jar",
            "--password",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let name = prop::sample::select(NAMES.to_vec());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..3).prop_map(|entries| {
                let entries = entries.into_iter();
                Value::Object(
                    entries
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

#[derive(Debug, Clone)]
enum Edit {
    Set(Index, Value),
    Remove(Index),
    Add(Index, &'static str, Value),
    Repeat(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let name = prop::sample::select(NAMES.to_vec());
    prop_oneof![
        4 => (any::<Index>(), value()).prop_map(|(at, value)| Edit::Set(at, value)),
        2 => any::<Index>().prop_map(Edit::Remove),
        3 => (any::<Index>(), name, value()).prop_map(|(at, name, value)| Edit::Add(at, name, value)),
        1 => any::<Index>().prop_map(Edit::Repeat),
    ]
}

/// The pointers to all values but the root.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let each: Vec<(String, &Value)> = match value {
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(n, it)| (n.to_string(), it))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (key, value) in each {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        all.push(at.clone());
        pointers(value, &at, all);
    }
}

fn chosen(request: &Value, at: &Index) -> Option<String> {
    let mut all = Vec::new();
    pointers(request, "", &mut all);
    (!all.is_empty()).then(|| at.get(&all).clone())
}

fn remove(request: &mut Value, pointer: &str) {
    let Some((above, key)) = pointer.rsplit_once('/') else {
        return;
    };
    let key = key.replace("~1", "/").replace("~0", "~");
    match request.pointer_mut(above) {
        Some(Value::Object(entries)) => {
            entries.remove(&key);
        }
        Some(Value::Array(items)) => {
            items.remove(key.parse().unwrap());
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
}

fn edited(mut request: Value, edits: &[Edit]) -> Value {
    for edit in edits {
        let at = match edit {
            Edit::Set(at, _) | Edit::Remove(at) | Edit::Add(at, ..) | Edit::Repeat(at) => at,
        };
        let Some(pointer) = chosen(&request, at) else {
            continue;
        };
        match edit {
            Edit::Set(_, value) => *request.pointer_mut(&pointer).unwrap() = value.clone(),
            Edit::Remove(_) => remove(&mut request, &pointer),
            Edit::Add(_, name, value) => match request.pointer_mut(&pointer).unwrap() {
                Value::Object(entries) => {
                    entries.insert((*name).to_owned(), value.clone());
                }
                Value::Array(items) => items.push(value.clone()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    if let Some(entries) = request.as_object_mut() {
                        entries.insert((*name).to_owned(), value.clone());
                    }
                }
            },
            Edit::Repeat(_) => {
                if let Some(Value::Array(items)) = request.pointer_mut(&pointer)
                    && let Some(first) = items.first().cloned()
                {
                    items.push(first);
                }
            }
        }
    }
    request
}

fn request() -> impl Strategy<Value = Value> {
    let all: Vec<Value> = requests().into_iter().map(|(_, request)| request).collect();
    let base = prop::sample::select(all);
    (base, prop::collection::vec(edit(), 0..6)).prop_map(|(base, edits)| edited(base, &edits))
}

fn is_within(field: &str, place: &str) -> bool {
    let rest = field.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// What became of each field, by the document and the losses alone.
fn expected(request: &Value, made: &Imported) -> Counts {
    let mut all = Vec::new();
    fields(request, "", &mut all);
    let mut counts = Counts::default();
    // A place without fields is fatal where something else was expected.
    let has_fields = |loss: &&Loss| all.iter().any(|field| is_within(field, &loss.place));
    counts.fatal = made.losses.iter().filter(|loss| !has_fields(loss)).count();
    for field in &all {
        let within = |place: &str| is_within(field, place);
        let fates = made
            .losses
            .iter()
            .filter(|loss| within(&loss.place))
            .map(|loss| loss.fate);
        match fates.max() {
            None => counts.carried += 1,
            Some(Fate::Lost) => counts.lost += 1,
            Some(Fate::Fatal) => counts.fatal += 1,
        }
    }
    counts
}

/// How many steps and bootstrap actions the stack has.
fn kept(made: &Imported) -> [usize; 2] {
    let steps = made.stack.job.as_ref().map_or(0, |job| job.steps.len());
    [steps, made.stack.cluster.bootstrap.len()]
}

/// How many of a request's steps and bootstrap actions are lost neither as a whole nor in each field.
fn left(request: &Value, made: &Imported) -> [usize; 2] {
    ["Steps", "BootstrapActions"].map(|list| {
        let items = request[list].as_array().map_or(0, Vec::len);
        let is_left = |number: &usize| {
            let item = format!("{list}[{number}]");
            let mut all = Vec::new();
            fields(&request[list][number], &item, &mut all);
            let is_lost = |place: &String| {
                let mut losses = made.losses.iter();
                losses.any(|loss| is_within(place, &loss.place))
            };
            // Without fields, all of them are lost.
            !is_lost(&item) && !all.iter().all(is_lost)
        };
        (0..items).filter(is_left).count()
    })
}

/// The text without its head, which has the numbers of fields.
fn body(text: &str) -> &str {
    text.split_once('\n').map_or(text, |(_, rest)| rest)
}

proptest! {
    #![proptest_config(cases("import", 2_000))]

    /// Each field is carried, or lost or fatal with a comment. None is silent.
    #[test]
    fn every_field_is_accounted_for(request in request()) {
        match imported(&request.to_string()) {
            Ok(made) => {
                prop_assert_eq!(made.counts, expected(&request, &made), "{:#}", request);
                let text = unwrapped(&made.text);
                for loss in &made.losses {
                    let comment = format!("# {}: {}: ", loss.fate.as_str(), loss.place);
                    prop_assert!(text.contains(&comment), "{}\n{}", comment, made.text);
                }
                prop_assert_eq!(kept(&made), left(&request, &made), "{:#}", request);
                let read = clusterup::text::parse("t", &made.text, std::path::Path::new("."), &[]);
                prop_assert_eq!(read.unwrap(), made.stack);
            }
            Err(Refused::Document(wrong)) => prop_assert!(!wrong.place.is_empty()),
            Err(
                Refused::Stack(_)
                | Refused::Region
                | Refused::Clusters(_)
                | Refused::NoCluster { .. },
            ) => {}
        }
    }
}

/// Fields without which a request says the same, by their values: EMR's defaults, and what every cluster
/// of clusterup has.
const DEFAULTS: &[(&str, &str)] = &[
    ("Instances.KeepJobFlowAliveWhenNoSteps", "false"),
    ("Instances.TerminationProtected", "false"),
    ("Instances.InstanceGroups[].Market", "\"ON_DEMAND\""),
    ("Instances.InstanceGroups[].Market", "\"SPOT\""),
    ("Instances.InstanceGroups[].InstanceCount", "1"),
    ("Instances.InstanceFleets[].TargetOnDemandCapacity", "0"),
    ("Instances.InstanceFleets[].TargetSpotCapacity", "0"),
    (
        "Instances.InstanceFleets[].InstanceTypeConfigs[].WeightedCapacity",
        "1",
    ),
    (
        "Instances.InstanceFleets[].LaunchSpecifications.SpotSpecification.TimeoutAction",
        "\"SWITCH_TO_ON_DEMAND\"",
    ),
    (
        "Instances.InstanceGroups[].EbsConfiguration.EbsBlockDeviceConfigs[].VolumesPerInstance",
        "1",
    ),
    (
        "Instances.InstanceGroups[].EbsConfiguration.EbsBlockDeviceConfigs[].VolumeSpecification.\
         VolumeType",
        "\"gp2\"",
    ),
    ("Applications[].Name", "\"Hadoop\""),
    ("Applications[].Name", "\"Spark\""),
    ("ServiceRole", "\"EMR_DefaultRole\""),
    ("JobFlowRole", "\"EMR_EC2_DefaultRole\""),
    ("Steps[].ActionOnFailure", "\"TERMINATE_CLUSTER\""),
    ("Steps[].ActionOnFailure", "\"TERMINATE_JOB_FLOW\""),
];

/// Leaving out a field that is carried changes the stack: what is counted as carried is there.
#[test]
fn what_is_carried_is_in_the_stack() {
    let mut tried = 0;
    for (name, request) in requests() {
        let whole = imported(&request.to_string()).unwrap();
        let mut all = Vec::new();
        pointers(&request, "", &mut all);
        let mut places = BTreeMap::new();
        for pointer in &all {
            let value = request.pointer(pointer).unwrap();
            if !value.is_object() && !value.is_array() {
                places.insert(pointer.clone(), value.clone());
            }
        }
        for (pointer, value) in places {
            let at = place(&pointer, |number| number.to_owned());
            let is_lost = whole.losses.iter().any(|loss| at.starts_with(&loss.place));
            let pattern = place(&pointer, |_| String::new());
            let is_default = DEFAULTS.contains(&(pattern.as_str(), value.to_string().as_str()));
            if is_lost || is_default {
                continue;
            }
            let mut less = request.clone();
            remove(&mut less, &pointer);
            tried += 1;
            if let Ok(made) = imported(&less.to_string()) {
                assert_ne!(
                    body(&made.text),
                    body(&whole.text),
                    "{name}: {at} is silent"
                );
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

/// `/Steps/0/Name` as `Steps[0].Name`.
fn place(pointer: &str, number: impl Fn(&str) -> String) -> String {
    let mut place = String::new();
    for key in pointer.split('/').skip(1) {
        if key.bytes().all(|b| b.is_ascii_digit()) {
            place = format!("{place}[{}]", number(key));
        } else {
            let dot = if place.is_empty() { "" } else { "." };
            place = format!("{place}{dot}{}", key.replace("~1", "/").replace("~0", "~"));
        }
    }
    place
}
