//! What nobody may read: keys and secrets appear in no output, whatever goes wrong, and in no object.

use crate::world::{Done, World};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const SECRET: &str = "wJalrXUtnFEMI-not-to-be-seen";

fn run(world: &World, args: &[&str]) -> Done {
    let mut command = world.command(args);
    command.env("AWS_SECRET_ACCESS_KEY", SECRET);
    Done::of(command.spawn().unwrap())
}

#[test]
fn no_secret_is_told_to_anybody() {
    let world = World::new();
    let verbs: [&[&str]; 9] = [
        &["doctor", "--region", "us-east-1"],
        &["plan", "t.yaml"],
        &["apply", "t.yaml", "--yes"],
        &["apply", "t.yaml", "--yes", "--output", "json"],
        &["plan", "t.yaml", "--output", "json"],
        &["status", "t", "--output", "json"],
        &["logs", "t.yaml"],
        &["ssh", "t.yaml", "--", "-V"],
        &["destroy", "t", "--yes", "--output", "json"],
    ];
    let mut told = String::new();
    let mut private = String::new();
    for verb in verbs {
        // Each kind of fault, at a call that each verb makes.
        world.double.post(
            "/_double/faults",
            json!([
                { "call": "sts:GetCallerIdentity", "do": "error500" },
                { "call": "ec2:DescribeKeyPairs", "do": "throttle" },
                { "call": "emr:ListClusters", "do": "lost" },
            ]),
        );
        told += &run(&world, verb).all();
        world.double.post("/_double/reset", json!({}));
        for file in world.files() {
            let text = fs::read_to_string(&file).unwrap();
            if text.contains("PRIVATE KEY") {
                let mode = fs::metadata(&file).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", file.display());
                private = text;
            }
        }
    }
    assert!(!private.is_empty(), "no private key was made");
    let body = private.lines().nth(2).unwrap();
    for secret in [
        SECRET,
        "PRIVATE KEY",
        "X-Amz-Signature",
        "X-Amz-Credential",
        body,
    ] {
        assert!(!told.contains(secret), "{secret} is told:\n{told}");
    }
}

#[test]
fn no_object_holds_a_private_key() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let keys = world.objects();
    assert!(keys.len() > 3, "{keys:?}");
    for key in keys {
        let asked = json!({ "bucket": crate::world::BUCKET, "key": key });
        let got = world.double.post("/_double/objects/get", asked);
        let text = got["text"].as_str().unwrap_or_default();
        assert!(!text.contains("PRIVATE KEY"), "{key}");
    }
}
