//! Changes of others to a stack are noticed, reported, and fixed as far as they are clusterup's
//! own.

use crate::world::{STACK, World};
use serde_json::{Value, json};

const FIXED: &str = "[{ port: 22, from: caller }, { port: 8080, from: 198.51.100.0/24 }]";

fn applied() -> World {
    let world = World::new();
    world.stack(&STACK.replace("[{ port: 22, from: caller }]", FIXED));
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    world
}

fn ranges(world: &World) -> Vec<String> {
    let rules = world.rules();
    let mut ranges: Vec<String> = rules
        .iter()
        .map(|rule| rule["CidrIp"].as_str().unwrap().to_owned())
        .collect();
    ranges.sort();
    ranges
}

/// Opens port 22 to a range, as somebody else.
fn open(world: &World, range: &str, description: &str) {
    let rule = json!({
        "GroupId": world.group()["GroupId"],
        "IpPermissions": [{
            "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
            "IpRanges": [{ "CidrIp": range, "Description": description }],
        }],
    });
    world.aws("ec2", "authorize_security_group_ingress", rule);
}

/// A world with a colleague's rule, and where this machine's address has just changed.
fn moved() -> World {
    let world = applied();
    let before = ["198.51.100.0/24", "203.0.113.7/32"];
    assert_eq!(ranges(&world), before);
    open(
        &world,
        "192.0.2.9/32",
        "clusterup caller ada@another-machine",
    );
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    let now = json!({ "v4": "203.0.113.99" });
    world.double.post("/_double/address", now);
    world
}

const AFTER: [&str; 3] = ["192.0.2.9/32", "198.51.100.0/24", "203.0.113.99/32"];

#[test]
fn apply_follows_the_callers_address() {
    let world = moved();
    world
        .expect(0, &["plan", "t.yaml"])
        .says("~ security group ssh");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(ranges(&world), AFTER);
    assert_eq!(world.clusters().len(), 1);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
}

#[test]
fn status_follows_the_callers_address() {
    let world = moved();
    world
        .expect(0, &["status", "t"])
        .says("port 22 is open to this machine's new address");
    assert_eq!(ranges(&world), AFTER);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    world.double.reset_calls();
    world.expect(0, &["status", "t"]);
    assert!(world.double.calls().iter().all(|call| !call.mutates));
}

#[test]
fn manual_changes_are_shown_and_fixed() {
    let world = applied();
    let id = world.clusters()[0]["id"].clone();
    open(&world, "192.0.2.0/24", "just for today");
    let of_cluster = json!({ "ClusterId": id });
    world.aws("emr", "remove_auto_termination_policy", of_cluster.clone());
    let groups = world.aws("emr", "list_instance_groups", of_cluster.clone());
    let core = |group: &&Value| group["InstanceGroupType"] == "CORE";
    let groups = groups["InstanceGroups"].as_array().unwrap();
    let core = groups.iter().find(core).unwrap()["Id"].clone();
    let resize = json!({
        "ClusterId": id,
        "InstanceGroups": [{ "InstanceGroupId": core, "InstanceCount": 7 }],
    });
    world.aws("emr", "modify_instance_groups", resize);

    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("~ security group ssh")
        .says("192.0.2.0/24")
        .says("~ cluster")
        .says("its idle policy was removed")
        .says("the number of core nodes changes from 7 to 2");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(ranges(&world), ["198.51.100.0/24", "203.0.113.7/32"]);
    let policy = world.aws("emr", "get_auto_termination_policy", of_cluster.clone());
    assert_eq!(policy["AutoTerminationPolicy"]["IdleTimeout"], 600);
    let groups = world.aws("emr", "list_instance_groups", of_cluster);
    let groups = groups["InstanceGroups"].as_array().unwrap();
    let core = groups.iter().find(|group| group["Id"] == core).unwrap();
    assert_eq!(core["RequestedInstanceCount"], 2);
    assert_eq!(world.alive()[0]["id"], id);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
}

#[test]
fn one_rule_serves_everyone_with_its_address() {
    const BOTH: &str = "[{ port: 22, from: caller }, { port: 22, from: 203.0.113.7/32 }]";
    let world = World::new();
    let settled = |ingress: &str| {
        world.stack(&STACK.replace("[{ port: 22, from: caller }]", ingress));
        world.expect(0, &["apply", "t.yaml", "--yes"]);
        world
            .expect(0, &["plan", "t.yaml"])
            .says("nothing to change");
        assert_eq!(ranges(&world), ["203.0.113.7/32"], "{ingress}");
    };
    for ingress in [
        "[{ port: 22, from: caller }]",
        "[{ port: 22, from: 203.0.113.7/32 }]",
        BOTH,
        "[{ port: 22, from: caller }]",
    ] {
        settled(ingress);
    }
    // The same for another caller with the same address.
    let mine = world.group()["IpPermissions"].clone();
    let revoke = json!({ "GroupId": world.group()["GroupId"], "IpPermissions": mine });
    world.aws("ec2", "revoke_security_group_ingress", revoke);
    let ada = "clusterup caller ada@another-machine";
    open(&world, "203.0.113.7/32", ada);
    for ingress in [BOTH, "[{ port: 22, from: 203.0.113.7/32 }]"] {
        settled(ingress);
    }
    // When its address changes, this machine adds its own rule and keeps the other's.
    world.stack(STACK);
    let now = json!({ "v4": "203.0.113.99" });
    world.double.post("/_double/address", now);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(ranges(&world), ["203.0.113.7/32", "203.0.113.99/32"]);
    // A rule that only claims to be a caller's is removed.
    open(&world, "192.0.2.0/24", ada);
    world.expect(0, &["plan", "t.yaml"]).says("192.0.2.0/24");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(ranges(&world), ["203.0.113.7/32", "203.0.113.99/32"]);
}
