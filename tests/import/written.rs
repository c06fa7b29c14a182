//! What is written of requests that are shaped as public ones.

use crate::{made, request, requests, unwrapped};
use clusterup::import::{Counts, Fate};
use serde_json::json;

#[test]
fn public_requests_become_stacks_without_fatal_losses() {
    for (name, request) in requests() {
        let made = made(&request);
        let Counts { carried, fatal, .. } = made.counts;
        assert_eq!(fatal, 0, "{name}: {:#?}", made.losses);
        assert!(carried > 15, "{name}: {carried}");
        assert_eq!(made.stack.name.as_str(), name);
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, made.text);
        });
    }
}

#[test]
fn each_loss_is_a_comment_at_its_place() {
    let mut request = request("shell-step");
    request["VisibleToAllUsers"] = json!(false);
    request["NoSuchField"] = json!({ "a": 1 });
    request["Instances"]["InstanceGroups"][1]["AutoScalingPolicy"] = json!({ "Rules": [1, 2] });
    request["Instances"]["InstanceGroups"][1]["EbsConfiguration"] = json!({
        "EbsBlockDeviceConfigs": [{ "VolumeSpecification": { "VolumeType": "io1", "SizeInGB": 9 } }]
    });
    request["Steps"][1]["HadoopJarStep"]["Args"][0] = json!("spark-submit");
    request["Steps"][2]["HadoopJarStep"]["Jar"] = json!("s3://bucket/own.jar");
    request["Steps"][1]["HadoopJarStep"]["Properties"] = json!([{ "Key": "a", "Value": "b" }]);
    let made = made(&request);
    let text = unwrapped(&made.text);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    // Each comment, and the line that it is above.
    for (comment, below) in [
        ("# lost: VisibleToAllUsers: IAM", None),
        ("# fatal: NoSuchField.a: clusterup does not know", None),
        (
            "# fatal: Instances.InstanceGroups[1].AutoScalingPolicy: ",
            Some("core:"),
        ),
        (
            "# fatal: Instances.InstanceGroups[1].EbsConfiguration.",
            Some("core:"),
        ),
        (
            "# fatal: Steps[1].HadoopJarStep.Properties: ",
            Some("- name: count"),
        ),
        ("# fatal: Steps[2]: ", Some("steps:")),
    ] {
        let at = lines.iter().position(|line| line.starts_with(comment));
        let at = at.unwrap_or_else(|| panic!("no {comment}\n{}", made.text));
        let next = lines[at..]
            .iter()
            .find(|line| !line.starts_with('#'))
            .unwrap();
        if let Some(below) = below {
            assert!(next.starts_with(below), "{comment}: {next}\n{}", made.text);
        }
    }
    let fatal = made.losses.iter().filter(|loss| loss.fate == Fate::Fatal);
    assert_eq!(fatal.count(), 5, "{:#?}", made.losses);
}

#[test]
fn a_request_of_clusterup_itself_is_another_stack() {
    let mut request = request("old-release");
    request["Name"] = json!("clusterup/old-release/0123456789abcdef");
    request["LogUri"] = json!("s3://clusterup-123456789012-us-east-1/work/old-release/logs/");
    request["Tags"] = json!([
        { "Key": "clusterup-stack", "Value": "old-release" },
        { "Key": "for-use-with-amazon-emr-managed-policies", "Value": "true" },
        { "Key": "owner", "Value": "ana" },
    ]);
    let own = "s3://clusterup-123456789012-us-east-1/stacks/old-release/bootstrap/";
    request["BootstrapActions"] = json!([
        { "Name": "power off at the deadline",
          "ScriptBootstrapAction": { "Path": format!("{own}power-off.sh"), "Args": ["7200"] } },
        { "Name": "python packages",
          "ScriptBootstrapAction": { "Path": format!("{own}python-packages.sh"),
              "Args": ["numpy"] } },
    ]);
    request["Steps"][0]["Name"] = json!("count [0123456789abcdef.1, may fail]");
    let conf = [
        "spark.clusterup.step=count",
        "spark.eventLog.enabled=true",
        "spark.eventLog.dir=s3://x/y",
    ];
    let args = request["Steps"][0]["HadoopJarStep"]["Args"]
        .as_array_mut()
        .unwrap();
    for (number, conf) in conf.iter().enumerate() {
        args.insert(1 + 2 * number, json!("--conf"));
        args.insert(2 + 2 * number, json!(conf));
    }
    let made = made(&request);
    assert_eq!(made.stack.name.as_str(), "old-release-imported");
    assert_eq!(made.counts.fatal, 0, "{:#?}", made.losses);
    let job = made.stack.job.unwrap();
    assert_eq!(job.python_packages, ["numpy"]);
    assert_eq!(job.steps[0].name.as_str(), "count");
    assert!(job.steps[0].spark.conf.is_empty());
    assert!(made.stack.cluster.bootstrap.is_empty() && made.stack.cluster.emr.logs.is_none());
    let tags: Vec<_> = made.stack.tags.into_iter().collect();
    assert_eq!(tags, [("owner".to_owned(), "ana".to_owned())]);
}
