//! How a cluster's machines start: image, roles, disks, bootstrap actions, logs, and steps that run at
//! the same time; and termination protection.

use crate::world::{STACK, World};
use serde_json::{Value, json};

const SIZE: &str = "size: 3 x m5.xlarge";
const DISKS: &str = "size: { primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, \
                     ebs: { size: 100g, iops: 4000, throughput: 200 } } }";
const LAUNCH: &str = "image: ami-0abcdef1234567890, root_volume: { size: 50g, iops: 4000 }, \
    roles: { service: TeamEmrService, \
    instance_profile: \"arn:aws:iam::123456789012:instance-profile/TeamEmrNodes\" }, \
    logs: \"s3://team-logs/emr\", step_concurrency: 2, \
    bootstrap: [{ name: tools, script: tools.sh, args: [jq, \"a b\", $HOME] }, \
    { name: more, script: \"s3://team-logs/scripts/more.sh\" }]";

fn stack(launch: &str) -> String {
    assert!(STACK.contains(SIZE));
    STACK.replace(SIZE, &format!("{DISKS}, {launch}"))
}

/// A world with a bucket of the team.
fn world() -> World {
    let world = World::new();
    world.write("tools.sh", "#!/bin/bash\n");
    world.stack(&stack(LAUNCH));
    world.aws("s3", "create_bucket", json!({ "Bucket": "team-logs" }));
    let script = json!({ "Bucket": "team-logs", "Key": "scripts/more.sh" });
    world.aws("s3", "put_object", script);
    world
}

/// Creates the roles `TeamEmrService` and `TeamEmrNodes`.
pub(crate) fn create_roles(world: &World) {
    let trust = |service: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Principal": { "Service": service }, "Action": "sts:AssumeRole" }] })
        .to_string()
    };
    for (name, service, policy) in [
        (
            "TeamEmrService",
            "elasticmapreduce.amazonaws.com",
            "AmazonElasticMapReduceRole",
        ),
        (
            "TeamEmrNodes",
            "ec2.amazonaws.com",
            "AmazonElasticMapReduceforEC2Role",
        ),
    ] {
        let role = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust(service) });
        world.aws("iam", "create_role", role);
        let arn = format!("arn:aws:iam::aws:policy/service-role/{policy}");
        let attached = json!({ "RoleName": name, "PolicyArn": arn });
        world.aws("iam", "attach_role_policy", attached);
    }
    let profile = json!({ "InstanceProfileName": "TeamEmrNodes" });
    world.aws("iam", "create_instance_profile", profile);
    let both = json!({ "InstanceProfileName": "TeamEmrNodes", "RoleName": "TeamEmrNodes" });
    world.aws("iam", "add_role_to_instance_profile", both);
}

/// The one living cluster, as EMR shows it.
fn described(world: &World) -> Value {
    let alive = world.alive();
    assert_eq!(alive.len(), 1, "{alive:#?}");
    let asked = json!({ "ClusterId": alive[0]["id"] });
    world.aws("emr", "describe_cluster", asked)["Cluster"].clone()
}

/// A field of EMR's list of what a cluster has.
fn listed(world: &World, operation: &str, field: &str) -> Vec<Value> {
    let asked = json!({ "ClusterId": described(world)["Id"] });
    let mut reply = world.aws("emr", operation, asked);
    reply[field].as_array_mut().unwrap().split_off(0)
}

#[test]
fn machines_start_as_the_stack_says() {
    let world = world();
    // Nothing is made before the roles exist.
    let refused = world.expect(1, &["apply", "t.yaml", "--yes"]);
    refused
        .says(
            "the stack names roles that are missing in this account: roles.service: TeamEmrService",
        )
        .says("instance-profile/TeamEmrNodes");
    assert!(world.clusters().is_empty() && world.key_pairs().is_empty());
    create_roles(&world);
    // Step one fails, and step two runs nevertheless.
    let rules =
        json!([{ "match": "one", "state": "FAILED", "seconds": 0.2, "stderr": "no luck\n" }]);
    world
        .double
        .post("/_double/steps", json!({ "results": rules }));
    let applied = world.expect(4, &["apply", "t.yaml", "--yes"]);
    applied
        .says("up to 2 of its 2 steps run at once")
        .says("step two completed");
    let cluster = described(&world);
    assert_eq!(cluster["CustomAmiId"], "ami-0abcdef1234567890");
    assert_eq!(
        (&cluster["EbsRootVolumeSize"], &cluster["EbsRootVolumeIops"]),
        (&json!(50), &json!(4000))
    );
    assert_eq!(cluster["ServiceRole"], "TeamEmrService");
    assert_eq!(cluster["LogUri"], "s3n://team-logs/emr/");
    assert_eq!(cluster["StepConcurrencyLevel"], 2);
    let profile = &cluster["Ec2InstanceAttributes"]["IamInstanceProfile"];
    assert_eq!(
        profile,
        "arn:aws:iam::123456789012:instance-profile/TeamEmrNodes"
    );
    let groups = listed(&world, "list_instance_groups", "InstanceGroups");
    let core = groups
        .iter()
        .find(|group| group["InstanceGroupType"] == "CORE");
    let volume = &core.unwrap()["EbsBlockDevices"][0]["VolumeSpecification"];
    assert_eq!(
        (&volume["Iops"], &volume["Throughput"]),
        (&json!(4000), &json!(200))
    );
    let actions = listed(&world, "list_bootstrap_actions", "BootstrapActions");
    let names: Vec<&str> = actions
        .iter()
        .map(|it| it["Name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["power off at the deadline", "tools", "more"]);
    assert_eq!(actions[1]["Args"], json!(["jq", "a b", "$HOME"]));
    assert_eq!(actions[2]["ScriptPath"], "s3://team-logs/scripts/more.sh");
    // Logs are read from the team's bucket, which is not emptied.
    world
        .expect(0, &["logs", "t"])
        .says("01-one driver")
        .says("no luck");
    changes(&world);
    world.expect(0, &["destroy", "t", "--yes"]);
    let left = world.aws("s3", "list_objects_v2", json!({ "Bucket": "team-logs" }));
    assert!(left["KeyCount"].as_u64().unwrap() > 2, "{left:#}");
}

/// What changes in place, and what replaces the cluster.
fn changes(world: &World) {
    let plan = |text: &str| {
        world.stack(text);
        world.expect(0, &["plan", "t.yaml"])
    };
    let all = stack(LAUNCH);
    let four = all.replace("step_concurrency: 2", "step_concurrency: 4");
    plan(&four).says("step_concurrency changes from 2 to 4");
    plan(&all.replace("size: 50g", "size: 60g"))
        .says("root_volume changes from 50g with 4000 IOPS to 60g with 4000 IOPS");
    plan(&all.replace("s3://team-logs/emr", "s3://team-logs/other"))
        .says("logs changes from s3://team-logs/emr to s3://team-logs/other");
    plan(&all.replace(", $HOME", "")).says("the arguments of the bootstrap action tools change");
    plan(&all.replace("iops: 4000, throughput", "iops: 5000, throughput"))
        .says("the disks of its core nodes change");
    world.write("tools.sh", "#!/bin/bash\nset -e\n");
    plan(&all).says("the script of the bootstrap action tools changes");
    world.write("tools.sh", "#!/bin/bash\n");
    world
        .double
        .post("/_double/steps", json!({ "results": [] }));
    world.stack(&four);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(described(world)["StepConcurrencyLevel"], 4);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
}

#[test]
fn a_guardrail_ends_a_protected_cluster() {
    let world = World::new();
    let text = STACK.replace(SIZE, &format!("{SIZE}, termination_protection: true"));
    world.stack(&text);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("EventBridge lifts its termination protection and ends it")
        .says("AWS does not document that this ends the cluster");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let cluster = described(&world);
    assert_eq!(cluster["TerminationProtected"], true);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    world
        .expect(0, &["status", "t"])
        .says("EventBridge lifts its termination protection and ends it");
    // Two hours later its schedules have ended it, with nothing of clusterup alive.
    world
        .double
        .post("/_double/clock", json!({ "advance": 2 * 3_600 + 120 }));
    assert!(world.alive().is_empty(), "{:#?}", world.clusters());
    assert_eq!(world.clusters()[0]["state"], "TERMINATED");
}
