//! `ui --aws`: the pages that EMR serves, of which each URL is a credential.

use crate::running::Running;
use crate::world::{BUCKET, Done, REGION, STACK, World};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

/// Part of each URL of the double, and of one that opens nothing yet.
const SECRET: &str = "authToken=se%2Bcret";
const EARLY: &str = "authToken=early";

/// An account in which EMR prepares a page within this many seconds.
fn account(seconds: f64) -> World {
    let world = World::new();
    let durations = json!({ "app_ui": seconds });
    world.double.post("/_double/durations", durations);
    world
}

fn cluster(world: &World, asked: Value) -> String {
    let made = world.double.post("/_double/foreign", asked);
    made["id"].as_str().unwrap().to_owned()
}

/// `ui --aws` with the most that a log can have.
fn ui(world: &World, what: &str, more: &[&str]) -> Done {
    let args = [&["ui", what, "--aws", "-vv"], more].concat();
    let mut command = world.command(&args);
    let done = Done::running(command.env("RUST_LOG", "trace"));
    assert!(!done.err.contains("authToken"), "{}", done.err);
    assert!(!done.all().contains(EARLY), "{}", done.all());
    for file in world.files() {
        let content = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(!content.contains("authToken"), "{}", file.display());
    }
    done
}

/// The page that is shown: the URL is on standard output, once, and nowhere else.
fn page(world: &World, what: &str, more: &[&str]) -> Value {
    let done = ui(world, what, &[more, &["--output", "json"]].concat()).expect(0);
    assert_eq!(done.out.matches(SECRET).count(), 1, "{}", done.out);
    let mut document: Value = serde_json::from_str(&done.out).unwrap();
    document["pages"][0].take()
}

fn calls(world: &World, name: &str) -> usize {
    let all = world.double.calls();
    all.iter().filter(|it| it.call == name).count()
}

#[test]
fn the_history_of_a_cluster_of_anybody_is_shown_by_emr() {
    let world = account(1.0);
    let over = json!({ "name": "etl", "state": "TERMINATED", "created": 9_000, "ended": 600 });
    let over = cluster(&world, over);
    let region = ["--region", REGION];
    let done = ui(&world, &over, &region).expect(0);
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines.len(), 1, "{}", done.out);
    assert!(lines[0].starts_with("https://") && lines[0].contains(SECRET));
    done.says("The address is a credential");
    // A page is not ready at once: neither its server nor its URL.
    assert!(calls(&world, "emr:DescribePersistentAppUI") >= 2);
    assert!(calls(&world, "emr:GetPersistentAppUIPresignedURL") >= 2);
    assert_eq!(calls(&world, "emr:CreatePersistentAppUI"), 1);

    let found = page(&world, &over, &region);
    assert_eq!(found["kind"], "persistent");
    assert_eq!(found["application"], Value::Null);

    let living = cluster(&world, json!({ "name": "notebooks", "state": "WAITING" }));
    let found = page(&world, &living, &region);
    assert_eq!(found["kind"], "history-server");
    assert!(calls(&world, "emr:GetOnClusterAppUIPresignedURL") >= 2);

    let safe = json!({ "name": "safe", "state": "WAITING", "security": "runtime-roles" });
    let safe = cluster(&world, safe);
    ui(&world, &safe, &region)
        .expect(1)
        .says("ExecutionRoleArn is required");
    let role = "arn:aws:iam::123456789012:role/Analysts";
    let found = page(
        &world,
        &safe,
        &["--region", REGION, "--execution-role", role],
    );
    assert_eq!(found["kind"], "history-server");
}

#[test]
fn a_cluster_without_a_page_is_refused_with_the_reason() {
    let world = account(1.0);
    let region = ["--region", REGION];
    for (asked, code, says) in [
        (
            json!({ "name": "a", "state": "STARTING" }),
            1,
            "has not started yet",
        ),
        (
            json!({ "name": "a", "applications": ["Hadoop"] }),
            2,
            "does not have Spark",
        ),
        (
            json!({ "name": "a", "release": "emr-5.24.0", "state": "TERMINATED" }),
            2,
            "has release emr-5.24.0, and EMR has this page for emr-5.25.0 and later",
        ),
        (
            json!({ "name": "a", "state": "TERMINATED", "created": 3e6, "ended": 2_700_000 }),
            2,
            "ended more than 30 days ago",
        ),
        (
            json!({ "name": "a", "groups": [["MASTER", "m5.xlarge", 3]] }),
            1,
            "clusters that run, with one primary node",
        ),
        (
            json!({ "name": "a", "state": "TERMINATED", "security": "runtime-roles" }),
            2,
            "add --execution-role and the role's ARN",
        ),
    ] {
        let id = cluster(&world, asked);
        ui(&world, &id, &region).expect(code).says(says);
    }
    let id = "j-0000000000NONE";
    ui(&world, id, &region)
        .expect(2)
        .says("there is no cluster j-0000000000NONE");
    world
        .expect(2, &["ui", id, "--region", REGION])
        .says(&format!("next: clusterup ui {id} --region {REGION} --aws"));
    ui(&world, "t.yaml", &[])
        .expect(2)
        .says("stack t has no cluster");
    world.expect(2, &["ui", "t.yaml", "--aws", "--local"]);
    world.expect(
        2,
        &[
            "ui",
            "t.yaml",
            "--execution-role",
            "arn:aws:iam::123456789012:role/A",
        ],
    );

    let over = cluster(&world, json!({ "name": "etl", "state": "TERMINATED" }));
    for call in ["CreatePersistentAppUI", "GetPersistentAppUIPresignedURL"] {
        let refuse = json!({ "call": call, "do": "refuse", "code": "AccessDeniedException" });
        world.double.post("/_double/faults", refuse);
        ui(&world, &over, &region)
            .expect(1)
            .says(&format!("ask for the permission elasticmapreduce:{call}"));
    }
}

#[test]
fn what_runs_has_a_page_and_what_is_over_is_in_the_bucket() {
    let world = account(0.5);
    let endless = json!({ "results": [{ "match": "one", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    world.stack(STACK);
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let id = world.alive()[0]["id"].as_str().unwrap().to_owned();
    let runs = || world.clusters()[0]["steps"][0]["state"] == "RUNNING";
    assert!((0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        runs()
    }));
    assert_eq!(page(&world, "t.yaml", &[])["kind"], "resource-manager");

    let objects = world.objects();
    let mut markers = objects
        .iter()
        .filter(|key| key.starts_with("work/t/events/"));
    let folder = markers
        .next()
        .unwrap()
        .strip_suffix(".clusterup.json")
        .unwrap();
    let begins = |number: u32| {
        let log = format!("eventlog_v2_application_1_{number}");
        let key = format!("{folder}{log}/appstatus_application_1_{number}.inprogress");
        let object = json!({ "bucket": BUCKET, "key": key, "text": "" });
        world.double.post("/_double/objects/put", object);
    };
    begins(1);
    let found = page(&world, "t.yaml", &[]);
    assert_eq!(found["kind"], "application");
    assert_eq!(found["application"]["id"], "application_1_1");
    assert!(
        found["address"]
            .as_str()
            .unwrap()
            .contains("application_1_1")
    );
    begins(2);
    assert_eq!(page(&world, "t.yaml", &[])["kind"], "resource-manager");

    let ended = json!({ "id": id, "code": "USER_REQUEST", "message": "by hand", "errors": [] });
    world.double.post("/_double/end", ended);
    world.double.advance(60);
    world.double.reset_calls();
    let nothing = "EMR's pages have nothing to show of the last run";
    ui(&world, "t.yaml", &[])
        .expect(1)
        .says(nothing)
        .says("next: clusterup ui t.yaml");
    ui(&world, &id, &["--region", REGION])
        .expect(1)
        .says(nothing)
        .says(&format!("next: clusterup ui t --region {REGION}"));
    assert_eq!(calls(&world, "emr:CreatePersistentAppUI"), 0);
}

#[test]
fn a_page_that_is_never_ready_is_waited_for_until_ctrl_c() {
    let world = account(1e9);
    let over = cluster(&world, json!({ "name": "etl", "state": "TERMINATED" }));
    let args = ["ui", &over, "--aws", "--region", REGION];
    let running: Running = world.spawn(&args);
    assert!((0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        calls(&world, "emr:DescribePersistentAppUI") >= 2
    }));
    let id = running.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let ended = Output::from(running);
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    let says = String::from_utf8(ended.stderr).unwrap();
    assert!(says.contains("stopped before a page was open"), "{says}");
}
