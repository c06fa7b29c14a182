//! What waits for a minute. Tests start in the order of their names: these start first, so that the
//! others use the time.

use crate::world::{BUCKET, STACK, World};
use serde_json::json;
use std::time::Instant;

const APPLY: &[&str] = &["apply", "t.yaml", "--yes"];

#[test]
fn a_dead_holder_on_another_machine_blocks_for_a_minute() {
    let world = World::new();
    world.expect(0, APPLY);
    let lock = json!({
        "who": "ada@another-machine", "token": "0123456789abcdef", "beats": 3,
        "process": {
            "pid": 1, "started": "1", "boot": "6f2a3c1e-0000-4000-8000-000000000000",
            "namespace": "pid:[4026531836]",
        },
    });
    let object = json!({ "bucket": BUCKET, "key": "locks/t.json", "text": lock.to_string() });
    world.double.post("/_double/objects/put", object);
    world.stack(&STACK.replace("3 x m5", "4 x m5"));
    let begun = Instant::now();
    let done = world.expect(0, APPLY);
    let took = begun.elapsed().as_secs();
    done.says("waiting for ada@another-machine, who is changing stack t");
    assert!((55..90).contains(&took), "{took} s");
    println!("after a dead holder elsewhere: {took} s");
    assert!(!world.objects().iter().any(|key| key.starts_with("locks/")));
}

#[test]
fn a_sweep_describes_every_cluster() {
    let world = World::new();
    let add = |number: usize| {
        let name = format!("somebody's {number}");
        world
            .double
            .post("/_double/foreign", json!({ "name": name }));
    };
    (0..45).for_each(add);
    let dry = ["watchdog", "sweep", "--dry-run", "--region", "us-east-1"];
    // It takes a minute: the program calls as seldom as EMR's quotas demand.
    let document = world.json(&dry);
    let sweep = &document["report"]["sweep"];
    assert_eq!(
        (&sweep["fleet"], &sweep["unlooked"], &document["exit"]),
        (&45.into(), &0.into(), &0.into())
    );
}
