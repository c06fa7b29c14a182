//! Parts of Terraform's `aws_emr_cluster` whose shape differs from that of the request.

use super::build::{Build, path};
use super::taking::Taking;
use crate::import::fates::Fate;
use serde_json::{Map, Value, json};

/// The keys of `ec2_attributes`, and of the request's instances.
const ATTRIBUTES: [(&str, &str); 6] = [
    ("key_name", "Ec2KeyName"),
    ("subnet_id", "Ec2SubnetId"),
    ("subnet_ids", "Ec2SubnetIds"),
    (
        "emr_managed_master_security_group",
        "EmrManagedMasterSecurityGroup",
    ),
    (
        "emr_managed_slave_security_group",
        "EmrManagedSlaveSecurityGroup",
    ),
    (
        "service_access_security_group",
        "ServiceAccessSecurityGroup",
    ),
];

/// Lists that Terraform writes as one text with commas.
const LISTS: [(&str, &str); 2] = [
    (
        "additional_master_security_groups",
        "AdditionalMasterSecurityGroups",
    ),
    (
        "additional_slave_security_groups",
        "AdditionalSlaveSecurityGroups",
    ),
];

pub(super) fn attributes(build: &mut Build, of: &mut Taking) {
    let Some(mut block) = of.block("ec2_attributes") else {
        return;
    };
    for (ours, theirs) in ATTRIBUTES {
        let Some(value) = block.take(ours) else {
            continue;
        };
        // The state has the only subnet twice.
        let only = value.as_array().is_some_and(|items| items.len() == 1);
        if ours == "subnet_ids" && only {
            continue;
        }
        build.put(&["Instances", theirs], value, block.place(ours));
    }
    if let Some(profile) = block.take("instance_profile") {
        build.put(&["JobFlowRole"], profile, block.place("instance_profile"));
    }
    for (ours, theirs) in LISTS {
        if let Some(value) = block.take(ours) {
            let Some(text) = value.as_str() else {
                build.lose(block.place(ours), Fate::Fatal, "expected a text");
                continue;
            };
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            build.put(
                &["Instances", theirs],
                items.map(Value::from).collect(),
                block.place(ours),
            );
        }
    }
    block.finish(build);
}

pub(super) fn machines(build: &mut Build, of: &mut Taking) {
    for (key, role) in [
        ("master_instance_group", "MASTER"),
        ("core_instance_group", "CORE"),
    ] {
        if let Some(mut block) = of.block(key) {
            let place = block.place_of_all();
            block.take("id");
            let group = group(build, &mut block, role);
            block.finish(build);
            build.push(&["Instances", "InstanceGroups"], group, place);
        }
    }
    for (key, role) in [
        ("master_instance_fleet", "MASTER"),
        ("core_instance_fleet", "CORE"),
    ] {
        if let Some(mut block) = of.block(key) {
            let place = block.place_of_all();
            block.take("id");
            let fleet = fleet(build, &mut block, role);
            block.finish(build);
            build.push(&["Instances", "InstanceFleets"], fleet, place);
        }
    }
}

/// The group of a role.
pub(super) fn group(build: &mut Build, of: &mut Taking, role: &str) -> Value {
    let mut group = Map::new();
    group.insert("InstanceRole".to_owned(), Value::from(role));
    copy(
        of,
        &mut group,
        &[
            ("instance_type", "InstanceType"),
            ("instance_count", "InstanceCount"),
            ("name", "Name"),
        ],
    );
    let bid = of.take("bid_price");
    let market = if bid.is_some() { "SPOT" } else { "ON_DEMAND" };
    group.insert("Market".to_owned(), Value::from(market));
    group.extend(bid.map(|bid| ("BidPrice".to_owned(), bid)));
    group.extend(ebs(build, of));
    of.take("ebs_optimized");
    if of.take("autoscaling_policy").is_some() {
        let why = "automatic scaling by rules has no word in a stack; EMR's managed scaling is \
                   `cluster.scaling: { from: 2, to: 10 }`";
        build.lose(of.place("autoscaling_policy"), Fate::Fatal, why);
    }
    Value::Object(group)
}

fn copy(of: &mut Taking, to: &mut Map<String, Value>, keys: &[(&str, &str)]) {
    for (ours, theirs) in keys {
        to.extend(of.take(ours).map(|value| ((*theirs).to_owned(), value)));
    }
}

fn ebs(build: &mut Build, of: &mut Taking) -> Option<(String, Value)> {
    let mut devices = Vec::new();
    for mut block in of.blocks("ebs_config") {
        let mut spec = Map::new();
        copy(
            &mut block,
            &mut spec,
            &[("size", "SizeInGB"), ("type", "VolumeType")],
        );
        for (ours, theirs) in [("iops", "Iops"), ("throughput", "Throughput")] {
            // Zero is not set.
            let value = block.take(ours).filter(|value| value.as_u64() != Some(0));
            spec.extend(value.map(|value| (theirs.to_owned(), value)));
        }
        let volumes = block
            .take("volumes_per_instance")
            .unwrap_or_else(|| json!(1));
        block.finish(build);
        devices.push(json!({ "VolumeSpecification": spec, "VolumesPerInstance": volumes }));
    }
    let ebs = json!({ "EbsBlockDeviceConfigs": devices });
    (!devices.is_empty()).then(|| ("EbsConfiguration".to_owned(), ebs))
}

/// The fleet of a role.
pub(super) fn fleet(build: &mut Build, of: &mut Taking, role: &str) -> Value {
    let mut fleet = Map::new();
    fleet.insert("InstanceFleetType".to_owned(), Value::from(role));
    copy(
        of,
        &mut fleet,
        &[
            ("name", "Name"),
            ("target_on_demand_capacity", "TargetOnDemandCapacity"),
            ("target_spot_capacity", "TargetSpotCapacity"),
        ],
    );
    // What EMR has bought.
    of.take("provisioned_on_demand_capacity");
    of.take("provisioned_spot_capacity");
    let mut types = Vec::new();
    for mut block in of.blocks("instance_type_configs") {
        let mut one = Map::new();
        copy(
            &mut block,
            &mut one,
            &[
                ("instance_type", "InstanceType"),
                ("weighted_capacity", "WeightedCapacity"),
                ("bid_price", "BidPrice"),
                (
                    "bid_price_as_percentage_of_on_demand_price",
                    "BidPriceAsPercentageOfOnDemandPrice",
                ),
            ],
        );
        one.extend(ebs(build, &mut block));
        block.finish(build);
        types.push(Value::Object(one));
    }
    fleet.insert("InstanceTypeConfigs".to_owned(), Value::Array(types));
    if let Some(mut launch) = of.block("launch_specifications") {
        let specifications = launched(build, &mut launch);
        launch.finish(build);
        fleet.insert(
            "LaunchSpecifications".to_owned(),
            Value::Object(specifications),
        );
    }
    Value::Object(fleet)
}

fn launched(build: &mut Build, launch: &mut Taking) -> Map<String, Value> {
    let mut all = Map::new();
    for (ours, theirs) in [
        ("on_demand_specification", "OnDemandSpecification"),
        ("spot_specification", "SpotSpecification"),
    ] {
        if let Some(mut block) = launch.block(ours) {
            let mut one = Map::new();
            copy(
                &mut block,
                &mut one,
                &[
                    ("allocation_strategy", "AllocationStrategy"),
                    ("timeout_action", "TimeoutAction"),
                    ("timeout_duration_minutes", "TimeoutDurationMinutes"),
                ],
            );
            let minutes = block.take("block_duration_minutes");
            let minutes = minutes.filter(|minutes| minutes.as_u64() != Some(0));
            one.extend(minutes.map(|it| ("BlockDurationMinutes".to_owned(), it)));
            block.finish(build);
            all.insert(theirs.to_owned(), Value::Object(one));
        }
    }
    all
}

pub(super) fn steps(build: &mut Build, of: &mut Taking) {
    for mut block in of.blocks("step") {
        let place = block.place_of_all();
        let mut step = Map::new();
        copy(
            &mut block,
            &mut step,
            &[("name", "Name"), ("action_on_failure", "ActionOnFailure")],
        );
        if let Some(mut work) = block.block("hadoop_jar_step") {
            let mut jar = Map::new();
            copy(
                &mut work,
                &mut jar,
                &[
                    ("jar", "Jar"),
                    ("main_class", "MainClass"),
                    ("args", "Args"),
                ],
            );
            if let Some(properties) = work.mapping("properties", build) {
                let pair = |(key, value): (String, Value)| json!({ "Key": key, "Value": value });
                let pairs = properties.into_iter().map(pair).collect();
                jar.insert("Properties".to_owned(), pairs);
            }
            work.finish(build);
            step.insert("HadoopJarStep".to_owned(), Value::Object(jar));
        }
        block.finish(build);
        build.push(&["Steps"], Value::Object(step), place);
    }
}

pub(super) fn actions(build: &mut Build, of: &mut Taking) {
    for mut block in of.blocks("bootstrap_action") {
        let place = block.place_of_all();
        let (mut action, mut script) = (Map::new(), Map::new());
        copy(&mut block, &mut action, &[("name", "Name")]);
        copy(
            &mut block,
            &mut script,
            &[("path", "Path"), ("args", "Args")],
        );
        block.finish(build);
        action.insert("ScriptBootstrapAction".to_owned(), Value::Object(script));
        let number = build.push(&["BootstrapActions"], Value::Object(action), place.clone());
        let item = path(&["BootstrapActions"]).item(number);
        build.places.add(item.name("ScriptBootstrapAction"), place);
    }
}
