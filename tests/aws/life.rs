//! A stack from its creation through its changes to its deletion.

use crate::world::{STACK, World};
use serde_json::{Value, json};

fn applied(text: &str) -> World {
    let world = World::new();
    world.stack(text);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    world
}

/// The calls that changed something, except those of locks.
fn changes(world: &World, args: &[&str]) -> Vec<String> {
    let calls = world.calls_of(args).into_iter();
    let lock = |name: &str| ["s3:PutObject", "s3:DeleteObject"].contains(&name);
    calls
        .filter(|call| call.mutates && !lock(&call.call))
        .map(|call| call.call)
        .collect()
}

fn only_cluster(world: &World) -> Value {
    let clusters = world.clusters();
    assert_eq!(clusters.len(), 1, "{clusters:#?}");
    clusters[0].clone()
}

#[test]
fn from_nothing_to_nothing() {
    let world = World::new();
    world
        .double
        .post("/_double/durations", json!({ "drain": 1 }));
    let done = world.expect(0, &["apply", "t.yaml", "--yes"]);
    done.says("+ key pair k")
        .says("+ security group ssh")
        .says("step two completed")
        .says("is kept: idle_timeout ends it in");
    let cluster = only_cluster(&world);
    assert_eq!(cluster["state"], "WAITING");
    assert_eq!(cluster["steps"].as_array().unwrap().len(), 2);
    let status = world.expect(0, &["status", "t"]);
    status
        .says(cluster["id"].as_str().unwrap())
        .says("WAITING")
        .says("step two COMPLETED");

    world.double.reset_calls();
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("nothing to change");
    assert!(world.double.calls().iter().all(|call| !call.mutates));
    let again = changes(&world, &["apply", "t.yaml", "--yes"]);
    assert_eq!(again, Vec::<String>::new());
    assert_eq!(only_cluster(&world)["id"], cluster["id"]);

    world
        .expect(0, &["destroy", "t", "--yes"])
        .says("stack t is destroyed");
    world.assert_nothing_left();
    world.expect(0, &["destroy", "t", "--yes"]);
    world.expect(0, &["plan", "t.yaml"]).says("+ key pair k");
}

#[test]
fn sizes_and_guardrails_change_in_place() {
    // So high that the budget never decides.
    let rich = STACK.replace("budget: $3", "budget: $9");
    let world = applied(&rich);
    let before = only_cluster(&world);
    world.stack(&rich.replace("3 x m5", "5 x m5"));
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("~ cluster")
        .says("the number of core nodes changes from 2 to 4");
    let calls = changes(&world, &["apply", "t.yaml", "--yes"]);
    assert!(calls.contains(&"emr:ModifyInstanceGroups".to_owned()));
    assert_eq!(only_cluster(&world)["id"], before["id"]);
    let groups = json!({ "ClusterId": before["id"] });
    let groups = world.aws("emr", "list_instance_groups", groups);
    let core = |group: &&Value| group["InstanceGroupType"] == "CORE";
    let groups = groups["InstanceGroups"].as_array().unwrap();
    assert_eq!(
        groups.iter().find(core).unwrap()["RequestedInstanceCount"],
        4
    );
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");

    let changed = rich
        .replace("3 x m5", "5 x m5")
        .replace("idle_timeout: 10m", "idle_timeout: 20m")
        .replace("max_lifetime: 2h", "max_lifetime: 3h");
    world.stack(&changed);
    let calls = changes(&world, &["apply", "t.yaml", "--yes"]);
    // The safeguards move with the deadline.
    let expected = [
        "emr:PutAutoTerminationPolicy",
        "emr:AddTags",
        "emr:AddTags",
        "scheduler:UpdateSchedule",
    ];
    assert_eq!(calls, expected);
    assert_eq!(only_cluster(&world)["id"], before["id"]);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
}

#[test]
fn another_release_replaces_the_cluster_after_confirmation() {
    let world = applied(STACK);
    let before = only_cluster(&world);
    world.stack(&STACK.replace("emr-7.x", "emr-7.1.0"));
    world
        .expect(2, &["apply", "t.yaml"])
        .says("--yes")
        .says("7.1.0");
    assert_eq!(only_cluster(&world)["state"], "WAITING");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let clusters = world.clusters();
    assert_eq!(clusters.len(), 2, "{clusters:#?}");
    assert_eq!(clusters[0]["id"], before["id"]);
    assert_eq!(clusters[0]["state"], "TERMINATED");
    let described = json!({ "ClusterId": clusters[1]["id"] });
    let described = world.aws("emr", "describe_cluster", described);
    assert_eq!(described["Cluster"]["ReleaseLabel"], "emr-7.1.0");
    assert_eq!(described["Cluster"]["Status"]["State"], "WAITING");
}
