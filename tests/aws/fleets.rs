//! Instance fleets in several subnets, and managed scaling: asked for, shown, changed in place, and what
//! somebody else changed.

use crate::world::{STACK, World};
use serde_json::{Value, json};

const SIZE: &str = "size: 3 x m5.xlarge";
/// The most calls of a plan of a cluster that is kept, by `tests/aws/calls.rs`, and six more.
const MOST_OF_PLAN: usize = 11 + 6;

fn stack(cluster: &str) -> String {
    assert!(STACK.contains(SIZE));
    STACK.replace(SIZE, cluster)
}

fn id(world: &World) -> String {
    let alive = world.alive();
    assert_eq!(alive.len(), 1, "{alive:#?}");
    alive[0]["id"].as_str().unwrap().to_owned()
}

fn emr(world: &World, operation: &str) -> Value {
    world.aws("emr", operation, json!({ "ClusterId": id(world) }))
}

/// The stack is applied, its cluster is the one that there was, and nothing is left to change.
fn changes_in_place(world: &World, says: &str) {
    let before = id(world);
    world.expect(0, &["plan", "t.yaml"]).says(says);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(id(world), before);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
}

#[test]
fn a_role_is_bought_as_a_fleet_in_one_of_several_subnets() {
    let world = World::new();
    let subnets = subnets(&world, 3);
    let fleet = format!(
        "network: {{ subnet: [{}] }}, size: {{ primary: m5.xlarge, core: {{ ebs: {{ size: 64g }}, \
         fleet: {{ types: [m5.xlarge, {{ type: m5.2xlarge, weight: 2 }}], on_demand: 1, spot: 4, \
         allocation: price-capacity-optimized, spot_timeout: {{ after: 10m, then: terminate }} }} }} }}",
        subnets.join(", ")
    );
    world.stack(&stack(&fleet));
    world.expect(0, &["plan", "t.yaml"]).says(
        "core fleet: 1 on-demand + 4 spot units of m5.xlarge or m5.2xlarge (weight 2), \
         price-capacity-optimized",
    );
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let runs = world.double.get("/_double/runs");
    let sent = &runs[0]["Instances"];
    assert!(sent.get("InstanceGroups").is_none() && sent.get("Ec2SubnetId").is_none());
    assert_eq!(sent["Ec2SubnetIds"], json!(subnets));
    let primary = &sent["InstanceFleets"][0];
    assert_eq!(primary["TargetOnDemandCapacity"], 1);
    let spot = &sent["InstanceFleets"][1]["LaunchSpecifications"]["SpotSpecification"];
    let expected = json!({ "TimeoutDurationMinutes": 10, "TimeoutAction": "TERMINATE_CLUSTER",
        "AllocationStrategy": "price-capacity-optimized" });
    assert_eq!(*spot, expected);
    let core = &sent["InstanceFleets"][1]["InstanceTypeConfigs"];
    assert_eq!(core[1]["WeightedCapacity"], 2);
    assert!(core[1].get("EbsConfiguration").is_some());
    let plan = world.calls_of(&["plan", "t.yaml"]);
    println!("plan of a cluster with fleets: {} calls", plan.len());
    assert!(plan.len() <= MOST_OF_PLAN, "{plan:#?}");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");

    world.stack(&stack(&fleet.replace("spot: 4", "spot: 2")));
    changes_in_place(
        &world,
        "the spot target of its core fleet changes from 4 to 2",
    );
    let fleets = emr(&world, "list_instance_fleets");
    assert_eq!(fleets["InstanceFleets"][1]["TargetSpotCapacity"], 2);
    // Somebody else changes a target.
    let asked = json!({ "ClusterId": id(&world), "InstanceFleet": {
        "InstanceFleetId": fleets["InstanceFleets"][1]["Id"],
        "TargetOnDemandCapacity": 2, "TargetSpotCapacity": 2 } });
    world.aws("emr", "modify_instance_fleet", asked);
    changes_in_place(
        &world,
        "the on-demand target of its core fleet changes from 2 to 1",
    );
    for (from, to, says) in [
        (
            "weight: 2",
            "weight: 4",
            "replaced: the list of types of its core fleet changes",
        ),
        ("price-", "", "replaced: the allocation of its core fleet"),
        (&subnets[2], &subnets[0], "`subnet` has"),
    ] {
        world.stack(&stack(
            &fleet.replace("spot: 4", "spot: 2").replace(from, to),
        ));
        let code = if says.starts_with('`') { 2 } else { 0 };
        world.expect(code, &["plan", "t.yaml"]).says(says);
    }
    world.stack(STACK);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("replaced: its fleets become instance groups");
}

/// The first subnets of the default VPC.
fn subnets(world: &World, count: usize) -> Vec<String> {
    let listed = world.aws("ec2", "describe_subnets", json!({}));
    let subnets = listed["Subnets"].as_array().unwrap().iter();
    let subnets = subnets.filter(|it| it["DefaultForAz"] == true);
    let id = |it: &Value| it["SubnetId"].as_str().unwrap().to_owned();
    let subnets: Vec<_> = subnets.map(id).take(count).collect();
    assert_eq!(subnets.len(), count, "{listed:#?}");
    subnets
}

#[test]
fn network_fleets_and_scaling_take_six_calls_more() {
    let apply = |world: &World| world.calls_of(&["apply", "t.yaml", "--yes", "--detach"]);
    let plain = World::new();
    let least = apply(&plain).len();
    let world = World::new();
    world.stack(&stack(&format!(
        "network: {{ subnet: [{}] }}, scaling: {{ from: 1, to: 6 }}, size: {{ primary: m5.xlarge, \
         core: {{ fleet: {{ types: [m5.xlarge, m5a.xlarge], on_demand: 2 }} }} }}",
        subnets(&world, 2).join(", ")
    )));
    let calls = apply(&world);
    println!("apply: {least} calls, and {} with fleets", calls.len());
    assert!(calls.len() <= least + 6, "{calls:#?}");
}

#[test]
fn emr_scales_a_cluster_within_its_limits() {
    let world = World::new();
    let scaled = |limits: &str| stack(&format!("{SIZE}, scaling: {{ {limits} }}"));
    world.stack(&scaled("from: 1, to: 6"));
    world.expect(0, &["plan", "t.yaml"]).says(
        "EMR scales core and task nodes by their load: 1 to 6; the guardrails count the largest size",
    );
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let limits = || emr(&world, "get_managed_scaling_policy")["ManagedScalingPolicy"].clone();
    let expected = json!({ "ComputeLimits": { "UnitType": "Instances",
        "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 6 } });
    assert_eq!(limits(), expected);
    // EMR decides the counts.
    for to in [5, 1, 6] {
        let scale = json!({ "id": id(&world), "to": to });
        world.double.post("/_double/scale", scale);
        world
            .expect(0, &["plan", "t.yaml"])
            .says("nothing to change");
    }
    let mut plan = world.calls_of(&["plan", "t.yaml"]);
    // The double's pages are small; EMR's hold all instances of most clusters.
    plan.dedup_by(|one, other| one.call == other.call && one.call == "emr:ListInstances");
    println!("plan of a scaled cluster: {} calls", plan.len());
    assert!(plan.len() <= MOST_OF_PLAN, "{plan:#?}");
    // Somebody else changes the policy, or removes it.
    let mut other = limits();
    other["ComputeLimits"]["MaximumCapacityUnits"] = json!(7);
    let asked = json!({ "ClusterId": id(&world), "ManagedScalingPolicy": other });
    world.aws("emr", "put_managed_scaling_policy", asked);
    changes_in_place(&world, "scaling changes from 1 to 7 to 1 to 6");
    assert_eq!(limits(), expected);
    emr(&world, "remove_managed_scaling_policy");
    changes_in_place(&world, "its managed scaling was removed");
    assert_eq!(limits(), expected);
    world.stack(&scaled("from: 2, to: 6, core_at_most: 4"));
    changes_in_place(
        &world,
        "scaling changes from 1 to 6 to 2 to 6, at most 4 core",
    );
    assert_eq!(limits()["ComputeLimits"]["MaximumCoreCapacityUnits"], 4);
    world.stack(STACK);
    changes_in_place(
        &world,
        "scaling changes from 2 to 6, at most 4 core to none",
    );
    assert_eq!(limits(), Value::Null);
    let groups = emr(&world, "list_instance_groups");
    assert_eq!(groups["InstanceGroups"][1]["RequestedInstanceCount"], 2);
}
