//! Lost replies: AWS has carried out the call, and the caller does not know. `tests/sim/kills.rs`
//! loses every reply of a run; here is one of each kind, as the SDK reports its loss.

use crate::double::Call;
use crate::pool::each;
use crate::scenes::{SCENES, Scene};
use crate::world::World;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt;

struct Lost {
    scene: &'static Scene,
    at: usize,
    call: String,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: call {}, {}", self.scene.name, self.at, self.call)
    }
}

fn lost(world: &World, lost: &Lost) {
    let Lost { scene, at, .. } = lost;
    scene.set(world);
    let fault = json!({ "call": "*", "at": at, "do": "lost" });
    world.double.post("/_double/faults", fault);
    // It repeats the call by itself, or the next run finds out.
    let done = world.run(scene.run);
    assert!([0, 1].contains(&done.code), "{lost}: {}", done.all());
    assert_eq!(world.double.get("/_double/faults")[0]["struck"], 1);
    scene.end(world);
    world.assert_armed();
    world.assert_scheduled();
}

#[test]
fn a_reply_to_any_kind_of_call_may_be_lost() {
    let (mut points, mut kinds) = (Vec::new(), BTreeSet::new());
    for scene in SCENES {
        let world = World::new();
        scene.set(&world);
        world.expect(0, scene.run);
        let calls = world.double.calls().into_iter().enumerate();
        let mut new = |call: &Call| call.mutates && kinds.insert((scene.run[0], call.call.clone()));
        let changes = calls.filter(|(_, call)| new(call));
        points.extend(changes.map(|(index, call)| Lost {
            scene,
            at: index + 1,
            call: call.call,
        }));
    }
    let total = points.len();
    assert!(total >= 15, "{total}");
    assert_eq!(each(points, lost), total);
    println!("lost replies: {total}");
}
