//! The kill test: if a run is killed before or after a call of any kind, the next one ends with
//! exactly one of everything, or with nothing. A cluster that EMR has accepted ends by itself,
//! whether there is a next run or not. `tests/sim/kills.rs` kills it at every call.

use crate::double::moments;
use crate::pool::each;
use crate::scenes::{SCENES, Scene};
use crate::world::World;
use serde_json::json;
use std::fmt;

struct Kill {
    scene: &'static Scene,
    at: usize,
    when: &'static str,
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} call {}", self.scene.name, self.when, self.at)
    }
}

fn killed(world: &World, kill: &Kill) {
    let Kill { scene, at, when } = kill;
    scene.set(world);
    let point = json!({ "at": at, "when": when });
    world.double.post("/_double/kill", point);
    let done = world.run(scene.run);
    assert_eq!(done.signal, Some(9), "{kill}: {}", done.all());
    world.assert_armed();
    scene.end(world);
    world.assert_scheduled();
}

#[test]
fn a_run_may_be_killed_at_any_kind_of_call() {
    let mut points = Vec::new();
    for scene in SCENES {
        let world = World::new();
        scene.set(&world);
        world.expect(0, scene.run);
        let calls = world.double.calls();
        scene.end(&world);
        println!("kill test: {}: {} calls", scene.name, calls.len());
        let moments = moments(&calls).into_iter();
        points.extend(moments.map(|(at, when)| Kill { scene, at, when }));
    }
    let total = points.len();
    let tried = each(points, killed);
    println!("kill test: {total} points");
    assert_eq!(tried, total);
    assert!(total > 50, "{total}");
}
