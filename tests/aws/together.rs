//! Two at once: one works, the other waits.

use crate::world::{BUCKET, Done, World};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn two_applies_make_one_cluster_and_one_run() {
    let world = World::new();
    let both = [
        world.spawn(&["apply", "t.yaml", "--yes"]),
        world.spawn(&["apply", "t.yaml", "--yes"]),
    ];
    for apply in both {
        Done::of(apply).expect(0);
    }
    let clusters = world.clusters();
    assert_eq!(clusters.len(), 1, "{clusters:#?}");
    assert_eq!(clusters[0]["steps"].as_array().unwrap().len(), 2);
    assert!(!world.objects().iter().any(|key| key.starts_with("locks/")));
}

#[test]
fn a_killed_holder_of_this_machine_blocks_nobody() {
    let world = World::new();
    let kill = json!([{ "call": "emr:RunJobFlow", "do": "kill", "when": "after" }]);
    world.double.post("/_double/faults", kill);
    let done = world.run(&["apply", "t.yaml", "--yes"]);
    assert_eq!(done.signal, Some(9), "{}", done.all());
    assert!(world.objects().contains(&"locks/t.json".to_owned()));
    let begun = Instant::now();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(world.clusters().len(), 1);
}

/// Of another machine nobody can tell whether a process lives: its lock has to run out.
#[test]
fn a_dead_holder_elsewhere_blocks_no_longer_than_its_lease() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let elsewhere = json!({
        "pid": 1, "started": "1", "boot": "another", "namespace": "pid:[1]",
    });
    let lock = json!({
        "who": "ann@elsewhere", "token": "0123", "process": elsewhere, "beats": 7,
    });
    let (bucket, key, text) = (BUCKET, "locks/t.json", lock.to_string());
    let put = json!({ "bucket": bucket, "key": key, "text": text });
    world.double.post("/_double/objects/put", put);
    let begun = Instant::now();
    let done = world.expect(0, &["destroy", "t", "--yes"]);
    done.says("waiting for ann@elsewhere, who is at work on stack t");
    let waited = begun.elapsed();
    println!("blocked for {} s", waited.as_secs());
    assert!(
        waited >= Duration::from_secs(55),
        "it was taken from the living: {waited:?}"
    );
    assert!(waited < Duration::from_secs(90), "{waited:?}");
    world.assert_nothing_left();
}
