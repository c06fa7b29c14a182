//! Terraform's state: that of the requests, and its places.

use crate::{imported, made, requests};
use clusterup::import::{Fate, Form, Loss, Refused};
use serde_json::{Map, Value, json};

/// An object with some keys of another, under other names.
fn renamed(of: &Value, keys: &[(&str, &str)]) -> Map<String, Value> {
    let mut all = Map::new();
    for (ours, theirs) in keys {
        if !of[*theirs].is_null() {
            all.insert((*ours).to_owned(), of[*theirs].clone());
        }
    }
    all
}

fn ebs(of: &Value) -> Value {
    let devices = of["EbsConfiguration"]["EbsBlockDeviceConfigs"].as_array();
    let devices = devices.into_iter().flatten().map(|device| {
        let spec = &device["VolumeSpecification"];
        json!({ "type": spec["VolumeType"], "size": spec["SizeInGB"],
            "iops": spec.get("Iops").unwrap_or(&json!(0)), "throughput": spec["Throughput"],
            "volumes_per_instance": device["VolumesPerInstance"] })
    });
    devices.collect()
}

fn group(of: &Value) -> Value {
    let keys = [
        ("instance_type", "InstanceType"),
        ("instance_count", "InstanceCount"),
        ("name", "Name"),
        ("bid_price", "BidPrice"),
    ];
    let mut group = renamed(of, &keys);
    group.insert("ebs_config".to_owned(), ebs(of));
    group.insert("id".to_owned(), json!("ig-1ABCDEF"));
    group.insert("autoscaling_policy".to_owned(), json!(""));
    Value::Object(group)
}

fn fleet(of: &Value) -> Value {
    let keys = [
        ("name", "Name"),
        ("target_on_demand_capacity", "TargetOnDemandCapacity"),
        ("target_spot_capacity", "TargetSpotCapacity"),
    ];
    let mut fleet = renamed(of, &keys);
    let types = of["InstanceTypeConfigs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let keys = [
                ("instance_type", "InstanceType"),
                ("weighted_capacity", "WeightedCapacity"),
            ];
            Value::Object(renamed(one, &keys))
        });
    fleet.insert("instance_type_configs".to_owned(), types.collect());
    let spot = &of["LaunchSpecifications"]["SpotSpecification"];
    if spot.is_object() {
        let keys = [
            ("allocation_strategy", "AllocationStrategy"),
            ("timeout_action", "TimeoutAction"),
            ("timeout_duration_minutes", "TimeoutDurationMinutes"),
        ];
        let launch = json!([{ "spot_specification": [renamed(spot, &keys)],
            "on_demand_specification": [] }]);
        fleet.insert("launch_specifications".to_owned(), launch);
    }
    Value::Object(fleet)
}

fn step(of: &Value) -> Value {
    let jar = &of["HadoopJarStep"];
    let jar = json!([{ "jar": jar["Jar"], "args": jar["Args"], "main_class": "",
        "properties": {} }]);
    json!({ "name": of["Name"], "action_on_failure": of["ActionOnFailure"],
        "hadoop_jar_step": jar })
}

fn list(of: &Value, each: impl Fn(&Value) -> Value) -> Value {
    of.as_array().into_iter().flatten().map(each).collect()
}

/// The state of a request, as `terraform show -json` prints it.
fn state(request: &Value) -> Value {
    let instances = &request["Instances"];
    let keys = [
        ("name", "Name"),
        ("release_label", "ReleaseLabel"),
        ("log_uri", "LogUri"),
        ("service_role", "ServiceRole"),
        ("custom_ami_id", "CustomAmiId"),
        ("ebs_root_volume_size", "EbsRootVolumeSize"),
        ("step_concurrency_level", "StepConcurrencyLevel"),
        ("visible_to_all_users", "VisibleToAllUsers"),
    ];
    let mut values = Value::Object(renamed(request, &keys));
    values["id"] = json!("j-1ABCDEFGHIJKL");
    values["arn"] =
        json!("arn:aws:elasticmapreduce:us-east-1:123456789012:cluster/j-1ABCDEFGHIJKL");
    values["additional_info"] = Value::Null;
    values["kerberos_attributes"] = json!([]);
    values["keep_job_flow_alive_when_no_steps"] = instances["KeepJobFlowAliveWhenNoSteps"].clone();
    values["termination_protection"] = instances["TerminationProtected"].clone();
    values["applications"] = list(&request["Applications"], |of| of["Name"].clone());
    if request["Configurations"].is_array() {
        values["configurations_json"] = json!(request["Configurations"].to_string());
    }
    let keys = [
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
    let mut attributes = renamed(instances, &keys);
    attributes.insert(
        "instance_profile".to_owned(),
        request["JobFlowRole"].clone(),
    );
    let groups = list(&instances["AdditionalMasterSecurityGroups"], Value::clone);
    let groups: Vec<&str> = groups
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    attributes.insert(
        "additional_master_security_groups".to_owned(),
        json!(groups.join(",")),
    );
    values["ec2_attributes"] = json!([attributes]);
    values["step"] = list(&request["Steps"], step);
    values["bootstrap_action"] = list(&request["BootstrapActions"], |of| {
        let script = &of["ScriptBootstrapAction"];
        json!({ "name": of["Name"], "path": script["Path"], "args": script["Args"] })
    });
    if let Some(seconds) = request.pointer("/AutoTerminationPolicy/IdleTimeout") {
        values["auto_termination_policy"] = json!([{ "idle_timeout": seconds }]);
    }
    let mut resources = vec![json!({ "address": "aws_s3_bucket.logs", "mode": "managed",
        "type": "aws_s3_bucket", "values": { "bucket": "team-logs" } })];
    for group in instances["InstanceGroups"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|of| (of, group(of)))
    {
        match group.0["InstanceRole"].as_str().unwrap() {
            "MASTER" => values["master_instance_group"] = json!([group.1]),
            "CORE" => values["core_instance_group"] = json!([group.1]),
            _ => resources.push(resource("aws_emr_instance_group", group.1)),
        }
    }
    for of in instances["InstanceFleets"].as_array().into_iter().flatten() {
        match of["InstanceFleetType"].as_str().unwrap() {
            "MASTER" => values["master_instance_fleet"] = json!([fleet(of)]),
            "CORE" => values["core_instance_fleet"] = json!([fleet(of)]),
            _ => resources.push(resource("aws_emr_instance_fleet", fleet(of))),
        }
    }
    if let Some(limits) = request.pointer("/ManagedScalingPolicy/ComputeLimits") {
        let keys = [
            ("unit_type", "UnitType"),
            ("minimum_capacity_units", "MinimumCapacityUnits"),
            ("maximum_capacity_units", "MaximumCapacityUnits"),
            ("maximum_core_capacity_units", "MaximumCoreCapacityUnits"),
        ];
        let limits = json!({ "compute_limits": [renamed(limits, &keys)] });
        resources.push(resource("aws_emr_managed_scaling_policy", limits));
    }
    let inner = json!({ "resources": [resource("aws_emr_cluster", values)] });
    json!({ "format_version": "1.0", "terraform_version": "1.11.4",
        "values": { "root_module": { "resources": resources, "child_modules": [inner] } } })
}

fn resource(kind: &str, mut values: Value) -> Value {
    values["cluster_id"] = if kind == "aws_emr_cluster" {
        Value::Null
    } else {
        json!("j-1")
    };
    json!({ "address": format!("{kind}.main"), "mode": "managed", "type": kind, "values": values })
}

#[test]
fn the_state_of_a_request_is_the_same_stack() {
    for (name, mut request) in requests() {
        // The resource has no speed of the root volume.
        request.as_object_mut().unwrap().remove("EbsRootVolumeIops");
        let state = state(&request).to_string();
        let of_state = imported(&state).unwrap_or_else(|refused| panic!("{refused:?}\n{state}"));
        assert_eq!(of_state.form, Form::Terraform);
        assert_eq!(of_state.stack, made(&request).stack, "{name}\n{state}");
        assert_eq!(of_state.counts.fatal, 0, "{name}: {:#?}", of_state.losses);
    }
}

#[test]
fn the_region_and_the_places_are_those_of_the_state() {
    let (_, request) = requests()
        .into_iter()
        .find(|(name, _)| name == "jar-steps")
        .unwrap();
    let mut state = state(&request);
    let cluster = "/values/root_module/child_modules/0/resources/0/values";
    let values = state.pointer_mut(cluster).unwrap();
    values["kerberos_attributes"] = json!([{ "kdc_admin_password": "hunter2", "realm": "EC2" }]);
    values["step"][1]["hadoop_jar_step"][0]["properties"] = json!({ "a": "b" });
    values["core_instance_group"][0]["ebs_config"] =
        json!([{ "size": 9, "type": "io1", "iops": 900 }]);
    let options = clusterup::import::Options::default();
    let catalog = clusterup::cost::catalog::Catalog::bundled();
    let made = clusterup::import::import(&state.to_string(), &options, catalog).unwrap();
    assert_eq!(made.stack.region.as_str(), "us-east-1");
    assert!(!made.text.contains("hunter2"));
    let places: Vec<&str> = made.losses.iter().map(|loss| loss.place.as_str()).collect();
    for place in [
        "aws_emr_cluster.main.kerberos_attributes",
        "aws_emr_cluster.main.step[1].HadoopJarStep.Properties",
    ] {
        assert!(places.contains(&place), "{place}: {places:?}");
    }
    let of_core = "aws_emr_cluster.main.core_instance_group";
    assert!(
        places.iter().any(|place| place.starts_with(of_core)),
        "{places:?}"
    );
}

#[test]
fn what_terraform_marks_as_sensitive_is_replaced() {
    let request = crate::request("jar-steps");
    let mut state = state(&request);
    let cluster = "/values/root_module/child_modules/0/resources/0";
    let cluster = state.pointer_mut(cluster).unwrap();
    let args = json!(["spark-submit", "s3://bucket/a.py", "hunter2"]);
    cluster["values"]["step"][1]["hadoop_jar_step"][0]["args"] = args;
    cluster["values"]["tags"] = json!({ "plain": "hunter2", "owner": "ana" });
    cluster["sensitive_values"] = json!({ "tags": { "plain": true },
        "step": [{}, { "hadoop_jar_step": [{ "args": [false, false, true] }] }] });
    let made = made(&state);
    let all = format!("{}{:?}{:?}", made.text, made.losses, made.stack);
    assert!(!all.contains("hunter2"), "{all}");
    for place in [
        "aws_emr_cluster.main.step[1].hadoop_jar_step[0].args[2]",
        "aws_emr_cluster.main.tags.plain",
    ] {
        let is_there = |loss: &Loss| loss.place == place && loss.fate == Fate::Fatal;
        assert!(made.losses.iter().any(is_there), "{:#?}", made.losses);
    }
}

#[test]
fn what_a_plan_does_not_know_is_fatal() {
    let mut plan = state(&crate::request("jar-steps"));
    plan["planned_values"] = plan["values"].take();
    plan.as_object_mut().unwrap().remove("values");
    let unknown = json!({ "arn": true, "id": true, "step": true, "log_uri": true,
        "ec2_attributes": [{ "subnet_id": true, "service_access_security_group": true }] });
    plan["resource_changes"] = json!([{ "address": "aws_emr_cluster.main",
        "change": { "after_unknown": unknown } }]);
    let places = |plan: &Value| {
        let losses = made(plan).losses.into_iter();
        let fatal = losses.filter(|loss| loss.fate == Fate::Fatal);
        fatal.map(|loss| loss.place).collect::<Vec<_>>()
    };
    let name = "aws_emr_cluster.main";
    let (subnet, logs) = (
        format!("{name}.ec2_attributes[0].subnet_id"),
        format!("{name}.log_uri"),
    );
    assert_eq!(places(&plan), [subnet.clone(), logs.clone()]);
    plan["configuration"] = json!({ "root_module": { "module_calls": { "m": { "module": {
        "resources": [{ "type": "aws_emr_cluster", "expressions": { "step": {} } }] } } } } });
    assert_eq!(places(&plan), [subnet, logs, format!("{name}.step")]);
}

#[test]
fn a_state_without_a_cluster_or_with_several_is_refused() {
    let (_, request) = requests().remove(0);
    let one = state(&request);
    let mut two = one.clone();
    let resources = "/values/root_module/child_modules/0/resources";
    let again = two.pointer(&format!("{resources}/0")).unwrap().clone();
    two.pointer_mut(resources)
        .unwrap()
        .as_array_mut()
        .unwrap()
        .push(again);
    let none = json!({ "format_version": "1.0", "values": {} });
    match imported(&none.to_string()) {
        Err(Refused::Document(wrong)) => assert_eq!(wrong.message, "there is no aws_emr_cluster"),
        other => panic!("{other:?}"),
    }
    match imported(&two.to_string()) {
        Err(Refused::Clusters(names)) => assert_eq!(names, ["aws_emr_cluster.main"; 2]),
        other => panic!("{other:?}"),
    }
    // A plan has the same resources.
    let mut plan = one;
    let values = plan["values"].take();
    plan.as_object_mut().unwrap().remove("values");
    plan["planned_values"] = values;
    assert!(imported(&plan.to_string()).is_ok());
}
