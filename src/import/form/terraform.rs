//! Terraform's state or plan, as `terraform show -json` prints it: the resource `aws_emr_cluster`, and
//! those that belong to it (Terraform's provider `aws`, resources of EMR).

use super::build::Build;
use super::choice::chosen;
use super::taking::Taking;
use super::terraform_owner::Owners;
use super::{Read, terraform_parts as parts};
use crate::import::fates::Fate;
use crate::import::{Form, Refused, Wrong, json, secrets};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const CLUSTER: &str = "aws_emr_cluster";
const SCALING: &str = "aws_emr_managed_scaling_policy";
const GROUP: &str = "aws_emr_instance_group";
const FLEET: &str = "aws_emr_instance_fleet";

/// How deep modules nest in one another.
const MAX_MODULES: usize = 16;

/// Attributes with a single value, and their places in the request.
const PLAIN: [(&str, &[&str]); 16] = [
    ("additional_info", &["AdditionalInfo"]),
    ("autoscaling_role", &["AutoScalingRole"]),
    ("custom_ami_id", &["CustomAmiId"]),
    ("ebs_root_volume_size", &["EbsRootVolumeSize"]),
    (
        "keep_job_flow_alive_when_no_steps",
        &["Instances", "KeepJobFlowAliveWhenNoSteps"],
    ),
    ("log_encryption_kms_key_id", &["LogEncryptionKmsKeyId"]),
    ("log_uri", &["LogUri"]),
    ("name", &["Name"]),
    ("release_label", &["ReleaseLabel"]),
    ("scale_down_behavior", &["ScaleDownBehavior"]),
    ("security_configuration", &["SecurityConfiguration"]),
    ("service_role", &["ServiceRole"]),
    ("step_concurrency_level", &["StepConcurrencyLevel"]),
    (
        "termination_protection",
        &["Instances", "TerminationProtected"],
    ),
    (
        "unhealthy_node_replacement",
        &["Instances", "UnhealthyNodeReplacement"],
    ),
    ("visible_to_all_users", &["VisibleToAllUsers"]),
];

/// Attributes that AWS sets, or that only tell Terraform what to read.
const COMPUTED: [&str; 7] = [
    "arn",
    "cluster_state",
    "id",
    "list_steps_states",
    "master_public_dns",
    "region",
    "timeouts",
];

/// A resource: its address, its type and its attributes.
pub(super) struct Resource {
    pub(super) address: String,
    kind: String,
    pub(super) values: Value,
    /// Which of the attributes Terraform holds to be secret: `true` at their places.
    secret: Value,
}

/// Reads the state or plan. `wanted`: the address of the cluster, if there are several.
pub(super) fn read(mut root: Value, wanted: Option<&str>) -> Result<Read, Refused> {
    let mut unknown = unknown(&root);
    let mut set = BTreeSet::new();
    let configuration = root.get("configuration");
    let owners = Owners::of(configuration);
    configured(
        configuration.and_then(|of| of.get("root_module")),
        0,
        &mut set,
    );
    let values = ["values", "planned_values"].iter().find_map(|key| {
        let values = root.get_mut(*key)?.get_mut("root_module")?;
        Some(values.take())
    });
    let mut all = Vec::new();
    resources(values.unwrap_or_default(), 0, &mut all);
    let mut build = Build::default();
    let mut region = None;
    for resource in of_cluster(all, wanted, &owners, &mut build)? {
        let Resource {
            address,
            kind,
            mut values,
            secret,
        } = resource;
        secrets::replace_marked(&mut values, &secret, &address, &mut |place| {
            build.lose(place, Fate::Fatal, secrets::reason(""));
        });
        if let Some(unknown) = unknown.remove(&address) {
            not_known(&unknown, &address, &set, &mut build);
        }
        let taking = Taking::new(values, &address);
        match kind.as_str() {
            CLUSTER => region = cluster(&mut build, taking),
            SCALING => scaling(&mut build, taking),
            GROUP => task_group(&mut build, taking),
            FLEET => task_fleet(&mut build, taking),
            _ => {}
        }
    }
    let (request, places, losses) = build.into_request();
    Ok(Read {
        form: Form::Terraform,
        request,
        places,
        region,
        losses,
    })
}

/// The cluster, and the resources that belong to it. Of several clusters, a part of which neither its
/// attributes nor the configuration show whose it is, is lost.
fn of_cluster(
    mut all: Vec<Resource>,
    wanted: Option<&str>,
    owners: &Owners,
    build: &mut Build,
) -> Result<Vec<Resource>, Refused> {
    all.retain(|it| [CLUSTER, SCALING, GROUP, FLEET].contains(&it.kind.as_str()));
    let (mut clusters, parts): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|it| it.kind == CLUSTER);
    let addresses: Vec<String> = clusters.iter().map(|it| it.address.clone()).collect();
    let number = chosen(&addresses, wanted, || Wrong {
        place: "the resources".to_owned(),
        message: format!("there is no {CLUSTER}"),
    })?;
    let cluster = clusters.remove(number);
    let others: Vec<&str> = clusters.iter().map(|it| it.address.as_str()).collect();
    let mut ours = Vec::new();
    for part in parts {
        match owners.is_of(&part, &cluster, &others) {
            _ if others.is_empty() => ours.push(part),
            Some(true) => ours.push(part),
            Some(false) => {}
            None => {
                let why = "it is not known to which of the clusters it belongs";
                build.lose(part.address, Fate::Fatal, why);
            }
        }
    }
    ours.insert(0, cluster);
    Ok(ours)
}

/// What of a plan is known only once it is carried out: `true` at the places, by the address.
fn unknown(root: &Value) -> BTreeMap<String, Value> {
    let changes = root.get("resource_changes").and_then(Value::as_array);
    let change = |change: &Value| {
        let address = change.get("address")?.as_str()?;
        let unknown = change.get("change")?.get("after_unknown")?.clone();
        Some((crate::model::shown::line(address, 80), unknown))
    };
    changes.into_iter().flatten().filter_map(change).collect()
}

/// Attributes of parts that only AWS and Terraform set.
const OF_PARTS: [&str; 4] = ["cluster_id", "running_instance_count", "status", "tags_all"];

/// Attributes that AWS decides, and that no plan knows, unless the configuration sets them.
const DECIDED: [&str; 13] = [
    "core_instance_fleet",
    "core_instance_group",
    "ebs_config",
    "emr_managed_master_security_group",
    "emr_managed_slave_security_group",
    "keep_job_flow_alive_when_no_steps",
    "master_instance_fleet",
    "master_instance_group",
    "os_release_label",
    "scale_down_behavior",
    "service_access_security_group",
    "step",
    "termination_protection",
];

/// The attributes that a plan's configuration sets, of all resources of EMR.
fn configured(of: Option<&Value>, depth: usize, all: &mut BTreeSet<String>) {
    let Some(of) = of.filter(|_| depth <= MAX_MODULES) else {
        return;
    };
    let resources = of.get("resources").and_then(Value::as_array);
    for resource in resources.into_iter().flatten() {
        let kind = resource.get("type").and_then(Value::as_str);
        if kind.is_some_and(|kind| kind.starts_with("aws_emr_")) {
            keys(resource.get("expressions"), all);
        }
    }
    let calls = of.get("module_calls").and_then(Value::as_object);
    for (_, call) in calls.into_iter().flatten() {
        configured(call.get("module"), depth + 1, all);
    }
}

fn keys(of: Option<&Value>, all: &mut BTreeSet<String>) {
    match of {
        Some(Value::Object(entries)) => {
            for (key, value) in entries {
                all.insert(key.clone());
                keys(Some(value), all);
            }
        }
        Some(Value::Array(items)) => items.iter().for_each(|item| keys(Some(item), all)),
        Some(_) | None => {}
    }
}

/// `set`: the attributes that the configuration sets.
fn not_known(unknown: &Value, place: &str, set: &BTreeSet<String>, build: &mut Build) {
    match unknown {
        Value::Bool(true) => {
            let why = "the plan does not know its value; apply the plan, and import the state";
            build.lose(place, Fate::Fatal, why);
        }
        Value::Object(entries) => {
            for (key, unknown) in entries {
                let key = key.as_str();
                let is_unset = DECIDED.contains(&key) && !set.contains(key);
                if !COMPUTED.contains(&key) && !OF_PARTS.contains(&key) && !is_unset {
                    let below = format!("{place}.{}", crate::model::shown::line(key, 80));
                    not_known(unknown, &below, set, build);
                }
            }
        }
        Value::Array(items) => {
            for (number, unknown) in items.iter().enumerate() {
                not_known(unknown, &format!("{place}[{number}]"), set, build);
            }
        }
        Value::Null | Value::Bool(false) | Value::Number(_) | Value::String(_) => {}
    }
}

fn resources(mut module: Value, depth: usize, all: &mut Vec<Resource>) {
    if depth > MAX_MODULES {
        return;
    }
    let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut list = |key: &str| match module.get_mut(key).map(Value::take) {
        Some(Value::Array(items)) => items,
        Some(_) | None => Vec::new(),
    };
    for mut resource in list("resources") {
        let is_managed = text(&resource, "mode").is_none_or(|mode| mode == "managed");
        let kind = text(&resource, "type").filter(|_| is_managed);
        let address = text(&resource, "address");
        let values = resource.get_mut("values").map(Value::take);
        let secret = resource.get_mut("sensitive_values").map(Value::take);
        if let (Some(kind), Some(address), Some(values)) = (kind, address, values) {
            all.push(Resource {
                address: crate::model::shown::line(&address, 80),
                kind,
                values,
                secret: secret.unwrap_or_default(),
            });
        }
    }
    for child in list("child_modules") {
        resources(child, depth + 1, all);
    }
}

/// Puts the cluster into the request. Returns its region.
fn cluster(build: &mut Build, mut of: Taking) -> Option<String> {
    let arn = of
        .take("arn")
        .and_then(|arn| arn.as_str().map(str::to_owned));
    let region = arn.and_then(|arn| arn.split(':').nth(3).map(str::to_owned));
    let region = of
        .take("region")
        .and_then(|region| region.as_str().map(str::to_owned))
        .or(region)
        .filter(|region| !region.is_empty());
    for (key, keys) in PLAIN {
        if let Some(value) = of.take(key) {
            build.put(keys, value, of.place(key));
        }
    }
    if let Some(names) = of.take("applications") {
        let Value::Array(names) = names else {
            let place = of.place("applications");
            build.lose(place, Fate::Fatal, "expected a list");
            return region;
        };
        let named = names.into_iter().map(|name| json!({ "Name": name }));
        build.put(&["Applications"], named.collect(), of.place("applications"));
    }
    if let Some(text) = of.take("configurations_json") {
        configurations(build, &text, of.place("configurations_json"));
    }
    if of.take("os_release_label").is_some() {
        // The state has it also where nobody asked for it.
        let why = "the machines get the newest Amazon Linux of their release";
        build.lose(of.place("os_release_label"), Fate::Lost, why);
    }
    tags(build, &mut of);
    parts::attributes(build, &mut of);
    parts::machines(build, &mut of);
    parts::steps(build, &mut of);
    parts::actions(build, &mut of);
    if let Some(mut policy) = of.block("auto_termination_policy") {
        if let Some(timeout) = policy.take("idle_timeout") {
            let keys = ["AutoTerminationPolicy", "IdleTimeout"];
            build.put(&keys, timeout, policy.place("idle_timeout"));
        }
        policy.finish(build);
    }
    for key in COMPUTED {
        of.take(key);
    }
    of.finish(build);
    region
}

fn configurations(build: &mut Build, text: &Value, place: String) {
    let read = text.as_str().map(json::read);
    match read {
        Some(Ok(value)) => build.put(&["Configurations"], value, place),
        Some(Err(_)) | None => build.lose(place, Fate::Fatal, "it is not JSON"),
    }
}

/// All tags, with those that the provider adds to every resource.
fn tags(build: &mut Build, of: &mut Taking) {
    let (own, all) = (of.mapping("tags", build), of.mapping("tags_all", build));
    let Some(tags) = all.or(own) else {
        return;
    };
    let tag = |(key, value): (String, Value)| json!({ "Key": key, "Value": value });
    build.put(
        &["Tags"],
        tags.into_iter().map(tag).collect(),
        of.place("tags"),
    );
}

fn scaling(build: &mut Build, mut of: Taking) {
    if let Some(mut limits) = of.block("compute_limits") {
        for (ours, theirs) in [
            ("unit_type", "UnitType"),
            ("minimum_capacity_units", "MinimumCapacityUnits"),
            ("maximum_capacity_units", "MaximumCapacityUnits"),
            ("maximum_core_capacity_units", "MaximumCoreCapacityUnits"),
            (
                "maximum_ondemand_capacity_units",
                "MaximumOnDemandCapacityUnits",
            ),
        ] {
            if let Some(value) = limits.take(ours) {
                let keys = ["ManagedScalingPolicy", "ComputeLimits", theirs];
                build.put(&keys, value, limits.place(ours));
            }
        }
        limits.finish(build);
    }
    of.take("cluster_id");
    of.take("id");
    of.take("region");
    of.finish(build);
}

fn task_group(build: &mut Build, mut of: Taking) {
    for key in [
        "cluster_id",
        "id",
        "region",
        "running_instance_count",
        "status",
    ] {
        of.take(key);
    }
    let place = of.place_of_all();
    let group = parts::group(build, &mut of, "TASK");
    if let Some(text) = of.take("configurations_json") {
        let _ = text;
        let why = "a stack configures the applications of all machines";
        build.lose(of.place("configurations_json"), Fate::Fatal, why);
    }
    of.finish(build);
    build.push(&["Instances", "InstanceGroups"], group, place);
}

fn task_fleet(build: &mut Build, mut of: Taking) {
    for key in ["cluster_id", "id", "region"] {
        of.take(key);
    }
    let place = of.place_of_all();
    let fleet = parts::fleet(build, &mut of, "TASK");
    of.finish(build);
    build.push(&["Instances", "InstanceFleets"], fleet, place);
}
