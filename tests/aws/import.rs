//! `import` and `apply`: the request that clusterup makes of an imported stack is the imported one, but
//! for names, tags, guardrails, and what a comment says.

use crate::launch_settings::create_roles;
use crate::world::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;

/// The account that the requests are about.
pub(crate) fn account(world: &World) -> BTreeMap<String, String> {
    create_roles(world);
    for bucket in ["team-artifacts", "team-logs", "team-lake"] {
        world.aws("s3", "create_bucket", json!({ "Bucket": bucket }));
    }
    for key in ["bootstrap/certificates.sh", "bootstrap/tools.sh"] {
        world.aws(
            "s3",
            "put_object",
            json!({ "Bucket": "team-artifacts", "Key": key }),
        );
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
    let mut ids = BTreeMap::new();
    for (n, id) in [
        "subnet-0a1b2c3d4e5f60718",
        "subnet-1b2c3d4e5f607182a",
        "subnet-2c3d4e5f607182a3b",
    ]
    .iter()
    .enumerate()
    {
        let subnet = json!({ "VpcId": vpc, "CidrBlock": format!("10.1.{n}.0/24") });
        ids.insert(
            (*id).to_owned(),
            ec2("create_subnet", subnet, "/Subnet/SubnetId"),
        );
    }
    for id in [
        "sg-0a1b2c3d4e5f60718",
        "sg-1b2c3d4e5f607182a",
        "sg-2c3d4e5f607182a3b",
        "sg-3d4e5f607182a3b4c",
    ] {
        let asked = json!({ "GroupName": id[3..], "Description": "d", "VpcId": vpc });
        ids.insert(
            id.to_owned(),
            ec2("create_security_group", asked, "/GroupId"),
        );
    }
    ids
}

/// The requests with the ids of the account.
pub(crate) fn requests(ids: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/requests");
    let files = fs::read_dir(folder).unwrap().flatten();
    let read = |entry: fs::DirEntry| {
        let mut text = fs::read_to_string(entry.path()).unwrap();
        for (id, made) in ids {
            text = text.replace(id, made);
        }
        let name = entry.file_name().into_string().unwrap();
        let name = name.strip_suffix(".json").unwrap().to_owned();
        (name, serde_json::from_str(&text).unwrap())
    };
    files.map(read).collect()
}

/// The words of a step as they are run: those that clusterup encodes are decoded.
fn words(step: &Value) -> Vec<String> {
    let args = step["Args"].as_array().unwrap();
    let words: Vec<String> = args
        .iter()
        .map(|arg| arg.as_str().unwrap().to_owned())
        .collect();
    match words.split_first() {
        Some((first, rest)) if first.contains("/bootstrap/launch-") => {
            let decoded = |word: &String| {
                let bytes = STANDARD.decode(&word[1..]).unwrap();
                String::from_utf8(bytes).unwrap()
            };
            rest.iter().map(decoded).collect()
        }
        _ => words,
    }
}

/// What a step does, in a form in which options that mean the same are the same.
fn step(step: &Value) -> Value {
    let jar = &step["HadoopJarStep"];
    let words = words(jar);
    let script =
        jar["Jar"].as_str().unwrap().contains("script-runner") && words[0].starts_with("s3://");
    let (program, mut rest) = words.split_first().unwrap();
    let mut options: BTreeMap<String, String> = BTreeMap::new();
    if program.starts_with("spark-") {
        options.insert("spark.submit.deployMode".to_owned(), "client".to_owned());
        while let Some((flag, after)) = rest
            .split_first()
            .filter(|(flag, _)| flag.len() > 2 && flag.starts_with("--"))
        {
            let (flag, value) = match flag.split_once('=') {
                Some((flag, value)) => (flag, value.to_owned()),
                None => (flag.as_str(), after[0].clone()),
            };
            rest = if rest[0].contains('=') {
                after
            } else {
                &after[1..]
            };
            let (key, value) = match flag {
                "--conf" => {
                    let (key, value) = value.split_once('=').unwrap();
                    (key.to_owned(), value.to_owned())
                }
                "--deploy-mode" => ("spark.submit.deployMode".to_owned(), value),
                "--queue" => ("spark.yarn.queue".to_owned(), value),
                "--executor-memory" | "--driver-memory" => (flag.to_owned(), mib(&value)),
                _ => (flag.to_owned(), value),
            };
            options.insert(key, value);
        }
        // The master is YARN on EMR; names and event logs are clusterup's.
        let ours = [
            "spark.eventLog",
            "spark.clusterup",
            "spark.executor.processTree",
            "spark.executor.metrics",
            "--name",
            "--master",
        ];
        options.retain(|key, _| !ours.iter().any(|start| key.starts_with(start)));
    }
    let mut rest = rest.to_vec();
    if program == "s3-dist-cp" {
        rest = rest
            .iter()
            .flat_map(|word| match word.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => {
                    vec![flag.to_owned(), value.to_owned()]
                }
                _ => vec![word.clone()],
            })
            .collect();
    }
    json!({ "script": script, "program": program, "options": options, "rest": rest,
        "on_failure": step["ActionOnFailure"].as_str().unwrap().replace("JOB_FLOW", "CLUSTER") })
}

fn mib(size: &str) -> String {
    match size.strip_suffix('g') {
        Some(number) => format!("{}m", number.parse::<u64>().unwrap() * 1024),
        None => size.to_owned(),
    }
}

fn configurations(list: &Value) -> Value {
    let each = list.as_array().into_iter().flatten().map(|of| {
        let name = of["Classification"].as_str().unwrap().to_owned();
        let below = json!({ "properties": of["Properties"], "nested": configurations(&of["Configurations"]) });
        (name, below)
    });
    Value::Object(
        each.filter(|(_, below)| below["properties"] != json!({}) || below["nested"] != json!({}))
            .collect(),
    )
}

/// Machines by their roles, without names.
fn machines(instances: &Value) -> Value {
    let mut roles = BTreeMap::new();
    for (list, role) in [
        ("InstanceGroups", "InstanceRole"),
        ("InstanceFleets", "InstanceFleetType"),
    ] {
        for group in instances[list].as_array().into_iter().flatten() {
            let mut group = group.clone();
            group.as_object_mut().unwrap().remove("Name");
            roles.insert(group[role].as_str().unwrap().to_owned(), group);
        }
    }
    json!(roles)
}

/// What of a request is compared.
fn compared(request: &Value) -> Value {
    let instances = &request["Instances"];
    let network = [
        "Ec2KeyName",
        "Ec2SubnetId",
        "Ec2SubnetIds",
        "EmrManagedMasterSecurityGroup",
        "EmrManagedSlaveSecurityGroup",
        "ServiceAccessSecurityGroup",
        "AdditionalMasterSecurityGroups",
        "AdditionalSlaveSecurityGroups",
    ];
    let network = network.map(|key| instances[key].clone());
    let steps = request["Steps"].as_array().into_iter().flatten();
    let steps: Vec<Value> = steps.map(step).collect();
    let actions = request["BootstrapActions"].as_array().into_iter().flatten();
    let own = "power off at the deadline";
    let actions: Vec<&Value> = actions.filter(|action| action["Name"] != own).collect();
    let names = request["Applications"].as_array().unwrap().iter();
    let mut names: Vec<String> = names
        .map(|it| it["Name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    json!({
        "release": request["ReleaseLabel"], "applications": names, "steps": steps,
        "machines": machines(instances), "actions": actions,
        "configurations": configurations(&request["Configurations"]),
        "keeps": instances["KeepJobFlowAliveWhenNoSteps"], "protected": instances["TerminationProtected"],
        "network": network,
        "roles": [&request["ServiceRole"], &request["JobFlowRole"]],
        "image": request["CustomAmiId"], "scaling": request["ManagedScalingPolicy"],
        "at_once": request["StepConcurrencyLevel"].as_u64().unwrap_or(1),
        "root": [&request["EbsRootVolumeSize"], &request["EbsRootVolumeIops"]],
    })
}

/// What clusterup adds where the request leaves it to EMR, which the stack says in comments.
fn without_added(mut made: Value, of: &Value) -> Value {
    for (made, of) in made["steps"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .zip(of["steps"].as_array().unwrap())
    {
        if of["options"]["--executor-memory"].is_null() && made["options"].is_object() {
            made["options"]
                .as_object_mut()
                .unwrap()
                .remove("--executor-memory");
        }
    }
    let python = "/configurations/spark-env/nested/export/properties";
    if of.pointer(python).is_none() {
        made["configurations"]
            .as_object_mut()
            .unwrap()
            .remove("spark-env");
    }
    made
}

#[test]
fn an_imported_request_is_made_again() {
    let world = World::new();
    let requests = requests(&account(&world));
    assert_eq!(requests.len(), 12);
    let world = &world;
    thread::scope(|scope| {
        for (name, request) in &requests {
            scope.spawn(move || {
                let (json, stack) = (format!("{name}.json"), format!("{name}.yaml"));
                world.write(&json, &request.to_string());
                let done = world.expect(
                    0,
                    &["import", &json, "--out", &stack, "--region", "us-east-1"],
                );
                done.says(", 0 fatal");
                world.expect(0, &["apply", &stack, "--yes", "--no-lint"]);
                world
                    .expect(0, &["plan", &stack, "--no-lint"])
                    .says("nothing to change");
            });
        }
    });
    let runs = world.double.get("/_double/runs");
    for (name, request) in &requests {
        let mut runs = runs.as_array().unwrap().iter();
        let of = format!("clusterup/{name}/");
        let run = runs.find(|run| run["Name"].as_str().unwrap().starts_with(&of));
        let run = run.unwrap_or_else(|| panic!("{name} has no cluster"));
        let of = compared(request);
        let made = without_added(compared(run), &of);
        assert_eq!(made, of, "{name}\n{made:#}\n{of:#}");
        for key in ["LogUri", "AutoTerminationPolicy"] {
            if request[key].is_string() {
                let theirs = request[key].as_str().unwrap().replace("s3n://", "s3://");
                assert_eq!(run[key], theirs.as_str(), "{name}");
            } else if !request[key].is_null() {
                assert_eq!(run[key], request[key], "{name}");
            }
        }
    }
}
