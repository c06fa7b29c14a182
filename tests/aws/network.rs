//! Regions without a default VPC: nothing is created there, and the error has the command that fixes
//! it.

use crate::world::{STACK, World};
use serde_json::json;

const CREATE: &str = "next: aws ec2 create-default-vpc --region us-east-1";

fn without_vpc(text: &str) -> World {
    let world = World::new();
    world.stack(text);
    world.double.post("/_double/vpc/remove", json!({}));
    world
}

fn looks_up_vpcs(world: &World, args: &[&str]) -> bool {
    let calls = world.calls_of(args);
    calls.iter().any(|call| call.call == "ec2:DescribeVpcs")
}

/// Refuses the next looks for the default VPC, as an older policy of the caller does.
fn forbid_looking(world: &World) {
    let fault = json!({
        "call": "ec2:DescribeVpcs", "do": "refuse", "code": "UnauthorizedOperation", "count": 9,
    });
    world.double.post("/_double/faults", fault);
}

/// `STACK` without its security group.
fn no_group() -> String {
    let group = "security_groups:\n  - name: ssh\n    ingress: [{ port: 22, from: caller }]\n";
    STACK
        .replace(group, "")
        .replace(", security_groups: [ssh]", "")
}

/// `STACK` with neither a security group nor a key pair.
fn bare() -> String {
    let text = no_group().replace("key_pairs: [{ name: k }]\n", "");
    text.replace(", key_pair: k", "")
}

#[test]
fn nothing_is_created_without_a_default_vpc() {
    for text in [STACK.to_owned(), no_group(), bare()] {
        let world = without_vpc(&text);
        for args in [&["plan", "t.yaml"][..], &["apply", "t.yaml", "--yes"]] {
            world.double.reset_calls();
            world
                .expect(1, args)
                .says("us-east-1 has no default VPC")
                .says(CREATE);
            let calls = world.double.calls();
            assert!(calls.iter().all(|call| !call.mutates), "{calls:#?}");
        }
        world.assert_nothing_left();
        world.aws("ec2", "create_default_vpc", json!({}));
        world.expect(0, &["plan", "t.yaml"]).says("+ cluster");
    }
}

#[test]
fn the_default_vpc_is_looked_up_where_it_may_be_missing() {
    let world = World::new();
    let (plan, apply) = (["plan", "t.yaml"], ["apply", "t.yaml", "--yes"]);
    assert!(looks_up_vpcs(&world, &plan));
    assert!(looks_up_vpcs(&world, &apply));
    for args in [&plan[..], &apply] {
        assert!(!looks_up_vpcs(&world, args), "the cluster is in it");
    }
    let other = "emr-7.x, security_configuration: at-rest";
    world.stack(&STACK.replace("emr-7.x", other));
    assert!(!looks_up_vpcs(&world, &plan), "its group is in it");
}

#[test]
fn aws_refuses_without_the_permission_to_look() {
    for (text, refusal) in [
        (STACK.to_owned(), "us-east-1 has no default VPC"),
        (bare(), "can only be used in a VPC"),
    ] {
        let world = without_vpc(&text);
        forbid_looking(&world);
        world.expect(0, &["plan", "t.yaml"]).says("+ cluster");
        let done = world.expect(1, &["apply", "t.yaml", "--yes"]);
        done.says(refusal);
        if text == STACK {
            done.says(CREATE);
        }
        assert_eq!(world.clusters().len(), 0);
    }
}
