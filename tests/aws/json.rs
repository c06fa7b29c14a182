//! `--output json` on AWS prints one document.

use crate::world::{STACK, World};
use serde_json::{Value, json};

fn document(world: &World, args: &[&str], verb: &str, exit: i32) -> Value {
    let done = world.run(&[args, &["--output", "json"]].concat());
    assert_eq!(done.code, exit, "{}", done.all());
    let document: Value = serde_json::from_str(&done.out).expect(&done.out);
    assert_eq!(document["verb"], verb);
    assert_eq!(document["exit"], exit);
    document
}

fn made(document: &Value) -> usize {
    document["plan"]["actions"].as_array().unwrap().len()
}

#[test]
fn each_verb_prints_one_document() {
    let world = World::new();
    let plan = document(&world, &["plan", "t.yaml"], "plan", 0);
    assert_eq!(plan["plan"]["stack"], "t");
    assert_eq!(made(&plan), 5);
    let apply = document(&world, &["apply", "t.yaml", "--yes"], "apply", 0);
    assert_eq!(apply["stack"], "t");
    assert_eq!(made(&apply), 5);
    assert_eq!(apply["cluster"]["state"], "WAITING");
    assert_eq!(apply["error"], Value::Null);
    let again = document(&world, &["apply", "t.yaml", "--yes"], "apply", 0);
    assert_eq!(made(&again), 0);

    let status = document(&world, &["status", "t"], "status", 0);
    assert_eq!(status["stacks"][0]["stack"], "t");
    let clusters = &status["stacks"][0]["observed"]["clusters"];
    assert_eq!(clusters[0]["id"], apply["cluster"]["id"]);
    assert_eq!(clusters[0]["steps"].as_array().unwrap().len(), 2);
    let all = document(&world, &["status"], "status", 0);
    assert_eq!(all["stacks"][0]["stack"], "t");
    let logs = document(&world, &["logs", "t"], "logs", 0);
    assert!(!logs["logs"].as_array().unwrap().is_empty());

    world.stack(&STACK.replace("emr-7.x", "emr-7.1.0"));
    let refused = document(&world, &["apply", "t.yaml"], "apply", 2);
    assert!(refused["error"]["message"].is_string(), "{refused:#}");
    let destroy = document(&world, &["destroy", "t", "--yes"], "destroy", 0);
    assert_eq!(destroy["stack"], "t");
    assert!(made(&destroy) >= 4, "{destroy:#}");
    assert_eq!(destroy["plan"]["stack"], "t");
}

#[test]
fn a_failed_job_is_explained_in_its_document() {
    let world = World::new();
    let rule = json!({
        "match": "two", "state": "FAILED", "reason": "Unknown Error.",
        "stdout": "  File \"/mnt/tmp/two.py\", line 3\n    print x\n    ^^^^^^^\nSyntaxError: bad\n",
        "stderr": "26/01/02 03:04:05 INFO ShutdownHookManager: Shutdown hook called\n",
    });
    let rules = json!({ "results": [rule] });
    world.double.post("/_double/steps", rules);
    let apply = document(&world, &["apply", "t.yaml", "--yes"], "apply", 4);
    let why = apply["error"]["message"].as_str().unwrap();
    assert!(why.contains("SyntaxError: bad (two.py, line 3)"), "{why}");
    assert_eq!(apply["cluster"]["steps"][1]["state"], "FAILED");
}
