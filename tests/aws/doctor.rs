//! `doctor`: independent checks, and a last line that says whether a cluster can be created.

use crate::double::Double;
use crate::world::World;
use serde_json::{Value, json};

const ALL: [&str; 11] = [
    "credentials",
    "address",
    "roles",
    "clusters",
    "releases",
    "key pairs",
    "groups",
    "bucket",
    "network",
    "public ports",
    "quota",
];

/// The names of the checks, and whether they passed.
fn findings(world: &World, exit: i32) -> Vec<(String, bool)> {
    let done = world.expect(exit, &["doctor", "--output", "json"]);
    let document: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(document["ready"], exit == 0, "{document:#}");
    let findings = document["findings"].as_array().unwrap().iter();
    let one = |it: &Value| (it["what"].as_str().unwrap().to_owned(), it["good"] == true);
    findings.map(one).collect()
}

fn bad(world: &World) -> Vec<String> {
    let found = findings(world, 1);
    for what in ALL.into_iter().chain(["disk"]) {
        assert!(
            found.iter().any(|(it, _)| it == what),
            "no {what}: {found:?}"
        );
    }
    let bad = found.into_iter().filter(|(_, good)| !good);
    bad.map(|(what, _)| what).collect()
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or_default()
}

#[test]
fn a_ready_account_is_reported_as_ready() {
    let world = World::new();
    let found = findings(&world, 0);
    assert!(found.iter().all(|(_, good)| *good), "{found:?}");
    let done = world.expect(0, &["doctor"]);
    assert_eq!(last_line(&done.out), "ready", "{}", done.all());
    done.says("default VPC vpc-")
        .says("except on ports: 22")
        .says("free at");
}

#[test]
fn missing_things_are_named_and_the_other_checks_run() {
    let world = World::bare(Double::start());
    world.double.post("/_double/vpc/remove", json!({}));
    assert_eq!(bad(&world), ["roles", "network"]);
    let done = world.expect(1, &["doctor"]);
    assert_eq!(
        last_line(&done.out),
        "not ready: roles, network",
        "{}",
        done.all()
    );
    done.says("missing: EMR_DefaultRole, EMR_EC2_DefaultRole, clusterup-reaper")
        .says("next: aws emr create-default-roles")
        .says("next: aws ec2 create-default-vpc --region us-east-1");
    world.double.make_roles(false);
    world
        .expect(1, &["doctor"])
        .says("missing: clusterup-reaper");
}

#[test]
fn a_default_vpc_needs_a_subnet() {
    let world = World::new();
    world.double.post("/_double/subnets/remove", json!({}));
    assert_eq!(bad(&world), ["network"]);
    let create = "aws ec2 create-default-subnet --availability-zone us-east-1a --region us-east-1";
    world
        .expect(1, &["doctor"])
        .says("has no subnet to start machines in")
        .says(&format!("next: {create}"));
    let zone = json!({ "AvailabilityZone": "us-east-1a" });
    world.aws("ec2", "create_default_subnet", zone);
    world.expect(0, &["doctor"]).says("default VPC vpc-");
}

#[test]
fn a_failed_check_stops_no_other() {
    let world = World::new();
    for (call, what) in [
        ("ec2:DescribeVpcs", "network"),
        ("ec2:DescribeSubnets", "network"),
        ("emr:ListReleaseLabels", "releases"),
        ("emr:GetBlockPublicAccessConfiguration", "public ports"),
        ("iam:GetInstanceProfile", "roles"),
        ("ec2:DescribeKeyPairs", "key pairs"),
    ] {
        world.double.post("/_double/reset", json!({}));
        let code = if call.starts_with("iam") {
            "ServiceFailureException"
        } else {
            "AccessDenied"
        };
        let fault = json!({ "call": call, "do": "refuse", "code": code, "count": 9 });
        world.double.post("/_double/faults", fault);
        assert_eq!(bad(&world), [what], "{call}");
    }
}

#[test]
fn a_low_quota_is_reported_and_an_unreadable_one_is_no_obstacle() {
    let world = World::new();
    let cases = [
        (0, false, true),
        (3, false, true),
        (4, true, true),
        (11, true, true),
        (12, true, false),
        (1_920, true, false),
    ];
    for (vcpus, ready, advised) in cases {
        world
            .double
            .post("/_double/quota", json!({ "vcpus": vcpus }));
        let done = world.expect(i32::from(!ready), &["doctor"]);
        done.says(&format!("{vcpus} vCPUs of on-demand standard instances"));
        let asks = done.all().contains(
            "next: aws service-quotas request-service-quota-increase --service-code ec2 \
             --quota-code L-1216C47A --desired-value 32 --region us-east-1",
        );
        assert_eq!(asks, advised, "{vcpus}: {}", done.all());
    }
    for code in ["AccessDeniedException", "NoSuchResourceException"] {
        world.double.post("/_double/reset", json!({}));
        let fault = json!({
            "call": "servicequotas:GetServiceQuota", "do": "refuse", "code": code, "count": 9,
        });
        world.double.post("/_double/faults", fault);
        world.expect(0, &["doctor"]).says("not read: ");
    }
}

#[test]
fn without_credentials_the_machine_is_still_checked() {
    let world = World::new();
    let fault = json!({ "call": "*", "do": "refuse", "code": "ExpiredToken", "count": 99 });
    world.double.post("/_double/faults", fault);
    let found = findings(&world, 1);
    for (what, good) in &found {
        assert_eq!(
            *good,
            ["address", "disk"].contains(&what.as_str()),
            "{found:?}"
        );
    }
    let done = world.expect(1, &["doctor"]);
    assert!(
        last_line(&done.out).starts_with("not ready: credentials, "),
        "{}",
        done.all()
    );
    done.says("have expired").says("not checked");
}
