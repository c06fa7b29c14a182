//! Documents that are no requests, or hostile ones: each is refused with its place.

use crate::{imported, made, request, unwrapped};
use clusterup::import::{Fate, Loss, MAX_BYTES, Refused};
use serde_json::{Value, json};

fn refused(document: &str) -> (String, String) {
    match imported(document) {
        Err(Refused::Document(wrong)) => (wrong.place, wrong.message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_request_is_refused_with_its_place() {
    for (document, place, says) in [
        ("", "line 1, column 0", "EOF"),
        ("[]", "Instances", "no "),
        ("{}", "ReleaseLabel", "names no release"),
        (
            "{\"ReleaseLabel\": \"emr-7.x\"}",
            "Instances",
            "has no instances",
        ),
        (
            "{\"ReleaseLabel\": {}, \"Instances\": {}}",
            "ReleaseLabel",
            "names no release",
        ),
        (
            "{\"ReleaseLabel\": \"emr-7.x\", \"Instances\": 1}",
            "Instances",
            "no primary",
        ),
        ("{\"Steps\": [1,\n2", "line 2, column 1", "EOF"),
    ] {
        let (at, message) = refused(document);
        assert!(
            at == place || place == "Instances" && at == "ReleaseLabel",
            "{document}: {at}"
        );
        assert!(message.contains(says), "{document}: {message}");
    }
    let (place, message) = refused(&" ".repeat(MAX_BYTES + 1));
    assert_eq!(
        (place.as_str(), message.as_str()),
        ("the document", "it is longer than 4 MiB")
    );
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    assert!(refused(&deep).1.contains("nested deeper"));
    let bomb = format!("{{\"a\":[{}1]}}", "1,".repeat(100_000));
    assert!(refused(&bomb).1.contains("more than 50000 values"));
}

#[test]
fn wrong_types_are_fatal_at_their_places() {
    let base = request("bootstrap-and-logs");
    for (pointer, wrong, place) in [
        ("/Steps", json!({ "a": 1 }), "Steps"),
        ("/Steps/0", json!("x"), "Steps[0]"),
        ("/Steps/0/HadoopJarStep", json!([1]), "Steps[0]"),
        ("/Steps/0/HadoopJarStep/Args", json!("x"), "Steps[0]"),
        (
            "/Steps/0/HadoopJarStep/Args/1",
            json!({ "x": 1 }),
            "Steps[0]",
        ),
        (
            "/BootstrapActions/0/ScriptBootstrapAction",
            json!(7),
            "BootstrapActions[0]",
        ),
        ("/Applications", json!(true), "Applications"),
        ("/EbsRootVolumeSize", json!("big"), "EbsRootVolumeSize"),
        (
            "/Instances/TerminationProtected",
            json!(3),
            "Instances.TerminationProtected",
        ),
        (
            "/Instances/InstanceGroups/1/InstanceCount",
            json!("two"),
            "Instances.InstanceGroups[1]",
        ),
        ("/CustomAmiId", json!(["ami"]), "CustomAmiId"),
        ("/LogUri", json!({ "a": "b" }), "LogUri"),
    ] {
        let mut request = base.clone();
        *request.pointer_mut(pointer).unwrap() = wrong;
        let made = made(&request);
        let fatal = made.losses.iter().filter(|loss| loss.fate == Fate::Fatal);
        let places: Vec<&str> = fatal.map(|loss| loss.place.as_str()).collect();
        assert!(
            places.iter().any(|at| at.starts_with(place)),
            "{pointer}: {places:?}"
        );
    }
}

#[test]
fn what_would_be_dropped_in_silence_is_fatal() {
    let template = json!("s3://bucket/{{ ds }}/x.py");
    for (base, pointer, value, place) in [
        (
            "shell-step",
            "/Instances/InstanceGroups/1/InstanceCount",
            json!(0),
            "Instances.Inst",
        ),
        (
            "spot-fleets",
            "/Instances/InstanceFleets/1/InstanceTypeConfigs/0/BidPrice",
            json!("0.1"),
            "Instances.InstanceFleets[1]",
        ),
        (
            "shell-step",
            "/Steps/1/HadoopJarStep/Args/1",
            template,
            "Steps[1].HadoopJarStep.Args[1]",
        ),
        (
            "shell-step",
            "/Steps/1/HadoopJarStep/Args/1",
            json!("{% if x %}"),
            "Steps[1].HadoopJarStep.Args[1]",
        ),
        (
            "shell-step",
            "/Steps/1/ActionOnFailure",
            json!("TERMINATE_CLUSTER"),
            "Steps[1].ActionOnFailure",
        ),
        (
            "shell-step",
            "/OSReleaseLabel",
            json!("2.0.1"),
            "OSReleaseLabel",
        ),
        (
            "shell-step",
            "/Instances/InstanceGroups/1",
            json!({ "InstanceRole": {} }),
            "Instances.InstanceGroups[1]",
        ),
        ("shell-step", "/Steps", json!({}), "Steps"),
    ] {
        let mut request = request(base);
        request["Instances"]["KeepJobFlowAliveWhenNoSteps"] = json!(true);
        if base == "shell-step" {
            request["ManagedScalingPolicy"] = json!({ "ComputeLimits": { "UnitType": "Instances",
                "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 4 } });
        }
        let (above, key) = pointer.rsplit_once('/').unwrap();
        let slot = request.pointer_mut(above).unwrap();
        match key.parse::<usize>() {
            Ok(number) => slot[number] = value,
            Err(_) => slot[key] = value,
        }
        let made = made(&request);
        let is_there = |loss: &Loss| loss.fate == Fate::Fatal && loss.place.starts_with(place);
        assert!(
            made.losses.iter().any(is_there),
            "{pointer}: {:#?}",
            made.losses
        );
    }
}

#[test]
fn hostile_texts_stay_in_their_comments_and_quotes() {
    let odd = "x\nstack: evil\u{1b}[31m\u{202e} # \"'{}[]: ${data.x} %\u{0}";
    let mut request = request("shell-step");
    request["Name"] = json!(odd);
    request[odd] = json!(odd);
    request["Steps"][0]["Name"] = json!(odd);
    request["Steps"][3]["HadoopJarStep"]["Args"][2] = json!(odd.replace('\u{0}', ""));
    request["Tags"] = json!([{ "Key": odd, "Value": odd }]);
    request["Configurations"] = json!([{ "Classification": odd, "Properties": { odd: odd } }]);
    let made = made(&request);
    assert!(!made.text.contains(['\u{1b}', '\u{202e}', '\u{0}']));
    assert_eq!(made.text.matches("\nstack: ").count(), 1);
    assert_eq!(made.stack.name.as_str(), "x-stack-evil-31m-data-x");
    let job = made.stack.job.unwrap();
    let list = job
        .steps
        .iter()
        .find(|step| step.name.as_str() == "list")
        .unwrap();
    let shown = serde_json::to_value(list).unwrap().to_string();
    assert!(shown.contains("${data.x}"), "{shown}");
}

#[test]
fn no_secret_is_written() {
    const SECRET: &str = "Sup3rHidden";
    let mut request = request("shell-step");
    let key = "AKIAABCDEFGHIJKLMNOP";
    let arg = |request: &mut Value, step: usize, text: String| {
        let args = &mut request["Steps"][step]["HadoopJarStep"]["Args"];
        args.as_array_mut().unwrap().push(json!(text));
    };
    arg(&mut request, 1, "--password".to_owned());
    arg(&mut request, 1, SECRET.to_owned());
    arg(&mut request, 1, key.to_owned());
    arg(&mut request, 3, format!("--token={SECRET}"));
    request["Steps"][4]["HadoopJarStep"]["Args"][2] = json!(format!("DB_PASSWORD={SECRET} run"));
    request["Configurations"] = json!([{ "Classification": "core-site",
        "Properties": { "fs.s3a.secret.key": SECRET, "a": format!("jdbc:x://u:{SECRET}@h/d") } }]);
    request["Tags"] = json!([{ "Key": "db-password", "Value": SECRET }]);
    request["KerberosAttributes"] = json!({ "KdcAdminPassword": SECRET, "Realm": "EC2" });
    let made = made(&request);
    let all = format!("{}{:?}{:?}", made.text, made.losses, made.stack);
    assert!(!all.contains(SECRET) && !all.contains(key), "{all}");
    assert!(made.counts.fatal >= 8, "{:#?}", made.losses);
    assert!(
        unwrapped(&made.text).contains("the secret fs.s3a.secret.key"),
        "{}",
        made.text
    );
}
