//! `adopt` of a cluster that others created: its guardrails, its status, an extension, its release, and
//! the number of calls of each.

use crate::policies::under;
use crate::world::{BUCKET, World};
use serde_json::{Value, json};

/// A month that suffices for a cluster with the limits of [`adopt`].
const MONTH: &str = "policy: month
applies_to: { teams: [recsys] }
budget: { monthly: $100 }
";

/// Reading the cluster, its record and the bucket, and the five changes: record, tags, schedule, idle
/// policy; the ledger's account.
const MOST_TO_ADOPT: usize = 34;
const MOST_OF_STATUS: usize = 10;
const MOST_TO_EXTEND: usize = 22;
const MOST_TO_RELEASE: usize = 20;

/// A cluster of somebody else that has worked for an hour; its id.
fn theirs(world: &World, more: &Value) -> String {
    let mut asked = json!({
        "name": "nightly", "created": 3_600, "state": "RUNNING",
        "tags": { "owner": "eve" },
        "steps": [{ "name": "etl", "state": "RUNNING", "started": 3_000 }],
    });
    for (key, value) in more.as_object().unwrap() {
        asked[key] = value.clone();
    }
    let made = world.double.post("/_double/foreign", asked);
    made["id"].as_str().unwrap().to_owned()
}

fn adopt<'a>(id: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let limits = [
        "--max-lifetime",
        "4h",
        "--budget",
        "$20",
        "--idle-timeout",
        "30m",
    ];
    let own = ["adopt", id, "--owner", "bo", "--team", "recsys"];
    [&own[..], &limits[..], more].concat()
}

fn described(world: &World, id: &str) -> Value {
    let asked = json!({ "ClusterId": id });
    world.aws("emr", "describe_cluster", asked)["Cluster"].take()
}

fn idle_timeout(world: &World, id: &str) -> Value {
    let asked = json!({ "ClusterId": id });
    let policy = world.aws("emr", "get_auto_termination_policy", asked);
    policy["AutoTerminationPolicy"]["IdleTimeout"].clone()
}

fn count(world: &World, args: &[&str], most: usize) {
    let calls = world.calls_of(args);
    let names: Vec<&str> = calls.iter().map(|call| call.call.as_str()).collect();
    println!("{}: {} calls", args[0], calls.len());
    assert!(calls.len() <= most, "{}: {names:#?}", calls.len());
}

#[test]
fn a_cluster_of_others_is_adopted_extended_and_released() {
    let world = World::new();
    let id = &theirs(&world, &json!({}));
    let before = described(&world, id);
    let dry = world.expect(0, &adopt(id, &["--dry-run"]));
    dry.says("+ schedule EventBridge ends it at");
    dry.says("+ idle policy EMR ends it when idle for 30m");
    assert_eq!(described(&world, id), before);
    assert!(world.objects().is_empty() && world.double.schedules().is_empty());
    // Without consent nothing changes either.
    world.expect(2, &adopt(id, &[])).says("--yes");
    assert!(world.objects().is_empty());

    count(&world, &adopt(id, &["--yes"]), MOST_TO_ADOPT);
    assert_eq!(idle_timeout(&world, id), 1_800);
    assert_eq!(world.double.schedules().len(), 1);
    let record = format!("adopted/{id}.json");
    assert_eq!(world.objects(), [record]);

    count(&world, &["status", id], MOST_OF_STATUS);
    let status = world.expect(0, &["status"]);
    status.says(&format!("cluster {id} RUNNING 3 x m5.xlarge"));
    status.says("schedule armed: EventBridge ends it at");
    status.says("idle policy armed: EMR ends it when idle for 30m");
    status.says("of a budget of $20.00");
    let document = world.json(&["status", id]);
    let adopted = &document["adopted"][0];
    assert_eq!(adopted["cluster"]["drift"], json!([]), "{adopted:#}");
    assert_eq!(adopted["cluster"]["deadline"]["cause"], "max_lifetime");

    let extend = ["extend", id, "--by", "1h", "--why", "it is slow"];
    count(&world, &extend, MOST_TO_EXTEND);
    world
        .expect(0, &["status", id])
        .says("extended to max_lifetime 5h by");
    // What it has cost counts with the clusters of stacks.
    let report = world.json(&["cost", "report", "--by", "team"]);
    assert_eq!(report["report"]["rows"][0]["key"], "recsys", "{report:#}");

    count(
        &world,
        &["adopt", id, "--release", "--yes"],
        MOST_TO_RELEASE,
    );
    assert_eq!(described(&world, id), before);
    assert_eq!(idle_timeout(&world, id), Value::Null);
    assert!(world.objects().is_empty() && world.double.schedules().is_empty());
    let calls = world.double.calls();
    assert!(!calls.iter().any(|call| call.call == "s3:DeleteBucket"));
    world
        .expect(2, &["adopt", id, "--release", "--yes"])
        .says("nobody has adopted");
}

#[test]
fn others_removed_its_schedule_and_status_writes_it_again() {
    let world = World::new();
    let id = &theirs(&world, &json!({}));
    world.expect(0, &adopt(id, &["--yes"]));
    let name = format!("clusterup-{id}");
    world.aws("scheduler", "delete_schedule", json!({ "Name": name }));
    let change = json!({ "id": id, "untag": ["clusterup-adopted"], "protected": true });
    world.double.post("/_double/foreign/change", change);
    let status = world.expect(0, &["status"]);
    status.says("its tag clusterup-adopted was removed");
    status.says("its termination protection is on");
    status.says("was written again");
    assert_eq!(world.double.schedules().len(), 1);
}

#[test]
fn a_cluster_that_cannot_be_adopted_is_refused_with_the_command_that_helps() {
    let world = World::new();
    let id = &theirs(&world, &json!({}));
    let old = world.expect(3, &["adopt", id, "--max-lifetime", "30m", "--yes"]);
    old.says("is 1h old already, and its lifetime would be 30m");
    let dear = world.expect(3, &["adopt", id, "--budget", "$0.50", "--yes"]);
    dear.says("would cost more than a budget of $0.50");
    world
        .expect(2, &["adopt", id, "--yes"])
        .says("--max-lifetime 4h");
    world
        .expect(2, &["adopt", "j-NONE", "--max-lifetime", "4h"])
        .says("does not know");
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let own = world.alive().iter().find_map(|it| {
        let id = it["id"].as_str()?;
        it["name"]
            .as_str()?
            .starts_with("clusterup/")
            .then(|| id.to_owned())
    });
    let own = own.unwrap();
    world
        .expect(2, &["adopt", &own, "--max-lifetime", "4h"])
        .says("is of stack t");
    assert!(
        !world
            .objects()
            .iter()
            .any(|key| key.starts_with("adopted/"))
    );
}

/// The clusters for which money is reserved in the team's account.
fn reserved(world: &World) -> Vec<String> {
    if !world.objects().contains(&"teams/recsys.json".to_owned()) {
        return Vec::new();
    }
    let asked = json!({ "bucket": BUCKET, "key": "teams/recsys.json" });
    let object = world.double.post("/_double/objects/get", asked);
    let account: Value = serde_json::from_str(object["text"].as_str().unwrap()).unwrap();
    let reservations = account["promises"].as_object().unwrap();
    reservations.keys().cloned().collect()
}

#[test]
fn without_the_role_nothing_is_reserved_and_the_plan_says_what_is_missing() {
    let world = under(MONTH);
    let id = &theirs(&world, &json!({}));
    world.double.remove_role("clusterup-reaper");
    let dry = world.expect(0, &adopt(id, &["--dry-run"]));
    dry.says("the role with which a schedule ends it is missing");
    let refused = world.expect(1, &adopt(id, &["--yes"]));
    refused.says("is missing in this account");
    refused.says("--create-roles");
    assert_eq!(reserved(&world), Vec::<String>::new());
    world.expect(0, &adopt(id, &["--yes", "--create-roles"]));
    assert_eq!(reserved(&world), [id.as_str()]);
}

#[test]
fn a_release_ends_what_the_cluster_costs_its_team() {
    let world = under(MONTH);
    let id = &theirs(&world, &json!({}));
    world.expect(0, &adopt(id, &["--yes"]));
    let released = world.expect(0, &["adopt", id, "--release", "--yes"]);
    released.says("nothing of clusterup ends it now");
    let report = world.json(&["cost", "report"]);
    let record = &report["report"]["rows"][0];
    assert_eq!(record["clusters"], 1, "{report:#}");
    let again = world.json(&["cost", "report"]);
    assert_eq!(again["report"]["rows"], report["report"]["rows"]);
}

#[test]
fn a_damaged_record_hides_no_other_cluster() {
    let world = under(MONTH);
    let id = &theirs(&world, &json!({}));
    world.expect(0, &adopt(id, &["--yes"]));
    let put = json!({ "bucket": BUCKET, "key": "adopted/j-DAMAGED.json", "text": "{" });
    world.double.post("/_double/objects/put", put);
    let status = world.expect(1, &["status"]);
    status.says("the adoption of cluster j-DAMAGED cannot be read");
    status.says(&format!("cluster {id} RUNNING"));
    let report = world.expect(0, &["cost", "report"]);
    report.says("the adoption of cluster j-DAMAGED cannot be read");
    report.says("adopted");
    world.expect(0, &["budget"]);
    // One that was readable before is not recorded as lost.
    let put = json!({ "bucket": BUCKET, "key": format!("adopted/{id}.json"), "text": "{" });
    world.double.post("/_double/objects/put", put);
    world.expect(0, &["cost", "report"]);
    assert_eq!(reserved(&world), [id.as_str()]);
}
