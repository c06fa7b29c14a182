//! A cluster as AWS's command line describes it, alive or ended in the last two months: the replies of
//! `describe-cluster`, `list-steps`, `get-managed-scaling-policy` and `get-auto-termination-policy`, one
//! after the other (EMR API, Cluster, Step).

use super::Read;
use super::build::{Build, path};
use super::taking::Taking;
use crate::import::fates::Fate;
use crate::import::{Form, Wrong};
use serde_json::{Map, Value, json};

/// The parts of a description that the request has under the same names.
const SAME: [&str; 20] = [
    "Applications",
    "AutoScalingRole",
    "Configurations",
    "CustomAmiId",
    "EbsRootVolumeIops",
    "EbsRootVolumeSize",
    "EbsRootVolumeThroughput",
    "ExtendedSupport",
    "KerberosAttributes",
    "LogEncryptionKmsKeyId",
    "LogUri",
    "MonitoringConfiguration",
    "Name",
    "ReleaseLabel",
    "RepoUpgradeOnBoot",
    "ScaleDownBehavior",
    "SecurityConfiguration",
    "ServiceRole",
    "StepConcurrencyLevel",
    "Tags",
];

/// What EMR says of the cluster, and nobody asked for.
const OF_EMR: [&str; 8] = [
    "ClusterArn",
    "Id",
    "InstanceCollectionType",
    "MasterPublicDnsName",
    "NormalizedInstanceHours",
    "RunningAmiVersion",
    "SessionEnabled",
    "Status",
];

/// The keys of the machines' attributes, and of the request's instances.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("Ec2KeyName", "Ec2KeyName"),
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
    ("IamInstanceProfile", ""),
];

/// Whether a document is the description of a cluster.
pub(super) fn is_one(root: &Value) -> bool {
    root.get("Cluster").is_some_and(Value::is_object)
}

/// Reads the replies, which are one mapping of all their keys.
pub(super) fn read(root: Value) -> Result<Read, Wrong> {
    let mut all = Taking::at_root(root);
    let Some(mut of) = all.block("Cluster") else {
        return Err(Wrong {
            place: "Cluster".to_owned(),
            message: "there is no description of a cluster".to_owned(),
        });
    };
    let mut build = Build::default();
    let arn = of.take("ClusterArn");
    let region = arn.and_then(|arn| arn.as_str()?.split(':').nth(3).map(str::to_owned));
    for key in SAME {
        if let Some(value) = of.take(key) {
            build.put(&[key], value, of.place(key));
        }
    }
    for (ours, theirs, negated) in [
        ("AutoTerminate", "KeepJobFlowAliveWhenNoSteps", true),
        ("TerminationProtected", "TerminationProtected", false),
        (
            "UnhealthyNodeReplacement",
            "UnhealthyNodeReplacement",
            false,
        ),
    ] {
        match of.take(ours) {
            Some(Value::Bool(is)) => {
                let is = Value::from(is != negated);
                build.put(&["Instances", theirs], is, of.place(ours));
            }
            Some(_) => build.lose(of.place(ours), Fate::Fatal, "expected true or false"),
            None => {}
        }
    }
    if let Some(is) = of.take("VisibleToAllUsers") {
        build.put(&["VisibleToAllUsers"], is, of.place("VisibleToAllUsers"));
    }
    if let Some(old) = of.take("RequestedAmiVersion") {
        build.put(&["AmiVersion"], old, of.place("RequestedAmiVersion"));
    }
    if of.take("OSReleaseLabel").is_some() {
        // A description has it also where nobody asked for it.
        let why = "the machines get the newest Amazon Linux of their release";
        build.lose(of.place("OSReleaseLabel"), Fate::Lost, why);
    }
    attributes(&mut build, &mut of);
    machines(&mut build, &mut of);
    actions(&mut build, &mut of);
    for key in OF_EMR {
        of.take(key);
    }
    of.finish(&mut build);
    steps(&mut build, &mut all);
    for key in ["ManagedScalingPolicy", "AutoTerminationPolicy"] {
        if let Some(policy) = all.take(key) {
            build.put(&[key], policy, key);
        }
    }
    all.finish(&mut build);
    let (request, places, losses) = build.into_request();
    Ok(Read {
        form: Form::Cluster,
        request,
        places,
        region,
        losses,
    })
}

fn attributes(build: &mut Build, of: &mut Taking) {
    let Some(mut block) = of.block("Ec2InstanceAttributes") else {
        return;
    };
    for (ours, theirs) in ATTRIBUTES {
        let Some(value) = block.take(ours) else {
            continue;
        };
        match theirs {
            "" => build.put(&["JobFlowRole"], value, block.place(ours)),
            theirs => build.put(&["Instances", theirs], value, block.place(ours)),
        }
    }
    // Of several subnets, those that were asked for; otherwise the one that the cluster is in.
    let asked = block.take("RequestedEc2SubnetIds");
    let asked = asked.filter(|asked| asked.as_array().is_some_and(|all| all.len() > 1));
    let subnet = block.take("Ec2SubnetId");
    match asked {
        Some(asked) => {
            let place = block.place("RequestedEc2SubnetIds");
            build.put(&["Instances", "Ec2SubnetIds"], asked, place);
        }
        None => {
            if let Some(subnet) = subnet {
                let place = block.place("Ec2SubnetId");
                build.put(&["Instances", "Ec2SubnetId"], subnet, place);
            }
        }
    }
    block.take("Ec2AvailabilityZone");
    block.take("RequestedEc2AvailabilityZones");
    block.finish(build);
}

/// What EMR says of a group or fleet, and nobody asked for.
const OF_MACHINES: [&str; 10] = [
    "ConfigurationsVersion",
    "EbsOptimized",
    "Id",
    "LastSuccessfullyAppliedConfigurations",
    "LastSuccessfullyAppliedConfigurationsVersion",
    "ProvisionedOnDemandCapacity",
    "ProvisionedSpotCapacity",
    "RunningInstanceCount",
    "ShrinkPolicy",
    "Status",
];

fn machines(build: &mut Build, of: &mut Taking) {
    for mut block in of.blocks("InstanceGroups") {
        let place = block.place_of_all();
        let mut group = Map::new();
        for (ours, theirs) in [
            ("InstanceGroupType", "InstanceRole"),
            ("InstanceType", "InstanceType"),
            ("RequestedInstanceCount", "InstanceCount"),
            ("Market", "Market"),
            ("BidPrice", "BidPrice"),
            ("Name", "Name"),
            ("Configurations", "Configurations"),
            ("CustomAmiId", "CustomAmiId"),
            ("AutoScalingPolicy", "AutoScalingPolicy"),
        ] {
            group.extend(block.take(ours).map(|value| (theirs.to_owned(), value)));
        }
        group.extend(volumes(&mut block));
        finish(build, block);
        build.push(
            &["Instances", "InstanceGroups"],
            Value::Object(group),
            place,
        );
    }
    for mut block in of.blocks("InstanceFleets") {
        let place = block.place_of_all();
        let mut fleet = Map::new();
        for key in [
            "InstanceFleetType",
            "Name",
            "TargetOnDemandCapacity",
            "TargetSpotCapacity",
            "LaunchSpecifications",
            "ResizeSpecifications",
        ] {
            fleet.extend(block.take(key).map(|value| (key.to_owned(), value)));
        }
        let mut types = Vec::new();
        for mut one in block.blocks("InstanceTypeSpecifications") {
            let mut config = Map::new();
            for key in [
                "InstanceType",
                "WeightedCapacity",
                "BidPrice",
                "BidPriceAsPercentageOfOnDemandPrice",
                "Configurations",
                "CustomAmiId",
                "Priority",
            ] {
                config.extend(one.take(key).map(|value| (key.to_owned(), value)));
            }
            config.extend(volumes(&mut one));
            finish(build, one);
            types.push(Value::Object(config));
        }
        fleet.insert("InstanceTypeConfigs".to_owned(), Value::Array(types));
        finish(build, block);
        build.push(
            &["Instances", "InstanceFleets"],
            Value::Object(fleet),
            place,
        );
    }
}

fn finish(build: &mut Build, mut block: Taking) {
    for key in OF_MACHINES {
        block.take(key);
    }
    block.finish(build);
}

/// EMR lists each device of an instance.
fn volumes(of: &mut Taking) -> Option<(String, Value)> {
    let devices = of
        .blocks("EbsBlockDevices")
        .into_iter()
        .filter_map(|mut device| {
            let specification = device.take("VolumeSpecification")?;
            Some(json!({ "VolumeSpecification": specification }))
        });
    let devices: Vec<Value> = devices.collect();
    let ebs = json!({ "EbsBlockDeviceConfigs": devices });
    (!devices.is_empty()).then(|| ("EbsConfiguration".to_owned(), ebs))
}

fn actions(build: &mut Build, of: &mut Taking) {
    for mut block in of.blocks("BootstrapActions") {
        let place = block.place_of_all();
        let (name, script) = (block.take("Name"), block.take("ScriptPath"));
        let args = block.take("Args");
        block.finish(build);
        let action = json!({ "Name": name,
            "ScriptBootstrapAction": { "Path": script, "Args": args } });
        let number = build.push(&["BootstrapActions"], action, place.clone());
        let item = path(&["BootstrapActions"]).item(number);
        build.places.add(item.name("ScriptBootstrapAction"), place);
    }
}

/// EMR lists the newest step first.
fn steps(build: &mut Build, all: &mut Taking) {
    let mut blocks = all.blocks("Steps");
    blocks.reverse();
    for mut block in blocks {
        let place = block.place_of_all();
        let mut step = Map::new();
        for key in ["Name", "ActionOnFailure"] {
            step.extend(block.take(key).map(|value| (key.to_owned(), value)));
        }
        if let Some(mut config) = block.block("Config") {
            let mut jar = Map::new();
            for key in ["Jar", "Args", "MainClass"] {
                jar.extend(config.take(key).map(|value| (key.to_owned(), value)));
            }
            if let Some(properties) = config.mapping("Properties", build) {
                let pair = |(key, value): (String, Value)| json!({ "Key": key, "Value": value });
                let pairs = properties.into_iter().map(pair).collect();
                jar.insert("Properties".to_owned(), pairs);
            }
            config.finish(build);
            step.insert("HadoopJarStep".to_owned(), Value::Object(jar));
        }
        for key in ["Id", "Status"] {
            block.take(key);
        }
        block.finish(build);
        let number = build.push(&["Steps"], Value::Object(step), place.clone());
        let item = path(&["Steps"]).item(number);
        build
            .places
            .add(item.name("HadoopJarStep"), format!("{place}.Config"));
    }
}
