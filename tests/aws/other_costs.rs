//! What costs money besides clusters: reported by the sweep, and neither ended nor deleted.

use crate::world::{BUCKET, REGION, World};
use serde_json::{Value, json};

const CLUSTER: &str = "aws:elasticmapreduce:job-flow-id";
const HOUR: u64 = 3_600;
const GIB: u64 = 1 << 30;

/// A volume of a cluster that is attached to nothing; its id.
fn volume(world: &World, cluster: &str, hours: u64) -> String {
    let tags = [json!({ "Key": CLUSTER, "Value": cluster })];
    let asked = json!({ "AvailabilityZone": "us-east-1a", "Size": 64, "VolumeType": "gp2",
        "TagSpecifications": [{ "ResourceType": "volume", "Tags": tags }] });
    let made = world.aws("ec2", "create_volume", asked);
    let id = made["VolumeId"].as_str().unwrap().to_owned();
    let age = json!({ "id": id, "older": hours * HOUR });
    world.double.post("/_double/volume/age", age);
    id
}

fn address(world: &World, tags: Value) -> String {
    let asked = json!({ "Domain": "vpc",
        "TagSpecifications": [{ "ResourceType": "elastic-ip", "Tags": tags }] });
    let made = world.aws("ec2", "allocate_address", asked);
    made["AllocationId"].as_str().unwrap().to_owned()
}

fn sweep(world: &World) -> Value {
    world.json(&["watchdog", "sweep", "--region", REGION])["report"].take()
}

/// Ids with what each costs in a month.
fn found(report: &Value) -> Vec<(String, Option<String>)> {
    let costs = report["other_costs"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    costs
        .map(|it| {
            let monthly = it["monthly"]["usd"].as_f64();
            let monthly = monthly.map(|usd| format!("${usd:.2}"));
            (text(&it["id"]).unwrap(), monthly)
        })
        .collect()
}

#[test]
fn what_clusters_left_is_reported_with_its_price_and_stays() {
    let world = World::new();
    world.aws("s3", "create_bucket", json!({ "Bucket": BUCKET }));
    let foreign = json!({ "name": "etl", "created": 600 });
    let alive = world.double.post("/_double/foreign", foreign)["id"].take();
    let alive = alive.as_str().unwrap();
    let left = volume(&world, "j-GONE00000001", 30);
    // One of a cluster that is alive, and one that may be of a cluster that is not listed yet.
    volume(&world, alive, 30);
    volume(&world, "j-NEW000000001", 0);
    let unused = address(
        &world,
        json!([{ "Key": CLUSTER, "Value": "j-GONE00000001" }]),
    );
    address(&world, json!([{ "Key": "team", "Value": "web" }]));
    for (id, hours, status) in [
        ("ex-LONG", 50, "RUNNING"),
        ("ex-SHORT", 3, "RUNNING"),
        ("ex-OVER", 50, "FINISHED"),
    ] {
        let notebook = json!({ "id": id, "name": "churn", "cluster": alive,
            "started": hours * HOUR, "status": status });
        world.double.post("/_double/notebook", notebook);
    }
    let sizes = [[10 * 24 * HOUR, 90 * GIB], [24 * HOUR, 100 * GIB]];
    let says = json!({ "cluster": BUCKET, "says": { "BucketSizeBytes": sizes } });
    world.double.post("/_double/metrics", says);

    world.double.reset_calls();
    let report = sweep(&world);
    let some = |text: &str| Some(text.to_owned());
    let expected = [
        (left.clone(), some("$6.40")),
        (unused, some("$3.65")),
        (BUCKET.to_owned(), some("$2.30")),
        ("ex-LONG".to_owned(), None),
    ];
    assert_eq!(found(&report), expected, "{report:#}");
    assert_eq!(report["unread_costs"], json!([]));
    let calls = world.double.calls();
    let changing = calls
        .iter()
        .filter(|call| call.mutates && !call.call.starts_with("s3:"));
    assert_eq!(changing.count(), 0, "{calls:?}");
    let of = |name: &str| calls.iter().filter(|call| call.call == name).count();
    for name in [
        "ec2:DescribeVolumes",
        "ec2:DescribeAddresses",
        "emr:ListNotebookExecutions",
        "cloudwatch:GetMetricData",
    ] {
        assert_eq!(of(name), 1, "{name}: {calls:?}");
    }
    let shown = world.expect(0, &["watchdog", "sweep", "--region", REGION, "--dry-run"]);
    shown
        .says(&format!(
            "also costs: {REGION}: EBS volume {left}, 64 GiB of gp2"
        ))
        .says("$6.40 a month")
        .says("100 GiB, 10 GiB more than")
        .says("notebook churn");
    let volumes = world.aws("ec2", "describe_volumes", json!({ "VolumeIds": [left] }));
    assert_eq!(volumes["Volumes"][0]["State"], "available");
}

#[test]
fn a_missing_permission_is_reported_and_hides_nothing_else() {
    let world = World::new();
    let unused = address(
        &world,
        json!([{ "Key": CLUSTER, "Value": "j-GONE00000001" }]),
    );
    for call in ["ec2:DescribeVolumes", "emr:ListNotebookExecutions"] {
        let code = if call.starts_with("ec2") {
            "UnauthorizedOperation"
        } else {
            "AccessDenied"
        };
        let fault = json!({ "call": call, "do": "refuse", "code": code, "count": 9 });
        world.double.post("/_double/faults", fault);
    }
    let report = sweep(&world);
    let ids: Vec<String> = found(&report).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [unused]);
    let unread = report["unread_costs"].to_string();
    for permission in [
        "ec2:DescribeVolumes",
        "elasticmapreduce:ListNotebookExecutions",
    ] {
        assert!(
            unread.contains(&format!("ask for the permission {permission}")),
            "{unread}"
        );
    }
    // The sweep is complete: every cluster was looked at.
    assert_eq!(report["sweep"]["unseen"], json!([]));
    world.expect(0, &["watchdog", "sweep", "--region", REGION]);
}

/// An application with pre-initialized workers that is started.
fn application(world: &World, name: &str, stops: bool) -> String {
    let worker = json!({ "cpu": "4vCPU", "memory": "16GB" });
    let capacity = json!({ "Executor": { "workerCount": 8, "workerConfiguration": worker } });
    let asked = json!({ "name": name, "releaseLabel": "emr-7.5.0", "type": "SPARK",
        "clientToken": name, "initialCapacity": capacity,
        "autoStopConfiguration": { "enabled": stops, "idleTimeoutMinutes": 15 } });
    let made = world.aws("emr-serverless", "create_application", asked);
    let id = made["applicationId"].as_str().unwrap().to_owned();
    let start = json!({ "applicationId": id });
    world.aws("emr-serverless", "start_application", start);
    id
}

#[test]
fn an_idle_application_of_emr_serverless_is_reported() {
    let world = World::new();
    let idle = application(&world, "idle", false);
    application(&world, "stops", true);
    let busy = application(&world, "busy", false);
    world
        .double
        .post("/_double/serverless/busy", json!({ "id": busy }));
    world.double.reset_calls();
    let report = sweep(&world);
    assert_eq!(found(&report), [(idle, None)], "{report:#}");
    let says = report["other_costs"][0]["says"].as_str().unwrap();
    assert!(
        says.ends_with("workers are billed: 8 x 4vCPU 16GB"),
        "{says}"
    );
    let calls = world.double.calls();
    let of = |call: &&crate::double::Call| call.call.starts_with("emr-serverless:");
    let calls: Vec<_> = calls.iter().filter(of).collect();
    // The list, the three applications, and the jobs of the two that do not stop by themselves.
    assert_eq!(calls.len(), 6, "{calls:?}");
}
