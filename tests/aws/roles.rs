//! The roles that EMR takes, and whose credentials they are.

use crate::double::Double;
use crate::world::World;
use std::time::{Duration, Instant};

#[test]
fn without_roles_nothing_is_made_and_the_way_is_shown() {
    let world = World::bare(Double::start());
    world
        .expect(1, &["plan", "t.yaml"])
        .says("+ cluster 3 x m5.xlarge")
        .says("--create-roles");
    let done = world.expect(1, &["apply", "t.yaml", "--yes"]);
    done.says("EMR_DefaultRole")
        .says("aws emr create-default-roles");
    world.assert_nothing_left();
    world
        .expect(1, &["doctor", "--region", "us-east-1"])
        .says("not there: EMR_DefaultRole");

    let done = world.expect(0, &["apply", "t.yaml", "--yes", "--create-roles"]);
    done.says("+ roles of EMR");
    world
        .expect(0, &["doctor", "--region", "us-east-1"])
        .says("EMR_EC2_DefaultRole");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
}

#[test]
fn without_credentials_it_is_said_at_once() {
    let world = World::new();
    for verb in [&["plan", "t.yaml"][..], &["status", "t"], &["doctor"]] {
        let begun = Instant::now();
        let mut command = world.command(verb);
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY");
        let done = crate::world::Done::of(command.spawn().unwrap()).expect(1);
        done.says("no valid credentials").says("--local");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
