//! Many points of failure, each tried in a world of its own.

use crate::double::Double;
use crate::scenes::DESTROY;
use crate::world::World;
use serde_json::json;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

/// Most of the time is spent waiting: for servers, and for visibility windows.
const WORKERS: usize = 20;

/// Tries every point on one of several servers. Returns the number of points; fails with all
/// failures.
pub(crate) fn each<T: Send + std::fmt::Display>(points: Vec<T>, test: fn(&World, &T)) -> usize {
    let (total, left) = (points.len(), Mutex::new(VecDeque::from(points)));
    let (tried, wrong) = (Mutex::new(0), Mutex::new(Vec::new()));
    let work = || {
        let mut account: Option<Double> = None;
        loop {
            let Some(point) = left.lock().unwrap().pop_front() else {
                return;
            };
            let world = account.take().map_or_else(World::new, World::bare);
            let done = catch_unwind(AssertUnwindSafe(|| {
                test(&world, &point);
                empty(&world);
            }));
            *tried.lock().unwrap() += 1;
            match done {
                Ok(()) => account = Some(world.double),
                Err(_) => wrong.lock().unwrap().push(point.to_string()),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS.min(total) {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {total}: {wrong:#?}", wrong.len());
    tried.into_inner().unwrap()
}

/// Leaves the account as it was found, which takes less than a new one.
fn empty(world: &World) {
    world.expect(0, DESTROY);
    world.assert_empty();
    world.double.post("/_double/reset", json!({}));
}
