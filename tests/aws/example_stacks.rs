//! The stacks in `examples/stacks`: each is planned and applied, all in one account at the same time.

use crate::launch_settings::create_roles;
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;

/// Characteristic parts of the requests: the stack, a place in its RunJobFlow, and a text there. Lists
/// are joined by spaces.
const SENT: &[(&str, &str, &str)] = &[
    (
        "bootstrap-and-logs",
        "/CustomAmiId",
        "ami-0abcdef1234567890",
    ),
    ("bootstrap-and-logs", "/JobFlowRole", "TeamEmrNodes"),
    ("bootstrap-and-logs", "/LogUri", "s3://team-logs/emr"),
    (
        "bootstrap-and-logs",
        "/BootstrapActions/1/ScriptBootstrapAction/Path",
        "/stacks/bootstrap-and-logs/scripts/",
    ),
    (
        "bootstrap-and-logs",
        "/BootstrapActions/1/ScriptBootstrapAction/Args",
        "jq htop",
    ),
    (
        "bootstrap-and-logs",
        "/BootstrapActions/2/ScriptBootstrapAction/Path",
        "s3://team-artifacts/bootstrap/certificates.sh",
    ),
    (
        "copy-then-spark",
        "/Steps/0/HadoopJarStep/Args",
        "/bootstrap/launch-",
    ),
    (
        "copy-then-spark",
        "/Steps/1/HadoopJarStep/Args",
        "words.py hdfs:///logs hdfs:///words",
    ),
    (
        "copy-then-spark",
        "/Steps/2/HadoopJarStep/Args",
        "--dest s3://team-lake/words/2026-11-29",
    ),
    ("glue-iceberg", "/Applications/2/Name", "Hive"),
    (
        "glue-iceberg",
        "/Configurations/0/Classification",
        "hive-site",
    ),
    (
        "jar-steps",
        "/Steps/0/HadoopJarStep/Args",
        "--class org.example.events.Ingest",
    ),
    (
        "jar-steps",
        "/Steps/1/HadoopJarStep/Args",
        "--class org.example.events.Sessions",
    ),
    (
        "jar-steps",
        "/Steps/2/HadoopJarStep/Args",
        "--class org.example.events.Features",
    ),
    (
        "jar-steps",
        "/Steps/3/HadoopJarStep/Args",
        "--class org.example.events.Publish",
    ),
    (
        "jar-steps",
        "/Steps/3/HadoopJarStep/Args",
        "s3://team-artifacts/events-1.4.0.jar",
    ),
    ("jupyter-livy", "/Applications/3/Name", "Jupyter"),
    ("jupyter-livy", "/AutoTerminationPolicy/IdleTimeout", "3600"),
    (
        "managed-scaling",
        "/ManagedScalingPolicy/ComputeLimits/MaximumCapacityUnits",
        "20",
    ),
    ("managed-scaling", "/StepConcurrencyLevel", "20"),
    ("managed-scaling", "/Steps/19/Name", "day-20"),
    ("old-release", "/ReleaseLabel", "emr-5.36.2"),
    ("old-release", "/ServiceRole", "EMR_DefaultRole"),
    ("old-release", "/JobFlowRole", "EMR_EC2_DefaultRole"),
    (
        "old-release",
        "/Instances/InstanceGroups/2/BidPrice",
        "0.10",
    ),
    ("private-subnet", "/Instances/Ec2SubnetId", "subnet-"),
    (
        "private-subnet",
        "/Instances/ServiceAccessSecurityGroup",
        "sg-",
    ),
    ("private-subnet", "/LogUri", "s3://team-logs/emr"),
    ("pyspark-venv", "/Steps/0/HadoopJarStep/Args", "--py-files"),
    (
        "pyspark-venv",
        "/Steps/0/HadoopJarStep/Args",
        "s3://team-artifacts/environments/scoring.tar.gz#",
    ),
    (
        "shell-step",
        "/Steps/0/HadoopJarStep/Jar",
        "script-runner.jar",
    ),
    (
        "shell-step",
        "/Steps/2/HadoopJarStep/Args",
        "s3://team-artifacts/scripts/report.sh",
    ),
    ("shell-step", "/Steps/2/ActionOnFailure", "CONTINUE"),
    ("spot-fleets", "/Instances/Ec2SubnetIds", "subnet-"),
    (
        "spot-fleets",
        "/Instances/InstanceFleets/2/LaunchSpecifications/SpotSpecification/AllocationStrategy",
        "price-capacity-optimized",
    ),
    (
        "spot-fleets",
        "/Instances/InstanceFleets/2/InstanceTypeConfigs/5/WeightedCapacity",
        "2",
    ),
    ("sql-file", "/Steps/0/HadoopJarStep/Args", "spark-sql"),
    (
        "sql-file",
        "/Steps/0/HadoopJarStep/Args",
        "/daily.sql --hivevar sales=s3://",
    ),
];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What the examples read in S3, but for the days of `managed-scaling`.
const OBJECTS: [(&str, &str); 10] = [
    ("team-artifacts", "bootstrap/certificates.sh"),
    ("team-artifacts", "common-0.3.zip"),
    ("team-artifacts", "environments/scoring.tar.gz"),
    ("team-artifacts", "events-1.4.0.jar"),
    ("team-artifacts", "scripts/report.sh"),
    ("team-lake", "features/2026-11-29/1.parquet"),
    ("team-lake", "logs/2026-11-29/1.txt"),
    ("team-lake", "ratings.dat"),
    ("team-lake", "raw/2026-11-29/1.json"),
    ("team-lake", "reference/1.csv"),
];

/// The account that the examples are about: its roles, its buckets, its network.
fn account(world: &World) {
    create_roles(world);
    world.aws("s3", "create_bucket", json!({ "Bucket": "team-logs" }));
    for (bucket, key) in OBJECTS {
        world.object(bucket, key, key);
    }
    for day in 1..=30 {
        world.object("team-lake", &format!("2026-11-{day:02}/1.txt"), "words");
    }
    world.aws("ec2", "create_key_pair", json!({ "KeyName": "team-key" }));
    let ec2 = |operation: &str, asked: Value, path: &str| {
        let reply = world.aws("ec2", operation, asked);
        reply.pointer(path).unwrap().as_str().unwrap().to_owned()
    };
    let vpc = ec2(
        "create_vpc",
        json!({ "CidrBlock": "10.1.0.0/16" }),
        "/Vpc/VpcId",
    );
    let tags = json!([{ "ResourceType": "subnet",
        "Tags": [{ "Key": "Name", "Value": "emr-private" }] }]);
    let subnet = json!({ "VpcId": vpc, "CidrBlock": "10.1.1.0/24", "TagSpecifications": tags });
    ec2("create_subnet", subnet, "/Subnet/SubnetId");
    let path = world.path().join("stacks/spot-fleets.yaml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (n, id) in [
        (2, "0a1b2c3d4e5f60718"),
        (3, "1b2c3d4e5f607182a"),
        (4, "2c3d4e5f607182a3b"),
    ] {
        let subnet = json!({ "VpcId": vpc, "CidrBlock": format!("10.1.{n}.0/24") });
        let made = ec2("create_subnet", subnet, "/Subnet/SubnetId");
        text = text.replace(&format!("subnet-{id}"), &made);
    }
    fs::write(path, text).unwrap();
    let path = world.path().join("stacks/private-subnet.yaml");
    let mut text = fs::read_to_string(&path).unwrap();
    while let Some(at) = text.find("sg-") {
        let id = text[at..at + "sg-0a1b2c3d4e5f60718".len()].to_owned();
        let asked = json!({ "GroupName": id[3..], "Description": "d", "VpcId": vpc });
        // Marked until all are replaced.
        let made = ec2("create_security_group", asked, "/GroupId").replace("sg-", "SG-");
        text = text.replace(&id, &made);
    }
    fs::write(path, text.replace("SG-", "sg-")).unwrap();
}

/// Off hours that do not begin while the test runs.
fn postpone_off_hours(world: &World) {
    let path = world.path().join("stacks/jupyter-livy.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let now = world.double.get("/_double/clock")["now"].as_f64().unwrap();
    let now = chrono::DateTime::from_timestamp(now as i64, 0).unwrap();
    let day = (now + chrono::Days::new(3)).format("%a");
    let hours = "Mon-Fri 19:00-07:00, Sat-Sun";
    assert!(text.contains(hours));
    fs::write(path, text.replace(hours, &day.to_string())).unwrap();
}

fn text(value: &Value) -> String {
    if let Some(all) = value.as_array() {
        return all.iter().map(text).collect::<Vec<_>>().join(" ");
    }
    let text = value.as_str().map(ToOwned::to_owned);
    text.unwrap_or_else(|| value.to_string())
}

#[test]
fn every_example_stack_is_planned_and_applied() {
    let world = World::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for folder in ["stacks", "movie-similarities"] {
        copy(&examples.join(folder), &world.path().join(folder));
    }
    account(&world);
    postpone_off_hours(&world);
    let names = fs::read_dir(world.path().join("stacks")).unwrap().flatten();
    let names = names.map(|entry| entry.file_name().into_string().unwrap());
    let names: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".yaml")?.to_owned()))
        .collect();
    let world = &world;
    thread::scope(|scope| {
        for name in &names {
            scope.spawn(move || {
                let file = format!("stacks/{name}.yaml");
                world.expect(0, &["plan", &file]).says("+ cluster");
                world.expect(0, &["apply", &file, "--yes"]);
                world.expect(0, &["plan", &file]).says("nothing to change");
            });
        }
    });
    let runs = world.double.get("/_double/runs");
    let runs = runs.as_array().unwrap().iter().map(|run| {
        let stack = run["Name"].as_str().unwrap().split('/').nth(1).unwrap();
        (stack.to_owned(), run)
    });
    let runs: BTreeMap<String, &Value> = runs.collect();
    for name in &names {
        assert!(
            SENT.iter().any(|(stack, ..)| stack == name),
            "{name} has no row"
        );
        assert!(runs.contains_key(name), "{name} has no cluster");
    }
    let mut wrong = Vec::new();
    for (stack, place, expected) in SENT {
        let sent = runs[*stack].pointer(place).map(text).unwrap_or_default();
        if !sent.contains(expected) {
            wrong.push(format!("{stack} {place}: {sent:?} without {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
