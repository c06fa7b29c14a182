//! Clusters as AWS's command line describes them: those of the requests, and their places.

use crate::{imported, made, requests};
use clusterup::import::{Fate, Form, Refused};
use serde_json::{Value, json};

fn list(of: &Value, each: impl Fn(&Value) -> Value) -> Value {
    of.as_array().into_iter().flatten().map(each).collect()
}

/// An object with some keys of another, under other names, without those that it lacks.
fn renamed(of: &Value, keys: &[(&str, &str)]) -> Value {
    let mut all = json!({});
    for (ours, theirs) in keys {
        if !of[*theirs].is_null() {
            all[*ours] = of[*theirs].clone();
        }
    }
    all
}

/// One for each volume of an instance.
fn devices(of: &Value) -> Value {
    let devices = of["EbsConfiguration"]["EbsBlockDeviceConfigs"].as_array();
    let each = devices.into_iter().flatten().flat_map(|device| {
        let volumes = device["VolumesPerInstance"].as_u64().unwrap();
        (0..volumes).map(|number| {
            json!({ "VolumeSpecification": device["VolumeSpecification"],
                "Device": format!("/dev/sd{number}") })
        })
    });
    each.collect()
}

fn group(of: &Value) -> Value {
    let keys = [
        ("InstanceGroupType", "InstanceRole"),
        ("InstanceType", "InstanceType"),
        ("RequestedInstanceCount", "InstanceCount"),
        ("Market", "Market"),
        ("BidPrice", "BidPrice"),
        ("Name", "Name"),
    ];
    let mut group = renamed(of, &keys);
    group["Id"] = json!("ig-1");
    group["RunningInstanceCount"] = json!(0);
    group["Status"] = json!({ "State": "TERMINATED" });
    group["EbsBlockDevices"] = devices(of);
    group
}

fn fleet(of: &Value) -> Value {
    let keys = [
        "InstanceFleetType",
        "Name",
        "TargetOnDemandCapacity",
        "TargetSpotCapacity",
        "LaunchSpecifications",
    ];
    let mut fleet = renamed(of, &keys.map(|key| (key, key)));
    fleet["Id"] = json!("if-1");
    fleet["ProvisionedSpotCapacity"] = json!(0);
    fleet["InstanceTypeSpecifications"] = of["InstanceTypeConfigs"].clone();
    fleet
}

fn step(of: &Value) -> Value {
    let mut config = of["HadoopJarStep"].clone();
    config["Properties"] = json!({});
    json!({ "Id": "s-1", "Name": of["Name"], "Config": config,
        "ActionOnFailure": of["ActionOnFailure"], "Status": { "State": "COMPLETED" } })
}

/// The replies about the cluster of a request.
fn replies(request: &Value) -> Vec<Value> {
    let instances = &request["Instances"];
    let same = [
        "Name",
        "ReleaseLabel",
        "Applications",
        "Configurations",
        "LogUri",
        "ServiceRole",
        "CustomAmiId",
        "EbsRootVolumeSize",
        "EbsRootVolumeIops",
        "VisibleToAllUsers",
        "StepConcurrencyLevel",
    ];
    let mut cluster = renamed(request, &same.map(|key| (key, key)));
    cluster["Id"] = json!("j-1ABCDEFGHIJKL");
    cluster["ClusterArn"] = json!("arn:aws:elasticmapreduce:us-east-1:123456789012:cluster/j-1");
    cluster["Status"] = json!({ "State": "TERMINATED", "Timeline": { "CreationDateTime": 1.5 } });
    cluster["NormalizedInstanceHours"] = json!(8);
    cluster["AutoTerminate"] = json!(instances["KeepJobFlowAliveWhenNoSteps"] == false);
    cluster["TerminationProtected"] = instances["TerminationProtected"].clone();
    let keys = [
        "Ec2KeyName",
        "EmrManagedMasterSecurityGroup",
        "EmrManagedSlaveSecurityGroup",
        "ServiceAccessSecurityGroup",
        "AdditionalMasterSecurityGroups",
        "Ec2SubnetId",
    ];
    let mut attributes = renamed(instances, &keys.map(|key| (key, key)));
    attributes["IamInstanceProfile"] = request["JobFlowRole"].clone();
    attributes["Ec2AvailabilityZone"] = json!("us-east-1a");
    if instances["Ec2SubnetIds"].is_array() {
        attributes["RequestedEc2SubnetIds"] = instances["Ec2SubnetIds"].clone();
        attributes["Ec2SubnetId"] = instances["Ec2SubnetIds"][0].clone();
    }
    cluster["Ec2InstanceAttributes"] = attributes;
    if instances["InstanceGroups"].is_array() {
        cluster["InstanceGroups"] = list(&instances["InstanceGroups"], group);
    } else {
        cluster["InstanceFleets"] = list(&instances["InstanceFleets"], fleet);
    }
    cluster["BootstrapActions"] = list(&request["BootstrapActions"], |of| {
        let script = &of["ScriptBootstrapAction"];
        json!({ "Name": of["Name"], "ScriptPath": script["Path"], "Args": script["Args"] })
    });
    let mut steps: Vec<Value> = list(&request["Steps"], step).as_array().unwrap().clone();
    // EMR lists the newest first.
    steps.reverse();
    let mut replies = vec![json!({ "Cluster": cluster }), json!({ "Steps": steps })];
    for key in ["ManagedScalingPolicy", "AutoTerminationPolicy"] {
        if request[key].is_object() {
            replies.push(json!({ key: request[key] }));
        }
    }
    replies
}

fn text(replies: &[Value]) -> String {
    let texts: Vec<String> = replies.iter().map(|reply| format!("{reply:#}")).collect();
    texts.join("\n")
}

#[test]
fn the_description_of_a_cluster_is_the_same_stack() {
    for (name, request) in requests() {
        let text = text(&replies(&request));
        let described = imported(&text).unwrap_or_else(|refused| panic!("{refused:?}\n{text}"));
        assert_eq!(described.form, Form::Cluster);
        assert_eq!(described.stack, made(&request).stack, "{name}\n{text}");
        assert_eq!(described.counts.fatal, 0, "{name}: {:#?}", described.losses);
    }
}

#[test]
fn losses_are_at_the_places_of_the_description() {
    let (_, request) = requests()
        .into_iter()
        .find(|(name, _)| name == "jar-steps")
        .unwrap();
    let mut replies = replies(&request);
    replies[0]["Cluster"]["OutpostArn"] = json!("arn:x");
    replies[0]["Cluster"]["InstanceGroups"][1]["AutoScalingPolicy"] = json!({ "Rules": [1] });
    replies[1]["Steps"][0]["Config"]["Properties"] = json!({ "a": "b" });
    replies[1]["Steps"][0]["ExecutionRoleArn"] = json!("arn:y");
    let options = clusterup::import::Options::default();
    let catalog = clusterup::cost::catalog::Catalog::bundled();
    let made = clusterup::import::import(&text(&replies), &options, catalog).unwrap();
    assert_eq!(made.stack.region.as_str(), "us-east-1");
    let fatal = made.losses.iter().filter(|loss| loss.fate == Fate::Fatal);
    let places: Vec<&str> = fatal.map(|loss| loss.place.as_str()).collect();
    for place in [
        "Cluster.OutpostArn",
        "Cluster.InstanceGroups[1].AutoScalingPolicy",
        "Steps[0].Config.Properties",
        "Steps[0].ExecutionRoleArn",
    ] {
        assert!(places.contains(&place), "{place}: {places:?}");
    }
    assert_eq!(places.len(), 4, "{places:?}");
    // What no part of the request has stands with the part that it is in: the newest step is the last.
    let at = |text: &str| made.text.find(text).unwrap();
    assert!(
        at("name: features") < at("Steps[0].ExecutionRoleArn"),
        "{}",
        made.text
    );
    assert!(
        at("Steps[0].ExecutionRoleArn") < at("name: publish"),
        "{}",
        made.text
    );
}

#[test]
fn replies_of_two_clusters_are_refused() {
    let (_, request) = requests().remove(0);
    let mut both = replies(&request);
    both.push(both[0].clone());
    match imported(&text(&both)) {
        Err(Refused::Document(wrong)) => {
            assert!(wrong.message.contains("there twice"), "{wrong:?}");
        }
        other => panic!("{other:?}"),
    }
    assert!(imported("{\"Cluster\": {}} x").is_err());
}
