//! Accounts that are not ready: without EMR's roles, and without credentials.

use crate::double::Double;
use crate::world::BUCKET;
use crate::world::World;
use serde_json::{Value, json};
use std::time::Instant;

#[test]
fn roles_are_checked_before_anything_is_created() {
    let world = World::bare(Double::start());
    let files: &[&[&str]] = &[&["plan", "t.yaml"], &["apply", "t.yaml", "--yes"]];
    for args in files {
        world.double.reset_calls();
        world
            .expect(1, args)
            .says("EMR_DefaultRole")
            .says("EMR_EC2_DefaultRole")
            .says("--create-roles")
            .says("aws emr create-default-roles");
        let calls = world.double.calls();
        assert!(calls.iter().all(|call| !call.mutates), "{calls:#?}");
    }
    let doctor = world.expect(1, &["doctor", "--output", "json"]);
    assert!(!finding(&doctor.out, "roles"), "{}", doctor.out);

    let plan = world.expect(0, &["plan", "t.yaml", "--create-roles"]);
    plan.says("roles");
    let begun = Instant::now();
    let done = world.expect(0, &["apply", "t.yaml", "--yes", "--create-roles"]);
    done.says("step two completed");
    println!("with new roles: {} s", begun.elapsed().as_secs());
    world
        .expect(0, &["doctor"])
        .says("roles EMR_DefaultRole, EMR_EC2_DefaultRole");
    let doctor = world.expect(0, &["doctor", "--output", "json"]);
    assert!(finding(&doctor.out, "roles"), "{}", doctor.out);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
}

fn finding(doctor: &str, what: &str) -> bool {
    let document: Value = serde_json::from_str(doctor).unwrap();
    let mut findings = document["findings"].as_array().unwrap().iter();
    let found = findings.find(|finding| finding["what"] == what).unwrap();
    found["good"].as_bool().unwrap()
}

#[test]
fn missing_credentials_are_reported_at_once() {
    let world = World::bare(Double::start());
    let verbs: &[&[&str]] = &[
        &["plan", "t.yaml"],
        &["apply", "t.yaml", "--yes"],
        &["status", "t.yaml"],
        &["destroy", "t.yaml", "--yes"],
    ];
    for args in verbs {
        let mut command = world.command(args);
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env("HOME", world.path());
        let begun = Instant::now();
        let done = crate::world::Done::running(&mut command).expect(1);
        done.says("credentials").says("--local");
        assert!(begun.elapsed().as_secs() < 5, "{args:?}: {}", done.all());
    }
    assert!(world.double.calls().is_empty());
}

#[test]
fn a_role_without_its_policy_is_reported_and_fixed() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    for role in ["EMR_DefaultRole", "EMR_EC2_DefaultRole", "clusterup-reaper"] {
        world
            .double
            .post("/_double/roles/strip", json!({ "name": role }));
        let doctor = world.expect(1, &["doctor"]);
        doctor
            .says(&format!("permissions of {role}"))
            .says("aws iam ");
        world.expect(
            0,
            &["apply", "t.yaml", "--yes", "--detach", "--create-roles"],
        );
        world.expect(0, &["doctor"]);
    }
}

#[test]
fn if_the_first_policy_is_refused_emrs_role_gets_the_second() {
    let world = World::bare(Double::start());
    let arn = "arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole";
    world
        .double
        .post("/_double/roles/retire", json!({ "arn": arn }));
    let create = ["apply", "t.yaml", "--yes", "--create-roles"];
    world.expect(0, &create).says("step two completed");
    let asked = json!({ "RoleName": "EMR_DefaultRole" });
    let attached = world.aws("iam", "list_attached_role_policies", asked);
    assert!(
        attached.to_string().contains("AmazonEMRServicePolicy_v2"),
        "{attached}"
    );
}

#[test]
fn an_instance_writes_its_work_only() {
    // Once with AWS's own policy, which allows everything in S3, and once with ours.
    for (world, create) in [(World::new(), false), (World::bare(Double::start()), true)] {
        let mut apply = vec!["apply", "t.yaml", "--yes"];
        apply.extend(create.then_some("--create-roles"));
        world.expect(0, &apply);
        let refused = |key: &str| {
            let asked = json!({ "bucket": BUCKET, "key": key, "text": "x", "machine": true });
            world.double.post("/_double/objects/put", asked)["refused"] == true
        };
        let keys = world.objects();
        assert!(
            keys.iter().any(|key| key.starts_with("work/t/logs/")),
            "{keys:#?}"
        );
        assert_eq!(world.double.get("/_double/refused"), json!([]));
        for key in keys.iter().filter(|key| !key.starts_with("work/")) {
            assert!(refused(key), "{key}");
        }
        for key in ["locks/t.json", "teams/x.json", "watchdog/lock"] {
            assert!(refused(key), "{key}");
        }
        assert!(!refused("work/t/results/x"));
        world
            .expect(0, &["doctor"])
            .says("instances can write only below work/");
    }
}

#[test]
fn s3_refuses_an_invalid_policy() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let here = json!({ "Bucket": BUCKET });
    let there = world.aws("s3", "get_bucket_policy", here);
    let policy: Value = serde_json::from_str(there["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(policy["Statement"][0]["Effect"], "Deny");
}
