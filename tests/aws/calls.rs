//! The number of calls: EMR allows an account about one in two seconds.

use crate::double::Call;
use crate::world::World;
use std::fs;
use std::path::Path;

const MOST_OF_APPLY: usize = 30;
/// One of them reads where the stack was last applied from.
const MOST_OF_PLAN: usize = 11;
const MOST_OF_STATUS: usize = 8;
/// The groups, idle policy and schedule of a living cluster, its note and the schedule's role, which
/// status verifies, less the schedule of one that has ended.
const OF_LIVING: usize = 4;
const MOST_OF_DESTROY: usize = 30;
/// The job's script, ratings and movies, the scripts for the power-off and the packages, and the folder
/// of the event logs.
const UPLOADS: usize = 6;

/// The shipped stack, with ratings on this machine.
fn movies() -> World {
    let world = World::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir(world.path().join("stacks")).unwrap();
    let examples = world.path().join("examples");
    std::os::unix::fs::symlink(root.join("examples"), examples).unwrap();
    let text = fs::read_to_string(root.join("stacks/movie-similarities.yaml")).unwrap();
    world.write("stacks/movies.yaml", &text);
    world.write("ratings.dat", "1::260::5::978300760\n");
    world.write("movies.dat", "260::Star Wars (1977)::Sci-Fi\n");
    world
}

fn with(verb: &[&str]) -> Vec<String> {
    let ratings = "data.ratings.path=ratings.dat";
    let args = ["stacks/movies.yaml", "--set", ratings];
    [&verb[..1], &args, &verb[1..]]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn calls(world: &World, verb: &[&str]) -> Vec<Call> {
    let args = with(verb);
    world.calls_of(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

fn names(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.call.as_str()).collect()
}

/// The calls until the lock is released, without those that upload files.
fn of_apply(calls: &[Call]) -> usize {
    let end = calls.iter().rposition(|c| c.call == "s3:DeleteObject");
    end.unwrap() + 1 - UPLOADS
}

#[test]
fn apply_and_plan_take_few_calls() {
    let world = movies();
    let apply = calls(&world, &["apply", "--yes", "--detach"]);
    let objects = world.objects();
    let uploaded = |key: &&String| {
        let folders = ["/scripts/", "/data/", "/bootstrap/", "/events/"];
        folders.iter().any(|folder| key.contains(folder))
    };
    let uploads = objects.iter().filter(uploaded).count();
    assert_eq!(uploads, UPLOADS, "{objects:#?}");
    let count = of_apply(&apply);
    println!("apply from nothing: {count} calls and {UPLOADS} uploads");
    assert!(count <= MOST_OF_APPLY, "{:#?}", names(&apply));

    let settled = with(&["apply", "--yes"]);
    let settled: Vec<_> = settled.iter().map(String::as_str).collect();
    world.expect(0, &settled);
    let plan = calls(&world, &["plan"]);
    println!("plan after the job: {} calls", plan.len());
    assert!(plan.len() <= MOST_OF_PLAN, "{:#?}", names(&plan));
    assert!(world.alive().is_empty());

    let status = world.calls_of(&["status", "movie-similarities"]);
    println!("status after the job: {} calls", status.len());
    let again = calls(&world, &["apply", "--yes"]);
    println!("apply after the job: {} calls", again.len());
    let destroy = world.calls_of(&["destroy", "movie-similarities", "--yes"]);
    println!("destroy after the job: {} calls", destroy.len());
    assert!(status.len() <= MOST_OF_STATUS, "{:#?}", names(&status));
    assert!(again.len() <= plan.len(), "{:#?}", names(&again));
    assert!(destroy.len() <= MOST_OF_DESTROY, "{:#?}", names(&destroy));
}

#[test]
fn a_plan_of_a_kept_cluster_takes_few_calls() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let plan = world.calls_of(&["plan", "t.yaml"]);
    println!("plan of a kept cluster: {} calls", plan.len());
    assert!(plan.len() <= MOST_OF_PLAN, "{:#?}", names(&plan));
    assert_eq!(world.alive().len(), 1);
    let status = world.calls_of(&["status", "t"]);
    println!("status of a kept cluster: {} calls", status.len());
    assert!(
        status.len() <= MOST_OF_STATUS + OF_LIVING,
        "{:#?}",
        names(&status)
    );
    let destroy = world.calls_of(&["destroy", "t", "--yes"]);
    println!("destroy of a kept cluster: {} calls", destroy.len());
    assert!(destroy.len() <= MOST_OF_DESTROY, "{:#?}", names(&destroy));
}
