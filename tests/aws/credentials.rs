//! What must never be printed: credentials, private keys, signed addresses.

use crate::running::Running;
use crate::world::{BUCKET, Done, World};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const SECRET: &str = "wJalrXUtnFEMIbPxRfiCYEXAMPLEKEYcanary";

const TOKEN: &str = "FwoGZXIvYXdzEXAMPLETOKENcanary";

/// Runs one after the other, with faults.
const RUNS: &[&[&str]] = &[
    &["doctor"],
    &["plan", "t.yaml"],
    &["apply", "t.yaml", "--yes", "--detach"],
    &["apply", "t.yaml", "--yes"],
    &["status"],
    &["status", "t"],
    &["logs", "t", "--all"],
    &["plan", "t.yaml"],
];

struct Located(Vec<String>);

fn start(world: &World, args: &[&str]) -> Running {
    let mut command = world.command(args);
    command
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_SESSION_TOKEN", TOKEN)
        .env("RUST_LOG", "trace");
    Running::start(&mut command)
}

impl Located {
    fn run(&mut self, world: &World, args: &[&str]) {
        self.0.push(Done::of(start(world, args)).all());
    }

    fn holds(&self, what: &str) -> bool {
        self.0.iter().any(|message| message.contains(what))
    }
}

fn fault(world: &World, at: usize, what: &str) {
    let fault = json!({ "call": "*", "at": at, "do": what });
    world.double.post("/_double/faults", fault);
}

#[test]
fn no_output_and_no_object_contains_a_secret() {
    let world = World::new();
    let mut message = Located(Vec::new());
    for (run, args) in RUNS.iter().enumerate() {
        let whats = ["throttle", "lost", "error500"];
        for (turn, output) in ["text", "json"].into_iter().enumerate() {
            let verbose = ["-vv", "-v"][turn];
            fault(&world, 3 + run, whats[(run + turn) % whats.len()]);
            message.run(&world, &[*args, &["--output", output, verbose]].concat());
        }
    }
    // Permanent failures are explained, in both output formats.
    let broken = json!({ "call": "emr:*", "do": "error500", "count": 1_000 });
    world.double.post("/_double/faults", broken);
    // Both wait for a minute, between their attempts.
    let text = start(&world, &["status", "t"]);
    message.run(&world, &["status", "t", "--output", "json"]);
    message.0.push(Done::of(text).all());
    assert!(message.holds("error: "), "nothing went wrong");
    world.double.post("/_double/reset", json!({}));

    let private = world
        .files()
        .into_iter()
        .find(|f| f.ends_with("id_ed25519"));
    let private = private.unwrap();
    let mode = fs::metadata(&private).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = fs::read_to_string(&private).unwrap();
    let lines: Vec<&str> = key.lines().filter(|line| !line.starts_with("--")).collect();
    // The first line of a private key only says what kind of key it is.
    let of_key = lines[lines.len() / 2];
    for key in world.objects() {
        let asked = json!({ "bucket": BUCKET, "key": key });
        let object = world.double.post("/_double/objects/get", asked);
        let text = object["text"].as_str().unwrap_or_default();
        for secret in [of_key, "PRIVATE KEY", SECRET, TOKEN] {
            assert!(!text.contains(secret), "{key}");
        }
    }
    message.run(&world, &["destroy", "t", "--yes", "--output", "json"]);
    message.run(&world, &["destroy", "t", "--yes"]);
    assert!(message.holds("clusterup::aws: "), "nothing was logged");
    for secret in [SECRET, TOKEN, of_key, "PRIVATE KEY", "X-Amz-Signature"] {
        assert!(!message.holds(secret), "{secret}: {}", message.0.join("\n"));
    }
    world.assert_nothing_left();
}
