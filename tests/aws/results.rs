//! Results in a bucket that others write to as well: what is downloaded, and what is not.

use crate::world::{World, ending};
use serde_json::{Value, json};
use std::fs;

/// The prefix of the results of the stack's job.
fn results_key(world: &World) -> String {
    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap().iter();
    let mut made = actions.filter_map(|a| a["action"]["job"]["results_key"].as_str());
    format!("work/t/{}", made.next().unwrap())
}

fn writes(world: &World, writes: Value) {
    let rules = json!([{ "match": "one", "writes": writes }]);
    world
        .double
        .post("/_double/steps", json!({ "results": rules }));
}

#[test]
fn no_object_is_downloaded_outside_its_folder() {
    let world = World::new();
    world.stack(&ending());
    let key = results_key(&world);
    let marker = r#"{"stack":"t","entries":["../t.yaml"]}"#;
    writes(
        &world,
        json!({
            format!("{key}/one/part-0.csv"): "movie,score\n1,0.5\n",
            format!("{key}/../../t.yaml"): "stack: theirs\n",
            format!("{key}//one.py"): "import os\n",
            format!("{key}/.clusterup.json"): marker,
            format!("{key}/both"): "a file",
            format!("{key}/both/part-0"): "and a folder",
        }),
    );
    let stack = fs::read_to_string(world.path().join("t.yaml")).unwrap();
    let done = world.expect(0, &["apply", "t.yaml", "--yes"]);
    done.says("not downloaded")
        .says("../../t.yaml (it is not a path below a folder)")
        .says(".clusterup.json (names with this prefix")
        .says("both (other results use this name as a folder)")
        .says("next: aws s3 ls s3://");
    let read = |name: &str| fs::read_to_string(world.path().join(name)).unwrap_or_default();
    assert_eq!(read("t.yaml"), stack);
    assert_eq!(read("results/one/part-0.csv"), "movie,score\n1,0.5\n");
    assert_eq!(read("results/both/part-0"), "and a folder");
    assert!(!read("results/.clusterup.json").contains(".."));
    assert!(read("one.py").starts_with("print(1)"));
}

#[test]
fn a_run_without_results_deletes_nothing() {
    let world = World::new();
    world.stack(&ending());
    let key = results_key(&world);
    writes(
        &world,
        json!({ format!("{key}/one/part-0.csv"): "a,b\n1,2\n" }),
    );
    world
        .expect(0, &["apply", "t.yaml", "--yes"])
        .says("results in");
    let good = world.path().join("results/one/part-0.csv");
    assert!(good.exists());

    writes(&world, json!({}));
    world.write("one.py", "print('another')\n");
    let done = world.expect(0, &["apply", "t.yaml", "--yes"]);
    done.says("the job wrote nothing to `${results}`");
    assert!(!done.out.contains("results in"), "{}", done.out);
    assert!(good.exists(), "what an earlier run brought stays");
    let reported = world.json(&["apply", "t.yaml", "--yes"]);
    assert_eq!(reported["results_written"], json!(false), "{reported:#}");
    assert_eq!(reported["tables"], json!([]));
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    assert!(good.exists());
}

#[test]
fn a_forged_marker_deletes_nothing() {
    let world = World::new();
    world.stack(&ending());
    fs::create_dir_all(world.path().join("results")).unwrap();
    let run = json!({ "job": "0123456789abcdef", "cluster": "j-1", "number": 1 });
    for entry in ["../t.yaml", "/etc/hostname", ".."] {
        let marker = json!({ "stack": "t", "run": run, "entries": [entry] });
        world.write("results/.clusterup.json", &marker.to_string());
        world
            .expect(2, &["apply", "t.yaml", "--yes"])
            .says("nothing in its folder is deleted")
            .says("mv -n ");
    }
    assert_eq!(world.clusters().len(), 0, "known before the job runs");
    assert!(world.path().join("t.yaml").exists());
}

#[test]
fn keys_that_xml_cannot_contain_are_downloaded_and_deleted() {
    let world = World::new();
    world.stack(&ending());
    let key = results_key(&world);
    let names = ["a\u{1}b", "c+d e%41", "\u{1b}[2J", "\u{202e}f"];
    let objects = names.map(|name| (format!("{key}/one/{name}"), json!(name)));
    writes(&world, objects.into_iter().collect());
    world
        .expect(0, &["apply", "t.yaml", "--yes"])
        .says("results in");
    for name in names {
        let path = world.path().join("results/one").join(name);
        assert_eq!(fs::read_to_string(path).unwrap_or_default(), name);
    }
    world.expect(0, &["destroy", "t.yaml", "--yes"]);
}
