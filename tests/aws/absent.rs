//! What waits for a minute. Tests start in the order of their names: these start first, so that the
//! others use the time.

use crate::world::{BUCKET, Done, STACK, World};
use serde_json::{Value, json};
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
fn a_sweep_reports_how_many_clusters_it_could_not_describe() {
    let world = World::new();
    let add = |number: usize| {
        let name = format!("somebody's {number}");
        world
            .double
            .post("/_double/foreign", json!({ "name": name }));
    };
    (0..40).for_each(add);
    let dry = ["watchdog", "sweep", "--dry-run", "--region", "us-east-1"];
    world.expect(0, &dry).says("looked at 40 of 40");
    (40..45).for_each(add);
    // Both take a minute: the program calls as seldom as EMR's quotas demand.
    let text = world.spawn(&dry);
    let done = world.run(&[&dry[..], &["--output", "json"]].concat());
    let text = Done::of(text).expect(1);
    text.says("looked at 40 of 45; 5 not looked at yet");
    let document: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, &document["exit"]), (1, &1.into()));
    let sweep = &document["report"]["sweep"];
    assert_eq!(
        (&sweep["fleet"], &sweep["unlooked"]),
        (&45.into(), &5.into())
    );
}
