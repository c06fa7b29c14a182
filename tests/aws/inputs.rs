//! The inputs that a stack names in S3 are looked up before a job starts, with one call each.

use crate::world::{STACK, World};
use serde_json::json;

const LOOKS: [&str; 2] = ["s3:HeadObject", "s3:ListObjectsV2"];

/// `STACK` with data and a script in S3.
fn with_inputs() -> World {
    let world = World::new();
    let data = "data: { in: { s3: \"s3://lake/in/ratings\" } }\ncluster:";
    let text = STACK.replace("cluster:", data).replace(
        "script: one.py, args: [",
        "script: \"s3://lake/jobs/one.py\", args: [\"${data.in}\", ",
    );
    world.stack(&text);
    world
}

fn looks(world: &World, args: &[&str]) -> [usize; 2] {
    let calls = world.calls_of(args);
    LOOKS.map(|name| calls.iter().filter(|call| call.call == name).count())
}

#[test]
fn an_input_that_does_not_exist_stops_a_plan_at_its_place() {
    let world = with_inputs();
    world.expect(0, &["validate", "t.yaml"]);
    assert!(world.double.calls().is_empty(), "validate makes no call");
    for args in [vec!["plan", "t.yaml"], vec!["apply", "t.yaml", "--yes"]] {
        let done = world.expect(2, &args);
        done.says("error[input-missing]: the bucket of s3://lake/in/ratings does not exist")
            .says("t.yaml:7:19")
            .says("error[input-missing]: there is no object at s3://lake/jobs/one.py")
            .says("aws s3 ls s3://lake/jobs/");
        assert!(!done.err.contains("allow(CODE)"), "{}", done.err);
    }
    assert!(world.clusters().is_empty(), "nothing is created");
    let json = world.json(&["plan", "t.yaml"]);
    let found = json["error"]["diagnostics"].as_array().unwrap();
    assert_eq!(
        (found.len(), &found[0]["code"]),
        (2, &"input-missing".into())
    );

    world.object("lake", "in/ratings-old/1.csv", "1");
    let done = world.expect(2, &["plan", "t.yaml"]);
    done.says("there is no data at s3://lake/in/ratings")
        .says("aws s3 ls s3://lake/in/");
    world.expect(0, &["plan", "t.yaml", "--no-lint"]);
}

#[test]
fn each_input_takes_one_call_and_other_stacks_take_none() {
    let plain = World::new();
    let [_, without] = looks(&plain, &["plan", "t.yaml"]);
    let world = with_inputs();
    world.object("lake", "in/ratings/1.csv", "1");
    world.object("lake", "jobs/one.py", "print(1)");
    let [heads, lists] = looks(&world, &["plan", "t.yaml"]);
    assert_eq!((heads, lists), (1, without + 1));
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let [heads, _] = looks(&world, &["plan", "t.yaml"]);
    assert_eq!(heads, 0, "the job has run: nothing is looked up");
}

#[test]
fn an_input_that_may_not_be_read_from_here_is_a_warning() {
    let world = with_inputs();
    world.object("lake", "in/ratings/1.csv", "1");
    let denied = json!({ "call": "s3:HeadObject", "do": "refuse", "status": 403, "count": 9 });
    world.double.post("/_double/faults", denied);
    let done = world.expect(0, &["plan", "t.yaml"]);
    done.says("warning[input-unchecked]: s3://lake/jobs/one.py could not be checked")
        .says("you do not have s3:GetObject there");
    let json = world.json(&["plan", "t.yaml"]);
    assert_eq!(json["inputs"][0]["code"], "input-unchecked", "{json:#}");
}

#[test]
fn few_files_that_cannot_be_split_are_a_warning() {
    let world = with_inputs();
    world.object("lake", "jobs/one.py", "print(1)");
    let big = "x".repeat(9 << 20);
    for name in ["_SUCCESS", "1.gz", "2.gz"] {
        world.object("lake", &format!("in/ratings/{name}"), &big);
    }
    // Two nodes of m5.xlarge, with 4 slots each.
    let done = world.expect(0, &["plan", "t.yaml"]);
    done.says("warning[few-files]: 2 .gz files cannot be split, and step \"one\" has 8 slots")
        .says("at most 2 tasks read at once");
    world.object("lake", "in/ratings/3.csv", &big);
    let done = world.expect(0, &["plan", "t.yaml"]);
    assert!(!done.err.contains("few-files"), "{}", done.err);
}
