//! Accounts that are not ready: without EMR's roles, and without credentials.

use crate::double::Double;
use crate::world::World;
use serde_json::Value;
use std::time::Instant;

#[test]
fn roles_are_asked_for_before_anything_is_made() {
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
fn without_credentials_it_says_so_at_once() {
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
        let done = crate::world::Done::of(command.spawn().unwrap()).expect(1);
        done.says("credentials").says("--local");
        assert!(begun.elapsed().as_secs() < 5, "{args:?}: {}", done.all());
    }
    assert!(world.double.calls().is_empty());
}
