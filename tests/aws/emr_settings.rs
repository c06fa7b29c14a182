//! Settings that EMR takes as they are: asked for, shown, refused, and a new cluster where they
//! change.

use crate::world::{STACK, World};
use serde_json::{Value, json};

fn world(settings: &str) -> World {
    let world = World::new();
    write(&world, settings);
    world
}

fn write(world: &World, settings: &str) {
    let release = "release: emr-7.x";
    assert!(STACK.contains(release));
    world.stack(&STACK.replace(release, &format!("release: emr-7.x, {settings}")));
}

/// The one cluster, as EMR shows it.
fn described(world: &World) -> Value {
    let made = world.clusters();
    assert_eq!(made.len(), 1, "{made:#?}");
    let asked = json!({ "ClusterId": made[0]["id"] });
    world.aws("emr", "describe_cluster", asked)["Cluster"].clone()
}

#[test]
fn another_security_configuration_replaces_the_cluster() {
    let world = world("security_configuration: at-rest");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(described(&world)["SecurityConfiguration"], "at-rest");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    world.stack(STACK);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("security_configuration changes from at-rest to none");
}

#[test]
fn a_missing_security_configuration_is_refused_before_anything_is_created() {
    let world = world("security_configuration: nowhere");
    world
        .expect(1, &["apply", "t.yaml", "--yes"])
        .says("Security configuration with name 'nowhere' does not exist");
    assert_eq!(world.clusters().len(), 0);
}

#[test]
fn logs_are_encrypted_with_the_key_that_the_stack_names() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let world = world(&format!("log_encryption_key: {key}"));
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(described(&world)["LogEncryptionKmsKeyId"], key);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    let other = key.replace("1234abcd", "9999abcd");
    write(&world, &format!("log_encryption_key: {other}"));
    world
        .expect(0, &["plan", "t.yaml"])
        .says("log_encryption_key changes from arn:aws:kms");
}
