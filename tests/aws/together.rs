//! Two runs on one stack at the same time, and what dead ones leave behind.

use crate::world::{Done, STACK, World};
use serde_json::{Value, json};
use std::time::Instant;

const APPLY: &[&str] = &["apply", "t.yaml", "--yes"];

fn runs_of_steps(world: &World) -> Vec<Value> {
    let clusters = world.clusters();
    assert_eq!(clusters.len(), 1, "{clusters:#?}");
    clusters[0]["steps"].as_array().unwrap().clone()
}

#[test]
fn two_applies_create_one_cluster() {
    let world = World::new();
    let (one, other) = (world.spawn(APPLY), world.spawn(APPLY));
    let (one, other) = (Done::of(one), Done::of(other));
    assert_eq!(
        (one.code, other.code),
        (0, 0),
        "{}{}",
        one.all(),
        other.all()
    );
    assert_eq!(runs_of_steps(&world).len(), 2);
    assert_eq!(world.key_pairs().len(), 1);
    assert_eq!(world.rules().len(), 1);
    assert!(!world.objects().iter().any(|key| key.starts_with("locks/")));
}

#[test]
fn apply_and_destroy_take_turns() {
    let world = World::new();
    world.expect(0, APPLY);
    world.stack(&STACK.replace("emr-7.x", "emr-7.1.0"));
    let (apply, destroy) = (world.spawn(APPLY), world.spawn(&["destroy", "t", "--yes"]));
    let (apply, destroy) = (Done::of(apply), Done::of(destroy));
    assert_eq!(destroy.code, 0, "{}", destroy.all());
    assert!([0, 1].contains(&apply.code), "{}", apply.all());
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn a_dead_holder_on_this_machine_blocks_nobody() {
    let world = World::new();
    // During the run: the key pair is created, the cluster is not.
    let killed = json!({ "call": "ec2:CreateSecurityGroup", "do": "kill", "when": "after" });
    world.double.post("/_double/faults", killed);
    assert_eq!(world.run(APPLY).signal, Some(9));
    assert!(world.objects().contains(&"locks/t.json".to_owned()));
    let begun = Instant::now();
    world.expect(0, APPLY);
    let took = begun.elapsed().as_secs();
    assert!(took < 20, "{took} s");
    assert_eq!(runs_of_steps(&world).len(), 2);
    println!("after a dead holder here: {took} s");
}
