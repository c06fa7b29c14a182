//! How many calls of AWS the verbs make: EMR's quotas are small and shared by a whole account.

use crate::double::Call;
use crate::world::{STACK, World, ending};

/// From nothing to accepted steps, besides uploads.
const APPLY_MOST: usize = 30;
/// To find that there is nothing to do.
const PLAN_MOST: usize = 10;
/// The files that the stack below stages: two scripts and a data set, and what installs packages.
const UPLOADS: usize = 4;

/// A stack with all that the movie stack has.
fn movies(when_done: &str) -> String {
    let text = if when_done == "keep" {
        STACK.to_owned()
    } else {
        ending()
    };
    text.replace(
        "job:\n",
        "data: { ratings: { path: ratings.dat } }\njob:\n  python_packages: [numpy]\n",
    )
    .replace(
        "\"${results}/one\"",
        "\"${data.ratings}\", \"${results}/one\"",
    )
}

fn world(when_done: &str) -> World {
    let world = World::new();
    world.write("ratings.dat", "1::2::3::4\n");
    world.stack(&movies(when_done));
    world
}

#[test]
fn few_calls_make_a_stack() {
    let world = world("keep");
    let calls = world.calls_of(&["apply", "t.yaml", "--yes", "--detach"]);
    // What comes after the lock was let go is the first look at what runs.
    let released = calls
        .iter()
        .rposition(|call| call.call == "s3:DeleteObject");
    let made: Vec<&Call> = calls[..=released.unwrap()].iter().collect();
    assert!(made.iter().any(|call| call.call == "emr:RunJobFlow"));
    let counted = made.len() - UPLOADS;
    println!("apply from nothing: {counted} calls besides {UPLOADS} uploads, of {APPLY_MOST}");
    assert!(counted <= APPLY_MOST, "{made:#?}");
}

#[test]
fn fewer_find_that_there_is_nothing_to_do() {
    for when_done in ["keep", "terminate"] {
        let world = world(when_done);
        world.expect(0, &["apply", "t.yaml", "--yes"]);
        let calls = world.calls_of(&["plan", "t.yaml"]);
        assert!(calls.iter().all(|call| !call.mutates), "{calls:#?}");
        let counted = calls.len();
        println!("plan of a converged stack ({when_done}): {counted} calls of {PLAN_MOST}");
        assert!(counted <= PLAN_MOST, "{calls:#?}");
    }
}
