//! `import j-…`: the stack of a cluster is the one of the request that it was made by.

use crate::import::{account, requests};
use crate::world::{REGION, World};
use clusterup::model::stack::Stack;
use clusterup::text;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// What a cluster of a request is imported as, and what the command says.
fn imported(world: &World, source: &str) -> (Stack, String) {
    let file = format!("{source}.yaml");
    let done = world.expect(0, &["import", source, "--out", &file, "--region", REGION]);
    done.says(", 0 fatal");
    let text = fs::read_to_string(world.path().join(&file)).unwrap();
    let stack = text::parse(&file, &text, Path::new("."), &[]);
    (
        stack.unwrap_or_else(|found| panic!("{found:?}\n{text}")),
        text,
    )
}

fn launch(world: &World, request: &Value) -> String {
    let made = world.aws("emr", "run_job_flow", request.clone());
    made["JobFlowId"].as_str().unwrap().to_owned()
}

#[test]
fn a_cluster_is_the_same_stack_as_its_request() {
    let world = World::new();
    for (name, request) in requests(&account(&world)) {
        let id = launch(&world, &request);
        let (mut of_cluster, text) = imported(&world, &id);
        let json = format!("{name}.json");
        world.write(&json, &request.to_string());
        let (of_request, _) = imported(&world, &json);
        // EMR names the groups that it manages, also where nobody asked for any.
        let asked = &of_request.cluster.network.managed_groups;
        if asked.is_none() {
            assert!(
                of_cluster.cluster.network.managed_groups.take().is_some(),
                "{text}"
            );
        }
        assert_eq!(of_cluster, of_request, "{name}\n{text}");
    }
}

/// A cluster that waits, with more steps than a page of EMR's has.
#[test]
fn an_ended_cluster_has_its_steps_of_all_pages_in_order() {
    let world = World::new();
    let mut request = requests(&account(&world)).remove("jar-steps").unwrap();
    let step = request["Steps"][0].clone();
    let steps = (0..60).map(|number| {
        let mut step = step.clone();
        step["Name"] = json!(format!("step-{number}"));
        step
    });
    request["Steps"] = steps.collect();
    let secret = json!("AKIAIOSFODNN7EXAMPLE");
    request["Steps"][3]["HadoopJarStep"]["Args"] =
        json!(["spark-submit", "s3://team-artifacts/a.py", secret]);
    let id = launch(&world, &request);
    world.aws("emr", "terminate_job_flows", json!({ "JobFlowIds": [id] }));
    world.double.advance(3_600);
    let calls = |call: &str| {
        let all = world.double.calls();
        all.iter().filter(|made| made.call == call).count()
    };
    world.double.reset_calls();
    let refused = world.expect(2, &["import", &id, "--region", REGION]);
    refused.says("Steps[56].Config.Args[2]").says("--lossy");
    assert!(!refused.all().contains("AKIA"), "{}", refused.all());
    assert_eq!(calls("emr:ListSteps"), 2);
    assert_eq!(world.double.calls().len(), 7, "{:?}", world.double.calls());
    let args = [
        "import", &id, "--lossy", "--region", REGION, "--out", "e.yaml",
    ];
    world.expect(0, &args).says("1 fatal");
    let text = fs::read_to_string(world.path().join("e.yaml")).unwrap();
    assert!(!text.contains("AKIA"), "{text}");
    let names = text
        .lines()
        .filter_map(|line| line.split_once("name: ").map(|(_, name)| name));
    let expected: Vec<String> = (0..60).map(|number| format!("step-{number}")).collect();
    assert_eq!(names.collect::<Vec<_>>(), expected, "{text}");
    world.expect(0, &["validate", "e.yaml"]);
}

#[test]
fn what_is_no_cluster_says_so_and_what_emr_refuses_is_a_comment() {
    let world = World::new();
    let unknown = world.expect(2, &["import", "j-2AB3CD4EF5GH6", "--region", REGION]);
    unknown
        .says("EMR knows no cluster j-2AB3CD4EF5GH6 in us-east-1")
        .says("aws emr list-clusters --region us-east-1");
    for word in ["j-", "j-2ab", "j-2AB.json", "j-2AB/x"] {
        let done = world.expect(2, &["import", word, "--region", REGION]);
        done.says(&format!("{word} is neither a file nor the id of a cluster"));
    }
    world
        .expect(2, &["import", "j-2AB", "--region", "us-moon-1"])
        .says("us-moon-1");
    // A file may have such a name, and another form has no clusters.
    let request = requests(&account(&world)).remove("jar-steps").unwrap();
    world.write("j-FILE", &request.to_string());
    world
        .expect(0, &["import", "j-FILE", "--region", REGION])
        .says("jar-steps");
    world
        .expect(2, &["import", "j-2AB", "--from", "run-job-flow"])
        .says("cannot read j-2AB");

    let id = launch(&world, &request);
    let refuse = |call: &str, code: &str| {
        let fault = json!({ "call": call, "do": "refuse", "code": code });
        world.double.post("/_double/faults", fault);
    };
    refuse("ListBootstrapActions", "AccessDeniedException");
    let denied = world.expect(1, &["import", &id, "--region", REGION]);
    denied.says("ask for the permission elasticmapreduce:ListBootstrapActions");
    refuse("GetManagedScalingPolicy", "InvalidRequestException");
    let told = world.expect(0, &["import", &id, "--region", REGION]);
    told.says("# lost: ManagedScalingPolicy: EMR did not say whether the cluster has one");
}
