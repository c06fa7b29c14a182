//! What `status` reports about a power-off that the primary has not read, and about an `apply` that
//! chose to leave its cluster.

use crate::safeguards::{busy, reported, safeguard};
use crate::world::{BUCKET, Done, STACK, World};
use serde_json::{Value, json};

const APPLY: &[&str] = &["apply", "t.yaml", "--yes"];

fn status(world: &World) -> Done {
    world.expect(0, &["status", "t"])
}

#[test]
fn a_power_off_is_armed_once_its_primary_has_read_it() {
    let ceiling = "budget: $3, ceiling: { max_lifetime: 3h }";
    let world = busy(&STACK.replace("budget: $3", ceiling));
    let power_off = || safeguard(&reported(&world), "power_off");
    // The primary has just read, and reads again in a minute.
    world.double.advance(61);
    assert_eq!(power_off()["state"], "armed");
    let before = power_off()["at"].clone();
    world
        .expect(0, &["extend", "t", "--by", "1h", "--why", "slow"])
        .says("the primary node reads it within a minute");
    assert_eq!(power_off()["state"], "asked");
    assert_ne!(power_off()["at"], before);
    status(&world)
        .says("power-off requested for")
        .says("not yet read by the primary");
    world.double.advance(61);
    assert_eq!(power_off()["state"], "armed");
    status(&world).says("power-off armed: its primary powers off at");

    // Any other content does not count as read.
    let key = world.objects();
    let key = key
        .iter()
        .find(|key| key.starts_with("work/t/heard/"))
        .unwrap();
    for text in ["", "soon", "7500", "-1", "99999999999999999999"] {
        let asked = json!({ "bucket": BUCKET, "key": key, "text": text });
        world.double.post("/_double/objects/put", asked);
        assert_eq!(power_off()["state"], "asked", "{text:?}");
    }
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}

fn is_left(world: &World) {
    let apply: Value = safeguard(&reported(world), "apply");
    assert_eq!(
        (&apply["state"], &apply["next"]),
        (&json!("disarmed"), &Value::Null)
    );
    let done = status(world);
    done.says("apply disarmed: nobody follows it; the last follower left it at");
    assert!(!done.all().contains("! apply"), "{}", done.all());
}

#[test]
fn an_apply_that_leaves_its_cluster_says_so() {
    // With the job done on a kept cluster, and detached from a running job.
    let world = World::new();
    world.expect(0, APPLY);
    is_left(&world);
    world.expect(0, &[APPLY, &["--detach"]].concat());
    is_left(&world);
    is_left(&busy(STACK));
}

#[test]
fn a_killed_apply_records_nothing_and_another_may_follow() {
    let world = busy(STACK);
    let mut follows = world.spawn(APPLY);
    let armed = || safeguard(&reported(&world), "apply")["state"] == "armed";
    let begun = std::time::Instant::now();
    while !armed() {
        assert!(begun.elapsed().as_secs() < 60, "nobody follows it");
    }
    // Another apply that leaves does not remove the follower.
    world.expect(0, &[APPLY, &["--detach"]].concat());
    assert!(armed());
    follows.kill().unwrap();
    follows.wait().unwrap();
    assert!(armed());
}
